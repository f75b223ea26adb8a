/*
 * store.c - writing folders of files so that they are whole or not there
 *
 *	write in .new, sync files and folders -> rename to N -> sync parent
 *
 * A crash leaves .new behind, or a whole N that nothing points to yet; the
 * next writer, alone under the lock, removes the first and numbers past the
 * second (threats DUR-16).
 */
#include "config/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/folder.h"

#define DRAFT       ".new"
#define FILE_MODE   0640
#define SECRET_MODE 0600
#define FOLDER_MODE 0750

struct place { /* of a file: "tables" or "", and its name there */
	char folder[NAME_MAX_LEN + 1], name[NAME_MAX_LEN + 1];
};

static const char *const folders[] = { "filters", "tables", "texts" };

static int make_folder(int dir, const char *name, struct err *);
static int write_files(int dir, const struct bundle *, struct err *);
static int write_extra(
    int dir, int draft, const struct store_extra *, size_t n, struct err *);
static bool link_file(int dir, int draft, const struct store_extra *);
static int write_file(int dir, struct str name, struct str, struct err *);
static int open_place(int dir, const struct place *, struct err *);
static int put_file(
    int dir, const char *name, struct str, mode_t, bool mode_of, struct err *);
static int write_draft(int dir, const char *name, struct str, mode_t,
    const struct stat *like, struct err *);
static int sync_fd(int fd, const char *name, struct err *);
static int remove_tree(int dir, const char *name, int depth);
static int replace_file(int root, const struct bundle_file *, struct err *);
static int remove_others(
    int root, const char *folder, const struct bundle *, struct err *);
static struct place split_name(struct str name);
static bool unchanged(int dir, const char *name, struct str text);

int
store_open(const char *state, bool lock, struct err *err)
{
	int parent = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir;

	if (parent == -1)
		return err_sys(err, ERR_TEMP, "folder %s", state);
	dir = folder_open(parent, "revisions", O_RDONLY | O_DIRECTORY, 0);
	if (dir == -1 && errno == ENOENT && lock)
		dir = make_folder(parent, "revisions", err);
	else if (dir == -1)
		err_sys(err, ERR_TEMP, "folder %s/revisions", state);
	close(parent);
	if (dir == -1)
		return -1;
	if (!lock || flock(dir, LOCK_EX | LOCK_NB) == 0)
		return dir;
	if (errno == EWOULDBLOCK)
		err_set(err, ERR_TEMP,
		    "somebody else is committing at this moment; try again");
	else
		err_sys(err, ERR_TEMP, "lock %s/revisions", state);
	close(dir);
	return -1;
}

int
store_lock(const char *etc, struct err *err)
{
	int fd = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "folder %s", etc);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		err_set(err, ERR_TEMP,
		    "somebody else is changing the working copy at this "
		    "moment; try again");
	else
		err_sys(err, ERR_TEMP, "lock %s", etc);
	close(fd);
	return -1;
}

int
store_file(
    int dir, const char *name, struct str text, bool mode_of, struct err *err)
{
	return put_file(dir, name, text, FILE_MODE, mode_of, err);
}

int
store_secret(int dir, const char *name, struct str text, struct err *err)
{
	return put_file(dir, name, text, SECRET_MODE, true, err);
}

int
store_remove(int dir, const char *name, struct err *err)
{
	if (remove_tree(dir, name, 0) == -1)
		return err_sys(err, ERR_TEMP, "remove %s", name);
	return 0;
}

int
store_subfolder(int dir, const char *name, struct err *err)
{
	return make_folder(dir, name, err);
}

int
store_folder(int dir, const char *name, const struct bundle *b,
    const struct store_extra *extra, size_t n_extra, struct err *err)
{
	int draft;

	if (store_remove(dir, DRAFT, err) == -1)
		return -1;
	draft = make_folder(dir, DRAFT, err);
	if (draft == -1)
		return -1;
	if (write_files(draft, b, err) == -1 ||
	    write_extra(dir, draft, extra, n_extra, err) == -1 ||
	    sync_fd(draft, DRAFT, err) == -1) {
		close(draft);
		/* a full disk is not made fuller */
		(void)store_remove(dir, DRAFT, NULL);
		return -1;
	}
	close(draft);
	if (renameat(dir, DRAFT, dir, name) == -1)
		return err_sys(err, ERR_TEMP, "rename to %s", name);
	return sync_fd(dir, name, err);
}

int
store_replace(const char *folder, const struct bundle *b, struct err *err)
{
	int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = -1;

	if (root == -1)
		return err_sys(err, ERR_TEMP, "folder %s", folder);
	for (size_t i = 0; i < b->n; i++) {
		if (replace_file(root, &b->files[i], err) == -1)
			goto out;
	}
	for (size_t i = 0; i < NELEM(folders); i++) {
		if (remove_others(root, folders[i], b, err) == -1)
			goto out;
	}
	rc = 0;
out:
	close(root);
	return rc == 0 ? 0 : err_in(err, "folder %s", folder);
}

/* Returns it opened. The parent is synced when the whole is. */
static int
make_folder(int dir, const char *name, struct err *err)
{
	int fd;

	if (mkdirat(dir, name, FOLDER_MODE) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "make folder %s", name);
	fd = folder_open(dir, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1)
		err_sys(err, ERR_TEMP, "folder %s", name);
	else if (fsync(dir) == -1) {
		err_sys(err, ERR_TEMP, "sync folder of %s", name);
		close(fd);
		fd = -1;
	}
	return fd;
}

static int
write_files(int dir, const struct bundle *b, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		if (write_file(dir, b->files[i].name, b->files[i].text, err) ==
		    -1)
			return -1;
	}
	return 0;
}

static int
write_extra(int dir, int draft, const struct store_extra *extra, size_t n,
    struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (extra[i].same_in != NULL &&
		    link_file(dir, draft, &extra[i]))
			continue;
		if (write_file(
			draft, str_of(extra[i].name), extra[i].text, err) == -1)
			return -1;
	}
	return 0;
}

/* False: it must be written then. */
static bool
link_file(int dir, int draft, const struct store_extra *extra)
{
	int there = folder_open(dir, extra->same_in, O_RDONLY | O_DIRECTORY, 0);
	struct place at = split_name(str_of(extra->name));
	int from = -1, to = -1;
	bool linked = false;

	if (there != -1)
		from = open_place(there, &at, NULL);
	if (from != -1)
		to = open_place(draft, &at, NULL);
	if (to != -1)
		linked = linkat(from, at.name, to, at.name, 0) == 0 &&
			 sync_fd(to, at.folder, NULL) == 0;
	if (to != -1)
		close(to);
	if (from != -1)
		close(from);
	if (there != -1)
		close(there);
	return linked;
}

static int
write_file(int dir, struct str name, struct str text, struct err *err)
{
	struct place at = split_name(name);
	int below = open_place(dir, &at, err);
	int rc = -1;

	if (below == -1)
		return -1;
	if (write_draft(below, at.name, text, FILE_MODE, NULL, err) == 0)
		rc = sync_fd(below, at.folder, err);
	close(below);
	return rc;
}

static int
open_place(int dir, const struct place *at, struct err *err)
{
	int fd;

	if (at->folder[0] != '\0')
		return make_folder(dir, at->folder, err);
	fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	return fd != -1 ? fd : err_sys(err, ERR_TEMP, "open %s", at->name);
}

static int
put_file(int dir, const char *name, struct str text, mode_t mode, bool mode_of,
    struct err *err)
{
	char draft[sizeof(DRAFT) + NAME_MAX_LEN + 2];
	struct stat st, *like = NULL;

	if (mode_of && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode))
		like = &st;
	/* a name of its own: somebody else may be writing beside it */
	snprintf(draft, sizeof(draft), DRAFT "-%s", name);
	if (store_remove(dir, draft, err) == -1)
		return -1;
	if (write_draft(dir, draft, text, mode, like, err) == -1) {
		unlinkat(dir, draft, 0);
		return -1;
	}
	if (renameat(dir, draft, dir, name) == -1)
		return err_sys(err, ERR_TEMP, "rename to %s", name);
	return sync_fd(dir, name, err);
}

/* A new file, synced; its name is not yet. */
static int
write_draft(int dir, const char *name, struct str text, mode_t mode,
    const struct stat *like, struct err *err)
{
	int fd = folder_open(dir, name, O_WRONLY | O_CREAT | O_EXCL, mode);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", name);
	/* Others than root may keep the owner only if it is them. */
	if (like != NULL && geteuid() == 0 &&
	    fchown(fd, like->st_uid, like->st_gid) == -1)
		goto fail;
	if (like != NULL && fchmod(fd, like->st_mode & 0777) == -1)
		goto fail;
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n == -1 && errno != EINTR)
			goto fail;
		text = str_sub(text, n > 0 ? (size_t)n : 0, text.n);
	}
	if (fsync(fd) == -1)
		goto fail;
	close(fd);
	return 0;
fail:
	err_sys(err, ERR_TEMP, "write %s", name);
	close(fd);
	return -1;
}

static int
sync_fd(int fd, const char *name, struct err *err)
{
	if (fsync(fd) == -1)
		return err_sys(err, ERR_TEMP, "sync folder of %s", name);
	return 0;
}

/* Depth: ours is two. */
static int
remove_tree(int dir, const char *name, int depth)
{
	struct dirent *e;
	DIR *d;
	int fd;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if ((errno != EISDIR && errno != EPERM) || depth > 4)
		return -1;
	fd = folder_open(dir, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1)
		return -1;
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    remove_tree(fd, e->d_name, depth + 1) == -1) {
			closedir(d);
			return -1;
		}
	}
	closedir(d);
	return unlinkat(dir, name, AT_REMOVEDIR);
}

static int
replace_file(int root, const struct bundle_file *f, struct err *err)
{
	struct place at = split_name(f->name);
	int dir = open_place(root, &at, err);
	int rc = 0;

	if (dir == -1)
		return -1;
	if (!unchanged(dir, at.name, f->text))
		rc = store_file(dir, at.name, f->text, true, err);
	close(dir);
	return rc;
}

static int
remove_others(
    int root, const char *folder, const struct bundle *b, struct err *err)
{
	int dir = folder_open(root, folder, O_RDONLY | O_DIRECTORY, 0);
	char path[NAME_MAX_LEN + 1 + NAME_MAX + 1];
	struct dirent *e;
	int rc = 0;
	DIR *d;

	if (dir == -1)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_TEMP, "folder %s", folder);
	d = fdopendir(dir);
	if (d == NULL) {
		close(dir);
		return err_sys(err, ERR_TEMP, "folder %s", folder);
	}
	while (rc == 0 && (e = readdir(d)) != NULL) {
		if (!folder_is_ours(folder, e->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (bundle_find(b, path) == NULL &&
		    unlinkat(dir, e->d_name, 0) == -1)
			rc = err_sys(err, ERR_TEMP, "remove %s", path);
	}
	if (rc == 0)
		rc = sync_fd(dir, folder, err);
	closedir(d);
	return rc;
}

/* Names in a bundle were checked when it was read: one slash at most. */
static struct place
split_name(struct str name)
{
	struct place p = { "", "" };

	if (str_find(name, '/') < name.n)
		str_copy(p.folder, sizeof(p.folder), str_cut(&name, '/'));
	str_copy(p.name, sizeof(p.name), name);
	return p;
}

static bool
unchanged(int dir, const char *name, struct str text)
{
	struct stat st;
	struct buf now;
	bool same;

	buf_init(&now, text.n + FOLDER_BLOCK);
	same = folder_slurp(dir, name, &now, &st, NULL) == 0 &&
	       str_eq(buf_str(&now), text);
	buf_fini(&now);
	return same;
}
