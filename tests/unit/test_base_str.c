/* test_base_str.c - slices, numbers, escaping */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

static void
test_str_escape_adm_04(void **state)
{
	static const struct {
		const char *why;
		struct str in;
		size_t max, size;
		const char *out;
	} cases[] = {
		{ "plain", STR("a b"), 99, 99, "a b" },
		{ "empty", STR(""), 99, 99, "" },
		{ "nothing", { NULL, 0 }, 99, 99, "" },
		{ "line ends", STR("a\r\nb\tc"), 99, 99, "a\\r\\nb\\tc" },
		{ "backslash", STR("a\\nb"), 99, 99, "a\\\\nb" },
		{ "terminal", STR("\033[2J"), 99, 99, "\\x1b[2J" },
		{ "NUL, DEL", STR("a\0b\177"), 99, 99, "a\\x00b\\x7f" },
		{ "letters", STR("J\xc3\xbc\xe6\x97\xa5"), 99, 99,
		    "J\xc3\xbc\xe6\x97\xa5" },
		{ "lone byte", STR("\xff\x80x"), 99, 99, "\\xff\\x80x" },
		{ "cut short", STR("\xe6\x97"), 99, 99, "\\xe6\\x97" },
		{ "overlong", STR("\xc0\xaf"), 99, 99, "\\xc0\\xaf" },
		{ "surrogate", STR("\xed\xa0\x80"), 99, 99, "\\xed\\xa0\\x80" },
		{ "C1 control", STR("\xc2\x9b"), 99, 99, "\\u009b" },
		{ "bidi",
		    STR("a\xe2\x80\xae"
			"b\xe2\x81\xa6"),
		    99, 99, "a\\u202eb\\u2066" },
		{ "separators", STR("\xe2\x80\xa8\xe2\x80\xa9"), 99, 99,
		    "\\u2028\\u2029" },
		{ "too long", STR("abcdef"), 4, 99, "abcd..." },
		{ "just fits", STR("abcd"), 4, 99, "abcd" },
		{ "no half letter", STR("ab\xe6\x97\xa5"), 4, 99, "ab..." },
		{ "small room", STR("abcdefgh"), 99, 8, "abcd..." },
		{ "exact room", STR("abcdefg"), 99, 8, "abcdefg" },
		{ "no half escape", STR("abc\033defg"), 99, 9, "abc..." },
		{ "tiny room", STR("abc"), 99, 3, ".." },
		{ "no room", STR("abc"), 99, 1, "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char out[100];
		size_t n =
		    str_escape(out, cases[i].size, cases[i].in, cases[i].max);

		if (strcmp(out, cases[i].out) != 0 || n != strlen(out))
			fail_msg("%s: '%s'", cases[i].why, out);
	}
}

static void
test_str_u64(void **state)
{
	static const struct {
		const char *in;
		uint64_t max, out;
		int ok;
	} cases[] = {
		{ "0", 9, 0, 1 },
		{ "007", 9, 7, 1 },
		{ "10", 9, 0, 0 },
		{ "", 9, 0, 0 },
		{ "-1", 9, 0, 0 },
		{ "+1", 9, 0, 0 },
		{ " 1", 9, 0, 0 },
		{ "0x1", 99, 0, 0 },
		{ "1e3", 9999, 0, 0 },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX, 1 },
		{ "18446744073709551616", UINT64_MAX, 0, 0 },
		{ "99999999999999999999999", UINT64_MAX, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		uint64_t v = 0;
		int ok = str_u64(str_of(cases[i].in), cases[i].max, &v);

		if (ok != cases[i].ok || v != cases[i].out)
			fail_msg("'%s'", cases[i].in);
	}
}

static void
test_str_distance(void **state)
{
	static const struct {
		const char *a, *b;
		size_t n;
	} cases[] = {
		{ "", "", 0 },
		{ "subject", "Subject", 0 },
		{ "", "abc", 3 },
		{ "kitten", "sitting", 3 },
		{ "drop", "drp", 1 },
	};
	char longer[66];

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct str a = str_of(cases[i].a), b = str_of(cases[i].b);

		if (str_distance(a, b) != cases[i].n ||
		    str_distance(b, a) != cases[i].n)
			fail_msg("%s, %s: %zu", cases[i].a, cases[i].b,
			    str_distance(a, b));
	}
	memset(longer, 'a', sizeof(longer));
	assert_int_equal(
	    str_distance((struct str){ longer, 65 }, STR("a")), SIZE_MAX);
	assert_int_equal(
	    str_distance((struct str){ longer, 64 }, STR("a")), 63);
}

static void
test_str_thousands(void **state)
{
	static const struct {
		uint64_t n;
		const char *out;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 123456, "123,456" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char out[32];

		assert_string_equal(
		    str_thousands(cases[i].n, out), cases[i].out);
	}
}

static void
test_str_utf8(void **state)
{
	static const struct {
		struct str in;
		bool ok;
	} cases[] = {
		{ STR(""), true },
		{ STR("ascii\0nul"), true },
		{ STR("\xc2\x80"), true },
		{ STR("\xdf\xbf\xe0\xa0\x80"), true },
		{ STR("\xf4\x8f\xbf\xbf"), true },
		{ STR("\xf4\x90\x80\x80"), false },
		{ STR("\xf0\x80\x80\x80"), false },
		{ STR("\xe0\x9f\xbf"), false },
		{ STR("\xc1\xbf"), false },
		{ STR("\x80"), false },
		{ STR("\xf8\x88\x80\x80\x80"), false },
		{ STR("a\xc3"), false },
		{ STR("\xc3("), false },
		{ STR("\xed\xbf\xbf"), false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (str_valid_utf8(cases[i].in) != cases[i].ok)
			fail_msg("case %zu", i);
}

static void
test_str_slices(void **state)
{
	struct str s = STR("  one\ttwo  "), rest;

	(void)state;
	assert_true(str_is(str_word(&s), "one"));
	assert_true(str_is(str_word(&s), "two"));
	assert_int_equal(str_word(&s).n, 0);
	rest = STR("a:b::");
	assert_true(str_is(str_cut(&rest, ':'), "a"));
	assert_true(str_is(str_cut(&rest, ':'), "b"));
	assert_true(str_is(str_cut(&rest, ':'), ""));
	assert_true(str_is(str_cut(&rest, ':'), ""));
	assert_true(rest.n == 0 && rest.p != NULL);
	assert_true(str_is(str_trim(STR(" \r\n a b\t ")), "a b"));
	assert_true(str_is(str_trim(STR(" \r\n")), ""));
	assert_true(str_is(str_sub(STR("abc"), 1, 9), "bc"));
	assert_true(str_is(str_sub(STR("abc"), 9, 9), ""));
	assert_null(str_sub(str_of(NULL), 1, 2).p);
	assert_true(str_is_nocase(STR("FoO"), "fOo"));
	assert_false(str_is_nocase(STR("fo"), "foo"));
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_false(str_starts(STR("a"), STR("ab")));
	assert_true(str_starts_nocase(STR("ABc"), STR("ab")));
	assert_true(str_ends_nocase(STR("x.Example"), STR(".example")));
	assert_false(str_ends_nocase(STR("e"), STR(".example")));
	assert_true(str_eq(str_of(NULL), STR("")));
}

static void
test_str_copy(void **state)
{
	char to[4], text[] = "MiXed-\xc3\x84";

	(void)state;
	assert_true(str_copy(to, sizeof(to), STR("abc")));
	assert_string_equal(to, "abc");
	assert_false(str_copy(to, sizeof(to), STR("abcd")));
	assert_string_equal(to, "abc");
	assert_true(str_copy(to, sizeof(to), str_of(NULL)));
	assert_string_equal(to, "");
	str_lower(text);
	assert_string_equal(text, "mixed-\xc3\x84");
}

static void
test_str_search(void **state)
{
	static const struct {
		const char *in, *what;
		size_t at;
	} cases[] = {
		{ "", "ab", 0 },
		{ "a", "ab", 1 },
		{ "ab", "ab", 0 },
		{ "aab", "ab", 1 },
		{ "a ab ab", "ab", 2 },
		{ "aaaa", "ab", 4 },
		{ "abc", "c", 2 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (str_search(str_of(cases[i].in), str_of(cases[i].what)) !=
		    cases[i].at)
			fail_msg("case %zu", i);
	assert_int_equal(str_search((struct str){ NULL, 0 }, STR("a")), 0);
}

static void
test_str_letters(void **state)
{
	static const struct {
		const char *in;
		size_t max, want;
	} cases[] = {
		{ "", 0, 0 },
		{ "", 5, 0 },
		{ "abc", 2, 2 },
		{ "abc", 3, 3 },
		{ "abc", 9, 3 },
		{ "a\xe9\x85\x92", 1, 1 },
		{ "a\xe9\x85\x92", 2, 1 },
		{ "a\xe9\x85\x92", 3, 1 },
		{ "a\xe9\x85\x92", 4, 4 },
		{ "\xf0\x9f\x8d\xb6z", 3, 0 },
		{ "\xf0\x9f\x8d\xb6z", 4, 4 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (str_letters(str_of(cases[i].in), cases[i].max).n !=
		    cases[i].want)
			fail_msg("case %zu", i);
}

/* Every code point there and back; what is none becomes U+FFFD. */
static void
test_str_utf8_put(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110100; c++) {
		bool is_char = c < 0xd800 || (c > 0xdfff && c <= 0x10ffff);
		uint32_t back = 0;
		char p[4];
		size_t n = str_utf8_put(c, p);

		if (str_utf8((struct str){ p, n }, &back) != n ||
		    back != (is_char ? c : 0xfffd))
			fail_msg("U+%04X: %zu bytes, U+%04X", c, n, back);
	}
}

static void
test_str_ascii(void **state)
{
	char text[40];

	(void)state;
	for (size_t at = 0; at <= sizeof(text); at++) {
		memset(text, 'a', sizeof(text));
		if (at < sizeof(text))
			text[at] = '\x80';
		for (size_t from = 0; from <= at; from++)
			assert_int_equal(str_ascii((struct str){ text + from,
					     sizeof(text) - from }),
			    at - from);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str_escape_adm_04),
		cmocka_unit_test(test_str_u64),
		cmocka_unit_test(test_str_distance),
		cmocka_unit_test(test_str_thousands),
		cmocka_unit_test(test_str_utf8),
		cmocka_unit_test(test_str_slices),
		cmocka_unit_test(test_str_copy),
		cmocka_unit_test(test_str_search),
		cmocka_unit_test(test_str_letters),
		cmocka_unit_test(test_str_utf8_put),
		cmocka_unit_test(test_str_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
