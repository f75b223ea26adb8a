/*
 * print.c - a tree becomes source again: the canonical form (spec 2.14)
 */
#include "base/arena.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "filter/source.h"

#define TEXT_MAX (8 * FILTER_SOURCE_MAX)

static void print_test(struct buf *, const struct expr *);
static void print_operand(struct buf *, const struct expr *, bool brackets);
static void print_args(struct buf *, const struct args *, bool always);
static void print_value(struct buf *, const struct value *);
static void print_string(struct buf *, struct str);
static void print_if(struct buf *, const struct stmt *, int depth);
static void print_block(struct buf *, const struct stmt *, int depth);

void
print_expr(struct buf *out, const struct expr *e)
{
	bool and = e->kind == EXPR_AND;

	switch (e->kind) {
	case EXPR_TEST:
		print_test(out, e);
		break;
	case EXPR_NOT:
		buf_puts(out, "not ");
		print_operand(out, e->left,
		    e->left->kind == EXPR_AND || e->left->kind == EXPR_OR);
		break;
	case EXPR_AND:
	case EXPR_OR:
		/* Grouping is kept: it decides what runs first. */
		print_operand(out, e->left, and&&e->left->kind == EXPR_OR);
		buf_puts(out, and? " and " : " or ");
		print_operand(out, e->right,
		    e->right->kind == e->kind ||
			(and&&e->right->kind == EXPR_OR));
		break;
	}
}

struct str
print_text(const struct expr *e, struct arena *mem)
{
	struct buf out;
	struct str text;

	buf_init(&out, TEXT_MAX);
	print_expr(&out, e);
	text = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return text;
}

struct str
print_action(const struct stmt *s, struct arena *mem)
{
	struct buf out;
	struct str text;

	buf_init(&out, TEXT_MAX);
	buf_puts(&out, s->action->name);
	print_args(&out, &s->args, true);
	text = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return text;
}

void
print_filter(struct buf *out, const struct filter *f)
{
	buf_printf(out, "%.*s%c ", STR_ARG(f->name), f->active ? ':' : '!');
	print_if(out, f->body, 0);
}

static void
print_test(struct buf *out, const struct expr *e)
{
	buf_puts(out, e->rule->name);
	print_args(out, &e->args, false);
	if (e->cmp == CMP_NONE)
		return;
	buf_printf(out, " %s ", source_cmp(e->cmp));
	print_value(out, &e->value);
}

static void
print_operand(struct buf *out, const struct expr *e, bool brackets)
{
	if (brackets)
		buf_putc(out, '(');
	print_expr(out, e);
	if (brackets)
		buf_putc(out, ')');
}

static void
print_args(struct buf *out, const struct args *args, bool always)
{
	if (args->n == 0 && !always)
		return;
	buf_putc(out, '(');
	for (size_t i = 0; i < args->n; i++) {
		buf_puts(out, i > 0 ? ", " : "");
		print_value(out, &args->v[i]);
	}
	buf_putc(out, ')');
}

static void
print_value(struct buf *out, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NUMBER:
		buf_add_str(out, v->text);
		break;
	case VALUE_STRING:
		print_string(out, v->text);
		if (v->cmp == CMP_NONE)
			break;
		buf_printf(out, " %s ", source_cmp(v->cmp));
		print_string(out, v->right);
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < v->n_list; i++) {
			buf_puts(out, i > 0 ? ", " : "[");
			print_string(out, v->list[i]);
		}
		buf_putc(out, ']');
		break;
	}
}

static void
print_string(struct buf *out, struct str text)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, text.p[i]);
	}
	buf_putc(out, '"');
}

/* Stands in a line already; ends it. */
static void
print_if(struct buf *out, const struct stmt *s, int depth)
{
	buf_puts(out, "if (");
	print_expr(out, s->rule);
	buf_puts(out, ") {\n");
	print_block(out, s->then, depth + 1);
	if (s->otherwise != NULL) {
		buf_printf(out, "%*s} else {\n", 4 * depth, "");
		print_block(out, s->otherwise, depth + 1);
	}
	buf_printf(out, "%*s}\n", 4 * depth, "");
}

static void
print_block(struct buf *out, const struct stmt *s, int depth)
{
	for (; s != NULL; s = s->next) {
		buf_printf(out, "%*s", 4 * depth, "");
		if (s->action == NULL)
			print_if(out, s, depth);
		else
			buf_printf(out, "%.*s;\n", STR_ARG(s->text));
	}
}
