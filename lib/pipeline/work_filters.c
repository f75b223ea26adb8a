/*
 * work_filters.c - W4 and W11: message filters, and the content filters that
 * a mail policy has enabled
 *
 * Each filter is a step: it runs to its end, or lacks a fact and has not run.
 * A final action ends the filters of its stage; one that drops or bounces the
 * message ends more (workqueue 1.3).
 */
#include "pipeline/work_stages.h"

/* Filters in order, of which those run that a policy has enabled. */
struct list {
	const struct filter *const *v;
	size_t n;
	const struct filters *filters;
	enum direction direction;
	size_t policy; /* NONE: all run */
};
#define NONE SIZE_MAX

static enum work_answer run_list(
    struct work *, const struct list *, size_t *step, struct needs *);
static bool runs(const struct list *, size_t i);
static void say_content_begins(
    struct work *, const struct mail_policy *, size_t step);

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
	return run_list(w,
	    &(struct list){ .v = f != NULL ? f->message : NULL,
		.n = n,
		.filters = f,
		.policy = NONE },
	    step, needs);
}

unsigned
message_filters_want(const struct work *w)
{
	const struct filters *f = w->origin->config->filters;

	return f != NULL ? f->message_wants : 0;
}

enum work_answer
content_filters(struct work *w, size_t *step, struct needs *needs)
{
	const struct policy_table *t = policy_table_of(w);
	const struct filters *f = w->origin->config->filters;
	const struct mail_policy *p = policy_service(w, POLICY_FILTERS);
	enum direction d = w->origin->direction;

	if (w->skip & SKIP_FILTERS)
		return WORK_DONE;
	say_content_begins(w, p, *step);
	if (f == NULL || p == NULL)
		return WORK_DONE;
	return run_list(w,
	    &(struct list){ .v = f->content[d],
		.n = t->n_filters,
		.filters = f,
		.direction = d,
		.policy = (size_t)(p - t->policies) },
	    step, needs);
}

/* Before it is known which policy counts: those of all of them. */
unsigned
content_filters_want(const struct work *w)
{
	const struct filters *f = w->origin->config->filters;

	if (f == NULL || w->skip & SKIP_FILTERS ||
	    !policy_may_want(w, POLICY_FILTERS))
		return 0;
	return f->content_wants[w->origin->direction];
}

static enum work_answer
run_list(
    struct work *w, const struct list *list, size_t *step, struct needs *needs)
{
	bool final = false;

	for (; *step < list->n && !final; (*step)++) {
		if (!runs(list, *step))
			continue;
		if (filter_run(list->v[*step], w, &final, needs) == WORK_NEEDS)
			return WORK_NEEDS;
	}
	for (bool left = false; final && *step < list->n && !left; (*step)++) {
		left = runs(list, *step);
		if (left && w->end == WORK_GOES_ON)
			work_note(w, WN_FILTERS_LEFT);
	}
	return WORK_DONE;
}

static bool
runs(const struct list *list, size_t i)
{
	return filter_runs(list->v[i]) &&
	       (list->policy == NONE || filters_enabled(list->filters,
					    list->direction, list->policy, i));
}

static void
say_content_begins(struct work *w, const struct mail_policy *p, size_t step)
{
	/* once, though the first filter may ask for facts */
	bool said = w->notes != NULL && w->notes->kind == WN_CONTENT_FILTERS;

	if (w->explain && step == 0 && !said)
		work_note(w, WN_CONTENT_FILTERS)->number =
		    p != NULL ? (int64_t)p->n_filters : 0;
}
