/*
 * revision.c - working copy and numbered revisions
 */
#include "config/revision.h"

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
#include "config/diff.h"
#include "config/folder.h"
#include "config/store.h"

#define COMMIT_FILE "commit.json"
#define JSON_MAX    16384

static bool read_current(int dir, uint64_t *number, struct err *);
static int read_bundle(
    struct bundle *, const char *state, uint64_t number, struct err *);
static int folder_of(
    char path[PATH_MAX], const char *state, uint64_t number, struct err *);
static int store(int dir, const struct bundle *, const char *user,
    const char *comment, uint64_t *number, struct err *);
static uint64_t next_number(int dir);
static char *commit_json(
    uint64_t number, const char *user, const char *comment);
static json_t *clean_text(const char *);
static bool equal(const struct bundle *, const struct bundle *);
static void diff_bundles(const struct bundle *from, const struct bundle *to,
    uint64_t number, struct buf *out);
static void diff_file(struct str name, struct str from, struct str to,
    uint64_t number, struct buf *out);

bool
revision_current(const char *state, uint64_t *number, struct err *err)
{
	struct err why = ERR_INIT;
	int dir = store_open(state, false, &why);
	bool ok;

	*number = 0;
	if (dir == -1) {
		if (why.sys != ENOENT && err != NULL)
			*err = why;
		return why.sys == ENOENT;
	}
	ok = read_current(dir, number, err);
	close(dir);
	return ok;
}

int
revision_bundle(
    struct bundle *b, const char *state, uint64_t number, struct err *err)
{
	return read_bundle(b, state, number, err);
}

int
revision_info(const char *state, uint64_t number, struct revision_info *info,
    struct err *err)
{
	char path[PATH_MAX];
	struct buf text;
	struct stat st;
	json_t *json = NULL;
	const char *user = "", *comment = "";
	json_int_t when = 0;
	int dir;

	if (folder_of(path, state, number, err) == -1)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return err_sys(err, ERR_USAGE, "revision %" PRIu64, number);
	buf_init(&text, JSON_MAX + 65536);
	if (folder_slurp(dir, COMMIT_FILE, &text, &st, err) == 0)
		json = json_loadb(text.data, text.len, 0, NULL);
	close(dir);
	buf_fini(&text);
	if (json == NULL || json_unpack(json, "{s:I, s:s, s:s}", "when", &when,
				"user", &user, "comment", &comment) == -1) {
		json_decref(json);
		return err_set(err, ERR_PERM,
		    "revision %" PRIu64 ": " COMMIT_FILE " is damaged", number);
	}
	*info = (struct revision_info){ .number = number, .when = when };
	str_copy(info->user, sizeof(info->user), str_of(user));
	str_copy(info->comment, sizeof(info->comment), str_of(comment));
	json_decref(json);
	return 0;
}

int
revision_commit(const char *etc, const char *state, const char *user,
    const char *comment, struct config_problems *problems, uint64_t *number,
    struct err *err)
{
	struct bundle work = { 0 }, old = { 0 };
	struct config *c;
	uint64_t current;
	int dir = -1, rc = -1;

	*number = 0;
	if (folder_read(&work, etc, true, err) == -1)
		return -1;
	c = config_load(&work, 0, problems);
	if (c == NULL) {
		err_set(err, ERR_USAGE,
		    "the configuration has %zu mistake%s; nothing was changed",
		    problems->n_errors, problems->n_errors == 1 ? "" : "s");
		goto out;
	}
	config_unref(&c);
	dir = store_open(state, true, err);
	if (dir == -1 || !read_current(dir, &current, err))
		goto out;
	if (current != 0 && read_bundle(&old, state, current, err) == -1)
		goto out;
	if (current != 0 && equal(&old, &work))
		rc = 0;
	else
		rc = store(dir, &work, user, comment, number, err);
out:
	if (dir != -1)
		close(dir);
	bundle_free(&work);
	bundle_free(&old);
	return rc;
}

int
revision_rollback(const char *etc, const char *state, uint64_t number,
    const char *user, uint64_t *out, struct err *err)
{
	struct bundle b = { 0 };
	struct revision_info info;
	char comment[sizeof(info.comment) + 64];
	struct config *c = NULL;
	int dir = -1, rc = -1;

	*out = 0;
	if (revision_info(state, number, &info, err) == -1 ||
	    read_bundle(&b, state, number, err) == -1)
		return -1;
	/* An older version of Postern may have understood it otherwise. */
	c = config_load_simple(&b, number, err);
	if (c == NULL) {
		err_in(err, "revision %" PRIu64, number);
		goto done;
	}
	config_unref(&c);
	snprintf(comment, sizeof(comment), "Reverted to %" PRIu64 ": %s",
	    number, info.comment);
	dir = store_open(state, true, err);
	if (dir != -1 && store(dir, &b, user, comment, out, err) == 0)
		rc = store_replace(etc, &b, err);
done:
	if (dir != -1)
		close(dir);
	bundle_free(&b);
	return rc;
}

int
revision_clear(const char *etc, const char *state, struct err *err)
{
	struct bundle b = { 0 };
	uint64_t number;
	int rc;

	if (!revision_current(state, &number, err))
		return -1;
	if (number == 0)
		return err_set(err, ERR_USAGE,
		    "nothing was ever committed, so there is nothing to go "
		    "back to");
	if (read_bundle(&b, state, number, err) == -1)
		return -1;
	rc = store_replace(etc, &b, err);
	bundle_free(&b);
	return rc;
}

int
revision_diff(
    const char *etc, const char *state, struct buf *out, struct err *err)
{
	struct bundle work = { 0 }, old = { 0 };
	uint64_t number;
	int rc = -1;

	if (!revision_current(state, &number, err))
		return -1;
	if (bundle_read_folder(&work, etc, err) == -1)
		return -1;
	if (number == 0 || read_bundle(&old, state, number, err) == 0) {
		diff_bundles(&old, &work, number, out);
		rc = 0;
	}
	bundle_free(&work);
	bundle_free(&old);
	return rc;
}

static bool
read_current(int dir, uint64_t *number, struct err *err)
{
	struct buf text;
	struct stat st;
	bool ok = true;

	*number = 0;
	if (faccessat(dir, "current", F_OK, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT)
		return true;
	buf_init(&text, 1 << 17);
	if (folder_slurp(dir, "current", &text, &st, err) == -1)
		ok = false;
	else if (!str_u64(str_trim(buf_str(&text)), INT64_MAX, number) ||
		 *number == 0)
		ok = err_set(err, ERR_PERM,
			 "revisions/current does not hold a number") == 0;
	buf_fini(&text);
	return ok;
}

static int
read_bundle(
    struct bundle *b, const char *state, uint64_t number, struct err *err)
{
	char path[PATH_MAX];
	int n = snprintf(
	    path, sizeof(path), "%s/revisions/%" PRIu64, state, number);

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(err, ERR_USAGE, "path too long: %s", state);
	return bundle_read_folder(b, path, err);
}

static int
folder_of(
    char path[PATH_MAX], const char *state, uint64_t number, struct err *err)
{
	int n =
	    snprintf(path, PATH_MAX, "%s/revisions/%" PRIu64, state, number);

	if (n < 0 || n >= PATH_MAX)
		return err_set(err, ERR_USAGE, "path too long: %s", state);
	return 0;
}

/* The bundle becomes the newest revision, then the current one. */
static int
store(int dir, const struct bundle *b, const char *user, const char *comment,
    uint64_t *number, struct err *err)
{
	uint64_t n = next_number(dir);
	char name[32], current[32];
	char *json;
	int rc = -1;

	if (n == 0)
		return err_sys(err, ERR_TEMP, "read folder of revisions");
	json = commit_json(n, user, comment);
	snprintf(name, sizeof(name), "%" PRIu64, n);
	snprintf(current, sizeof(current), "%" PRIu64 "\n", n);
	if (store_folder(dir, name, b, COMMIT_FILE, str_of(json), err) == 0 &&
	    store_file(dir, "current", str_of(current), false, err) == 0) {
		*number = n;
		rc = 0;
	}
	free(json);
	return rc;
}

/* Past every folder there is: one that was never made current may stand
 * there after a crash. 0: it could not be read. */
static uint64_t
next_number(int dir)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy != -1 ? fdopendir(copy) : NULL;
	uint64_t greatest = 0, n;
	struct dirent *e;

	if (d == NULL)
		return 0;
	rewinddir(d);
	while ((e = readdir(d)) != NULL) {
		if (str_u64(str_of(e->d_name), INT64_MAX - 1, &n) &&
		    n > greatest)
			greatest = n;
	}
	closedir(d);
	return greatest + 1;
}

static char *
commit_json(uint64_t number, const char *user, const char *comment)
{
	json_t *json = json_pack("{s:I, s:I, s:o, s:o}", "number",
	    (json_int_t)number, "when", (json_int_t)clock_wall_ms(), "user",
	    clean_text(user), "comment", clean_text(comment));
	char *text = json != NULL ? json_dumps(json, JSON_INDENT(1)) : NULL;

	json_decref(json);
	if (text == NULL)
		panic("commit: no memory for its description");
	return text;
}

/* Bytes that are not UTF-8, and controls, as escapes. A text that was cleaned
 * once stays as it is. */
static json_t *
clean_text(const char *text)
{
	bool clean = str_valid_utf8(str_of(text)) && strlen(text) <= 1000;
	char out[4096];

	for (const char *c = text; clean && *c != '\0'; c++)
		clean = (unsigned char)*c >= 0x20 && *c != 0x7f;
	if (clean)
		return json_string(text);
	str_escape(out, sizeof(out), str_of(text), 1000);
	return json_string(out);
}

static bool
equal(const struct bundle *a, const struct bundle *b)
{
	/* The packed form holds all, in an order of its own. */
	return str_eq((struct str){ a->map, a->map_len },
	    (struct str){ b->map, b->map_len });
}

/* Files of either side, in the order of the working copy, then those that
 * are gone. Secrets are no part of a bundle. */
static void
diff_bundles(const struct bundle *from, const struct bundle *to,
    uint64_t number, struct buf *out)
{
	for (size_t i = 0; i < to->n; i++) {
		const struct bundle_file *old = NULL;

		for (size_t j = 0; j < from->n; j++) {
			if (str_eq(from->files[j].name, to->files[i].name))
				old = &from->files[j];
		}
		diff_file(to->files[i].name, old != NULL ? old->text : STR(""),
		    to->files[i].text, number, out);
	}
	for (size_t i = 0; i < from->n; i++) {
		bool found = false;

		for (size_t j = 0; j < to->n; j++)
			found |= str_eq(from->files[i].name, to->files[j].name);
		if (!found)
			diff_file(from->files[i].name, from->files[i].text,
			    STR(""), number, out);
	}
}

static void
diff_file(struct str name, struct str from, struct str to, uint64_t number,
    struct buf *out)
{
	char old[256], new[256];

	snprintf(
	    old, sizeof(old), "%.*s\trevision %" PRIu64, STR_ARG(name), number);
	snprintf(new, sizeof(new), "%.*s\tworking copy", STR_ARG(name));
	diff_unified(from, to, old, new, out);
}
