/*
 * test_config_edit.c - changing postern.yaml without touching the rest
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

enum op { SET, TEXT, INSERT, DELETE, MOVE, RENAME };

static int perform(struct edit *, enum op, const char *path, const char *value,
    size_t at, struct err *);
static bool expect(
    const char *why, const char *path, const char *want, struct str have);

/* at: of an insert its position, of a move `from`; the value is then `to`. */
static const struct {
	const char *why;
	enum op op;
	const char *path, *value;
	size_t at;
	const char *from, *to;
} cases[] = {
	{ "a value, not its comment", SET, "b", "3", 0,
	    "a: 1\nb:   2  # two\nc: 3\n", "a: 1\nb:   3  # two\nc: 3\n" },
	{ "quotes where they are needed", TEXT, "b", "#x: \"y\"", 0,
	    "a: 1\nb: 'it''s'\n", "a: 1\nb: \"#x: \\\"y\\\"\"\n" },
	{ "quotes are no longer needed", TEXT, "b", "x", 0, "b: \"a b\" # c\n",
	    "b: x # c\n" },
	{ "an empty text", TEXT, "b", "", 0, "b: x\n", "b: \"\"\n" },
	{ "Japanese", TEXT, "b", "日本", 0, "# 説明\nb: 東京 # 都\n",
	    "# 説明\nb: \"日本\" # 都\n" },
	{ "behind a wide character", SET, "b", "2", 0, "\"é日\": x\nb: 1\n",
	    "\"é日\": x\nb: 2\n" },
	{ "no value yet", SET, "b", "2", 0, "b: # none\nc: 1\n",
	    "b: 2 # none\nc: 1\n" },
	{ "no newline at the end", SET, "b", "2", 0, "b: 1", "b: 2" },
	{ "CRLF", SET, "c", "{d: 1}", 0, "a: 1\r\nb: 2\r\n",
	    "a: 1\r\nb: 2\r\nc:\r\n  d: 1\r\n" },
	{ "several lines become one", SET, "b", "1", 0,
	    "b: |\n  two\n  lines\n\nc: 3\n", "b: 1\n\nc: 3\n" },
	{ "a folded plain text", SET, "b", "1", 0,
	    "b: two\n  lines # x\nc: 3\n", "b: 1 # x\nc: 3\n" },
	{ "a value on the next line", SET, "b", "1", 0, "b:\n  x\nc: 3\n",
	    "b:\n  1\nc: 3\n" },

	{ "a new key goes behind the values", SET, "l[0].port", "25", 0,
	    "l:\n  - name: A # x\n    hat:\n      x: y\n",
	    "l:\n  - name: A # x\n    port: 25\n    hat:\n      x: y\n" },
	{ "a new block goes to the end, set off as others are", SET, "c",
	    "{d: [1, {e: f}]}", 0, "a: 1\n\n# b\nb:\n   x: 1\n",
	    "a: 1\n\n# b\nb:\n   x: 1\n\nc:\n   d:\n     - 1\n     - e: f\n" },
	{ "maps on the way", SET, "a.b.c", "1", 0, "x: y\n",
	    "x: y\na:\n  b:\n    c: 1\n" },
	{ "a map that is empty", SET, "a.b", "1", 0, "a: {} # e\nx: y\n",
	    "a: # e\n  b: 1\nx: y\n" },
	{ "nothing but comments", SET, "a", "1", 0, "# x\n", "# x\na: 1\n" },
	{ "nothing at all", SET, "a", "[1]", 0, "", "a:\n  - 1\n" },
	{ "an empty map as the whole", SET, "a", "1", 0, "{}\n", "{ a: 1 }\n" },
	{ "a quoted key", SET, "r.\".example.com\"", "x", 0,
	    "r:\n  .example.com: y\n", "r:\n  .example.com: x\n" },
	{ "a new key that needs quotes", SET, "r.\"a b\"", "x", 0,
	    "r:\n  c: d\n", "r:\n  c: d\n  \"a b\": x\n" },

	{ "a value becomes a block", SET, "a", "{b: 1, c: 2}", 0,
	    "a: 1 # x\nd: 2\n", "a: # x\n  b: 1\n  c: 2\nd: 2\n" },
	{ "a block becomes a value", SET, "a", "1", 0,
	    "a: # x\n  # y\n  b: 1\n  # z\nd: 2\n", "a: 1 # x\nd: 2\n" },
	{ "a block becomes another", SET, "a", "[1]", 0,
	    "a: # x\n  b: 1\nd: 2\n", "a: # x\n  - 1\nd: 2\n" },
	{ "an item becomes a map", SET, "a[1]", "{b: 1, c: 2}", 0,
	    "a:\n- 1\n- 2 # x\n- 3\n", "a:\n- 1\n- b: 1 # x\n  c: 2\n- 3\n" },
	{ "an item that is a map becomes another", SET, "a[0]", "{c: 1, d: 2}",
	    0, "a:\n  - b: 1\n    x: 2\n  - 3\n",
	    "a:\n  - c: 1\n    d: 2\n  - 3\n" },
	{ "an item that is a map becomes a value", SET, "a[0]", "5", 0,
	    "a:\n  - b: 1\n    x: 2\n  - 3\n", "a:\n  - 5\n  - 3\n" },

	{ "a first item", INSERT, "a", "1", 0, "a:\n  - 2\n",
	    "a:\n  - 1\n  - 2\n" },
	{ "before the comment of an item", INSERT, "a", "1", 1,
	    "a:\n  - 0\n\n  # two\n  - 2\n",
	    "a:\n  - 0\n\n  - 1\n  # two\n  - 2\n" },
	{ "a last item, behind what is deeper", INSERT, "a", "3", EDIT_END,
	    "a:\n  - b: 1\n    # c: 2\n\n    # d: 3\n  # other\nx: y\n",
	    "a:\n  - b: 1\n    # c: 2\n\n    # d: 3\n  - 3\n  # other\nx: "
	    "y\n" },
	{ "a last item, set off as others are", INSERT, "a", "{b: 3, c: []}",
	    EDIT_END, "a:\n- b: 1\n\n- b: 2\n",
	    "a:\n- b: 1\n\n- b: 2\n\n- b: 3\n  c: []\n" },
	{ "an item before others, set off", INSERT, "a", "{b: 0}", 0,
	    "a:\n- b: 1\n\n- b: 2\n", "a:\n- b: 0\n\n- b: 1\n\n- b: 2\n" },
	{ "an empty list", INSERT, "a", "x", EDIT_END, "a: []\n  # - y\nb: 1\n",
	    "a:\n  - x\n  # - y\nb: 1\n" },
	{ "a list that is not there", INSERT, "a.b", "x", 0, "c: d\n",
	    "c: d\na:\n  b:\n    - x\n" },
	{ "a list of one", INSERT, "a", "y", EDIT_END, "a: x # c\n",
	    "a: # c\n  - x\n  - y\n" },
	{ "into a list in a list", INSERT, "a[0]", "0", 0, "a:\n- - 1\n  - 2\n",
	    "a:\n- - 0\n  - 1\n  - 2\n" },

	{ "an item with its comments", DELETE, "a[1]", NULL, 0,
	    "a:\n  # one\n  - 1\n  # two\n  - b: 2 # x\n    # y\n  # three\n"
	    "  - 3\n",
	    "a:\n  # one\n  - 1\n  # three\n  - 3\n" },
	{ "an empty line goes along", DELETE, "b", NULL, 0,
	    "a: 1\n\n# b\nb: 2\n\nc: 3\n", "a: 1\n\nc: 3\n" },
	{ "the first one, set off from the next", DELETE, "a[0]", NULL, 0,
	    "a:\n  - 1\n\n  - 2\n", "a:\n  - 2\n" },
	{ "the last line", DELETE, "b", NULL, 0, "a: 1\n\nb: 2\n", "a: 1\n" },
	{ "the last line, no newline", DELETE, "b", NULL, 0, "a: 1\nb: 2",
	    "a: 1" },
	{ "the only item", DELETE, "a[0]", NULL, 0, "a: # x\n  - 1\nb: 2\n",
	    "a: [] # x\nb: 2\n" },
	{ "the only key: the map goes, too", DELETE, "a.b.c", NULL, 0,
	    "a:\n  b:\n    c: 1\nd: 2\n", "d: 2\n" },
	{ "the only key of all", DELETE, "a", NULL, 0, "# x\n\na: 1\n",
	    "# x\n" },
	{ "a comment at the begin of the file is not of the first key", DELETE,
	    "a", NULL, 0, "# file\na: 1\nb: 2\n", "# file\nb: 2\n" },
	{ "behind a dash", DELETE, "a[0].b", NULL, 0,
	    "a:\n  - b: 1 # x\n    c: 2\n", "a:\n  - c: 2\n" },
	{ "behind a dash, the next has a comment", DELETE, "a[0].b", NULL, 0,
	    "a:\n  - b: 1\n    # c\n    c: 2\n", "a:\n  - # c\n    c: 2\n" },
	{ "the only key of an item", DELETE, "a[0].b", NULL, 0,
	    "a:\n  - b: 1\n  - c: 2\n", "a:\n  - {}\n  - c: 2\n" },
	{ "a single value as a list of one", DELETE, "a[0]", NULL, 0, "a: x\n",
	    "a: []\n" },

	{ "down", MOVE, "a", "2", 0, "a:\n  # 1\n  - 1\n  - 2\n  # 3\n  - 3\n",
	    "a:\n  - 2\n  # 3\n  - 3\n  # 1\n  - 1\n" },
	{ "up", MOVE, "a", "0", 2, "a:\n  - 1\n  - 2\n  - b: 3 # x\n    c: 4",
	    "a:\n  - b: 3 # x\n    c: 4\n  - 1\n  - 2" },
	{ "nowhere", MOVE, "a", "1", 1, "a: [1, 2]\n", "a: [1, 2]\n" },

	{ "a key", RENAME, "a.b", "c d", 0, "a:\n  b : 1 # x\n",
	    "a:\n  \"c d\" : 1 # x\n" },

	{ "below a key in long form", SET, "a.b", "2", 0,
	    "? a\n: b: 1\n  c: 2\n", "? a\n: b: 2\n  c: 2\n" },

	/* flow style */
	{ "flow: a value", SET, "a.b", "3", 0, "a: {b: 1, c: 2} # x\n",
	    "a: {b: 3, c: 2} # x\n" },
	{ "flow: a block in it", SET, "a.b", "{x: [1]}", 0, "a: {b: 1}\n",
	    "a: {b: { x: [ 1 ] }}\n" },
	{ "flow: a key", SET, "a.d", "a, b", 0, "a: {b: 1,\n    c: 2} # x\n",
	    "a: {b: 1,\n    c: 2, d: \"a, b\"} # x\n" },
	{ "flow: no value yet", SET, "a.b", "1", 0, "a: {b: , c: 2}\n",
	    "a: {b: 1 , c: 2}\n" },
	{ "flow: only a key", SET, "a.b", "1", 0, "a: {b, c: 2}\n",
	    "a: {b: 1, c: 2}\n" },
	{ "flow: first", INSERT, "a", "0", 0, "a: [ 1, 2 ]\n",
	    "a: [ 0, 1, 2 ]\n" },
	{ "flow: last", INSERT, "a", "3", EDIT_END, "a: [ 1, 2 ]\n",
	    "a: [ 1, 2, 3 ]\n" },
	{ "flow: behind a comma too many", INSERT, "a", "3", EDIT_END,
	    "a: [ 1, 2, ]\n", "a: [ 1, 2, 3, ]\n" },
	{ "flow: into an empty list", INSERT, "a.b", "3", 0, "a: {b: []}\n",
	    "a: {b: [ 3 ]}\n" },
	{ "flow: remove the first", DELETE, "a[0]", NULL, 0, "a: [1, 2, 3]\n",
	    "a: [2, 3]\n" },
	{ "flow: remove the last", DELETE, "a[2]", NULL, 0, "a: [1, 2, 3]\n",
	    "a: [1, 2]\n" },
	{ "flow: remove the last of several lines", DELETE, "a[1]", NULL, 0,
	    "a: [ 1, # one, 1\n  2 # two\n  ]\n",
	    "a: [ 1 # one, 1\n # two\n  ]\n" },
	{ "flow: remove the only one", DELETE, "a[0]", NULL, 0, "a: [1] # x\n",
	    "a: [] # x\n" },
	{ "flow: move", MOVE, "a", "2", 0, "a: [1, \"2\",  3, {b: 4}]\n",
	    "a: [\"2\", 3,  1, {b: 4}]\n" },
	{ "flow: move up", MOVE, "a", "0", 3, "a: [1, 2,  3, {b: 4}]\n",
	    "a: [{b: 4}, 1,  2, 3]\n" },
	{ "flow: rename", RENAME, "a.b", "x", 0, "a: {b: 1}\n", "a: {x: 1}\n" },
};

/* The text stays as it is. */
static const struct {
	const char *why;
	enum op op;
	const char *path, *value;
	size_t at;
	const char *text, *error;
} refused[] = {
	{ "no such key", DELETE, "b", NULL, 0, "a: 1\n",
	    "t.yaml: there is no b" },
	{ "no such item", DELETE, "a[1]", NULL, 0, "a: [1]\n",
	    "t.yaml: there is no a[1]" },
	{ "an item is not made", SET, "a[1]", "2", 0, "a: [1]\n",
	    "t.yaml: there is no a[1]" },
	{ "a key of a value", SET, "a.b", "2", 0, "a: 1\n",
	    "t.yaml: there is no a.b" },
	{ "an item of a map", INSERT, "a", "2", 0, "a: {b: c}\n",
	    "t.yaml: there is no a" },
	{ "past the end", INSERT, "a", "2", 2, "a: [1]\n",
	    "t.yaml: there is no a" },
	{ "moved past the end", MOVE, "a", "1", 0, "a: [1]\n",
	    "t.yaml: there is no a" },
	{ "all of it", SET, "", "2", 0, "a: 1\n", "t.yaml: there is no " },
	{ "a name that is taken", RENAME, "a", "b", 0, "a: 1\nb: 2\n",
	    "t.yaml: \"b\" is there already" },
	{ "not a path", SET, "a..b", "2", 0, "a: 1\n",
	    "t.yaml: not a path: \"a..b\"" },
	{ "not a path: an open quote", SET, "\"a", "2", 0, "a: 1\n",
	    "t.yaml: not a path: \"\"a\"" },
	{ "not a path: no number", SET, "a[x]", "2", 0, "a: 1\n",
	    "t.yaml: not a path: \"a[x]\"" },
	{ "not a value", SET, "a", "[1", 0, "a: 1\n",
	    "not a value: not valid YAML: did not find expected ',' or ']' "
	    "while parsing a flow sequence" },
	{ "a rare form", SET, "a", "[2]", 0, "? a\n: 1\n",
	    "t.yaml: this place is written in a form that cannot be changed "
	    "by a command; change it with an editor" },
};

static void
test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct config_problems ps = { 0 };
		struct err err = ERR_INIT;
		struct edit *e = edit_new("t.yaml", str_of(cases[i].from), &ps);

		assert_non_null(e);
		if (perform(e, cases[i].op, cases[i].path, cases[i].value,
			cases[i].at, &err) == -1)
			fail_msg("%s: %s", cases[i].why, err.text);
		if (!expect(
			cases[i].why, cases[i].path, cases[i].to, edit_text(e)))
			fail();
		edit_free(&e);
	}
}

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(refused); i++) {
		struct config_problems ps = { 0 };
		struct err err = ERR_INIT;
		struct edit *e =
		    edit_new("t.yaml", str_of(refused[i].text), &ps);
		int rc;

		assert_non_null(e);
		rc = perform(e, refused[i].op, refused[i].path,
		    refused[i].value, refused[i].at, &err);
		if (rc == 0)
			fail_msg("%s: taken", refused[i].why);
		assert_string_equal(err.text, refused[i].error);
		assert_true(expect(refused[i].why, refused[i].path,
		    refused[i].text, edit_text(e)));
		assert_int_equal(err.kind, ERR_USAGE);
		edit_free(&e);
	}
}

static void
test_look(void **state)
{
	struct config_problems ps = { 0 };
	struct edit *e = edit_new("t.yaml",
	    STR("l: [{name: A}, {name: \"B b\", x: [1, 2]}]\n\".a\": q\ne:\n"),
	    &ps);
	struct str v;
	size_t i = 9;

	(void)state;
	assert_non_null(e);
	assert_true(edit_has(e, "l[1].x[1]"));
	assert_false(edit_has(e, "l[1].x[2]"));
	assert_true(edit_get(e, "l[1].name", &v));
	assert_true(str_is(v, "B b"));
	assert_true(edit_get(e, "\".a\"", &v));
	assert_true(str_is(v, "q"));
	assert_false(edit_get(e, "l", &v));
	assert_false(edit_get(e, "e", &v));
	assert_int_equal(edit_count(e, "l"), 2);
	assert_int_equal(edit_count(e, "l[1]"), 2);
	assert_int_equal(edit_count(e, "e"), 0);
	assert_int_equal(edit_count(e, "\".a\""), 1);
	assert_int_equal(edit_count(e, "none"), 0);
	assert_true(edit_find(e, "l", "name", STR("B b"), &i));
	assert_int_equal(i, 1);
	assert_false(edit_find(e, "l", "name", STR("b b"), &i));
	edit_free(&e);
}

static void
test_not_yaml(void **state)
{
	struct config_problems ps = { 0 };

	(void)state;
	assert_null(edit_new("t.yaml", STR("a: [1\n"), &ps));
	assert_int_equal(ps.n_errors, 1);
	assert_string_equal(ps.v[0].where.file, "t.yaml");
	config_problems_free(&ps);
	assert_null(edit_new("t.yaml", STR("a: 1\na: 2\n"), &ps));
	assert_int_equal(ps.n_errors, 1);
	config_problems_free(&ps);
}

static int
perform(struct edit *e, enum op op, const char *path, const char *value,
    size_t at, struct err *err)
{
	switch (op) {
	case SET:
		return edit_set(e, path, str_of(value), err);
	case TEXT:
		return edit_set_text(e, path, str_of(value), err);
	case INSERT:
		return edit_insert(e, path, at, str_of(value), err);
	case DELETE:
		return edit_delete(e, path, err);
	case MOVE:
		return edit_move(e, path, at, strtoul(value, NULL, 10), err);
	case RENAME:
		return edit_rename(e, path, str_of(value), err);
	}
	return -1;
}

static bool
expect(const char *why, const char *path, const char *want, struct str have)
{
	if (str_is(have, want))
		return true;
	print_message("%s: %s\n--- want\n%s--- have\n%.*s---\n", why, path,
	    want, STR_ARG(have));
	return false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_not_yaml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
