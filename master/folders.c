/*
 * folders.c - the folders of a root, their owners and modes, and the lock
 *
 * The table of threats 4.1. As root each folder belongs to the account of
 * the program that works in it; as a user all is that user's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "master/master.h"
#include "queue/queue.h"
#include "sandbox/sandbox.h"

#define LOCK_LOOKS 10
#define LOCK_NS    20000000 /* between them */

static int folder(struct master *, const char *path, mode_t mode,
    const char *program, struct err *err);
static int prepare_spool(struct master *, struct err *err);
static int take_lock(struct master *, struct err *err);

int
folders_prepare(struct master *m, struct err *err)
{
	struct stat st;

	if (stat(m->paths.etc, &st) == -1)
		return err_sys(
		    err, ERR_USAGE, "configuration folder %s", m->paths.etc);
	if (folder(m, m->paths.state, 0700, NULL, err) == -1 ||
	    folder(m, m->paths.log, 0750, "recorder", err) == -1 ||
	    folder(m, m->paths.chroot, 0555, NULL, err) == -1 ||
	    folder(m, m->paths.spool, 0711, NULL, err) == -1)
		return -1;
	if (take_lock(m, err) == -1)
		return -1;
	if (prepare_spool(m, err) == -1)
		return -1;
	return folder(m, m->paths.captures, 0700, "capture", err);
}

/*
 * Makes the folder if it is missing. One that is there must be ours to use:
 * what others may write, or own, is refused rather than taken over.
 */
static int
folder(struct master *m, const char *path, mode_t mode, const char *program,
    struct err *err)
{
	unsigned uid = geteuid(), gid = getegid();
	struct stat st;

	if (m->root && program != NULL)
		sandbox_account(sandbox_profile(program), &uid, &gid);
	if (mkdir(path, mode) == 0) {
		/* the mode first: of another's folder only he may change it */
		if (chmod(path, mode) == -1 || lchown(path, uid, gid) == -1)
			return err_sys(err, ERR_TEMP, "make folder %s", path);
		return 0;
	}
	if (errno != EEXIST || lstat(path, &st) == -1)
		return err_sys(err, ERR_TEMP, "folder %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE, "%s is not a folder", path);
	if (st.st_mode & S_IWOTH)
		return err_set(err, ERR_USAGE,
		    "folder %s may be written by everybody: set its mode to "
		    "%04o",
		    path, (unsigned)mode);
	if (st.st_uid != uid)
		return err_set(err, ERR_USAGE,
		    "folder %s belongs to uid %u; it must belong to uid %u",
		    path, (unsigned)st.st_uid, uid);
	return 0;
}

static int
prepare_spool(struct master *m, struct err *err)
{
	unsigned cleanup_uid = 0, qmgr_uid = 0, qmgr_gid = 0, gid;

	if (m->root) {
		sandbox_account(sandbox_profile("cleanup"), &cleanup_uid, &gid);
		sandbox_account(sandbox_profile("qmgr"), &qmgr_uid, &qmgr_gid);
	}
	return spool_prepare(
	    m->paths.spool, cleanup_uid, qmgr_uid, qmgr_gid, err);
}

/*
 * Two masters on one spool would each recover, and deliver, everything. The
 * descriptor that holds the lock is read-only: one open for writing would
 * keep an administrator from making the file system read-only.
 */
static int
take_lock(struct master *m, struct err *err)
{
	char path[PATH_MAX + 8], pid[24];
	int n, fd;

	snprintf(path, sizeof(path), "%s/lock", m->paths.spool);
	m->lock_fd =
	    open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (m->lock_fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", path);
	for (int i = 0; flock(m->lock_fd, LOCK_EX | LOCK_NB) == -1; i++) {
		if (errno != EWOULDBLOCK)
			return err_sys(err, ERR_TEMP, "lock %s", path);
		if (i == LOCK_LOOKS)
			return err_set(err, ERR_USAGE,
			    "another Postern works on the spool %s, or "
			    "repairs it: stop it first",
			    m->paths.spool);
		/* `queue check` has it for a moment, to see whether it is
		 * taken */
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_NS }, NULL);
	}
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 || write(fd, pid, (size_t)n) != n) {
		err_sys(err, ERR_TEMP, "write %s", path);
		if (fd != -1)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}
