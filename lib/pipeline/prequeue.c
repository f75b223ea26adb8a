/*
 * prequeue.c - stages at the end of data, before 250 (spec receiving S9, S11)
 */
#include "pipeline/stages.h"

/* The size declared at MAIL, the size counted at the end: one limit. */
enum stage_answer
prequeue_size(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	(void)facts;
	if (s->size > s->policy->p.max_message_size) {
		stage_note(out, NOTE_SIZE)->text = str_of(arena_printf(
		    out->mem, "%llu", (unsigned long long)s->size));
		stage_reply(
		    out, 552, "5.3.4", false, "message size exceeds limit");
	}
	return STAGE_DONE;
}

/* "Default" is what a message has without being assigned anything. */
enum stage_answer
prequeue_bounce_profile(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct str name = s->listener->bounce_profile;
	struct note *note = stage_note(out, NOTE_BOUNCE_PROFILE);

	(void)facts;
	if (name.n == 0 || str_is(name, "Default"))
		return STAGE_DONE;
	note->where = s->listener->where;
	note->text = name;
	stage_effect(out, EFFECT_BOUNCE_PROFILE)->name = name;
	return STAGE_DONE;
}
