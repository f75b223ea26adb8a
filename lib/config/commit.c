/*
 * commit.c - from the working copy to the next revision
 */
#include "config/commit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/bundle_tables.h"
#include "config/edits.h"
#include "config/folder.h"
#include "config/history.h"
#include "config/merge.h"
#include "config/note.h"
#include "config/objects.h"
#include "config/private.h"
#include "config/revision.h"
#include "config/store.h"
#include "config/table.h"
#include "config/tree.h"

#define OBJECTS_MAX ((size_t)64 << 20)

static int store_files(
    struct commit *, const char *name, struct str note, struct err *);
static int read_sides(struct commit *, struct err *);
static int read_work(struct commit *, struct err *);
static bool equal(const struct bundle *, const struct bundle *);
static int merge_sides(
    const struct commit *, struct bundle *merged, struct err *);
static int common_object(const struct bundle *base, const struct bundle *work,
    const struct bundle *now, struct err *err);
static bool has_line(struct str lines, struct str line);
static int check_merged(const struct commit *, const struct bundle *base,
    const struct bundle *merged, struct err *err);
static int prune(struct commit *, struct err *);
static int oldest_first(const void *, const void *);
static bool stays(const struct commit *, uint64_t number, size_t *kept);

int
commit_begin(
    struct commit *c, const char *etc, const char *state, struct err *err)
{
	*c = (struct commit){ .etc = etc, .state = state, .lock = -1 };
	c->dir = store_open(state, true, err);
	if (c->dir == -1)
		return -1;
	c->lock = store_lock(etc, err);
	if (c->lock != -1 && read_sides(c, err) == 0)
		return 0;
	commit_end(c);
	return -1;
}

bool
commit_is_empty(const struct commit *c)
{
	return c->current != 0 && equal(&c->now, &c->work);
}

bool
commit_is_behind(const struct commit *c)
{
	return c->current != 0 && c->base != c->current && c->base != 0 &&
	       !commit_is_empty(c);
}

int
commit_check(
    struct commit *c, struct config_problems *problems, struct err *err)
{
	struct bundle compiled = { 0 }, all;
	int rc = 0;

	config_unref(&c->config);
	if (c->current != 0)
		rc = revision_tables(&compiled, c->state, c->current, err);
	if (rc == 0)
		rc = bundle_add_compiled(
		    &all, &c->work, &c->now, &compiled, err);
	bundle_free(&compiled);
	if (rc == -1)
		return -1;
	c->config = config_load(&all, 0, problems);
	bundle_free(&all);
	if (c->config != NULL)
		private_check(c->etc, c->config, problems);
	if (c->config != NULL && problems->n_errors == 0)
		return 0;
	config_unref(&c->config);
	return err_set(err, ERR_USAGE,
	    "the configuration has %zu mistake%s; nothing was changed",
	    problems->n_errors, problems->n_errors == 1 ? "" : "s");
}

/* Past every folder there is: one that was never made current may stand
 * there after a crash. */
int
commit_store(struct commit *c, const struct commit_note *note, struct err *err)
{
	size_t n;
	uint64_t *v = note_numbers(c->dir, &n), next = c->current + 1;
	char name[32], *text;
	struct buf objects;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (v[i] >= next)
			next = v[i] + 1;
	free(v);
	buf_init(&objects, OBJECTS_MAX);
	if (c->current != 0)
		objects_changed(&c->now, &c->work, &objects);
	text = note_text(next, note, buf_str(&objects));
	buf_fini(&objects);
	snprintf(name, sizeof(name), "%" PRIu64, next);
	rc = store_files(c, name, str_of(text), err);
	free(text);
	if (rc == -1)
		return -1;
	c->number = next;
	/* Said before it is in force: whoever is killed after that moment has
	 * not fallen behind himself. */
	return note_base(c->etc, next, err);
}

int
commit_finish(struct commit *c, struct err *err)
{
	c->current = c->base = c->number;
	edits_forget(c->etc, NULL);
	/* First what makes room. */
	if (prune(c, err) == -1)
		return -1;
	return history_add(c->state, c->number, &c->work, err);
}

int
commit_drop(struct commit *c, struct err *err)
{
	char name[32];

	snprintf(name, sizeof(name), "%" PRIu64, c->number);
	if (c->number == 0)
		return 0;
	if (store_remove(c->dir, name, err) == -1)
		return -1;
	c->number = 0;
	return note_base(c->etc, c->base != 0 ? c->base : c->current, err);
}

void
commit_end(struct commit *c)
{
	if (c->dir != -1)
		close(c->dir);
	if (c->lock != -1)
		close(c->lock);
	c->dir = c->lock = -1;
	bundle_free(&c->work);
	bundle_free(&c->now);
	config_unref(&c->config);
}

int
commit_merge(struct commit *c, struct err *err)
{
	struct bundle merged;
	int rc;

	if (merge_sides(c, &merged, err) == -1)
		return -1;
	rc = commit_replace(c, &merged, err);
	bundle_free(&merged);
	return rc;
}

bool
commit_can_merge(const struct commit *c, struct err *err)
{
	struct bundle merged;
	bool can = merge_sides(c, &merged, err) == 0;

	bundle_free(&merged);
	return can;
}

int
commit_clear(struct commit *c, struct err *err)
{
	edits_forget(c->etc, NULL);
	return commit_replace(c, &c->now, err);
}

int
commit_replace(struct commit *c, const struct bundle *files, struct err *err)
{
	if (store_replace(c->etc, files, err) == -1 ||
	    note_base(c->etc, c->current, err) == -1)
		return -1;
	c->base = c->current;
	return read_work(c, err);
}

int
commit_all(const char *etc, const char *state, const struct commit_note *note,
    struct config_problems *problems, uint64_t *number, struct err *err)
{
	struct commit c;
	int rc = -1;

	*number = 0;
	if (commit_begin(&c, etc, state, err) == -1)
		return -1;
	if (commit_check(&c, problems, err) == -1)
		rc = -1;
	else if (commit_is_empty(&c))
		rc = note_base(etc, c.current, err);
	else if (commit_store(&c, note, err) == 0 &&
		 revision_make_current(state, c.number, err) == 0)
		rc = commit_finish(&c, err);
	if (rc == 0)
		*number = c.number;
	else if (c.number != 0 && c.current != c.number)
		(void)commit_drop(&c, NULL);
	commit_end(&c);
	return rc;
}

/* The files, the note, the tables compiled. Those that were not compiled just
 * now stand in the current revision. */
static int
store_files(
    struct commit *c, const char *name, struct str note, struct err *err)
{
	struct table *const *tables;
	size_t n = tree_tables(c->config, &tables);
	struct store_extra *extra = mem_array(n + 1, sizeof(*extra));
	char current[32];
	int rc;

	snprintf(current, sizeof(current), "%" PRIu64, c->current);
	snprintf(extra[n].name, sizeof(extra[n].name), NOTE_FILE);
	extra[n].text = note;
	for (size_t i = 0; i < n; i++) {
		snprintf(extra[i].name, sizeof(extra[i].name),
		    "%s" TABLE_SUFFIX, table_file(tables[i]));
		extra[i].text = table_compiled(tables[i]);
		if (table_was_compiled(tables[i]))
			extra[i].same_in = current;
	}
	rc = store_folder(c->dir, name, &c->work, extra, n + 1, err);
	free(extra);
	return rc;
}

static int
read_sides(struct commit *c, struct err *err)
{
	if (!revision_current(c->state, &c->current, err) ||
	    !revision_base(c->etc, &c->base, err) ||
	    folder_read(&c->work, c->etc, true, err) == -1)
		return -1;
	/* From elsewhere, or of a state that was lost. */
	if (c->base > c->current)
		c->base = 0;
	if (c->current == 0)
		return 0;
	return revision_bundle(&c->now, c->state, c->current, err);
}

/* Once more: what was checked was another one. */
static int
read_work(struct commit *c, struct err *err)
{
	config_unref(&c->config);
	bundle_free(&c->work);
	return folder_read(&c->work, c->etc, true, err);
}

static bool
equal(const struct bundle *a, const struct bundle *b)
{
	/* The packed form holds all, in an order of its own. */
	return str_eq((struct str){ a->map, a->map_len },
	    (struct str){ b->map, b->map_len });
}

/* --- merging --- */

static int
merge_sides(const struct commit *c, struct bundle *merged, struct err *err)
{
	struct bundle base;
	int rc = -1;

	*merged = (struct bundle){ 0 };
	if (revision_bundle(&base, c->state, c->base, NULL) == -1)
		return err_set(err, ERR_USAGE,
		    "revision %" PRIu64 ", which the working copy was made "
		    "from, is not kept any more",
		    c->base);
	if (common_object(&base, &c->work, &c->now, err) == 0 &&
	    merge_bundles(&base, &c->work, &c->now, merged, err) == 0)
		rc = check_merged(c, &base, merged, err);
	if (rc == -1)
		bundle_free(merged);
	bundle_free(&base);
	return rc;
}

static int
common_object(const struct bundle *base, const struct bundle *work,
    const struct bundle *now, struct err *err)
{
	struct buf ours, theirs;
	struct str rest;
	int rc = 0;

	buf_init(&ours, OBJECTS_MAX);
	buf_init(&theirs, OBJECTS_MAX);
	objects_changed(base, work, &ours);
	objects_changed(base, now, &theirs);
	rest = buf_str(&ours);
	while (rest.n > 0 && rc == 0) {
		struct str one = str_cut(&rest, '\n');

		if (has_line(buf_str(&theirs), one))
			rc = err_set(err, ERR_USAGE, "both sides changed %.*s",
			    STR_ARG(one));
	}
	buf_fini(&ours);
	buf_fini(&theirs);
	return rc;
}

static bool
has_line(struct str lines, struct str line)
{
	while (lines.n > 0)
		if (str_eq(str_cut(&lines, '\n'), line))
			return true;
	return false;
}

/* Lines were put together: what came out must be right, and must differ from
 * what is in force by exactly what was changed here. */
static int
check_merged(const struct commit *c, const struct bundle *base,
    const struct bundle *merged, struct err *err)
{
	struct config *config = config_load_simple(merged, 0, err);
	struct buf ours, result;
	int rc = 0;

	if (config == NULL)
		return err_in(err, "the changes do not go together");
	config_unref(&config);
	buf_init(&ours, OBJECTS_MAX);
	buf_init(&result, OBJECTS_MAX);
	objects_changed(base, &c->work, &ours);
	objects_changed(&c->now, merged, &result);
	for (struct str rest = buf_str(&ours); rest.n > 0;)
		if (!has_line(buf_str(&result), str_cut(&rest, '\n')))
			rc = -1;
	for (struct str rest = buf_str(&result); rest.n > 0;)
		if (!has_line(buf_str(&ours), str_cut(&rest, '\n')))
			rc = -1;
	buf_fini(&ours);
	buf_fini(&result);
	return rc == 0 ? 0
		       : err_set(err, ERR_USAGE,
			     "the changes stand too close together in the "
			     "files to be merged");
}

/* --- what is too old --- */

/* Folders beyond the current one were never in force. */
static int
prune(struct commit *c, struct err *err)
{
	size_t n, kept = 0;
	uint64_t *v = note_numbers(c->dir, &n);
	char name[32];
	int rc = 0;

	if (n > 0)
		qsort(v, n, sizeof(*v), oldest_first);
	for (size_t i = n; i-- > 0 && rc == 0;) {
		if (stays(c, v[i], &kept))
			continue;
		snprintf(name, sizeof(name), "%" PRIu64, v[i]);
		rc = store_remove(c->dir, name, err);
	}
	free(v);
	return rc;
}

static int
oldest_first(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y ? 1 : 0;
}

static bool
stays(const struct commit *c, uint64_t number, size_t *kept)
{
	struct revision_info info;

	if (number > c->current)
		return false;
	if (number == c->current)
		return ++*kept > 0;
	if (revision_info(c->state, number, &info, NULL) == 0 && info.forget)
		return false;
	return ++*kept <= REVISIONS_KEPT;
}
