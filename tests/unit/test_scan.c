/* test_scan.c - the one pass over content, and the Received line */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "mail/received.h"
#include "mail/scan.h"

static const struct {
	const char *why, *in;
	uint64_t header_len, longest;
	uint32_t n_fields, n_received;
	const char *message_id, *subject; /* NULL: not there */
} cases[] = {
	{ "nothing", "", 0, 0, 0, 0, NULL, NULL },
	{ "plain",
	    "From: a@b.test\r\nSubject: printer\r\n"
	    "Message-ID: <1@x.test>\r\n\r\nbody\r\n",
	    60, 22, 3, 0, "<1@x.test>", "printer" },
	{ "no body, no empty line", "Subject: x\r\n", 12, 10, 1, 0, NULL, "x" },
	{ "only an empty line", "\r\n", 2, 0, 0, 0, NULL, NULL },
	{ "no header", "Hello.\r\nSubject: x\r\n", 0, 10, 0, 0, NULL, NULL },
	{ "a line that is no field ends it",
	    "A: 1\r\nnot a field\r\nSubject: x\r\n", 6, 11, 1, 0, NULL, NULL },
	{ "so does one with a blank name", "A: 1\r\n : x\r\n: y\r\n", 12, 4, 1,
	    0, NULL, NULL },
	{ "continuation before any field", " x\r\nSubject: y\r\n", 0, 10, 0, 0,
	    NULL, NULL },
	{ "folded", "Subject: one\r\n two\r\n\tthree\r\n\r\n", 30, 12, 1, 0,
	    NULL, "one two\tthree" },
	{ "folded at once", "Subject:\r\n one \r\n\r\n", 19, 8, 1, 0, NULL,
	    "one" },
	{ "empty", "Subject: \r\n\r\n", 13, 9, 1, 0, NULL, "" },
	{ "the first counts", "SUBJECT: a\r\nsubject: b\r\n\r\n", 26, 10, 2, 0,
	    NULL, "a" },
	{ "LOP-01: case, blanks, folds",
	    "Received: a\r\nRECEIVED :b\r\nreceived\t: c\r\n\td\r\n"
	    "Receive: no\r\nX-Received: no\r\n\r\n",
	    75, 14, 5, 3, NULL, NULL },
	{ "not in the body", "A: 1\r\n\r\nReceived: x\r\n", 8, 11, 1, 0, NULL,
	    NULL },
	{ "stuffed dots are not of the line", "A: 1\r\n\r\n..\r\n..abc\r\n", 8,
	    4, 1, 0, NULL, NULL },
	{ "eight bits stay as they are", "Subject: \303\274\r\n\r\n", 15, 11, 1,
	    0, NULL, "\303\274" },
};

static void
scan_pieces(struct scan *s, struct str in, size_t piece)
{
	scan_begin(s);
	while (in.n > 0) {
		scan_feed(s, str_sub(in, 0, piece));
		in = str_sub(in, piece, in.n);
	}
	scan_end(s);
}

static bool
text_is(const struct scan_text *t, const char *want)
{
	if (want == NULL)
		return !t->there;
	return t->there && str_is((struct str){ t->p, t->n }, want);
}

static void
test_scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct str in = str_of(cases[i].in);

		for (size_t piece = 1; piece <= in.n + 1; piece++) {
			struct scan s;

			scan_pieces(&s, in, piece);
			if (s.header_len != cases[i].header_len ||
			    s.longest_line != cases[i].longest ||
			    s.n_fields != cases[i].n_fields ||
			    s.n_received != cases[i].n_received ||
			    s.size != in.n || s.problem != SCAN_OK ||
			    !text_is(&s.message_id, cases[i].message_id) ||
			    !text_is(&s.subject, cases[i].subject))
				fail_msg("%s, in pieces of %zu: header %d, "
					 "longest %d, fields %u, received %u",
				    cases[i].why, piece, (int)s.header_len,
				    (int)s.longest_line, s.n_fields,
				    s.n_received);
		}
	}
}

/* Wherever it is cut; only in the header. */
static void
test_idt_03_claims(void **state)
{
	static const struct {
		const char *in;
		bool claims;
	} table[] = {
		{ "A: 1\r\nX-Postern-AV: x\r\n\r\n", true },
		{ "authentication-results :x\r\n\r\n", true },
		{ "A: 1\r\nReturn-Path:\r\n <>\r\n\r\n", true },
		{ "X-IronPort-Anti-Spam-Filtered-And-More: x\r\n\r\n", true },
		{ "A: 1\r\n X-Postern-AV: x\r\n\r\n", false },
		{ "A: 1\r\n\r\nX-Postern-AV: x\r\n", false },
		{ "Authentication-Results-Of-Others: x\r\n\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct str in = str_of(table[i].in);

		for (size_t piece = 1; piece <= in.n; piece++) {
			struct scan s;

			scan_pieces(&s, in, piece);
			if (s.claims != table[i].claims)
				fail_msg("%s in pieces of %zu", in.p, piece);
		}
	}
}

/* n times the text, then the end of the header. */
static enum scan_problem
scan_many(const char *text, size_t n, const char *before, size_t piece)
{
	struct scan s;
	struct buf b;

	buf_init(&b, 1 << 24);
	buf_puts(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, text);
	buf_puts(&b, "\r\n\r\nbody\r\n");
	scan_pieces(&s, buf_str(&b), piece == 0 ? b.len : piece);
	buf_fini(&b);
	return s.problem;
}

static void
test_lim_02_lop_01_limits(void **state)
{
	static const struct {
		const char *why, *before, *text;
		size_t n;
		enum scan_problem want;
	} limits[] = {
		{ "100 hops", "", "Received: x\r\n", 100, SCAN_OK },
		{ "101 hops", "", "Received: x\r\n", 101, SCAN_HOPS },
		{ "101 folded hops", "", "received :\r\n x\r\n", 101,
		    SCAN_HOPS },
		{ "5,000 fields", "", "A:\r\n", 5000, SCAN_OK },
		{ "5,001 fields", "", "A:\r\n", 5001, SCAN_FIELDS },
		{ "a long field", "A: ", "x", HEADER_FIELD_MAX - 10, SCAN_OK },
		{ "too long", "A: ", "x", HEADER_FIELD_MAX, SCAN_FIELD_SIZE },
		{ "too long, wanted", "Subject: ", "x", HEADER_FIELD_MAX,
		    SCAN_FIELD_SIZE },
		{ "too long by folds", "A: x", "\r\n x", HEADER_FIELD_MAX / 4,
		    SCAN_FIELD_SIZE },
		{ "a large header", "",
		    "A: 0123456789012345678901234567890123456789\r\n"
		    " 0123456789012345678901234567890123456789\r\n"
		    " 0123456789012345678901234567890123456789\r\n"
		    " 0123456789012345678901234567890123456789\r\n"
		    " 0123456789012345678901234567890123456789\r\n"
		    " 0123456789012345678901234567890123456789\r\n",
		    4500, SCAN_HEADER_SIZE },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(limits); i++)
		for (size_t piece = 0; piece < 8192; piece += 4093) {
			enum scan_problem p = scan_many(limits[i].text,
			    limits[i].n, limits[i].before, piece);

			if (p != limits[i].want)
				fail_msg("%s, pieces of %zu: %d", limits[i].why,
				    piece, p);
		}
	assert_int_equal(scan_reply(SCAN_HOPS)->code, 554);
	assert_string_equal(scan_reply(SCAN_HOPS)->status, "5.4.6");
	assert_int_equal(scan_reply(SCAN_FIELDS)->code, 552);
	assert_string_equal(scan_reply(SCAN_FIELDS)->status, "5.3.4");
}

/* Longer texts are cut, and the rest is still counted as header. */
static void
test_text_is_cut(void **state)
{
	struct scan s;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 16);
	buf_puts(&b, "Subject: ");
	for (int i = 0; i < 3000; i++)
		buf_putc(&b, 'x');
	buf_puts(&b, "\r\n\r\n");
	scan_pieces(&s, buf_str(&b), 100);
	assert_int_equal(s.subject.n, SCAN_TEXT_MAX);
	assert_int_equal(s.header_len, b.len);
	buf_fini(&b);
}

static void
test_received_line(void **state)
{
	static const struct {
		const char *why, *host, *helo, *ip, *want;
	} lines[] = {
		{ "as the specification shows it", "ws7.int.example.com",
		    "TEST", "192.0.2.140",
		    "Received: from ws7.int.example.com (HELO TEST) "
		    "(192.0.2.140)\r\n"
		    "  by mail3.example.com with ESMTP; "
		    "03 Mar 2025 10:15:02 +0000\r\n" },
		{ "no verified name, IPv6, literal", "", "[IPv6:2001:db8::1]",
		    "2001:db8::1",
		    "Received: from unknown (HELO [IPv6:2001:db8::1]) "
		    "(2001:db8::1)\r\n"
		    "  by mail3.example.com with ESMTP; "
		    "03 Mar 2025 10:15:02 +0000\r\n" },
		{ "HDR-01: nothing ends the line or the comment", "a\r\nBcc: x",
		    "x) by evil (\\\"\r\nX: \303\274", "192.0.2.1",
		    "Received: from a??Bcc??x "
		    "(HELO x??by?evil?????"
		    "?X:??"
		    "?) (192.0.2.1)\r\n"
		    "  by mail3.example.com with ESMTP; "
		    "03 Mar 2025 10:15:02 +0000\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(lines); i++) {
		struct received r = {
			.host = str_of(lines[i].host),
			.helo = str_of(lines[i].helo),
			.by = STR("mail3.example.com"),
			.protocol = STR("ESMTP"),
			.date = STR("03 Mar 2025 10:15:02 +0000"),
		};
		struct buf out;

		assert_true(ip_parse(&r.client, str_of(lines[i].ip)));
		buf_init(&out, 4096);
		received_line(&r, &out);
		if (!str_is(buf_str(&out), lines[i].want))
			fail_msg("%s: %s", lines[i].why, out.data);
		buf_fini(&out);
	}
}

/* RFC 8689: the first one counts, and only "No". */
static void
test_tls_required(void **state)
{
	static const struct {
		const char *text;
		bool is_free;
	} table[] = {
		{ "TLS-Required: No\r\n\r\n", true },
		{ "Subject: x\r\ntls-required:\r\n  no \r\n\r\n", true },
		{ "TLS-Required: Yes\r\n\r\n", false },
		{ "TLS-Required: Nothing\r\n\r\n", false },
		{ "TLS-Required: Yes\r\nTLS-Required: No\r\n\r\n", false },
		{ "X-TLS-Required: No\r\n\r\n", false },
		{ "Subject: x\r\n\r\nTLS-Required: No\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct scan s;

		scan_begin(&s);
		scan_feed(&s, str_of(table[i].text));
		scan_end(&s);
		if (scan_is_tls_free(&s) != table[i].is_free)
			fail_msg("%s", table[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_idt_03_claims),
		cmocka_unit_test(test_tls_required),
		cmocka_unit_test(test_lim_02_lop_01_limits),
		cmocka_unit_test(test_text_is_cut),
		cmocka_unit_test(test_received_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
