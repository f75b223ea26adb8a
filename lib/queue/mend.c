/*
 * mend.c - each fault put right
 *
 * What is whole gets its place, what can be read of the rest is made whole,
 * what cannot is set aside. No name is taken away before what stands for it is
 * durable, and none is ever taken from another file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/io.h"
#include "queue/mend.h"

#define ROUNDS 8 /* faults that one file may have one after the other */

static int mend_file(struct mending *);
static int cure_above(struct mending *);
static int cure_folder(struct mending *);
static int cure_rights(struct mending *);
static int cure_aside(struct mending *);
static int remove_empty(struct mending *, int dir, const char *name);
static int cure_linked(struct mending *);
static int cure_move(struct mending *);
static int cure_elsewhere(struct mending *);
static int cure_tail(struct mending *);
static int cure_record(struct mending *);
static int cure_temporary(struct mending *);
static int take_new(struct mending *, bool routed, uint64_t lost);
static int open_file(struct mending *, int flags);
static int copy_new(struct mending *, int fd);
static int keep_copy(struct mending *, int fd);
static const char *reason_of(enum fault_kind);

static int (*const cures[FAULT_KINDS])(struct mending *) = {
	[FAULT_FOLDER] = cure_folder,
	[FAULT_RIGHTS] = cure_rights,
	[FAULT_STRANGER] = cure_aside,
	[FAULT_LINKED] = cure_linked,
	[FAULT_MOVE] = cure_move,
	[FAULT_DRAFT] = cure_aside,
	[FAULT_ELSEWHERE] = cure_elsewhere,
	[FAULT_TWICE] = cure_aside,
	[FAULT_TAIL] = cure_tail,
	[FAULT_RECORD] = cure_record,
	[FAULT_DAMAGED] = cure_aside,
	[FAULT_TEMPORARY] = cure_temporary,
	[FAULT_SLOT] = mend_slot,
	[FAULT_SLOTS] = mend_slots,
};

int
survey_mend(struct survey *s, const struct fault *f, char done[MENDED_MAX],
    struct err *err)
{
	struct mending m = { .survey = s, .f = *f, .err = err, .done = done };
	char file[FAULT_FILE];
	int rc;

	done[0] = '\0';
	arena_init(&m.mem, QUEUE_READ_MEM);
	if (f->slot != -1)
		rc = f->kind == FAULT_SLOT ? mend_slot(&m) : mend_said(&m);
	else if (f->folder == -1 || f->name[0] == '\0')
		rc = cure_above(&m);
	else
		rc = mend_file(&m);
	arena_free(&m.mem);
	return rc == -1 ? err_in(err, "%s", fault_file(f, file)) : 0;
}

void
mend_say(struct mending *m, const char *what, const char *name)
{
	size_t n = strlen(m->done);

	snprintf(m->done + n, MENDED_MAX - n, "%s%s%s", n > 0 ? "; " : "", what,
	    name);
}

int
mend_aside(struct mending *m, int dir, const char *name, const char *as)
{
	struct survey *s = m->survey;
	int corrupt = s->spool->places[QUEUE_CORRUPT].fd;
	char target[ASIDE_NAME];
	struct stat st;

	/* nothing is in it, and the cage lets no such thing be moved */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return remove_empty(m, dir, name);
	if (mend_free_name(s, as, target, m->err) == -1)
		return -1;
	if (renameat2(dir, name, corrupt, target, RENAME_NOREPLACE) == -1)
		return err_sys(m->err, ERR_TEMP,
		    errno == EACCES || errno == EPERM
			? "set aside; move it away by hand"
			: "set aside");
	if (io_sync(corrupt, m->err) == -1 || io_sync(dir, m->err) == -1)
		return -1;
	mend_say(m, "set aside as corrupt/", target);
	return 0;
}

int
mend_free_name(
    struct survey *s, const char *as, char out[ASIDE_NAME], struct err *err)
{
	int corrupt = s->spool->places[QUEUE_CORRUPT].fd;
	struct stat st;

	if (corrupt == -1)
		return err_set(err, ERR_TEMP, "there is no folder corrupt");
	snprintf(out, ASIDE_NAME, "%.60s", as);
	while (fstatat(corrupt, out, &st, AT_SYMLINK_NOFOLLOW) == 0)
		snprintf(out, ASIDE_NAME, "%.60s.%u", as, ++s->n_aside);
	return errno == ENOENT ? 0 : err_sys(err, ERR_TEMP, "look at corrupt");
}

int
mend_place_new(
    struct mending *m, enum queue_place to, uint64_t mid, const char **taken)
{
	struct spool *spool = m->survey->spool;
	int corrupt = spool->places[QUEUE_CORRUPT].fd,
	    dir = spool_folder_fd(spool, to, mid);
	char name[MID_NAME], new[ASIDE_NAME];
	struct stat st;

	*taken = NULL;
	spool_name(mid, name);
	salvage_name(mid, new);
	for (int i = 0; i < QUEUE_PLACES; i++) {
		enum queue_place p = (enum queue_place)i;

		if (p != QUEUE_CORRUPT &&
		    spool_folder_fd(spool, p, mid) != -1 &&
		    !(p == m->f.place && mid == m->f.mid && m->f.slot == -1 &&
			m->f.folder == (int)spool_folder(mid)) &&
		    fstatat(spool_folder_fd(spool, p, mid), name, &st,
			AT_SYMLINK_NOFOLLOW) == 0)
			*taken = spool_place_name(p);
	}
	if (*taken != NULL)
		return unlinkat(corrupt, new, 0);
	if (renameat2(corrupt, new, dir, name, RENAME_NOREPLACE) == -1)
		return err_sys(m->err, ERR_TEMP, "name it %s", name);
	return io_sync(dir, m->err) == -1 || io_sync(corrupt, m->err) == -1 ? -1
									    : 0;
}

/* --- files in hashed folders --- */

/* One fault after the other, until there is none; it may move meanwhile. */
static int
mend_file(struct mending *m)
{
	enum fault_kind first = m->f.kind;

	for (int i = 0; i < ROUNDS; i++) {
		struct fault f;
		bool twice = i == 0 && first == FAULT_TWICE;

		arena_free(&m->mem);
		if (!judge_name(m->survey, m->f.place, m->f.folder, m->f.name,
			&m->j, &m->mem, &f)) {
			if (!twice || m->j.gone)
				return 0;
			f.kind = FAULT_TWICE;
		}
		m->f = f;
		m->over = false;
		if (cures[f.kind](m) == -1)
			return -1;
		if (m->over)
			return 0;
	}
	return err_set(m->err, ERR_TEMP, "does not come to an end");
}

static int
cure_rights(struct mending *m)
{
	const struct survey_accounts *a = &m->survey->accounts;

	m->over = true;
	/* ours: that is root's part, which comes after this one, too */
	if (m->j.st.st_uid == a->qmgr || m->j.st.st_uid == a->cleanup)
		return 0;
	return cure_aside(m);
}

static int
cure_aside(struct mending *m)
{
	const char *reason = reason_of(m->f.kind);
	char as[ASIDE_NAME];

	m->over = true;
	if (m->f.mid != 0)
		snprintf(as, sizeof(as), "%" PRIu64 ".%s", m->f.mid, reason);
	else
		snprintf(as, sizeof(as), "%s-%02x.%s",
		    spool_place_name(m->f.place), (unsigned)m->f.folder,
		    reason);
	return mend_aside(m, mend_dir(m), m->f.name, as);
}

/* A link, a pipe: nothing is in it that could be lost. */
static int
remove_empty(struct mending *m, int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == -1)
		return err_sys(m->err, ERR_TEMP, "remove");
	mend_say(m, "removed, as it is no file", "");
	return io_sync(dir, m->err);
}

/* Its other name may be anybody's: it keeps what it has, we get a copy. */
static int
cure_linked(struct mending *m)
{
	int corrupt = m->survey->spool->places[QUEUE_CORRUPT].fd;
	int fd = open_file(m, O_RDONLY), rc;
	char new[ASIDE_NAME];

	if (fd == -1)
		return cure_aside(m);
	rc = copy_new(m, fd);
	close(fd);
	if (rc == -1)
		return -1;
	if (renameat(corrupt, salvage_name(m->f.mid, new), mend_dir(m),
		m->f.name) == -1)
		return err_sys(m->err, ERR_TEMP, "replace it");
	mend_say(m, "made a file of its own", "");
	return io_sync(mend_dir(m), m->err);
}

/* As recovery does. */
static int
cure_move(struct mending *m)
{
	int rc = spool_sync_mid(m->survey->spool, m->f.mid, m->err);

	m->over = true;
	if (rc == 0 && unlinkat(mend_dir(m), m->f.name, 0) == -1)
		rc = err_sys(m->err, ERR_TEMP, "unlink");
	if (rc == 0)
		mend_say(m, "ended the move", "");
	return rc == 0 ? io_sync(mend_dir(m), m->err) : -1;
}

/* Where its MID and its records say. */
static int
cure_elsewhere(struct mending *m)
{
	struct spool *spool = m->survey->spool;
	const struct qmessage *q = &m->j.m;
	enum queue_place to = q->routed ? m->f.place : QUEUE_INCOMING;
	int from = mend_dir(m), dir = spool_folder_fd(spool, to, q->mid);
	char name[MID_NAME], file[FAULT_FILE];

	spool_name(q->mid, name);
	if (q->mid == 0 || q->mid > INT64_MAX || dir == -1 ||
	    (renameat2(from, m->f.name, dir, name, RENAME_NOREPLACE) == -1 &&
		errno == EEXIST)) {
		m->f.kind = FAULT_TWICE;
		return cure_aside(m);
	}
	if (io_sync(dir, m->err) == -1 || io_sync(from, m->err) == -1)
		return -1;
	m->f.place = to;
	m->f.folder = (int)spool_folder(q->mid);
	m->f.mid = q->mid;
	str_copy(m->f.name, sizeof(m->f.name), str_of(name));
	mend_say(m, "put at ", fault_file(&m->f, file));
	return 0;
}

static int
cure_tail(struct mending *m)
{
	int fd = open_file(m, O_RDWR), rc = 0;

	if (fd == -1)
		return err_sys(m->err, ERR_TEMP, "open");
	if (ftruncate(fd, (off_t)m->j.m.valid_len) == -1)
		rc = err_sys(m->err, ERR_TEMP, "cut");
	else
		rc = io_sync(fd, m->err);
	close(fd);
	if (rc == 0)
		mend_say(m, "cut the torn record away", "");
	return rc;
}

static int
cure_record(struct mending *m)
{
	int fd = open_file(m, O_RDONLY), rc;
	struct err why = ERR_INIT;
	uint64_t lost = 0;
	bool routed;

	if (fd == -1)
		return cure_aside(m);
	rc = salvage_file(m->survey, fd, m->f.mid, &routed, &lost, &why);
	if (rc == -1 && why.kind == ERR_PERM) {
		close(fd);
		return cure_aside(m);
	}
	if (rc == 0)
		rc = keep_copy(m, fd);
	else
		*m->err = why;
	close(fd);
	return rc == 0 ? take_new(m, routed, lost) : -1;
}

/* MID.new becomes the message. */
static int
take_new(struct mending *m, bool routed, uint64_t lost)
{
	enum queue_place to = routed ? m->f.place : QUEUE_INCOMING;
	int corrupt = m->survey->spool->places[QUEUE_CORRUPT].fd;
	int dir = mend_dir(m);
	char new[ASIDE_NAME], text[120];
	const char *taken;

	if (to == m->f.place && m->f.folder == (int)spool_folder(m->f.mid)) {
		if (renameat(corrupt, salvage_name(m->f.mid, new), dir,
			m->f.name) == -1)
			return err_sys(m->err, ERR_TEMP, "replace it");
	} else if (mend_place_new(m, to, m->f.mid, &taken) == -1) {
		return -1;
	} else if (taken != NULL) {
		return cure_aside(m);
	} else if (unlinkat(dir, m->f.name, 0) == -1) {
		return err_sys(m->err, ERR_TEMP, "unlink");
	}
	if (io_sync(dir, m->err) == -1)
		return -1;
	m->f.place = to;
	m->f.folder = (int)spool_folder(m->f.mid);
	spool_name(m->f.mid, m->f.name);
	snprintf(text, sizeof(text),
	    "kept what is whole, %" PRIu64 " bytes of records were not%s", lost,
	    routed ? "" : "; it goes through the work queue again");
	mend_say(m, text, "");
	return 0;
}

/* --- above them --- */

static int
cure_above(struct mending *m)
{
	char as[ASIDE_NAME];

	if (m->f.kind != FAULT_STRANGER)
		return cures[m->f.kind](m);
	snprintf(as, sizeof(as), "%s.stranger", spool_place_name(m->f.place));
	return mend_aside(
	    m, m->survey->spool->places[m->f.place].fd, m->f.name, as);
}

/* Root's part has been there; is it as it must be now? */
static int
cure_folder(struct mending *m)
{
	struct survey *s = m->survey;
	const struct place *p = &s->spool->places[m->f.place];

	if (spool_open_place(s->spool, s->root, m->f.place, false, m->err) ==
	    -1)
		return -1;
	if (m->f.folder != -1 && p->folders[m->f.folder] == -1)
		return err_set(m->err, ERR_TEMP, "is still missing");
	return 0;
}

static int
cure_temporary(struct mending *m)
{
	if (unlinkat(m->survey->spool->places[m->f.place].fd, m->f.name, 0) ==
		-1 &&
	    errno != ENOENT)
		return err_sys(m->err, ERR_TEMP, "remove");
	mend_say(m, "removed", "");
	return 0;
}

/* --- helpers --- */

int
mend_dir(const struct mending *m)
{
	return m->survey->spool->places[m->f.place].folders[m->f.folder];
}

static int
open_file(struct mending *m, int flags)
{
	return openat(mend_dir(m), m->f.name,
	    flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

static int
copy_new(struct mending *m, int fd)
{
	char new[ASIDE_NAME];

	salvage_name(m->f.mid, new);
	return mend_copy(m, fd, 0, UINT64_MAX, new);
}

/* What is damaged is kept, for people. */
static int
keep_copy(struct mending *m, int fd)
{
	char as[ASIDE_NAME], name[ASIDE_NAME];

	snprintf(as, sizeof(as), "%" PRIu64 ".%s", m->f.mid,
	    reason_of(FAULT_RECORD));
	if (mend_free_name(m->survey, as, name, m->err) == -1 ||
	    mend_copy(m, fd, 0, UINT64_MAX, name) == -1)
		return -1;
	mend_say(m, "a copy is corrupt/", name);
	return 0;
}

int
mend_copy(
    struct mending *m, int fd, uint64_t at, uint64_t len, const char *name)
{
	int corrupt = m->survey->spool->places[QUEUE_CORRUPT].fd, to, rc;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(m->err, ERR_TEMP, "fstat");
	if ((uint64_t)st.st_size < at)
		len = 0;
	else if ((uint64_t)st.st_size - at < len)
		len = (uint64_t)st.st_size - at;
	if (unlinkat(corrupt, name, 0) == -1 && errno != ENOENT)
		return err_sys(m->err, ERR_TEMP, "remove corrupt/%s", name);
	to = openat(corrupt, name,
	    O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (to == -1)
		return err_sys(m->err, ERR_TEMP, "create corrupt/%s", name);
	rc = salvage_copy(fd, to, at, len, m->err);
	if (rc == 0)
		rc = io_sync(to, m->err);
	close(to);
	return rc == 0 ? io_sync(corrupt, m->err) : -1;
}

static const char *
reason_of(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_DRAFT:
		return "unfinished";
	case FAULT_TWICE:
		return "twice";
	case FAULT_STRANGER:
	case FAULT_RIGHTS:
	case FAULT_LINKED:
		return "stranger";
	default:
		return "damaged";
	}
}
