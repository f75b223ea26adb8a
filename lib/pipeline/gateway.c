/*
 * gateway.c - the stage "virtual gateway": by which address mail leaves
 *
 * Spec receiving 6.5. The client counts first, then the sender as it came,
 * before any masquerading: the whole address, the user, the domain. Within
 * each of these the first entry wins; config/table.h knows that order.
 */
#include "config/table.h"
#include "pipeline/stages.h"

enum stage_answer
gateway_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct table *t = s->config->gateways;
	struct note *note = stage_note(out, NOTE_GATEWAY);
	char client[IP_TEXT];
	struct table_hit hit;

	if (t == NULL)
		return STAGE_DONE;
	ip_text(&facts->client, client);
	if (!table_get(t, str_of(client), &hit) &&
	    !table_find(t, s->sender, &hit, out->mem))
		return STAGE_DONE;
	note->where = hit.where;
	note->text = hit.value;
	note->from = arena_str(out->mem, hit.key);
	stage_effect(out, EFFECT_GATEWAY)->name = hit.value;
	return STAGE_DONE;
}
