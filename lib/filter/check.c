/*
 * check.c - a tree against the tables: arguments, comparisons
 *
 * Fills in what the values stand for, the order of operands, the texts that
 * trace shows, and what of a message the filter wants to see.
 */
#include <stdio.h>
#include <string.h>

#include "filter/check.h"

static void check_if(struct check *, struct stmt *);
static void check_block(struct check *, struct stmt *);
static void check_test(struct check *, struct expr *);
static void check_compared(struct check *, struct expr *);
static bool check_args(struct check *, struct spot, const char *name,
    struct args *, const struct arg_def *);
static size_t fill_args(struct check *, const struct args *,
    const struct arg_def *, struct value *out, bool *enough);
static bool is_left_out(const struct args *, size_t at, const struct arg_def *);
static void refuse_count(struct check *, struct spot, const char *name,
    size_t found, const struct arg_def *);
static void wants_text(
    struct check *, const struct args *, const struct arg_def *);

void
check_filter(struct check *c)
{
	check_if(c, c->filter->body);
}

void
check_expr(struct check *c, struct expr *e)
{
	if (e->kind == EXPR_TEST) {
		if (e->rule != NULL)
			check_test(c, e);
		return;
	}
	check_expr(c, e->left);
	if (e->right != NULL)
		check_expr(c, e->right);
}

void
check_action(struct check *c, struct stmt *s)
{
	const struct action_def *def = s->action;
	char why[200];

	check_args(c, s->spot, def->name, &s->args, def->args);
	wants_text(c, &s->args, def->args);
	c->filter->wants |= def->wants;
	s->text = print_action(s, c->source->mem);
	if (def->missing != NULL) {
		snprintf(why, sizeof(why), "%s: this version has no %s",
		    def->name, def->missing);
		check_invalid(c, s->spot, why);
	}
	if (def->final && s->next != NULL)
		source_problem(c->source, PROBLEM_WARNING, s->next->spot,
		    "nothing after %s() runs", def->name);
}

void
check_missing(struct check *c, const struct value *v, const char *what)
{
	struct source *src = c->source;
	char quoted[100];

	source_quote(quoted, v->text);
	quoted[strlen(quoted) - 1] = '\0';
	source_problem(src, c->missing_ok ? PROBLEM_WARNING : PROBLEM_OBJECT,
	    v->spot, "no such %s: %s%s", what, quoted + 1,
	    c->missing_ok ? "; it will not run" : "");
	if (!c->filter->valid)
		return;
	c->filter->valid = false;
	c->filter->why =
	    str_of(arena_printf(src->mem, "no such %s: %s", what, quoted + 1));
}

void
check_invalid(struct check *c, struct spot spot, const char *why)
{
	source_problem(
	    c->source, PROBLEM_WARNING, spot, "%s; it will not run", why);
	if (!c->filter->valid)
		return;
	c->filter->valid = false;
	c->filter->why = str_of(arena_strdup(c->source->mem, why));
}

static void
check_if(struct check *c, struct stmt *s)
{
	check_expr(c, s->rule);
	if (c->source->problems->n_errors == 0)
		order_expr(s->rule);
	check_block(c, s->then);
	if (s->otherwise != NULL)
		check_block(c, s->otherwise);
}

static void
check_block(struct check *c, struct stmt *s)
{
	for (; s != NULL; s = s->next) {
		if (s->action == NULL && s->rule != NULL)
			check_if(c, s);
		else if (s->action != NULL)
			check_action(c, s);
	}
}

static void
check_test(struct check *c, struct expr *e)
{
	const struct rule_def *def = e->rule;
	char why[200];

	if (check_args(c, e->spot, def->name, &e->args, def->args) &&
	    def->missing == NULL)
		check_compared(c, e);
	c->filter->wants |= def->wants;
	e->text = print_text(e, c->source->mem);
	if (def->missing == NULL)
		return;
	snprintf(why, sizeof(why), "%s: this version has no %s", def->name,
	    def->missing);
	check_invalid(c, e->spot, why);
}

static void
check_compared(struct check *c, struct expr *e)
{
	const struct rule_def *def = e->rule;
	const char *wanted =
	    def->ops == OPS_EQUAL ? "== or !=" : "==, !=, <, <=, > or >=";

	if (e->cmp == CMP_NONE && def->ops != OPS_NONE && !def->alone) {
		source_expected(c->source, e->spot,
		    "a comparison with this rule", "%s without one", def->name);
	} else if (e->cmp != CMP_NONE && def->ops == OPS_NONE) {
		source_expected(c->source, e->cmp_spot,
		    "no comparison with this rule", "%s", source_cmp(e->cmp));
	} else if (e->cmp > CMP_NE && def->ops == OPS_EQUAL) {
		source_expected(
		    c->source, e->cmp_spot, wanted, "%s", source_cmp(e->cmp));
	} else if (e->cmp != CMP_NONE) {
		check_value(c, &e->value, &def->right);
	}
}

static bool
check_args(struct check *c, struct spot spot, const char *name,
    struct args *args, const struct arg_def *defs)
{
	struct value v[FILTER_ARGS];
	bool enough = true;
	size_t n;

	if (defs[0].type == ARG_ANY)
		return true;
	n = fill_args(c, args, defs, v, &enough);
	if (!enough) {
		refuse_count(c, spot, name, args->n, defs);
		return false;
	}
	args->v = arena_array(c->source->mem, n + 1, sizeof(*v));
	memcpy(args->v, v, n * sizeof(*v));
	args->n = n;
	return true;
}

/* Puts in thresholds that were left out. *enough: as many as there must and
 * may be. */
static size_t
fill_args(struct check *c, const struct args *args, const struct arg_def *defs,
    struct value *out, bool *enough)
{
	size_t at = 0, n = 0;

	for (; n < FILTER_ARGS && defs[n].type != ARG_NONE; n++) {
		if (defs[n].threshold && is_left_out(args, at, &defs[n])) {
			out[n] = (struct value){ .kind = VALUE_NUMBER,
				.text = STR("1"),
				.number = 1 };
			continue;
		}
		if (at == args->n) {
			*enough = defs[n].optional;
			return n;
		}
		out[n] = args->v[at++];
		check_value(c, &out[n], &defs[n]);
	}
	*enough = at == args->n;
	return n;
}

/* A string in its place is the argument after it, if there may be one. */
static bool
is_left_out(const struct args *args, size_t at, const struct arg_def *def)
{
	return at == args->n ||
	       (args->v[at].kind == VALUE_STRING && def[1].type != ARG_NONE);
}

/* "expected insert-header(name, value), found 1 argument" */
static void
refuse_count(struct check *c, struct spot spot, const char *name, size_t found,
    const struct arg_def *defs)
{
	char wanted[200];
	struct buf out;

	buf_init(&out, sizeof(wanted));
	if (defs[0].type == ARG_NONE)
		buf_printf(&out, "%s without arguments", name);
	else
		buf_printf(&out, "%s(", name);
	for (size_t i = 0; i < FILTER_ARGS && defs[i].type != ARG_NONE; i++)
		buf_printf(&out, "%s%s%s%s", defs[i].optional ? "[" : "",
		    i > 0 ? ", " : "", defs[i].name,
		    defs[i].optional ? "]" : "");
	buf_puts(&out, defs[0].type != ARG_NONE ? ")" : "");
	str_copy(wanted, sizeof(wanted), buf_str(&out));
	buf_fini(&out);
	source_expected(c->source, spot, wanted, "%zu argument%s", found,
	    found == 1 ? "" : "s");
}

/* Action variables that look into the message (2.11). */
static void
wants_text(struct check *c, const struct args *args, const struct arg_def *defs)
{
	for (size_t i = 0; i < args->n && i < FILTER_ARGS; i++) {
		const struct value *v = &args->v[i];

		if (defs[i].type == ARG_TEXT || defs[i].type == ARG_ADDRESS ||
		    defs[i].type == ARG_SENDER || defs[i].type == ARG_HOST)
			c->filter->wants |= variables_want(v->text);
		if (v->resource != NULL)
			c->filter->wants |= variables_want(v->resource->text) |
					    variables_want(v->resource->html);
	}
}
