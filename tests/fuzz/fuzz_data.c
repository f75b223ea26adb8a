/*
 * fuzz_data.c - the end of data against the slow and plain way
 *
 * The first byte says how long the pieces are, the rest is the input.
 */
#include <stdint.h>
#include <stdlib.h>

#include "smtp/data.h"
#include "tests/unit/data_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct str in, size_t step, const struct reference *want)
{
	struct data d;
	struct buf out;
	size_t at = 0;
	bool over = false;

	buf_init(&out, 1 << 21);
	data_begin(&d);
	while (at < in.n && !over) {
		struct str piece = str_sub(in, at, step), rest = piece;

		over = data_feed(&d, &rest, &out);
		if (!over && rest.n > 0)
			abort();
		at += piece.n - rest.n;
	}
	if (over != want->over || at != want->used)
		abort();
	if (over && (!str_eq(buf_str(&out), buf_str(&want->stored)) ||
			d.wire.size != out.len))
		abort();
	if (out.len > 2 * at + 4)
		abort();
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct reference want;

	if (size < 2 || size > 65536)
		return 0;
	in = str_sub(in, 1, size);
	reference_data(in, &want);
	check(in, in.n, &want);
	check(in, (size_t)data[0] + 1, &want);
	check(in, 1, &want);
	buf_fini(&want.stored);
	return 0;
}
