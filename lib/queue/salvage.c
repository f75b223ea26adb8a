/*
 * salvage.c - what can be read of a queue file whose records are damaged
 *
 * A record is good only in its place and its file, so behind damage the next
 * good one is found by looking for it. Those that are good are written anew,
 * one behind the other. Without ROUTE nothing is known of the recipients that
 * the others speak of: then the message goes through the work queue again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/format.h"
#include "queue/io.h"
#include "queue/survey_in.h"

#define REGION_MAX (64u << 20)  /* of records */
#define EFFORT_MAX (256u << 20) /* bytes of what turned out to be no record */
#define PIECE      65536

struct kept {
	uint32_t type;
	struct str payload;
};

struct salvage {
	uint64_t mid, begin; /* of the records */
	struct buf region;
	struct kept *v;
	size_t n, cap;
	uint64_t lost; /* bytes that are in no good record */
};

/* How much of the records is kept, should more of it not be understood. */
enum depth { ALL_OF_THEM, TO_ROUTE, NONE_OF_THEM };

static int load(struct salvage *, int fd, uint64_t begin, struct err *);
static void scan(struct salvage *);
static bool is_record(
    const struct salvage *, size_t at, struct kept *, uint64_t *effort);
static int64_t route_of(const struct salvage *);
static int write_new(
    struct survey *, const struct salvage *, int fd, enum depth, struct err *);
static void add_records(const struct salvage *, enum depth, struct buf *);
static bool is_good(struct survey *, uint64_t mid, bool *routed);

bool
salvage_more(int fd, const struct qmessage *m)
{
	struct salvage v = { .mid = m->mid };
	bool more;

	more = load(&v, fd, m->valid_len, NULL) == 0 && v.region.len > 0;
	if (more)
		scan(&v);
	more = more && v.n > 0;
	free(v.v);
	buf_fini(&v.region);
	return more;
}

int
salvage_file(struct survey *s, int fd, uint64_t mid, bool *routed,
    uint64_t *lost, struct err *err)
{
	struct salvage v = { .mid = mid };
	char head[HEADER_SIZE];
	struct qheader h;
	int rc = -1;

	if (io_read(fd, head, sizeof(head), 0, err) != (ssize_t)sizeof(head) ||
	    format_parse_header(&h, head, err) != HEADER_GOOD)
		return err_in(err, "MID %" PRIu64, mid);
	if (load(&v, fd, format_commit_at(&h) + h.commit_len, err) == 0) {
		scan(&v);
		for (enum depth d = ALL_OF_THEM; rc == -1 && d <= NONE_OF_THEM;
		     d++) {
			if (write_new(s, &v, fd, d, err) == -1)
				break;
			if (is_good(s, mid, routed))
				rc = 0;
			else if (d == NONE_OF_THEM)
				err_set(err, ERR_PERM,
				    "what is left of it is no message");
		}
	}
	*lost = v.lost;
	free(v.v);
	buf_fini(&v.region);
	return rc;
}

const char *
salvage_name(uint64_t mid, char out[ASIDE_NAME])
{
	snprintf(out, ASIDE_NAME, "%" PRIu64 ".new", mid);
	return out;
}

int
salvage_copy(int from, int to, uint64_t at, uint64_t len, struct err *err)
{
	char *piece = mem_alloc(PIECE);
	uint64_t put = 0;
	int rc = 0;

	while (rc == 0 && put < len) {
		size_t want = len - put < PIECE ? (size_t)(len - put) : PIECE;
		ssize_t n = io_read(from, piece, want, at + put, err);

		if (n <= 0)
			rc = n == 0 ? err_set(err, ERR_TEMP, "ends too early")
				    : -1;
		else
			rc = io_write1(to, piece, (size_t)n, put, err);
		put += n > 0 ? (uint64_t)n : 0;
	}
	free(piece);
	return rc;
}

static int
load(struct salvage *v, int fd, uint64_t begin, struct err *err)
{
	struct stat st;
	ssize_t n;
	char *room;

	v->begin = begin;
	buf_init(&v->region, REGION_MAX);
	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "fstat");
	if ((uint64_t)st.st_size <= begin)
		return 0;
	n = st.st_size - (off_t)begin;
	if (n > (ssize_t)REGION_MAX)
		n = REGION_MAX;
	room = buf_room(&v->region, (size_t)n);
	n = io_read(fd, room, (size_t)n, begin, err);
	if (n == -1)
		return -1;
	buf_grew(&v->region, (size_t)n);
	return 0;
}

static void
scan(struct salvage *v)
{
	uint64_t effort = 0;
	size_t at = 0;

	while (at + RECORD_HEAD <= v->region.len && effort < EFFORT_MAX) {
		struct kept k;

		if (!is_record(v, at, &k, &effort)) {
			at++;
			v->lost++;
			continue;
		}
		v->v = mem_room(v->v, &v->cap, v->n, sizeof(*v->v));
		v->v[v->n++] = k;
		at += RECORD_HEAD + k.payload.n;
	}
	v->lost += v->region.len - at;
}

static bool
is_record(const struct salvage *v, size_t at, struct kept *k, uint64_t *effort)
{
	const char *p = v->region.data + at;
	struct qrecord r;

	format_parse_record_head(&r, p);
	if (format_codec(r.type) == NULL ||
	    r.len > v->region.len - at - RECORD_HEAD)
		return false;
	*k = (struct kept){ r.type, { p + RECORD_HEAD, r.len } };
	if (format_record_ok(v->mid, v->begin + at, &r, k->payload))
		return true;
	*effort += r.len;
	return false;
}

/* Which one it is; -1: none. */
static int64_t
route_of(const struct salvage *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].type == QREC_ROUTE)
			return (int64_t)i;
	return -1;
}

static int
write_new(struct survey *s, const struct salvage *v, int fd, enum depth depth,
    struct err *err)
{
	int dir = s->spool->places[QUEUE_CORRUPT].fd, to, rc;
	char name[ASIDE_NAME];
	struct buf records;

	salvage_name(v->mid, name);
	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_TEMP, "remove corrupt/%s", name);
	to = openat(dir, name,
	    O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (to == -1)
		return err_sys(err, ERR_TEMP, "create corrupt/%s", name);
	buf_init(&records, REGION_MAX);
	add_records(v, depth, &records);
	rc = salvage_copy(fd, to, 0, v->begin, err);
	if (rc == 0)
		rc = io_write1(to, records.data, records.len, v->begin, err);
	if (rc == 0)
		rc = io_sync(to, err);
	buf_fini(&records);
	close(to);
	return rc == -1 ? err_in(err, "corrupt/%s", name) : 0;
}

/* Of one that has no ROUTE any more only what stands before it. */
static void
add_records(const struct salvage *v, enum depth depth, struct buf *out)
{
	int64_t route = route_of(v);

	for (size_t i = 0; i < v->n && depth != NONE_OF_THEM; i++) {
		const struct kept *k = &v->v[i];
		bool early = k->type == QREC_ATTEMPT;

		if (route == -1 ? !early : (int64_t)i < route ? !early : early)
			continue;
		if (depth == TO_ROUTE && (int64_t)i > route)
			break;
		format_record(v->mid, v->begin + out->len,
		    (enum queue_rec_type)k->type, k->payload, out);
	}
}

static bool
is_good(struct survey *s, uint64_t mid, bool *routed)
{
	char name[ASIDE_NAME];
	struct qmessage m;
	struct arena mem;
	struct stat st;
	bool good;
	int fd;

	fd = openat(s->spool->places[QUEUE_CORRUPT].fd, salvage_name(mid, name),
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return false;
	arena_init(&mem, QUEUE_READ_MEM);
	good = fstat(fd, &st) == 0 &&
	       qmessage_read(&m, fd, true, &mem, NULL) == QREAD_MAIL &&
	       m.mid == mid && m.valid_len == (uint64_t)st.st_size &&
	       (m.n_rcpts > 0 || m.route.whole);
	*routed = good && m.routed;
	arena_free(&mem);
	close(fd);
	return good;
}
