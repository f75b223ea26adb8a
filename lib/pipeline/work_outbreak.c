/*
 * work_outbreak.c - the stage "outbreak filters" (W12)
 *
 * Spec workqueue 8.2. A message that is held is held as it came: rules that
 * change later, or a scanner, shall see what the sender wrote. It is changed
 * when it leaves.
 */
#include <inttypes.h>

#include "filter/civil.h"
#include "filter/outbreak.h"
#include "pipeline/work_services.h"

#define QUARANTINE STR("Outbreak")

static const struct outbreak_settings *settings_of(const struct work *);
static bool skipped(const struct work *, enum outbreak_outcome *);
static struct outbreak_sets sets_of(const struct work *);
static void take(struct work *, const struct outbreak_settings *,
    const struct outbreak_rule *);
static void set_threat(struct work *, const struct outbreak_rule *);
static bool must_hold(const struct work *, const struct outbreak_settings *,
    const struct outbreak_rule *);
static void hold(struct work *, const struct outbreak_settings *,
    const struct outbreak_rule *);
static void put_headers(struct work *, const struct outbreak_rule *);

unsigned
outbreak_wants(const struct work *w)
{
	bool wants = w->origin->config->work.outbreak.enabled &&
		     !(w->skip & SKIP_OUTBREAK) &&
		     policy_may_want(w, POLICY_OUTBREAK);

	return wants ? FILTER_HEADER | FILTER_BODY : 0;
}

enum work_answer
outbreak_decide(struct work *w, struct needs *needs)
{
	const struct outbreak_settings *s = settings_of(w);
	struct outbreak_sets sets = sets_of(w);
	const struct outbreak_rule *worst;
	struct outbreak_bypass bypass;
	enum outbreak_outcome outcome;

	if (s == NULL)
		return WORK_DONE;
	if (skipped(w, &outcome)) {
		work_note(w, WN_OUTBREAK)->score = outcome;
		return WORK_DONE;
	}
	bypass = (struct outbreak_bypass){ s->bypass, s->n_bypass };
	if (outbreak_judge(&sets, w, &bypass, w->origin->now, &worst, needs) ==
	    WORK_NEEDS)
		return WORK_NEEDS;
	if (worst == NULL)
		work_note(w, WN_OUTBREAK);
	else
		take(w, s, worst);
	return WORK_DONE;
}

static const struct outbreak_settings *
settings_of(const struct work *w)
{
	const struct work_origin *o = w->origin;
	const struct mail_policy *p =
	    config_mail_policy(o->config, o->direction, w->mail_policy);

	return p == NULL ? NULL
			 : config_policy_outbreak(o->config, o->direction, p);
}

static bool
skipped(const struct work *w, enum outbreak_outcome *outcome)
{
	if (w->skip & SKIP_OUTBREAK)
		*outcome = OUTBREAK_SKIPPED_BY_FILTER;
	else if (work_size(w) > w->origin->config->work.outbreak.max_size)
		*outcome = OUTBREAK_SKIPPED_SIZE;
	else
		return false;
	return true;
}

static struct outbreak_sets
sets_of(const struct work *w)
{
	const struct filters *f = w->origin->config->filters;
	struct outbreak_sets sets = { { 0 } };

	sets.v[0] = w->origin->feed;
	if (f == NULL)
		return sets;
	sets.v[1] = f->own;
	sets.v[2] = f->adaptive;
	return sets;
}

static void
take(struct work *w, const struct outbreak_settings *s,
    const struct outbreak_rule *r)
{
	struct work_note *n = work_note(w, WN_OUTBREAK);

	n->number = r->level;
	n->name = r->id;
	n->text = r->category;
	n->detail = r->description;
	set_threat(w, r);
	if (must_hold(w, s, r)) {
		hold(w, s, r);
		return;
	}
	if (s->headers)
		put_headers(w, r);
	if (s->modify && !r->viral && r->level >= s->modify_threshold)
		outbreak_modify(w, s);
}

/* "Phish": texts speak of it in the middle of a sentence of their own. */
static void
set_threat(struct work *w, const struct outbreak_rule *r)
{
	char *name = arena_strz(w->mem, r->category);

	name[0] &= ~0x20;
	w->threat.category = str_of(name);
	w->threat.type = r->subtype;
	w->threat.description = r->description;
	w->threat.level = r->level;
}

static bool
must_hold(const struct work *w, const struct outbreak_settings *s,
    const struct outbreak_rule *r)
{
	if (r->level < s->threshold || (w->skip & SKIP_OUTBREAK_HOLD))
		return false;
	return r->viral || (s->modify && !s->deliver_non_viral);
}

/* As long as the rule recommends, and at most as the policy allows. */
static void
hold(struct work *w, const struct outbreak_settings *s,
    const struct outbreak_rule *r)
{
	uint32_t max = r->viral ? s->retention_viral : s->retention_other;
	uint32_t time = r->hold > 0 && r->hold < max ? r->hold : max;
	struct civil c =
	    civil_of(w->origin->now + (int64_t)time * 1000, w->origin->zone);

	work_note(w, WN_OUTBREAK_UNTIL)->text =
	    str_of(arena_printf(w->mem, "%04d-%02d-%02d %02d:%02d:%02d", c.year,
		c.month, c.day, c.hour, c.minute, c.second));
	work_hold(w, (struct work_hold){ .quarantine = QUARANTINE,
			 .reason = str_of(arena_printf(
			     w->mem, "outbreak rule:%.*s", STR_ARG(r->id))),
			 .retention = time,
			 .rule = r->id });
}

static void
put_headers(struct work *w, const struct outbreak_rule *r)
{
	service_header(w, "Outbreak-Status",
	    str_of(arena_printf(w->mem, "Yes, level %u, %.*s - %.*s",
		(unsigned)r->level, STR_ARG(w->threat.category),
		STR_ARG(r->subtype))));
	service_header(w, "Outbreak-Description", r->description);
}
