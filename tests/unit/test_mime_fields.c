/* test_mime_fields.c - what the fields of a part say, in all their forms */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mime_kit.h"

#define CT  "Content-Type: "
#define CD  "Content-Disposition: "
#define CTE "Content-Transfer-Encoding: "

/* What a header says: "type/subtype charset=x boundary=x name=x other=x att
 * encoding" and the marks. */
static const struct {
	const char *why, *in, *want;
} fields[] = {
	{ "nothing", "", "text/plain 7bit" },
	{ "type", CT "Text/HTML; Charset=\"UTF-8\"\n",
	    "text/html charset=UTF-8 7bit" },
	{ "blanks and comments",
	    CT "(a) text (b) / (c(d)\\)) html (e) ; (f) charset = utf-8 (g)\n",
	    "text/html charset=utf-8 7bit" },
	{ "folded", CT "text/html;\n\tcharset=utf-8;\n format=flowed\n",
	    "text/html charset=utf-8 7bit" },
	{ "semicolons", CT "text/html;; charset=utf-8;\n",
	    "text/html charset=utf-8 7bit" },
	{ "small letters", "content-TYPE: text/html\n", "text/html 7bit" },
	{ "boundary as all write it",
	    CT "multipart/mixed; boundary=----=_Part_1.2\n",
	    "multipart/mixed boundary=----=_Part_1.2 7bit{unused}" },
	{ "boundary with what must be quoted",
	    CT "multipart/mixed; boundary=\"a b;c=\\\"d\\\"\"\n",
	    "multipart/mixed boundary=a b;c=\"d\" 7bit{unused}" },
	{ "blanks at its end", CT "multipart/mixed; boundary=\"a  \"\n",
	    "multipart/mixed boundary=a 7bit{unused}" },
	{ "name", CT "image/gif; name=a.gif\n", "image/gif name=a.gif 7bit" },
	{ "attached", CD "attachment; filename=\"a b.gif\"\n",
	    "text/plain name=a b.gif att 7bit" },
	{ "inline", CD "INLINE; filename=a\n", "text/plain name=a 7bit" },
	{ "an unknown disposition", CD "x-shown; filename=a\n",
	    "text/plain name=a att 7bit" },
	{ "encodings", CTE "Quoted-Printable\n", "text/plain quoted" },
	{ "base64", CTE " BASE64 \n", "text/plain base64" },
	{ "uuencode", CTE "x-uuencode\n", "text/plain uuencode" },
	{ "binary", CTE "binary\n", "text/plain binary" },

	/* RFC 2231 */
	{ "charset and language",
	    CD "attachment; filename*=iso-8859-1'en'%E9%20b\n",
	    "text/plain name=é b att 7bit" },
	{ "pieces",
	    CD "attachment; filename*0=\"a b\";\n filename*1=c; "
	       "filename*2=.gif\n",
	    "text/plain name=a bc.gif att 7bit" },
	{ "pieces, coded, out of order",
	    CD "attachment; filename*1*=%8B; filename*2=\"%41\";\n"
	       " filename*0*=utf-8''%E4%BA\n",
	    "text/plain name=事%41 att 7bit" },
	{ "better than the plain form",
	    CD "attachment; filename=x.gif; filename*=utf-8''y.gif\n",
	    "text/plain name=y.gif other=x.gif att 7bit" },
	{ "and the same as it",
	    CD "attachment; filename=\"=?utf-8?B?5LqL?=\"; "
	       "filename*=utf-8''%E4%BA%8B\n",
	    "text/plain name=事 att 7bit" },
	{ "a character cut in two",
	    CD "attachment; filename*0*=utf-8''%E4%B; filename*1*=A%8B\n",
	    "text/plain name=事 att 7bit" },
	{ "ISO-2022-JP",
	    CD "attachment; filename*=iso-2022-jp''%1B$B%3Bv%1B(B.txt\n",
	    "text/plain name=事.txt att 7bit" },
	{ "no charset", CD "attachment; filename*=''%E4%BA%8B\n",
	    "text/plain name=事 att 7bit" },
	{ "no quotes in it", CD "attachment; filename*=%E4%BA%8B\n",
	    "text/plain name=事 att 7bit" },
	{ "not quite percent", CD "attachment; filename*=utf-8''%4%GG%41%\n",
	    "text/plain name=%4%GGA% att 7bit" },
	{ "charset in that form", CT "text/plain; charset*=us-ascii'en'utf-8\n",
	    "text/plain charset=utf-8 7bit" },

	/* RFC 2047 where it must not be */
	{ "word", CD "attachment; filename=\"=?utf-8?B?5LqL?=.gif\"\n",
	    "text/plain name=事.gif att 7bit" },
	{ "word without quotes", CT "image/gif; name==?utf-8?B?5LqL?=\n",
	    "image/gif name=事 7bit" },
	{ "words, folded",
	    CD "attachment;\n filename=\"=?utf-8?B?5LqL?=\n"
	       " =?utf-8?B?5LqL?=\"\n",
	    "text/plain name=事事 att 7bit" },
	{ "raw bytes", CD "attachment; filename=\"\xe4\xba\x8b\"\n",
	    "text/plain name=事 att 7bit" },
	{ "other raw bytes", CD "attachment; filename=\"\xe9\"\n",
	    "text/plain name=é att 7bit" },
	{ "words in pieces",
	    CD "attachment; filename*0=\"=?utf-8?B?5L\"; "
	       "filename*1=\"qL?=\"\n",
	    "text/plain name=事 att 7bit" },

	/* names, threats MIM-06 */
	{ "two names",
	    CT "image/gif; name=a.gif\n" CD "inline; filename=b.exe\n",
	    "image/gif name=b.exe other=a.gif 7bit" },
	{ "two names, the other order",
	    CD "inline; filename=b.exe\n" CT "image/gif; name=a.gif\n",
	    "image/gif name=b.exe other=a.gif 7bit" },
	{ "one name twice", CT "image/gif; name=a\n" CD "inline; filename=a\n",
	    "image/gif name=a 7bit" },
	{ "blanks at the end", CD "attachment; filename=\"a.exe  \"\n",
	    "text/plain name=a.exe   att 7bit" },
	{ "backslashes of a path",
	    CD "attachment; filename=\"C:\\tmp\\a.txt\"\n",
	    "text/plain name=C:\\tmp\\a.txt att 7bit" },
	{ "filename in Content-Type", CT "image/gif; filename=a\n",
	    "image/gif name=a 7bit" },
	{ "name in Content-Disposition", CD "attachment; name=a\n",
	    "text/plain name=a att 7bit" },
	{ "blanks and no quotes", CD "attachment; filename=my file.doc; x=y\n",
	    "text/plain name=my file.doc att 7bit{bad-header}" },
	{ "brackets", CD "attachment; filename=a (1).doc\n",
	    "text/plain name=a (1).doc att 7bit{bad-header}" },

	/* MIM-04: marked */
	{ "no subtype", CT "text\n", "text/plain 7bit{bad-header}" },
	{ "no type", CT "; charset=utf-8\n",
	    "text/plain charset=utf-8 7bit{bad-header}" },
	{ "empty", CT "\n", "text/plain 7bit{bad-header}" },
	{ "no semicolon", CT "text/html charset=utf-8\n",
	    "text/html charset=utf-8 7bit{bad-header}" },
	{ "no second semicolon", CT "image/gif; charset=utf-8 name=a\n",
	    "image/gif charset=utf-8 name=a 7bit{bad-header}" },
	{ "no value", CT "text/html; charset\n", "text/html 7bit{bad-header}" },
	{ "an empty value", CT "text/html; charset=\n",
	    "text/html 7bit{bad-header}" },
	{ "nobody closed the quote",
	    CT "multipart/mixed; boundary=\"abc; x=y\n",
	    "multipart/mixed boundary=abc 7bit{bad-header unused}" },
	{ "more behind the quote", CT "image/gif; name=\"a\"b\n",
	    "image/gif name=ab 7bit{bad-header}" },
	{ "blank before the colon", "Content-Type : text/html\n",
	    "text/html 7bit{bad-header}" },
	{ "control characters", CT "text/html;\x0b charset=utf-8\n",
	    "text/html charset=utf-8 7bit{bad-header}" },
	{ "bare CR", CT "text/html;\r charset=utf-8\n",
	    "text/html charset=utf-8 7bit{bad-header}" },
	{ "a line of blanks", CT "text/html;\n \n charset=utf-8\n",
	    "text/html charset=utf-8 7bit{bad-header}" },
	{ "two types", CT "text/html\n" CT "image/gif\n",
	    "text/html 7bit{double-header}" },
	{ "two encodings", CTE "base64\n" CTE "7bit\n",
	    "text/plain base64{double-header}" },
	{ "two boundaries", CT "multipart/mixed; boundary=a; boundary=b\n",
	    "multipart/mixed boundary=a 7bit{double-header unused}" },
	{ "boundary as RFC 2231 would have it",
	    CT "multipart/mixed; boundary*=us-ascii''a\n",
	    "multipart/mixed boundary=a 7bit{bad-header unused}" },
	{ "boundary as a word",
	    CT "multipart/mixed; boundary=\"=?us-ascii?Q?a?=\"\n",
	    "multipart/mixed boundary==?us-ascii?Q?a?= "
	    "7bit{bad-header unused}" },
	{ "boundary behind a comment", CT "multipart/mixed; boundary=(x)a\n",
	    "multipart/mixed boundary=a 7bit{bad-header unused}" },
	{ "encoding with a comment", CTE "base64 (x)\n",
	    "text/plain base64{bad-encoding}" },
	{ "with a semicolon", CTE "base64;\n",
	    "text/plain base64{bad-encoding}" },
	{ "in quotes", CTE "\"base64\"\n", "text/plain base64{bad-encoding}" },
	{ "unknown", CTE "base-64\n", "text/plain unknown{bad-encoding}" },
	{ "none", CTE "\n", "text/plain unknown{bad-encoding}" },
	{ "no disposition", CD "filename=a\n",
	    "text/plain name=a 7bit{bad-header}" },
	{ "three names",
	    CT "image/gif; name=a\n" CD "inline; filename=b; filename*=''c\n",
	    "image/gif name=c other=a 7bit{double-header}" },
	{ "one parameter twice", CD "inline; filename=a; filename=b\n",
	    "text/plain name=a other=b 7bit{double-header}" },
	{ "a gap between pieces", CD "attachment; filename*0=a; filename*2=c\n",
	    "text/plain name=ac att 7bit{bad-header}" },
	{ "a piece twice", CD "attachment; filename*0=a; filename*0=b\n",
	    "text/plain name=a att 7bit{double-header}" },
	{ "a number of a piece that is none",
	    CD "attachment; filename*999999999999=a; filename=b\n",
	    "text/plain name=b att 7bit{bad-header}" },
	{ "a charset that is none", CD "attachment; filename*=nosuch''%E9\n",
	    "text/plain name=é att 7bit{bad-charset}" },
	{ "bytes that are not of it", CD "attachment; filename*=utf-8''%E9\n",
	    "text/plain name=\xef\xbf\xbd att 7bit{bad-charset}" },
	{ "a header that is none", CT "text/html\nno field\n",
	    "text/html 7bit{bad-field}" },
};

static void
describe(const struct mime_part *p, struct buf *out)
{
	static const char *const encodings[] = { "7bit", "8bit", "binary",
		"quoted", "base64", "uuencode", "unknown" };
	const struct {
		const char *label;
		struct str value;
	} rows[] = { { "charset", p->charset }, { "boundary", p->boundary },
		{ "name", p->name }, { "other", p->other_name } };

	buf_printf(out, "%.*s/%.*s", STR_ARG(p->type), STR_ARG(p->subtype));
	for (size_t i = 0; i < NELEM(rows); i++)
		if (rows[i].value.n > 0)
			buf_printf(out, " %s=%.*s", rows[i].label,
			    STR_ARG(rows[i].value));
	buf_printf(out, "%s %s", p->is_attachment ? " att" : "",
	    encodings[p->encoding]);
	kit_odd_text(p->odd, out);
}

static void
test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(fields); i++) {
		struct arena mem;
		struct buf out, in;

		arena_init(&mem, 1 << 20);
		buf_init(&out, 1 << 16);
		buf_init(&in, 1 << 16);
		buf_printf(&in, "%s\n", fields[i].in);
		describe(kit_parse(kit_crlf(buf_str(&in).p, &mem), &mem)->parts,
		    &out);
		if (!str_is(buf_str(&out), fields[i].want)) {
			print_error("%s\nis   %.*s\nwant %s\n", fields[i].why,
			    STR_ARG(buf_str(&out)), fields[i].want);
			fail();
		}
		buf_fini(&in);
		buf_fini(&out);
		arena_free(&mem);
	}
}

static struct mime_part *
parse_one(struct buf *header, struct arena *mem)
{
	buf_puts(header, "\r\n\r\n");
	return mime_parse(buf_str(header), STR(""), mem)->parts;
}

/* MIM-03: no more than a thousand pieces, no more than 64 KiB. */
static void
test_mim_03_pieces(void **state)
{
	struct mime_part *p;
	struct arena mem;
	struct buf b;

	(void)state;
	arena_init(&mem, 8 << 20);
	buf_init(&b, 16 << 20);
	buf_puts(&b, CD "attachment");
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "; filename*%d=a", i);
	p = parse_one(&b, &mem);
	assert_int_equal(p->name.n, 1000);
	assert_true(p->odd & MIME_BAD_HEADER);

	buf_reset(&b);
	buf_puts(&b, CD "attachment; filename=\"");
	while (b.len < 1 << 20)
		buf_puts(&b, "a");
	buf_puts(&b, "\"");
	p = parse_one(&b, &mem);
	assert_int_equal(p->name.n, 65536);
	assert_true(p->odd & MIME_BAD_HEADER);

	buf_reset(&b);
	buf_puts(&b, CD "attachment");
	for (int i = 0; i < 1000; i++) {
		buf_printf(&b, "; filename*%d=", i);
		for (int k = 0; k < 100; k++)
			buf_puts(&b, "a");
	}
	p = parse_one(&b, &mem);
	assert_int_equal(p->name.n, 65500); /* whole pieces */
	assert_true(p->odd & MIME_BAD_HEADER);
	buf_fini(&b);
	arena_free(&mem);
}

/* MIM-03: a field of four million bytes costs its length, whatever is in it. */
static void
test_mim_03_bombs(void **state)
{
	static const char *const bombs[] = { "(", "\"", "\\", ";", "=",
		"a=", "a=\"b\";", "a=b c ", "(a)", "*", "*0=a;", "\"a\"",
		"a b=c(", " ", "\t\r\n ", "name=\"a\"b c=", "name=a (" };

	(void)state;
	for (size_t i = 0; i < NELEM(bombs); i++) {
		struct arena mem;
		struct buf b;

		arena_init(&mem, 64 << 20);
		buf_init(&b, 16 << 20);
		buf_puts(&b, CT "text/plain; ");
		while (b.len < 4 << 20)
			buf_puts(&b, bombs[i]);
		parse_one(&b, &mem);
		buf_fini(&b);
		arena_free(&mem);
	}
}

static void
test_mime_field(void **state)
{
	struct str header = STR("A: 1\r\nB: 2\r\na: 3\r\n\r\n");
	struct header_field f;

	(void)state;
	assert_true(mime_field(header, STR("a"), 0, &f));
	assert_true(str_is(str_trim(f.value), "1"));
	assert_true(mime_field(header, STR("A"), 1, &f));
	assert_true(str_is(str_trim(f.value), "3"));
	assert_false(mime_field(header, STR("A"), 2, &f));
	assert_false(mime_field(header, STR("C"), 0, &f));
	assert_true(
	    mime_field(STR("From joe\r\nA: 1\r\n\r\n"), STR("a"), 0, &f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_mim_03_pieces),
		cmocka_unit_test(test_mim_03_bombs),
		cmocka_unit_test(test_mime_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
