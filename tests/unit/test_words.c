/* test_words.c - RFC 2047: reading what mail says, writing what it shall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/charset.h"
#include "mail/mime.h"

static const struct {
	const char *why, *in, *charset, *want;
} fields[] = {
	{ "plain", " text \r\n", "", "text" },
	{ "folded", " one\r\n two\r\n\tthree\r\n", "", "one two\tthree" },
	{ "line ends that fold nothing", "one\r\ntwo\rthree\nfour", "",
	    "one two three four" },
	{ "Q", "=?iso-8859-1?Q?a_b=E9=e9?=", "", "a bé\xc3\xa9" },
	{ "B", "=?utf-8?B?5LqL?=", "", "事" },
	{ "small letters", "=?UTF-8?b?5LqL?= =?utf-8?q?x?=", "", "事x" },
	{ "language", "=?us-ascii*en?Q?x?=", "", "x" },
	{ "blanks between words go", "=?utf-8?Q?a?= \r\n =?utf-8?Q?b?=", "",
	    "ab" },
	{ "others stay", "x =?utf-8?Q?a?= y  =?utf-8?Q?b?= ", "", "x a y  b" },
	{ "no blank between words", "=?utf-8?Q?a?==?utf-8?Q?b?=", "", "ab" },
	{ "in a word", "x=?utf-8?Q?a?=y", "", "xay" },
	{ "in quotes", "\"=?utf-8?Q?a?=\" <a@b>", "", "\"a\" <a@b>" },
	{ "blanks in a word", "=?utf-8?Q?a b?=", "", "a b" },
	{ "a character cut in two, B", "=?utf-8?B?5Lo=?= =?utf-8?B?iw==?=", "",
	    "事" },
	{ "a character cut in two, Q", "=?utf-8?Q?=E4=BA?= =?utf-8?Q?=8B?=", "",
	    "事" },
	{ "base64 cut anywhere", "=?utf-8?B?5L?= =?utf-8?B?qL?=", "", "事" },
	{ "ISO-2022-JP cut without escapes",
	    "=?ISO-2022-JP?B?GyRCO3Y=?=\r\n =?ISO-2022-JP?B?O3YbKEI=?=", "",
	    "事事" },
	{ "ISO-2022-JP that is CP50221",
	    "=?iso-2022-jp?B?GyRCLSEbKEobKEk2GyhC?=", "", "①ｶ" },
	{ "different charsets",
	    "=?shift_jis?B?jpY=?= =?euc-jp?B?u/Y=?= =?gb2312?B?ysI=?= "
	    "=?big5?B?qMY=?= =?koi8-r?Q?=C1?=",
	    "", "事事事事а" },
	{ "a line end inside", "=?utf-8?Q?a=0D=0Ab?=", "", "a  b" },
	{ "unknown charset, UTF-8", "=?x-nobody?Q?=C3=A9?=", "", "é" },
	{ "unknown charset, other", "=?x-nobody?Q?=E9?=", "", "é" },
	{ "ASCII that is not", "=?us-ascii?Q?=C3=A9?=", "", "é" },
	{ "not closed", "=?utf-8?Q?a b", "", "=?utf-8?Q?a b" },
	{ "closed by the next", "=?utf-8?Q?a =?utf-8?Q?b?=", "",
	    "=?utf-8?Q?a b" },
	{ "Q that ends in =", "=?utf-8?Q?a=?=", "", "a=" },
	{ "no encoding", "=?utf-8?X?a?=", "", "=?utf-8?X?a?=" },
	{ "empty word", "a =?utf-8?Q?\?= b", "", "a  b" },
	{ "raw UTF-8", "事", "iso-8859-1", "事" },
	{ "raw, imposed", "\x8e\x96", "shift_jis", "事" },
	{ "raw, not imposed", "\xe9", "", "é" },
	{ "raw ISO-2022-JP", "\x1b$B;v\x1b(B", "", "事" },
	{ "raw beside words", "\xc3\xa9 =?utf-8?Q?b?=", "", "é b" },
};

static void
test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(fields); i++) {
		struct arena mem;
		struct str is;

		arena_init(&mem, 1 << 20);
		is = mime_field_text(
		    str_of(fields[i].in), str_of(fields[i].charset), &mem);
		if (!str_is(is, fields[i].want)) {
			print_error("%s\nis   %.*s\nwant %s\n", fields[i].why,
			    STR_ARG(is), fields[i].want);
			fail();
		}
		arena_free(&mem);
	}
}

static const struct {
	const char *why, *in, *charset;
	size_t column;
	const char *want;
} written[] = {
	{ "ASCII", "some text", "", 9, "some text" },
	{ "one word of several", "some téxt here", "", 9,
	    "some =?utf-8?Q?t=C3=A9xt?= here" },
	{ "neighbours", "a é è b", "iso-8859-1", 9,
	    "a =?iso-8859-1?B?6SDo?= b" },
	{ "Japanese", "事", "ISO-2022-JP", 9,
	    "=?ISO-2022-JP?B?GyRCO3YbKEI=?=" },
	{ "not in the charset", "事", "iso-8859-1", 9, "=?utf-8?B?5LqL?=" },
	{ "ASCII is no charset for it", "é", "us-ascii", 9,
	    "=?utf-8?Q?=C3=A9?=" },
	{ "nor is UTF-16", "é", "utf-16", 9, "=?utf-8?Q?=C3=A9?=" },
	{ "a charset nobody may write", "é", "iso_8859-1\r\nX: y", 9,
	    "=?utf-8?Q?=C3=A9?=" },
	{ "what looks like a word", "=?utf-8?Q?a?=", "", 9,
	    "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?=" },
	{ "line ends", "a\r\nX: é", "", 9, "a  X: =?utf-8?Q?=C3=A9?=" },
	{ "control characters", "a\x01", "", 9, "=?utf-8?Q?a=01?=" },
	{ "long text",
	    "0123456789 0123456789 0123456789 0123456789 0123456789 "
	    "0123456789 0123456789 0123456789",
	    "", 9,
	    "0123456789 0123456789 0123456789 0123456789 0123456789 "
	    "0123456789\r\n 0123456789 0123456789" },
	{ "no room on the first line", "0123456789 é", "", 70,
	    "0123456789\r\n =?utf-8?Q?=C3=A9?=" },
	{ "long Japanese",
	    "事事事事事事事事事事事事事事事事事事事事事事事事事事事事事事",
	    "iso-2022-jp", 9,
	    "=?iso-2022-jp?B?GyRCO3Y7djt2O3Y7djt2O3Y7djt2O3Y7djt2O3Y7djt2GyhC"
	    "?=\r\n"
	    " =?iso-2022-jp?B?GyRCO3Y7djt2O3Y7djt2O3Y7djt2O3Y7djt2O3Y7djt2GyhC"
	    "?=" },
};

static void
test_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(written); i++) {
		struct arena mem;
		struct str is;

		arena_init(&mem, 1 << 20);
		is = charset_encode_words(str_of(written[i].in),
		    str_of(written[i].charset), written[i].column, &mem);
		if (!str_is(is, written[i].want)) {
			print_error("%s\nis   %.*s\nwant %s\n", written[i].why,
			    STR_ARG(is), written[i].want);
			fail();
		}
		arena_free(&mem);
	}
}

/* Of random texts, in several charsets: what is written is ASCII, its words
 * and lines are short enough, and it reads as what was given. */
static void
check_way_back(struct str text, struct str charset, struct arena *mem)
{
	struct str out = charset_encode_words(text, charset, 9, mem);
	struct str back = mime_field_text(out, STR(""), mem), rest = out;

	if (str_ascii(out) != out.n || !str_eq(back, str_trim(text))) {
		print_error("'%.*s' in %.*s\nwritten '%.*s'\nread '%.*s'\n",
		    STR_ARG(text), STR_ARG(charset), STR_ARG(out),
		    STR_ARG(back));
		fail();
	}
	while (rest.n > 0) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		struct str word;

		if (line.n > 78 && str_find(line, ' ') < line.n)
			fail_msg("long line: %.*s", STR_ARG(line));
		while ((word = str_word(&line)).n > 0)
			if (word.n > 75 && str_starts(word, STR("=?")))
				fail_msg("long word: %.*s", STR_ARG(word));
	}
}

static void
test_way_back(void **state)
{
	static const char *const bits[] = { "a", "bc", " ", " ", "  ", "é",
		"事", "か", "ｶ", "①", "〜", "а", "😀", "=?", "?=", "=", "_",
		"word" };
	static const char *const charsets[] = { "", "utf-8", "iso-8859-1",
		"iso-2022-jp", "shift_jis", "euc-jp", "koi8-r", "gb18030" };

	(void)state;
	srandom(20240611);
	for (int i = 0; i < 4000; i++) {
		struct arena mem;
		struct buf b;
		int n = (int)(random() % 60);

		arena_init(&mem, 1 << 20);
		buf_init(&b, 4096);
		while (n-- > 0)
			buf_puts(&b, bits[random() % (long)NELEM(bits)]);
		/* both waves are one character to the sets of Japan */
		if (memmem(buf_str(&b).p, b.len, "〜", 3) == NULL || i % 8 < 3)
			check_way_back(buf_str(&b),
			    str_of(charsets[i % (int)NELEM(charsets)]), &mem);
		buf_fini(&b);
		arena_free(&mem);
	}
}

/* AddressSanitizer looks at all that a search might: a long text that is
 * searched often takes it minutes. */
#ifdef POSTERN_ASAN
#define BOMB ((size_t)256 << 10)
#else
#define BOMB ((size_t)10 << 20)
#endif

/* MIM-03: words that nobody closes cost no more than others. */
static void
test_mim_03_bombs(void **state)
{
	static const char *const bombs[] = { "=?", "=?a?Q?", "=?a?Q?=?",
		"?=", "=?a?B?=?=", "=?utf-8?Q?=E4?= ", "\x1b$B" };

	(void)state;
	for (size_t i = 0; i < NELEM(bombs); i++) {
		struct arena mem;
		struct buf b;

		arena_init(&mem, (size_t)1 << 30);
		buf_init(&b, BOMB * 2);
		while (b.len < BOMB)
			buf_puts(&b, bombs[i]);
		assert_true(str_valid_utf8(
		    mime_field_text(buf_str(&b), STR(""), &mem)));
		assert_true(mem.used < 12 * BOMB);
		buf_fini(&b);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_way_back),
		cmocka_unit_test(test_mim_03_bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
