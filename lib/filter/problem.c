/*
 * problem.c - what is wrong with source, and the place for people to see
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "filter/source.h"

#define PLACE_WIDTH 72 /* bytes of a line that are shown */

static void add(
    struct source *, enum filter_problem_kind, struct spot, const char *text);
static struct str show_place(struct source *, struct spot);
static struct str line_at(struct str text, int line);
static size_t byte_of(struct str line, int column);
static size_t char_start(struct str line, size_t at);

void
source_problem(struct source *src, enum filter_problem_kind kind,
    struct spot spot, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(src, kind, spot, text);
}

void
source_expected(struct source *src, struct spot spot, const char *wanted,
    const char *fmt, ...)
{
	char found[200], text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(found, sizeof(found), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "expected %s, found %s", wanted, found);
	add(src, PROBLEM_SYNTAX, spot, text);
}

const char *
source_cmp(enum cmp cmp)
{
	static const char *const signs[] = { [CMP_EQ] = "==",
		[CMP_NE] = "!=",
		[CMP_LT] = "<",
		[CMP_LE] = "<=",
		[CMP_GT] = ">",
		[CMP_GE] = ">=" };

	return signs[cmp];
}

const char *
source_quote(char out[100], struct str text)
{
	size_t n;

	out[0] = '"';
	n = 1 + str_escape(out + 1, 98, text, 60);
	out[n] = '"';
	out[n + 1] = '\0';
	return out;
}

void
filter_problem_print(const struct filter_problem *p, struct buf *out)
{
	bool named = p->filter.n > 0;

	switch (p->kind) {
	case PROBLEM_SYNTAX:
		buf_puts(out, "Syntax error ");
		if (named)
			buf_printf(
			    out, "in filter '%.*s' ", STR_ARG(p->filter));
		buf_printf(out, "at line %d, column %d: ", p->line, p->column);
		break;
	case PROBLEM_OBJECT:
		buf_printf(out, "Filter '%.*s': ", STR_ARG(p->filter));
		break;
	case PROBLEM_WARNING:
		buf_printf(out, "Warning: filter '%.*s': ", STR_ARG(p->filter));
		break;
	case PROBLEM_NAME:
		break;
	}
	buf_add_str(out, p->text);
}

void
filter_problem_brief(const struct filter_problem *p, struct buf *out)
{
	if (p->filter.n > 0 && p->kind != PROBLEM_NAME)
		buf_printf(out, "filter '%.*s': ", STR_ARG(p->filter));
	buf_add_str(out, p->text);
}

static void
add(struct source *src, enum filter_problem_kind kind, struct spot spot,
    const char *text)
{
	struct filter_problems *ps = src->problems;
	struct filter_problem *p;

	if (kind != PROBLEM_WARNING)
		ps->n_errors++;
	if (ps->n == FILTER_PROBLEMS_MAX)
		return;
	if (ps->v == NULL)
		ps->v = arena_array(
		    src->problems_mem, FILTER_PROBLEMS_MAX, sizeof(*ps->v));
	p = &ps->v[ps->n++];
	*p = (struct filter_problem){ .kind = kind,
		.filter = src->filter,
		.line = spot.line,
		.column = spot.column,
		.where = src->where,
		.place = show_place(src, spot) };
	p->text =
	    str_of(src->part.n > 0 ? arena_printf(src->problems_mem, "%.*s: %s",
					 STR_ARG(src->part), text)
				   : arena_strdup(src->problems_mem, text));
}

/* The line, with a mark below the column; of a long one what is around it.
 * Blanks for tabs, so that the mark stands where it should. */
static struct str
show_place(struct source *src, struct spot spot)
{
	struct str line = line_at(src->text, spot.line), shown;
	size_t mark = byte_of(line, spot.column), from = 0;
	char *text;
	int lead = 0;

	if (mark > PLACE_WIDTH * 2 / 3)
		from = char_start(line, mark - PLACE_WIDTH * 2 / 3);
	shown = str_sub(line, from, PLACE_WIDTH);
	if (from + shown.n < line.n)
		shown.n = char_start(line, from + shown.n) - from;
	for (size_t i = from; i < mark; i++)
		lead += ((unsigned char)line.p[i] & 0xc0) != 0x80;
	text = arena_printf(src->problems_mem, "    %.*s\n    %*s^\n",
	    STR_ARG(shown), lead, "");
	for (size_t i = 4; text[i] != '\n'; i++) {
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
	}
	return str_of(text);
}

static struct str
line_at(struct str text, int line)
{
	struct str got = str_cut(&text, '\n');

	while (--line > 0)
		got = str_cut(&text, '\n');
	if (got.n > 0 && got.p[got.n - 1] == '\r')
		got.n--;
	return got;
}

/* Where the character in that column begins. */
static size_t
byte_of(struct str line, int column)
{
	size_t i = 0;

	while (i < line.n && column > 1) {
		i++;
		while (i < line.n && ((unsigned char)line.p[i] & 0xc0) == 0x80)
			i++;
		column--;
	}
	return i;
}

/* The beginning of the character that a byte belongs to. */
static size_t
char_start(struct str line, size_t at)
{
	while (at > 0 && ((unsigned char)line.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}
