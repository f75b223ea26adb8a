/*
 * bundle_folder.c - the files of a configuration folder
 *
 * postern.yaml and the plain files right below filters, tables and texts.
 * Nothing outside of the folder can be reached: names have a strict form and
 * links are not followed (threats ADM-03, ADM-07). Names that editors and
 * version control leave behind are not ours and are passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/bundle_tables.h"
#include "config/folder.h"
#include "config/name.h"
#include "config/pack.h"

static const char *const folders[] = { "filters", "tables", "texts" };

typedef bool wanted_fn(const char *folder, const char *name);

static int pack_folder(struct buf *packed, int root, const char *folder,
    bool strict_modes, wanted_fn *, struct err *);
static int pack_one(struct buf *packed, int dir, const char *folder,
    const char *name, bool strict_modes, struct err *);
static int list_names(int dir, const char *folder, wanted_fn *, char ***names,
    size_t *n, struct err *);
static bool is_compiled(const char *folder, const char *name);
static bool name_ok(const char *name);
static void free_names(char **names, size_t n);
static int by_name(const void *, const void *);
static int check_mode(
    const struct stat *, const char *folder, const char *name, struct err *);
static int check_folder(
    int fd, const char *shown, bool strict_modes, struct err *);

int
bundle_read_folder(struct bundle *b, const char *folder, struct err *err)
{
	return folder_read(b, folder, false, err);
}

int
folder_read(
    struct bundle *b, const char *folder, bool strict_modes, struct err *err)
{
	struct buf packed;
	int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*b = (struct bundle){ 0 };
	if (root == -1)
		return err_sys(err, ERR_USAGE, "folder %s", folder);
	pack_begin(&packed);
	if (check_folder(root, folder, strict_modes, err) == -1 ||
	    pack_one(&packed, root, "", "postern.yaml", strict_modes, err) ==
		-1)
		goto fail;
	for (size_t i = 0; i < NELEM(folders); i++) {
		if (pack_folder(&packed, root, folders[i], strict_modes,
			folder_is_ours, err) == -1)
			goto fail;
	}
	close(root);
	if (pack_end(&packed, b, err) == 0)
		return 0;
	return err_in(err, "folder %s", folder);
fail:
	buf_fini(&packed);
	close(root);
	return err_in(err, "folder %s", folder);
}

int
folder_read_compiled(struct bundle *b, const char *folder, struct err *err)
{
	struct buf packed;
	int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	*b = (struct bundle){ 0 };
	if (root == -1)
		return err_sys(err, ERR_USAGE, "folder %s", folder);
	pack_begin(&packed);
	rc = pack_folder(&packed, root, "tables", false, is_compiled, err);
	close(root);
	if (rc == -1)
		buf_fini(&packed);
	else
		rc = pack_end(&packed, b, err);
	return rc == 0 ? 0 : err_in(err, "folder %s", folder);
}

int
folder_open(int dir, const char *name, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOFOLLOW),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

	/* Names have no slash, so O_NOFOLLOW alone holds as well. */
	if (fd == -1 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
	return fd;
}

int
folder_slurp(int dir, const char *name, struct buf *out, struct stat *st,
    struct err *err)
{
	int fd = folder_open(dir, name, O_RDONLY | O_NONBLOCK, 0);
	ssize_t n = 1;

	if (fd == -1)
		return err_sys(err, ERR_USAGE, "%s", name);
	if (fstat(fd, st) == -1) {
		err_sys(err, ERR_TEMP, "%s", name);
		goto fail;
	}
	if (!S_ISREG(st->st_mode)) {
		err_set(err, ERR_USAGE, "%s: not a plain file", name);
		goto fail;
	}
	while (n != 0) {
		char *room = buf_room(out, FOLDER_BLOCK);

		if (room == NULL) {
			err_set(err, ERR_USAGE, "%s: larger than %zu KiB", name,
			    (out->max - FOLDER_BLOCK) >> 10);
			goto fail;
		}
		n = read(fd, room, FOLDER_BLOCK);
		if (n == -1 && errno != EINTR) {
			err_sys(err, ERR_TEMP, "%s", name);
			goto fail;
		}
		buf_grew(out, n > 0 ? (size_t)n : 0);
	}
	close(fd);
	return 0;
fail:
	close(fd);
	return -1;
}

bool
folder_is_ours(const char *folder, const char *name)
{
	return name_ok(name) && !is_compiled(folder, name);
}

int
folder_names(int dir, char ***names, size_t *n, struct err *err)
{
	*names = NULL;
	*n = 0;
	return list_names(dir, "", folder_is_ours, names, n, err);
}

static int
pack_folder(struct buf *packed, int root, const char *folder, bool strict_modes,
    wanted_fn *wanted, struct err *err)
{
	int dir = folder_open(root, folder, O_RDONLY | O_DIRECTORY, 0);
	char **names = NULL;
	size_t n = 0;
	int rc = -1;

	if (dir == -1 && errno == ENOENT)
		return 0;
	if (dir == -1)
		return err_sys(err, ERR_USAGE, "%s", folder);
	if (check_folder(dir, folder, strict_modes, err) == -1 ||
	    list_names(dir, folder, wanted, &names, &n, err) == -1)
		goto out;
	for (size_t i = 0; i < n; i++) {
		if (pack_one(
			packed, dir, folder, names[i], strict_modes, err) == -1)
			goto out;
	}
	rc = 0;
out:
	free_names(names, n);
	close(dir);
	return rc;
}

static int
pack_one(struct buf *packed, int dir, const char *folder, const char *name,
    bool strict_modes, struct err *err)
{
	char path[2 * NAME_MAX_LEN + 2];
	struct buf text;
	struct stat st;
	size_t max;
	int rc = -1;

	snprintf(path, sizeof(path), "%s%s%s", folder,
	    folder[0] != '\0' ? "/" : "", name);
	max = bundle_file_max(str_of(path));
	buf_init(&text, max + FOLDER_BLOCK);
	if (folder_slurp(dir, name, &text, &st, err) == -1)
		goto out;
	if (text.len > max) {
		err_set(
		    err, ERR_USAGE, "%s: larger than %zu MiB", path, max >> 20);
		goto out;
	}
	if (strict_modes && check_mode(&st, folder, name, err) == -1)
		goto out;
	pack_file(packed, str_of(path), buf_str(&text));
	rc = 0;
out:
	buf_fini(&text);
	return rc;
}

/* In the order of their names, so that a bundle does not depend on the file
 * system. */
static int
list_names(int dir, const char *folder, wanted_fn *wanted, char ***names,
    size_t *n, struct err *err)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy != -1 ? fdopendir(copy) : NULL;
	size_t cap = 0;
	struct dirent *e;

	if (d == NULL)
		return err_sys(err, ERR_TEMP, "read folder");
	while ((e = readdir(d)) != NULL) {
		if (!wanted(folder, e->d_name))
			continue;
		if (*n == BUNDLE_FILES_MAX - 1) {
			closedir(d);
			return err_set(err, ERR_USAGE, "more than %d files",
			    BUNDLE_FILES_MAX - 1);
		}
		*names = mem_room(*names, &cap, *n, sizeof(**names));
		(*names)[(*n)++] = mem_strdup(e->d_name);
	}
	closedir(d);
	if (*n > 0)
		qsort(*names, *n, sizeof(**names), by_name);
	return 0;
}

static bool
is_compiled(const char *folder, const char *name)
{
	return name_ok(name) && strcmp(folder, "tables") == 0 &&
	       str_ends_nocase(str_of(name), STR(TABLE_SUFFIX));
}

static bool
name_ok(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] != '~' && name_file(str_of(name), NULL);
}

static void
free_names(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Who can write the configuration rules the mail: only its owner and root
 * may (threats ADM-08). */
static int
check_mode(const struct stat *st, const char *folder, const char *name,
    struct err *err)
{
	const char *slash = folder[0] != '\0' ? "/" : "";

	if (st->st_mode & 022)
		return err_set(err, ERR_USAGE,
		    "%s%s%s has mode %04o and so can be changed by others; "
		    "right would be %04o (chmod go-w)",
		    folder, slash, name, (unsigned)(st->st_mode & 07777),
		    (unsigned)(st->st_mode & 07777 & ~022u));
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(err, ERR_USAGE,
		    "%s%s%s belongs to user %u; right would be %u%s", folder,
		    slash, name, (unsigned)st->st_uid, (unsigned)geteuid(),
		    geteuid() != 0 ? " or 0" : "");
	return 0;
}

static int
check_folder(int fd, const char *shown, bool strict_modes, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "%s", shown);
	return strict_modes ? check_mode(&st, "", shown, err) : 0;
}
