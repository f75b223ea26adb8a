/*
 * work_filters.c - W4 and W11: message filters, and the content filters that
 * a mail policy has enabled
 *
 * Each filter is a step: it runs to its end, or lacks a fact and has not run.
 * A final action ends the filters of its stage; one that drops or bounces the
 * message ends more (workqueue 1.3).
 */
#include "pipeline/work_stages.h"

static enum work_answer run_list(struct work *, const struct filter *const *,
    size_t n, bool (*runs)(const struct work *, const struct filter *),
    size_t *step, struct needs *);
static bool message_runs(const struct work *, const struct filter *);
static bool content_runs(const struct work *, const struct filter *);
static bool is_enabled(const struct mail_policy *, struct str name);
static void say_content_begins(struct work *, size_t step);
static const struct filter *const *content_of(const struct work *, size_t *n);

enum work_answer
message_filters(struct work *w, size_t *step, struct needs *needs)
{
	const struct filters *f = w->origin->config->filters;
	size_t n = f != NULL ? f->n_message : 0;
	bool any = false;

	for (size_t i = 0; i < n && w->explain; i++)
		any |= filter_runs(f->message[i]);
	if (w->explain && !any)
		work_note(w, WN_NO_FILTERS);
	return run_list(
	    w, f != NULL ? f->message : NULL, n, message_runs, step, needs);
}

unsigned
message_filters_want(const struct work *w)
{
	const struct filters *f = w->origin->config->filters;
	unsigned wants = 0;

	for (size_t i = 0; f != NULL && i < f->n_message; i++)
		if (filter_runs(f->message[i]))
			wants |= filter_wants(f->message[i]);
	return wants;
}

enum work_answer
content_filters(struct work *w, size_t *step, struct needs *needs)
{
	const struct filter *const *v;
	size_t n;

	if (w->skip & SKIP_FILTERS)
		return WORK_DONE;
	v = content_of(w, &n);
	say_content_begins(w, *step);
	return run_list(w, v, n, content_runs, step, needs);
}

/* Before it is known which policy counts: those of all of them. */
unsigned
content_filters_want(const struct work *w)
{
	const struct policy_table *t = policy_table_of(w);
	const struct filter *const *v;
	unsigned wants = 0;
	size_t n;

	if (w->skip & SKIP_FILTERS || !policy_may_want(w, POLICY_FILTERS))
		return 0;
	v = content_of(w, &n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < t->n_policies && filter_runs(v[i]); j++)
			if (is_enabled(&t->policies[j], filter_name(v[i])))
				wants |= filter_wants(v[i]);
	return wants;
}

static enum work_answer
run_list(struct work *w, const struct filter *const *v, size_t n,
    bool (*runs)(const struct work *, const struct filter *), size_t *step,
    struct needs *needs)
{
	bool final = false;

	for (; *step < n && !final; (*step)++) {
		if (!runs(w, v[*step]))
			continue;
		if (filter_run(v[*step], w, &final, needs) == WORK_NEEDS)
			return WORK_NEEDS;
	}
	for (bool left = false; final && *step < n && !left; (*step)++) {
		left = runs(w, v[*step]);
		if (left && w->end == WORK_GOES_ON)
			work_note(w, WN_FILTERS_LEFT);
	}
	return WORK_DONE;
}

static bool
message_runs(const struct work *w, const struct filter *f)
{
	(void)w;
	return filter_runs(f);
}

static bool
content_runs(const struct work *w, const struct filter *f)
{
	const struct mail_policy *p = policy_service(w, POLICY_FILTERS);

	return p != NULL && filter_runs(f) && is_enabled(p, filter_name(f));
}

static bool
is_enabled(const struct mail_policy *p, struct str name)
{
	for (size_t i = 0; i < p->n_filters; i++)
		if (str_eq(p->filters[i], name))
			return true;
	return false;
}

static void
say_content_begins(struct work *w, size_t step)
{
	const struct mail_policy *p = policy_service(w, POLICY_FILTERS);

	/* once, though the first filter may ask for facts */
	bool said = w->notes != NULL && w->notes->kind == WN_CONTENT_FILTERS;

	if (w->explain && step == 0 && !said)
		work_note(w, WN_CONTENT_FILTERS)->number =
		    p != NULL ? (int64_t)p->n_filters : 0;
}

/* As the table of policies has them. */
static const struct filter *const *
content_of(const struct work *w, size_t *n)
{
	const struct filters *f = w->origin->config->filters;

	*n = f != NULL ? policy_table_of(w)->n_filters : 0;
	return f != NULL ? f->content[w->origin->direction] : NULL;
}
