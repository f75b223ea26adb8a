/* recorder_files.c - the files of one log subscription in its folder */
#include "master/recorder_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define CURRENT   ".current"
#define SAVED     ".s"
#define BUMPS_MAX 3600 /* seconds to go on from a time that is taken */

struct names {
	char **v;
	size_t n, cap;
};

static void list(int dir, const char *name, const char *ending, struct names *);
static bool is_file_of(struct str file, const char *name, const char *ending);
static void names_free(struct names *);
static int by_name(const void *, const void *);
static void saved_name(const char *current, char out[RECORDER_FILE_MAX]);
static int open_left_over(int dir, const char *name, char *current);
static int open_new(int dir, const char *name, time_t, char *current);
static void current_name(const char *name, time_t, char out[RECORDER_FILE_MAX]);
static bool ends_within_line(int fd, uint64_t size);

int
recorder_files_folder(int logs, const char *name)
{
	if (mkdirat(logs, name, 0750) == -1 && errno != EEXIST)
		return -1;
	return openat(
	    logs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
recorder_files_open(int dir, const char *name, int64_t now_ms,
    char current[RECORDER_FILE_MAX], uint64_t *size, bool *torn)
{
	int fd = open_left_over(dir, name, current);
	struct stat st;

	if (fd == -1)
		fd = open_new(dir, name, now_ms / 1000, current);
	if (fd == -1 || fstat(fd, &st) == -1)
		return -1;
	*size = (uint64_t)st.st_size;
	*torn = ends_within_line(fd, *size);
	return fd;
}

void
recorder_files_save(int dir, const char *current)
{
	char saved[RECORDER_FILE_MAX];

	saved_name(current, saved);
	/* When this fails the next start takes the file up again. */
	(void)renameat(dir, current, dir, saved);
}

void
recorder_files_trim(int dir, const char *name, size_t keep)
{
	struct names saved = { 0 };

	list(dir, name, SAVED, &saved);
	for (size_t i = 0; i + keep < saved.n; i++)
		(void)unlinkat(dir, saved.v[i], 0);
	names_free(&saved);
}

bool
recorder_files_oldest(int dir, const char *name, char oldest[RECORDER_FILE_MAX])
{
	struct names saved = { 0 };
	bool any;

	list(dir, name, SAVED, &saved);
	any = saved.n > 0;
	if (any)
		snprintf(oldest, RECORDER_FILE_MAX, "%s", saved.v[0]);
	names_free(&saved);
	return any;
}

/* Names of the files with that ending, oldest first. */
static void
list(int dir, const char *name, const char *ending, struct names *out)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (!is_file_of(str_of(e->d_name), name, ending))
			continue;
		out->v = mem_room(out->v, &out->cap, out->n, sizeof(*out->v));
		out->v[out->n++] = mem_strdup(e->d_name);
	}
	closedir(d);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_name);
}

/* Nothing but our own names: this decides what is removed. */
static bool
is_file_of(struct str file, const char *name, const char *ending)
{
	const char *want = ".@00000000T000000"; /* 0: any digit */
	size_t n = strlen(name), stamp = strlen(want);

	if (file.n != n + stamp + strlen(ending) ||
	    !str_starts(file, str_of(name)) ||
	    !str_is(str_sub(file, n + stamp, file.n), ending))
		return false;
	for (size_t i = 0; i < stamp; i++) {
		char c = file.p[n + i];

		if (want[i] == '0' ? c < '0' || c > '9' : c != want[i])
			return false;
	}
	return true;
}

static void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

/* The time in the name sorts as text. */
static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
saved_name(const char *current, char out[RECORDER_FILE_MAX])
{
	size_t n = strlen(current) - strlen(CURRENT);

	snprintf(out, RECORDER_FILE_MAX, "%.*s" SAVED, (int)n, current);
}

static int
open_left_over(int dir, const char *name, char *current)
{
	struct names left = { 0 };
	int fd = -1;

	list(dir, name, CURRENT, &left);
	for (size_t i = 0; i + 1 < left.n; i++)
		recorder_files_save(dir, left.v[i]);
	if (left.n != 0) {
		snprintf(current, RECORDER_FILE_MAX, "%s", left.v[left.n - 1]);
		fd = openat(
		    dir, current, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	}
	names_free(&left);
	return fd;
}

/*
 * The name has to be a new one, and later than that of the newest saved file:
 * names tell the order. Several rollovers in a second, or a clock that was
 * set back, go on from the time that is taken; after an hour of that the
 * order is given up.
 */
static int
open_new(int dir, const char *name, time_t now, char *current)
{
	struct names saved = { 0 };
	const char *newest = "";
	int fd = -1;

	list(dir, name, SAVED, &saved);
	if (saved.n != 0)
		newest = saved.v[saved.n - 1];
	for (int i = 0; i < 2 * BUMPS_MAX && fd == -1; i++) {
		char as_saved[RECORDER_FILE_MAX];

		current_name(name, now + i % BUMPS_MAX, current);
		saved_name(current, as_saved);
		if (i < BUMPS_MAX ? strcmp(as_saved, newest) <= 0
				  : faccessat(dir, as_saved, F_OK, 0) == 0)
			continue;
		fd = openat(dir, current,
		    O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
		if (fd == -1 && errno != EEXIST)
			break;
	}
	names_free(&saved);
	return fd;
}

static void
current_name(const char *name, time_t when, char out[RECORDER_FILE_MAX])
{
	char stamp[32];
	struct tm tm;

	localtime_r(&when, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &tm);
	snprintf(out, RECORDER_FILE_MAX, "%s.@%s" CURRENT, name, stamp);
}

static bool
ends_within_line(int fd, uint64_t size)
{
	char last = '\n';

	return size != 0 && pread(fd, &last, 1, (off_t)size - 1) == 1 &&
	       last != '\n';
}
