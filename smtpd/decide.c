/* decide.c - runs the stages of one point and gathers what they decided */
#include "smtpd/decide.h"

#include "base/err.h"

static bool run(
    struct decided *, struct subject *, const struct facts *, struct arena *);
static void applied(void *arg, const struct stage *, const struct stage_out *);
static void drop(struct decided *, const struct effect *);

void
decide_begin(struct decided *d, enum stage_point point)
{
	*d = (struct decided){ .by = "",
		.given = STR(""),
		.gateway = STR(""),
		.bounce_profile = STR("") };
	pipeline_begin(&d->run, point);
}

bool
decide(const struct smtp_session *s, struct subject *subject, struct arena *mem,
    struct decided *d)
{
	return run(d, subject, &s->facts, mem);
}

void
decide_data(const struct smtp_session *s, struct subject *subject,
    struct arena *mem, struct decided *d)
{
	struct facts facts = s->facts;

	decide_begin(d, AT_DATA);
	while (!run(d, subject, &facts, mem)) {
		for (size_t i = 0; i < d->needs.n; i++)
			fact_fail(
			    &facts, mem, d->needs.v[i].id, d->needs.v[i].key);
	}
}

static bool
run(struct decided *d, struct subject *subject, const struct facts *facts,
    struct arena *mem)
{
	const struct pipeline_run *r = &d->run;

	d->needs.n = 0;
	if (pipeline_run(&d->run, subject, facts, mem, false, applied, d,
		&d->needs) == PIPELINE_NEEDS)
		return false;
	if (r->replied)
		d->reply = r->reply;
	d->refused = r->replied && (r->reply.refuse || r->reply.code >= 400);
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
		case EFFECT_HEADER: /* not at these points, */
		case EFFECT_FORGED: /* nor this */
			break;
		case EFFECT_DROPPED:
			drop(d, e);
			break;
		case EFFECT_LIMIT:
			d->limit = e->limit;
			break;
		case EFFECT_INVALID_BOUNCE:
			d->invalid_bounce = true;
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

static void
drop(struct decided *d, const struct effect *e)
{
	if (d->n_dropped == DROPS_MAX)
		panic("more than %d stages drop recipients", DROPS_MAX);
	d->dropped[d->n_dropped].v = e->dropped.v;
	d->dropped[d->n_dropped].n = e->dropped.n;
	d->dropped[d->n_dropped++].by = e->dropped.by;
}
