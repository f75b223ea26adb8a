/* slots.c - recycled places for messages in flight */
#include "queue/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/format.h"
#include "queue/io.h"
#include "queue/spool.h"

#define LOOKS_MAX  64 /* slots looked at before a file is taken instead */
#define SPARE      8  /* times the room that slots take must be free */
#define STATE_SIZE (SLOTS_N * sizeof(struct slot_state))

struct slot_state {
	_Atomic uint64_t committed; /* MID that was told 250 last */
	_Atomic uint64_t done;      /* MID that was finished last */
};

struct slots {
	int fd, state_fd;
	uint32_t worker;
	const char *fault;        /* slots_look: their sizes; NULL: none */
	struct slot_state *state; /* mapped; NULL: a reader (see get) */
	_Atomic bool dirty;       /* done was said, not synced */

	/* a reader's own: the MID that it said was done in each slot */
	_Atomic uint64_t said[SLOTS_N];

	/* the writer's own: MID in each slot, 0 for none; BROKEN: not ours */
	uint64_t held[SLOTS_N];
	uint32_t next;
};
#define BROKEN UINT64_MAX

static struct slot_state get(const struct slots *, int slot);
static int open_files(
    struct slots *, const struct spool *, bool writer, struct err *err);
static int open_one(const struct spool *, const char *name, bool writer,
    int *fd, uint64_t *size, struct err *err);
static bool has_room(const struct spool *);
static bool is_used(int fd, uint64_t size);
static int fill(int fd, uint64_t size, struct err *err);
static int recover_slot(struct slots *, int slot, bool writer,
    const struct slots_handler *, void *arg, struct err *err);
static int write_file(struct spool *, enum queue_place, uint64_t mid,
    struct str image, struct err *err);

int
slots_open(struct slots **out, const struct spool *spool, uint32_t worker,
    bool writer, struct err *err)
{
	struct slots *s = mem_alloc(sizeof(*s));
	int rc;

	*out = NULL;
	s->fd = s->state_fd = -1;
	s->worker = worker;
	rc = open_files(s, spool, writer, err);
	if (rc != 0) {
		slots_close(&s);
		return rc == 1 ? 0 : err_in(err, "slots of worker %u", worker);
	}
	*out = s;
	if (!writer)
		return 0;
	s->state = mmap(NULL, STATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
	    s->state_fd, 0);
	if (s->state == MAP_FAILED) {
		s->state = NULL;
		slots_close(out);
		return err_sys(err, ERR_TEMP, "map the state of slots");
	}
	return 0;
}

int
slots_look(struct slots **out, const struct spool *spool, uint32_t worker,
    struct err *err)
{
	struct slots *s = mem_alloc(sizeof(*s));
	char name[40];
	uint64_t size;

	s->fd = s->state_fd = -1;
	s->worker = worker;
	*out = s;
	snprintf(name, sizeof(name), "slots.%u", worker);
	if (open_one(spool, name, false, &s->fd, &size, err) == -1) {
		slots_close(out);
		return err_in(err, "slots of worker %u", worker);
	}
	if (s->fd == -1)
		s->fault = "has a state, but no slots";
	else if (size != (uint64_t)SLOTS_N * SLOT_SIZE)
		s->fault = "is not as long as slots are";
	snprintf(name, sizeof(name), "slots.%u.state", worker);
	if (open_one(spool, name, false, &s->state_fd, &size, NULL) == -1) {
		/* or it is not ours to read: the messages are all the same */
		if (s->state_fd != -1)
			close(s->state_fd);
		s->state_fd = -1;
		if (s->fault == NULL)
			s->fault = "has a state that cannot be read: what of "
				   "it is delivered already cannot be said";
	}
	if (s->fault == NULL && s->state_fd == -1)
		s->fault = "has no state: what of it is delivered already "
			   "cannot be said";
	else if (s->fault == NULL && size != STATE_SIZE)
		s->fault = "has a state of the wrong size: what of it is "
			   "delivered already cannot be said";
	return 0;
}

const char *
slots_fault(const struct slots *s)
{
	return s->fault;
}

void
slots_close(struct slots **sp)
{
	struct slots *s = *sp;

	if (s == NULL)
		return;
	if (s->state != NULL)
		munmap(s->state, STATE_SIZE);
	if (s->fd != -1)
		close(s->fd);
	if (s->state_fd != -1)
		close(s->state_fd);
	free(s);
	*sp = NULL;
}

int
slots_take(struct slots *s, uint64_t mid)
{
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		uint32_t at = s->next;

		s->next = (at + 1) % SLOTS_N;
		if (s->held[at] != 0 && !slots_is_done(s, (int)at, s->held[at]))
			continue;
		s->held[at] = mid;
		return (int)at;
	}
	return -1;
}

int
slots_fd(const struct slots *s)
{
	return s->fd;
}

uint64_t
slots_offset(int slot)
{
	return (uint64_t)slot * SLOT_SIZE;
}

void
slots_committed(struct slots *s, int slot, uint64_t mid)
{
	atomic_store(&s->state[slot].committed, mid);
}

void
slots_done(struct slots *s, int slot, uint64_t mid)
{
	const uint64_t at = (uint64_t)slot * sizeof(struct slot_state) +
			    offsetof(struct slot_state, done);

	/* That it cannot be said means that it is delivered once more. */
	if (s->state != NULL) {
		atomic_store(&s->state[slot].done, mid);
	} else {
		(void)io_write1(s->state_fd, &mid, sizeof(mid), at, NULL);
		atomic_store(&s->said[slot], mid);
	}
	s->dirty = true;
}

/* What came into a slot after we said so can only be done by us: the file
 * need not be asked. */
bool
slots_is_done(const struct slots *s, int slot, uint64_t mid)
{
	uint64_t said = atomic_load(&s->said[slot]);
	struct slot_state now;

	if (said != 0)
		return said == mid;
	now = get(s, slot);
	return atomic_load(&now.done) == mid;
}

int
slots_sync(struct slots *s, struct err *err)
{
	if (!atomic_exchange(&s->dirty, false))
		return 0;
	if (fdatasync(s->state_fd) == -1)
		return err_sys(err, ERR_TEMP, "sync the state of slots");
	return 0;
}

int
slots_read(const struct slots *s, int slot, struct buf *out, struct err *err)
{
	ssize_t n;

	buf_reset(out);
	if (buf_room(out, SLOT_SIZE) == NULL)
		panic("slots_read: a buffer too small");
	n = io_read(s->fd, out->data, SLOT_SIZE, slots_offset(slot), err);
	if (n == -1)
		return -1;
	buf_grew(out, (size_t)n);
	return 0;
}

enum qread
slots_message(const struct slots *s, int slot, uint64_t mid, struct buf *image,
    struct qmessage *qm, struct arena *mem, struct err *err)
{
	enum qread what;

	if (slot < 0 || slot >= (int)SLOTS_N || slots_is_done(s, slot, mid)) {
		errno = ENOENT; /* as a file that was unlinked */
		err_sys(err, ERR_TEMP, "slot %d, MID %" PRIu64, slot, mid);
		return QREAD_CORRUPT;
	}
	if (slots_read(s, slot, image, err) == -1)
		return QREAD_CORRUPT;
	what = qmessage_parse(qm, buf_str(image), true, mem, err);
	if (what == QREAD_MAIL && qm->mid != mid) {
		err_set(err, ERR_PERM, "slot %d holds another message", slot);
		return QREAD_CORRUPT;
	}
	return what;
}

int
slots_recover(struct slots *s, bool writer, const struct slots_handler *h,
    void *arg, struct err *err)
{
	for (int i = 0; i < (int)SLOTS_N; i++)
		if (recover_slot(s, i, writer, h, arg, err) == -1)
			return -1;
	return 0;
}

int
slots_spill(const struct slots *s, int slot, uint64_t mid, struct spool *spool,
    enum queue_place to, struct err *err)
{
	struct qmessage qm;
	struct arena mem;
	struct buf image;
	int rc = -1;

	buf_init(&image, SLOT_SIZE + 1);
	arena_init(&mem, QUEUE_READ_MEM);
	if (slots_message(s, slot, mid, &image, &qm, &mem, err) == QREAD_MAIL)
		rc = write_file(spool, to, mid,
		    str_sub(buf_str(&image), 0, qm.valid_len), err);
	arena_free(&mem);
	buf_fini(&image);
	return rc == -1 ? err_in(err, "MID %" PRIu64, mid) : 0;
}

/*
 * A reader does not map the file: the writer could cut it off, and touching
 * what is no longer there would be the reader's end. What cannot be read is
 * zero: nothing is done, nothing was committed.
 */
static struct slot_state
get(const struct slots *s, int slot)
{
	struct slot_state now = { 0, 0 };

	if (s->state != NULL) {
		atomic_store(
		    &now.committed, atomic_load(&s->state[slot].committed));
		atomic_store(&now.done, atomic_load(&s->state[slot].done));
	} else if (io_read(s->state_fd, &now, sizeof(now),
		       (uint64_t)slot * sizeof(now),
		       NULL) != (ssize_t)sizeof(now)) {
		memset(&now, 0, sizeof(now));
	}
	return now;
}

/* --- opening --- */

/* 1: there are none, and none are to be made. */
static int
open_files(
    struct slots *s, const struct spool *spool, bool writer, struct err *err)
{
	const uint64_t want = (uint64_t)SLOTS_N * SLOT_SIZE;
	char name[40];
	uint64_t size;
	int rc;

	snprintf(name, sizeof(name), "slots.%u", s->worker);
	rc = open_one(spool, name, writer, &s->fd, &size, err);
	if (rc == 0 && size != want) {
		if (!writer || !has_room(spool))
			return 1;
		if (is_used(s->fd, size)) {
			err_set(err, ERR_PERM,
			    "%s is not as long as slots are; what it holds "
			    "waits for \"postern queue repair\"",
			    name);
			return 1;
		}
		rc = fill(s->fd, want, err);
	}
	if (rc != 0)
		return rc;
	snprintf(name, sizeof(name), "slots.%u.state", s->worker);
	rc = open_one(spool, name, writer, &s->state_fd, &size, err);
	if (rc == 0 && size != STATE_SIZE)
		rc = writer ? fill(s->state_fd, STATE_SIZE, err) : 1;
	return rc;
}

static int
open_one(const struct spool *spool, const char *name, bool writer, int *fd,
    uint64_t *size, struct err *err)
{
	struct stat st;

	*fd = openat(spool->places[QUEUE_INCOMING].fd, name,
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
		(writer ? O_CREAT : 0),
	    0660);
	if (*fd == -1 && errno == ENOENT)
		return 1;
	if (*fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", name);
	if (spool_check(spool, *fd, &st, err) == -1)
		return -1;
	*size = (uint64_t)st.st_size;
	return 0;
}

static bool
has_room(const struct spool *spool)
{
	uint64_t bytes, inodes;

	return spool_free(spool, &bytes, &inodes) == 0 &&
	       bytes / SPARE >= (uint64_t)SLOTS_N * SLOT_SIZE;
}

/* A message was in it once, and may be yet. */
static bool
is_used(int fd, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += SLOT_SIZE) {
		char first = 0;

		if (io_read(fd, &first, 1, at, NULL) == -1 || first != 0)
			return true;
	}
	return false;
}

/*
 * Zeros, really written: overwriting them later allocates nothing. By the
 * page, since the kernel keeps the pieces of one write together and would
 * later count, and perhaps write, a whole piece for each small change.
 */
static int
fill(int fd, uint64_t size, struct err *err)
{
	static const char zeros[4096];

	if (ftruncate(fd, 0) == -1)
		return err_sys(err, ERR_TEMP, "empty");
	for (uint64_t at = 0; at < size; at += sizeof(zeros))
		if (io_write1(fd, zeros,
			size - at < sizeof(zeros) ? size - at : sizeof(zeros),
			at, err) == -1)
			return -1;
	return io_sync(fd, err);
}

/* --- recovery --- */

static int
recover_slot(struct slots *s, int slot, bool writer,
    const struct slots_handler *h, void *arg, struct err *err)
{
	struct err why = ERR_INIT;
	struct qmessage qm;
	struct qheader head;
	struct arena mem;
	struct buf image;
	struct slot_state now = get(s, slot);
	uint64_t committed = atomic_load(&now.committed);
	int rc = 0;

	buf_init(&image, SLOT_SIZE + 1);
	arena_init(&mem, QUEUE_READ_MEM);
	if (slots_read(s, slot, &image, err) == -1) {
		rc = -1;
	} else if (image.len < HEADER_SIZE ||
		   format_parse_header(&head, image.data, &why) !=
		       HEADER_GOOD ||
		   slots_is_done(s, slot, head.mid)) {
		/* never used, finished, or torn at its start */
		if (committed != 0 && why.kind != ERR_NONE &&
		    !slots_is_done(s, slot, committed)) {
			s->held[slot] = BROKEN;
			h->damaged(arg, slot, committed, &why);
		}
	} else if (qmessage_parse(&qm, buf_str(&image), true, &mem, &why) ==
		   QREAD_MAIL) {
		s->held[slot] = head.mid;
		h->found(arg, slot, &qm);
	} else if (committed == head.mid) {
		s->held[slot] = BROKEN;
		h->damaged(arg, slot, head.mid, &why);
	} else if (writer) {
		slots_done(s, slot, head.mid);
	}
	arena_free(&mem);
	buf_fini(&image);
	return rc;
}

/* --- out of a slot --- */

static int
write_file(struct spool *spool, enum queue_place place, uint64_t mid,
    struct str image, struct err *err)
{
	int dir = spool_folder_fd(spool, place, mid), fd, rc;
	char name[MID_NAME];

	/* What a spill that was killed left is made new. */
	spool_name(mid, name);
	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_TEMP, "remove an older %s", name);
	fd = openat(dir, name,
	    O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", name);
	rc = io_write1(fd, image.p, image.n, 0, err);
	if (rc == 0)
		rc = io_sync(fd, err);
	if (rc == 0)
		rc = io_sync(dir, err);
	if (rc == -1)
		(void)unlinkat(dir, name, 0);
	close(fd);
	return rc;
}
