/* ledger_bytes.c - the bytes of the file of orders */
#include <string.h>

#include "base/hash.h"
#include "qmgr/ledger.h"

#define MAGIC    "POSTERNO"
#define VERSION  1
#define REC_HEAD 8

CODEC_SCHEMA(order_rec, REC_ORDER);

static size_t next_record(struct str, size_t at);
static uint32_t seal(uint64_t at, struct str payload);

void
ledger_pack(struct buf *out, uint64_t at, const struct order_rec *rec)
{
	const uint32_t head[2] = { VERSION, 0 };
	uint32_t len, crc;
	size_t begin;

	if (at == 0) {
		buf_add(out, MAGIC, 8);
		buf_add(out, head, sizeof(head));
		at = LEDGER_HEAD;
	}
	begin = out->len;
	buf_add(out, "\0\0\0\0\0\0\0\0", REC_HEAD);
	codec_encode(&order_rec_codec, rec, out);
	len = (uint32_t)(out->len - begin - REC_HEAD);
	crc = seal(at, (struct str){ out->data + begin + REC_HEAD, len });
	memcpy(out->data + begin, &len, sizeof(len));
	memcpy(out->data + begin + 4, &crc, sizeof(crc));
}

size_t
ledger_unpack(struct str all,
    void (*found)(void *arg, const struct order_rec *, size_t at), void *arg,
    size_t *lost)
{
	size_t end = LEDGER_HEAD, at;
	uint32_t version;

	*lost = 0;
	if (all.n < LEDGER_HEAD)
		return 0;
	memcpy(&version, all.p + 8, sizeof(version));
	if (memcmp(all.p, MAGIC, 8) != 0)
		end = 0;
	else if (version != VERSION)
		return 0;
	for (at = LEDGER_HEAD; (at = next_record(all, at)) < all.n;) {
		struct order_rec rec;
		struct arena mem;
		uint32_t len;

		arena_init(&mem, LEDGER_RECORD_MEM);
		if (ledger_read(all, at, &rec, &mem))
			found(arg, &rec, at);
		arena_free(&mem);
		memcpy(&len, all.p + at, sizeof(len));
		*lost += at - end;
		end = at += REC_HEAD + len;
	}
	return end;
}

/* Where one begins, there or behind what is damaged; all.n: nowhere. */
static size_t
next_record(struct str all, size_t at)
{
	bool ok = false;

	for (; !ok && at + REC_HEAD < all.n; at += !ok) {
		struct order_rec rec;
		struct arena mem;

		arena_init(&mem, LEDGER_RECORD_MEM);
		ok = ledger_read(all, at, &rec, &mem);
		arena_free(&mem);
	}
	return ok ? at : all.n;
}

/* False: it is not whole. */
bool
ledger_read(struct str all, size_t at, struct order_rec *rec, struct arena *mem)
{
	struct str payload;
	uint32_t len, crc;

	if (all.n < at + REC_HEAD)
		return false;
	memcpy(&len, all.p + at, sizeof(len));
	memcpy(&crc, all.p + at + 4, sizeof(crc));
	payload = str_sub(all, at + REC_HEAD, len);
	return payload.n == len && len > 0 && len < LEDGER_RECORD_MEM &&
	       seal(at, payload) == crc &&
	       codec_decode(&order_rec_codec, rec, payload, mem, NULL) == 0 &&
	       str_find(rec->host, '\0') == rec->host.n &&
	       str_find(rec->host, '\n') == rec->host.n;
}

/* A record is good only where it was written. */
static uint32_t
seal(uint64_t at, struct str payload)
{
	return hash_crc32c(
	    hash_crc32c(0, &at, sizeof(at)), payload.p, payload.n);
}
