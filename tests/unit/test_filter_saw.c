/*
 * test_filter_saw.c - what a rule looked at, as trace explains it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter_run.h"

#define PLAIN "Subject: a plan\nTo: a@x.test, b@x.test\nX: 1\nX: 2\n\nbody\n"
#define ATTACHED                                                               \
	"Content-Type: multipart/mixed; boundary=b\n\n"                        \
	"--b\n\nthe text\n"                                                    \
	"--b\nContent-Type: x/y; name=\"a name\"\n\nzzz\n--b--\n"
#define LETTERS_50 "abcdefghijklmnopqrstuvwxyabcdefghijklmnopqrstuvwxy"

static const struct {
	const char *rule, *message, *saw;
} rows[] = {
	{ "subject == \"plan\"", PLAIN, "\"a plan\"" },
	{ "header(\"X\") == \"2\"", PLAIN, "\"1\", \"2\"" },
	{ "header(\"X\") == \"none\"", PLAIN, "\"1\", \"2\"" },
	{ "header(\"X\")", PLAIN, "\"1\"" },
	{ "header(\"Y\")", PLAIN, "" },
	{ "mail-from == \"x\"", PLAIN, "\"Carol@x.test\"" },
	{ "rcpt-to == \"secret\"", PLAIN, "\"r@y.test\", \"Secret@y.test\"" },
	{ "rcpt-to == \"^r\"", PLAIN, "\"r@y.test\"" },
	{ "remote-ip == \"10.0.0.1\"", PLAIN, "\"192.0.2.9\"" },
	{ "rcpt-count > 1", PLAIN, "2" },
	{ "addr-count(\"To\") > 1", PLAIN, "2" },
	{ "date > \"01/01/2030 00:00:00\"", PLAIN, "\"01/01/2026 09:00:00\"" },
	{ "spf-status == \"Pass\"", PLAIN, "\"None\"" },
	{ "body-contains(\"body\")", PLAIN, "\"body\n\" (found \"body\")" },
	{ "body-contains(\"other\")", PLAIN, "\"body\n\"" },
	{ "only-body-contains(\"t\", 2)", ATTACHED,
	    "\"the text\" (found \"t\") (found \"t\")" },
	{ "attachment-filename == \"a\"", ATTACHED, "\"a name\"" },
	{ "attachment-mimetype == \"a/b\"", ATTACHED, "\"x/y\"" },
	{ "attachment-filetype == \"exe\"", ATTACHED, "\"exe\"" },
	{ "attachment-size > 1", ATTACHED, "3" },
	/* no more than is good to read, cut between characters */
	{ "subject == \"^-\"", "Subject: " LETTERS_50 LETTERS_50 "\n\n",
	    "\"" LETTERS_50 "abcdefghijklmnopqrstuvwxyabcde...\"" },
	{ "subject == \"^-\"",
	    "Subject: " LETTERS_50 "abcdefghijklmnopqrstuvwxyabcd\xc3\xbc\n\n",
	    "\"" LETTERS_50 "abcdefghijklmnopqrstuvwxyabcd...\"" },
	{ "subject == \"Z\"", "Subject: " LETTERS_50 LETTERS_50 "Z\n\n",
	    "\"...uvwxyabcdefghijklmnopqrstuvwxyZ\"" },
};

static struct str
saw(struct run_world *w, const char *rule, const char *message, bool explain)
{
	char source[300];
	struct part_fact *f;

	snprintf(source, sizeof(source), "a: if (%s) { no-op(); }", rule);
	run_begin(w, source, message);
	w->work.explain = explain;
	f = arena_alloc(&w->mem, sizeof(*f));
	f->filetype = STR("exe");
	run_fact(w, FACT_PART, "0/2", 0)->detail = f;
	assert_int_equal(run_filter(w), WORK_DONE);
	for (const struct work_note *n = w->work.notes; n != NULL; n = n->next)
		if (n->kind == WN_RULE)
			return n->detail;
	return STR("no note");
}

static void
test_what_rules_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct run_world w;
		struct str got = saw(&w, rows[i].rule, rows[i].message, true);

		if (!str_is(got, rows[i].saw))
			fail_msg("%s: %.*s", rows[i].rule, STR_ARG(got));
		run_end(&w);
	}
}

/* However much it looked at. */
static void
test_is_bounded(void **state)
{
	char message[20000] = "";
	struct run_world w;
	struct str got;

	(void)state;
	for (int i = 0; i < 800; i++)
		snprintf(message + strlen(message), 30, "X: field %d\n", i);
	snprintf(message + strlen(message), 10, "\nx\n");
	got = saw(&w, "header(\"X\") == \"none\"", message, true);
	assert_true(got.n > 500 && got.n < 1000);
	assert_memory_equal(got.p + got.n - 5, ", ...", 5);
	run_end(&w);
}

/* Nobody asked: no note, and nothing allocated for one. */
static void
test_costs_nothing_unasked(void **state)
{
	struct run_world w;
	size_t with, without;

	(void)state;
	saw(&w, "rcpt-to == \"none\"", PLAIN, true);
	with = w.mem.used;
	run_end(&w);
	assert_true(
	    str_is(saw(&w, "rcpt-to == \"none\"", PLAIN, false), "no note"));
	assert_int_equal(w.work.notes == NULL, true);
	without = w.mem.used;
	run_end(&w);
	assert_true(without < with);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_rules_looked_at),
		cmocka_unit_test(test_is_bounded),
		cmocka_unit_test(test_costs_nothing_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
