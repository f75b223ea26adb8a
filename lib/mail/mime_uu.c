/* mime_uu.c - uuencoded blocks, as they stand in texts */
#include <string.h>

#include "mail/mime_inner.h"

static struct str cut_line(struct str text, size_t *at);
static bool begins(struct str line, struct str *name);
static bool is_foreign(struct str line);
static bool is_data(struct str line);
static bool is_end(struct str line);
static size_t digits_of(struct str line);
static size_t decode_line(struct str line, char *out, size_t max, bool *bad);

static inline unsigned
value_of(char c)
{
	return ((unsigned char)c - (unsigned)' ') & 63;
}

/*
 * "begin", a mode, a name; then at least one line of data. A text that only
 * speaks of such things has no such line. The block ends with "end", or with
 * the last line that can be data.
 */
bool
mime_uu_next(struct str text, size_t *at, struct mime_uu *uu)
{
	while (*at < text.n) {
		size_t from = *at, next, to;
		struct str line = cut_line(text, at);

		uu->foreign |= is_foreign(line);
		if (!begins(line, &uu->name))
			continue;
		next = to = *at;
		line = cut_line(text, &next);
		if (!is_data(line) && !is_end(line))
			continue;
		while (is_data(line)) {
			to = next;
			line = cut_line(text, &next);
		}
		if (is_end(line)) {
			to = next;
			line = cut_line(text, &next);
			if (str_is(str_trim(line), "end"))
				to = next;
		} else if (str_is(str_trim(line), "end"))
			to = next;
		*at = to;
		uu->block = str_sub(text, from, to - from);
		return true;
	}
	return false;
}

size_t
mime_uu_decode(struct str block, char *out, size_t max, bool *bad)
{
	size_t at = 0, n = 0;
	struct str line;

	cut_line(block, &at);
	for (line = cut_line(block, &at); is_data(line) && n < max;
	     line = cut_line(block, &at))
		n += decode_line(line, out + n, max - n, bad);
	if (is_end(line))
		line = cut_line(block, &at);
	if (n < max && !str_is(str_trim(line), "end"))
		*bad = true;
	return n;
}

/* The line at *at, without its end; *at is behind it then. */
static struct str
cut_line(struct str text, size_t *at)
{
	struct str rest = str_sub(text, *at, text.n);
	struct str line = str_cut(&rest, '\n');

	*at = text.n - rest.n;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
begins(struct str line, struct str *name)
{
	size_t i = 6;

	if (!str_starts(line, STR("begin ")))
		return false;
	while (i < line.n && line.p[i] >= '0' && line.p[i] <= '7')
		i++;
	if (i < 9 || i > 12 || i >= line.n || line.p[i] != ' ')
		return false;
	*name = str_sub(line, i + 1, line.n);
	return true;
}

/* The first line of what nobody sends by mail any more, but for those who hope
 * that it is read. */
static bool
is_foreign(struct str line)
{
	return line.n > 0 && (line.p[0] == '=' || line.p[0] == '(') &&
	       (str_starts(line, STR("=ybegin ")) ||
		   str_starts(line, STR("(This file must be converted with "
					"BinHex")));
}

/* As long as its first character says; blanks at its end may be lost, one
 * or two characters of a checksum may follow. */
static bool
is_data(struct str line)
{
	size_t digits = digits_of(line);

	if (digits == 0 || line.n > digits + 3 ||
	    (line.n < digits + 1 && digits + 1 - line.n > 4))
		return false;
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < ' ' || line.p[i] > '`')
			return false;
	return true;
}

/* The line of no data before "end". */
static bool
is_end(struct str line)
{
	return line.n <= 2 && digits_of(line) == 0;
}

static size_t
digits_of(struct str line)
{
	return line.n == 0 ? 0 : (value_of(line.p[0]) + 2) / 3 * 4;
}

static size_t
decode_line(struct str line, char *out, size_t max, bool *bad)
{
	size_t bytes = value_of(line.p[0]), n = 0;

	if (line.n < digits_of(line) + 1)
		*bad = true;
	for (size_t i = 1; n < bytes && n < max; i += 4) {
		uint32_t v = 0;

		for (size_t k = i; k < i + 4; k++)
			v = v << 6 | (k < line.n ? value_of(line.p[k]) : 0);
		for (int shift = 16; shift >= 0 && n < bytes && n < max;
		     shift -= 8)
			out[n++] = (char)(v >> shift);
	}
	return n;
}
