/*
 * revision.c - the working copy and the numbered revisions, to look at
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

#include "base/bounds.h"
#include "base/mem.h"
#include "config/bundle_tables.h"
#include "config/diff.h"
#include "config/edits.h"
#include "config/folder.h"
#include "config/mask.h"
#include "config/note.h"
#include "config/store.h"

#define NUMBER_FILE_MAX (1 << 17)
#define MASKED_MAX      (2ul * CONFIG_FILE_MAX)

static bool read_number(
    int dir, const char *name, const char *shown, uint64_t *, struct err *);
static int folder_of(
    char path[PATH_MAX], const char *state, uint64_t number, struct err *);
static json_t *read_note(const char *state, uint64_t number, struct err *);
static int newest_first(const void *, const void *);
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
	ok = read_number(dir, "current", "revisions/current", number, err);
	close(dir);
	return ok;
}

int
revision_make_current(const char *state, uint64_t number, struct err *err)
{
	int dir = store_open(state, false, err), rc;
	char text[32];

	if (dir == -1)
		return -1;
	snprintf(text, sizeof(text), "%" PRIu64 "\n", number);
	rc = store_file(dir, "current", str_of(text), false, err);
	close(dir);
	return rc;
}

bool
revision_base(const char *etc, uint64_t *number, struct err *err)
{
	int dir = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	*number = 0;
	if (dir == -1)
		return err_sys(err, ERR_TEMP, "folder %s", etc) == 0;
	ok = read_number(dir, BASE_FILE, BASE_FILE, number, err);
	close(dir);
	return ok;
}

int
revision_bundle(
    struct bundle *b, const char *state, uint64_t number, struct err *err)
{
	char path[PATH_MAX];

	*b = (struct bundle){ 0 };
	if (folder_of(path, state, number, err) == -1)
		return -1;
	return bundle_read_folder(b, path, err);
}

int
revision_tables(
    struct bundle *b, const char *state, uint64_t number, struct err *err)
{
	char path[PATH_MAX];

	*b = (struct bundle){ 0 };
	if (folder_of(path, state, number, err) == -1)
		return -1;
	return folder_read_compiled(b, path, err);
}

int
revision_compiled(
    struct bundle *b, const char *state, uint64_t number, struct err *err)
{
	struct bundle texts = { 0 }, tables = { 0 };
	int rc = -1;

	*b = (struct bundle){ 0 };
	if (revision_bundle(&texts, state, number, err) == 0 &&
	    revision_tables(&tables, state, number, err) == 0)
		rc = bundle_add_compiled(b, &texts, NULL, &tables, err);
	bundle_free(&texts);
	bundle_free(&tables);
	return rc;
}

int
revision_load(const char *state, uint64_t number, struct config **config,
    int *fd, struct err *err)
{
	struct bundle stored, sent = { 0 };
	struct config *c;
	int rc = -1;

	*fd = -1;
	*config = NULL;
	if (revision_compiled(&stored, state, number, err) == -1)
		return -1;
	/* only its tables of addresses are needed */
	c = config_load_brief(&stored, number, err);
	if (c != NULL && bundle_for_programs(&sent, &stored, c, err) == 0)
		*fd = bundle_to_fd(&sent, err);
	config_unref(&c);
	bundle_free(&stored);
	bundle_free(&sent);
	/* As all the others: their memory is ours then. */
	if (*fd != -1 && bundle_from_fd(&sent, *fd, err) == 0) {
		*config = config_load_simple(&sent, number, err);
		bundle_free(&sent);
		rc = *config != NULL ? 0 : -1;
	}
	if (rc == -1 && *fd != -1)
		close(*fd);
	return rc;
}

int
revision_info(const char *state, uint64_t number, struct revision_info *info,
    struct err *err)
{
	json_t *json = read_note(state, number, err);
	const char *user = "", *comment = "";
	json_int_t when = 0;
	int forget = 0;

	if (json == NULL)
		return -1;
	if (json_unpack(json, "{s:I, s:s, s:s, s?b}", "when", &when, "user",
		&user, "comment", &comment, "forget", &forget) == -1) {
		json_decref(json);
		return err_set(err, ERR_PERM,
		    "revision %" PRIu64 ": " NOTE_FILE " is damaged", number);
	}
	*info = (struct revision_info){
		.number = number, .when = when, .forget = forget
	};
	str_copy(info->user, sizeof(info->user), str_of(user));
	str_copy(info->comment, sizeof(info->comment), str_of(comment));
	json_decref(json);
	return 0;
}

int
revision_objects(
    const char *state, uint64_t number, struct buf *out, struct err *err)
{
	json_t *json = read_note(state, number, err);
	const json_t *one;
	size_t i;

	if (json == NULL)
		return -1;
	json_array_foreach(json_object_get(json, "objects"), i, one)
	{
		if (json_is_string(one))
			buf_printf(out, "%s\n", json_string_value(one));
	}
	json_decref(json);
	return 0;
}

size_t
revision_list(const char *state, uint64_t *out, size_t max)
{
	int dir = store_open(state, false, NULL);
	uint64_t *v, current = 0;
	size_t n, kept = 0;

	if (dir == -1)
		return 0;
	v = note_numbers(dir, &n);
	if (!read_number(dir, "current", "", &current, NULL))
		current = 0;
	close(dir);
	if (n > 0)
		qsort(v, n, sizeof(*v), newest_first);
	for (size_t i = 0; i < n && kept < max; i++)
		if (v[i] <= current)
			out[kept++] = v[i];
	free(v);
	return kept;
}

int
revision_restore(
    const char *etc, const char *state, uint64_t number, struct err *err)
{
	struct bundle b = { 0 };
	uint64_t current;
	int lock, rc = -1;

	if (!revision_current(state, &current, err))
		return -1;
	if (current == 0)
		return err_set(err, ERR_USAGE,
		    "nothing was ever committed, so there is nothing to go "
		    "back to");
	lock = store_lock(etc, err);
	if (lock != -1 && revision_bundle(&b, state, number, err) == 0 &&
	    store_replace(etc, &b, err) == 0)
		rc = note_base(etc, current, err);
	if (rc == 0)
		edits_forget(etc, NULL);
	if (lock != -1)
		close(lock);
	bundle_free(&b);
	return rc;
}

int
revision_diff(const char *etc, const char *state, uint64_t number,
    struct buf *out, struct err *err)
{
	struct bundle work = { 0 }, old = { 0 };
	int rc = -1;

	if (number == 0 && !revision_current(state, &number, err))
		return -1;
	if (bundle_read_folder(&work, etc, err) == -1)
		return -1;
	if (number == 0 || revision_bundle(&old, state, number, err) == 0) {
		diff_bundles(&old, &work, number, out);
		rc = 0;
	}
	bundle_free(&work);
	bundle_free(&old);
	return rc;
}

/* A file that is not there means 0. */
static bool
read_number(int dir, const char *name, const char *shown, uint64_t *number,
    struct err *err)
{
	struct buf text;
	struct stat st;
	bool ok = true;

	*number = 0;
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT)
		return true;
	buf_init(&text, NUMBER_FILE_MAX);
	if (folder_slurp(dir, name, &text, &st, err) == -1)
		ok = false;
	else if (!str_u64(str_trim(buf_str(&text)), INT64_MAX, number) ||
		 *number == 0)
		ok = err_set(err, ERR_PERM, "%s does not hold a number",
			 shown) == 0;
	buf_fini(&text);
	return ok;
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

static json_t *
read_note(const char *state, uint64_t number, struct err *err)
{
	char path[PATH_MAX];
	struct buf text;
	struct stat st;
	json_t *json = NULL;
	int dir;

	if (folder_of(path, state, number, err) == -1)
		return NULL;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1) {
		err_sys(err, ERR_USAGE, "revision %" PRIu64, number);
		return NULL;
	}
	buf_init(&text, NOTE_MAX + 65536);
	if (folder_slurp(dir, NOTE_FILE, &text, &st, err) == 0)
		json = json_loadb(text.data, text.len, 0, NULL);
	close(dir);
	buf_fini(&text);
	if (json == NULL)
		err_set(err, ERR_PERM,
		    "revision %" PRIu64 ": " NOTE_FILE " is damaged", number);
	return json;
}

static int
newest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* --- the difference --- */

/* Files of either side, in the order of the working copy, then those that
 * are gone. Secrets are no part of a bundle. */
static void
diff_bundles(const struct bundle *from, const struct bundle *to,
    uint64_t number, struct buf *out)
{
	for (size_t i = 0; i < to->n; i++) {
		const struct bundle_file *old =
		    bundle_get(from, to->files[i].name);

		diff_file(to->files[i].name, old != NULL ? old->text : STR(""),
		    to->files[i].text, number, out);
	}
	for (size_t i = 0; i < from->n; i++) {
		if (bundle_get(to, from->files[i].name) == NULL)
			diff_file(from->files[i].name, from->files[i].text,
			    STR(""), number, out);
	}
}

static void
diff_file(struct str name, struct str from, struct str to, uint64_t number,
    struct buf *out)
{
	char old[256], new[256];
	struct buf masked[2];

	snprintf(
	    old, sizeof(old), "%.*s\trevision %" PRIu64, STR_ARG(name), number);
	snprintf(new, sizeof(new), "%.*s\tworking copy", STR_ARG(name));
	if (!mask_concerns(name)) {
		diff_unified(from, to, old, new, out);
		return;
	}
	buf_init(&masked[0], MASKED_MAX);
	buf_init(&masked[1], MASKED_MAX);
	mask_yaml(from, &masked[0]);
	mask_yaml(to, &masked[1]);
	diff_unified(buf_str(&masked[0]), buf_str(&masked[1]), old, new, out);
	if (str_eq(buf_str(&masked[0]), buf_str(&masked[1])) &&
	    !str_eq(from, to))
		buf_printf(
		    out, "--- %s\n+++ %s\nOnly secrets differ.\n", old, new);
	buf_fini(&masked[0]);
	buf_fini(&masked[1]);
}
