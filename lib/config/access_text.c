/*
 * access_text.c - lines of access tables as text, and nodes made of them
 */
#include "config/access_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define VALUE_MAX ((size_t)1 << 16)

static bool is_text(struct str line);
static void block_line(struct lines *, struct grow *map);
static bool value_of(struct lines *, struct str *value);
static void print_quoted(struct buf *, struct str);

void
lines_begin(struct lines *l, struct load *ld, struct str text)
{
	*l = (struct lines){ .ld = ld,
		.left = text,
		.text = str_sub(text, 0, 0),
		.begin = text.p };
}

bool
lines_next(struct lines *l)
{
	if (l->again) {
		l->again = false;
		return true;
	}
	if (l->ld->n_nodes > NODES_MAX) {
		lines_error(l, l->text, "has more values than are allowed");
		l->left.n = 0;
	}
	while (l->left.n > 0) {
		struct str line = str_cut(&l->left, '\n');

		l->number++;
		l->begin = line.p;
		l->text = str_trim(line);
		if (l->text.n == 0 ||
		    (l->text.p[0] == '#' &&
			(l->text.p == line.p || !l->keep_hash)))
			continue;
		if (!is_text(l->text)) {
			lines_error(l, l->text,
			    "is not text: it has control characters, or is "
			    "not UTF-8");
			continue;
		}
		l->indented = l->text.p != line.p;
		return true;
	}
	l->text = (struct str){ l->begin, 0 };
	l->indented = false;
	l->ended = true;
	return false;
}

void
lines_back(struct lines *l)
{
	l->again = !l->ended;
}

void
lines_skip(struct lines *l)
{
	while (lines_next(l)) {
		if (!l->indented) {
			lines_back(l);
			return;
		}
	}
}

void
lines_error(struct lines *l, struct str at, const char *fmt, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	load_error_mark(l->ld, l->number > 0 ? l->number : 1,
	    (int)(at.p - l->begin) + 1, "%s", text);
}

struct node *
node_make(struct lines *l, enum node_kind kind, struct str at)
{
	struct node *n = arena_alloc(&l->ld->scratch, sizeof(*n));

	l->ld->n_nodes++;
	n->kind = kind;
	n->line = n->key_line = l->number > 0 ? l->number : 1;
	n->column = n->key_column = (int)(at.p - l->begin) + 1;
	return n;
}

struct node *
node_text(struct lines *l, struct str at, struct str text)
{
	struct node *n = node_make(l, NODE_SCALAR, at);

	n->quoted = true;
	n->text = text;
	return n;
}

struct grow
grow_begin(struct lines *l, enum node_kind kind, struct str at)
{
	struct node *n = node_make(l, kind, at);

	return (struct grow){ n, &n->child };
}

void
grow_add(struct grow *g, struct node *item)
{
	*g->tail = item;
	g->tail = &item->next;
	g->node->n++;
}

void
grow_put(struct grow *g, const char *key, struct node *value)
{
	value->key = str_of(key);
	grow_add(g, value);
}

bool
block_read(struct lines *l, struct grow *map, struct str *rest)
{
	int opened = l->number;

	while (lines_next(l)) {
		if (l->text.p[0] == '}') {
			*rest = str_trim(str_sub(l->text, 1, l->text.n));
			return true;
		}
		if (!l->indented && str_find(l->text, '=') == l->text.n) {
			lines_back(l);
			break;
		}
		block_line(l, map);
	}
	lines_error(l, l->text, "the { of line %d has no }", opened);
	return false;
}

void
block_print(struct buf *out, const char *margin, const struct schema_key *key,
    const void *object)
{
	const void *field = (const char *)object + key->off;
	struct buf text;

	buf_printf(out, "%s%s = ", margin, key->name);
	if (key->type == &value_bool) {
		buf_puts(out, *(const bool *)field ? "\"on\"" : "\"off\"");
	} else if (key->type == &value_count || key->type == &value_size) {
		uint64_t v = schema_get_uint(key, field);

		if (v == UNLIMITED)
			buf_puts(out, key->flags & KEY_ZERO_OFF ? "0" : "-1");
		else
			buf_printf(out, "%llu", (unsigned long long)v);
	} else {
		buf_init(&text, VALUE_MAX);
		key->type->print(key, field, &text);
		print_quoted(out, buf_str(&text));
		buf_fini(&text);
	}
	buf_putc(out, '\n');
}

bool
parenthesized(struct str s, struct str *inside)
{
	if (s.n < 2 || s.p[0] != '(' || s.p[s.n - 1] != ')')
		return false;
	*inside = str_trim(str_sub(s, 1, s.n - 2));
	return true;
}

struct str
unescape(struct lines *l, struct str s)
{
	char *out = arena_alloc(&l->ld->scratch, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], after = i + 1 < s.n ? s.p[i + 1] : '\0';

		if (c == '\\' &&
		    (after == 'n' || after == '"' || after == '\\')) {
			c = after == 'n' ? '\n' : after;
			i++;
		}
		out[n++] = c;
	}
	return (struct str){ out, n };
}

void
print_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			buf_puts(out, "\\n");
		else if (s.p[i] == '\\' || s.p[i] == '"')
			buf_printf(out, "\\%c", s.p[i]);
		else
			buf_putc(out, s.p[i]);
	}
}

void
print_comment(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		buf_putc(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
	}
}

static bool
is_text(struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return str_valid_utf8(line);
}

/* key = value */
static void
block_line(struct lines *l, struct grow *map)
{
	size_t n = str_find(l->text, '=');
	struct str key = str_trim(str_sub(l->text, 0, n)), value;

	if (n == l->text.n || key.n == 0) {
		lines_error(l, l->text,
		    "must be \"key = value\", or } at the "
		    "end of the block");
		return;
	}
	for (const struct node *k = map->node->child; k != NULL; k = k->next) {
		if (str_eq(k->key, key)) {
			lines_error(l, key,
			    "the key %.*s stands in line %d already",
			    STR_ARG(str_sub(key, 0, 60)), k->key_line);
			return;
		}
	}
	value = str_trim(str_sub(l->text, n + 1, l->text.n));
	if (value_of(l, &value)) {
		struct node *node = node_text(l, l->text, value);

		node->key = key;
		grow_add(map, node);
	}
}

/* In quotes, or a plain word. */
static bool
value_of(struct lines *l, struct str *value)
{
	struct str v = *value;
	size_t i = 1;

	if (v.n == 0 || v.p[0] != '"') {
		if (v.n > 0)
			return true;
		lines_error(l, l->text,
		    "has no value; write one, or \"\" for an empty text");
		return false;
	}
	while (i < v.n && v.p[i] != '"')
		i += v.p[i] == '\\' ? 2 : 1;
	if (i + 1 != v.n) {
		lines_error(l, v,
		    "must be one text in quotes; inside of it write \\\" for "
		    "a quote");
		return false;
	}
	*value = unescape(l, str_sub(v, 1, v.n - 2));
	return true;
}

static void
print_quoted(struct buf *out, struct str s)
{
	buf_putc(out, '"');
	print_escaped(out, s);
	buf_putc(out, '"');
}
