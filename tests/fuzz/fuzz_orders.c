/*
 * fuzz_orders.c - qmgr/ledger: a file of orders, any bytes
 *
 * First byte: whether checksums are put right before it is read. What could be
 * read says the same when it is written again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "qmgr/ledger.h"

#define HEAD 16 /* of the file; of a record 8 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void repair(char *p, size_t n);
static void again(void *arg, const struct order_rec *, size_t at);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf copy;
	struct str file;
	size_t good, lost;

	if (n == 0)
		return 0;
	file = (struct str){ mem_alloc(n), n - 1 };
	memcpy((char *)(uintptr_t)file.p, data + 1, file.n);
	if (data[0] & 1)
		repair((char *)(uintptr_t)file.p, file.n);
	buf_init(&copy, SIZE_MAX);
	good = ledger_unpack(file, again, &copy, &lost);
	if (good > file.n || (good > 0 && good < HEAD) || lost > good ||
	    (good == 0 && copy.len > 0))
		abort();
	buf_fini(&copy);
	free((char *)(uintptr_t)file.p);
	return 0;
}

static void
repair(char *p, size_t n)
{
	uint32_t len, crc;

	for (uint64_t at = HEAD; at + 8 <= n; at += 8 + len) {
		memcpy(&len, p + at, sizeof(len));
		if (len > n - at - 8)
			return;
		crc = hash_crc32c(
		    hash_crc32c(0, &at, sizeof(at)), p + at + 8, len);
		memcpy(p + at + 4, &crc, sizeof(crc));
	}
}

/* Numbers may have been written longer than they need be, so places differ;
 * what a record says does not. */
static void
again(void *arg, const struct order_rec *rec, size_t at)
{
	const struct rid_rec *rids = rec->rids.v;
	struct buf *copy = arg;
	uint32_t sum = (uint32_t)at;

	buf_reset(copy);
	ledger_pack(copy, at, rec);
	if (rec->what > ORDER_REDIRECT || rec->host.n > DOMAIN_MAX ||
	    memchr(rec->host.p, '\0', rec->host.n) != NULL)
		abort();
	for (size_t i = 0; i < rec->rids.n; i++)
		sum += rids[i].rid; /* all of them can be read */
	(void)sum;
}
