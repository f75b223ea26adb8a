/* recorder_state.c - what outlives a restart: counters, ids, the serial */
#include "master/recorder_state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define FOLDER   ".state"
#define FILENAME "counters.json"
#define NAME_LEN 40
#define FILE_MAX (64 * 1024 * 1024)
#define VERSION  1

static const char *const id_names[STATS_N_IDS] = {
	[STATS_MID] = "mid",
	[STATS_ICID] = "icid",
	[STATS_DCID] = "dcid",
	[STATS_RCID] = "rcid",
};

static int open_folder(int logs, struct err *);
static bool take(struct recorder_state *, const json_t *, bool same_run);
static bool take_number(const json_t *, const char *key, uint64_t *);
static void set_aside(int dir, const char *name);
static void new_serial(char out[RECORDER_SERIAL]);
static json_t *describe(const struct recorder_state *, const uint64_t *sums);
static int write_file(
    int dir, const char *name, const char *text, struct err *);

int
recorder_state_load(struct recorder_state *s, int logs, int64_t started,
    bool *aside, struct err *err)
{
	struct err why = ERR_INIT;
	uint64_t saved_run = 0;
	json_t *j;

	*s = (struct recorder_state){ .started = started };
	*aside = false;
	s->dir = open_folder(logs, err);
	if (s->dir == -1)
		return -1;
	j = recorder_state_read(s->dir, FILENAME, aside, &why);
	if (why.kind != ERR_NONE) {
		close(s->dir);
		if (err != NULL)
			*err = why;
		return -1;
	}
	take_number(j, "started", &saved_run);
	if (j != NULL && !take(s, j, saved_run == (uint64_t)started)) {
		*aside = true;
		set_aside(s->dir, FILENAME);
		*s = (struct recorder_state){ .started = started,
			.dir = s->dir };
	}
	if (s->serial[0] == '\0')
		new_serial(s->serial);
	json_decref(j);
	return 0;
}

bool
recorder_state_low(const struct recorder_state *s, const uint64_t *ids)
{
	for (size_t i = 0; i < STATS_N_IDS; i++)
		if (ids[i] + RECORDER_ID_RESERVE / 2 > s->ceilings[i])
			return true;
	return false;
}

int
recorder_state_save(struct recorder_state *s, const uint64_t *sums,
    const uint64_t *ids, bool exact, struct err *err)
{
	json_t *j;
	int rc;

	/* While the suite runs a ceiling never comes down: an id above a
	 * lower one may have been given just now. */
	for (size_t i = 0; i < STATS_N_IDS; i++)
		if (exact)
			s->ceilings[i] = ids[i];
		else if (ids[i] + RECORDER_ID_RESERVE / 2 > s->ceilings[i])
			s->ceilings[i] = ids[i] + RECORDER_ID_RESERVE;
	j = describe(s, sums);
	rc = recorder_state_write(s->dir, FILENAME, j, err);
	json_decref(j);
	return rc;
}

json_t *
recorder_state_read(int dir, const char *name, bool *aside, struct err *err)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n;
	json_t *j;

	if (fd == -1 && errno == ENOENT)
		return NULL;
	if (fd == -1 || fstat(fd, &st) == -1) {
		err_sys(err, ERR_TEMP, "open %s/%s", FOLDER, name);
		if (fd != -1)
			close(fd);
		return NULL;
	}
	if (st.st_size > FILE_MAX) {
		err_set(err, ERR_PERM, "%s/%s is larger than %d MB", FOLDER,
		    name, FILE_MAX >> 20);
		close(fd);
		return NULL;
	}
	text = mem_alloc((size_t)st.st_size + 1);
	n = read(fd, text, (size_t)st.st_size); /* local: all at once */
	close(fd);
	if (n == -1) {
		err_sys(err, ERR_TEMP, "read %s/%s", FOLDER, name);
		free(text);
		return NULL;
	}
	j = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (j == NULL) {
		*aside = true;
		set_aside(dir, name);
	}
	return j;
}

int
recorder_state_write(
    int dir, const char *name, const json_t *j, struct err *err)
{
	char *text = json_dumps(j, JSON_INDENT(1) | JSON_SORT_KEYS);
	int rc;

	if (text == NULL)
		panic("no memory");
	rc = write_file(dir, name, text, err);
	free(text);
	return rc;
}

void
recorder_state_close(struct recorder_state *s)
{
	close(s->dir);
	s->dir = -1;
}

static int
open_folder(int logs, struct err *err)
{
	int fd;

	if (mkdirat(logs, FOLDER, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "make %s", FOLDER);
	fd = openat(
	    logs, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd != -1 ? fd : err_sys(err, ERR_TEMP, "open %s", FOLDER);
}

static void
set_aside(int dir, const char *name)
{
	char bad[NAME_LEN];

	snprintf(bad, sizeof(bad), "%s.damaged", name);
	(void)renameat(dir, name, dir, bad);
}

/*
 * In the same run of the suite the sums of shared memory are still there and
 * count on; otherwise what was the lifetime is what this run adds to.
 */
static bool
take(struct recorder_state *s, const json_t *j, bool same_run)
{
	const json_t *counters = json_object_get(j, "counters");
	const json_t *ids = json_object_get(j, "ids");
	const char *serial = json_string_value(json_object_get(j, "serial"));
	uint64_t n = 0;
	bool ok;

	ok = take_number(j, "version", &n) && n == VERSION && serial != NULL &&
	     str_copy(s->serial, sizeof(s->serial), str_of(serial)) &&
	     take_number(j, "last_counter_reset", &n);
	s->counts.reset_at = (int64_t)n;
	/* one that is newer than the file begins at 0 */
	for (size_t i = 0; i < STATS_N_IDS; i++)
		if (json_object_get(ids, id_names[i]) != NULL)
			ok = ok &&
			     take_number(ids, id_names[i], &s->ceilings[i]);
	for (int i = 0; i < STATS_N_COUNTERS; i++) {
		const json_t *c =
		    json_object_get(counters, stats_counter_name(i));

		if (c == NULL) /* newer than the file */
			continue;
		ok = ok && take_number(c, "reset", &s->counts.reset[i]) &&
		     take_number(
			 c, same_run ? "base" : "lifetime", &s->counts.base[i]);
	}
	return ok;
}

static bool
take_number(const json_t *j, const char *key, uint64_t *out)
{
	const json_t *n = json_object_get(j, key);

	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return false;
	*out = (uint64_t)json_integer_value(n);
	return true;
}

/* Shown in the first lines of a log; only has to differ between systems. */
static void
new_serial(char out[RECORDER_SERIAL])
{
	unsigned char b[10];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		panic("getrandom: %d", errno);
	snprintf(out, RECORDER_SERIAL,
	    "%02X%02X%02X%02X%02X%02X-%02X%02X%02X%02X", b[0], b[1], b[2], b[3],
	    b[4], b[5], b[6], b[7], b[8], b[9]);
}

static json_t *
describe(const struct recorder_state *s, const uint64_t *sums)
{
	json_t *counters = json_object(), *ids = json_object();

	for (int i = 0; i < STATS_N_COUNTERS; i++) {
		const struct recorder_counts *c = &s->counts;

		json_object_set_new(counters, stats_counter_name(i),
		    json_pack("{sI sI sI}", "base", (json_int_t)c->base[i],
			"reset", (json_int_t)c->reset[i], "lifetime",
			(json_int_t)(c->base[i] + sums[i])));
	}
	for (size_t i = 0; i < STATS_N_IDS; i++)
		json_object_set_new(
		    ids, id_names[i], json_integer((json_int_t)s->ceilings[i]));
	return json_pack("{si sI sI ss so so}", "version", VERSION, "started",
	    (json_int_t)s->started, "last_counter_reset",
	    (json_int_t)s->counts.reset_at, "serial", s->serial, "counters",
	    counters, "ids", ids);
}

static int
write_file(int dir, const char *name, const char *text, struct err *err)
{
	char new[NAME_LEN];
	size_t n = strlen(text);
	int fd, rc = 0;

	snprintf(new, sizeof(new), "%s.new", name);
	fd = openat(dir, new,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", new);
	if (write(fd, text, n) != (ssize_t)n || fsync(fd) == -1)
		rc = err_sys(err, ERR_TEMP, "write %s", new);
	close(fd);
	if (rc == 0 &&
	    (renameat(dir, new, dir, name) == -1 || fsync(dir) == -1))
		rc = err_sys(err, ERR_TEMP, "replace %s", name);
	return rc;
}
