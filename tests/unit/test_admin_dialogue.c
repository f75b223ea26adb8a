/* test_admin_dialogue.c - questions, answers, and lines as words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/dialogue.h"
#include "admin/shell.h"
#include "base/mem.h"

/* A dialogue whose person has typed all answers already. */
struct typed {
	struct dialogue d;
	char *out;
	size_t n;
};

static void
typed_begin(struct typed *t, const char *answers)
{
	*t = (struct typed){ .n = 0 };
	t->d.in = fmemopen((void *)(uintptr_t)answers, strlen(answers), "r");
	t->d.out = open_memstream(&t->out, &t->n);
	assert_true(t->d.in != NULL && t->d.out != NULL);
}

/* want NULL: what was printed does not matter */
static void
typed_end(struct typed *t, const char *want)
{
	fclose(t->d.in);
	fclose(t->d.out);
	if (want != NULL)
		assert_string_equal(t->out, want);
	free(t->out);
}

static void
test_yes(void **state)
{
	static const struct {
		const char *answers;
		bool dflt, answered, yes;
	} cases[] = {
		{ "\n", true, true, true },
		{ "\n", false, true, false },
		{ "y\n", false, true, true },
		{ "YES\n", false, true, true },
		{ " No \n", true, true, false },
		{ "n\n", true, true, false },
		{ "maybe\nyep\nyes\n", false, true, true },
		{ "maybe\n", true, false, false },
		{ "y", false, true, true },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct typed t;
		bool yes = false;

		typed_begin(&t, cases[i].answers);
		if (dialogue_yes(&t.d, "Sure?", cases[i].dflt, &yes) !=
			cases[i].answered ||
		    yes != cases[i].yes)
			fail_msg("case %zu", i);
		typed_end(&t, NULL);
	}
}

static void
test_yes_layout(void **state)
{
	struct typed t;
	bool yes;

	(void)state;
	typed_begin(&t, "what\ny\n");
	assert_true(dialogue_yes(&t.d, "Remove this message?", false, &yes));
	typed_end(&t, "Remove this message? [N]> Please answer Yes or No.\n"
		      "Remove this message? [N]> ");
}

static void
test_text_and_number(void **state)
{
	struct typed t;
	char text[8];
	uint64_t n;

	(void)state;
	typed_begin(&t, "\n\nlonger than that\nshort\n86401\n-1\n\n");
	assert_true(dialogue_text(&t.d, "Reason:", "none", text, sizeof(text)));
	assert_string_equal(text, "none");
	assert_true(dialogue_needed(&t.d, "Host:", text, sizeof(text)));
	assert_string_equal(text, "short");
	assert_true(dialogue_number(&t.d, "Wait", 0, 86400, 30, &n));
	assert_int_equal(n, 30);
	assert_false(dialogue_needed(&t.d, "Host:", text, sizeof(text)));
	typed_end(&t, "Reason:\n[none]> Host:\n[]> Host:\n[]> "
		      "That is too long: 7 bytes at most.\nHost:\n[]> "
		      "Wait\n[30]> "
		      "Please enter a number between 0 and 86400.\nWait\n[30]> "
		      "Please enter a number between 0 and 86400.\nWait\n[30]> "
		      "Host:\n[]> ");
}

static void
test_choice(void **state)
{
	static const char *const items[] = { "All", "InboundMail", "Bulk" };
	struct typed t;
	bool chosen[3];
	size_t at;

	(void)state;
	typed_begin(&t, "0\n2\n\n 2 , 3\n1,4\n3\n");
	assert_true(dialogue_choice(&t.d, "Which?", items, 3, 0, &at));
	assert_int_equal(at, 1);
	assert_true(dialogue_choices(&t.d, "Which?", items, 3, 0, chosen));
	assert_true(chosen[0] && !chosen[1] && !chosen[2]);
	assert_true(dialogue_choices(&t.d, "Which?", items, 3, 0, chosen));
	assert_true(!chosen[0] && chosen[1] && chosen[2]);
	assert_true(dialogue_choices(&t.d, "Which?", items, 3, 0, chosen));
	assert_true(!chosen[0] && !chosen[1] && chosen[2]);
	typed_end(&t, "Which?\n1. All\n2. InboundMail\n3. Bulk\n[1]> "
		      "Please enter a number between 1 and 3.\n[1]> "
		      "Which?\n1. All\n2. InboundMail\n3. Bulk\n[1]> "
		      "Which?\n1. All\n2. InboundMail\n3. Bulk\n[1]> "
		      "Which?\n1. All\n2. InboundMail\n3. Bulk\n[1]> "
		      "Please enter a number between 1 and 3.\n[1]> ");
}

static void
test_menu(void **state)
{
	static const struct dialogue_op ops[] = {
		{ "STATUS", "Display work queue status" },
		{ "PAUSE", "Pause the work queue" },
		{ "START", "Start it" },
	};
	static const struct {
		const char *answers;
		bool answered;
		size_t at;
	} cases[] = {
		{ "status\n", true, 0 },
		{ "p\n", true, 1 },
		{ "\n", true, 3 },
		{ "st\nSTAR\n", true, 2 },
		{ "statusx\n", false, 3 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct typed t;
		size_t at = 9;

		typed_begin(&t, cases[i].answers);
		if (dialogue_menu(&t.d, ops, 3, &at) != cases[i].answered ||
		    at != cases[i].at)
			fail_msg("%s: %zu", cases[i].answers, at);
		typed_end(&t, NULL);
	}
}

/* A line longer than any terminal gives does not become two answers. */
static void
test_long_line(void **state)
{
	static char answers[2 * DIALOGUE_LINE];
	struct typed t;
	char line[16];

	(void)state;
	memset(answers, 'x', sizeof(answers) - 1);
	memcpy(answers + sizeof(answers) - 8, "x\nnext\n", 8);
	typed_begin(&t, answers);
	assert_true(dialogue_line(&t.d, line, sizeof(line)));
	assert_string_equal(line, "xxxxxxxxxxxxxxx");
	assert_true(dialogue_line(&t.d, line, sizeof(line)));
	assert_string_equal(line, "next");
	assert_false(dialogue_line(&t.d, line, sizeof(line)));
	typed_end(&t, NULL);
}

/* words joined by "|"; NULL: refused */
static void
test_words(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{ "", "" },
		{ "  \t ", "" },
		{ "# all of it", "" },
		{ "status", "status" },
		{ "  status\tdetail  ", "status|detail" },
		{ "commit \"two words\"", "commit|two words" },
		{ "commit 'it''s' x", "commit|its|x" },
		{ "a\\ b c", "a b|c" },
		{ "a \"b \\\" c\"", "a|b \" c" },
		{ "a 'b \\ c'", "a|b \\ c" },
		{ "a \"\" b", "a||b" },
		{ "a#b # c", "a#b" },
		{ "x\"y\"z", "xyz" },
		{ "a \"b", NULL },
		{ "a 'b\"", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char line[100], all[100] = "", *argv[SHELL_WORDS_MAX + 1];
		struct err err = ERR_INIT;
		size_t at = 0;
		int argc;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		argc = shell_words(line, argv, &err);
		assert_int_equal(argc == -1, cases[i].words == NULL);
		for (int k = 0; k < argc; k++)
			at += (size_t)snprintf(all + at, sizeof(all) - at,
			    "%s%s", k != 0 ? "|" : "", argv[k]);
		if (argc != -1 && strcmp(all, cases[i].words) != 0)
			fail_msg("%s: %s", cases[i].line, all);
	}
}

static void
test_too_many_words(void **state)
{
	char line[3 * SHELL_WORDS_MAX + 4], *argv[SHELL_WORDS_MAX + 1];
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = i % 2 != 0 ? ' ' : 'a';
	line[2 * SHELL_WORDS_MAX] = '\0';
	assert_int_equal(shell_words(line, argv, &err), SHELL_WORDS_MAX);
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = i % 2 != 0 ? ' ' : 'a';
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(shell_words(line, argv, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yes),
		cmocka_unit_test(test_yes_layout),
		cmocka_unit_test(test_text_and_number),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_menu),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_too_many_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
