/*
 * fuzz_edit.c - any text as postern.yaml, any edit of it
 *
 * What an edit leaves is readable and says what was meant: edit.c compares.
 * Here it is looked at once more from outside, and after an error nothing
 * may have changed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int perform(
    struct edit *, unsigned op, const char *path, unsigned at, struct err *);
static void look(const struct edit *, struct str before, int rc);

/* The first line: operation and position, then a path. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };
	struct config_problems ps = { 0 };
	struct err err = ERR_INIT;
	struct str line = str_cut(&text, '\n');
	struct edit *e;
	char *path, *before;
	size_t len;
	int rc;

	if (line.n < 3 || memchr(line.p, '\0', line.n) != NULL)
		return 0;
	e = edit_new("f", text, &ps);
	config_problems_free(&ps);
	if (e == NULL)
		return 0;
	len = edit_text(e).n;
	before = mem_strndup(edit_text(e).p != NULL ? edit_text(e).p : "", len);
	path = mem_strndup(line.p + 2, line.n - 2);
	rc = perform(e, (unsigned char)line.p[0] % 6, path,
	    (unsigned char)line.p[1] % 8, &err);
	look(e, (struct str){ before, len }, rc);
	free(path);
	free(before);
	edit_free(&e);
	return 0;
}

static int
perform(
    struct edit *e, unsigned op, const char *path, unsigned at, struct err *err)
{
	switch (op) {
	case 0:
		return edit_set_text(e, path, STR("x: #"), err);
	case 1:
		return edit_set(e, path, STR("{a: [1, {b: c}], d: ''}"), err);
	case 2:
		return edit_insert(e, path, at, STR("{a: 1, b: 2}"), err);
	case 3:
		return edit_delete(e, path, err);
	case 4:
		return edit_move(e, path, at, at / 2, err);
	default:
		return edit_rename(e, path, STR("new key"), err);
	}
}

static void
look(const struct edit *e, struct str before, int rc)
{
	struct config_problems ps = { 0 };
	struct edit *again;

	if (rc == -1 && !str_eq(before, edit_text(e)))
		abort();
	again = edit_new("f", edit_text(e), &ps);
	if (again == NULL)
		abort();
	edit_free(&again);
}
