/*
 * recover.c - what a crash left behind is put in order
 *
 *	in incoming, no COMMIT	a draft: nobody was told 250.  Removed by
 *				cleanup, unless a living process has it open
 *	COMMIT, no ROUTE	found: for the cleanup worker that wrote it
 *	COMMIT, ROUTE		found: for qmgr; the cleanup worker that wrote
 *				it tells it once more
 *	made of a message that has no ROUTE
 *				found, and queue_is_unborn: removed by the
 *				cleanup worker that wrote it, before it takes
 *				up that message; left alone by qmgr
 *	in two of incoming, quarantine, deferred at once
 *				a move that did not end: ended now
 *	a torn last record	cut away, by the program whose record it is
 *	anything else		corrupt: set aside by qmgr, left by cleanup
 *
 * What is found is a function of what is on disk; every step leaves a state
 * that stands in this table, so being killed here does no harm (DUR-07). One
 * recovery at a time runs in a place, by a lock on its folder.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/ahead.h"
#include "queue/io.h"
#include "queue/spool.h"

#define LOCK_NS 20000000 /* tried again after */

struct mids {
	uint64_t *v;
	size_t n, cap;
};

struct recovery {
	struct spool *spool;
	enum queue_place place;
	bool drafts;
	const struct recover_handler *handler;
	void *arg;
	struct arena mem; /* of one message */
};

static void say_alive(const struct recovery *);
static int list_place(struct recovery *, struct mids *, struct err *err);
static int list_folder(
    struct recovery *, unsigned folder, struct mids *, struct err *err);
static void take_name(
    struct recovery *, unsigned folder, const char *name, struct mids *);
static int by_mid(const void *, const void *);
static int recover_one(struct recovery *, uint64_t mid, struct err *err);
static void look_at(struct recovery *, uint64_t mid, int fd);
static enum qread read_settled(
    struct recovery *, struct qmessage *, int fd, struct err *);
static void remove_draft(struct recovery *, uint64_t mid, int fd);
static int judge(
    struct recovery *, const struct qmessage *, uint64_t mid, struct err *why);
static int cut_tail(struct recovery *, const struct qmessage *,
    const struct stat *, struct err *why);
static bool end_move(
    struct recovery *, uint64_t mid, int fd, const struct stat *);
static bool same_name(
    const struct spool *, enum queue_place, uint64_t mid, const struct stat *);
static void set_aside(struct recovery *, uint64_t mid, const struct err *why);

int
spool_recover(struct spool *spool, enum queue_place place, bool drafts,
    const struct recover_handler *handler, void *arg, uint64_t *max_mid,
    struct err *err)
{
	struct recovery r = { .spool = spool,
		.place = place,
		.drafts = drafts,
		.handler = handler,
		.arg = arg };
	int lock = spool->places[place].fd, rc;
	struct mids mids = { 0 };
	struct ahead *ahead;

	while (flock(lock, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EINTR && errno != EWOULDBLOCK)
			return err_sys(err, ERR_TEMP, "recovery: lock");
		say_alive(&r);
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_NS }, NULL);
	}
	rc = list_place(&r, &mids, err);
	if (mids.n > 1)
		qsort(mids.v, mids.n, sizeof(*mids.v), by_mid);
	ahead = ahead_start(spool, place, mids.v, mids.n);
	for (size_t i = 0; rc == 0 && i < mids.n; i++) {
		ahead_reach(ahead, i);
		rc = recover_one(&r, mids.v[i], err);
		say_alive(&r);
	}
	ahead_stop(&ahead);
	if (mids.n > 0 && mids.v[mids.n - 1] > *max_mid)
		*max_mid = mids.v[mids.n - 1];
	free(mids.v);
	flock(lock, LOCK_UN);
	return rc == -1 ? err_in(err, "recovery") : 0;
}

/*
 * The parent may stand in the slot it was committed to, or in a file, if that
 * slot's worker is no more, or ROUTE did not fit. It has ROUTE before it goes
 * from incoming: that it is gone means that the children are born.
 */
bool
queue_is_unborn(
    struct spool *spool, const struct slots *slots, const struct qmessage *m)
{
	uint64_t parent = m->envelope.parent;
	int slot = (int)m->envelope.parent_slot - 1;
	struct qmessage p;
	struct arena mem;
	struct buf image;
	bool unborn;
	int fd;

	if (parent == 0)
		return false;
	arena_init(&mem, QUEUE_READ_MEM);
	buf_init(&image, SLOT_SIZE + 1);
	unborn = slots != NULL && slot >= 0 &&
		 slots_message(slots, slot, parent, &image, &p, &mem, NULL) ==
		     QREAD_MAIL &&
		 !p.routed;
	fd = spool_open_mid(spool, QUEUE_INCOMING, parent, O_RDONLY, NULL);
	if (fd != -1 && !unborn)
		unborn =
		    qmessage_read(&p, fd, false, &mem, NULL) == QREAD_MAIL &&
		    p.mid == parent && !p.routed;
	if (fd != -1)
		close(fd);
	buf_fini(&image);
	arena_free(&mem);
	return unborn;
}

static void
say_alive(const struct recovery *r)
{
	if (r->handler->alive != NULL)
		r->handler->alive(r->arg);
}

static int
list_place(struct recovery *r, struct mids *mids, struct err *err)
{
	for (unsigned f = 0; f < QUEUE_FOLDERS; f++) {
		if (list_folder(r, f, mids, err) == -1)
			return err_in(err, "folder %02x", f);
		say_alive(r);
	}
	return 0;
}

static int
list_folder(
    struct recovery *r, unsigned folder, struct mids *mids, struct err *err)
{
	struct dirent *e;
	DIR *dir;
	int fd;

	fd = openat(r->spool->places[r->place].folders[folder], ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open");
	dir = fdopendir(fd);
	if (dir == NULL)
		panic("recovery: no memory");
	while (errno = 0, (e = readdir(dir)) != NULL)
		take_name(r, folder, e->d_name, mids);
	if (errno != 0) {
		err_sys(err, ERR_TEMP, "read");
		closedir(dir);
		return -1;
	}
	closedir(dir);
	return 0;
}

/* What no queue file can be called is reported and left alone. */
static void
take_name(
    struct recovery *r, unsigned folder, const char *name, struct mids *mids)
{
	struct err why = ERR_INIT;
	char again[MID_NAME];
	uint64_t mid;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	if (str_u64(str_of(name), UINT64_MAX, &mid) &&
	    strcmp(spool_name(mid, again), name) == 0 &&
	    spool_folder(mid) == folder) {
		mids->v =
		    mem_room(mids->v, &mids->cap, mids->n, sizeof(*mids->v));
		mids->v[mids->n++] = mid;
		return;
	}
	err_set(&why, ERR_PERM,
	    "%02x/%.64s: no queue file has such a name here", folder, name);
	r->handler->corrupt(r->arg, 0, &why);
}

static int
by_mid(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int
recover_one(struct recovery *r, uint64_t mid, struct err *err)
{
	struct err why = ERR_INIT;
	char name[MID_NAME];
	int fd;

	fd = openat(spool_folder_fd(r->spool, r->place, mid),
	    spool_name(mid, name),
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return 0; /* its owner was faster */
	if (fd == -1 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return err_sys(err, ERR_TEMP, "open MID %s", name);
	if (fd == -1) {
		err_sys(&why, ERR_PERM, "open");
		set_aside(r, mid, &why);
		return 0;
	}
	arena_init(&r->mem, QUEUE_READ_MEM);
	look_at(r, mid, fd);
	arena_free(&r->mem);
	close(fd);
	return 0;
}

static void
look_at(struct recovery *r, uint64_t mid, int fd)
{
	struct err why = ERR_INIT;
	struct qmessage m;
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 2 &&
	    end_move(r, mid, fd, &st))
		return;
	if (spool_check(r->spool, fd, &st, &why) == -1) {
		set_aside(r, mid, &why);
		return;
	}
	switch (read_settled(r, &m, fd, &why)) {
	case QREAD_MAIL:
		if (judge(r, &m, mid, &why) == -1 ||
		    cut_tail(r, &m, &st, &why) == -1)
			break;
		r->handler->found(r->arg, &m, r->place);
		return;
	case QREAD_DRAFT:
		if (r->place == QUEUE_INCOMING) {
			remove_draft(r, mid, fd);
			return;
		}
		err_set(&why, ERR_PERM, "no COMMIT");
		break;
	case QREAD_CORRUPT:
		break;
	}
	set_aside(r, mid, &why);
}

/*
 * A reader may see a header that is just being written, when qmgr starts
 * while cleanup is at work. That is over in a microsecond; damage stays.
 */
static enum qread
read_settled(struct recovery *r, struct qmessage *m, int fd, struct err *err)
{
	const struct timespec moment = { 0, 1000000 };
	enum qread what;

	for (int i = 0;; i++) {
		what = qmessage_read(m, fd, false, &r->mem, err);
		if (what != QREAD_CORRUPT || r->place != QUEUE_INCOMING ||
		    i == 3)
			return what;
		nanosleep(&moment, NULL);
	}
}

/*
 * A write lease is granted only when no other descriptor of the file is open
 * anywhere, and a draft that is alive is open in the process that writes it.
 */
static void
remove_draft(struct recovery *r, uint64_t mid, int fd)
{
	char name[MID_NAME];

	if (!r->drafts || fcntl(fd, F_SETLEASE, F_WRLCK) == -1)
		return;
	(void)unlinkat(
	    spool_folder_fd(r->spool, r->place, mid), spool_name(mid, name), 0);
}

static int
judge(
    struct recovery *r, const struct qmessage *m, uint64_t mid, struct err *why)
{
	if (m->mid != mid)
		return err_set(why, ERR_PERM, "holds MID %" PRIu64, m->mid);
	if (m->n_rcpts == 0 && !m->route.whole)
		return err_set(why, ERR_PERM, "no recipients");
	if (!m->routed && r->place != QUEUE_INCOMING)
		return err_set(why, ERR_PERM, "no ROUTE");
	return 0;
}

/*
 * Once ROUTE is there, qmgr alone appends; before, the cleanup worker that
 * wrote the file does, and qfile_adopt sees to the tail.
 */
static int
cut_tail(struct recovery *r, const struct qmessage *m, const struct stat *st,
    struct err *why)
{
	int fd, rc = 0;

	if (m->valid_len == (uint64_t)st->st_size || r->drafts || !m->routed)
		return 0;
	fd = spool_open_mid(r->spool, r->place, m->mid, O_RDWR, why);
	if (fd == -1)
		return -1;
	if (ftruncate(fd, (off_t)m->valid_len) == -1)
		rc = err_sys(why, ERR_TEMP, "cut");
	close(fd);
	return rc;
}

/*
 * The second name of a file: in both places of a move? Then it is ended. They
 * go from incoming to quarantine, and from both to deferred. True: the name
 * here is gone, it is found in the other place.
 */
static bool
end_move(struct recovery *r, uint64_t mid, int fd, const struct stat *st)
{
	static const enum queue_place way[] = { QUEUE_INCOMING,
		QUEUE_QUARANTINE, QUEUE_DEFERRED };
	enum queue_place from = r->place, to = r->place;
	bool before = true;
	char name[MID_NAME];

	for (size_t i = 0; i < NELEM(way); i++) {
		if (way[i] == r->place)
			before = false;
		else if (!same_name(r->spool, way[i], mid, st))
			continue;
		else if (before)
			from = way[i];
		else
			to = way[i];
	}
	if (from == to)
		return false;
	return io_sync(fd, NULL) == 0 &&
	       io_sync(spool_folder_fd(r->spool, to, mid), NULL) == 0 &&
	       unlinkat(spool_folder_fd(r->spool, from, mid),
		   spool_name(mid, name), 0) == 0 &&
	       from == r->place;
}

static bool
same_name(const struct spool *s, enum queue_place place, uint64_t mid,
    const struct stat *st)
{
	char name[MID_NAME];
	struct stat other;

	return spool_is_open(s, place) &&
	       fstatat(spool_folder_fd(s, place, mid), spool_name(mid, name),
		   &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	       other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

static void
set_aside(struct recovery *r, uint64_t mid, const struct err *why)
{
	struct err moved = ERR_INIT;

	if (!spool_is_open(r->spool, QUEUE_CORRUPT))
		return; /* qmgr's business */
	r->handler->corrupt(r->arg, mid, why);
	if (spool_set_aside(r->spool, r->place, mid, "recovery", &moved) == -1)
		r->handler->corrupt(r->arg, mid, &moved);
}
