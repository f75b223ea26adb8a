/*
 * exception.c - the stage "domain exception table": senders that are let in,
 * or turned away, whatever the DNS says of them
 *
 * Spec receiving 4.10. Only where the policy wants it; the first entry that
 * matches decides.
 */
#include "config/pattern.h"
#include "pipeline/stages.h"
#include "pipeline/variables.h"

#define REJECT_CODE 553
#define REJECT_TEXT "Envelope sender <$EnvelopeSender> rejected"

static const struct sender_exception *find(
    const struct config *, struct str sender);
static enum stage_answer refuse(const struct sender_exception *,
    const struct subject *, const struct facts *, struct stage_out *);

enum stage_answer
exception_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	const struct sender_exception *e;
	struct note *note;

	if (!s->policy->p.exception_table)
		return STAGE_DONE;
	note = stage_note(out, NOTE_EXCEPTION);
	e = find(s->config, s->sender);
	if (e == NULL)
		return STAGE_DONE;
	note->where = e->pattern.where;
	note->text = e->pattern.text;
	note->allow = e->allow;
	if (!e->allow)
		return refuse(e, s, facts, out);
	stage_effect(out, EFFECT_BYPASS)->bypass = BYPASS_VERIFY;
	return STAGE_DONE;
}

static const struct sender_exception *
find(const struct config *c, struct str sender)
{
	for (size_t i = 0; i < c->n_exceptions; i++) {
		if (pattern_matches(&c->exceptions[i].pattern, sender))
			return &c->exceptions[i];
	}
	return NULL;
}

static enum stage_answer
refuse(const struct sender_exception *e, const struct subject *s,
    const struct facts *facts, struct stage_out *out)
{
	struct reply reply = { .code =
				   e->code != 0 ? (int)e->code : REJECT_CODE,
		.status = "",
		.text = e->reply,
		.log = "domain exception table" };
	enum fact_id needs;

	if (reply.text.n == 0) {
		reply.status = reply.code < 500 ? "4.7.1" : "5.7.1";
		reply.text = STR(REJECT_TEXT);
	}
	if (variables_need(reply.text, facts, &needs))
		return stage_needs(out, needs, STR(""));
	reply.text = variables_expand(reply.text, s, facts, out->mem);
	stage_effect(out, EFFECT_REPLY)->reply = reply;
	return STAGE_DONE;
}
