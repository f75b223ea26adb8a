/*
 * fuzz_scan.c - mail/scan: the result does not depend on the cuts
 *
 * First byte: size of the pieces; then content, made stored form first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "mail/scan.h"
#include "mail/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void scan_pieces(struct scan *, struct str, size_t piece);
static void check(const struct scan *, struct str);
static void same(const struct scan *, const struct scan *);
static void same_text(const struct scan_text *, const struct scan_text *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct scan whole, pieces;
	struct buf stored;
	struct wire w;

	if (n == 0)
		return 0;
	buf_init(&stored, 1 << 24);
	wire_begin(&w, true);
	wire_write(&w, (struct str){ (const char *)data + 1, n - 1 }, &stored);
	wire_end(&w, &stored);
	scan_pieces(&whole, buf_str(&stored), stored.len + 1);
	scan_pieces(&pieces, buf_str(&stored), data[0] + 1u);
	check(&whole, buf_str(&stored));
	same(&whole, &pieces);
	buf_fini(&stored);
	return 0;
}

static void
scan_pieces(struct scan *s, struct str in, size_t piece)
{
	scan_begin(s);
	while (in.n > 0) {
		scan_feed(s, str_sub(in, 0, piece));
		in = str_sub(in, piece, in.n);
	}
	scan_end(s);
}

static void
check(const struct scan *s, struct str in)
{
	if (s->size != in.n || s->header_len > in.n || s->longest_line > in.n ||
	    s->n_received > s->n_fields)
		abort();
	/* the header is whole lines */
	if (s->header_len > 0 && in.p[s->header_len - 1] != '\n')
		abort();
	if ((s->problem == SCAN_HOPS) && s->n_received <= RECEIVED_MAX)
		abort();
	if (s->header_len > HEADER_MAX && s->problem == SCAN_OK)
		abort();
}

static void
same(const struct scan *a, const struct scan *b)
{
	if (a->problem != b->problem || a->size != b->size ||
	    a->header_len != b->header_len || a->n_fields != b->n_fields ||
	    a->n_received != b->n_received || a->claims != b->claims ||
	    a->longest_line != b->longest_line)
		abort();
	same_text(&a->message_id, &b->message_id);
	same_text(&a->subject, &b->subject);
}

static void
same_text(const struct scan_text *a, const struct scan_text *b)
{
	if (a->there != b->there || a->n != b->n ||
	    memcmp(a->p, b->p, a->n) != 0 || memchr(a->p, '\n', a->n) != NULL ||
	    memchr(a->p, '\r', a->n) != NULL)
		abort();
}
