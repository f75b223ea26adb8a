/* format.c - the bytes of a queue file: header, records, schemas */
#include "queue/format.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

CODEC_SCHEMA(content, REC_CONTENT);
CODEC_SCHEMA(route_rec, REC_ROUTE);
CODEC_SCHEMA(rid_rec, REC_RID);
CODEC_SCHEMA(done_rec, REC_DONE);
CODEC_SCHEMA(defer_rec, REC_DEFER);
CODEC_SCHEMA(held_rec, REC_HELD);
CODEC_SCHEMA(releasing_rec, REC_RELEASING);
CODEC_SCHEMA(attempt_rec, REC_ATTEMPT);

static const char magic[8] = "POSTERNQ";

static const struct codec *const record_codecs[] = {
	[QREC_ROUTE] = &route_rec_codec,
	[QREC_DONE] = &done_rec_codec,
	[QREC_DEFER] = &defer_rec_codec,
	[QREC_HELD] = &held_rec_codec,
	[QREC_RELEASING] = &releasing_rec_codec,
	[QREC_ATTEMPT] = &attempt_rec_codec,
};

static void put32(char *p, uint32_t v);
static void put64(char *p, uint64_t v);
static uint32_t get32(const char *p);
static uint64_t get64(const char *p);
static uint32_t record_crc(
    uint64_t mid, uint64_t at, uint32_t type, struct str payload);

uint64_t
format_envelope_at(const struct qheader *h)
{
	return h->content_off == HEADER_SIZE ? HEADER_SIZE + h->content_len
					     : HEADER_SIZE;
}

uint64_t
format_commit_at(const struct qheader *h)
{
	return HEADER_SIZE + h->envelope_len + h->content_len;
}

void
format_header(const struct qheader *h, char out[HEADER_SIZE])
{
	memset(out, 0, HEADER_SIZE);
	memcpy(out, magic, sizeof(magic));
	put32(out + 8, h->version);
	put32(out + 12, h->writer);
	put64(out + 16, h->mid);
	put32(out + 24, h->envelope_len);
	put32(out + 28, h->envelope_crc);
	put64(out + 32, h->content_len);
	put32(out + 40, h->content_off);
	put32(out + 44, h->commit_len);
	put32(out + 60, hash_crc32c(0, out, 60));
}

enum header_state
format_parse_header(
    struct qheader *h, const char in[HEADER_SIZE], struct err *err)
{
	static const char zeros[HEADER_SIZE];

	if (memcmp(in, zeros, HEADER_SIZE) == 0)
		return HEADER_ABSENT;
	if (memcmp(in, magic, sizeof(magic)) != 0) {
		err_set(err, ERR_PERM, "not a queue file");
		return HEADER_BAD;
	}
	if (get32(in + 60) != hash_crc32c(0, in, 60)) {
		err_set(err, ERR_PERM, "header: wrong checksum");
		return HEADER_BAD;
	}
	h->version = get32(in + 8);
	h->writer = get32(in + 12);
	h->mid = get64(in + 16);
	h->envelope_len = get32(in + 24);
	h->envelope_crc = get32(in + 28);
	h->content_len = get64(in + 32);
	h->content_off = get32(in + 40);
	h->commit_len = get32(in + 44);
	if (h->version != QUEUE_VERSION) {
		err_set(err, ERR_PERM,
		    "written by another version: its format is %" PRIu32
		    ", ours is %d",
		    h->version, QUEUE_VERSION);
		return HEADER_BAD;
	}
	if (h->envelope_len > ENVELOPE_MAX ||
	    (h->content_off != HEADER_SIZE + h->envelope_len &&
		h->content_off != HEADER_SIZE) ||
	    h->content_len > INT64_MAX / 2 ||
	    h->commit_len < RECORD_HEAD + COMMIT_HEAD ||
	    h->commit_len > COMMIT_MAX) {
		err_set(err, ERR_PERM, "header: lengths out of range");
		return HEADER_BAD;
	}
	return HEADER_GOOD;
}

void
format_record(uint64_t mid, uint64_t at, enum queue_rec_type type,
    struct str payload, struct buf *out)
{
	char head[RECORD_HEAD];

	put32(head, type);
	put32(head + 4, (uint32_t)payload.n);
	put32(head + 8, record_crc(mid, at, type, payload));
	buf_add(out, head, sizeof(head));
	buf_add_str(out, payload);
}

void
format_parse_record_head(struct qrecord *r, const char in[RECORD_HEAD])
{
	r->type = get32(in);
	r->len = get32(in + 4);
	r->crc = get32(in + 8);
}

bool
format_record_ok(
    uint64_t mid, uint64_t at, const struct qrecord *r, struct str payload)
{
	return payload.n == r->len &&
	       record_crc(mid, at, r->type, payload) == r->crc;
}

void
format_commit(
    uint64_t before, uint32_t crc, const struct content *c, struct buf *out)
{
	char head[COMMIT_HEAD];

	put64(head, before);
	put32(head + 8, crc);
	buf_add(out, head, sizeof(head));
	codec_encode(&content_codec, c, out);
}

int
format_parse_commit(struct str payload, uint64_t *before, uint32_t *crc,
    struct content *c, struct err *err)
{
	if (payload.n < COMMIT_HEAD)
		return err_set(err, ERR_PERM, "COMMIT is too short");
	*before = get64(payload.p);
	*crc = get32(payload.p + 8);
	return codec_decode(&content_codec, c,
	    str_sub(payload, COMMIT_HEAD, payload.n), NULL, err);
}

const struct codec *
format_codec(uint32_t type)
{
	return type < NELEM(record_codecs) ? record_codecs[type] : NULL;
}

static void
put32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> 8 * i);
}

static void
put64(char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (char)(v >> 8 * i);
}

static uint32_t
get32(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t)(unsigned char)p[i] << 8 * i;
	return v;
}

static uint64_t
get64(const char *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static uint32_t
record_crc(uint64_t mid, uint64_t at, uint32_t type, struct str payload)
{
	char seal[24];

	put64(seal, mid);
	put64(seal + 8, at);
	put32(seal + 16, type);
	put32(seal + 20, (uint32_t)payload.n);
	return hash_crc32c(
	    hash_crc32c(0, seal, sizeof(seal)), payload.p, payload.n);
}
