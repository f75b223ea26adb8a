/*
 * edit_flow.c - changes inside of [a, b] and {a: b}
 *
 * Everything stays on its line; commas and comments between the others are
 * not touched.
 */
#include "config/edit_parts.h"

static size_t start_of(const struct node *parent, const struct node *child);
static size_t end_of(
    struct str text, const struct node *parent, const struct node *child);
static size_t find_comma(struct str text, size_t from, size_t to);
static bool is_blank(char);

bool
flow_replace(struct edit *e, struct change *ch, const struct node *parent,
    const struct node *child, const struct node *value)
{
	struct str t = buf_str(&e->text);
	size_t at = child->from, n = child->to - child->from;
	struct buf out;

	buf_init(&out, EDIT_TEXT_MAX);
	if (node_is_empty(child)) {
		at = end_of(t, parent, child);
		n = 0;
		buf_puts(&out, t.p[at - 1] == ':' ? " " : ": ");
	}
	print_flow(&out, value);
	change_add(ch, at, n, change_text(e, &out));
	buf_fini(&out);
	return true;
}

bool
flow_insert(struct edit *e, struct change *ch, const struct node *parent,
    size_t at, struct str key, const struct node *value)
{
	struct str t = buf_str(&e->text);
	struct buf out;
	size_t pos;

	buf_init(&out, EDIT_TEXT_MAX);
	if (at < parent->n) {
		pos = start_of(parent, tree_child(parent, at));
	} else {
		pos = end_of(t, parent, tree_child(parent, parent->n - 1));
		buf_puts(&out, ", ");
	}
	if (parent->kind == NODE_MAP) {
		print_scalar(&out, key);
		buf_puts(&out, ": ");
	}
	print_flow(&out, value);
	if (at < parent->n)
		buf_puts(&out, ", ");
	change_add(ch, pos, 0, change_text(e, &out));
	buf_fini(&out);
	return true;
}

bool
flow_remove(struct edit *e, struct change *ch, const struct node *parent,
    const struct node *child)
{
	struct str t = buf_str(&e->text);
	size_t from = start_of(parent, child), to = end_of(t, parent, child);
	size_t i = tree_index_of(parent, child), before, comma;

	if (child->next != NULL) {
		to = start_of(parent, child->next);
		change_add(ch, from, to - from, STR(""));
		return true;
	}
	before = end_of(t, parent, tree_child(parent, i - 1));
	comma = find_comma(t, before, from);
	if (comma == from)
		return false;
	while (from > comma + 1 && is_blank(t.p[from - 1]))
		from--;
	change_add(ch, comma, 1, STR(""));
	change_add(ch, from, to - from, STR(""));
	return true;
}

/* The places stay, what stands in them changes. */
bool
flow_move(struct edit *e, struct change *ch, const struct node *parent,
    size_t from, size_t to)
{
	size_t lo = from < to ? from : to, hi = from < to ? to : from;
	size_t begin = start_of(parent, tree_child(parent, lo)), end = begin;
	struct str t = buf_str(&e->text);
	struct buf out;

	buf_init(&out, EDIT_TEXT_MAX);
	for (size_t i = lo; i <= hi; i++) {
		const struct node *place = tree_child(parent, i), *what;
		size_t at = start_of(parent, place), n;

		what = tree_child(parent, i == to     ? from
					  : from < to ? i + 1
						      : i - 1);
		buf_add_str(&out, str_sub(t, end, at - end));
		n = end_of(t, parent, what) - start_of(parent, what);
		buf_add_str(&out, str_sub(t, start_of(parent, what), n));
		end = end_of(t, parent, place);
	}
	change_add(ch, begin, end - begin, change_text(e, &out));
	buf_fini(&out);
	return true;
}

static size_t
start_of(const struct node *parent, const struct node *child)
{
	return parent->kind == NODE_MAP ? child->key_from : child->from;
}

/* Of nothing, the place of its value: behind the colon, or else the key. */
static size_t
end_of(struct str t, const struct node *parent, const struct node *child)
{
	size_t at = child->key_to;

	if (parent->kind != NODE_MAP || !node_is_empty(child))
		return child->to;
	while (at < t.n && is_blank(t.p[at]))
		at++;
	return at < t.n && t.p[at] == ':' ? at + 1 : child->key_to;
}

/* Not one in a comment; to: none. */
static size_t
find_comma(struct str t, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (t.p[i] == ',')
			return i;
		if (t.p[i] == '#')
			i += str_find(str_sub(t, i, to - i), '\n');
	}
	return to;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}
