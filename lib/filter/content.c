/*
 * content.c - a content filter becomes a tree (spec workqueue 7)
 *
 * Its conditions and actions are pieces of the language, each a source of its
 * own; together they are an if without else.
 */
#include "filter/check.h"

static struct expr *all_conditions(
    struct check *, const struct content_filter *);
static struct stmt *all_actions(struct check *, const struct content_filter *);
static void check_final(struct source *, const struct stmt *);

const struct filter *
compile_content(struct source *src, const struct config *config,
    const struct content_filter *cf, struct filter_regex **regexes)
{
	struct filter *f = arena_alloc(src->mem, sizeof(*f));
	struct check c = { src, config, f, false, regexes };

	*f = (struct filter){ .name = cf->name,
		.spot = { cf->where.line, 1 },
		.active = cf->active,
		.valid = true,
		.where = cf->where,
		.content = true };
	src->filter = cf->name;
	src->where = cf->where;
	f->body = arena_alloc(src->mem, sizeof(*f->body));
	f->body->rule = all_conditions(&c, cf);
	f->body->then = all_actions(&c, cf);
	if (f->body->rule != NULL && src->problems->n_errors == 0)
		order_expr(f->body->rule);
	src->part = (struct str){ 0 };
	src->filter = (struct str){ 0 };
	src->where = (struct where){ 0 };
	return f;
}

/* NULL: there is none, which means always. */
static struct expr *
all_conditions(struct check *c, const struct content_filter *cf)
{
	struct source *src = c->source;
	struct expr *all = NULL;

	for (size_t i = 0; i < cf->n_conditions; i++) {
		struct expr *one, *both;

		src->text = cf->conditions[i];
		src->part =
		    str_of(arena_printf(src->mem, "condition %zu", i + 1));
		one = parse_rule(src, &c->filter->n_tests);
		if (one != NULL)
			check_expr(c, one);
		if (c->filter->n_tests > FILTER_TEST_MAX) {
			source_expected(src, (struct spot){ 1, 1 },
			    "at most 1000 tests in a filter", "one more");
			break;
		}
		if (all == NULL || one == NULL) {
			all = one != NULL ? one : all;
			continue;
		}
		both = arena_alloc(src->mem, sizeof(*both));
		*both = (struct expr){ .kind = cf->any ? EXPR_OR : EXPR_AND,
			.spot = one->spot,
			.left = all,
			.right = one };
		all = both;
	}
	return all;
}

static struct stmt *
all_actions(struct check *c, const struct content_filter *cf)
{
	struct source *src = c->source;
	struct stmt *first = NULL, **end = &first;

	for (size_t i = 0; i < cf->n_actions; i++) {
		src->text = cf->actions[i];
		src->part = str_of(arena_printf(src->mem, "action %zu", i + 1));
		*end = parse_action(src);
		if (*end == NULL)
			continue;
		if ((*end)->action != NULL)
			check_action(c, *end);
		if (i + 1 < cf->n_actions)
			check_final(src, *end);
		end = &(*end)->next;
	}
	if (cf->n_actions == 0)
		source_problem(src, PROBLEM_SYNTAX, (struct spot){ 1, 1 },
		    "expected an action, found none");
	return first;
}

static void
check_final(struct source *src, const struct stmt *s)
{
	if (s->action != NULL && s->action->final)
		source_expected(src, s->spot, "a final action only as the last",
		    "%s before others", s->action->name);
}
