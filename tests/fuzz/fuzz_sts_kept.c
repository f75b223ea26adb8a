/*
 * fuzz_sts_kept.c - lookup/sts: the file of kept policies, any bytes
 *
 * Whatever could be read is said again, and what is said can be read as a
 * whole and says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "lookup/sts.h"

#define NOW 1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t lines(const struct buf *);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct loop *loop;
	struct err err = ERR_INIT;
	struct buf first, again;
	struct sts *s, *next;

	if (loop == NULL)
		loop = loop_new();
	s = sts_new(loop, NULL, NULL, NULL);
	next = sts_new(loop, NULL, NULL, NULL);
	buf_init(&first, STS_PACK_MAX);
	buf_init(&again, STS_PACK_MAX);
	sts_unpack(s, (struct str){ (const char *)data, n }, NOW, &err);
	sts_pack(s, NOW, &first);
	if (sts_unpack(next, buf_str(&first), NOW, &err) == -1)
		abort();
	sts_pack(next, NOW, &again);
	/* in no particular order */
	if (first.len != again.len || lines(&first) != lines(&again))
		abort();
	buf_fini(&first);
	buf_fini(&again);
	sts_free(&s);
	sts_free(&next);
	return 0;
}

static size_t
lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}
