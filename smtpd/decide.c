/* decide.c - runs the stages of one point and gathers what they decided */
#include "smtpd/decide.h"

static bool run_stages(enum stage_point, struct subject *, struct facts *,
    struct arena *, struct decided *, bool settle);
static void applied(void *arg, const struct stage *, const struct stage_out *);

void
decide(const struct smtp_session *s, enum stage_point point,
    struct subject *subject, struct arena *mem, struct decided *d)
{
	struct facts facts = s->facts;

	run_stages(point, subject, &facts, mem, d, true);
}

bool
decide_now(const struct smtp_session *s, enum stage_point point,
    struct subject *subject, struct arena *mem, struct decided *d)
{
	struct facts facts = s->facts;

	return run_stages(point, subject, &facts, mem, d, false);
}

static bool
run_stages(enum stage_point point, struct subject *subject, struct facts *facts,
    struct arena *mem, struct decided *d, bool settle)
{
	struct pipeline_run run;
	struct needs needs;

	*d = (struct decided){ .by = "",
		.given = STR(""),
		.gateway = STR(""),
		.bounce_profile = STR("") };
	pipeline_begin(&run, point);
	while (pipeline_run(&run, subject, facts, mem, false, applied, d,
		   &needs) == PIPELINE_NEEDS) {
		if (!settle)
			return false;
		for (size_t i = 0; i < needs.n; i++)
			fact_fail(facts, mem, needs.v[i].id, needs.v[i].key);
	}
	if (run.replied)
		d->reply = run.reply;
	d->refused = run.replied && (run.reply.refuse || run.reply.code >= 400);
	return true;
}

static void
applied(void *arg, const struct stage *stage, const struct stage_out *out)
{
	struct decided *d = arg;

	for (size_t i = 0; i < out->n_effects; i++) {
		const struct effect *e = &out->effects[i];

		switch (e->kind) {
		case EFFECT_POLICY: /* in the subject already */
		case EFFECT_HEADER: /* not at these points */
		case EFFECT_DROPPED:
		case EFFECT_LIMIT:
			break;
		case EFFECT_WARNING:
			d->warning = e->text;
			break;
		case EFFECT_REPLY:
			d->by = stage->name;
			break;
		case EFFECT_REWRITE: /* the first: from text to address */
			if (d->given.n == 0)
				d->given = e->addr;
			break;
		case EFFECT_EXPAND:
			d->expanded = true;
			d->rcpts = e->expand.v;
			d->n_rcpts = e->expand.n;
			break;
		case EFFECT_BYPASS:
			d->bypass |= e->bypass;
			break;
		case EFFECT_GATEWAY:
			d->gateway = e->name;
			break;
		case EFFECT_BOUNCE_PROFILE:
			d->bounce_profile = e->name;
			break;
		}
	}
}
