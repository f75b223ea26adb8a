/* capture_parts.c - the files that captures are made of, in their folder */
#include "admin/capture_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define PART_DIGITS 6

static size_t is_part(const char *name);
static int by_name(const void *, const void *);

int
parts_read(struct parts *p, const char *folder, struct err *err)
{
	const struct dirent *entry;
	DIR *dir;

	*p = (struct parts){ .dir = open(folder, O_RDONLY | O_DIRECTORY |
						     O_NOFOLLOW | O_CLOEXEC) };
	if (p->dir == -1)
		return err_sys(err, ERR_PERM, "%s", folder);
	dir = fdopendir(fcntl(p->dir, F_DUPFD_CLOEXEC, 0));
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t n = is_part(entry->d_name);
		struct stat st;

		if (n == 0 ||
		    fstatat(p->dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			-1 ||
		    !S_ISREG(st.st_mode))
			continue;
		p->v = mem_room(p->v, &p->cap, p->n, sizeof(*p->v));
		p->v[p->n++] = (struct part){ mem_strdup(entry->d_name), n,
			(uint64_t)st.st_size,
			(int64_t)st.st_mtim.tv_sec * 1000 };
	}
	if (dir != NULL)
		closedir(dir);
	if (p->n > 0)
		qsort(p->v, p->n, sizeof(*p->v), by_name);
	return 0;
}

void
parts_free(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].name);
	free(p->v);
	close(p->dir);
}

bool
parts_has(const struct parts *p, const char *name, struct err *err)
{
	for (size_t i = 0; i < p->n; i++)
		if (part_is_of(&p->v[i], name))
			return true;
	err_set(err, ERR_PERM, "There is no packet capture file \"%s\".", name);
	return false;
}

bool
part_is_of(const struct part *p, const char *name)
{
	return str_eq((struct str){ p->name, p->n }, str_of(name));
}

json_t *
parts_list(const struct parts *p)
{
	json_t *list = json_array(), *o = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct part *now = &p->v[i];
		bool same = i > 0 && now->n == now[-1].n &&
			    memcmp(now->name, now[-1].name, now->n) == 0;
		json_int_t size = 0, n = 0;

		if (same) {
			size = json_integer_value(json_object_get(o, "size"));
			n = json_integer_value(json_object_get(o, "parts"));
		} else {
			o = json_pack("{s:s%}", "file", now->name, now->n);
			json_array_append_new(list, o);
		}
		json_object_set_new(
		    o, "size", json_integer(size + (json_int_t)now->size));
		json_object_set_new(o, "parts", json_integer(n + 1));
		json_object_set_new(o, "modified", json_integer(now->modified));
	}
	return list;
}

int
part_open(const struct parts *p, const struct part *part)
{
	int fd = openat(
	    p->dir, part->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	/* The folder is another's: no second name of something else. */
	if (fd != -1 &&
	    (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_nlink > 1)) {
		close(fd);
		errno = EPERM;
		fd = -1;
	}
	return fd;
}

int
parts_delete(const struct parts *p, const char *name, struct err *err)
{
	if (!parts_has(p, name, err))
		return -1;
	for (size_t i = 0; i < p->n; i++)
		if (part_is_of(&p->v[i], name) &&
		    unlinkat(p->dir, p->v[i].name, 0) == -1)
			return err_sys(err, ERR_PERM, "%s", p->v[i].name);
	return 0;
}

/* Length of the capture's name; 0: it is none. */
static size_t
is_part(const char *name)
{
	size_t n = strlen(name);

	if (n <= PART_DIGITS + 1 || name[0] == '.' ||
	    name[n - PART_DIGITS - 1] != '.' ||
	    strspn(name + n - PART_DIGITS, "0123456789") != PART_DIGITS ||
	    !str_valid_utf8(str_of(name)))
		return 0;
	return n - PART_DIGITS - 1;
}

static int
by_name(const void *x, const void *y)
{
	return strcmp(
	    ((const struct part *)x)->name, ((const struct part *)y)->name);
}
