/*
 * history.c - what was ever committed
 */
#include "config/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/folder.h"
#include "config/revision.h"
#include "config/saved.h"
#include "config/store.h"

#define FOLDER    "history"
#define LOG       "log"
#define SUFFIX    ".conf"
#define LINE_ROOM (2 * 1024 * 1024)

static int open_folder(const char *state, struct err *err);
static int add_file(int dir, const struct revision_info *,
    const struct bundle *, struct err *err);
static int add_line(
    int dir, const char *state, const struct revision_info *, struct err *err);
static int append(int dir, struct str line, struct err *err);
static int prune(int dir, struct err *err);
static bool file_number(const char *name, uint64_t *number);
static int newest_first(const void *, const void *);

int
history_add(const char *state, uint64_t number, const struct bundle *files,
    struct err *err)
{
	struct revision_info info;
	char name[40];
	int dir, rc;

	if (revision_info(state, number, &info, err) == -1)
		return -1;
	dir = open_folder(state, err);
	if (dir == -1)
		return -1;
	snprintf(name, sizeof(name), "%" PRIu64 SUFFIX, number);
	rc = 0;
	/* The file comes after the line: it says that both are there. */
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == -1) {
		rc = add_line(dir, state, &info, err);
		if (rc == 0)
			rc = add_file(dir, &info, files, err);
	}
	if (rc == 0)
		rc = prune(dir, err);
	close(dir);
	return rc == 0 ? 0 : err_in(err, "%s/" FOLDER, state);
}

int64_t
history_first(const char *state)
{
	char path[PATH_MAX], *line = NULL;
	size_t cap = 0;
	json_t *json = NULL;
	json_int_t when = 0;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/" FOLDER "/" LOG, state) >=
	    (int)sizeof(path))
		return 0;
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (getline(&line, &cap, f) > 0)
		json = json_loads(line, 0, NULL);
	if (json == NULL || json_unpack(json, "{s:I}", "when", &when) == -1)
		when = 0;
	json_decref(json);
	free(line);
	fclose(f);
	return when;
}

static int
open_folder(const char *state, struct err *err)
{
	int parent = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), dir;

	if (parent == -1)
		return err_sys(err, ERR_TEMP, "folder %s", state);
	dir = store_subfolder(parent, FOLDER, err);
	close(parent);
	return dir;
}

static int
add_file(int dir, const struct revision_info *info, const struct bundle *files,
    struct err *err)
{
	char name[40], when[CLOCK_TEXT];
	const struct bundle no_secrets = { 0 };
	const struct saved_head head = {
		.version = STR(POSTERN_VERSION),
		.revision = info->number,
		.when = str_of(clock_rfc5322(info->when, when)),
		.user = str_of(info->user),
		.comment = str_of(info->comment),
	};
	struct buf text;
	int rc;

	buf_init(&text, SAVED_MAX);
	snprintf(name, sizeof(name), "%" PRIu64 SUFFIX, info->number);
	if (saved_write(&head, files, &no_secrets, SAVED_MASK, NULL, &text))
		rc = store_secret(dir, name, buf_str(&text), err);
	else
		rc = err_set(err, ERR_PERM, "%s is too large", name);
	buf_fini(&text);
	return rc;
}

static int
add_line(int dir, const char *state, const struct revision_info *info,
    struct err *err)
{
	json_t *objects = json_array(), *json;
	struct buf names;
	struct str rest;
	char *text;
	int rc;

	buf_init(&names, LINE_ROOM);
	(void)revision_objects(state, info->number, &names, NULL);
	for (rest = buf_str(&names); rest.n > 0;) {
		struct str one = str_cut(&rest, '\n');

		json_array_append_new(objects, json_stringn(one.p, one.n));
	}
	buf_fini(&names);
	json = json_pack("{s:I, s:I, s:s, s:s, s:o}", "number",
	    (json_int_t)info->number, "when", (json_int_t)info->when, "user",
	    info->user, "comment", info->comment, "objects", objects);
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (text == NULL)
		panic("history: no memory for a line");
	rc = append(dir, str_of(text), err);
	free(text);
	return rc;
}

/* A line that a crash cut off is ended first. */
static int
append(int dir, struct str line, struct err *err)
{
	int fd = folder_open(dir, LOG, O_RDWR | O_CREAT | O_APPEND, 0600);
	struct buf b;
	struct stat st;
	char last = '\n';
	int rc = 0;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, LOG);
	buf_init(&b, line.n + 2);
	if (fstat(fd, &st) == 0 && st.st_size > 0 &&
	    pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n')
		buf_putc(&b, '\n');
	buf_add_str(&b, line);
	buf_putc(&b, '\n');
	if (write(fd, b.data, b.len) != (ssize_t)b.len || fsync(fd) == -1)
		rc = err_sys(err, ERR_TEMP, "write " LOG);
	buf_fini(&b);
	close(fd);
	return rc;
}

struct kept {
	uint64_t number, size;
};

static int
prune(int dir, struct err *err)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0), rc = 0;
	DIR *d = copy != -1 ? fdopendir(copy) : NULL;
	struct kept *v = NULL;
	size_t n = 0, cap = 0;
	uint64_t total = 0, number;
	struct dirent *e;
	struct stat st;
	char name[40];

	if (d == NULL)
		return err_sys(err, ERR_TEMP, "read folder");
	rewinddir(d);
	while ((e = readdir(d)) != NULL) {
		if (!file_number(e->d_name, &number) ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		v = mem_room(v, &cap, n, sizeof(*v));
		v[n++] = (struct kept){ number, (uint64_t)st.st_size };
	}
	closedir(d);
	if (n > 0)
		qsort(v, n, sizeof(*v), newest_first);
	for (size_t i = 0; i < n && rc == 0; i++) {
		total += v[i].size;
		if (i == 0 || (i < HISTORY_FILES && total <= HISTORY_BYTES))
			continue;
		snprintf(name, sizeof(name), "%" PRIu64 SUFFIX, v[i].number);
		rc = store_remove(dir, name, err);
	}
	free(v);
	return rc;
}

static bool
file_number(const char *name, uint64_t *number)
{
	struct str digits = str_of(name);

	if (!str_ends_nocase(digits, STR(SUFFIX)))
		return false;
	digits.n -= sizeof(SUFFIX) - 1;
	return str_u64(digits, INT64_MAX, number);
}

static int
newest_first(const void *a, const void *b)
{
	uint64_t x = ((const struct kept *)a)->number;
	uint64_t y = ((const struct kept *)b)->number;

	return x < y ? 1 : x > y ? -1 : 0;
}
