/*
 * test_config_edit_random.c - random files, random edits
 *
 * A file is made from a model, in all kinds of styles, with comments
 * anywhere. Each edit is done to the model as well. Then the file must say
 * what the model says, and every line that has nothing to do with the edit
 * must be there as it was. Keys, values and comments all differ, so that a
 * line tells what it is about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/edit.h"

#define KIDS  5
#define DEPTH 4
#define FILES 4000
#define EDITS 8
#define BIG   65536

struct item {
	enum { VALUE, LIST, MAP } kind;
	bool flow;
	unsigned key, value; /* "k1", "v2" */
	struct item *kid[KIDS + 1];
	size_t n;
};

/* Where an edit happens: the way down to it. */
struct way {
	struct item *at[2 * DEPTH + 4];
	size_t index[2 * DEPTH + 4]; /* of at[i] in at[i - 1] */
	size_t n;                    /* at[n] is it */
	char path[400];
};

/* What a line may be about. */
struct ids {
	unsigned v[4096];
	size_t n;
};

static unsigned serial, rng, step_wide, list_wide;

static struct item *make(unsigned depth, bool flow);
static void print_item(
    struct buf *, const struct item *, unsigned column, bool behind_dash);
static void print_kids(
    struct buf *, const struct item *, unsigned column, bool compact);
static void print_flat(struct buf *, const struct item *);
static void print_name(struct buf *, char kind, unsigned id);
static void comment(struct buf *, unsigned column, unsigned chance);
static void edit_once(struct edit *, struct item *root, struct buf *log);
static void choose(struct item *root, struct way *);
static const char *path_to(struct way *, size_t n);
static int change(struct edit *, struct way *, struct buf *log, struct err *);
static int change_list(
    struct edit *, struct way *, struct buf *log, struct err *);
static void model_remove(struct way *);
static void value_text(struct buf *, const struct item *);
static bool agrees(const struct edit *, const struct item *, const char *path);
static void collect(const struct item *, struct ids *);
static char *strange_line(
    struct str before, struct str after, const struct ids *touched);
static bool behind_dash(struct str all, struct str line);
static struct str cut_last(struct str *lines);
static bool concerns(struct str line, const struct ids *);
static void item_free(struct item *);
static unsigned below(unsigned n);

static void
test_random(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= FILES; seed++) {
		struct config_problems ps = { 0 };
		struct item *root;
		struct edit *e;
		struct buf text, log;

		rng = seed * 2654435761u;
		serial = 0;
		step_wide = 1 + below(4);
		list_wide = below(3);
		root = make(DEPTH, false);
		root->kind = MAP;
		buf_init(&text, BIG);
		buf_init(&log, BIG);
		comment(&text, 0, 50);
		if (root->n > 0)
			print_kids(&text, root, 0, false);
		comment(&text, 0, 50);
		e = edit_new("t.yaml", buf_str(&text), &ps);
		if (e == NULL || !agrees(e, root, ""))
			fail_msg("seed %u: made wrong:\n%s", seed, text.data);
		buf_printf(&log, "seed %u\n%s", seed, text.data);
		for (int i = 0; i < EDITS; i++)
			edit_once(e, root, &log);
		edit_free(&e);
		item_free(root);
		buf_fini(&text);
		buf_fini(&log);
	}
}

static struct item *
make(unsigned depth, bool flow)
{
	struct item *it = mem_alloc(sizeof(*it));

	it->kind = depth == 0 ? VALUE : below(3);
	it->key = ++serial;
	it->value = ++serial;
	it->flow = flow || below(5) == 0;
	if (it->kind == VALUE)
		return it;
	it->n = below(KIDS - 1) + (depth == DEPTH);
	for (size_t i = 0; i < it->n; i++)
		it->kid[i] = make(depth - 1, it->flow && depth != DEPTH);
	if (depth == DEPTH)
		it->flow = false;
	return it;
}

/* What stands behind a key or dash, and the line's end. */
static void
print_item(
    struct buf *out, const struct item *it, unsigned column, bool behind_dash)
{
	if (it->kind == VALUE || it->flow || it->n == 0) {
		buf_printf(out, "%*s", 1 + (int)below(2), "");
		print_flat(out, it);
		if (below(4) == 0)
			buf_printf(out, " # c%u", ++serial);
		buf_putc(out, '\n');
		return;
	}
	if (behind_dash) {
		if (below(6) != 0) {
			buf_putc(out, ' ');
			print_kids(out, it, column + 2, true);
			return;
		}
		buf_putc(out, '\n');
		print_kids(out, it, column + 2, false);
		return;
	}
	if (below(4) == 0)
		buf_printf(out, " # c%u", ++serial);
	buf_putc(out, '\n');
	print_kids(out, it, column + (it->kind == LIST ? list_wide : step_wide),
	    false);
}

static void
print_kids(
    struct buf *out, const struct item *it, unsigned column, bool compact)
{
	for (size_t i = 0; i < it->n; i++) {
		if (!compact || i > 0) {
			comment(out, column, 5);
			buf_printf(out, "%*s", (int)column, "");
		}
		if (it->kind == MAP) {
			print_name(out, 'k', it->kid[i]->key);
			buf_putc(out, ':');
		} else {
			buf_putc(out, '-');
		}
		print_item(out, it->kid[i], column, it->kind == LIST);
		comment(out, column + 1 + below(3), 8);
	}
}

static void
print_flat(struct buf *out, const struct item *it)
{
	const char *gap = "";

	if (it->kind == VALUE) {
		print_name(out, 'v', it->value);
		return;
	}
	buf_putc(out, it->kind == LIST ? '[' : '{');
	for (size_t i = 0; i < it->n; i++) {
		buf_puts(out, gap);
		if (it->kind == MAP) {
			print_name(out, 'k', it->kid[i]->key);
			buf_puts(out, ": ");
		}
		print_flat(out, it->kid[i]);
		gap = below(2) == 0 ? "," : ", ";
	}
	buf_putc(out, it->kind == LIST ? ']' : '}');
}

/* Some in quotes, some with other characters. */
static void
print_name(struct buf *out, char kind, unsigned id)
{
	static const char *const forms[] = { "%c%u.", "\"%c%u.\"", "'%c%u.'",
		"%c%u." };

	buf_printf(out, forms[below(4)], kind, id);
}

static void
comment(struct buf *out, unsigned column, unsigned chance)
{
	while (below(chance) == 0) {
		if (below(3) == 0)
			buf_putc(out, '\n');
		buf_printf(out, "%*s# c%u 説明\n", (int)column, "", ++serial);
		if (below(3) == 0)
			buf_putc(out, '\n');
	}
}

static void
edit_once(struct edit *e, struct item *root, struct buf *log)
{
	char *before = mem_strndup(edit_text(e).p, edit_text(e).n);
	struct ids touched = { .n = 0 };
	struct err err = ERR_INIT;
	char *strange = NULL;
	struct way w;
	size_t top;
	int rc;

	choose(root, &w);
	/* One line for all of a list in []; one for a list that gets empty. */
	for (top = 1; top < w.n && !w.at[top]->flow; top++)
		;
	while (top > 1 && w.at[top - 1]->n == 1)
		top--;
	if (w.n > 0)
		collect(w.at[top], &touched);
	rc = change(e, &w, log, &err);
	if (rc == -1)
		fail_msg("%s\n%s", err.text, log->data);
	if (rc == 0)
		strange = strange_line(str_of(before), edit_text(e), &touched);
	if (strange != NULL || !agrees(e, root, ""))
		fail_msg("%s: %s\nnow\n%.*s",
		    strange != NULL ? strange : "differs", log->data,
		    STR_ARG(edit_text(e)));
	free(before);
}

/* Any one, but the root. */
static void
choose(struct item *root, struct way *w)
{
	*w = (struct way){ .at = { root } };
	while (w->at[w->n]->n > 0 && (w->n == 0 || below(3) != 0)) {
		const struct item *in = w->at[w->n];
		size_t i = below((unsigned)in->n);

		w->n++;
		w->at[w->n] = in->kid[i];
		w->index[w->n] = i;
	}
}

/* Writes the path of w->at[n]. */
static const char *
path_to(struct way *w, size_t n)
{
	struct buf out;

	buf_init(&out, sizeof(w->path));
	for (size_t i = 1; i <= n; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%u.", w->at[i]->key);
		if (w->at[i - 1]->kind == MAP)
			edit_path_key(&out, str_of(key));
		else
			buf_printf(&out, "[%zu]", w->index[i]);
	}
	str_copy(w->path, sizeof(w->path), buf_str(&out));
	buf_fini(&out);
	return w->path;
}

/* 0: done; 1: done, and lines changed their places. */
static int
change(struct edit *e, struct way *w, struct buf *log, struct err *err)
{
	struct item *it = w->at[w->n], *fresh;
	struct buf value;
	int rc;

	if (w->n == 0 || below(2) == 0)
		return change_list(e, w, log, err);
	if (below(3) == 0) {
		buf_printf(log, "delete %s\n", path_to(w, w->n));
		rc = edit_delete(e, w->path, err);
		model_remove(w);
		return rc;
	}
	if (w->at[w->n - 1]->kind == MAP && below(3) == 0) {
		char key[16];

		path_to(w, w->n);
		it->key = ++serial;
		snprintf(key, sizeof(key), "k%u.", it->key);
		buf_printf(log, "rename %s %s\n", w->path, key);
		return edit_rename(e, w->path, str_of(key), err);
	}
	fresh = make(below(3), false);
	buf_init(&value, BIG);
	value_text(&value, fresh);
	buf_printf(
	    log, "set %s %.*s\n", path_to(w, w->n), STR_ARG(buf_str(&value)));
	rc = edit_set(e, w->path, buf_str(&value), err);
	buf_fini(&value);
	fresh->key = it->key;
	w->at[w->n - 1]->kid[w->index[w->n]] = fresh;
	item_free(it);
	return rc;
}

/* A new child of what was chosen, or another order of its children. */
static int
change_list(struct edit *e, struct way *w, struct buf *log, struct err *err)
{
	struct item *in = w->at[w->n], *fresh;
	size_t from, at = in->kind == LIST ? below((unsigned)in->n + 1) : in->n;
	struct buf value;
	int rc;

	if (in->kind == LIST && in->n > 1 && below(3) == 0) {
		from = below((unsigned)in->n);
		at = below((unsigned)in->n);
		buf_printf(
		    log, "move %s %zu %zu\n", path_to(w, w->n), from, at);
		fresh = in->kid[from];
		memmove(in->kid + from, in->kid + from + 1,
		    (in->n - from) * sizeof(fresh));
		memmove(in->kid + at + 1, in->kid + at,
		    (in->n - 1 - at) * sizeof(fresh));
		in->kid[at] = fresh;
		rc = edit_move(e, w->path, from, at, err);
		return rc == 0 ? 1 : rc;
	}
	if (in->kind == VALUE || in->n == KIDS)
		return 1;
	fresh = make(below(3), false);
	buf_init(&value, BIG);
	value_text(&value, fresh);
	memmove(in->kid + at + 1, in->kid + at, (in->n - at) * sizeof(fresh));
	in->kid[at] = fresh;
	in->n++;
	w->at[w->n + 1] = fresh;
	w->index[w->n + 1] = at;
	buf_printf(log, "add %s %.*s\n", path_to(w, w->n + (in->kind == MAP)),
	    STR_ARG(buf_str(&value)));
	rc = in->kind == MAP
		 ? edit_set(e, w->path, buf_str(&value), err)
		 : edit_insert(e, w->path, at, buf_str(&value), err);
	buf_fini(&value);
	return rc;
}

/* Maps that have no more keys go, too. */
static void
model_remove(struct way *w)
{
	size_t n = w->n;

	while (n > 1 && w->at[n - 1]->n == 1 && w->at[n - 1]->kind == MAP &&
	       w->at[n - 2]->kind == MAP)
		n--;
	item_free(w->at[n]);
	w->at[n - 1]->n--;
	memmove(w->at[n - 1]->kid + w->index[n],
	    w->at[n - 1]->kid + w->index[n] + 1,
	    (w->at[n - 1]->n - w->index[n]) * sizeof(struct item *));
}

static void
value_text(struct buf *out, const struct item *it)
{
	if (it->kind == VALUE || it->flow || it->n == 0)
		print_flat(out, it);
	else
		print_kids(out, it, 0, false);
}

static bool
agrees(const struct edit *e, const struct item *it, const char *path)
{
	char text[16];
	struct str v;

	if (it->kind == VALUE) {
		snprintf(text, sizeof(text), "v%u.", it->value);
		return edit_get(e, path, &v) && str_is(v, text);
	}
	if (edit_count(e, path) != it->n || edit_get(e, path, &v))
		return false;
	for (size_t i = 0; i < it->n; i++) {
		char below_it[400];

		if (it->kind == LIST)
			snprintf(
			    below_it, sizeof(below_it), "%s[%zu]", path, i);
		else
			snprintf(below_it, sizeof(below_it), "%s%s\"k%u.\"",
			    path, *path != '\0' ? "." : "", it->kid[i]->key);
		if (!agrees(e, it->kid[i], below_it))
			return false;
	}
	return true;
}

static void
collect(const struct item *it, struct ids *ids)
{
	ids->v[ids->n++] = it->key;
	ids->v[ids->n++] = it->value;
	for (size_t i = 0; i < it->n; i++)
		collect(it->kid[i], ids);
}

/* A line that changed or is gone and has nothing to do with what was touched;
 * NULL: none. */
static char *
strange_line(struct str before, struct str after, const struct ids *touched)
{
	struct str all = after;

	while (before.n > 0 && after.n > 0) {
		struct str b = before, a = after;

		if (!str_eq(str_cut(&b, '\n'), str_cut(&a, '\n')))
			break;
		before = b;
		after = a;
	}
	while (before.n > 0 && after.n > 0) {
		struct str b = before, a = after;

		if (!str_eq(cut_last(&b), cut_last(&a)))
			break;
		before = b;
		after = a;
	}
	while (before.n > 0) {
		struct str line = str_cut(&before, '\n');

		if (!concerns(line, touched) && !behind_dash(all, line))
			return mem_strndup(line.p, line.n);
	}
	return NULL;
}

/* The second key of an item becomes the first one. */
static bool
behind_dash(struct str all, struct str line)
{
	char *text = mem_strndup(all.p, all.n), want[200];
	bool found;

	snprintf(want, sizeof(want), " %.*s\n", STR_ARG(str_trim(line)));
	found = strstr(text, want) != NULL;
	free(text);
	return found;
}

static struct str
cut_last(struct str *lines)
{
	size_t at = lines->n - (lines->p[lines->n - 1] == '\n');
	struct str line;

	while (at > 0 && lines->p[at - 1] != '\n')
		at--;
	line = str_trim(str_sub(*lines, at, lines->n));
	lines->n = at;
	return line;
}

/* Comments, brackets and empty lines go with what they stand at. */
static bool
concerns(struct str line, const struct ids *ids)
{
	struct str word = str_trim(line);
	char *text;
	bool found = str_find(word, '.') == word.n || word.p[0] == '#';

	text = mem_strndup(line.p, line.n);
	for (size_t i = 0; !found && i < ids->n; i++) {
		char id[16];

		snprintf(
		    id, sizeof(id), "%c%u.", i % 2 == 0 ? 'k' : 'v', ids->v[i]);
		found = strstr(text, id) != NULL;
	}
	free(text);
	return found;
}

static void
item_free(struct item *it)
{
	for (size_t i = 0; i < it->n; i++)
		item_free(it->kid[i]);
	free(it);
}

static unsigned
below(unsigned n)
{
	rng ^= rng << 13;
	rng ^= rng >> 17;
	rng ^= rng << 5;
	return rng % n;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
