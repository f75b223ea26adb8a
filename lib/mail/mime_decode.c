/* mime_decode.c - transfer encodings: base64, quoted-printable, uuencode */
#include <string.h>

#include "mail/mime_inner.h"

/* Of a byte in base64: its value, or what it is. */
enum { SKIP = 64, PAD, JUNK };

struct base64 {
	char *out;
	size_t n, max;
	uint32_t bits;
	unsigned have; /* digits of the group so far */
	unsigned pads; /* "=" that are still due */
	bool ended, bad;
};

static struct str decode_base64(
    struct str in, size_t limit, struct arena *mem, bool *bad);
static struct str decode_quoted(
    struct str in, size_t limit, struct arena *mem, bool *bad);
static struct str decode_uu(
    struct str in, size_t limit, struct arena *mem, bool *bad);
static unsigned char kind_of(unsigned char c);
static void digit(struct base64 *, unsigned value);
static void pad(struct base64 *);
static void emit(struct base64 *, unsigned n);
static size_t quoted_byte(struct str in, char *out, size_t *n, bool *bad);
static size_t plain_run(struct str in);
static size_t blanks(struct str in);
static bool ends_line(struct str in);
static size_t soft_break(struct str rest);
static int hex(struct str two);

struct str
mime_decode(
    const struct mime_part *p, size_t limit, struct arena *mem, uint32_t *odd)
{
	static const struct {
		struct str (*decode)(
		    struct str, size_t limit, struct arena *, bool *bad);
		uint32_t odd;
	} decoders[] = {
		[MIME_QUOTED] = { decode_quoted, MIME_BAD_QUOTED },
		[MIME_BASE64] = { decode_base64, MIME_BAD_BASE64 },
		[MIME_UUENCODE] = { decode_uu, MIME_BAD_ENCODING },
		[MIME_ENCODING_UNKNOWN] = { NULL, 0 },
	};
	bool bad = false;
	struct str bytes;

	if (decoders[p->encoding].decode == NULL)
		return str_sub(p->body, 0, limit);
	bytes = decoders[p->encoding].decode(p->body, limit, mem, &bad);
	if (bad && odd != NULL)
		*odd |= decoders[p->encoding].odd;
	return bytes;
}

static struct str
decode_base64(struct str in, size_t limit, struct arena *mem, bool *bad)
{
	size_t max = in.n / 4 * 3 + 3;
	char *out;

	if (max > limit)
		max = limit;
	out = arena_alloc(mem, max + 1);
	return (struct str){ out, mime_base64(in, out, max, bad) };
}

/*
 * As mail programs do: what is no digit is passed over, and padding in the
 * middle begins anew (two encoded texts, one behind the other).
 */
size_t
mime_base64(struct str in, char *out, size_t max, bool *bad)
{
	struct base64 b = { .out = out, .max = max };

	for (size_t i = 0; i < in.n && b.n < max; i++) {
		unsigned char v = kind_of((unsigned char)in.p[i]);

		if (v < SKIP)
			digit(&b, v);
		else if (v == PAD)
			pad(&b);
		else if (v == JUNK)
			b.bad = true;
	}
	if (b.n < max) {
		b.bad |= b.have > 0 || b.pads > 0;
		if (b.have > 1)
			emit(&b, b.have - 1);
	}
	*bad |= b.bad;
	return b.n;
}

static unsigned char
kind_of(unsigned char c)
{
#define J4  JUNK, JUNK, JUNK, JUNK
#define J16 J4, J4, J4, J4
#define J64 J16, J16, J16, J16
	static const unsigned char kinds[256] = { J4, J4, JUNK, SKIP, SKIP,
		JUNK, JUNK, SKIP, JUNK, JUNK, J16, SKIP, JUNK, JUNK, JUNK, J4,
		JUNK, JUNK, JUNK, 62, JUNK, JUNK, JUNK, 63, 52, 53, 54, 55, 56,
		57, 58, 59, 60, 61, JUNK, JUNK, JUNK, PAD, JUNK, JUNK, JUNK, 0,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
		19, 20, 21, 22, 23, 24, 25, JUNK, JUNK, JUNK, JUNK, JUNK, JUNK,
		26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
		42, 43, 44, 45, 46, 47, 48, 49, 50, 51, JUNK, JUNK, JUNK, JUNK,
		JUNK, J64, J64 };

	return kinds[c];
}

static void
digit(struct base64 *b, unsigned value)
{
	b->bad |= b->ended;
	b->pads = 0;
	b->bits = b->bits << 6 | value;
	if (++b->have == 4)
		emit(b, 3);
}

static void
pad(struct base64 *b)
{
	if (b->pads > 0)
		b->pads--;
	else if (b->have < 2)
		b->bad = true;
	else {
		b->pads = 3 - b->have;
		b->ended = true;
		emit(b, b->have - 1);
	}
}

/* The first n bytes of the group. */
static void
emit(struct base64 *b, unsigned n)
{
	b->bits <<= 6 * (4 - b->have);
	for (unsigned i = 0; i < n && b->n < b->max; i++)
		b->out[b->n++] = (char)(b->bits >> (16 - 8 * i));
	b->have = 0;
	b->bits = 0;
}

/* --- quoted-printable --- */

static struct str
decode_quoted(struct str in, size_t limit, struct arena *mem, bool *bad)
{
	size_t max = in.n < limit ? in.n : limit;
	char *out = arena_alloc(mem, max + 1);
	size_t n = 0;

	for (size_t i = 0, k; i < in.n && n < max; i = k) {
		struct str rest = str_sub(in, i, in.n);

		if (in.p[i] == '=') {
			k = i + quoted_byte(rest, out, &n, bad);
			continue;
		}
		k = i + plain_run(rest);
		if (k == i) { /* blanks at the end of a line */
			k = i + blanks(rest);
			continue;
		}
		if (k - i > max - n)
			k = i + max - n;
		memcpy(out + n, in.p + i, k - i);
		*bad |= str_ascii(str_sub(in, i, k - i)) < k - i;
		n += k - i;
	}
	return (struct str){ out, n };
}

/* What "=" begins; returns how long that is. */
static size_t
quoted_byte(struct str in, char *out, size_t *n, bool *bad)
{
	struct str behind = str_sub(in, 1, in.n);
	size_t skip = soft_break(behind);
	int value = hex(str_sub(behind, 0, 2));

	if (skip > 0 || behind.n == 0)
		return 1 + skip;
	if (value == -1)
		*bad = true;
	out[(*n)++] = value == -1 ? '=' : (char)value;
	return value == -1 ? 1 : 3;
}

/* What stands for itself: up to "=", or to blanks at the end of a line, which
 * came on the way and are not of the text. */
static size_t
plain_run(struct str in)
{
	size_t n = 0;

	while (n < in.n && in.p[n] != '=') {
		size_t gap = blanks(str_sub(in, n, in.n));

		if (gap > 0 && n + gap < in.n &&
		    ends_line(str_sub(in, n + gap, 2)))
			break;
		n += gap > 0 ? gap : 1;
	}
	return n;
}

static size_t
blanks(struct str in)
{
	size_t n = 0;

	while (n < in.n && (in.p[n] == ' ' || in.p[n] == '\t'))
		n++;
	return n;
}

static bool
ends_line(struct str in)
{
	return str_starts(in, STR("\n")) || str_starts(in, STR("\r\n"));
}

/* Length of the line end that a "=" stands before, with blanks; or 0. */
static size_t
soft_break(struct str rest)
{
	size_t n = blanks(rest);

	if (n == rest.n)
		return n;
	if (!ends_line(str_sub(rest, n, 2)))
		return 0;
	return n + (rest.p[n] == '\n' ? 1 : 2);
}

static int
hex(struct str two)
{
	int value = 0;

	if (two.n < 2)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		char c = two.p[i];

		value *= 16;
		if (c >= '0' && c <= '9')
			value += c - '0';
		else if (c >= 'A' && c <= 'F')
			value += c - 'A' + 10;
		else if (c >= 'a' && c <= 'f')
			value += c - 'a' + 10;
		else
			return -1;
	}
	return value;
}

/* --- uuencode --- */

static struct str
decode_uu(struct str in, size_t limit, struct arena *mem, bool *bad)
{
	struct mime_uu uu = { .foreign = false };
	size_t from = 0, max;
	char *out;

	if (!mime_uu_next(in, &from, &uu)) {
		*bad = true;
		return str_sub(in, 0, limit);
	}
	max = uu.block.n < limit ? uu.block.n : limit;
	out = arena_alloc(mem, max + 1);
	return (struct str){ out, mime_uu_decode(uu.block, out, max, bad) };
}
