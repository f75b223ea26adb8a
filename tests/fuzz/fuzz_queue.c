/*
 * fuzz_queue.c - queue/qmessage: a file that somebody else has written
 *
 * First byte: whether checksums are put right before it is read, so that
 * what lies behind them is reached; then the file.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "queue/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void repair(char *p, size_t n);
static void repair_records(char *p, size_t n, uint64_t mid, size_t at);
static enum qread read_one(
    struct qmessage *, struct str, bool deep, struct arena *);
static void check(const struct qmessage *, struct str);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct qmessage m, again;
	struct arena mem, other;
	struct str file;
	enum qread shallow;

	if (n == 0)
		return 0;
	file = (struct str){ mem_alloc(n), n - 1 };
	memcpy((char *)(uintptr_t)file.p, data + 1, file.n);
	if (data[0] & 1)
		repair((char *)(uintptr_t)file.p, file.n);
	shallow = read_one(&m, file, false, &mem);
	if (read_one(&again, file, true, &other) == QREAD_MAIL &&
	    shallow != QREAD_MAIL)
		abort(); /* more checks cannot make it better */
	arena_free(&other);
	if (shallow == QREAD_MAIL) {
		check(&m, file);
		/* what is cut away is not missed */
		if (read_one(&again, str_sub(file, 0, m.valid_len), false,
			&other) != QREAD_MAIL ||
		    again.routed != m.routed || again.n_open != m.n_open ||
		    again.valid_len != m.valid_len)
			abort();
		arena_free(&other);
	}
	arena_free(&mem);
	free((char *)(uintptr_t)file.p);
	return 0;
}

static enum qread
read_one(struct qmessage *m, struct str file, bool deep, struct arena *mem)
{
	struct err err = ERR_INIT;
	enum qread what;

	arena_init(mem, QUEUE_READ_MEM);
	what = qmessage_parse(m, file, deep, mem, &err);
	if ((what == QREAD_CORRUPT) != (err.text[0] != '\0'))
		abort(); /* it says why, or there is nothing to say */
	return what;
}

static void
check(const struct qmessage *m, struct str file)
{
	size_t n_open = 0;

	if (m->valid_len > file.n ||
	    m->content_off + m->content_len > m->valid_len ||
	    m->content_len + m->route.skip != m->content.size ||
	    m->n_rcpts != m->envelope.rcpts.n)
		abort();
	for (size_t i = 0; i < m->n_rcpts; i++)
		n_open += !m->rcpts[i].done;
	if (n_open != m->n_open)
		abort();
}

/* Fields in memory order: the machines that fuzz are little-endian. */
static void
repair(char *p, size_t n)
{
	struct qheader h = { .version = QUEUE_VERSION };
	size_t at;

	if (n < HEADER_SIZE)
		return;
	memcpy(&h.writer, p + 12, 4);
	memcpy(&h.mid, p + 16, 8);
	memcpy(&h.envelope_len, p + 24, 4);
	memcpy(&h.content_len, p + 32, 8);
	memcpy(&h.content_off, p + 40, 4);
	h.envelope_len %= (uint32_t)(n - HEADER_SIZE + 1);
	h.content_off =
	    HEADER_SIZE + (h.content_off == HEADER_SIZE ? 0 : h.envelope_len);
	h.content_len %= n - HEADER_SIZE - h.envelope_len + 1;
	h.envelope_crc =
	    hash_crc32c(0, p + format_envelope_at(&h), h.envelope_len);
	at = format_commit_at(&h);
	h.commit_len = RECORD_HEAD;
	if (n - at >= RECORD_HEAD) {
		memcpy(&h.commit_len, p + at + 4, 4);
		h.commit_len += RECORD_HEAD;
	}
	format_header(&h, p);
	repair_records(p, n, h.mid, at);
}

static void
repair_records(char *p, size_t n, uint64_t mid, size_t at)
{
	struct qrecord r;
	struct buf out;

	while (n - at >= RECORD_HEAD) {
		format_parse_record_head(&r, p + at);
		if (r.len > n - at - RECORD_HEAD)
			return;
		buf_init(&out, RECORD_HEAD + r.len);
		format_record(mid, at, (enum queue_rec_type)r.type,
		    (struct str){ p + at + RECORD_HEAD, r.len }, &out);
		memcpy(p + at, out.data, RECORD_HEAD);
		buf_fini(&out);
		at += RECORD_HEAD + r.len;
	}
}
