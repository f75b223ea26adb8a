/*
 * control.c - the stage "receiving control": how many recipients?
 *
 * Of a message, of a host in an hour, of a sender (spec receiving 8.5). It
 * stands before the recipient access table, and where a limit holds it is
 * what the client hears, whatever the table would have said, so that probing
 * tells nothing (8.1); only for a recipient that the table exempts limits do
 * not hold. Nobody is asked anything about recipients over a limit (threats
 * LIM-16).
 */
#include "pipeline/control.h"

#include "config/pattern.h"
#include "pipeline/rat.h"
#include "pipeline/stages.h"
#include "pipeline/variables.h"

#define HOUR 3600

static bool lacks(const struct facts *, const struct control *, enum fact_id,
    struct str key, struct stage_out *);
static bool is_over(
    const struct facts *, const struct control *, enum fact_id, struct str key);
static enum stage_answer refuse(enum limit, const struct subject *,
    const struct facts *, struct stage_out *);

enum stage_answer
control_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct control host = control_host(s), sender = control_sender(s);
	char *key = arena_strz(out->mem, s->sender);
	enum limit limit = LIMIT_NONE;
	bool missing;

	str_lower(key);
	missing = lacks(facts, &host, FACT_RATE_HOST, STR(""), out);
	missing |= lacks(facts, &sender, FACT_RATE_SENDER, str_of(key), out);
	if (missing)
		return STAGE_NEEDS;
	if (s->n_limited >= s->policy->p.max_rcpts_per_msg)
		limit = LIMIT_MESSAGE;
	else if (is_over(facts, &host, FACT_RATE_HOST, STR("")))
		limit = LIMIT_HOST;
	else if (is_over(facts, &sender, FACT_RATE_SENDER, str_of(key)))
		limit = LIMIT_SENDER;
	if (limit == LIMIT_NONE || rat_bypasses_control(s, out->mem))
		return STAGE_DONE;
	return refuse(limit, s, facts, out);
}

struct control
control_host(const struct subject *s)
{
	struct control c = { .limit = s->policy->p.max_rcpts_per_hour,
		.window = s->config->rate_period };

	if (c.limit != UNLIMITED && c.window != HOUR) {
		c.limit = c.limit * c.window / HOUR;
		if (c.limit == 0)
			c.limit = 1;
	}
	return c;
}

/* The null sender is everybody's: who used it up would keep all notices from
 * us. */
struct control
control_sender(const struct subject *s)
{
	struct str list = s->policy->p.sender_exceptions;
	const struct addr_list *except =
	    list.n > 0 ? config_addr_list(s->config, list) : NULL;
	struct control c = { .limit = s->policy->p.max_rcpts_per_sender,
		.window = s->config->sender_interval };

	if (s->sender.n == 0 ||
	    (except != NULL && addr_list_find(except, s->sender) != NULL))
		c.limit = UNLIMITED;
	return c;
}

struct control
control_dhap(const struct subject *s)
{
	uint64_t limit = s->policy->p.dhap_limit;

	return (struct control){ .limit = limit == 0 ? UNLIMITED : limit,
		.window = HOUR };
}

/* Where a reputation service would have its own groups of addresses, and
 * there is none, each address is one (4.5). Up to 32 bits are said of IPv4: a
 * /24 of IPv6 is a whole provider, and one of its clients would shut out all
 * the others. */
uint64_t
control_bits(const struct subject *s, const struct ip *client)
{
	const struct policy_params *p = &s->policy->p;

	bool v4 = ip_is_v4(client);

	if (p->significant_bits != UNLIMITED && !p->use_sb &&
	    (v4 || p->significant_bits > 32))
		return p->significant_bits;
	return v4 ? 32 : 64;
}

enum stage_answer
control_invalid(const struct subject *s, const struct facts *facts,
    struct stage_out *out, bool *over)
{
	struct control dhap = control_dhap(s);

	*over = false;
	if (lacks(facts, &dhap, FACT_DHAP, STR(""), out))
		return STAGE_NEEDS;
	*over = is_over(facts, &dhap, FACT_DHAP, STR(""));
	return *over ? refuse(LIMIT_DHAP, s, facts, out) : STAGE_DONE;
}

static bool
lacks(const struct facts *facts, const struct control *c, enum fact_id id,
    struct str key, struct stage_out *out)
{
	if (c->limit == UNLIMITED || fact_find(facts, id, key) != NULL)
		return false;
	stage_needs(out, id, key);
	return true;
}

/* What cannot be counted is not over. */
static bool
is_over(const struct facts *facts, const struct control *c, enum fact_id id,
    struct str key)
{
	const struct fact_answer *a =
	    c->limit == UNLIMITED ? NULL : fact_find(facts, id, key);

	return a != NULL && a->meta.state == FACT_KNOWN && a->number > c->limit;
}

static enum stage_answer
refuse(enum limit limit, const struct subject *s, const struct facts *facts,
    struct stage_out *out)
{
	const struct policy_params *p = &s->policy->p;
	/* By QMQP the answer is for all recipients: the surplus cannot come
	 * another time (receiving 9). */
	uint32_t surplus = listener_is_qmqp(s->listener) ? 552 : 452;
	const struct {
		const char *note, *log, *detail;
		uint32_t code;
		struct str text;
		bool close;
	} replies[] = {
		[LIMIT_MESSAGE] = { "recipients per message",
		    "Receiving Control", "5.3", surplus,
		    STR("Too many recipients"), false },
		[LIMIT_HOST] = { "recipients per hour", "Receiving Control",
		    "5.3", p->rcpts_per_hour_code, p->rcpts_per_hour_text,
		    false },
		[LIMIT_SENDER] = { "recipients per sender", "Receiving Control",
		    "5.3", p->rcpts_per_sender_code, p->rcpts_per_sender_text,
		    false },
		[LIMIT_DHAP] = { "invalid recipients", "DHAP", "7.1",
		    p->dhap_code, p->dhap_text, p->dhap_drop },
	};
	struct reply *reply =
	    variables_reply(out, s, facts, (int)replies[limit].code,
		replies[limit].detail, replies[limit].text);

	if (reply == NULL)
		return STAGE_NEEDS;
	reply->log = replies[limit].log;
	reply->close = replies[limit].close;
	stage_effect(out, EFFECT_LIMIT)->limit = limit;
	stage_note(out, NOTE_LIMIT)->text = str_of(replies[limit].note);
	return STAGE_DONE;
}
