/*
 * qmessage.c - a queue file is read: what is it, and how far did it get?
 *
 *	no header yet, or nothing whole up to COMMIT	DRAFT
 *	COMMIT whole, each record after it whole	MAIL
 *	COMMIT whole, a torn record at the end		MAIL, valid_len before
 *it anything else					CORRUPT, never a guess
 *
 * COMMIT is torn when the file is shorter than its header promises, or zeros
 * stand in its place: a power cut came before the sync. Bytes that are there
 * and wrong are damage.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "queue/format.h"
#include "queue/io.h"
#include "queue/qreader.h"
#include "queue/spool.h"

#define WINDOW 8192 /* most messages are read whole with the first call */
#define SLICE  65536

static enum qread read_all(struct reader *, bool deep);
static enum qread read_head(struct reader *);
static enum qread read_envelope(struct reader *);
static enum qread read_commit(struct reader *, bool deep);
static int check_content(struct reader *, uint32_t want);
static enum qread read_records(struct reader *);
static enum qread read_record(struct reader *, uint64_t at, uint64_t *next);
static int view(
    struct source *, uint64_t at, size_t n, struct str *out, struct err *);
static bool all_zero(struct str);

enum qread
qmessage_read(
    struct qmessage *m, int fd, bool deep, struct arena *mem, struct err *err)
{
	struct reader r = {
		.src = { .fd = fd }, .m = m, .mem = mem, .err = err
	};
	enum qread what;
	struct stat st;

	if (fstat(fd, &st) == -1) {
		err_sys(err, ERR_TEMP, "fstat");
		return QREAD_CORRUPT;
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1) {
		err_set(err, ERR_PERM, "not a regular file with one name");
		return QREAD_CORRUPT;
	}
	r.src.size = (uint64_t)st.st_size;
	buf_init(&r.src.window, PAYLOAD_MAX + WINDOW);
	what = read_all(&r, deep);
	buf_fini(&r.src.window);
	return what;
}

enum qread
qmessage_parse(struct qmessage *m, struct str bytes, bool deep,
    struct arena *mem, struct err *err)
{
	struct reader r = {
		.src = { .fd = -1, .bytes = bytes, .size = bytes.n },
		.m = m,
		.mem = mem,
		.err = err
	};

	return read_all(&r, deep);
}

int
qrec_append(int fd, uint64_t mid, enum queue_rec_type type, const void *rec,
    bool sync, struct err *err)
{
	const struct codec *codec = format_codec(type);
	struct buf payload, out;
	struct stat st;
	int rc;

	if (codec == NULL)
		panic("qrec_append: type %d", type);
	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "fstat");
	buf_init(&payload, PAYLOAD_MAX);
	buf_init(&out, PAYLOAD_MAX + RECORD_HEAD);
	codec_encode(codec, rec, &payload);
	format_record(mid, (uint64_t)st.st_size, type, buf_str(&payload), &out);
	if (payload.failed || out.failed)
		rc = err_set(err, ERR_PERM, "%s is too long", codec->name);
	else
		rc =
		    io_write1(fd, out.data, out.len, (uint64_t)st.st_size, err);
	/* Half a record would hide those that come after it. */
	if (rc == -1 && ftruncate(fd, st.st_size) == -1)
		err_in(err, "and cannot be cut back");
	buf_fini(&payload);
	buf_fini(&out);
	if (rc == 0 && sync)
		rc = io_sync(fd, err);
	return rc == -1 ? err_in(err, "append to MID %" PRIu64, mid) : 0;
}

static enum qread
read_all(struct reader *r, bool deep)
{
	enum qread what;

	*r->m = (struct qmessage){ 0 };
	arena_init(&r->scratch, 64 * 1024 * 1024);
	what = read_head(r);
	if (what == QREAD_MAIL)
		what = read_commit(r, deep);
	if (what == QREAD_MAIL)
		what = read_envelope(r);
	r->m->committed = what == QREAD_MAIL;
	if (what == QREAD_MAIL)
		what = read_records(r);
	arena_free(&r->scratch);
	return what;
}

static enum qread
read_head(struct reader *r)
{
	struct str s;

	if (r->src.size < HEADER_SIZE)
		return QREAD_DRAFT;
	if (view(&r->src, 0, HEADER_SIZE, &s, r->err) == -1)
		return QREAD_CORRUPT;
	switch (format_parse_header(&r->head, s.p, r->err)) {
	case HEADER_GOOD:
		break;
	case HEADER_ABSENT:
		return QREAD_DRAFT;
	case HEADER_BAD:
		return QREAD_CORRUPT;
	}
	r->m->mid = r->head.mid;
	r->m->writer = r->head.writer;
	r->m->content_off = r->head.content_off;
	r->m->content_len = r->head.content_len;
	return QREAD_MAIL;
}

/* Looked at before the envelope: in a draft that may be a hole. */
static enum qread
read_commit(struct reader *r, bool deep)
{
	uint64_t at = format_commit_at(&r->head), before;
	struct qrecord rec;
	struct str s;
	uint32_t crc;

	if (r->src.size < at || r->src.size - at < r->head.commit_len)
		return QREAD_DRAFT;
	if (view(&r->src, at, r->head.commit_len, &s, r->err) == -1)
		return QREAD_CORRUPT;
	if (all_zero(s))
		return QREAD_DRAFT;
	format_parse_record_head(&rec, s.p);
	s = str_sub(s, RECORD_HEAD, s.n);
	if (rec.type != QREC_COMMIT) {
		err_set(r->err, ERR_PERM, "no COMMIT after the content");
		return QREAD_CORRUPT;
	}
	s = arena_str(r->mem, s);
	if (!format_record_ok(r->head.mid, at, &rec, s)) {
		err_set(r->err, ERR_PERM, "COMMIT: wrong checksum");
		return QREAD_CORRUPT;
	}
	if (format_parse_commit(s, &before, &crc, &r->m->content, r->err) == -1)
		return QREAD_CORRUPT;
	if (before != at || r->m->content.size != r->head.content_len) {
		err_set(r->err, ERR_PERM, "COMMIT: lengths differ");
		return QREAD_CORRUPT;
	}
	r->m->valid_len = at + r->head.commit_len;
	/* what is read in one go anyway is checked anyway */
	if ((deep || at <= WINDOW) && check_content(r, crc) == -1)
		return QREAD_CORRUPT;
	return QREAD_MAIL;
}

static int
check_content(struct reader *r, uint32_t want)
{
	uint64_t at = r->head.content_off, left = r->head.content_len;
	uint32_t crc = 0;
	struct str s;

	while (left > 0) {
		size_t n = left < SLICE ? (size_t)left : SLICE;

		if (view(&r->src, at, n, &s, r->err) == -1)
			return -1;
		crc = hash_crc32c(crc, s.p, s.n);
		at += n;
		left -= n;
	}
	if (view(&r->src, 0, HEADER_SIZE, &s, r->err) == -1)
		return -1;
	crc = hash_crc32c(crc, s.p, s.n);
	if (view(&r->src, format_envelope_at(&r->head), r->head.envelope_len,
		&s, r->err) == -1)
		return -1;
	if (hash_crc32c(crc, s.p, s.n) != want)
		return err_set(r->err, ERR_PERM, "content: wrong checksum");
	return 0;
}

static enum qread
read_envelope(struct reader *r)
{
	struct str s;

	if (view(&r->src, format_envelope_at(&r->head), r->head.envelope_len,
		&s, r->err) == -1)
		return QREAD_CORRUPT;
	if (hash_crc32c(0, s.p, s.n) != r->head.envelope_crc) {
		err_set(r->err, ERR_PERM, "envelope: wrong checksum");
		return QREAD_CORRUPT;
	}
	s = arena_str(r->mem, s);
	if (codec_decode(&envelope_codec, &r->m->envelope, s, r->mem, r->err) ==
	    -1) {
		err_in(r->err, "envelope");
		return QREAD_CORRUPT;
	}
	if (r->m->envelope.mid != r->m->mid) {
		err_set(r->err, ERR_PERM, "envelope: of MID %" PRIu64,
		    r->m->envelope.mid);
		return QREAD_CORRUPT;
	}
	qreader_rcpts(r);
	return QREAD_MAIL;
}

static enum qread
read_records(struct reader *r)
{
	uint64_t at = r->m->valid_len, next;
	enum qread what;

	while (at < r->src.size) {
		what = read_record(r, at, &next);
		if (what == QREAD_DRAFT)
			break; /* torn: all before it counts */
		if (what == QREAD_CORRUPT)
			return what;
		r->m->valid_len = at = next;
	}
	r->m->n_open = 0;
	for (size_t i = 0; i < r->m->n_rcpts; i++)
		r->m->n_open += !r->m->rcpts[i].done;
	return QREAD_MAIL;
}

/*
 * DRAFT here: it is torn. Only the last thing in a file can be, and torn
 * means too short, or zeros to the end: records are synced one after another,
 * so behind a bad one that is followed by more, something else is at work.
 */
static enum qread
read_record(struct reader *r, uint64_t at, uint64_t *next)
{
	uint64_t left = r->src.size - at;
	struct qrecord rec;
	struct str s;

	if (left < RECORD_HEAD)
		return QREAD_DRAFT;
	if (view(&r->src, at, RECORD_HEAD, &s, r->err) == -1)
		return QREAD_CORRUPT;
	format_parse_record_head(&rec, s.p);
	if (rec.len > left - RECORD_HEAD || rec.len > PAYLOAD_MAX)
		return QREAD_DRAFT;
	if (view(&r->src, at + RECORD_HEAD, rec.len, &s, r->err) == -1)
		return QREAD_CORRUPT;
	if (!format_record_ok(r->m->mid, at, &rec, s)) {
		if (rec.len == left - RECORD_HEAD || all_zero(s))
			return QREAD_DRAFT;
		err_set(r->err, ERR_PERM,
		    "record at %" PRIu64 ": wrong checksum", at);
		return QREAD_CORRUPT;
	}
	*next = at + RECORD_HEAD + rec.len;
	if (qreader_apply(r, rec.type, s) == -1) {
		err_in(r->err, "record at %" PRIu64, at);
		return QREAD_CORRUPT;
	}
	return QREAD_MAIL;
}

/* n bytes at `at`; they stay until the next call. */
static int
view(
    struct source *src, uint64_t at, size_t n, struct str *out, struct err *err)
{
	size_t want = n > WINDOW ? n : WINDOW;
	ssize_t got;
	char *room;

	if (at > src->size || n > src->size - at)
		return err_set(err, ERR_PERM, "ends too early");
	if (src->fd == -1) {
		*out = (struct str){ src->bytes.p + at, n };
		return 0;
	}
	if (at < src->at || at + n > src->at + src->window.len) {
		buf_reset(&src->window);
		src->at = at;
		room = buf_room(&src->window, want);
		got = room == NULL ? -1 : io_read(src->fd, room, want, at, err);
		if (got == -1)
			return -1;
		buf_grew(&src->window, (size_t)got);
		if ((size_t)got < n)
			return err_set(err, ERR_TEMP, "shrinks while read");
	}
	*out = (struct str){ src->window.data + (at - src->at), n };
	return 0;
}

static bool
all_zero(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}
