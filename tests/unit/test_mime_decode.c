/* test_mime_decode.c - transfer encodings, texts, HTML */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "mime_kit.h"

#define B64 MIME_BAD_BASE64
#define QP  MIME_BAD_QUOTED
#define ENC MIME_BAD_ENCODING

static const struct {
	const char *why;
	enum mime_encoding encoding;
	const char *in, *want;
	uint32_t odd;
} decoded[] = {
	/* RFC 4648 10 */
	{ "", MIME_BASE64, "", "", 0 },
	{ "f", MIME_BASE64, "Zg==", "f", 0 },
	{ "fo", MIME_BASE64, "Zm8=", "fo", 0 },
	{ "foo", MIME_BASE64, "Zm9v", "foo", 0 },
	{ "foob", MIME_BASE64, "Zm9vYg==", "foob", 0 },
	{ "fooba", MIME_BASE64, "Zm9vYmE=", "fooba", 0 },
	{ "foobar", MIME_BASE64, "Zm9vYmFy", "foobar", 0 },
	{ "lines", MIME_BASE64, "Zm9v\r\nYm\r\nFy\r\n", "foobar", 0 },
	{ "blanks", MIME_BASE64, " Z m\t9v", "foo", 0 },
	/* threats MIM-05 */
	{ "junk", MIME_BASE64, "Zm9v!Ym\0xFy", "foobar", B64 },
	{ "another alphabet", MIME_BASE64, "Zm9v-_", "foo", B64 },
	{ "no padding", MIME_BASE64, "Zm9vYg", "foob", B64 },
	{ "not enough padding", MIME_BASE64, "Zm9vYg=", "foob", B64 },
	{ "too much padding", MIME_BASE64, "Zm9vYg===", "foob", B64 },
	{ "padding alone", MIME_BASE64, "====", "", B64 },
	{ "one digit", MIME_BASE64, "Zm9vY", "foo", B64 },
	{ "padding inside", MIME_BASE64, "Zg==Zm8=", "ffo", B64 },
	{ "lines of one digit", MIME_BASE64, "Z\r\nm\r\n9\r\nv", "foo", 0 },

	{ "text", MIME_QUOTED, "a b\r\nc", "a b\r\nc", 0 },
	{ "bytes", MIME_QUOTED, "=E4=ba=8B=3D", "事=", 0 },
	{ "soft line end", MIME_QUOTED, "a=\r\nb=  \r\nc=\nd", "abcd", 0 },
	{ "soft at the end", MIME_QUOTED, "a=", "a", 0 },
	{ "soft at the end, blanks", MIME_QUOTED, "a= \t", "a", 0 },
	{ "blanks at the end of a line", MIME_QUOTED, "a \t\r\nb \nc",
	    "a\r\nb\nc", 0 },
	{ "those that are encoded", MIME_QUOTED, "a=20\r\nb =09 \r\n",
	    "a \r\nb \t\r\n", 0 },
	{ "not hexadecimal", MIME_QUOTED, "a=XYb=4", "a=XYb=4", QP },
	{ "eight bits", MIME_QUOTED, "\xe9", "\xe9", QP },

	{ "7bit", MIME_7BIT, "=41", "=41", 0 },
	{ "binary", MIME_BINARY, "=41", "=41", 0 },
	{ "unknown", MIME_ENCODING_UNKNOWN, "=41", "=41", 0 },

	{ "uuencode", MIME_UUENCODE, "begin 644 a\r\n#0V%T\r\n`\r\nend\r\n",
	    "Cat", 0 },
	{ "text around", MIME_UUENCODE, "x\nbegin 644 a\n#0V%T\n`\nend\ny\n",
	    "Cat", 0 },
	{ "blank for zero", MIME_UUENCODE, "begin 644 a\n#0V%T\n \nend\n",
	    "Cat", 0 },
	{ "no line of zero", MIME_UUENCODE, "begin 644 a\n#0V%T\nend\n", "Cat",
	    0 },
	{ "checksums", MIME_UUENCODE, "begin 644 a\n#0V%TX\n`\nend\n", "Cat",
	    0 },
	{ "blanks lost", MIME_UUENCODE, "begin 644 a\n#0V%\n`\nend\n", "Ca@",
	    ENC },
	{ "no end", MIME_UUENCODE, "begin 644 a\n#0V%T\n", "Cat", ENC },
	{ "no begin", MIME_UUENCODE, "#0V%T\n`\nend\n", "#0V%T\n`\nend\n",
	    ENC },
};

static void
test_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(decoded); i++) {
		struct mime_part p = { .encoding = decoded[i].encoding,
			.body = str_of(decoded[i].in) };
		uint32_t odd = 0;
		struct arena mem;
		struct str is;

		if (strcmp(decoded[i].why, "junk") == 0)
			p.body = STR("Zm9v!Ym\0Fy");
		arena_init(&mem, 1 << 20);
		is = mime_decode(&p, SIZE_MAX, &mem, &odd);
		if (!str_is(is, decoded[i].want) || odd != decoded[i].odd) {
			print_error("%s: '%.*s', odd %u\n", decoded[i].why,
			    STR_ARG(is), odd);
			fail();
		}
		/* a limit cuts it, and nothing else */
		for (size_t n = 0; n < is.n; n++)
			assert_true(str_eq(
			    mime_decode(&p, n, &mem, NULL), str_sub(is, 0, n)));
		arena_free(&mem);
	}
}

/* The encoders of this test are as simple as can be. */
static void
encode_quoted(struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		buf_printf(out, "=%02X", (unsigned char)in.p[i]);
		if (i % 25 == 24)
			buf_puts(out, "=\r\n");
	}
}

static void
encode_uu(struct str in, struct buf *out)
{
	buf_puts(out, "begin 644 x\r\n");
	for (size_t i = 0; i < in.n; i += 45) {
		struct str line = str_sub(in, i, 45);

		buf_putc(out, (char)(' ' + line.n));
		for (size_t k = 0; k < line.n; k += 3) {
			uint32_t v = 0;

			for (size_t j = k; j < k + 3; j++)
				v = v << 8 |
				    (j < line.n ? (unsigned char)line.p[j] : 0);
			for (int shift = 18; shift >= 0; shift -= 6)
				buf_putc(out, (char)(' ' + (v >> shift & 63)));
		}
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "`\r\nend\r\n");
}

static void
test_way_back(void **state)
{
	static const enum mime_encoding kinds[] = { MIME_BASE64, MIME_QUOTED,
		MIME_UUENCODE };

	(void)state;
	srandom(20240613);
	for (int i = 0; i < 600; i++) {
		enum mime_encoding kind = kinds[i % 3];
		size_t n = (size_t)(random() % 400) + 1;
		struct mime_part p = { .encoding = kind };
		uint32_t odd = 0;
		struct arena mem;
		struct buf in, out;

		arena_init(&mem, 1 << 20);
		buf_init(&in, 1024);
		buf_init(&out, 4096);
		while (n-- > 0)
			buf_putc(&in, (char)(random() % 256));
		if (kind == MIME_BASE64)
			base64_encode(buf_str(&in), &out);
		else if (kind == MIME_QUOTED)
			encode_quoted(buf_str(&in), &out);
		else
			encode_uu(buf_str(&in), &out);
		p.body = buf_str(&out);
		assert_true(str_eq(
		    mime_decode(&p, SIZE_MAX, &mem, &odd), buf_str(&in)));
		assert_int_equal(odd, 0);
		buf_fini(&in);
		buf_fini(&out);
		arena_free(&mem);
	}
}

static const struct {
	const char *why, *in, *default_charset, *want;
	uint32_t odd;
} texts[] = {
	{ "LF", "\na\n\nb\n", "us-ascii", "a\n\nb\n", 0 },
	{ "no charset", "\n\xe9\n", "us-ascii", "\xef\xbf\xbd\n",
	    MIME_BAD_CHARSET },
	{ "the default", "\n\xe9\n", "iso-8859-1", "é\n", 0 },
	{ "its own",
	    "Content-Type: text/plain; charset=\"Shift_JIS\"\n\n"
	    "\x8e\x96\n",
	    "us-ascii", "事\n", 0 },
	{ "encoded",
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: base64\n\n5LqLDQo=\n",
	    "us-ascii", "事\n", 0 },
	{ "bad twice",
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=E9=G\n",
	    "us-ascii", "\xef\xbf\xbd=G\n",
	    MIME_BAD_CHARSET | MIME_BAD_QUOTED },
	{ "without what is uuencoded",
	    "\na\nbegin 644 x\n#0V%T\n`\nend\nb\nbegin 644 y\n#0V%T\nc\n",
	    "us-ascii", "a\nb\nc\n", 0 },
};

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(texts); i++) {
		uint32_t odd = 0;
		struct arena mem;
		struct str is;

		arena_init(&mem, 1 << 20);
		is = mime_text(
		    kit_parse(kit_crlf(texts[i].in, &mem), &mem)->parts,
		    str_of(texts[i].default_charset), SIZE_MAX, &mem, &odd);
		if (!str_is(is, texts[i].want) || odd != texts[i].odd) {
			print_error("%s: '%.*s', odd %u\n", texts[i].why,
			    STR_ARG(is), odd);
			fail();
		}
		arena_free(&mem);
	}
}

/* A limit cuts no character. */
static void
test_text_limit(void **state)
{
	struct mime_part p = { .body = STR("a\xe9\xe9z"),
		.charset = STR("iso-8859-1") };
	static const char *const want[] = { "", "a", "a", "aé", "aé", "aéé",
		"aééz" };
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 20);
	for (size_t n = 0; n < NELEM(want); n++)
		assert_true(
		    str_is(mime_text(&p, STR(""), n, &mem, NULL), want[n]));
	arena_free(&mem);
}

static const struct {
	const char *in, *want;
} html[] = {
	{ "text", "text" },
	{ "a<b>b</b>c", "abc" },
	{ "<p>one<p>two</p>three", "one\ntwo\nthree" },
	{ "one<br>two<BR/>three", "one\ntwo\nthree" },
	{ "one\r\n  two\n", "one two" },
	{ "<table><tr><td>1<td>2<tr><th>3</table>x", "1 2\n3\nx" },
	{ "<pre>a\n  b</pre> c", "a\n  b\nc" },
	{ "a &amp; b &lt;c&gt; &quot;", "a & b <c> \"" },
	{ "&eacute;&Eacute;&#233;&#xE9;&#XE9", "éÉééé" },
	{ "&copy&copy;&ampx &notin; &nosuch; & &;", "©©&x ∉ &nosuch; & &;" },
	{ "&#20107;&#x4e8b;&#0;&#1114112;&#xD800;&#99999999999;",
	    "事事\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "&#150;&#x80;", "–€" },
	{ "a&nbsp;b&shy;c&#8203;d", "a bcd" },
	{ "v&#105;agra v<!-- x -->iagra", "viagra viagra" },
	{ "&#; &#x; &#y", "&#; &#x; &#y" },
	{ "a<style>p { x: y }</style>b<script>if (a<b)</script>c", "abc" },
	{ "a<!-- <p> -->b<!-->c<!--->d<!DOCTYPE x>e<?php ?>f</>g", "abcdefg" },
	{ "a<![if !mso]>b<![endif]>c", "abc" },
	{ "<a title=\"x > y\" href='>'>b</a>", "b" },
	{ "<a title=it's>b</a>", "b" },
	{ "1 < 2 <3 <", "1 < 2 <3 <" },
	{ "<title>t</title><body>b", "t\nb" },
	/* what is never closed does not hide the rest */
	{ "a<!-- b>c", "ac" },
	{ "<a title=\"x>b", "b" },
	{ "<style>a", "a" },
	{ "a<b", "a" },
	{ "a<!", "a" },
	{ "&", "&" },
	{ "", "" },
};

static void
test_html(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(html); i++) {
		struct arena mem;
		struct str is;

		arena_init(&mem, 1 << 20);
		is = mime_strip_html(str_of(html[i].in), &mem);
		if (!str_is(is, html[i].want)) {
			print_error("%s\nis   '%.*s'\nwant '%s'\n", html[i].in,
			    STR_ARG(is), html[i].want);
			fail();
		}
		arena_free(&mem);
	}
}

/* MIM-10: the same thing two million bytes long; none of it costs more than
 * its length. */
static void
test_mim_10_bombs(void **state)
{
	static const char *const bombs[] = { "<b>", "<", "<!--", "<a b=\"",
		"<a b='", "<a b=\"'", "<style>", "</", "&", "&#",
		"&notanentity", "<p>", "<pre>", "x<br>", "<a b c d ", "</style",
		"<![" };

	(void)state;
	for (size_t i = 0; i < NELEM(bombs); i++) {
		struct arena mem;
		struct buf b;
		struct str is;

		arena_init(&mem, 8 << 20);
		buf_init(&b, 16 << 20);
		while (b.len < 2 << 20)
			buf_puts(&b, bombs[i]);
		is = mime_strip_html(buf_str(&b), &mem);
		assert_true(is.n <= b.len);
		buf_fini(&b);
		arena_free(&mem);
	}
}

static void
test_types(void **state)
{
	(void)state;
	assert_true(
	    str_is(mime_type_of_name(STR("a.b.PDF")), "application/pdf"));
	assert_true(str_is(
	    mime_type_of_name(STR("a.exe ")), "application/x-msdownload"));
	assert_true(str_is(mime_type_of_name(STR("a.nothing")), ""));
	assert_true(str_is(mime_type_of_name(STR("pdf")), ""));
	assert_true(str_is(mime_type_of_name(STR("")), ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoded),
		cmocka_unit_test(test_way_back),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_text_limit),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_mim_10_bombs),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
