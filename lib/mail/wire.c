/*
 * wire.c - the stored form of content, and its one writer
 *
 * What normalising means, exactly: NUL bytes vanish first; then CR LF is a
 * line end, and so is a CR or LF that stands alone. Only then dots are
 * doubled, so that a line which becomes "." by this is doubled as well
 * (threats SMG-02).
 *
 *	        text        CR LF           lone CR, then x    LF
 *	BOL     -> TEXT     -> BOL          -> BOL, x again    -> BOL
 *	TEXT    -> TEXT     -> BOL          -> BOL, x again    -> BOL
 *
 * A CR whose successor is not here yet waits in CR_BOL or CR_TEXT and is in
 * nobody's output. NUL changes no state. All else is copied in runs as long
 * as possible: of clean text, everything between two leading dots.
 */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "mail/wire.h"

enum { BOL, TEXT, CR_BOL, CR_TEXT };                     /* of struct wire */
enum { AT_BOL, AT_TEXT, AT_DOT, AT_CR_BOL, AT_CR_TEXT }; /* wire_check */

static const char *write_text(struct wire *, const char *p, const char *end,
    const char **run, struct buf *out);
static const char *write_after_cr(
    struct wire *, const char *p, struct buf *out);
static void put(struct wire *, const char *p, size_t n, struct buf *out);
static void line_done(struct wire *, bool empty);
static int check_edge(struct wire_check *, char ch);
static size_t span(const char *p, size_t n, bool *high);

void
wire_begin(struct wire *w, bool lf_lines)
{
	*w = (struct wire){ .state = BOL, .lf_lines = lf_lines };
}

bool
wire_write(struct wire *w, struct str in, struct buf *out)
{
	const char *p = in.p, *end = in.p + in.n, *run = in.p;

	while (p < end) {
		if (w->state == CR_BOL || w->state == CR_TEXT) {
			p = write_after_cr(w, p, out);
			run = p;
			continue;
		}
		if (w->state == BOL && *p == '.') {
			put(w, run, (size_t)(p - run), out);
			put(w, ".", 1, out);
			w->flags |= WIRE_DOTS;
			run = p++;
			w->state = TEXT;
		}
		p = write_text(w, p, end, &run, out);
	}
	if (run < p)
		put(w, run, (size_t)(p - run), out);
	return !out->failed;
}

bool
wire_end(struct wire *w, struct buf *out)
{
	if (w->state == BOL)
		return !out->failed;
	w->flags |= w->state == TEXT ? WIRE_NO_EOL : WIRE_BARE_CR;
	put(w, "\r\n", 2, out);
	line_done(w, w->state == CR_BOL);
	return !out->failed;
}

bool
wire_check(struct wire_check *c, struct str in, bool last)
{
	const char *p = in.p, *end = in.p + in.n;

	c->size += in.n;
	while (p < end && !c->bad) {
		bool high = false;

		if (c->state != AT_TEXT) {
			p += check_edge(c, *p);
			continue;
		}
		p += span(p, (size_t)(end - p), &high);
		if (high)
			c->flags |= c->in_body ? WIRE_8BIT : WIRE_8BIT_HDR;
		if (p < end) {
			c->bad = *p++ != '\r';
			c->state = AT_CR_TEXT;
		}
	}
	if (last && c->state != AT_BOL)
		c->bad = true;
	return !c->bad;
}

void
wire_unstuff(struct str stored, struct buf *out)
{
	const char *p = stored.p, *end = stored.p + stored.n;

	if (p < end && *p == '.')
		p++;
	while (p < end) {
		size_t left = (size_t)(end - p), n = wire_find_dot(p, left);

		n += n < left; /* the LF stays, the dot does not */
		buf_add(out, p, n);
		p += n + (n < left);
	}
}

size_t
wire_find_dot(const char *p, size_t n)
{
	const char *at;
	size_t i = 0;

#ifdef __SSE2__
	const __m128i lf = _mm_set1_epi8('\n'), dot = _mm_set1_epi8('.');

	for (; n - i > 16; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + i));
		__m128i next = _mm_loadu_si128((const __m128i *)(p + i + 1));
		__m128i hit = _mm_and_si128(
		    _mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(next, dot));
		unsigned hits = (unsigned)_mm_movemask_epi8(hit);

		if (hits != 0)
			return i + (unsigned)__builtin_ctz(hits);
	}
#endif
	at = memmem(p + i, n - i, "\n.", 2);
	return at != NULL ? (size_t)(at - p) : n;
}

/* Goes on from p, in the middle or at the start of a line, to the end of that
 * line or of the input. [*run, p) is good as it is and not written yet. */
static const char *
write_text(struct wire *w, const char *p, const char *end, const char **run,
    struct buf *out)
{
	bool high = false;
	size_t n = span(p, (size_t)(end - p), &high);

	if (high)
		w->flags |= w->in_body ? WIRE_8BIT : WIRE_8BIT_HDR;
	if (n > 0)
		w->state = TEXT;
	p += n;
	if (p == end)
		return p;
	if (*p == '\r' && p + 1 < end && p[1] == '\n') {
		line_done(w, w->state == BOL);
		return p + 2;
	}
	put(w, *run, (size_t)(p - *run), out);
	*run = p + 1;
	if (*p == '\r') {
		w->state = w->state == BOL ? CR_BOL : CR_TEXT;
	} else if (*p == '\n') {
		if (!w->lf_lines)
			w->flags |= WIRE_BARE_LF;
		put(w, "\r\n", 2, out);
		line_done(w, w->state == BOL);
	} else {
		w->flags |= WIRE_NUL;
	}
	return p + 1;
}

/* The byte after a CR that ended an earlier piece, or stood alone. */
static const char *
write_after_cr(struct wire *w, const char *p, struct buf *out)
{
	if (*p == '\0') {
		w->flags |= WIRE_NUL;
		return p + 1;
	}
	put(w, "\r\n", 2, out);
	line_done(w, w->state == CR_BOL);
	if (*p == '\n')
		return p + 1;
	w->flags |= WIRE_BARE_CR;
	return p;
}

static void
put(struct wire *w, const char *p, size_t n, struct buf *out)
{
	if (n > 0 && buf_add(out, p, n))
		w->size += n;
}

static void
line_done(struct wire *w, bool empty)
{
	w->state = BOL;
	if (empty)
		w->in_body = true;
}

/* One byte at an edge of a line; returns how many were taken: 0 or 1. */
static int
check_edge(struct wire_check *c, char ch)
{
	switch (c->state) {
	case AT_BOL:
		c->state = ch == '.'    ? AT_DOT
			   : ch == '\r' ? AT_CR_BOL
					: AT_TEXT;
		return c->state != AT_TEXT;
	case AT_DOT:
		c->bad = ch != '.';
		c->flags |= WIRE_DOTS;
		c->state = AT_TEXT;
		return 1;
	default: /* after CR */
		c->bad = ch != '\n';
		if (c->state == AT_CR_BOL)
			c->in_body = true;
		c->state = AT_BOL;
		return 1;
	}
}

/*
 * Number of bytes before the first CR, LF or NUL; *high is set when there is
 * one above 127 among them. The only loop that looks at every byte.
 */
static size_t
span(const char *p, size_t n, bool *high)
{
	size_t i = 0;

#ifdef __SSE2__
	const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n');
	const __m128i zero = _mm_setzero_si128();

	for (; n - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + i));
		__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, zero),
		    _mm_or_si128(_mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(v, lf)));
		unsigned stop = (unsigned)_mm_movemask_epi8(hit);
		unsigned top = (unsigned)_mm_movemask_epi8(v);

		if (stop != 0) {
			unsigned at = (unsigned)__builtin_ctz(stop);

			*high |= (top & ((1u << at) - 1)) != 0;
			return i + at;
		}
		*high |= top != 0;
	}
#endif
	for (; i < n; i++) {
		if (p[i] == '\r' || p[i] == '\n' || p[i] == '\0')
			break;
		*high |= (p[i] & 0x80) != 0;
	}
	return i;
}
