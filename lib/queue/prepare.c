/*
 * prepare.c - the folders of the spool: made once, checked at every start
 *
 * Owners and modes are those of threats 4.1. A folder that belongs to another
 * account already is only looked at: root creates, opens or chowns nothing
 * inside it (threats FIL-02). So a place is filled first and handed over
 * last, and a crash in between is made up for by the next start.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/io.h"
#include "queue/spool.h"

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct want {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

static int prepare_place(int root, const char *name, bool hashed,
    const struct want *, struct err *err);
static void spread(int fd);
static int make_folder(
    int at, const char *name, const struct want *, struct err *err);
static int hand_over(int fd, const struct want *, struct err *err);
static int check_place(
    int fd, bool hashed, const struct want *, struct err *err);
static int check(const struct stat *, const struct want *, struct err *err);

int
spool_prepare(const char *path, unsigned cleanup_uid, unsigned qmgr_uid,
    unsigned qmgr_gid, struct err *err)
{
	bool one = cleanup_uid == 0; /* everything is the caller's */
	struct want mine = { geteuid(), getegid(), 0700 };
	struct want root = { geteuid(), qmgr_gid, 0711 };
	/* The set-group-id bit of a folder hands its group on to new files. */
	struct want incoming = { cleanup_uid, qmgr_gid, 02770 };
	struct want held = { qmgr_uid, qmgr_gid, 0700 };
	int fd, rc;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_PERM, "make %s", path);
	fd = open(path, OPEN_FOLDER);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", path);
	rc = hand_over(fd, one ? &mine : &root, err);
	if (rc == 0)
		rc = prepare_place(
		    fd, "incoming", true, one ? &mine : &incoming, err);
	if (rc == 0)
		rc = prepare_place(
		    fd, "deferred", true, one ? &mine : &held, err);
	if (rc == 0)
		rc = prepare_place(
		    fd, "quarantine", true, one ? &mine : &held, err);
	if (rc == 0)
		rc = prepare_place(
		    fd, "corrupt", false, one ? &mine : &held, err);
	if (rc == 0)
		rc = io_sync(fd, err);
	close(fd);
	return rc == -1 ? err_in(err, "spool %s", path) : 0;
}

static int
prepare_place(int root, const char *name, bool hashed, const struct want *w,
    struct err *err)
{
	char sub[8];
	struct stat st;
	int fd, rc = 0;

	if (mkdirat(root, name, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_PERM, "make %s", name);
	fd = openat(root, name, OPEN_FOLDER);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", name);
	if (fstat(fd, &st) == -1) {
		rc = err_sys(err, ERR_PERM, "fstat");
	} else if (st.st_uid == geteuid()) {
		spread(fd);
		for (unsigned f = 0; hashed && f < QUEUE_FOLDERS; f++) {
			snprintf(sub, sizeof(sub), "%02x", f);
			if (rc == 0)
				rc = make_folder(fd, sub, w, err);
		}
		if (rc == 0)
			rc = io_sync(fd, err);
		if (rc == 0)
			rc = hand_over(fd, w, err);
	} else {
		rc = check_place(fd, hashed, w, err);
	}
	close(fd);
	return rc == -1 ? err_in(err, "%s", name) : 0;
}

/*
 * Asks ext4 to put each folder inside into a block group of its own, as it
 * does with top-level folders: then the files of different folders compete
 * for different bitmaps. Others may not know it, and need not.
 */
static void
spread(int fd)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == -1)
		return;
	flags |= FS_TOPDIR_FL;
	(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static int
make_folder(int at, const char *name, const struct want *w, struct err *err)
{
	int fd, rc;

	if (mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_PERM, "make %s", name);
	fd = openat(at, name, OPEN_FOLDER);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", name);
	rc = hand_over(fd, w, err);
	close(fd);
	return rc;
}

/* The owner comes last: what has one is taken to be complete. */
static int
hand_over(int fd, const struct want *w, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_PERM, "fstat");
	if (st.st_gid != w->gid && fchown(fd, (uid_t)-1, w->gid) == -1)
		return err_sys(err, ERR_PERM, "change group");
	if ((st.st_mode & 07777) != w->mode && fchmod(fd, w->mode) == -1)
		return err_sys(err, ERR_PERM, "change mode");
	if (st.st_uid != w->uid && fchown(fd, w->uid, (gid_t)-1) == -1)
		return err_sys(err, ERR_PERM, "change owner");
	return 0;
}

static int
check_place(int fd, bool hashed, const struct want *w, struct err *err)
{
	char sub[8];
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_PERM, "fstat");
	if (check(&st, w, err) == -1)
		return -1;
	for (unsigned f = 0; hashed && f < QUEUE_FOLDERS; f++) {
		snprintf(sub, sizeof(sub), "%02x", f);
		if (fstatat(fd, sub, &st, AT_SYMLINK_NOFOLLOW) == -1)
			return err_sys(err, ERR_PERM, "%s", sub);
		if (check(&st, w, err) == -1)
			return err_in(err, "%s", sub);
	}
	return 0;
}

static int
check(const struct stat *st, const struct want *w, struct err *err)
{
	if (!S_ISDIR(st->st_mode))
		return err_set(err, ERR_PERM, "not a folder");
	if (st->st_uid != w->uid)
		return err_set(err, ERR_PERM, "belongs to uid %u, not %u",
		    st->st_uid, w->uid);
	if ((st->st_mode & 07777 & ~w->mode) != 0)
		return err_set(err, ERR_PERM, "mode is %04o, not %04o",
		    st->st_mode & 07777, w->mode);
	return 0;
}
