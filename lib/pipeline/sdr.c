/*
 * sdr.c - the stage "sender domain reputation": is a domain that this message
 * comes from known for bad mail?
 *
 * Spec receiving 10.3. It needs the header, so it stands at the end of data.
 * Who may send anywhere is ours, and is not asked about. A verdict that cannot
 * be had blocks nothing: the service advises, it does not authorise.
 */
#include "base/mem.h"
#include "config/pattern.h"
#include "mail/addr.h"
#include "mail/header.h"
#include "pipeline/stages.h"

#define ADDRS_MAX 10 /* of one header field */

struct origin { /* whose domains are asked about */
	struct str sender;
	struct str from[ADDRS_MAX], reply_to[ADDRS_MAX];
	size_t n_from, n_reply_to;
};

static void read_header(struct origin *, struct str header, struct arena *);
static size_t read_field(
    struct str value, struct str *v, size_t n, struct arena *mem);
static const struct addr_pattern *find_exception(
    const struct config *, const struct origin *);
static struct str question(
    const struct origin *, const struct facts *, struct arena *mem);
static struct str domains(const struct str *v, size_t n, struct arena *mem);
static struct str or_none(struct str);
static void refuse(const struct config *, struct stage_out *);

enum stage_answer
sdr_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct config *c = s->config;
	const struct addr_pattern *exception;
	const struct fact_answer *a;
	struct origin origin = { .sender = s->sender };
	struct note *note;
	struct str key;
	bool known;

	if (!c->sdr || s->behaviour == RELAY)
		return STAGE_DONE;
	read_header(&origin, s->header, out->mem);
	exception = find_exception(c, &origin);
	key = question(&origin, facts, out->mem);
	a = fact_find(facts, FACT_SDR, key);
	if (exception == NULL && a == NULL)
		return stage_needs(out, FACT_SDR, key);
	note = stage_note(out, NOTE_SDR);
	note->allow = true;
	note->number = SDR_N;
	if (exception != NULL) {
		note->where = exception->where;
		note->from = exception->text;
		return STAGE_DONE;
	}
	known = a->meta.state == FACT_KNOWN;
	if (known) {
		note->number = a->number;
		note->sdr = a->detail;
	}
	if (!known || a->number >= c->sdr_block)
		return STAGE_DONE;
	note->allow = false;
	refuse(c, out);
	return STAGE_DONE;
}

static void
read_header(struct origin *o, struct str header, struct arena *mem)
{
	struct header_field f;

	while (header_next(&header, &f)) {
		if (str_is_nocase(f.name, "From"))
			o->n_from += read_field(f.value, o->from + o->n_from,
			    ADDRS_MAX - o->n_from, mem);
		else if (str_is_nocase(f.name, "Reply-To"))
			o->n_reply_to +=
			    read_field(f.value, o->reply_to + o->n_reply_to,
				ADDRS_MAX - o->n_reply_to, mem);
	}
}

/* n of them at most. */
static size_t
read_field(struct str value, struct str *v, size_t n, struct arena *mem)
{
	struct header_addr *addrs;
	size_t found;

	if (!header_addrs(value, &addrs, &found, mem))
		return 0;
	if (found > n)
		found = n;
	for (size_t i = 0; i < found; i++)
		v[i] = addrs[i].addr;
	return found;
}

/* NULL: the message is judged. Where all have to match it is the entry of the
 * sender that is named. */
static const struct addr_pattern *
find_exception(const struct config *c, const struct origin *o)
{
	const struct addr_list *list = c->sdr_exceptions;
	const struct addr_pattern *found;

	if (list == NULL)
		return NULL;
	found = addr_list_find(list, o->sender);
	for (size_t i = 0; i < o->n_from && c->sdr_match_all; i++)
		if (addr_list_find(list, o->from[i]) == NULL)
			return NULL;
	for (size_t i = 0; i < o->n_reply_to && c->sdr_match_all; i++)
		if (addr_list_find(list, o->reply_to[i]) == NULL)
			return NULL;
	return found;
}

/* In the words of the log. */
static struct str
question(const struct origin *o, const struct facts *f, struct arena *mem)
{
	bool verified = f->meta[FACT_HOST].state == FACT_KNOWN &&
			f->host_class == HOST_VERIFIED;
	struct str host = or_none(verified ? f->host : STR(""));
	struct str helo = or_none(f->helo);
	struct str sender = domains(&o->sender, 1, mem);
	struct str from = domains(o->from, o->n_from, mem);
	struct str reply_to = domains(o->reply_to, o->n_reply_to, mem);

	return str_of(arena_printf(mem,
	    "reverse DNS host: %.*s, helo: %.*s, env-from: %.*s, "
	    "header-from: %.*s, reply-to: %.*s",
	    STR_ARG(host), STR_ARG(helo), STR_ARG(sender), STR_ARG(from),
	    STR_ARG(reply_to)));
}

static struct str
domains(const struct str *v, size_t n, struct arena *mem)
{
	struct str all = STR("");

	for (size_t i = 0; i < n; i++) {
		struct str domain = addr_domain(v[i]);

		if (domain.n > 0)
			all =
			    str_of(arena_printf(mem, "%.*s%s%.*s", STR_ARG(all),
				all.n > 0 ? " " : "", STR_ARG(domain)));
	}
	return or_none(all);
}

static struct str
or_none(struct str s)
{
	return s.n > 0 ? s : STR("None");
}

static void
refuse(const struct config *c, struct stage_out *out)
{
	struct reply *reply = &stage_effect(out, EFFECT_REPLY)->reply;

	reply->code = (int)c->sdr_code;
	reply->status = "";
	reply->text = c->sdr_text;
	if (c->sdr_text.n > 0)
		return;
	reply->status = reply->code < 500 ? "4.7.1" : "5.7.1";
	reply->text = STR("domain of the sender has a bad reputation");
}
