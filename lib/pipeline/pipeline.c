/*
 * pipeline.c - the order of the stages, and the one loop that runs them
 */
#include "pipeline/pipeline.h"

#include "base/mem.h"
#include "pipeline/stages.h"
#include "pipeline/variables.h"

/* Spec receiving 1.2 and 8.1. Within a point, from top to bottom. */
static const struct stage stages[] = {
	{ "connection limits", AT_CONNECT, limits_decide },
	{ "host access table", AT_CONNECT, hat_decide },
	{ "mail flow policy", AT_CONNECT, policy_decide },

	{ "sender address", AT_MAIL, sender_address },
	{ "declared size", AT_MAIL, sender_size },
	{ "sender default domain", AT_MAIL, sender_domain },

	{ "delayed rejection", AT_RCPT, policy_delayed },
	{ "recipient address", AT_RCPT, recipient_address },
	{ "recipient default domain", AT_RCPT, recipient_domain },
	{ "recipient access table", AT_RCPT, rat_decide },

	{ "message size", AT_DATA, prequeue_size },
	{ "bounce profile", AT_DATA, prequeue_bounce_profile },
};

static void apply(
    struct pipeline_run *, struct subject *, const struct effect *);
static bool entry_may_need(
    const struct listener *, const struct hat_entry *, enum fact_id);

void
pipeline_begin(struct pipeline_run *run, enum stage_point point)
{
	*run = (struct pipeline_run){ .point = point };
}

enum pipeline_answer
pipeline_run(struct pipeline_run *run, struct subject *subject,
    const struct facts *facts, struct arena *mem, bool explain,
    void (*applied)(void *arg, const struct stage *, const struct stage_out *),
    void *arg, struct needs *needs)
{
	for (; run->at < NELEM(stages) && !run->finished; run->at++) {
		const struct stage *stage = &stages[run->at];
		struct stage_out out;

		if (stage->point != run->point)
			continue;
		out.n_effects = 0;
		out.notes = NULL;
		out.n_notes = 0;
		out.needs.n = 0;
		out.explain = explain;
		out.mem = mem;
		if (stage->decide(subject, facts, &out) == STAGE_NEEDS) {
			*needs = out.needs;
			return PIPELINE_NEEDS;
		}
		for (size_t i = 0; i < out.n_effects; i++)
			apply(run, subject, &out.effects[i]);
		if (applied != NULL)
			applied(arg, stage, &out);
	}
	run->finished = true;
	return PIPELINE_DONE;
}

const struct stage *
pipeline_stages(size_t *n)
{
	*n = NELEM(stages);
	return stages;
}

struct str
pipeline_group_name(const struct hat_group *g)
{
	bool all = g->n_entries == 1 && g->entries[0].kind == HAT_ALL;

	return all ? STR("") : g->name;
}

bool
pipeline_may_need(const struct listener *l, enum fact_id id)
{
	if (id == FACT_CONNECTIONS || (id == FACT_HOST && l->hat.needs_host))
		return true;
	for (size_t i = 0; i < l->hat.n_groups; i++) {
		const struct hat_group *g = &l->hat.groups[i];

		if (variables_mention(g->policy->p.banner_text, id))
			return true;
		for (size_t k = 0; k < g->n_entries; k++) {
			if (entry_may_need(l, &g->entries[k], id))
				return true;
		}
	}
	return false;
}

static void
apply(struct pipeline_run *run, struct subject *s, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_POLICY:
		s->group = e->policy.group;
		s->entry = e->policy.entry;
		s->policy = e->policy.policy;
		s->behaviour = e->policy.policy->behaviour;
		break;
	case EFFECT_REPLY:
		run->reply = e->reply;
		run->replied = true;
		run->finished = e->reply.refuse || e->reply.code >= 400;
		break;
	case EFFECT_REWRITE:
		if (run->point == AT_MAIL || run->point == AT_WORK)
			s->sender = e->addr;
		else
			s->rcpt = e->addr;
		break;
	case EFFECT_EXPAND:
		s->rcpts = e->expand.v;
		s->n_rcpts = e->expand.n;
		s->expanded = true;
		break;
	case EFFECT_BYPASS:
		s->bypass |= e->bypass;
		break;
	case EFFECT_DROPPED:
	case EFFECT_LIMIT:
	case EFFECT_HEADER:
	case EFFECT_GATEWAY:
	case EFFECT_BOUNCE_PROFILE:
		break; /* the caller's: no later stage looks at them */
	}
}

static bool
entry_may_need(
    const struct listener *l, const struct hat_entry *e, enum fact_id id)
{
	switch (id) {
	case FACT_REPUTATION:
		return l->reputation &&
		       (e->kind == HAT_SCORE || e->kind == HAT_SCORE_NONE);
	case FACT_OWNER:
		return e->kind == HAT_OWNER;
	case FACT_COUNTRY:
		return e->kind == HAT_COUNTRY;
	default:
		return false;
	}
}
