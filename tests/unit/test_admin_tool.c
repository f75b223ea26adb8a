/* test_admin_tool.c - options, message ids, joined words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/tool.h"
#include "base/mem.h"

#define WORDS_MAX 9

static const struct tool_command command = { .name = "test", .usage = "" };

/* Splits at blanks; returns argc. */
static int
words(char *line, char **argv)
{
	struct str rest = str_of(line);
	int argc = 0;

	while (argc < WORDS_MAX) {
		struct str w = str_word(&rest);

		if (w.n == 0)
			break;
		argv[argc++] = line + (w.p - line);
	}
	for (int i = 0; i < argc; i++)
		argv[i][strcspn(argv[i], " ")] = '\0';
	argv[argc] = NULL;
	return argc;
}

static void
test_options(void **state)
{
	static const struct {
		const char *line;
		bool ok, yes;
		const char *from, *left;
	} cases[] = {
		{ "x", true, false, NULL, "" },
		{ "x a b", true, false, NULL, "a b" },
		{ "x --yes a", true, true, NULL, "a" },
		{ "x a --from b c", true, false, "b", "a c" },
		{ "x --from=b=c", true, false, "b=c", "" },
		{ "x --from= a", true, false, "", "a" },
		{ "x --from --yes", true, false, "--yes", "" },
		{ "x -- --yes", true, false, NULL, "--yes" },
		{ "x - -1", true, false, NULL, "- -1" },
		{ "x --from", false, false, NULL, NULL },
		{ "x --yes=1", false, false, NULL, NULL },
		{ "x --no", false, false, NULL, NULL },
		{ "x --fro a", false, false, NULL, NULL },
		{ "x --from a --from=b", false, false, NULL, NULL },
		{ "x --yes --yes", true, true, NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		const char *from = NULL;
		bool yes = false;
		const struct tool_option options[] = {
			{ "--yes", NULL, &yes },
			{ "--from", &from, NULL },
		};
		struct tool t = { .command = &command };
		char line[64], left[64], *argv[WORDS_MAX + 1];
		int argc;

		snprintf(line, sizeof(line), "%s", cases[i].line);
		argc = words(line, argv);
		assert_int_equal(
		    tool_options(&t, options, 2, &argc, argv), cases[i].ok);
		if (!cases[i].ok)
			continue;
		tool_join(left, sizeof(left), argc, argv, 1);
		if (yes != cases[i].yes ||
		    (from != NULL) != (cases[i].from != NULL) ||
		    (from != NULL && strcmp(from, cases[i].from) != 0) ||
		    strcmp(left, cases[i].left) != 0 || argv[argc] != NULL)
			fail_msg("%s: %s", cases[i].line, left);
	}
}

static void
test_adm_02_message_ids(void **state)
{
	static const struct {
		const char *text;
		uint64_t mid; /* 0: refused */
	} cases[] = {
		{ "1", 1 },
		{ "47", 47 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", 0 },
		{ "0", 0 },
		{ "", 0 },
		{ "-1", 0 },
		{ "+1", 0 },
		{ "0x10", 0 },
		{ "1e3", 0 },
		{ "1;rm", 0 },
		{ "1/../2", 0 },
		{ "../../x", 0 },
		{ " 1", 0 },
		{ "11111111111111111111111111111111111111111111", 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		uint64_t mid = 0;
		bool ok = tool_mid(str_of(cases[i].text), &mid);

		if (ok != (cases[i].mid != 0) || (ok && mid != cases[i].mid))
			fail_msg("'%s'", cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_adm_02_message_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
