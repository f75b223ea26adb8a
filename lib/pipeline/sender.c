/*
 * sender.c - stages at MAIL: the envelope sender (spec receiving 3.5, 6.1)
 */
#include "pipeline/address.h"
#include "pipeline/stages.h"

enum stage_answer
sender_address(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct addr addr;

	(void)facts;
	if (address_judge(s, true, &addr, out))
		stage_effect(out, EFFECT_REWRITE)->addr = addr.text;
	return STAGE_DONE;
}

enum stage_answer
sender_size(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	return prequeue_size(s, facts, out);
}

/* With envelope sender verification a partial address is malformed, so
 * nothing may complete it before (receiving 6.1, 8.4). */
enum stage_answer
sender_domain(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct note *note = stage_note(out, NOTE_DEFAULT_DOMAIN);

	(void)facts;
	note->from = note->to = s->sender;
	if (s->policy->p.envelope_sender_verify) {
		note->text = STR("envelope sender verification is enabled");
		return STAGE_DONE;
	}
	note->to =
	    address_complete(s->sender, s->listener->default_domain, out->mem);
	if (!str_eq(note->to, s->sender))
		stage_effect(out, EFFECT_REWRITE)->addr = note->to;
	return STAGE_DONE;
}
