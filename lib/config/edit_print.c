/*
 * edit_print.c - values in the style of the file around them
 */
#include "config/edit_parts.h"

static void print_lines(const struct edit *, struct buf *, const struct node *,
    size_t column, bool compact);
static void print_token(struct buf *, const struct node *);

void
edit_quote(struct buf *yaml, struct str value)
{
	print_scalar(yaml, value);
}

void
print_behind(const struct edit *e, struct buf *out, const struct node *n,
    size_t column, bool dash)
{
	if (n->kind == NODE_SCALAR || n->n == 0) {
		if (!node_is_empty(n)) {
			buf_putc(out, ' ');
			print_token(out, n);
		}
		return;
	}
	if (dash)
		print_lines(e, out, n, column + 2, true);
	else
		print_lines(e, out, n,
		    column + (n->kind == NODE_MAP ? e->indent : e->list_indent),
		    false);
}

void
print_flow(struct buf *out, const struct node *n)
{
	const char *gap = n->kind == NODE_LIST ? "[ " : "{ ";

	if (n->kind == NODE_SCALAR || n->n == 0) {
		print_token(out, n);
		return;
	}
	for (const struct node *c = n->child; c != NULL; c = c->next) {
		buf_puts(out, gap);
		if (n->kind == NODE_MAP) {
			print_scalar(out, c->key);
			buf_puts(out, ": ");
		}
		print_flow(out, c);
		gap = ", ";
	}
	buf_puts(out, n->kind == NODE_LIST ? " ]" : " }");
}

/* compact: the first stands behind a dash. */
static void
print_lines(const struct edit *e, struct buf *out, const struct node *n,
    size_t column, bool compact)
{
	for (const struct node *c = n->child; c != NULL; c = c->next) {
		if (compact && c == n->child)
			buf_putc(out, ' ');
		else
			buf_printf(out, "%s%*s", e->nl, (int)column, "");
		if (n->kind == NODE_MAP) {
			print_scalar(out, c->key);
			buf_putc(out, ':');
		} else {
			buf_putc(out, '-');
		}
		print_behind(e, out, c, column, n->kind == NODE_LIST);
	}
}

static void
print_token(struct buf *out, const struct node *n)
{
	if (n->kind != NODE_SCALAR)
		buf_puts(out, n->kind == NODE_LIST ? "[]" : "{}");
	else if (!node_is_empty(n))
		print_scalar(out, n->text);
}
