/* backup.c - what is to be mended, as it was */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "queue/io.h"
#include "queue/survey_in.h"

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int copy_one(
    int to, int dir, const char *name, const char *where, struct err *);
static int open_backup(struct survey *, const char *folder, struct err *);

int
survey_backup(struct survey *s, const char *folder, const struct fault *f,
    struct err *err)
{
	enum queue_place place =
	    f->place == QUEUE_SLOT ? QUEUE_INCOMING : f->place;
	const struct place *p = &s->spool->places[place];
	int dir = f->folder == -1 ? p->fd : p->folders[f->folder], to, rc;
	char where[32], state[FAULT_NAME + 8];

	if (f->name[0] == '\0' || dir == -1)
		return 0;
	to = open_backup(s, folder, err);
	if (to == -1)
		return -1;
	snprintf(where, sizeof(where), "%s", spool_place_name(place));
	if (f->folder != -1)
		snprintf(where, sizeof(where), "%s-%02x",
		    spool_place_name(place), (unsigned)f->folder);
	rc = copy_one(to, dir, f->name, where, err);
	if (rc == 0 && (f->slot != -1 || f->kind == FAULT_SLOTS)) {
		snprintf(state, sizeof(state), "%s.state", f->name);
		rc = copy_one(to, dir, state, where, err);
	}
	close(to);
	return rc;
}

int
survey_backup_end(struct survey *s, const char *folder, struct err *err)
{
	int fd = open_backup(s, folder, err), rc;

	if (fd == -1)
		return -1;
	rc = io_sync(fd, err);
	close(fd);
	return rc == 0 ? io_sync(s->spool->places[QUEUE_CORRUPT].fd, err) : -1;
}

/* What is no file, or cannot be read, is moved, not changed: no copy. */
static int
copy_one(int to, int dir, const char *name, const char *where, struct err *err)
{
	int fd = openat(
		dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK),
	    copy, rc;
	char as[FAULT_NAME];
	struct stat st;

	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return 0;
	}
	/* the slots of a worker once, though many of them may be damaged */
	snprintf(as, sizeof(as), "%s-%.200s", where, name);
	copy = openat(
	    to, as, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (copy == -1) {
		rc = errno == EEXIST
			 ? 0
			 : err_sys(err, ERR_TEMP, "backup of %s", name);
		close(fd);
		return rc;
	}
	rc = salvage_copy(fd, copy, 0, (uint64_t)st.st_size, err);
	if (rc == 0)
		rc = io_sync(copy, err);
	close(copy);
	close(fd);
	return rc == -1 ? err_in(err, "backup of %s", name) : 0;
}

static int
open_backup(struct survey *s, const char *folder, struct err *err)
{
	int corrupt, fd;

	/* it may have been missing when the survey looked */
	if (spool_open_place(s->spool, s->root, QUEUE_CORRUPT, false, err) ==
	    -1)
		return -1;
	corrupt = s->spool->places[QUEUE_CORRUPT].fd;
	if ((mkdirat(corrupt, folder, 0700) == -1 && errno != EEXIST))
		return err_sys(err, ERR_TEMP, "make corrupt/%s", folder);
	fd = openat(corrupt, folder, OPEN_FOLDER);
	return fd != -1 ? fd
			: err_sys(err, ERR_TEMP, "open corrupt/%s", folder);
}
