/*
 * fuzz_present.c - lookup/dnsmsg, lookup/present: any message as text
 *
 * Whatever the bytes are, each record is printable ASCII on one line, and
 * reading ends.
 */
#include <stdlib.h>

#include "lookup/present.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_text(const struct buf *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dnsmsg m = { data, n, DNSMSG_HEADER };
	struct dnsmsg_name name;
	struct dnsmsg_record rec;
	struct buf out;
	unsigned type;

	if (n < DNSMSG_HEADER || n > 65535)
		return 0;
	buf_init(&out, 8 * 65536);
	if (dnsmsg_question(&m, &name, &type)) {
		present_name(&name, &out);
		check_text(&out);
		while (dnsmsg_record(&m, &rec)) {
			buf_reset(&out);
			present_data(&m, &rec, &out);
			check_text(&out);
		}
	}
	buf_fini(&out);
	if (m.at > n)
		abort();
	return 0;
}

static void
check_text(const struct buf *out)
{
	if (out->len == 0 || out->failed)
		abort();
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] < ' ' || out->data[i] > '~')
			abort();
}
