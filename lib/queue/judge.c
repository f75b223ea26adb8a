/* judge.c - one name of the spool: what is wrong with it? */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/restore.h"
#include "queue/survey_in.h"

#define LOOKS 3 /* at what may be being written just now */

static bool fault(struct fault *, enum fault_kind, const char *what);
static const char *kind_of(mode_t);
static bool look_inside(
    struct survey *, struct judged *, int fd, struct arena *, struct fault *);
static bool look_whole(
    struct survey *, struct judged *, int fd, struct fault *);
static enum qread read_settled(
    struct survey *, struct judged *, int fd, struct arena *, struct err *);
static bool is_elsewhere(
    const struct survey *, enum queue_place, uint64_t, const struct stat *);

bool
judge_name(struct survey *s, enum queue_place place, int folder,
    const char *name, struct judged *j, struct arena *mem, struct fault *f)
{
	int dir = s->spool->places[place].folders[folder], fd;
	char text[160];
	bool bad;

	*j = (struct judged){ 0 };
	*f = (struct fault){ .place = place, .folder = folder, .slot = -1 };
	str_copy(f->name, sizeof(f->name), str_of(name));
	if (fstatat(dir, name, &j->st, AT_SYMLINK_NOFOLLOW) == -1) {
		j->gone = errno == ENOENT;
		return !j->gone &&
		       fault(f, FAULT_DAMAGED, "cannot be looked at");
	}
	if (!judge_mid(name, &f->mid))
		return fault(
		    f, FAULT_STRANGER, "no queue file has such a name");
	if (!S_ISREG(j->st.st_mode))
		return fault(f, FAULT_STRANGER, kind_of(j->st.st_mode));
	if (is_elsewhere(s, place, f->mid, &j->st)) {
		j->busy = s->running;
		return !j->busy &&
		       fault(f, FAULT_MOVE,
			   "is in two places: it was being moved on");
	}
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 && errno == EACCES &&
	    rights_fault(&s->accounts, place, &j->st, false, text) != NULL)
		return fault(f, FAULT_RIGHTS, text);
	if (fd == -1) {
		j->gone = errno == ENOENT;
		return !j->gone && fault(f, FAULT_DAMAGED, strerror(errno));
	}
	bad = look_inside(s, j, fd, mem, f);
	close(fd);
	return bad;
}

bool
judge_mid(const char *name, uint64_t *mid)
{
	char again[MID_NAME];

	*mid = 0;
	if (str_u64(str_of(name), INT64_MAX, mid) && *mid != 0 &&
	    strcmp(spool_name(*mid, again), name) == 0)
		return true;
	*mid = 0;
	return false;
}

bool
judge_same(const struct survey *s, enum queue_place place, uint64_t mid,
    const struct stat *st)
{
	int dir = s->spool->places[place].folders[spool_folder(mid)];
	char name[MID_NAME];
	struct stat other;

	return dir != -1 &&
	       fstatat(dir, spool_name(mid, name), &other,
		   AT_SYMLINK_NOFOLLOW) == 0 &&
	       other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

static bool
fault(struct fault *f, enum fault_kind kind, const char *what)
{
	f->kind = kind;
	str_copy(f->what, sizeof(f->what), str_of(what));
	return true;
}

static const char *
kind_of(mode_t mode)
{
	return S_ISDIR(mode)    ? "a folder, not a file"
	       : S_ISLNK(mode)  ? "a symbolic link, not a file"
	       : S_ISFIFO(mode) ? "a pipe, not a file"
	       : S_ISSOCK(mode) ? "a socket, not a file"
				: "a device, not a file";
}

/* Of the places of a move, the one behind has it, too. */
static bool
is_elsewhere(const struct survey *s, enum queue_place place, uint64_t mid,
    const struct stat *st)
{
	static const enum queue_place way[] = { QUEUE_INCOMING,
		QUEUE_QUARANTINE, QUEUE_DEFERRED };
	size_t i = 0;

	if (st->st_nlink != 2)
		return false;
	while (way[i] != place)
		i++;
	while (++i < NELEM(way))
		if (judge_same(s, way[i], mid, st))
			return true;
	return false;
}

static bool
look_inside(struct survey *s, struct judged *j, int fd, struct arena *mem,
    struct fault *f)
{
	struct err why = ERR_INIT;
	char text[160];
	enum qread what;

	if (fstat(fd, &j->st) == -1)
		return fault(f, FAULT_DAMAGED, strerror(errno));
	if (j->st.st_nlink == 0) {
		j->gone = true;
		return false;
	}
	if (j->st.st_nlink > 1) {
		/* being moved, or the other end of a move */
		j->busy = s->running;
		snprintf(text, sizeof(text), "the file has %lu names",
		    (unsigned long)j->st.st_nlink);
		if (j->busy ||
		    judge_same(s, QUEUE_INCOMING, f->mid, &j->st) +
			    judge_same(s, QUEUE_QUARANTINE, f->mid, &j->st) +
			    judge_same(s, QUEUE_DEFERRED, f->mid, &j->st) ==
			2)
			return false;
		return fault(f, FAULT_LINKED, text);
	}
	what = read_settled(s, j, fd, mem, &why);
	if (rights_fault(&s->accounts, f->place, &j->st,
		what != QREAD_MAIL || j->m.routed, text) != NULL)
		return fault(f, FAULT_RIGHTS, text);
	if (what == QREAD_MAIL)
		return look_whole(s, j, fd, f);
	if (what == QREAD_DRAFT && f->place == QUEUE_INCOMING) {
		j->busy = s->running;
		return !j->busy &&
		       fault(f, FAULT_DRAFT,
			   "is not finished: nobody was told that it was "
			   "accepted");
	}
	if (what == QREAD_DRAFT)
		return fault(f, FAULT_DAMAGED, "has no COMMIT: it is cut off");
	return fault(
	    f, j->m.committed ? FAULT_RECORD : FAULT_DAMAGED, why.text);
}

static bool
look_whole(struct survey *s, struct judged *j, int fd, struct fault *f)
{
	const struct qmessage *m = &j->m;
	char text[120];

	if (m->valid_len != (uint64_t)j->st.st_size) {
		j->busy = s->running;
		if (j->busy)
			return false;
		if (salvage_more(fd, m))
			return fault(f, FAULT_RECORD,
			    "a record is damaged, with others behind it");
		return fault(f, FAULT_TAIL, "its last record is torn");
	}
	if (m->n_rcpts == 0 && !m->route.whole)
		return fault(f, FAULT_DAMAGED, "it has no recipients");
	if (m->mid != f->mid) {
		snprintf(text, sizeof(text), "holds MID %" PRIu64, m->mid);
		return fault(f, FAULT_ELSEWHERE, text);
	}
	if (f->folder != (int)spool_folder(f->mid)) {
		snprintf(text, sizeof(text), "belongs into folder %02x",
		    spool_folder(f->mid));
		return fault(f, FAULT_ELSEWHERE, text);
	}
	if (!m->routed && f->place != QUEUE_INCOMING)
		return fault(f, FAULT_ELSEWHERE,
		    "has not been through the work queue: no ROUTE");
	j->whole = true;
	return false;
}

/* Beside a gateway that writes, damage is what stays damage. */
static enum qread
read_settled(struct survey *s, struct judged *j, int fd, struct arena *mem,
    struct err *err)
{
	const struct timespec moment = { 0, 2000000 };
	enum qread what;

	for (int i = 0;; i++) {
		what = qmessage_read(&j->m, fd, true, mem, err);
		if (what != QREAD_CORRUPT || !s->running || i == LOOKS)
			break;
		nanosleep(&moment, NULL);
	}
	/* moved or ended meanwhile */
	if (what == QREAD_CORRUPT && s->running && fstat(fd, &j->st) == 0 &&
	    j->st.st_nlink != 1)
		return QREAD_DRAFT;
	return what;
}
