/*
 * tls_required.c - stage at MAIL: senders that must use TLS
 *
 * Where the policy's tls is preferred, tls_mandatory_list may name an address
 * list: for those senders it is required (spec receiving 4.10, 8.2). Where it
 * is required nobody comes as far as MAIL without TLS; where it is off the
 * list has no meaning.
 */
#include "config/pattern.h"
#include "pipeline/stages.h"

#define TLS_PREFERRED 1 /* policy_params.tls */

enum stage_answer
tls_required(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct policy_params *p = &s->policy->p;
	const struct addr_list *list;
	const struct addr_pattern *entry;
	struct note *note;

	if (p->tls != TLS_PREFERRED || p->tls_mandatory_list.n == 0 ||
	    facts->tls)
		return STAGE_DONE;
	list = config_addr_list(s->config, p->tls_mandatory_list);
	entry = list != NULL ? addr_list_find(list, s->sender) : NULL;
	if (entry == NULL)
		return STAGE_DONE;
	note = stage_note(out, NOTE_TLS_REQUIRED);
	note->where = entry->where;
	note->from = s->sender;
	note->text = list->name;
	stage_reply(
	    out, 530, "5.7.0", false, "Must issue a STARTTLS command first");
	out->effects[out->n_effects - 1].reply.log = "TLS is required";
	return STAGE_DONE;
}
