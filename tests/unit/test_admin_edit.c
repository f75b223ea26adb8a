/*
 * test_admin_edit.c - words of batch lines, and lines of tables
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/args.h"
#include "admin/maptext.h"
#include "base/mem.h"

#define ALIASES                                                                \
	"# global\n"                                                           \
	"a@x.test: b@x.test,\n"                                                \
	"\tc@x.test\n"                                                         \
	"\n"                                                                   \
	"# first\n"                                                            \
	"[ one.test, .two.test ]\n"                                            \
	"joe: mary\n"                                                          \
	"\n"                                                                   \
	"[three.test]\n"                                                       \
	"help: joe\n"

static const struct {
	const char *why, *from;
	int line;
	const char *by, *to;
} replaced[] = {
	{ "the only line", "a b\n", 1, "c d", "c d\n" },
	{ "removed", "a b\nc d\ne f\n", 2, "", "a b\ne f\n" },
	{ "no newline at the end", "a b\nc d", 2, "x y", "a b\nx y\n" },
	{ "with what continues it", "a: b\n\tc\n d\ne: f\n", 1, "a: g",
	    "a: g\ne: f\n" },
	{ "empty lines continue nothing", "a: b\n \ne: f\n", 1, "",
	    " \ne: f\n" },
};

static const struct {
	const char *why, *from;
	size_t context;
	const char *to; /* with "new" in it */
} appended[] = {
	{ "before the first context", "a\n# x\n\n[ b ]\nc\n", SIZE_MAX,
	    "a\nnew\n# x\n\n[ b ]\nc\n" },
	{ "no context", "a\n", SIZE_MAX, "a\nnew\n" },
	{ "the first context", "[ b ]\nc\n\n[ d ]\ne\n", 0,
	    "[ b ]\nc\nnew\n\n[ d ]\ne\n" },
	{ "the last one", "[ b ]\nc\n\n[ d ]\ne", 1,
	    "[ b ]\nc\n\n[ d ]\ne\nnew\n" },
	{ "nothing there", "", SIZE_MAX, "new\n" },
};

static const struct {
	const char *text, *items[4];
} lists[] = {
	{ "a, b ,,c", { "a", "b", "c" } },
	{ "country[DE,JP],10.1. (x, y) , z",
	    { "country[DE,JP]", "10.1. (x, y)", "z" } },
	{ "", { NULL } },
	{ " , ", { NULL } },
	{ "[a,b", { "[a,b" } },
};

static void
test_replace(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(replaced); i++) {
		struct buf out;

		buf_init(&out, 1000);
		maptext_replace(&out, str_of(replaced[i].from),
		    replaced[i].line, str_of(replaced[i].by));
		if (!str_is(buf_str(&out), replaced[i].to))
			fail_msg("%s: %s", replaced[i].why, out.data);
		buf_fini(&out);
	}
}

static void
test_append(void **state)
{
	struct buf out;

	(void)state;
	for (size_t i = 0; i < NELEM(appended); i++) {
		buf_init(&out, 1000);
		maptext_append_in(&out, str_of(appended[i].from),
		    appended[i].context, STR("new"));
		if (!str_is(buf_str(&out), appended[i].to))
			fail_msg("%s: %s", appended[i].why, out.data);
		buf_fini(&out);
	}
	buf_init(&out, 1000);
	maptext_append(&out, STR("a"), STR("b"));
	assert_string_equal(out.data, "a\nb\n");
	buf_fini(&out);
}

static void
test_contexts(void **state)
{
	static const struct {
		int line;
		const char *context;
	} lines[] = { { 2, "" }, { 7, "one.test, .two.test" },
		{ 10, "three.test" } };

	(void)state;
	assert_int_equal(maptext_contexts(STR(ALIASES)), 2);
	assert_true(
	    str_is(maptext_context(STR(ALIASES), 0), "one.test, .two.test"));
	assert_true(str_is(maptext_context(STR(ALIASES), 1), "three.test"));
	for (size_t i = 0; i < NELEM(lines); i++) {
		if (!str_is(maptext_context_at(STR(ALIASES), lines[i].line),
			lines[i].context))
			fail_msg("line %d", lines[i].line);
	}
}

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(lists); i++) {
		size_t n, want = 0;
		struct str *v = args_list(lists[i].text, &n);

		while (want < 4 && lists[i].items[want] != NULL) {
			if (want >= n || !str_is(v[want], lists[i].items[want]))
				fail_msg("%s: item %zu", lists[i].text, want);
			want++;
		}
		assert_int_equal(n, want);
		free(v);
	}
}

static void
test_words(void **state)
{
	char *argv[] = { (char[]){ "cmd" }, (char[]){ "new" },
		(char[]){ "a@b=c" }, (char[]){ "port=25" },
		(char[]){ "relay=x=y" }, (char[]){ "other=1" }, NULL };
	struct str key, value;
	struct tool t = { .asks = false };
	struct args a;

	(void)state;
	args_begin(&a, &t, 6, argv, 1);
	assert_string_equal(args_next(&a), "new");
	assert_string_equal(args_next(&a), "a@b=c");
	assert_null(args_next(&a));
	assert_string_equal(args_option(&a, "relay"), "x=y");
	assert_null(args_option(&a, "rel"));
	assert_string_equal(args_option(&a, "port"), "25");
	assert_true(args_left(&a, &key, &value));
	assert_true(str_is(key, "other"));
	assert_true(str_is(value, "1"));
	assert_false(args_left(&a, &key, &value));
	assert_int_equal(args_finish(&a), TOOL_DONE);
	args_end(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
