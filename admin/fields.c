/* fields.c - reading the JSON of the services, and showing what is in it */
#include <math.h>
#include <string.h>
#include <time.h>

#include "admin/fields.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

/* One piece of input at a time: the longest escape is six bytes for three. */
#define PIECE 256

/* Letters that stand on the one before them, and such of two columns (Unicode
 * TR 11): enough for names and subjects. */
static const struct {
	uint32_t first, last;
	unsigned columns;
} widths[] = {
	{ 0x0300, 0x036f, 0 },
	{ 0x1100, 0x115f, 2 },
	{ 0x200b, 0x200f, 0 },
	{ 0x20d0, 0x20ff, 0 },
	{ 0x2e80, 0x303e, 2 },
	{ 0x3041, 0x3098, 2 },
	{ 0x3099, 0x309a, 0 },
	{ 0x309b, 0xa4cf, 2 },
	{ 0xac00, 0xd7a3, 2 },
	{ 0xf900, 0xfaff, 2 },
	{ 0xfe00, 0xfe0f, 0 },
	{ 0xfe30, 0xfe6f, 2 },
	{ 0xff01, 0xff60, 2 },
	{ 0xffe0, 0xffe6, 2 },
	{ 0x1f300, 0x1f64f, 2 },
	{ 0x1f680, 0x1f6ff, 2 },
	{ 0x1f900, 0x1f9ff, 2 },
	{ 0x20000, 0x3fffd, 2 },
};

static size_t first_letter(struct str, unsigned *width);

const char *
fields_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text != NULL ? text : "";
}

int64_t
fields_num(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_real(v))
		return json_integer_value(v);
	/* A double beyond the range has no conversion. */
	return fabs(json_real_value(v)) < 9e18 ? (int64_t)json_real_value(v)
					       : 0;
}

bool
fields_bool(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

bool
fields_has(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return v != NULL && !json_is_null(v);
}

void
fields_show(struct buf *out, const char *text, size_t max)
{
	fields_show_str(out, str_of(text), max);
}

void
fields_show_str(struct buf *out, struct str text, size_t max)
{
	bool cut = text.n > max;

	if (cut)
		text.n = max;
	while (text.n != 0) {
		char esc[PIECE * 4 + 1];
		size_t n = text.n < PIECE ? text.n : PIECE;

		/* Not in the middle of a letter, where there are letters. */
		while (n < text.n && n > PIECE - 3 &&
		       ((unsigned char)text.p[n] & 0xc0) == 0x80)
			n--;
		buf_add(out, esc,
		    str_escape(esc, sizeof(esc), str_sub(text, 0, n), n));
		text = str_sub(text, n, text.n);
	}
	if (cut)
		buf_puts(out, "...");
}

void
fields_show_columns(struct buf *out, const char *text, size_t columns)
{
	size_t from = out->len;
	struct str all;

	fields_show(out, text, SIZE_MAX);
	all = str_sub(buf_str(out), from, out->len);
	if (fields_width(all) <= columns)
		return;
	out->len = from;
	columns -= 3;
	while (all.n > 0) {
		unsigned width;
		size_t n = first_letter(all, &width);

		if (width > columns)
			break;
		columns -= width;
		out->len += n;
		all = str_sub(all, n, all.n);
	}
	buf_puts(out, "...");
}

size_t
fields_width(struct str s)
{
	size_t columns = 0;

	while (s.n > 0) {
		unsigned width;
		size_t n = first_letter(s, &width);

		columns += width;
		s = str_sub(s, n, s.n);
	}
	return columns;
}

void
fields_fill(struct buf *out, size_t from, size_t columns)
{
	size_t n = fields_width(str_sub(buf_str(out), from, out->len));

	buf_printf(out, "%*s", n < columns ? (int)(columns - n) : 1, "");
}

void
fields_show_line(struct buf *out, struct str line)
{
	fields_show_piece(out, line);
	buf_putc(out, '\n');
}

void
fields_show_piece(struct buf *out, struct str line)
{
	for (;;) {
		bool tab = str_find(line, '\t') != line.n;

		fields_show_str(out, str_cut(&line, '\t'), SIZE_MAX);
		if (!tab)
			break;
		buf_putc(out, '\t');
	}
}

void
fields_time(
    struct buf *out, const json_t *o, const char *key, const char *absent)
{
	char text[CLOCK_TEXT];

	buf_puts(out, fields_has(o, key)
			  ? clock_status(fields_num(o, key), text)
			  : absent);
}

void
fields_clock(struct buf *out, int64_t when)
{
	time_t t = (time_t)(when / 1000);
	char text[16];
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%H:%M:%S", &tm) == 0)
		str_copy(text, sizeof(text), STR("--:--:--"));
	buf_puts(out, text);
}

void
fields_age(
    struct buf *out, const json_t *o, const char *key, const char *absent)
{
	char text[CLOCK_TEXT];

	buf_puts(out,
	    fields_has(o, key) ? clock_age(fields_num(o, key), text) : absent);
}

void
fields_cell(struct buf *out, int64_t n, int width)
{
	char text[32], minus[34];

	str_thousands(n < 0 ? -(uint64_t)n : (uint64_t)n, text);
	if (n < 0) {
		minus[0] = '-';
		str_copy(minus + 1, sizeof(minus) - 1, str_of(text));
	}
	buf_printf(out, "%*s", width, n < 0 ? minus : text);
}

/* Its bytes and columns. */
static size_t
first_letter(struct str s, unsigned *width)
{
	uint32_t code = 0;
	size_t n = str_utf8(s, &code);

	*width = 1;
	for (size_t i = 0; n > 0 && i < NELEM(widths); i++)
		if (code >= widths[i].first && code <= widths[i].last)
			*width = widths[i].columns;
	return n > 0 ? n : 1;
}
