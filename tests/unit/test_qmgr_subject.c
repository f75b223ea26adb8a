/* test_qmgr_subject.c - the beginning of a subject, as people read it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "qmgr/subject.h"

#define TEN    "0123456789"
#define NIHON  "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" /* three kanji */
#define NIHON5 NIHON NIHON NIHON NIHON NIHON
#define HI     "\xe6\x97\xa5"
#define JIS    "=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?="
#define U8(b)  "=?utf-8?B?" b "?="
#define B64    "5pel5pys6Kqe"

static void
test_all(void **state)
{
	static const struct {
		const char *raw, *want;
	} rows[] = {
		{ "", "" },
		{ "lunch", "lunch" },
		{ "  lunch ", "lunch" },
		{ TEN TEN TEN TEN "45678901", TEN TEN TEN TEN "45678901" },
		{ TEN TEN TEN TEN "456789012", TEN TEN TEN TEN "45678..." },
		{ JIS, NIHON },
		{ "Re: " JIS " =?", "Re: " NIHON " =?" },
		{ JIS "\r\n " JIS, NIHON NIHON },
		/* 16 kanji stay; of 17 there are 15, and that there are more */
		{ U8(B64 B64 B64 B64 B64 "5pel"), NIHON5 HI },
		{ U8(B64 B64 B64 B64 B64 "5pel5pel"), NIHON5 "..." },
		{ "a" U8(B64) " " U8(B64 B64 B64 B64 B64),
		    "a" NIHON NIHON NIHON NIHON "\xe6\x97\xa5\xe6\x9c\xac..." },
		/* letters of different length: never half of one */
		{ "x" NIHON5 HI,
		    "x" NIHON NIHON NIHON NIHON "\xe6\x97\xa5\xe6\x9c\xac..." },
		{ "\xe9t\xe9", "\xc3\xa9t\xc3\xa9" }, /* Latin-1 */
		{ "a\r\n\tb", "a\tb" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char out[SUBJECT_SHORT];
		struct str s = subject_short(str_of(rows[i].raw), out);

		if (!str_is(s, rows[i].want))
			fail_msg("row %zu: \"%.*s\" is not \"%s\"", i,
			    STR_ARG(s), rows[i].want);
	}
}

/* However long, and wherever it ends: valid, short, and no word in raw. */
static void
test_long_ones(void **state)
{
	static const char *const parts[] = { JIS " ",
		"=?utf-8?Q?=E6=97=A5?= ", "\xe6\x97\xa5", "\xff\xfe", "=?",
		"?=", "a " };
	char raw[1500], out[SUBJECT_SHORT];

	(void)state;
	for (size_t i = 0; i < NELEM(parts); i++) {
		size_t n = 0;

		while (n + strlen(parts[i]) < sizeof(raw)) {
			memcpy(raw + n, parts[i], strlen(parts[i]));
			n += strlen(parts[i]);
		}
		for (size_t k = 0; k < n; k++) {
			struct str s =
			    subject_short((struct str){ raw, k }, out);

			if (s.n > SUBJECT_SHORT || !str_valid_utf8(s))
				fail_msg("part %zu, %zu bytes: %.*s", i, k,
				    STR_ARG(s));
			if (k > 600 && !str_ends_nocase(s, STR("...")))
				fail_msg("part %zu, %zu bytes: %.*s", i, k,
				    STR_ARG(s));
			if (i < 2 && k > 400 && str_search(s, STR("=?")) < s.n)
				fail_msg("part %zu, %zu bytes: %.*s", i, k,
				    STR_ARG(s));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_long_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
