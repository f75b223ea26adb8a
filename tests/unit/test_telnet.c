/* test_telnet.c - the bytes of a telnet connection */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admin/telnet.h"
#include "base/mem.h"

static const struct {
	const char *why;
	struct str in;
	const char *text;
	struct str answer;
} cases[] = {
	{ "text", { "220 a\r\nb\tc\n", 11 }, "220 a\nb\tc\n", { "", 0 } },
	{ "escapes for a terminal", { "\x1b[2J\x07\x9b\xc3\xa9", 8 },
	    "\\x1b[2J\\x07\\x9b\\xc3\\xa9", { "", 0 } },
	{ "NUL behind CR", { "a\r\0b", 4 }, "ab", { "", 0 } },
	{ "WILL is refused",
	    { "a\xff\xfb\x01"
	      "b",
		5 },
	    "ab", { "\xff\xfe\x01", 3 } },
	{ "DO is refused", { "\xff\xfd\x18", 3 }, "", { "\xff\xfc\x18", 3 } },
	{ "WONT, DONT are heard", { "\xff\xfc\x01\xff\xfe\x01x", 7 }, "x",
	    { "", 0 } },
	{ "255", { "\xff\xff", 2 }, "\\xff", { "", 0 } },
	{ "a negotiation", { "\xff\xfa\x18\xff\xff\x01\xff\xf0y", 9 }, "y",
	    { "", 0 } },
	{ "a command", { "\xff\xf1z", 3 }, "z", { "", 0 } },
};

/* Whole, and byte by byte. */
static void
test_take(void **state)
{
	struct buf text, answer;

	(void)state;
	buf_init(&text, 1000);
	buf_init(&answer, 1000);
	for (size_t i = 0; i < 2 * NELEM(cases); i++) {
		struct str in = cases[i / 2].in;
		size_t step = i % 2 == 0 ? in.n : 1;
		struct telnet t = { .state = TELNET_DATA };

		buf_reset(&text);
		buf_reset(&answer);
		for (size_t at = 0; at < in.n; at += step)
			telnet_take(&t, str_sub(in, at, step), &text, &answer);
		if (!str_is(buf_str(&text), cases[i / 2].text) ||
		    !str_eq(buf_str(&answer), cases[i / 2].answer))
			fail_msg("%s, step %zu: %s", cases[i / 2].why, step,
			    text.len > 0 ? text.data : "");
	}
	buf_fini(&text);
	buf_fini(&answer);
}

static void
test_line(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	telnet_line(STR("HELO \xff"), &out);
	telnet_line(STR(""), &out);
	assert_true(str_is(buf_str(&out), "HELO \xff\xff\r\n\r\n"));
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
