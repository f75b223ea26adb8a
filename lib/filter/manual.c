/*
 * manual.c - the reference of the filter language, from its tables
 */
#include "filter/manual.h"

#include "filter/ast.h"
#include "filter/filetype.h"

static void write_args(struct buf *, const struct arg_def *);
static void write_right(struct buf *, const struct rule_def *);
static void write_words(struct buf *, const struct arg_def *);
static void write_missing(struct buf *, const char *missing);
static void write_help(struct buf *, const char *text);

void
filter_manual_rules(struct buf *out)
{
	buf_puts(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < n_filter_rules; i++) {
		const struct rule_def *r = &filter_rules[i];

		buf_printf(out, ".It \\fB%s\\fR", r->name);
		write_args(out, r->args);
		write_right(out, r);
		buf_putc(out, '\n');
		write_help(out, r->help);
		for (size_t k = 0; k < FILTER_ARGS; k++)
			write_words(out, &r->args[k]);
		write_words(out, &r->right);
		if (r->alias != NULL)
			buf_printf(out, "Also called %s.\n", r->alias);
		write_missing(out, r->missing);
		buf_printf(out, "Cost %u.\n", r->cost);
	}
	buf_puts(out, ".El\n");
}

void
filter_manual_actions(struct buf *out)
{
	buf_puts(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < n_filter_actions; i++) {
		const struct action_def *a = &filter_actions[i];

		buf_printf(out, ".It \\fB%s\\fR", a->name);
		if (a->args[0].type == ARG_NONE)
			buf_puts(out, "()");
		write_args(out, a->args);
		buf_putc(out, '\n');
		write_help(out, a->help);
		for (size_t k = 0; k < FILTER_ARGS; k++)
			write_words(out, &a->args[k]);
		if (a->final)
			buf_puts(out, "Final.\n");
		write_missing(out, a->missing);
	}
	buf_puts(out, ".El\n");
}

void
filter_manual_filetypes(struct buf *out)
{
	const char *group, *types;

	buf_puts(out, ".Bl -tag -width Executable -compact\n");
	for (size_t i = 0; (group = filetype_group(i, &types)) != NULL; i++)
		buf_printf(out, ".It %s\n%s\n", group, types);
	buf_puts(out, ".El\n");
}

/* (name[, n]) */
static void
write_args(struct buf *out, const struct arg_def *args)
{
	if (args[0].type == ARG_NONE)
		return;
	buf_putc(out, '(');
	for (size_t i = 0; i < FILTER_ARGS && args[i].type != ARG_NONE; i++)
		buf_printf(out, "%s%s\\fI%s\\fR%s", args[i].optional ? "[" : "",
		    i > 0 ? ",\\ " : "", args[i].name,
		    args[i].optional ? "]" : "");
	buf_putc(out, ')');
}

/* [== "regex"] */
static void
write_right(struct buf *out, const struct rule_def *r)
{
	const char *quote =
	    r->right.type == ARG_NUMBER || r->right.type == ARG_DECIMAL
		? ""
		: "\\(dq";

	if (r->ops == OPS_NONE)
		return;
	buf_printf(out, "\\ %s%s\\ %s\\fI%s\\fR%s%s", r->alone ? "[" : "",
	    r->ops == OPS_EQUAL ? "==" : "<", quote, r->right.name, quote,
	    r->alone ? "]" : "");
}

static void
write_words(struct buf *out, const struct arg_def *def)
{
	if (def->words == NULL)
		return;
	buf_printf(out, "The %s is%s ", def->name,
	    def->type == ARG_TYPES || def->type == ARG_STATUSES
		? " one or more of"
		: "");
	for (size_t i = 0; def->words[i] != NULL; i++)
		buf_printf(out, "%s%s",
		    i == 0                      ? ""
		    : def->words[i + 1] == NULL ? " or "
						: ", ",
		    def->words[i]);
	buf_puts(out, ".\n");
}

static void
write_missing(struct buf *out, const char *missing)
{
	if (missing != NULL)
		buf_printf(out,
		    "This version has no %s: a filter with it does not run.\n",
		    missing);
}

/* A sentence is a line, as mdoc wants it. */
static void
write_help(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		bool end = p > text && p[0] == ' ' && p[-1] == '.' &&
			   p[1] >= 'A' && p[1] <= 'Z';

		buf_putc(out, end ? '\n' : *p);
	}
	buf_putc(out, '\n');
}
