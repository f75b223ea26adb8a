/*
 * callahead.c - the stage "call-ahead": does the next hop know the recipient?
 *
 * Spec receiving 8.7. What a server said of a recipient is passed on; what
 * happens when none can say is up to the profile.
 */
#include "pipeline/inquiry.h"
#include "pipeline/stages.h"

static bool refuses(const struct inquiry *, struct str addr,
    enum recipient_answer, const struct fact_answer *, struct reply *);
static const char *result(
    enum recipient_answer, const struct fact_answer *, struct arena *mem);

enum stage_answer
callahead_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct inquiry q = { .id = FACT_CALLAHEAD,
		.refuses = refuses,
		.subject = s,
		.out = out };

	if (s->listener->call_ahead == NULL || s->behaviour == RELAY)
		return STAGE_DONE;
	if (s->bypass & BYPASS_CALLAHEAD) {
		struct note *note = stage_note(out, NOTE_CALL_AHEAD);

		note->from = s->listener->call_ahead->name;
		note->text = STR("Bypassed");
		return STAGE_DONE;
	}
	if (inquiry_run(&q, facts) == STAGE_NEEDS)
		return STAGE_NEEDS;
	inquiry_settle(&q);
	return STAGE_DONE;
}

static bool
refuses(const struct inquiry *q, struct str addr, enum recipient_answer answer,
    const struct fact_answer *a, struct reply *reply)
{
	const struct callahead_profile *p = q->subject->listener->call_ahead;
	struct note *note = stage_note(q->out, NOTE_CALL_AHEAD);
	uint32_t code = p->failure_code;

	note->from = p->name;
	if (q->subject->expanded)
		note->to = addr;
	note->text = str_of(result(answer, a, q->out->mem));
	if (answer == RECIPIENT_OK)
		return false;
	*reply = (struct reply){ .status = "", .log = "Call-Ahead" };
	if (answer == RECIPIENT_UNKNOWN) {
		/* theirs, as they said it */
		reply->code = a->code >= 500 ? (int)a->code : 550;
		reply->text = a->text.n > 0 ? arena_str(q->out->mem, a->text)
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
result(enum recipient_answer answer, const struct fact_answer *a,
    struct arena *mem)
{
	switch (answer) {
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
