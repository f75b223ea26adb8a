/*
 * qfile.c - a queue file being written
 *
 *	DRAFT --commit--> COMMITTING --synced--> MAIL --unlink--> GONE
 *	                       +------error------------------------^
 *	MAIL --sync route--> SYNCING --> MAIL
 *
 * A small message stays in memory until it is committed, and then is one
 * pwritev into a slot (slots.h); or, when there is none, one openat and one
 * pwritev. Once the content passes SPILL bytes, the file is
 * created and content goes to its place as it comes; the bytes of header and
 * envelope stay a hole until the commit, so the file cannot be taken for
 * more than the draft it is.
 */
#include "queue/qfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "queue/format.h"
#include "queue/io.h"

#define SPILL (64 * 1024)

static const char no_record[RECORD_HEAD]; /* where records end */

static int target(const struct qfile *);
static int add_envelope(
    struct qfile *, const struct envelope *, struct buf *to, struct err *err);
static uint32_t whole_crc(const struct qfile *);
static int append(
    struct qfile *, enum queue_rec_type, struct buf *payload, struct err *err);
static int append_bytes(struct qfile *, struct buf *rec, struct err *err);
static int leave_slot(struct qfile *, struct err *err);
static int create(struct qfile *, struct err *err);
static int open_again(struct qfile *, struct err *err);
static int spill(struct qfile *, struct str more, struct err *err);
static void finish_head(struct qfile *, uint32_t commit_len);
static void remove_file(struct qfile *);

int
qfile_new(struct qfile **out, struct spool *spool, const struct envelope *env,
    struct err *err)
{
	static const char room[HEADER_SIZE];
	struct qfile *q = mem_alloc(sizeof(*q));

	q->spool = spool;
	q->mid = env->mid;
	q->fd = -1;
	q->slot = -1;
	q->late = (env->flags & ENV_LATE) != 0;
	buf_init(&q->head, HEADER_SIZE + ENVELOPE_MAX);
	buf_init(&q->route, PAYLOAD_MAX);
	buf_init(&q->body,
	    SPILL + COMMIT_MAX + PAYLOAD_MAX + (q->late ? ENVELOPE_MAX : 0));
	buf_add(&q->head, room, sizeof(room));
	if (!q->late && add_envelope(q, env, &q->head, err) == -1) {
		qfile_free(&q);
		return -1;
	}
	q->body_at = q->content_off = (uint32_t)q->head.len;
	*out = q;
	return 0;
}

int
qfile_write(struct qfile *q, struct str bytes, struct err *err)
{
	if (q->state != QFILE_DRAFT)
		panic("qfile_write: not a draft");
	q->content_crc = hash_crc32c(q->content_crc, bytes.p, bytes.n);
	q->content_len += bytes.n;
	if (q->body.len + bytes.n > SPILL)
		return spill(q, bytes, err);
	buf_add_str(&q->body, bytes);
	return 0;
}

uint64_t
qfile_size(const struct qfile *q)
{
	return q->content_len;
}

/*
 * As long as nothing was written the envelope can still take its place before
 * the content. Otherwise it goes to the file behind it.
 */
int
qfile_envelope(struct qfile *q, const struct envelope *env, struct err *err)
{
	bool placed = q->fd != -1;

	if (q->state != QFILE_DRAFT || !q->late)
		panic("qfile_envelope: it was not late");
	if (add_envelope(q, env, placed ? &q->body : &q->head, err) == -1)
		return -1;
	q->late = false;
	if (!placed)
		q->body_at = q->content_off = (uint32_t)q->head.len;
	return 0;
}

/* Called by qfile_commit (committer.c) on the loop's thread. */
void
qfile_seal(struct qfile *q, const struct content *found)
{
	uint64_t before = HEADER_SIZE + q->envelope_len + q->content_len;
	struct buf payload;

	if (q->late)
		panic("qfile: no envelope");
	buf_init(&payload, COMMIT_MAX);
	/* its length does not depend on the crc, which covers the header */
	format_commit(before, 0, found, &payload);
	finish_head(q, (uint32_t)(RECORD_HEAD + payload.len));
	buf_reset(&payload);
	format_commit(before, whole_crc(q), found, &payload);
	format_record(q->mid, before, QREC_COMMIT, buf_str(&payload), &q->body);
	if (q->route.len > 0)
		format_record(q->mid, before + RECORD_HEAD + payload.len,
		    QREC_ROUTE, buf_str(&q->route), &q->body);
	buf_fini(&payload);
	buf_fini(&q->route);
	if (q->body.failed)
		panic("qfile: no room for COMMIT");
	q->end = q->body_at + q->body.len;
	q->state = QFILE_COMMITTING;
	if (q->spool->slots != NULL && q->fd == -1 && q->end <= SLOT_IMAGE_MAX)
		q->slot = slots_take(q->spool->slots, q->mid);
	/* what an older message left behind it must not look like a record */
	if (q->slot != -1)
		buf_add(&q->body, no_record, sizeof(no_record));
}

void
qfile_put(struct qfile *q)
{
	struct iovec iov[2] = { { q->head.data, q->head.len },
		{ q->body.data, q->body.len } };
	struct err err = ERR_INIT;
	bool small = q->fd == -1;
	uint64_t base = 0;
	int rc = 0;

	if (q->state == QFILE_SYNCING)
		return;
	if (q->slot != -1)
		base = slots_offset(q->slot);
	else if (small)
		rc = create(q, &err);
	else
		rc = io_write1(
		    q->fd, q->body.data, q->body.len, q->body_at, &err);
	/* The header comes last: with it the file claims to be complete. */
	if (rc == 0)
		rc = io_write(target(q), iov, small ? 2 : 1, base, &err);
	if (rc == -1)
		qfile_fail(q, &err);
}

void
qfile_start_io(struct qfile *q)
{
	if (q->err == NULL && q->slot == -1)
		(void)sync_file_range(q->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

void
qfile_sync(struct qfile *q)
{
	struct err err = ERR_INIT;

	if (q->err == NULL && q->slot == -1 && io_sync(q->fd, &err) == -1)
		qfile_fail(q, &err);
}

void
qfile_fail(struct qfile *q, const struct err *err)
{
	if (q->err == NULL) {
		q->err = mem_dup(err, sizeof(*err));
		err_in(q->err, "queue file of MID %" PRIu64, q->mid);
	}
	if (q->state != QFILE_SYNCING)
		remove_file(q);
}

int
qfile_routed(struct qfile *q, const struct route_rec *route, struct err *err)
{
	if (q->state != QFILE_DRAFT || q->route.len > 0 || route->skip > 0)
		panic("qfile_routed: MID %" PRIu64, q->mid);
	codec_encode(&route_rec_codec, route, &q->route);
	return q->route.failed ? err_set(err, ERR_PERM, "ROUTE is too long")
			       : 0;
}

int
qfile_route(struct qfile *q, const struct route_rec *route, struct err *err)
{
	struct buf payload;
	int rc;

	buf_init(&payload, PAYLOAD_MAX);
	codec_encode(&route_rec_codec, route, &payload);
	rc = append(q, QREC_ROUTE, &payload, err);
	buf_fini(&payload);
	if (rc == -1)
		return err_in(err, "route MID %" PRIu64, q->mid);
	q->content_off += route->skip;
	q->content_len -= route->skip;
	return 0;
}

int
qfile_attempt(struct qfile *q, uint32_t n, struct err *err)
{
	struct attempt_rec rec = { .n = n };
	struct buf payload;
	int rc;

	buf_init(&payload, PAYLOAD_MAX);
	codec_encode(&attempt_rec_codec, &rec, &payload);
	rc = append(q, QREC_ATTEMPT, &payload, err);
	buf_fini(&payload);
	if (rc == 0)
		rc = io_sync(target(q), err);
	return rc == -1 ? err_in(err, "attempt at MID %" PRIu64, q->mid) : 0;
}

int
qfile_slot(const struct qfile *q)
{
	return q->slot;
}

int
qfile_content(struct qfile *q, struct str *out, struct err *err)
{
	struct buf image;

	if (q->slot == -1)
		panic("qfile_content: not in a slot");
	if (q->body.len == 0) {
		buf_init(&image, SLOT_SIZE + 1);
		if (slots_read(q->spool->slots, q->slot, &image, err) == -1) {
			buf_fini(&image);
			return -1;
		}
		buf_fini(&q->body);
		buf_init(&q->body, SLOT_SIZE);
		buf_add_str(&q->body,
		    str_sub(buf_str(&image), q->content_off, q->content_len));
		q->body_at = q->content_off;
		buf_fini(&image);
	}
	*out = str_sub(
	    buf_str(&q->body), q->content_off - q->body_at, q->content_len);
	return 0;
}

int
qfile_read(
    struct qfile *q, uint64_t at, size_t n, struct buf *out, struct err *err)
{
	struct str content;
	char *room;
	ssize_t got;

	if (q->state != QFILE_MAIL || at > q->content_len ||
	    n > q->content_len - at)
		panic("qfile_read: %zu bytes of MID %" PRIu64, n, q->mid);
	if (q->slot != -1) {
		if (qfile_content(q, &content, err) == -1)
			return -1;
		buf_add_str(out, str_sub(content, at, n));
		return 0;
	}
	if (open_again(q, err) == -1)
		return -1;
	room = buf_room(out, n);
	if (room == NULL)
		panic("qfile_read: no room for %zu bytes", n);
	got = io_read(q->fd, room, n, q->content_off + at, err);
	if (got == -1)
		return -1;
	buf_grew(out, (size_t)got);
	return (size_t)got == n ? 0
				: err_set(err, ERR_TEMP,
				      "MID %" PRIu64 " ends too early", q->mid);
}

int
qfile_reader(struct qfile *q, struct err *err)
{
	char name[MID_NAME];
	int fd;

	/* A description of its own, without the right to write (PRIV-03). */
	fd = openat(spool_folder_fd(q->spool, QUEUE_INCOMING, q->mid),
	    spool_name(q->mid, name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open MID %s", name);
	return fd;
}

uint32_t
qfile_content_off(const struct qfile *q)
{
	return q->content_off;
}

void
qfile_park(struct qfile *q)
{
	if (q->state == QFILE_COMMITTING || q->state == QFILE_SYNCING)
		return;
	if (q->slot != -1)
		buf_release(&q->body);
	if (q->fd != -1)
		close(q->fd);
	q->fd = -1;
}

bool
qfile_is_mail(const struct qfile *q)
{
	return q->state == QFILE_MAIL;
}

int
qfile_unlink(struct qfile *q, struct err *err)
{
	if (q->state != QFILE_MAIL)
		panic("qfile_unlink: not mail");
	if (q->slot != -1)
		slots_done(q->spool->slots, q->slot, q->mid);
	else if (spool_unlink(q->spool, QUEUE_INCOMING, q->mid, err) == -1)
		return -1;
	q->named = false;
	q->state = QFILE_GONE;
	return 0;
}

void
qfile_free(struct qfile **qp)
{
	struct qfile *q = *qp;

	if (q == NULL)
		return;
	if (q->state == QFILE_COMMITTING || q->state == QFILE_SYNCING)
		panic("qfile_free: being committed");
	if (q->state == QFILE_DRAFT)
		remove_file(q);
	qfile_park(q);
	buf_fini(&q->head);
	buf_fini(&q->route);
	buf_fini(&q->body);
	free(q->err);
	free(q);
	*qp = NULL;
}

struct qfile *
qfile_adopt(struct spool *spool, const struct qmessage *m, int slot)
{
	struct qfile *q = mem_alloc(sizeof(*q));

	q->spool = spool;
	q->mid = m->mid;
	q->fd = -1;
	q->slot = slot;
	q->named = q->adopted = slot == -1;
	q->state = QFILE_MAIL;
	q->content_off = m->content_off;
	q->content_len = m->content_len;
	q->end = m->valid_len;
	buf_init(&q->head, 1);
	buf_init(&q->route, 1);
	buf_init(&q->body, 1);
	return q;
}

static int
target(const struct qfile *q)
{
	return q->slot != -1 ? slots_fd(q->spool->slots) : q->fd;
}

/* One more record; where there is no room for it in the slot, the message
 * leaves it. */
static int
append(struct qfile *q, enum queue_rec_type type, struct buf *payload,
    struct err *err)
{
	struct buf rec;
	int rc = 0;

	if (q->state != QFILE_MAIL)
		panic("qfile: not mail, MID %" PRIu64, q->mid);
	buf_init(&rec, PAYLOAD_MAX + 2 * RECORD_HEAD);
	format_record(q->mid, q->end, type, buf_str(payload), &rec);
	if (payload->failed || rec.failed)
		rc = err_set(err, ERR_PERM, "the record is too long");
	else if (q->slot != -1 && q->end + rec.len + RECORD_HEAD > SLOT_SIZE)
		rc = leave_slot(q, err);
	if (rc == 0)
		rc = append_bytes(q, &rec, err);
	if (rc == 0)
		q->end += payload->len + RECORD_HEAD;
	buf_fini(&rec);
	return rc;
}

/* In a slot, with the end mark after it. */
static int
append_bytes(struct qfile *q, struct buf *rec, struct err *err)
{
	uint64_t at = q->end;

	if (q->slot != -1) {
		at += slots_offset(q->slot);
		buf_add(rec, no_record, sizeof(no_record));
	} else if (open_again(q, err) == -1) {
		return -1;
	}
	return io_write1(target(q), rec->data, rec->len, at, err);
}

/* An unusually long ROUTE: the message becomes a file after all. */
static int
leave_slot(struct qfile *q, struct err *err)
{
	if (slots_spill(q->spool->slots, q->slot, q->mid, q->spool,
		QUEUE_INCOMING, err) == -1)
		return -1;
	slots_done(q->spool->slots, q->slot, q->mid);
	q->slot = -1;
	q->named = true;
	buf_release(&q->body);
	return 0;
}

static int
create(struct qfile *q, struct err *err)
{
	char name[MID_NAME];

	/* O_EXCL: whoever planted this name does not get the content. */
	q->fd = openat(spool_folder_fd(q->spool, QUEUE_INCOMING, q->mid),
	    spool_name(q->mid, name),
	    O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (q->fd == -1)
		return err_sys(err, ERR_TEMP, "create");
	q->named = true;
	return 0;
}

/* For appending. What a crash left after the last good record goes. */
static int
open_again(struct qfile *q, struct err *err)
{
	if (q->fd != -1)
		return 0;
	q->fd = spool_open_mid(q->spool, QUEUE_INCOMING, q->mid, O_RDWR, err);
	if (q->fd == -1)
		return -1;
	if (q->adopted && ftruncate(q->fd, (off_t)q->end) == -1)
		return err_sys(err, ERR_TEMP, "cut");
	return 0;
}

static int
add_envelope(struct qfile *q, const struct envelope *env, struct buf *to,
    struct err *err)
{
	size_t at = to->len;

	codec_encode(&envelope_codec, env, to);
	if (to->failed || to->len - at > ENVELOPE_MAX)
		return err_set(
		    err, ERR_PERM, "envelope over %d bytes", ENVELOPE_MAX);
	q->envelope_len = (uint32_t)(to->len - at);
	q->envelope_crc = hash_crc32c(0, to->data + at, q->envelope_len);
	return 0;
}

/* Of the content, then the header, then the envelope: the last thing in
 * `head`, or in `body`. */
static uint32_t
whole_crc(const struct qfile *q)
{
	const struct buf *in = q->head.len > HEADER_SIZE ? &q->head : &q->body;
	uint32_t crc = hash_crc32c(q->content_crc, q->head.data, HEADER_SIZE);

	return hash_crc32c(
	    crc, in->data + in->len - q->envelope_len, q->envelope_len);
}

/* Writes what is held and what is new, in one go. */
static int
spill(struct qfile *q, struct str more, struct err *err)
{
	struct iovec iov[2] = { { q->body.data, q->body.len },
		{ (void *)(uintptr_t)more.p, more.n } };

	if ((q->fd == -1 && create(q, err) == -1) ||
	    io_write(q->fd, iov, 2, q->body_at, err) == -1)
		return err_in(err, "queue file of MID %" PRIu64, q->mid);
	q->body_at += q->body.len + more.n;
	buf_reset(&q->body);
	return 0;
}

static void
finish_head(struct qfile *q, uint32_t commit_len)
{
	struct qheader h = {
		.version = QUEUE_VERSION,
		.writer = q->spool->writer,
		.mid = q->mid,
		.envelope_len = q->envelope_len,
		.envelope_crc = q->envelope_crc,
		.content_len = q->content_len,
		.content_off = q->content_off,
		.commit_len = commit_len,
	};

	format_header(&h, q->head.data);
}

/* No name, no descriptor. On any thread, so it keeps out of spool->dirty:
 * that a removed draft comes back in a crash does no harm. */
static void
remove_file(struct qfile *q)
{
	char name[MID_NAME];

	if (q->slot != -1)
		slots_done(q->spool->slots, q->slot, q->mid);
	q->slot = -1;
	if (q->named)
		(void)unlinkat(
		    spool_folder_fd(q->spool, QUEUE_INCOMING, q->mid),
		    spool_name(q->mid, name), 0);
	q->named = false;
	if (q->fd != -1)
		close(q->fd);
	q->fd = -1;
}
