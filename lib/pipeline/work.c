/*
 * work.c - the order of the stages of the work queue, and the loop that runs
 * them
 */
#include "pipeline/work.h"

#include "base/bounds.h"
#include "base/mem.h"
#include "pipeline/work_stages.h"

static unsigned policies_want(const struct work *);

/* Spec workqueue 1.1, from top to bottom. */
static const struct work_stage stages[] = {
	{ "message filters", .wants = message_filters_want,
	    .steps = message_filters },
	{ "released", .wants = released_wants, .run = released_decide },
	{ "mail policies", .wants = policies_want, .split = policy_assign },
	{ "anti-spam", .wants = spam_wants, .run = spam_decide },
	{ "anti-virus", .wants = virus_wants, .run = virus_decide },
	{ "content filters", .wants = content_filters_want,
	    .steps = content_filters },
	{ "outbreak filters", .wants = outbreak_wants, .run = outbreak_decide },
	{ "footer", .wants = stamp_wants, .run = stamp_decide },
};

/* Where each way into the work queue begins: the name of a stage; NULL: none
 * is run any more. */
static const char *const begins[] = {
	[ENTER_WHOLE] = "",
	[ENTER_RELEASED] = "released",
	[ENTER_DELIVERY] = NULL,
	[ENTER_ANEW] = "",
	[ENTER_RESCORE] = "outbreak filters",
};

static size_t first_stage(enum work_entry);
static enum work_answer run_result(
    struct work_run *, struct work_result *, struct needs *);
static void split(
    struct work_run *, struct work_result *, const uint32_t *policies);
static void matched_all(struct work *, uint32_t group);
static struct work_result *branch(
    struct work_run *, uint32_t group, const uint32_t *of);
static void say_policy(struct work *, const struct mail_policy *);

const struct work_stage *
work_stages(size_t *n)
{
	*n = NELEM(stages);
	return stages;
}

void
work_begin(
    struct work_run *run, const struct work *message, enum work_entry entry)
{
	struct work_result *r = arena_alloc(message->mem, sizeof(*r));

	r->work = *message;
	r->stage = first_stage(entry);
	*run = (struct work_run){ .mem = message->mem,
		.results = r,
		.at = r,
		.stages = stages,
		.n_stages = NELEM(stages) };
}

enum work_answer
work_continue(struct work_run *run, struct needs *needs)
{
	for (; run->at != NULL; run->at = run->at->next)
		if (run_result(run, run->at, needs) == WORK_NEEDS)
			return WORK_NEEDS;
	return WORK_DONE;
}

const struct work *
work_is_later(const struct work_run *run)
{
	for (const struct work_result *r = run->results; r != NULL; r = r->next)
		if (r->work.end == WORK_LATER)
			return &r->work;
	return NULL;
}

unsigned
work_wants(const struct work *message, enum work_entry entry)
{
	unsigned wants = 0;

	for (size_t i = first_stage(entry); i < NELEM(stages); i++)
		if (stages[i].wants != NULL)
			wants |= stages[i].wants(message);
	return wants;
}

bool
work_is_plain(const struct work *message, enum work_entry entry)
{
	const struct filters *f = message->origin->config->filters;
	const struct policy_table *t = policy_table_of(message);

	return (f == NULL || f->n_message == 0) && t->n_filters == 0 &&
	       t->n_policies <= 1 && work_wants(message, entry) == 0;
}

uint32_t
work_skips(const struct policy *policy)
{
	const struct policy_params *p = &policy->p;

	return (p->spam_check ? 0 : SKIP_SPAM | SKIP_BY_POLICY) |
	       (p->virus_check ? 0 : SKIP_VIRUS | SKIP_VIRUS_BY_POLICY);
}

static unsigned
policies_want(const struct work *w)
{
	return policy_wants_header(w) ? FILTER_HEADER : 0;
}

static size_t
first_stage(enum work_entry entry)
{
	size_t i = 0;

	if (begins[entry] == NULL)
		return NELEM(stages);
	while (*begins[entry] != '\0' && i < NELEM(stages) &&
	       !str_is(str_of(stages[i].name), begins[entry]))
		i++;
	return i;
}

static enum work_answer
run_result(struct work_run *run, struct work_result *r, struct needs *needs)
{
	enum work_answer answer = WORK_DONE;

	*needs = (struct needs){ .mem = run->mem };
	while (r->stage < run->n_stages && r->work.end == WORK_GOES_ON) {
		const struct work_stage *s = &run->stages[r->stage];

		if (s->run != NULL)
			answer = s->run(&r->work, needs);
		else if (s->steps != NULL)
			answer = s->steps(&r->work, &r->step, needs);
		if (answer == WORK_NEEDS)
			return WORK_NEEDS;
		r->stage++;
		r->step = 0;
		if (s->split != NULL) {
			split(run, r, s->split(&r->work));
			r = run->at;
		}
	}
	if (r->work.end == WORK_GOES_ON)
		r->work.end = WORK_DELIVER;
	return WORK_DONE;
}

/* --- splitting (1.5, 4.5) --- */

/* The run goes on with the first of what came out. */
static void
split(struct work_run *run, struct work_result *r, const uint32_t *policies)
{
	const struct policy_table *t = policy_table_of(&r->work);
	struct work_result **at = &run->results;
	struct work *w = &r->work;
	const uint32_t *of = lists_assign(w, policies);
	uint32_t n = 0;
	bool one = true;

	for (size_t i = 1; i < w->n_rcpts && one; i++)
		one = of[i] == of[0];
	if (one) {
		matched_all(w, w->n_rcpts > 0 ? of[0] : 0);
		return;
	}
	run->split = true;
	run->original = *w;
	run->original.end = WORK_SPLIT;
	for (uint32_t group = 0; group < t->n_policies * LISTS_GROUPS;
	     group++) {
		*at = branch(run, group, of);
		if (*at == NULL)
			continue;
		(*at)->stage = r->stage;
		(*at)->work.branch = ++n;
		at = &(*at)->next;
	}
	run->at = run->results;
}

static void
matched_all(struct work *w, uint32_t group)
{
	const struct policy_table *t = policy_table_of(w);
	const struct mail_policy *p =
	    t->n_policies > 0 ? &t->policies[group / LISTS_GROUPS] : NULL;
	struct work_note *n = work_note(w, WN_MATCHED_ALL);

	w->mail_policy = p != NULL ? p->name : STR("DEFAULT");
	n->name = w->mail_policy;
	n->text = policy_table_name(w);
	lists_mark(w);
	say_policy(w, p);
}

/* NULL: nobody is in this group. */
static struct work_result *
branch(struct work_run *run, uint32_t group, const uint32_t *of)
{
	struct work *w = &run->original;
	const struct mail_policy *p =
	    &policy_table_of(w)->policies[group / LISTS_GROUPS];
	struct work_rcpt *v;
	struct work_result *r;
	struct work_note *note;
	size_t n = 0;

	for (size_t i = 0; i < w->n_rcpts; i++)
		n += of[i] == group;
	if (n == 0)
		return NULL;
	v = arena_array(run->mem, n, sizeof(*v));
	r = arena_alloc(run->mem, sizeof(*r));
	r->work = *w;
	r->work.rcpts = v;
	r->work.n_rcpts = n;
	for (size_t i = 0; i < w->n_rcpts; i++)
		if (of[i] == group)
			*v++ = w->rcpts[i];
	r->work.end = WORK_GOES_ON;
	r->work.notes = NULL;
	r->work.copies = NULL;
	r->work.archives = NULL;
	r->work.branch_version = w->msg.version;
	r->work.mail_policy = p->name;
	note = work_note(w, WN_SPLIT);
	note->name = p->name;
	note->text = policy_table_name(w);
	note->number = group;
	lists_mark(&r->work);
	say_policy(&r->work, p);
	return r;
}

static void
say_policy(struct work *w, const struct mail_policy *p)
{
	struct work_note *n;
	struct buf list;

	if (!w->explain)
		return;
	buf_init(&list, w->n_rcpts * (ADDR_MAX + 2) + 1);
	buf_puts(&list, "");
	for (size_t i = 0; i < w->n_rcpts; i++) {
		buf_puts(&list, i > 0 ? ", " : "");
		buf_add_str(&list, w->rcpts[i].addr);
	}
	n = work_note(w, WN_POLICY);
	n->name = w->mail_policy;
	n->text = arena_str(w->mem, buf_str(&list));
	n->detail = policy_table_name(w);
	if (p != NULL)
		n->where = p->where;
	buf_fini(&list);
}
