/*
 * domain_map.c - the stage "domain map": old domains become new ones
 *
 * Spec receiving 6.2. Envelope recipients only, once each, before the
 * recipient access table.
 */
#include "base/bounds.h"
#include "config/table.h"
#include "mail/addr.h"
#include "pipeline/stages.h"

enum stage_answer
domain_map_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct note *note = stage_note(out, NOTE_DOMAIN_MAP);
	struct table_hit hit;
	struct str to;

	(void)facts;
	note->from = note->to = s->rcpt;
	if (s->listener->domain_map == NULL ||
	    !table_find(s->listener->domain_map, s->rcpt, &hit, out->mem))
		return STAGE_DONE;
	to = hit.value;
	if (to.n > 0 && to.p[0] == '@') /* the user stays */
		to = str_of(arena_printf(out->mem, "%.*s%.*s",
		    STR_ARG(addr_local(s->rcpt)), STR_ARG(to)));
	note->to = to;
	note->where = hit.where;
	if (!str_eq(to, s->rcpt))
		stage_effect(out, EFFECT_REWRITE)->addr = to;
	return STAGE_DONE;
}
