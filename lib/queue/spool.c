/* spool.c - folders: opening, and what happens to names in them */
#include "queue/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/io.h"

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const struct {
	const char *name;
	bool hashed;
} place_names[QUEUE_PLACES] = {
	[QUEUE_INCOMING] = { "incoming", true },
	[QUEUE_DEFERRED] = { "deferred", true },
	[QUEUE_CORRUPT] = { "corrupt", false },
	[QUEUE_QUARANTINE] = { "quarantine", true },
};

static int open_folders(struct place *, bool all, struct err *err);
static int link_once(const struct spool *, uint64_t mid, enum queue_place from,
    enum queue_place to, struct err *err);
static bool same_file(int folder, const char *name, int fd);

int
spool_open(
    struct spool **out, const char *path, unsigned places, struct err *err)
{
	struct spool *s = spool_new();
	int root = open(path, OPEN_FOLDER), rc = 0;

	if (root == -1)
		rc = err_sys(err, ERR_TEMP, "open %s", path);
	for (int i = 0; i < QUEUE_PLACES && rc == 0; i++)
		if (places & 1u << i)
			rc = spool_open_place(
			    s, root, (enum queue_place)i, true, err);
	if (root != -1)
		close(root);
	if (rc == -1) {
		spool_close(&s);
		return err_in(err, "spool");
	}
	*out = s;
	return 0;
}

struct spool *
spool_new(void)
{
	struct spool *s = mem_alloc(sizeof(*s));

	for (int i = 0; i < QUEUE_PLACES; i++) {
		s->places[i].fd = -1;
		for (int f = 0; f < QUEUE_FOLDERS; f++)
			s->places[i].folders[f] = -1;
	}
	return s;
}

void
spool_close(struct spool **sp)
{
	struct spool *s = *sp;

	if (s == NULL)
		return;
	slots_close(&s->slots);
	for (int i = 0; i < QUEUE_PLACES; i++) {
		for (int f = 0; f < QUEUE_FOLDERS; f++)
			if (s->places[i].folders[f] != -1)
				close(s->places[i].folders[f]);
		if (s->places[i].fd != -1)
			close(s->places[i].fd);
	}
	free(s);
	*sp = NULL;
}

void
spool_writer(struct spool *s, uint32_t writer)
{
	s->writer = writer;
	/* Queue files are for the group of qmgr too; nothing else is ever
	 * created by a process that calls this. */
	umask(0007);
	/* Over RLIMIT_FSIZE: an error of that file, not our end. */
	signal(SIGXFSZ, SIG_IGN);
}

int
spool_use_slots(struct spool *s, struct err *err)
{
	return slots_open(&s->slots, s, s->writer, true, err);
}

struct slots *
spool_slots(struct spool *s)
{
	return s->slots;
}

int
spool_scratch(const struct spool *s, struct err *err)
{
	int fd = openat(s->places[QUEUE_INCOMING].fd, ".",
	    O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd != -1 ? fd : err_sys(err, ERR_TEMP, "nameless file");
}

int
spool_free(const struct spool *s, uint64_t *bytes, uint64_t *inodes)
{
	struct statvfs v;

	for (int i = 0; i < QUEUE_PLACES; i++) {
		if (s->places[i].fd == -1)
			continue;
		if (fstatvfs(s->places[i].fd, &v) == -1)
			return -1;
		*bytes = (uint64_t)v.f_bavail * v.f_frsize;
		/* 0 of 0: the file system does not count them (btrfs). */
		*inodes = v.f_files == 0 ? UINT64_MAX : v.f_favail;
		return 0;
	}
	return -1;
}

int
spool_open_mid(const struct spool *s, enum queue_place place, uint64_t mid,
    int flags, struct err *err)
{
	char name[MID_NAME];
	struct stat st;
	int fd;

	fd = openat(spool_folder_fd(s, place, mid), spool_name(mid, name),
	    flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open MID %s", name);
	if (spool_check(s, fd, &st, err) == -1) {
		close(fd);
		return err_in(err, "MID %s", name);
	}
	return fd;
}

int
spool_move(struct spool *s, uint64_t mid, enum queue_place from,
    enum queue_place to, struct err *err)
{
	if (to == QUEUE_CORRUPT)
		return spool_set_aside(s, from, mid, "moved", err);
	if (link_once(s, mid, from, to, err) == -1)
		return err_in(err, "move MID %" PRIu64, mid);
	return spool_unlink(s, from, mid, err);
}

int
spool_unlink(
    struct spool *s, enum queue_place place, uint64_t mid, struct err *err)
{
	char name[MID_NAME];

	if (unlinkat(
		spool_folder_fd(s, place, mid), spool_name(mid, name), 0) == -1)
		return err_sys(err, ERR_TEMP, "unlink MID %s", name);
	s->places[place].dirty |= 1u << spool_folder(mid);
	return 0;
}

int
spool_sync_mid(const struct spool *s, uint64_t mid, struct err *err)
{
	char name[MID_NAME];
	int rc = 0;

	spool_name(mid, name);
	for (int i = 0; i < QUEUE_PLACES && rc == 0; i++) {
		int dir = s->places[i].folders[spool_folder(mid)], fd;

		if (dir == -1)
			continue;
		fd = openat(
		    dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd == -1 && errno == ENOENT)
			continue;
		rc = fd == -1 ? err_sys(err, ERR_TEMP, "open")
			      : io_sync(fd, err);
		if (fd != -1)
			close(fd);
		if (rc == 0)
			rc = io_sync(dir, err);
	}
	return rc == -1 ? err_in(err, "sync MID %s", name) : 0;
}

int
spool_sync_folders(struct spool *s, struct err *err)
{
	int rc = 0;

	for (int i = 0; i < QUEUE_PLACES; i++) {
		struct place *p = &s->places[i];

		for (int f = 0; p->dirty != 0 && f < QUEUE_FOLDERS; f++) {
			if (!(p->dirty & 1u << f))
				continue;
			p->dirty &= ~(1u << f);
			if (io_sync(p->folders[f], err) == -1)
				rc = err_in(
				    err, "%s/%02x", place_names[i].name, f);
		}
	}
	return rc;
}

const char *
spool_name(uint64_t mid, char out[MID_NAME])
{
	snprintf(out, MID_NAME, "%" PRIu64, mid);
	return out;
}

unsigned
spool_folder(uint64_t mid)
{
	return (unsigned)(mid / QUEUE_RUN % QUEUE_FOLDERS);
}

int
spool_folder_fd(const struct spool *s, enum queue_place place, uint64_t mid)
{
	return s->places[place].folders[spool_folder(mid)];
}

bool
spool_is_open(const struct spool *s, enum queue_place place)
{
	return s->places[place].fd != -1;
}

const char *
spool_place_name(enum queue_place place)
{
	return place_names[place].name;
}

int
spool_open_place(struct spool *s, int root, enum queue_place which, bool all,
    struct err *err)
{
	struct place *p = &s->places[which];
	struct stat st;

	if (p->fd == -1)
		p->fd = openat(root, place_names[which].name, OPEN_FOLDER);
	if (p->fd == -1 || fstat(p->fd, &st) == -1)
		return err_sys(
		    err, ERR_TEMP, "open %s", place_names[which].name);
	p->owner = st.st_uid;
	if (place_names[which].hashed && open_folders(p, all, err) == -1)
		return err_in(err, "%s", place_names[which].name);
	return 0;
}

int
spool_check(const struct spool *s, int fd, struct stat *st, struct err *err)
{
	if (fstat(fd, st) == -1)
		return err_sys(err, ERR_TEMP, "fstat");
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_PERM, "not a regular file");
	if (st->st_nlink != 1)
		return err_set(err, ERR_PERM, "has %lu names",
		    (unsigned long)st->st_nlink);
	if (st->st_uid == geteuid())
		return 0;
	for (int i = 0; i < QUEUE_PLACES; i++)
		if (s->places[i].fd != -1 && s->places[i].owner == st->st_uid)
			return 0;
	return err_set(err, ERR_PERM, "belongs to uid %u", st->st_uid);
}

int
spool_set_aside(const struct spool *s, enum queue_place from, uint64_t mid,
    const char *reason, struct err *err)
{
	char name[MID_NAME], target[64];

	if (!spool_is_open(s, QUEUE_CORRUPT))
		return err_set(err, ERR_TEMP, "corrupt is not open");
	snprintf(target, sizeof(target), "%" PRIu64 ".%.32s", mid, reason);
	/* No copy, no link: works for whatever kind of file stands there. */
	if (renameat(spool_folder_fd(s, from, mid), spool_name(mid, name),
		s->places[QUEUE_CORRUPT].fd, target) == -1)
		return err_sys(err, ERR_TEMP, "set MID %s aside", name);
	if (io_sync(s->places[QUEUE_CORRUPT].fd, err) == -1)
		return err_in(err, "corrupt");
	return 0;
}

/* all: one that is missing is an error. */
static int
open_folders(struct place *p, bool all, struct err *err)
{
	char name[8];

	for (unsigned f = 0; f < QUEUE_FOLDERS; f++) {
		if (p->folders[f] != -1)
			continue;
		snprintf(name, sizeof(name), "%02x", f);
		p->folders[f] = openat(p->fd, name, OPEN_FOLDER);
		if (p->folders[f] == -1 && all)
			return err_sys(err, ERR_TEMP, "open %s", name);
	}
	return 0;
}

/*
 * Gives the file its name in the new place, durably. That it is there
 * already is what a crash after this step leaves behind: then only the syncs
 * are made up for.
 */
static int
link_once(const struct spool *s, uint64_t mid, enum queue_place from,
    enum queue_place to, struct err *err)
{
	int old = spool_folder_fd(s, from, mid), new;
	char name[MID_NAME];
	int fd, rc = 0;

	new = spool_folder_fd(s, to, mid);
	fd = openat(old, spool_name(mid, name),
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open");
	if (linkat(old, name, new, name, 0) == -1)
		rc = err_sys(err, ERR_TEMP, "link");
	if (rc == -1 && same_file(new, name, fd))
		rc = 0;
	if (rc == 0 && (io_sync(fd, err) == -1 || io_sync(new, err) == -1))
		rc = -1;
	close(fd);
	return rc;
}

static bool
same_file(int folder, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	       fstatat(folder, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
