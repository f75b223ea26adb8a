/* maptext.c - the lines of a table's text while one entry is changed */
#include "admin/maptext.h"

static size_t line_at(struct str text, int line);
static size_t next_line(struct str text, size_t at);
static bool continues(struct str text, size_t at);
static bool is_context(struct str text, size_t at);
static size_t nth_context(struct str text, size_t k);
static struct str inside(struct str text, size_t at);
static void put(struct buf *, struct str text, size_t at, struct str line);

void
maptext_replace(struct buf *out, struct str text, int line, struct str by)
{
	size_t from = line_at(text, line), to = next_line(text, from);

	while (to < text.n && continues(text, to))
		to = next_line(text, to);
	buf_add_str(out, str_sub(text, 0, from));
	if (by.n > 0) {
		buf_add_str(out, by);
		buf_putc(out, '\n');
	}
	buf_add_str(out, str_sub(text, to, text.n));
}

void
maptext_append(struct buf *out, struct str text, struct str line)
{
	put(out, text, text.n, line);
}

size_t
maptext_contexts(struct str text)
{
	size_t n = 0;

	while (nth_context(text, n) < text.n)
		n++;
	return n;
}

struct str
maptext_context(struct str text, size_t k)
{
	return inside(text, nth_context(text, k));
}

struct str
maptext_context_at(struct str text, int line)
{
	size_t end = line_at(text, line);
	struct str found = { "", 0 };

	for (size_t at = 0; at < end; at = next_line(text, at)) {
		if (is_context(text, at))
			found = inside(text, at);
	}
	return found;
}

void
maptext_append_in(struct buf *out, struct str text, size_t k, struct str line)
{
	size_t at = nth_context(text, k == SIZE_MAX ? 0 : k + 1);

	/* Above the empty lines and comments that lead to the next one. */
	while (at > 0) {
		size_t above = at - 1;

		while (above > 0 && text.p[above - 1] != '\n')
			above--;
		if (text.p[above] != '\n' && text.p[above] != '\r' &&
		    text.p[above] != '#')
			break;
		at = above;
	}
	put(out, text, at, line);
}

static size_t
line_at(struct str text, int line)
{
	size_t at = 0;

	while (line-- > 1)
		at = next_line(text, at);
	return at;
}

static size_t
next_line(struct str text, size_t at)
{
	at += str_find(str_sub(text, at, text.n), '\n');
	return at < text.n ? at + 1 : text.n;
}

/* A blank, and something behind it. */
static bool
continues(struct str text, size_t at)
{
	struct str line = str_sub(text, at, next_line(text, at) - at);

	return (line.p[0] == ' ' || line.p[0] == '\t') && str_trim(line).n > 0;
}

static bool
is_context(struct str text, size_t at)
{
	return text.p[at] == '[';
}

static size_t
nth_context(struct str text, size_t k)
{
	for (size_t at = 0; at < text.n; at = next_line(text, at)) {
		if (is_context(text, at) && k-- == 0)
			return at;
	}
	return text.n;
}

static struct str
inside(struct str text, size_t at)
{
	struct str line = str_sub(text, at, next_line(text, at) - at);
	size_t close = str_find(line, ']');

	if (close == line.n)
		return (struct str){ "", 0 };
	return str_trim(str_sub(line, 1, close - 1));
}

static void
put(struct buf *out, struct str text, size_t at, struct str line)
{
	buf_add_str(out, str_sub(text, 0, at));
	if (at > 0 && text.p[at - 1] != '\n')
		buf_putc(out, '\n');
	buf_add_str(out, line);
	buf_putc(out, '\n');
	buf_add_str(out, str_sub(text, at, text.n));
}
