/*
 * edit_block.c - changes among keys and items that have lines of their own
 *
 *	    # says something of b	<- top: comments right above
 *	  b:		# so and so	from, head (behind the colon)
 *	    c: d			to: end of the value
 *	      # deeper than b		<- bottom: comments below, deeper
 */
#include "config/edit_parts.h"

struct entry {
	size_t from;   /* the key or dash */
	size_t head;   /* behind its colon, or behind the dash */
	size_t to;     /* end of the value; head when there is none */
	size_t top;    /* with its comments: a line's begin if own_line */
	size_t bottom; /* ... to the end of the last line */
	bool own_line; /* false: it stands behind a dash */
};

static bool find_entry(const struct edit *, struct entry *,
    const struct node *parent, const struct node *child);
static bool find_head(struct str, struct entry *, const struct node *parent,
    const struct node *child);
static size_t top_of(struct str, size_t line, size_t column);
static size_t bottom_of(struct str, size_t end, size_t column);
static void replace_block(struct edit *, struct change *, const struct entry *,
    const struct node *child, struct str text);
static void replace_inline(struct edit *, struct change *, const struct entry *,
    const struct node *child, struct str text);
static bool is_spaced(
    const struct edit *, const struct node *parent, const struct node *value);
static void remove_first(
    struct str, struct change *, const struct entry *, const struct entry *);
static void put_entry(struct buf *, struct str, const struct entry *what,
    bool own_line, size_t column);
static size_t column_of(const struct node *parent);
static size_t line_begin(struct str, size_t at);
static size_t line_end(struct str, size_t at);
static size_t line_next(struct str, size_t at);
static size_t skip_blanks(struct str, size_t at);
static bool is_blank_line(struct str, size_t at);
static bool is_comment(struct str, size_t line, size_t *column);

bool
block_replace(struct edit *e, struct change *ch, const struct node *parent,
    const struct node *child, const struct node *value)
{
	struct entry en;
	struct buf out;

	if (!find_entry(e, &en, parent, child))
		return false;
	buf_init(&out, EDIT_TEXT_MAX);
	print_behind(
	    e, &out, value, column_of(parent), parent->kind == NODE_LIST);
	if (tree_is_block(child))
		replace_block(e, ch, &en, child, change_text(e, &out));
	else
		replace_inline(e, ch, &en, child, change_text(e, &out));
	buf_fini(&out);
	return true;
}

bool
block_insert(struct edit *e, struct change *ch, const struct node *parent,
    size_t at, struct str key, const struct node *value)
{
	bool list = parent->kind == NODE_LIST, spaced, before;
	int column = (int)column_of(parent);
	struct entry en;
	struct buf out;
	size_t pos;

	before = list && at < parent->n;
	if (!find_entry(
		e, &en, parent, tree_child(parent, before ? at : at - 1)))
		return false;
	spaced = is_spaced(e, parent, value);
	pos = before ? en.top : en.bottom;
	buf_init(&out, EDIT_TEXT_MAX);
	if (!before)
		buf_printf(&out, "%s%s", spaced ? e->nl : "", e->nl);
	if (!before || en.own_line)
		buf_printf(&out, "%*s", column, "");
	if (!list)
		print_scalar(&out, key);
	buf_putc(&out, list ? '-' : ':');
	print_behind(e, &out, value, (size_t)column, list);
	if (before)
		buf_printf(&out, "%s%s%*s", e->nl, spaced ? e->nl : "",
		    en.own_line ? 0 : column, "");
	change_add(ch, pos, 0, change_text(e, &out));
	buf_fini(&out);
	return true;
}

bool
block_remove(struct edit *e, struct change *ch, const struct node *parent,
    const struct node *child)
{
	struct str t = buf_str(&e->text);
	struct entry en, next;
	size_t from, to;

	if (!find_entry(e, &en, parent, child))
		return false;
	if (!en.own_line) {
		if (child->next == NULL ||
		    !find_entry(e, &next, parent, child->next))
			return false;
		remove_first(t, ch, &en, &next);
		return true;
	}
	from = en.top;
	to = line_next(t, en.bottom);
	/* Not two empty lines where one thing stood between. */
	if (from > 0 && is_blank_line(t, line_begin(t, from - 1)) &&
	    (to == t.n || is_blank_line(t, to)))
		from = line_begin(t, from - 1);
	else if (child == parent->child && child->next != NULL && to < t.n &&
		 is_blank_line(t, to))
		to = line_next(t, to);
	change_add(ch, from, to - from, STR(""));
	return true;
}

/* The places stay, with the empty lines between; what stands in them, with
 * its comments, changes. */
bool
block_move(struct edit *e, struct change *ch, const struct node *parent,
    size_t from, size_t to)
{
	size_t lo = from < to ? from : to, hi = from < to ? to : from;
	struct str t = buf_str(&e->text);
	struct entry place, what, before = { .bottom = 0 };
	bool ok = true;
	struct buf out;
	size_t begin = 0;

	buf_init(&out, EDIT_TEXT_MAX);
	for (size_t i = lo; ok && i <= hi; i++) {
		size_t other = i == to ? from : from < to ? i + 1 : i - 1;

		ok = find_entry(e, &place, parent, tree_child(parent, i)) &&
		     find_entry(e, &what, parent, tree_child(parent, other));
		if (!ok)
			break;
		if (i == lo)
			begin = place.top;
		else
			buf_add_str(&out, str_sub(t, before.bottom,
					      place.top - before.bottom));
		put_entry(&out, t, &what, place.own_line, column_of(parent));
		before = place;
	}
	if (ok)
		change_add(
		    ch, begin, before.bottom - begin, change_text(e, &out));
	buf_fini(&out);
	return ok;
}

size_t
block_place(const struct node *parent, const struct node *value)
{
	size_t at = 0;

	if (tree_is_block(value))
		return parent->n;
	for (const struct node *c = parent->child;
	     c != NULL && c->kind == NODE_SCALAR; c = c->next)
		at++;
	return at > 0 ? at : parent->n;
}

static bool
find_entry(const struct edit *e, struct entry *en, const struct node *parent,
    const struct node *child)
{
	struct str t = buf_str(&e->text);
	size_t begin;

	if (!find_head(t, en, parent, child))
		return false;
	en->to = node_is_empty(child) ? en->head : child->to;
	/* Block texts (|, >) end where the next thing begins. */
	while (en->to > en->head &&
	       (t.p[en->to - 1] == '\n' || t.p[en->to - 1] == '\r' ||
		   t.p[en->to - 1] == ' ' || t.p[en->to - 1] == '\t'))
		en->to--;
	begin = line_begin(t, en->from);
	en->own_line = skip_blanks(t, begin) == en->from;
	en->top = en->own_line ? top_of(t, begin, column_of(parent)) : en->from;
	en->bottom = bottom_of(t, line_end(t, en->to), column_of(parent));
	return true;
}

/* Dashes are in no node: behind what stands before there come only blanks,
 * comments and the dash. */
static bool
find_head(struct str t, struct entry *en, const struct node *parent,
    const struct node *child)
{
	const struct node *before = NULL;
	size_t at;

	if (parent->kind == NODE_MAP) {
		en->from = child->key_from;
		at = skip_blanks(t, child->key_to);
		en->head = at + 1;
		return at < t.n && t.p[at] == ':';
	}
	for (const struct node *c = parent->child; c != child; c = c->next)
		before = c;
	at = before != NULL ? before->to : parent->from;
	while (at < t.n && t.p[at] != '-') {
		if (t.p[at] == '#')
			at = line_end(t, at);
		else if (str_find(STR(" \t\r\n"), t.p[at]) < 4)
			at++;
		else
			return false;
	}
	en->from = at;
	en->head = at + 1;
	return at < t.n;
}

/* The comments right above, at the same column. Those at the beginning of a
 * file are about the file. */
static size_t
top_of(struct str t, size_t line, size_t column)
{
	size_t top = line, col;

	while (top > 0) {
		size_t above = line_begin(t, top - 1);

		if (!is_comment(t, above, &col) || col != column)
			return top;
		top = above;
	}
	return line;
}

/* The comments below that are deeper, whatever empty lines are between. */
static size_t
bottom_of(struct str t, size_t end, size_t column)
{
	size_t line = line_next(t, end), col;

	while (line < t.n) {
		if (is_comment(t, line, &col) && col > column)
			end = line_end(t, line);
		else if (!is_blank_line(t, line))
			break;
		line = line_next(t, line);
	}
	return end;
}

static void
replace_block(struct edit *e, struct change *ch, const struct entry *en,
    const struct node *child, struct str text)
{
	struct str t = buf_str(&e->text);
	size_t end = line_end(t, en->head);
	bool lines = text.n > 0 && (text.p[0] == '\n' || text.p[0] == '\r');

	if (child->from < end) { /* behind a dash */
		change_add(ch, en->head, en->bottom - en->head, text);
		return;
	}
	/* What stands behind the key itself is a comment; it stays. */
	if (!lines)
		change_add(ch, en->head, 0, text);
	change_add(ch, end, en->bottom - end, lines ? text : STR(""));
}

static void
replace_inline(struct edit *e, struct change *ch, const struct entry *en,
    const struct node *child, struct str text)
{
	struct str t = buf_str(&e->text);
	size_t first = str_find(text, '\n');

	if (first == text.n) { /* one line */
		if (en->to > en->head)
			change_add(ch, child->from, en->to - child->from,
			    str_sub(text, 1, text.n));
		else
			change_add(ch, en->head, 0, text);
		return;
	}
	if (first > 0 && text.p[first - 1] == '\r')
		first--;
	change_add(ch, en->head, en->to - en->head, str_sub(text, 0, first));
	change_add(ch, line_end(t, en->to), 0, str_sub(text, first, text.n));
}

/* Whether an empty line belongs between, as between the others. */
static bool
is_spaced(
    const struct edit *e, const struct node *parent, const struct node *value)
{
	struct str t = buf_str(&e->text);
	struct entry en;

	return parent->n > 1 && tree_is_block(value) &&
	       find_entry(e, &en, parent, tree_child(parent, parent->n - 1)) &&
	       en.own_line && en.top > 0 &&
	       is_blank_line(t, line_begin(t, en.top - 1));
}

/* The one behind a dash: the next one, or its comment, takes its place. */
static void
remove_first(struct str t, struct change *ch, const struct entry *en,
    const struct entry *next)
{
	size_t to = skip_blanks(t, next->top);

	change_add(ch, en->from, to - en->from, STR(""));
}

/* own_line: of the place where it is put. */
static void
put_entry(struct buf *out, struct str t, const struct entry *what,
    bool own_line, size_t column)
{
	size_t from = what->top;

	if (what->own_line && !own_line)
		from = skip_blanks(t, from);
	if (!what->own_line && own_line)
		buf_printf(out, "%*s", (int)column, "");
	buf_add_str(out, str_sub(t, from, what->bottom - from));
}

static size_t
column_of(const struct node *parent)
{
	return (size_t)parent->column - 1;
}

static size_t
line_begin(struct str t, size_t at)
{
	while (at > 0 && t.p[at - 1] != '\n')
		at--;
	return at;
}

/* Before its newline. */
static size_t
line_end(struct str t, size_t at)
{
	size_t end = at + str_find(str_sub(t, at, t.n), '\n');

	return end > at && t.p[end - 1] == '\r' ? end - 1 : end;
}

static size_t
line_next(struct str t, size_t at)
{
	size_t end = at + str_find(str_sub(t, at, t.n), '\n');

	return end < t.n ? end + 1 : end;
}

static size_t
skip_blanks(struct str t, size_t at)
{
	while (at < t.n && (t.p[at] == ' ' || t.p[at] == '\t'))
		at++;
	return at;
}

static bool
is_blank_line(struct str t, size_t at)
{
	return skip_blanks(t, at) == line_end(t, at);
}

static bool
is_comment(struct str t, size_t line, size_t *column)
{
	size_t at = skip_blanks(t, line);

	*column = at - line;
	return at < t.n && t.p[at] == '#';
}
