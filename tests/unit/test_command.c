/* test_command.c - verbs, arguments, and what is no SMTP at all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "smtp/command.h"

static void
test_split(void **state)
{
	static const struct {
		const char *line;
		enum verb verb;
		const char *args;
	} cases[] = {
		{ "NOOP", VERB_NOOP, "" },
		{ "noop", VERB_NOOP, "" },
		{ "Noop  x y ", VERB_NOOP, "x y" },
		{ "  QUIT", VERB_QUIT, "" },
		{ "MAIL FROM:<a@b>", VERB_MAIL, "FROM:<a@b>" },
		{ "MAIL\tFROM:<a@b>", VERB_MAIL, "FROM:<a@b>" },
		{ "MAILFROM:<a@b>", VERB_UNKNOWN, "" },
		{ "NOOPX", VERB_UNKNOWN, "" },
		{ "NOO", VERB_UNKNOWN, "" },
		{ "", VERB_UNKNOWN, "" },
		{ "XCLIENT ADDR=1.2.3.4", VERB_XCLIENT, "ADDR=1.2.3.4" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct command_line c;

		command_split(&c, str_of(cases[i].line));
		if (c.verb != cases[i].verb || !str_is(c.args, cases[i].args))
			fail_msg("'%s': verb %d args '%.*s'", cases[i].line,
			    c.verb, STR_ARG(c.args));
	}
}

static void
test_stm_04_other_protocols(void **state)
{
	static const struct {
		const char *line;
		bool foreign;
	} cases[] = {
		{ "GET / HTTP/1.1", true },
		{ "POST /x HTTP/1.0", true },
		{ "HEAD /", true },
		{ "PUT /", true },
		{ "CONNECT mx.test:25 HTTP/1.1", true },
		{ "OPTIONS *", true },
		{ "get /", true },
		{ "Host: mx.test", true },
		{ "FOO bar HTTP/1.1", true },
		{ "EHLO HTTP/1.1", true },
		{ "EHLO get.test", false },
		{ "GETX /", false },
		{ "MAIL FROM:<a@b>", false },
		{ "HTTP/1.1", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (command_is_foreign(str_of(cases[i].line)) !=
		    cases[i].foreign)
			fail_msg("%s", cases[i].line);
}

static void
test_stm_10_helo(void **state)
{
	char longest[300];
	static const struct {
		struct str name;
		bool ok;
	} cases[] = {
		{ STR("mx.example.org"), true },
		{ STR("MX_1.example.org"), true },
		{ STR("localhost"), true },
		{ STR("[192.0.2.1]"), true },
		{ STR("[IPv6:2001:db8::1]"), true },
		{ STR(""), false },
		{ STR("a b"), false },
		{ STR("a\tb"), false },
		{ STR("a\0b"), false },
		{ STR("a\x01"), false },
		{ STR("a\x7f"), false },
		{ STR("\xc3\xa4.test"), false },
		{ STR("[192.0.2.1"), false },
		{ STR("192.0.2.1]"), false },
		{ STR("[]"), false },
		{ STR("[a]b]"), false },
		{ STR("<a>"), false },
		{ STR("a\"b"), false },
		{ STR("(a)"), false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (command_helo_ok(cases[i].name) != cases[i].ok)
			fail_msg("'%.*s'", STR_ARG(cases[i].name));
	memset(longest, 'a', sizeof(longest));
	assert_true(command_helo_ok((struct str){ longest, 255 }));
	assert_false(command_helo_ok((struct str){ longest, 256 }));
}

static void
test_path_keyword(void **state)
{
	static const struct {
		const char *args, *keyword, *rest;
	} cases[] = {
		{ "FROM:<a@b>", "FROM:", "<a@b>" },
		{ "from: <a@b> X=1", "FROM:", "<a@b> X=1" },
		{ "TO:<a@b>", "TO:", "<a@b>" },
		{ "TO:", "TO:", "" },
		{ "FROM <a@b>", "FROM:", NULL },
		{ "TO<a@b>", "TO:", NULL },
		{ "", "TO:", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct str args = str_of(cases[i].args);
		bool ok = command_path(&args, cases[i].keyword);

		if (ok != (cases[i].rest != NULL) ||
		    (ok && !str_is(args, cases[i].rest)))
			fail_msg("'%s'", cases[i].args);
	}
}

static void
test_smg_09_bdat_arguments(void **state)
{
	static const struct {
		const char *args;
		bool ok, last;
		uint64_t size;
	} cases[] = {
		{ "0", true, false, 0 },
		{ "0 LAST", true, true, 0 },
		{ "123", true, false, 123 },
		{ "123 last", true, true, 123 },
		{ "00000000000000000012", true, false, 12 },
		{ "18446744073709551615", true, false, UINT64_MAX },
		{ "", false, false, 0 },
		{ "LAST", false, false, 0 },
		{ "-1", false, false, 0 },
		{ "+5", false, false, 0 },
		{ "0x5", false, false, 0 },
		{ "5.", false, false, 0 },
		{ "123456789012345678901", false, false, 0 },
		{ "18446744073709551616", false, false, 0 },
		{ "18446744073709551617", false, false, 0 },
		{ "5 LASTX", false, false, 0 },
		{ "5 LAS", false, false, 0 },
		{ "5 LAST 6", false, false, 0 },
		{ "5 6", false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		uint64_t size = 0;
		bool last = false;
		bool ok = command_bdat(str_of(cases[i].args), &size, &last);

		if (ok != cases[i].ok ||
		    (ok && (last != cases[i].last || size != cases[i].size)))
			fail_msg("BDAT %s", cases[i].args);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_stm_04_other_protocols),
		cmocka_unit_test(test_stm_10_helo),
		cmocka_unit_test(test_path_keyword),
		cmocka_unit_test(test_smg_09_bdat_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
