/* test_reply.c - replies, feature lists and xtext, also cut anywhere */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "smtp/features.h"
#include "smtp/reply.h"
#include "smtp/xtext.h"

static const struct {
	const char *why, *in;
	enum reply_end end;
	unsigned code;
	const char *status, *line, *left;
} cases[] = {
	{ "one line", "250 ok\r\n", REPLY_DONE, 250, "", "ok", "" },
	{ "no text", "250\r\n", REPLY_DONE, 250, "", "", "" },
	{ "blank only", "250 \r\n", REPLY_DONE, 250, "", "", "" },
	{ "LF alone", "250 ok\n", REPLY_DONE, 250, "", "ok", "" },
	{ "several lines", "250-a\r\n250-b\r\n250 c\r\n", REPLY_DONE, 250, "",
	    "a b c", "" },
	{ "last without text", "250-a\r\n250\r\n", REPLY_DONE, 250, "", "a",
	    "" },
	{ "next reply is left", "250 a\r\n354 b\r\n", REPLY_DONE, 250, "", "a",
	    "354 b\r\n" },
	{ "enhanced code", "550 5.1.1 who?\r\n", REPLY_DONE, 550, "5.1.1",
	    "5.1.1 who?", "" },
	{ "enhanced code alone", "550 5.1.1\r\n", REPLY_DONE, 550, "5.1.1",
	    "5.1.1", "" },
	{ "enhanced code repeated", "550-5.1.1 a\r\n550 5.1.1 b\r\n",
	    REPLY_DONE, 550, "5.1.1", "5.1.1 a b", "" },
	{ "another one later", "550-5.1.1 a\r\n550 5.1.10 b\r\n", REPLY_DONE,
	    550, "5.1.1", "5.1.1 a 5.1.10 b", "" },
	{ "class differs from code", "550 4.1.1 a\r\n", REPLY_DONE, 550, "",
	    "4.1.1 a", "" },
	{ "no enhanced code", "550 5.1.1a\r\n", REPLY_DONE, 550, "", "5.1.1a",
	    "" },
	{ "too long for one", "550 5.1111.1 a\r\n", REPLY_DONE, 550, "",
	    "5.1111.1 a", "" },
	{ "control bytes", "250 a\033[2Jb\tc\177\r\n", REPLY_DONE, 250, "",
	    "a?[2Jb c?", "" },
	{ "lone CR", "250 a\rb\r\r\n", REPLY_DONE, 250, "", "a?b?", "" },
	{ "8-bit", "250 \303\244\r\n", REPLY_DONE, 250, "", "??", "" },
	{ "unfinished", "250 ok", REPLY_MORE, 0, "", "ok", "" },
	{ "unfinished list", "250-ok\r\n", REPLY_MORE, 250, "", "ok", "" },
	{ "two digits", "25\r\n", REPLY_BAD, 0, "", NULL, "" },
	{ "empty line", "\r\n", REPLY_BAD, 0, "", NULL, "" },
	{ "letters", "abc hello\r\n", REPLY_BAD, 0, "", NULL, NULL },
	{ "2xx", "2xx ok\r\n", REPLY_BAD, 0, "", NULL, NULL },
	{ "999", "999 ok\r\n", REPLY_BAD, 0, "", NULL, NULL },
	{ "199", "199 ok\r\n", REPLY_BAD, 0, "", NULL, NULL },
	{ "four digits", "2500 ok\r\n", REPLY_BAD, 0, "", NULL, NULL },
	{ "no blank", "250ok\r\n", REPLY_BAD, 0, "", NULL, NULL },
	{ "CR in the code", "25\r0 ok\r\n", REPLY_BAD, 0, "", NULL, NULL },
	{ "blank first", " 250 ok\r\n", REPLY_BAD, 0, "", NULL, NULL },
	{ "codes differ", "250-a\r\n251 b\r\n", REPLY_BAD, 250, "", NULL,
	    NULL },
};

/* Feeds s in pieces of at most step bytes. */
static enum reply_end
feed(struct reply *r, struct str *s, size_t step)
{
	enum reply_end end = REPLY_MORE;

	while (s->n > 0 && end == REPLY_MORE) {
		struct str piece = str_sub(*s, 0, step);
		size_t n = piece.n;

		end = reply_feed(r, &piece);
		n -= piece.n;
		*s = str_sub(*s, n, s->n);
	}
	return end;
}

static void
test_out_01_reply_parse(void **state)
{
	struct reply r;

	(void)state;
	reply_init(&r);
	for (size_t i = 0; i < NELEM(cases); i++)
		for (size_t step = 1; step <= strlen(cases[i].in); step++) {
			struct str in = str_of(cases[i].in);
			struct arena mem;
			enum reply_end end;

			arena_init(&mem, 4096);
			reply_begin(&r);
			end = feed(&r, &in, step);
			if (end != cases[i].end ||
			    (end != REPLY_BAD && r.code != cases[i].code) ||
			    strcmp(r.status, cases[i].status) != 0 ||
			    (cases[i].line != NULL &&
				!str_is(reply_line(&r, &mem), cases[i].line)) ||
			    (cases[i].left != NULL &&
				!str_is(in, cases[i].left)))
				fail_msg("%s: pieces of %zu: end %d code %u "
					 "status '%s' line '%s'",
				    cases[i].why, step, (int)end, r.code,
				    r.status, reply_line(&r, &mem).p);
			arena_free(&mem);
		}
	reply_fini(&r);
}

/* A NUL cannot stand in the table. */
static void
test_bac_04_nul_is_cleaned(void **state)
{
	struct str in = STR("250 a\0b\r\n");
	struct arena mem;
	struct reply r;

	(void)state;
	arena_init(&mem, 4096);
	reply_init(&r);
	assert_int_equal(reply_feed(&r, &in), REPLY_DONE);
	assert_string_equal(reply_line(&r, &mem).p, "a?b");
	reply_fini(&r);
	arena_free(&mem);
}

/* Feeds head, n times body, tail. */
static enum reply_end
feed_many(struct reply *r, const char *head, size_t n, const char *body,
    const char *tail)
{
	struct str s = str_of(head);
	enum reply_end end = reply_feed(r, &s);

	while (n-- > 0 && end == REPLY_MORE) {
		s = str_of(body);
		end = reply_feed(r, &s);
	}
	s = str_of(tail);
	return end == REPLY_MORE ? reply_feed(r, &s) : end;
}

static void
test_out_01_reply_limits(void **state)
{
	static const struct {
		const char *why, *head, *body, *tail;
		size_t n;
		enum reply_end end;
	} long_ones[] = {
		{ "line of 4096", "250 ", "x", "\r\n", 4092, REPLY_DONE },
		{ "line of 4097", "250 ", "x", "\r\n", 4093, REPLY_BAD },
		{ "1 MB line", "250 ", "xxxxxxxx", "\r\n", 1 << 17, REPLY_BAD },
		{ "64 KiB of lines", "", "250-0123456789\r\n", "250 end\r\n",
		    4090, REPLY_DONE },
		{ "more than that", "", "250-0123456789\r\n", "250 end\r\n",
		    4096, REPLY_BAD },
		{ "10^5 lines", "", "250-\r\n", "250 end\r\n", 100000,
		    REPLY_BAD },
	};
	struct reply r;
	struct arena mem;

	(void)state;
	reply_init(&r);
	for (size_t i = 0; i < NELEM(long_ones); i++) {
		enum reply_end end;

		arena_init(&mem, 4096);
		reply_begin(&r);
		end = feed_many(&r, long_ones[i].head, long_ones[i].n,
		    long_ones[i].body, long_ones[i].tail);
		if (end != long_ones[i].end)
			fail_msg("%s: %d", long_ones[i].why, (int)end);
		assert_false(r.text.failed);
		assert_true(r.text.len <= SMTP_REPLY_MAX);
		assert_true(reply_line(&r, &mem).n <= REPLY_TEXT_MAX);
		arena_free(&mem);
	}
	reply_fini(&r);
}

static void
test_out_05_features(void **state)
{
	static const struct {
		const char *why, *lines;
		uint32_t bits;
		uint64_t size;
		uint32_t mail_max, rcpt_max;
	} lists[] = {
		{ "greeting only", "mx.test SIZE 5\n", FEATURE_ESMTP, 0, 0, 0 },
		{ "nothing", "", FEATURE_ESMTP, 0, 0, 0 },
		{ "usual", "mx.test\nPIPELINING\nSIZE 1000\n8bitmime\nDSN\n",
		    FEATURE_ESMTP | FEATURE_PIPELINING | FEATURE_SIZE |
			FEATURE_8BITMIME | FEATURE_DSN,
		    1000, 0, 0 },
		{ "rest",
		    "x\nSMTPUTF8\nCHUNKING\nBINARYMIME\nSTARTTLS\n"
		    "ENHANCEDSTATUSCODES\nREQUIRETLS\nAUTH PLAIN X\n",
		    FEATURE_ESMTP | FEATURE_SMTPUTF8 | FEATURE_CHUNKING |
			FEATURE_BINARYMIME | FEATURE_STARTTLS |
			FEATURE_ENHANCEDSTATUSCODES | FEATURE_REQUIRETLS |
			FEATURE_AUTH,
		    0, 0, 0 },
		{ "size nonsense", "x\nSIZE -1\n", FEATURE_ESMTP | FEATURE_SIZE,
		    0, 0, 0 },
		{ "size of 21 digits", "x\nSIZE 111111111111111111111\n",
		    FEATURE_ESMTP | FEATURE_SIZE, 0, 0, 0 },
		{ "size without", "x\nSIZE\n", FEATURE_ESMTP | FEATURE_SIZE, 0,
		    0, 0 },
		{ "limits", "x\nLIMITS RCPTMAX=7 FOO=1 MAILMAX=20\n",
		    FEATURE_ESMTP | FEATURE_LIMITS, 0, 20, 7 },
		{ "limits nonsense", "x\nLIMITS RCPTMAX=1234567 MAILMAX\n",
		    FEATURE_ESMTP | FEATURE_LIMITS, 0, 0, 0 },
		{ "not a prefix", "x\nSIZEX 5\nXSIZE 5\n", FEATURE_ESMTP, 0, 0,
		    0 },
		{ "blank line", "x\n\n \nDSN\n", FEATURE_ESMTP | FEATURE_DSN, 0,
		    0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(lists); i++) {
		struct features f;

		features_parse(&f, str_of(lists[i].lines));
		if (f.bits != lists[i].bits || f.size != lists[i].size ||
		    f.mail_max != lists[i].mail_max ||
		    f.rcpt_max != lists[i].rcpt_max)
			fail_msg("%s: bits %x size %llu", lists[i].why, f.bits,
			    (unsigned long long)f.size);
	}
}

static void
test_out_05_first_hundred_lines(void **state)
{
	struct features f;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (int i = 0; i < FEATURE_LINES_MAX; i++)
		buf_puts(&b, "X\n");
	buf_puts(&b, "DSN\n");
	features_parse(&f, buf_str(&b));
	assert_int_equal(f.bits, FEATURE_ESMTP);
	features_parse(&f, str_sub(buf_str(&b), 2, b.len));
	assert_int_equal(f.bits, FEATURE_ESMTP | FEATURE_DSN);
	buf_fini(&b);
}

static void
test_stm_06_xtext(void **state)
{
	static const struct {
		const char *why, *xtext, *text; /* text NULL: bad */
	} pairs[] = {
		{ "empty", "", "" },
		{ "plain", "joe@example.com", "joe@example.com" },
		{ "plus and equals", "a+2Bb+3Dc", "a+b=c" },
		{ "blank", "a+20b", "a b" },
		{ "NUL", "a+00", NULL },
		{ "line end", "a+0D+0AX", NULL },
		{ "8-bit", "a+C3+A4", NULL },
		{ "DEL", "+7F", NULL },
		{ "cut", "a+2", NULL },
		{ "plus at the end", "a+", NULL },
		{ "lower case", "a+2b", NULL },
		{ "no digits", "a+XY", NULL },
		{ "bare equals", "a=b", NULL },
		{ "bare blank", "a b", NULL },
		{ "bare 8-bit", "\303\244", NULL },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < NELEM(pairs); i++) {
		bool ok;

		buf_reset(&b);
		ok = xtext_decode(str_of(pairs[i].xtext), &b);
		if (ok != (pairs[i].text != NULL) ||
		    (ok && !str_is(buf_str(&b), pairs[i].text)))
			fail_msg("%s: decode", pairs[i].why);
		if (!ok)
			continue;
		buf_reset(&b);
		if (!xtext_encode(str_of(pairs[i].text), &b) ||
		    !str_is(buf_str(&b), pairs[i].xtext))
			fail_msg("%s: encode", pairs[i].why);
	}
	buf_reset(&b);
	assert_true(xtext_encode(STR("a\r\n\303\244\0"), &b));
	assert_true(str_is(buf_str(&b), "a+0D+0A+C3+A4+00"));
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_out_01_reply_parse),
		cmocka_unit_test(test_bac_04_nul_is_cleaned),
		cmocka_unit_test(test_out_01_reply_limits),
		cmocka_unit_test(test_out_05_features),
		cmocka_unit_test(test_out_05_first_hundred_lines),
		cmocka_unit_test(test_stm_06_xtext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
