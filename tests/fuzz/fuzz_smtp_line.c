/*
 * fuzz_smtp_line.c - command lines: the same however the input is cut
 *
 * The first byte says how long the pieces are, the rest is the input.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/bounds.h"
#include "smtp/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
run(struct str in, size_t step, struct buf *out)
{
	struct line l;
	struct str text;

	line_init(&l);
	for (size_t at = 0; at < in.n;) {
		struct str piece = str_sub(in, at, step);

		at += piece.n;
		while (piece.n > 0) {
			enum line_end end = line_feed(&l, &piece, &text);

			if (end == LINE_MORE)
				continue;
			buf_putc(out, (char)('0' + end));
			if (end == LINE_OK)
				buf_add_str(out, text);
			if (end == LINE_FLOOD) {
				line_reset(&l);
				at = in.n;
				break;
			}
		}
		if (l.text.cap > 2 * SMTP_LINE_MAX + 256)
			abort();
	}
	line_fini(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct buf whole, pieces;

	if (size < 2)
		return 0;
	in = str_sub(in, 1, size);
	buf_init(&whole, 1 << 22);
	buf_init(&pieces, 1 << 22);
	run(in, in.n, &whole);
	run(in, (size_t)data[0] + 1, &pieces);
	if (!str_eq(buf_str(&whole), buf_str(&pieces)))
		abort();
	buf_fini(&whole);
	buf_fini(&pieces);
	return 0;
}
