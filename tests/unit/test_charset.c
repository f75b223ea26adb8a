/* test_charset.c - character sets: what mail calls them, what it means */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/charset.h"

#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *charset, *in, *want;
	bool bad;
} texts[] = {
	{ "us-ascii", "abc", "abc", false },
	{ "us-ascii", "a\xe9\xe9z", "a" FFFD FFFD "z", true },
	{ "utf-8", "é事", "é事", false },
	{ "UTF8",
	    "a\xe4\xba"
	    "b\xff\xc3",
	    "a" FFFD "b" FFFD FFFD, true },
	{ "utf-8", "\xed\xa0\x80", FFFD, true },
	{ "iso-8859-1", "\xe9\x80\x93", "é€“", false },
	{ "ISO_8859-1:1987", "\xe9", "é", false },
	{ "windows-1252", "\x81", FFFD, true },
	{ "iso-8859-9", "\xfd", "ı", false },
	{ "koi8-r", "\xf0\xd2\xc9", "При", false },
	{ "Windows-1251", "\xcf\xf0\xe8", "При", false },
	{ "iso-8859-8-i", "\xf9", "ש", false },
	{ "tis-620", "\xa1", "ก", false },

	{ "shift_jis", "\x8e\x96\xb6", "事ｶ", false },
	{ "x-sjis", "\x87\x40\x81\x60", "①～", false },
	{ "Shift_JIS", "\x8e", FFFD, true },
	{ "cp932", "\xfb\xfc", "髙", false },
	{ "shift_jis",
	    "\x81"
	    "1a",
	    FFFD "1a", true },
	{ "euc-jp", "\xbb\xf6\x8e\xb6\x8f\xb0\xa1", "事ｶ丂", false },
	{ "x-euc-jp", "\xad\xa1", "①", false },

	{ "iso-2022-jp", "a\x1b$B;v\x1b(Bb", "a事b", false },
	{ "iso-2022-jp", "\x1b$@;v\x1b(J\\~", "事\\~", false },
	{ "iso-2022-jp", "\x1b(I6\x1b(B", "ｶ", false },
	{ "iso-2022-jp", "\x1b$B-!\x1b(B", "①", false },
	{ "iso-2022-jp", "\xb6", "ｶ", false },
	{ "cp50222",
	    "\x0e"
	    "6"
	    "\x0f"
	    "a",
	    "ｶa", false },
	{ "iso-2022-jp-1", "\x1b$(D0!\x1b(B", "丂", false },
	{ "iso-2022-jp-2", "\x1b$A;v\x1b$(C0!\x1b(B", "祸가", false },
	{ "iso-2022-jp-3", "\x1b$(Q.!\x1b(B", "俱", false },
	{ "iso-2022-jp", "\x1b$B;v\r\n;v\x1b(B", "事\r\n事", false },
	{ "iso-2022-jp", "\x1b$B;v;", "事" FFFD, true },
	{ "iso-2022-jp", "\x1b$B;\x1b(Ba", FFFD "a", true },
	{ "iso-2022-jp", "\x1b[31m", FFFD "[31m", true },
	{ "iso-2022-jp", "\xff", FFFD, true },
	{ "iso-2022-kr",
	    "\x1b$)Ca\x0e"
	    "0!\x0f"
	    "b",
	    "a가b", false },

	{ "gb2312", "\xca\xc2\x81\x30\x81\x30", "事\xc2\x80", false },
	{ "gbk", "\x81\x40", "丂", false },
	{ "big5", "\xa8\xc6", "事", false },
	{ "ks_c_5601-1987", "\xb0\xa1\x81\x41", "가갂", false },
	{ "utf-7", "+Ti0-", "中", false },
	{ "utf-16le", "a", FFFD, true },

	{ "", "\xe9", "é", true },
	{ "no-such", "\xc3\xa9", "é", true },
	/* names of the system's converters are no names */
	{ "iso-2022-cn-ext", "\xe9", "é", true },
	{ "utf-8//translit", "\xe9", "é", true },
	{ "../../etc/x", "\xe9", "é", true },
};

static void
test_reading(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(texts); i++) {
		struct arena mem;
		bool bad = false;
		struct str is;

		arena_init(&mem, 1 << 20);
		is = charset_to_utf8(
		    str_of(texts[i].in), str_of(texts[i].charset), &mem, &bad);
		if (!str_is(is, texts[i].want) || bad != texts[i].bad) {
			print_error(
			    "case %zu, %s\nis   '%.*s'%s\nwant '%s'%s\n", i,
			    texts[i].charset, STR_ARG(is), bad ? " bad" : "",
			    texts[i].want, texts[i].bad ? " bad" : "");
			fail();
		}
		arena_free(&mem);
	}
}

static const struct {
	const char *charset, *in, *want; /* want NULL: not in it */
} back[] = {
	{ "us-ascii", "abc", "abc" },
	{ "us-ascii", "é", NULL },
	{ "utf-8", "é", "é" },
	{ "iso-8859-1", "é", "\xe9" },
	{ "iso-8859-1", "事", NULL },
	{ "iso-2022-jp", "a事b", "a\x1b$B;v\x1b(Bb" },
	{ "iso-2022-jp", "事\r\n事", "\x1b$B;v\x1b(B\r\n\x1b$B;v\x1b(B" },
	{ "iso-2022-jp", "①ｶ事", "\x1b$B-!\x1b(I6\x1b$B;v\x1b(B" },
	{ "iso-2022-jp", "〜～−", "\x1b$B!A!A!]\x1b(B" },
	{ "iso-2022-jp", "é", NULL },
	{ "iso-2022-jp", "¥", NULL },
	{ "iso-2022-jp", "😀", NULL },
	{ "shift_jis", "事①", "\x8e\x96\x87\x40" },
	{ "shift_jis", "¥", NULL },
	{ "euc-jp", "‾", NULL },
	{ "koi8-r", "При", "\xf0\xd2\xc9" },
	{ "gb2312", "事", "\xca\xc2" },
	{ "no-such", "a", NULL },
};

static void
test_writing(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(back); i++) {
		struct str is = { NULL, 0 };
		struct arena mem;
		bool good;

		arena_init(&mem, 1 << 20);
		good = charset_from_utf8(
		    str_of(back[i].in), str_of(back[i].charset), &mem, &is);
		if (good != (back[i].want != NULL) ||
		    (good && !str_is(is, back[i].want))) {
			print_error("case %zu, %s: %d '%.*s'\n", i,
			    back[i].charset, good, STR_ARG(is));
			fail();
		}
		arena_free(&mem);
	}
}

static bool
all_work(void)
{
	bool good = true;

	for (size_t i = 0; i < NELEM(texts); i++) {
		struct arena mem;
		bool bad = false;

		arena_init(&mem, 1 << 20);
		good &= str_is(charset_to_utf8(str_of(texts[i].in),
				   str_of(texts[i].charset), &mem, &bad),
		    texts[i].want);
		arena_free(&mem);
	}
	for (size_t i = 0; i < NELEM(back); i++) {
		struct str is;
		struct arena mem;

		arena_init(&mem, 1 << 20);
		good &= charset_from_utf8(str_of(back[i].in),
			    str_of(back[i].charset), &mem,
			    &is) == (back[i].want != NULL);
		arena_free(&mem);
	}
	return good;
}

/* MIM-08: any bytes in any set: valid UTF-8, and not much more of it. What
 * could be read and written again reads the same. */
static void
test_mim_08_any_bytes(void **state)
{
	static const char *const charsets[] = { "us-ascii", "utf-8",
		"iso-8859-1", "iso-2022-jp", "iso-2022-kr", "shift_jis",
		"euc-jp", "euc-jisx0213", "gb18030", "big5", "euc-kr", "utf-7",
		"utf-16", "utf-16be", "utf-32", "koi8-u", "cp866", "macroman",
		"windows-1258", "nonsense" };
	static const char *const bits[] = { "\x1b$B", "\x1b(B", "\x1b(I",
		"\x1b$(D", "\x1b$(C", "\x1b$)C", "\x1b", "\x0e", "\x0f", "+",
		"+AAA-", "\r\n" };

	(void)state;
	srandom(20240612);
	for (int i = 0; i < 8000; i++) {
		struct str charset = str_of(charsets[i % (int)NELEM(charsets)]);
		struct str text, again, bytes;
		struct arena mem;
		struct buf in;

		arena_init(&mem, 1 << 20);
		buf_init(&in, 4096);
		for (int n = (int)(random() % 40); n >= 0; n--)
			if (random() % 4 == 0)
				buf_puts(
				    &in, bits[random() % (long)NELEM(bits)]);
			else
				buf_putc(&in, (char)(random() % 256));
		text = charset_to_utf8(buf_str(&in), charset, &mem, NULL);
		assert_true(str_valid_utf8(text));
		assert_true(text.n <= in.len * 4);
		if (charset_from_utf8(text, charset, &mem, &bytes)) {
			again = charset_to_utf8(bytes, charset, &mem, NULL);
			assert_true(str_valid_utf8(again));
		}
		buf_fini(&in);
		arena_free(&mem);
	}
}

/* Once all are open, none needs a file: a process in its cage has none. */
static void
test_caged(void **state)
{
	static const struct rlimit none = { 0, 0 };
	int status = -1;
	pid_t pid = fork();

	(void)state;
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		charset_open_all();
		if (setrlimit(RLIMIT_NOFILE, &none) == -1)
			_exit(2);
		_exit(all_work() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
test_known(void **state)
{
	(void)state;
	assert_true(charset_known(STR("ISO-2022-JP")));
	assert_true(charset_known(STR("iso-8859-15")));
	assert_false(charset_known(STR("")));
	assert_false(charset_known(STR("ISO-2022-CN-EXT")));
	assert_false(charset_known(STR("EUC-JP-MS//IGNORE")));
}

/* A mark is for its own text: the next one without is read as ever. */
static void
test_marks(void **state)
{
	static const struct {
		const char *charset;
		struct str in;
	} rows[] = {
		{ "utf-16", { "\xfe\xff\0a", 4 } },
		{ "utf-16", { "a\0", 2 } },
		{ "utf-16", { "\xff\xfe"
			      "a\0",
				4 } },
		{ "utf-32", { "\0\0\xfe\xff\0\0\0a", 8 } },
		{ "utf-32", { "a\0\0\0", 4 } },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct arena mem;
		bool bad = false;
		struct str text;

		arena_init(&mem, 1 << 20);
		text = charset_to_utf8(
		    rows[i].in, str_of(rows[i].charset), &mem, &bad);
		if (bad || !str_is(text, "a"))
			fail_msg("%s, row %zu: '%.*s'", rows[i].charset, i,
			    STR_ARG(text));
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caged), /* before any was opened */
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_writing),
		cmocka_unit_test(test_mim_08_any_bytes),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
