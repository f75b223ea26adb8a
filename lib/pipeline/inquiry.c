/*
 * inquiry.c - what stages have in common that ask somebody about recipients
 */
#include "pipeline/inquiry.h"

#include "pipeline/rat.h"

static bool is_asked(const struct inquiry *, struct str addr);
static void judge(
    struct inquiry *, struct str addr, const struct fact_answer *);

enum stage_answer
inquiry_run(struct inquiry *q, const struct facts *facts)
{
	const struct subject *s = q->subject;
	struct stage_out *out = q->out;
	const struct str *rcpts = s->expanded ? s->rcpts : &s->rcpt;
	size_t n = s->expanded ? s->n_rcpts : 1;
	struct fact_list known = fact_list(facts, q->id, out->mem);

	for (size_t i = 0; i < n; i++)
		if (fact_list_find(&known, rcpts[i]) == NULL &&
		    is_asked(q, rcpts[i]))
			fact_need_new(&out->needs, q->id, rcpts[i]);
	if (out->needs.n > 0)
		return STAGE_NEEDS;
	q->passed = arena_array(out->mem, n + 1, sizeof(*q->passed));
	q->failed = arena_array(out->mem, n + 1, sizeof(*q->failed));
	for (size_t i = 0; i < n; i++)
		judge(q, rcpts[i], fact_list_find(&known, rcpts[i]));
	return STAGE_DONE;
}

void
inquiry_settle(const struct inquiry *q)
{
	struct effect *e;

	if (q->n_failed == 0)
		return;
	if (q->n_passed == 0) {
		stage_effect(q->out, EFFECT_REPLY)->reply = q->reply;
		return;
	}
	e = stage_effect(q->out, EFFECT_EXPAND);
	e->expand.v = q->passed;
	e->expand.n = q->n_passed;
	e = stage_effect(q->out, EFFECT_DROPPED);
	e->dropped.v = q->failed;
	e->dropped.n = q->n_failed;
	e->dropped.by = q->reply.log;
}

/* The recipient access table, where there is one, has accepted the recipient
 * itself already. */
static bool
is_asked(const struct inquiry *q, struct str addr)
{
	return !q->subject->expanded ||
	       q->subject->listener->type != LISTENER_PUBLIC ||
	       rat_accepts(q->subject, addr, q->out->mem);
}

/* a NULL: not asked about. */
static void
judge(struct inquiry *q, struct str addr, const struct fact_answer *a)
{
	enum recipient_answer answer = RECIPIENT_NO_ANSWER;
	struct reply reply;

	if (a != NULL && a->meta.state == FACT_KNOWN)
		answer = (enum recipient_answer)a->number;
	if (a == NULL || !q->refuses(q, addr, answer, a, &reply)) {
		q->passed[q->n_passed++] = addr;
		return;
	}
	if (q->n_failed == 0 || (q->reply.code >= 500 && reply.code < 500))
		q->reply = reply;
	q->n_unknown += answer == RECIPIENT_UNKNOWN;
	q->failed[q->n_failed++] = addr;
}
