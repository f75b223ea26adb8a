/*
 * outbreak_match.c - which outbreak rule counts for a message
 *
 * The worst rules come first, so that the first one that matches is it. One
 * that lacks a fact keeps all that are less bad from being the answer.
 */
#include "base/mem.h"
#include "filter/outbreak_inner.h"

static enum truth matches(struct outbreak_case *, const struct outbreak_rule *);
static enum truth ask(struct outbreak_case *, const struct outbreak_test *);
static const struct mime_part *next_part(
    struct outbreak_case *, const struct mime_part *);
static const struct outbreak_rule *next_rule(
    const struct outbreak_sets *, size_t at[OUTBREAK_SETS]);
static void say_bypassed(struct outbreak_case *);

enum work_answer
outbreak_judge(const struct outbreak_sets *sets, struct work *w,
    const struct outbreak_bypass *bypass, int64_t now,
    const struct outbreak_rule **worst, struct needs *needs)
{
	struct work copy = *w;
	struct outbreak_case c = { .eval = { .w = &copy, .needs = needs },
		.bypass = bypass };
	size_t at[OUTBREAK_SETS] = { 0 };
	const struct outbreak_rule *r;
	bool lacks = false;

	*worst = NULL;
	say_bypassed(&c);
	while (*worst == NULL && (r = next_rule(sets, at)) != NULL) {
		enum truth t = r->expires > now ? matches(&c, r) : NO;

		lacks |= t == LACKS;
		if (t == YES)
			*worst = r;
	}
	if (lacks)
		return WORK_NEEDS;
	needs->n = 0;
	copy.matched = w->matched;
	*w = copy;
	return WORK_DONE;
}

struct str
outbreak_extension(struct str name, struct arena *mem)
{
	size_t dot;
	char *copy;

	/* as the reader's system would name the file */
	while (name.n > 0 &&
	       (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' '))
		name.n--;
	dot = str_rfind(name, '.');
	name = str_sub(name, dot + 1, name.n);
	copy = arena_strz(mem, name);
	str_lower(copy);
	return (struct str){ copy, name.n };
}

bool
outbreak_is_bypassed(const struct outbreak_case *c, struct str name)
{
	struct str ext = outbreak_extension(name, c->eval.w->mem);

	for (size_t i = 0; i < c->bypass->n && ext.n > 0; i++)
		if (str_eq_nocase(c->bypass->v[i], ext))
			return true;
	return false;
}

/* The next rule of all sets, by level; of equals that of the first set. */
static const struct outbreak_rule *
next_rule(const struct outbreak_sets *sets, size_t at[OUTBREAK_SETS])
{
	const struct outbreak_rule *best = NULL;
	size_t of = 0;

	for (size_t i = 0; i < OUTBREAK_SETS; i++) {
		const struct outbreak_rules *s = sets->v[i];

		if (s == NULL || at[i] == s->n ||
		    (best != NULL && s->v[at[i]].level <= best->level))
			continue;
		best = &s->v[at[i]];
		of = i;
	}
	if (best == NULL || best->level == 0)
		return NULL;
	at[of]++;
	return best;
}

static void
say_bypassed(struct outbreak_case *c)
{
	const struct mime_part *p = NULL;

	if (c->bypass->n == 0)
		return;
	while ((p = content_next(&c->eval, p)) != NULL)
		if (outbreak_is_bypassed(c, p->name))
			work_note(c->eval.w, WN_OUTBREAK_BYPASSED)->name =
			    p->name;
}

/* --- a rule --- */

static enum truth
matches(struct outbreak_case *c, const struct outbreak_rule *r)
{
	enum truth all = NO;

	c->part = r->per_attachment ? next_part(c, NULL) : NULL;
	do {
		enum truth t = ask(c, r->match);

		if (t == YES)
			return YES;
		all = t == LACKS ? LACKS : all;
		if (c->part != NULL)
			c->part = next_part(c, c->part);
	} while (c->part != NULL);
	return all;
}

static const struct mime_part *
next_part(struct outbreak_case *c, const struct mime_part *p)
{
	do
		p = content_next(&c->eval, p);
	while (p != NULL && outbreak_is_bypassed(c, p->name));
	return p;
}

static enum truth
ask(struct outbreak_case *c, const struct outbreak_test *t)
{
	enum truth enough = t->op == OUTBREAK_ALL ? NO : YES;
	enum truth all = t->op == OUTBREAK_ALL ? YES : NO;

	if (t->op == OUTBREAK_ASK)
		return t->kind->ask(c, t);
	if (t->op == OUTBREAK_NOT) {
		all = ask(c, t->first);
		return all == LACKS ? LACKS : truth_of(all == NO);
	}
	for (t = t->first; t != NULL; t = t->next) {
		enum truth one = ask(c, t);

		if (one == enough)
			return enough;
		all = one == LACKS ? LACKS : all;
	}
	return all;
}
