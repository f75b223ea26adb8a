/* test_web_html.c - what is inserted into a page is text, never markup */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/web/html.h"
#include "base/mem.h"

static const struct {
	const char *text, *html;
} cases[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "<script>alert(1)</script>",
	    "&lt;script&gt;alert(1)&lt;/script&gt;" },
	{ "\" onload=\"x", "&quot; onload=&quot;x" },
	{ "' onload='x", "&#39; onload=&#39;x" },
	{ "a&amp;b", "a&amp;amp;b" },
	{ "%s%n", "%s%n" },
	{ "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "a\xff"
	  "b",
	    "a\xef\xbf\xbd"
	    "b" },
	{ "\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd" }, /* overlong < */
	{ "a\x1b[2J", "a\xef\xbf\xbd[2J" },
	{ "a\tb\nc", "a\tb\nc" },
	{ "a\xe2\x80\xae"
	  "b",
	    "a\xef\xbf\xbd"
	    "b" }, /* U+202E */
	{ "a\xe2\x81\xa6"
	  "b",
	    "a\xef\xbf\xbd"
	    "b" }, /* U+2066 */
	{ "\xe2\x80\xa8", "\xef\xbf\xbd" },
};

static void
test_adm_09_text_stays_text(void **state)
{
	char want[200];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		buf_init(&b, 1000);
		html(&b, "<a b=\"%s\">%.*s</a>", cases[i].text,
		    STR_ARG(str_of(cases[i].text)));
		snprintf(want, sizeof(want), "<a b=\"%s\">%s</a>",
		    cases[i].html, cases[i].html);
		if (!str_is(buf_str(&b), want))
			fail_msg(
			    "%s: %.*s", cases[i].text, STR_ARG(buf_str(&b)));
		buf_fini(&b);
	}
}

static void
test_numbers(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	html(&b, "%d %u %zu %lld %llu 100%%", -1, 2u, (size_t)3, -4LL,
	    UINT64_MAX + 0ULL);
	assert_true(str_is(buf_str(&b), "-1 2 3 -4 18446744073709551615 100%"));
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adm_09_text_stays_text),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("web_html", tests, NULL, NULL);
}
