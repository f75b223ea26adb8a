/*
 * fuzz_wire.c - mail/wire: whatever comes in, stored form comes out
 *
 * First byte: kind of line end and size of the pieces; then the content.
 */
#include <stdlib.h>
#include <string.h>

#include "mail/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void write_all(
    struct str in, bool lf, size_t piece, struct buf *out, struct wire *w);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data + 1, n - 1 };
	struct wire_check check = { 0 };
	struct buf whole, other;
	struct wire w, v;

	if (n == 0)
		return 0;
	buf_init(&whole, 1 << 24);
	buf_init(&other, 1 << 24);
	write_all(in, data[0] & 1, in.n, &whole, &w);
	write_all(in, data[0] & 1, data[0] >> 1, &other, &v);
	if (!str_eq(buf_str(&whole), buf_str(&other)) || w.flags != v.flags ||
	    w.size != v.size || w.size != whole.len)
		abort(); /* depends on the cut */
	if (!wire_check(&check, buf_str(&whole), true) ||
	    check.in_body != w.in_body || check.size != w.size)
		abort(); /* not stored form */

	buf_reset(&other);
	wire_unstuff(buf_str(&whole), &other);
	in = buf_str(&other);
	buf_reset(&whole);
	write_all(in, false, in.n, &whole, &v);
	if (v.flags & ~(uint32_t)(WIRE_8BIT | WIRE_8BIT_HDR | WIRE_DOTS))
		abort(); /* what was cleaned is not clean */
	if (v.size != w.size)
		abort();
	buf_fini(&other);
	buf_fini(&whole);

	/* and content of a peer that may lie */
	check = (struct wire_check){ 0 };
	wire_check(&check, (struct str){ (const char *)data, n }, true);
	return 0;
}

static void
write_all(struct str in, bool lf, size_t piece, struct buf *out, struct wire *w)
{
	size_t step = piece == 0 ? 1 : piece;

	wire_begin(w, lf);
	for (size_t i = 0; i < in.n; i += step)
		wire_write(w, str_sub(in, i, step), out);
	if (!wire_end(w, out))
		abort();
}
