/*
 * callahead.c - the stage "call-ahead": does the next hop know the recipient?
 *
 * Spec receiving 8.7. Of a recipient that the alias table made others of,
 * each that this listener would accept is asked about; those that fail are
 * dropped, and only when none is left the recipient is refused (1.2).
 */
#include "pipeline/rat.h"
#include "pipeline/stages.h"

struct called {
	const struct subject *subject;
	struct stage_out *out;
	struct str *passed, *failed;
	size_t n_passed, n_failed;
	struct reply first; /* refusal */
};

static bool is_asked(const struct called *, struct str addr);
static void judge(struct called *, struct str addr, const struct fact_answer *);
static bool refusal(
    const struct called *, const struct fact_answer *, struct reply *);
static const char *result(const struct fact_answer *, struct arena *mem);
static void settle(struct called *);

enum stage_answer
callahead_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct str *rcpts = s->expanded ? s->rcpts : &s->rcpt;
	size_t n = s->expanded ? s->n_rcpts : 1;
	struct called c = { .subject = s, .out = out };
	bool missing = false;

	if (s->listener->call_ahead == NULL || s->behaviour == RELAY)
		return STAGE_DONE;
	if (s->bypass & BYPASS_CALLAHEAD) {
		struct note *note = stage_note(out, NOTE_CALL_AHEAD);

		note->from = s->listener->call_ahead->name;
		note->text = STR("Bypassed");
		return STAGE_DONE;
	}
	for (size_t i = 0; i < n && out->needs.n < NEEDS_MAX; i++) {
		if (!is_asked(&c, rcpts[i]) ||
		    fact_find(facts, FACT_CALLAHEAD, rcpts[i]) != NULL)
			continue;
		stage_needs(out, FACT_CALLAHEAD, rcpts[i]);
		missing = true;
	}
	if (missing)
		return STAGE_NEEDS;
	c.passed = arena_array(out->mem, n + 1, sizeof(*c.passed));
	c.failed = arena_array(out->mem, n + 1, sizeof(*c.failed));
	for (size_t i = 0; i < n; i++)
		judge(&c, rcpts[i], fact_find(facts, FACT_CALLAHEAD, rcpts[i]));
	settle(&c);
	return STAGE_DONE;
}

/* The table has accepted the recipient itself already. */
static bool
is_asked(const struct called *c, struct str addr)
{
	return !c->subject->expanded ||
	       rat_accepts(c->subject, addr, c->out->mem);
}

/* a NULL: not asked about. */
static void
judge(struct called *c, struct str addr, const struct fact_answer *a)
{
	struct reply reply;
	struct note *note;

	if (a != NULL) {
		note = stage_note(c->out, NOTE_CALL_AHEAD);
		note->from = c->subject->listener->call_ahead->name;
		if (c->subject->expanded)
			note->to = addr;
		note->text = str_of(result(a, c->out->mem));
	}
	if (a == NULL || !refusal(c, a, &reply)) {
		c->passed[c->n_passed++] = addr;
		return;
	}
	if (c->n_failed == 0)
		c->first = reply;
	c->failed[c->n_failed++] = addr;
}

/* What the answer means here; false: the recipient is accepted. */
static bool
refusal(
    const struct called *c, const struct fact_answer *a, struct reply *reply)
{
	const struct callahead_profile *p = c->subject->listener->call_ahead;
	enum recipient_answer answer = (enum recipient_answer)a->number;
	uint32_t code = p->failure_code;

	if (a->meta.state == FACT_FAILED)
		answer = RECIPIENT_NO_ANSWER;
	if (answer == RECIPIENT_OK)
		return false;
	*reply = (struct reply){ .status = "", .log = "Call-Ahead" };
	if (answer == RECIPIENT_UNKNOWN) {
		/* theirs, as they said it */
		reply->code = a->code >= 500 ? (int)a->code : 550;
		reply->text = a->text.n > 0 ? arena_str(c->out->mem, a->text)
					    : STR("5.1.1 recipient refused");
		return true;
	}
	if (answer == RECIPIENT_LATER)
		code = p->temporary_code;
	reply->code = (int)code;
	reply->status = code < 500 ? "4.4.3" : "5.4.3";
	reply->text = STR("recipient cannot be verified");
	return code != 250;
}

static const char *
result(const struct fact_answer *a, struct arena *mem)
{
	if (a->meta.state == FACT_FAILED)
		return "no answer";
	switch ((enum recipient_answer)a->number) {
	case RECIPIENT_OK:
		return a->meta.source == FACT_FROM_DEFAULT ? "not contacted"
							   : "accepted";
	case RECIPIENT_UNKNOWN:
		return arena_printf(mem, "rejected (%u)", a->code);
	case RECIPIENT_LATER:
		return arena_printf(mem, "temporary failure (%u)", a->code);
	case RECIPIENT_NO_ANSWER:
		break;
	}
	return "no answer";
}

static void
settle(struct called *c)
{
	struct effect *e;

	if (c->n_failed == 0)
		return;
	if (c->n_passed == 0) {
		stage_effect(c->out, EFFECT_REPLY)->reply = c->first;
		return;
	}
	e = stage_effect(c->out, EFFECT_EXPAND);
	e->expand.v = c->passed;
	e->expand.n = c->n_passed;
	e = stage_effect(c->out, EFFECT_DROPPED);
	e->expand.v = c->failed;
	e->expand.n = c->n_failed;
}
