/* restore.c - owners and modes of the spool, by root */
#include "queue/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/format.h"
#include "queue/io.h"
#include "queue/survey_in.h"

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define MODES_ALL   0660
#define FIRST_BYTES 4096

struct restoring {
	const struct survey_accounts *accounts;
	void (*restored)(void *arg, const char *file, const char *what);
	void *arg;
	struct err *err;
	bool failed;
};

/* What something is to be. */
struct want {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

static void restore_place(struct restoring *, int root, enum queue_place);
static int restore_folder(struct restoring *, int at, const char *path,
    const char *name, const struct want *);
static void restore_files(
    struct restoring *, int at, const char *path, enum queue_place);
static void restore_file(struct restoring *, int dir, const char *path,
    const char *name, enum queue_place);
static bool is_ours(int dir, const char *name, const struct stat *, int *fd);
static bool begins_right(int fd, const char *name, uint64_t size);
static bool are_slots(int fd, uint64_t size);
static bool is_state(int fd, uint64_t size);
static void put_right(struct restoring *, int fd, const char *file,
    const struct stat *, const struct want *);
static struct want want_of(const struct restoring *, enum queue_place, bool);
static void failed(struct restoring *, const char *file, const char *why);

int
restore_rights(int root, const struct survey_accounts *accounts,
    void (*restored)(void *arg, const char *file, const char *what), void *arg,
    struct err *err)
{
	struct restoring r = { .accounts = accounts,
		.restored = restored,
		.arg = arg,
		.err = err };

	restore_place(&r, root, QUEUE_INCOMING);
	restore_place(&r, root, QUEUE_DEFERRED);
	restore_place(&r, root, QUEUE_QUARANTINE);
	restore_place(&r, root, QUEUE_CORRUPT);
	return r.failed ? -1 : 0;
}

const char *
rights_fault(const struct survey_accounts *a, enum queue_place place,
    const struct stat *st, bool routed, char out[160])
{
	bool shared = st->st_uid == a->cleanup && a->cleanup != a->qmgr;
	mode_t mode = st->st_mode & 07777, least = shared ? 0660 : 0600;

	if (st->st_uid != a->cleanup && st->st_uid != a->qmgr)
		snprintf(out, 160, "belongs to uid %u, not to %u",
		    (unsigned)st->st_uid,
		    (unsigned)(place == QUEUE_INCOMING ? a->cleanup : a->qmgr));
	else if (place == QUEUE_INCOMING && !routed && st->st_uid != a->cleanup)
		snprintf(out, 160,
		    "belongs to uid %u: cleanup, uid %u, cannot go on with it",
		    (unsigned)st->st_uid, (unsigned)a->cleanup);
	else if (shared && st->st_gid != a->group)
		snprintf(out, 160, "has group %u, not %u", (unsigned)st->st_gid,
		    (unsigned)a->group);
	else if ((mode & ~(mode_t)MODES_ALL) != 0 || (mode & least) != least)
		snprintf(out, 160, "its mode is %04o, not %04o", (unsigned)mode,
		    (unsigned)least);
	else
		return NULL;
	return out;
}

/* A folder that is another account's is not taken over, and not entered. */
static void
restore_place(struct restoring *r, int root, enum queue_place place)
{
	const char *name = spool_place_name(place);
	struct want w = want_of(r, place, true);
	int fd = restore_folder(r, root, name, name, &w), in;
	char path[40], sub[8];

	if (fd == -1)
		return;
	for (unsigned f = 0; place != QUEUE_CORRUPT && f < QUEUE_FOLDERS; f++) {
		snprintf(sub, sizeof(sub), "%02x", f);
		snprintf(path, sizeof(path), "%s/%s", name, sub);
		in = restore_folder(r, fd, path, sub, &w);
		if (in == -1)
			continue;
		restore_files(r, in, path, place);
		close(in);
	}
	if (place != QUEUE_CORRUPT)
		restore_files(r, fd, name, place);
	close(fd);
}

/* The folder, open; -1: not ours, and told. */
static int
restore_folder(struct restoring *r, int at, const char *path, const char *name,
    const struct want *w)
{
	bool made = mkdirat(at, name, 0700) == 0;
	int fd = openat(at, name, OPEN_FOLDER);
	struct stat st;
	char text[120];

	if (fd == -1 || fstat(fd, &st) == -1) {
		failed(r, path, strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	if (made)
		r->restored(r->arg, path, "made");
	if (made)
		(void)io_sync(at, NULL);
	if (st.st_uid != w->uid && st.st_uid != geteuid()) {
		snprintf(text, sizeof(text),
		    "belongs to uid %u: if what is in it is ours, give it to "
		    "uid %u first (chown -R)",
		    (unsigned)st.st_uid, (unsigned)w->uid);
		failed(r, path, text);
		close(fd);
		return -1;
	}
	put_right(r, fd, made ? NULL : path, &st, w);
	return fd;
}

static void
restore_files(
    struct restoring *r, int at, const char *path, enum queue_place place)
{
	int fd = openat(at, ".", OPEN_FOLDER);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (dir == NULL) {
		failed(r, path, strerror(errno));
		if (fd != -1)
			close(fd);
		return;
	}
	while (errno = 0, (e = readdir(dir)) != NULL)
		restore_file(r, fd, path, e->d_name, place);
	if (errno != 0)
		failed(r, path, strerror(errno));
	closedir(dir);
}

static void
restore_file(struct restoring *r, int dir, const char *path, const char *name,
    enum queue_place place)
{
	char file[FAULT_FILE], shown[FAULT_NAME * 4], text[160];
	struct want w = want_of(r, place, false);
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    rights_fault(r->accounts, place, &st, false, text) == NULL)
		return;
	str_escape(shown, sizeof(shown), str_of(name), FAULT_NAME);
	snprintf(file, sizeof(file), "%s/%s", path, shown);
	if (!is_ours(dir, name, &st, &fd)) {
		failed(r, file, text);
		return;
	}
	put_right(r, fd, file, &st, &w);
	close(fd);
}

/*
 * Opened twice: the first descriptor can only be looked at, so that nothing
 * happens when it turns out to be a device or a pipe. What was looked at is
 * what is opened.
 */
static bool
is_ours(int dir, const char *name, const struct stat *want, int *fd)
{
	int look = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char path[40];
	struct stat st;

	*fd = -1;
	if (look == -1)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", look);
	if (fstat(look, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    st.st_ino == want->st_ino && st.st_dev == want->st_dev)
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	close(look);
	if (*fd == -1)
		return false;
	if (begins_right(*fd, name, (uint64_t)st.st_size))
		return true;
	close(*fd);
	*fd = -1;
	return false;
}

static bool
begins_right(int fd, const char *name, uint64_t size)
{
	static const char orders[] = "POSTERNO", hosts[] = "POSTERNC",
			  state[] = "{\n \"suspended\"";
	char head[HEADER_SIZE] = "";
	struct qheader h;
	uint64_t mid;

	if (io_read(fd, head, sizeof(head), 0, NULL) == -1)
		return false;
	if (judge_mid(name, &mid))
		return format_parse_header(&h, head, NULL) == HEADER_GOOD &&
		       h.mid == mid;
	if (strcmp(name, ".orders") == 0)
		return memcmp(head, orders, sizeof(orders) - 1) == 0;
	if (strcmp(name, ".hosts") == 0)
		return memcmp(head, hosts, sizeof(hosts) - 1) == 0;
	if (strcmp(name, ".state") == 0)
		return memcmp(head, state, sizeof(state) - 1) == 0;
	if (strncmp(name, "slots.", 6) != 0)
		return false;
	return strstr(name, ".state") != NULL ? is_state(fd, size)
					      : are_slots(fd, size);
}

/* Images of queue files, or never used. */
static bool
are_slots(int fd, uint64_t size)
{
	char head[8];

	for (uint64_t at = 0; at < size; at += SLOT_SIZE) {
		memset(head, 0, sizeof(head));
		if (io_read(fd, head, sizeof(head), at, NULL) == -1 ||
		    (memcmp(head, "POSTERNQ", 8) != 0 &&
			memcmp(head, "\0\0\0\0\0\0\0", 8) != 0))
			return false;
	}
	return size == (uint64_t)SLOTS_N * SLOT_SIZE;
}

/* Numbers, none of which has so many digits as text would give. */
static bool
is_state(int fd, uint64_t size)
{
	char v[SLOTS_N * 16];

	if (size != sizeof(v) ||
	    io_read(fd, v, sizeof(v), 0, NULL) != (ssize_t)sizeof(v))
		return false;
	for (size_t i = 7; i < sizeof(v); i += 8)
		if (v[i] != 0)
			return false;
	return true;
}

/* file NULL: it was told already. */
static void
put_right(struct restoring *r, int fd, const char *file, const struct stat *st,
    const struct want *w)
{
	char text[160];
	bool owner =
	    geteuid() == 0 && (st->st_uid != w->uid || st->st_gid != w->gid);
	bool mode = (st->st_mode & 07777) != w->mode;

	if (!owner && !mode)
		return;
	/* the mode again: that of one who loses a file loses bits of it */
	if ((owner && fchown(fd, w->uid, w->gid) == -1) ||
	    fchmod(fd, w->mode) == -1 || fsync(fd) == -1) {
		failed(r, file != NULL ? file : "", strerror(errno));
		return;
	}
	snprintf(text, sizeof(text),
	    "was of uid %u, group %u, mode %04o; is of %u, %u, %04o",
	    (unsigned)st->st_uid, (unsigned)st->st_gid,
	    (unsigned)(st->st_mode & 07777), (unsigned)w->uid, (unsigned)w->gid,
	    (unsigned)w->mode);
	if (file != NULL)
		r->restored(r->arg, file, text);
}

/* As prepare.c has it, and the programs make their files. */
static struct want
want_of(const struct restoring *r, enum queue_place place, bool folder)
{
	const struct survey_accounts *a = r->accounts;
	bool apart = a->cleanup != a->qmgr;

	if (place == QUEUE_INCOMING)
		return (struct want){ a->cleanup, a->group,
			!folder ? 0660
			: apart ? 02770
				: 0700 };
	return (struct want){ a->qmgr, a->group, folder ? 0700 : 0600 };
}

static void
failed(struct restoring *r, const char *file, const char *why)
{
	if (!r->failed)
		err_set(r->err, ERR_TEMP, "%s: %s", file, why);
	r->failed = true;
}
