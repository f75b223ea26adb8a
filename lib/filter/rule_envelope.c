/*
 * rule_envelope.c - rules about the envelope, the client, and numbers
 */
#include <inttypes.h>

#include "filter/rules.h"

static int64_t local_seconds(const struct work_origin *);

enum truth
rule_true(struct eval *e, const struct expr *x)
{
	(void)e, (void)x;
	return YES;
}

enum truth
rule_mail_from(struct eval *e, const struct expr *x)
{
	struct attempt a = eval_attempt(e, x);

	eval_try(&a, e->w->sender);
	return eval_tried(&a);
}

enum truth
rule_rcpt_to(struct eval *e, const struct expr *x)
{
	struct attempt a = eval_attempt(e, x);

	for (size_t i = 0; i < e->w->n_rcpts; i++)
		eval_try(&a, e->w->rcpts[i].addr);
	return eval_tried(&a);
}

enum truth
rule_sendergroup(struct eval *e, const struct expr *x)
{
	struct attempt a = eval_attempt(e, x);

	eval_try(&a, e->w->origin->group);
	return eval_tried(&a);
}

enum truth
rule_recv_listener(struct eval *e, const struct expr *x)
{
	struct attempt a = eval_attempt(e, x);

	eval_try(&a, e->w->origin->listener_name);
	return eval_tried(&a);
}

enum truth
rule_recv_int(struct eval *e, const struct expr *x)
{
	struct attempt a = eval_attempt(e, x);

	eval_try(&a, e->w->origin->interface_name);
	return eval_tried(&a);
}

enum truth
rule_remote_ip(struct eval *e, const struct expr *x)
{
	bool in = ip_range_has(&x->value.range, &e->w->facts->client);
	char client[IP_TEXT];

	if (e->w->explain)
		eval_saw(e, str_of(ip_text(&e->w->facts->client, client)));
	return truth_of(in == (x->cmp == CMP_EQ));
}

enum truth
rule_body_size(struct eval *e, const struct expr *x)
{
	uint64_t size = work_size(e->w);

	saw_number(e, (int64_t)size);
	return eval_number(x, (int64_t)size, x->value.number);
}

enum truth
rule_rcpt_count(struct eval *e, const struct expr *x)
{
	saw_number(e, (int64_t)e->w->n_rcpts);
	return eval_number(x, (int64_t)e->w->n_rcpts, x->value.number);
}

/* Both sides as seconds of a clock on the wall: the right one has no zone. */
enum truth
rule_date(struct eval *e, const struct expr *x)
{
	if (e->w->explain)
		eval_saw(e, variables_of(e->w, STR(""), STR("$Date $Time")));
	return eval_number(x, local_seconds(e->w->origin), x->value.number);
}

static int64_t
local_seconds(const struct work_origin *o)
{
	return o->now / 1000 + o->zone;
}

/* --- facts --- */

/* One drawing for each rule of each filter and message. */
enum truth
rule_random(struct eval *e, const struct expr *x)
{
	struct str key = str_of(arena_printf(e->w->mem, "%.*s#%u#%u",
	    (int)e->filter->name.n, e->filter->name.p, x->id, e->w->branch));
	const struct fact_answer *a = fact_find(e->w->facts, FACT_RANDOM, key);
	int64_t drawn;

	if (a == NULL)
		return eval_lacks(e, FACT_RANDOM, key);
	drawn = (int64_t)(a->number % (uint64_t)x->args.v[0].number);
	saw_number(e, drawn);
	return eval_number(x, drawn, x->value.number);
}

enum truth
rule_workqueue_count(struct eval *e, const struct expr *x)
{
	const struct fact_answer *a =
	    fact_find(e->w->facts, FACT_WORK_QUEUE, STR(""));

	if (a == NULL)
		return eval_lacks(e, FACT_WORK_QUEUE, STR(""));
	saw_number(e, (int64_t)a->number);
	return eval_number(x, (int64_t)a->number, x->value.number);
}

/* Tenths there, thousandths here. No score: no comparison is true. */
enum truth
rule_reputation(struct eval *e, const struct expr *x)
{
	const struct facts *f = e->w->facts;

	if (f->meta[FACT_REPUTATION].state != FACT_KNOWN ||
	    f->reputation == REPUTATION_NONE)
		return NO;
	if (e->w->explain)
		eval_saw(e, variables_of(e->w, STR(""), STR("$Reputation")));
	return eval_number(x, f->reputation * 100, x->value.number);
}

enum truth
rule_no_reputation(struct eval *e, const struct expr *x)
{
	const struct facts *f = e->w->facts;

	(void)x;
	return truth_of(f->meta[FACT_REPUTATION].state != FACT_KNOWN ||
			f->reputation == REPUTATION_NONE);
}

/* Compared, a list that has nothing to say makes both == and != false. */
enum truth
rule_dnslist(struct eval *e, const struct expr *x)
{
	struct str zone = x->args.v[0].text;
	const struct fact_answer *a =
	    fact_find(e->w->facts, FACT_DNSLIST, zone);
	struct str word, list;
	bool found = false;

	if (a == NULL)
		return eval_lacks(e, FACT_DNSLIST, zone);
	if (a->meta.state != FACT_KNOWN || a->number != LIST_HAS)
		return NO;
	eval_saw(e, a->text);
	if (x->cmp == CMP_NONE)
		return YES;
	for (list = a->text; (word = str_word(&list)).n > 0;)
		found |= str_eq(word, x->value.text);
	return truth_of(found == (x->cmp == CMP_EQ));
}

/* The result of that identity; none was recorded: None. */
static unsigned
result_of(struct eval *e, enum fact_id id, struct str key)
{
	const struct fact_answer *a = fact_find(e->w->facts, id, key);

	return a == NULL || a->meta.state != FACT_KNOWN ? 0
							: (unsigned)a->number;
}

enum truth
rule_spf_status(struct eval *e, const struct expr *x)
{
	static const struct str identities[] = { STR("helo"), STR("mailfrom"),
		STR("pra") };
	bool one = x->args.n > 0 && x->args.v[0].text.n > 0;
	int64_t results = 0; /* a bit for each */

	for (size_t i = 0; i < 3; i++)
		if (one ? x->args.v[0].number == (int64_t)i
			: fact_find(e->w->facts, FACT_SPF, identities[i]) !=
			      NULL)
			results |= 1ll << result_of(e, FACT_SPF, identities[i]);
	if (results == 0)
		results = 1ll << SPF_NONE;
	saw_words(e, x->rule->right.words, results);
	return truth_of(
	    ((results & x->value.number) != 0) == (x->cmp == CMP_EQ));
}

enum truth
rule_spf_passed(struct eval *e, const struct expr *x)
{
	(void)x;
	return truth_of(result_of(e, FACT_SPF, STR("mailfrom")) == SPF_PASS ||
			result_of(e, FACT_SPF, STR("pra")) == SPF_PASS);
}

enum truth
rule_dkim(struct eval *e, const struct expr *x)
{
	unsigned result = result_of(e, FACT_DKIM, STR(""));
	bool found = x->value.number >> result & 1;

	saw_words(e, x->rule->right.words, 1ll << result);
	return truth_of(found == (x->cmp == CMP_EQ));
}

/* LDAP: the groups of an address. */
static enum truth
member(struct eval *e, const struct expr *x, struct str addr)
{
	struct str key = str_of(arena_printf(e->w->mem, "%.*s %.*s",
	    (int)x->value.text.n, x->value.text.p, (int)addr.n, addr.p));
	const struct fact_answer *a =
	    fact_find(e->w->facts, FACT_LDAP_GROUP, key);

	if (a == NULL)
		return eval_lacks(e, FACT_LDAP_GROUP, key);
	eval_saw(e, addr);
	return truth_of(a->meta.state == FACT_KNOWN && a->number == 1);
}

enum truth
rule_mail_from_group(struct eval *e, const struct expr *x)
{
	enum truth t = member(e, x, e->w->sender);

	return t == LACKS ? LACKS : truth_of((t == YES) == (x->cmp == CMP_EQ));
}

enum truth
rule_rcpt_to_group(struct eval *e, const struct expr *x)
{
	bool found = false, lacks = false;

	for (size_t i = 0; i < e->w->n_rcpts; i++) {
		enum truth t = member(e, x, e->w->rcpts[i].addr);

		lacks |= t == LACKS;
		found |= t == YES;
	}
	return lacks ? LACKS : truth_of(found == (x->cmp == CMP_EQ));
}
