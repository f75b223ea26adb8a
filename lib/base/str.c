/* str.c - slices of text, and the few string helpers everybody needs */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

static char lower(char c);
static bool is_blank(char c);
static bool is_space(char c);
static size_t escape_one(struct str s, char out[16], size_t *taken);
static size_t char_start(const char *p, size_t at);
static bool is_hidden(uint32_t code);

struct str
str_of(const char *s)
{
	return (struct str){ s, s != NULL ? strlen(s) : 0 };
}

struct str
str_sub(struct str s, size_t from, size_t n)
{
	if (s.p == NULL)
		return s;
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){ s.p + from, n };
}

struct str
str_trim(struct str s)
{
	while (s.n != 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n != 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_eq_nocase(struct str a, struct str b)
{
	return a.n == b.n && str_starts_nocase(a, b);
}

bool
str_is(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

bool
str_is_nocase(struct str a, const char *b)
{
	return str_eq_nocase(a, str_of(b));
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool
str_starts_nocase(struct str s, struct str prefix)
{
	if (s.n < prefix.n)
		return false;
	for (size_t i = 0; i < prefix.n; i++)
		if (lower(s.p[i]) != lower(prefix.p[i]))
			return false;
	return true;
}

bool
str_ends_nocase(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       str_eq_nocase(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

size_t
str_find(struct str s, char c)
{
	const char *at = s.n != 0 ? memchr(s.p, c, s.n) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.n;
}

size_t
str_rfind(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return i - 1;
	return s.n;
}

size_t
str_search(struct str s, struct str what)
{
	struct str rest = s;

	for (;;) {
		rest = str_sub(rest, str_find(rest, what.p[0]), rest.n);
		if (rest.n < what.n)
			return s.n;
		if (memcmp(rest.p, what.p, what.n) == 0)
			return (size_t)(rest.p - s.p);
		rest = str_sub(rest, 1, rest.n);
	}
}

struct str
str_cut(struct str *s, char sep)
{
	size_t at = str_find(*s, sep);
	struct str before = str_sub(*s, 0, at);

	*s = str_sub(*s, at < s->n ? at + 1 : at, s->n);
	return before;
}

struct str
str_word(struct str *s)
{
	struct str word;
	size_t from = 0, to;

	while (from < s->n && is_blank(s->p[from]))
		from++;
	for (to = from; to < s->n && !is_blank(s->p[to]); to++)
		continue;
	word = str_sub(*s, from, to - from);
	*s = str_sub(*s, to, s->n);
	return word;
}

#define DISTANCE_MAX 64
size_t
str_distance(struct str a, struct str b)
{
	size_t row[DISTANCE_MAX + 1];

	if (a.n > DISTANCE_MAX || b.n > DISTANCE_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b.n; j++) {
			size_t least = corner + !str_eq_nocase(str_sub(a, i, 1),
						    str_sub(b, j, 1));

			corner = row[j + 1];
			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (corner + 1 < least)
				least = corner + 1;
			row[j + 1] = least;
		}
	}
	return row[b.n];
}

bool
str_copy(char *dst, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;

	if (n != 0)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
	return n == s.n;
}

void
str_lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = lower(*s);
}

bool
str_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*out = v;
	return true;
}

char *
str_thousands(uint64_t n, char out[32])
{
	char digits[24];
	size_t len, to = 0;

	len = (size_t)snprintf(
	    digits, sizeof(digits), "%llu", (unsigned long long)n);
	for (size_t i = 0; i < len; i++) {
		if (i != 0 && (len - i) % 3 == 0)
			out[to++] = ',';
		out[to++] = digits[i];
	}
	out[to] = '\0';
	return out;
}

size_t
str_escape(char *out, size_t size, struct str s, size_t max)
{
	bool cut = s.n > max;
	size_t at = 0, fit = 0; /* fit: the mark of a cut fits behind it */

	if (size == 0)
		return 0;
	if (cut)
		s.n = char_start(s.p, max);
	while (s.n != 0) {
		char one[16];
		size_t taken, n = escape_one(s, one, &taken);

		if (n > size - 1 - at) {
			cut = true;
			break;
		}
		memcpy(out + at, one, n);
		at += n;
		if (size - 1 - at >= 3)
			fit = at;
		s = str_sub(s, taken, s.n);
	}
	if (cut) {
		str_copy(out + fit, size - fit, STR("..."));
		at = strlen(out);
	}
	out[at] = '\0';
	return at;
}

bool
str_valid_utf8(struct str s)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t code;

		n = str_ascii(str_sub(s, i, s.n));
		if (n == 0)
			n = str_utf8(str_sub(s, i, 4), &code);
		if (n == 0)
			return false;
	}
	return true;
}

size_t
str_ascii(struct str s)
{
	size_t i = 0;
	uint64_t w;

	for (; i + sizeof(w) <= s.n; i += sizeof(w)) {
		memcpy(&w, s.p + i, sizeof(w));
		if (w & 0x8080808080808080u)
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

size_t
str_utf8(struct str s, uint32_t *code)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	const unsigned char *u = (const unsigned char *)s.p;
	size_t f = 0;

	if (s.n == 0)
		return 0;
	while (f < 4 && (u[0] & forms[f].mask) != forms[f].lead)
		f++;
	if (f == 4 || s.n < f + 1)
		return 0;
	*code = u[0] & (unsigned char)~forms[f].mask;
	for (size_t i = 1; i <= f; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (u[i] & 0x3f);
	}
	if (*code < forms[f].least || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return f + 1;
}

size_t
str_utf8_put(uint32_t code, char out[4])
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return str_utf8_put(0xfffd, out);
	for (size_t i = n; i > 1; i--, code >>= 6)
		out[i - 1] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(lead[n] | code);
	return n;
}

struct str
str_letters(struct str s, size_t max)
{
	return str_sub(s, 0, max < s.n ? char_start(s.p, max) : s.n);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

/* The printable form of what stands first in s; taken: its bytes in s. */
static size_t
escape_one(struct str s, char out[16], size_t *taken)
{
	static const char plain[] = "\r\n\t\\", name[] = "rnt\\";
	unsigned char c = (unsigned char)s.p[0];
	const char *at = c != '\0' ? strchr(plain, c) : NULL;
	uint32_t code;

	*taken = str_utf8(s, &code);
	if (at != NULL)
		return (size_t)snprintf(out, 16, "\\%c", name[at - plain]);
	if (*taken == 0 || (*taken == 1 && (c < 0x20 || c == 0x7f))) {
		*taken = 1;
		return (size_t)snprintf(out, 16, "\\x%02x", c);
	}
	if (is_hidden(code))
		return (size_t)snprintf(out, 16, "\\u%04x", code);
	memcpy(out, s.p, *taken);
	return *taken;
}

/* The greatest i <= at where a UTF-8 sequence may start: cut no letter. */
static size_t
char_start(const char *p, size_t at)
{
	size_t i = at;

	while (i > 0 && at - i < 3 && ((unsigned char)p[i] & 0xc0) == 0x80)
		i--;
	return i;
}

/*
 * What a terminal or a reader could be deceived by: C1 controls, line and
 * paragraph separators, and all that changes the direction of text.
 */
static bool
is_hidden(uint32_t code)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = {
		{ 0x0080, 0x009f },
		{ 0x061c, 0x061c },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2066, 0x2069 },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code >= hidden[i].from && code <= hidden[i].to)
			return true;
	return false;
}
