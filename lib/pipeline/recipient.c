/*
 * recipient.c - stages at RCPT: the recipient as the tables will see it
 */
#include "pipeline/address.h"
#include "pipeline/stages.h"

enum stage_answer
recipient_address(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct addr addr;

	(void)facts;
	if (address_judge(s, false, &addr, out))
		stage_effect(out, EFFECT_REWRITE)->addr = addr.text;
	return STAGE_DONE;
}

/* <postmaster> always gets a domain (RFC 5321 4.5.1; receiving 5.2): that of
 * the listener, or our own name. */
enum stage_answer
recipient_domain(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct note *note = stage_note(out, NOTE_DEFAULT_DOMAIN);
	struct str domain = s->listener->default_domain;
	struct str to;

	(void)facts;
	if (domain.n == 0 && str_is_nocase(s->rcpt, "postmaster"))
		domain = s->listener->interface->hostname;
	to = address_complete(s->rcpt, domain, out->mem);
	note->from = s->rcpt;
	note->to = to;
	if (!str_eq(to, s->rcpt))
		stage_effect(out, EFFECT_REWRITE)->addr = to;
	return STAGE_DONE;
}
