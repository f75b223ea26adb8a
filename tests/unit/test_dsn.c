/* test_dsn.c - notices, taken apart again (RFC 3464, spec 1.7.4, BAC-04) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "mail/dsn.h"
#include "mail/utf8addr.h"

#define BOUNDARY "=_00112233445566778899aabbccddeeff"

static const struct dsn_rcpt ghost = { .addr = STR("ghost@example.net"),
	.orcpt = STR("rfc822;Ghost@example.org"),
	.status = STR("5.1.0"),
	.reason = STR("Unknown address error"),
	.code = STR("550"),
	.text = STR("5.1.1 <ghost@example.net> User unknown"),
	.host = STR("mx1.example.net") };

static struct dsn
plain_dsn(const struct dsn_rcpt *v, size_t n)
{
	return (struct dsn){ .kind = DSN_FAILED,
		.report = true,
		.host = STR("mx.postern.test"),
		.to = STR("joe@sender.test"),
		.id = STR("8003.1741083302"),
		.boundary = STR(BOUNDARY),
		.date = STR("Tue, 04 Mar 2025 10:15:02 +0000"),
		.arrival = STR("Tue, 04 Mar 2025 10:14:00 +0000"),
		.last_try = STR("Tue, 04 Mar 2025 10:15:02 +0000"),
		.envid = STR("QQ+14"),
		.rcpts = v,
		.n_rcpts = n,
		.original = STR("Subject: hi\r\n\r\nthe text\r\n"),
		.whole = true };
}

/* --- a small reader of MIME, not the one under test --- */

struct part {
	struct str header, body;
};

static struct part
split(struct str entity)
{
	const char *end = memmem(entity.p, entity.n, "\r\n\r\n", 4);

	if (end == NULL)
		fail_msg("no empty line in:\n%.*s", STR_ARG(entity));
	return (struct part){ { entity.p, (size_t)(end - entity.p) + 2 },
		str_sub(entity, (size_t)(end - entity.p) + 4, entity.n) };
}

/* The value of a field, unfolded into a static buffer; n 0: not there. */
static struct str
field_of(struct str header, const char *name)
{
	static char value[4096];
	size_t n = 0;
	bool in = false;

	while (header.n > 0) {
		struct str line = str_cut(&header, '\n');

		line.n -= line.n > 0 && line.p[line.n - 1] == '\r';
		if (in && line.n > 0 && (*line.p == ' ' || *line.p == '\t')) {
			line = str_sub(line, 1, line.n);
			value[n++] = ' ';
		} else if (in) {
			break;
		} else if (str_starts_nocase(line, str_of(name))) {
			in = true;
			line = str_trim(str_sub(line, strlen(name), line.n));
		} else {
			continue;
		}
		memcpy(value + n, line.p, line.n);
		n += line.n;
	}
	return (struct str){ value, n };
}

static size_t
parts_of(struct str body, const char *boundary, struct part *v, size_t max)
{
	char line[128];
	size_t n = 0, len;
	const char *at;

	len = (size_t)snprintf(line, sizeof(line), "\r\n--%s", boundary);
	at = memmem(body.p, body.n, line, len);
	while (at != NULL) {
		const char *begin = at + len, *next;
		size_t left = body.n - (size_t)(begin - body.p);

		if (left >= 4 && memcmp(begin, "--\r\n", 4) == 0)
			return n;
		assert_true(left >= 2 && memcmp(begin, "\r\n", 2) == 0);
		next = memmem(begin, left, line, len);
		assert_non_null(next);
		assert_true(n < max);
		v[n++] = split(
		    (struct str){ begin + 2, (size_t)(next - begin) - 2 });
		at = next;
	}
	fail_msg("the last delimiter is missing");
	return 0;
}

static void
write_all(const struct dsn *d, struct buf *out)
{
	buf_init(out, 1 << 20);
	assert_true(dsn_write(d, out));
}

/* CRLF everywhere, nothing but text, no line over RFC 5322's limit. */
static void
check_lines(struct str text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '\n') {
			assert_true(i > 0 && text.p[i - 1] == '\r');
			column = 0;
			continue;
		}
		if (c == '\r') {
			assert_true(i + 1 < text.n && text.p[i + 1] == '\n');
			continue;
		}
		assert_true(c >= ' ' || c == '\t');
		assert_true(c != 0x7f);
		assert_true(++column <= 998);
	}
}

static void
assert_field(struct str header, const char *name, const char *value)
{
	struct str got = field_of(header, name);

	if (!str_is(got, value))
		fail_msg("%s'%.*s' instead of '%s'", name, STR_ARG(got), value);
}

/* --- tests --- */

static void
test_a_report(void **state)
{
	struct dsn d = plain_dsn(&ghost, 1);
	struct part top, v[4], status;
	struct buf out;

	(void)state;
	write_all(&d, &out);
	check_lines(buf_str(&out));
	top = split(buf_str(&out));
	assert_field(top.header, "Auto-Submitted:", "auto-replied");
	assert_field(top.header, "To:", "<joe@sender.test>");
	assert_field(top.header, "From:",
	    "\"Mail Delivery System\" <MAILER-DAEMON@mx.postern.test>");
	assert_field(
	    top.header, "Subject:", "Delivery Status Notification (Failure)");
	assert_field(
	    top.header, "Message-ID:", "<8003.1741083302@mx.postern.test>");
	assert_field(top.header, "Content-Type:",
	    "multipart/report; report-type=delivery-status; "
	    "boundary=\"" BOUNDARY "\"");
	assert_int_equal(parts_of(top.body, BOUNDARY, v, 4), 3);

	assert_field(v[0].header, "Content-Type:", "text/plain; charset=utf-8");
	assert_non_null(
	    memmem(v[0].body.p, v[0].body.n, "<ghost@example.net>", 19));
	assert_field(v[1].header, "Content-Type:", "message/delivery-status");
	status = split(v[1].body);
	assert_field(status.header, "Reporting-MTA:", "dns; mx.postern.test");
	assert_field(status.header, "Original-Envelope-Id:", "QQ+14");
	assert_field(
	    status.header, "Arrival-Date:", "Tue, 04 Mar 2025 10:14:00 +0000");
	assert_field(
	    status.body, "Original-Recipient:", "rfc822; Ghost@example.org");
	assert_field(
	    status.body, "Final-Recipient:", "rfc822; ghost@example.net");
	assert_field(status.body, "Action:", "failed");
	assert_field(status.body, "Status:", "5.1.0");
	assert_field(status.body, "Remote-MTA:", "dns; mx1.example.net");
	assert_field(status.body, "Diagnostic-Code:",
	    "smtp; 550 5.1.1 <ghost@example.net> User unknown");
	assert_field(v[2].header, "Content-Type:", "message/rfc822");
	assert_true(str_eq(v[2].body, d.original));
	buf_fini(&out);
}

static void
test_kinds(void **state)
{
	static const struct {
		enum dsn_kind kind;
		const char *action, *subject;
		bool until;
	} cases[] = {
		{ DSN_FAILED, "failed",
		    "Delivery Status Notification (Failure)", false },
		{ DSN_DELAYED, "delayed",
		    "Delivery Status Notification (Delay)", true },
		{ DSN_RELAYED, "relayed",
		    "Delivery Status Notification (Relay)", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct dsn d = plain_dsn(&ghost, 1);
		struct part top, v[4], status;
		struct buf out;

		d.kind = cases[i].kind;
		d.whole = false;
		d.original = STR("Subject: hi\r\n\r\n");
		if (cases[i].until)
			d.until = STR("Fri, 07 Mar 2025 10:14:00 +0000");
		write_all(&d, &out);
		top = split(buf_str(&out));
		assert_field(top.header, "Subject:", cases[i].subject);
		assert_int_equal(parts_of(top.body, BOUNDARY, v, 4), 3);
		status = split(v[1].body);
		assert_field(status.body, "Action:", cases[i].action);
		assert_field(status.body, "Will-Retry-Until:",
		    cases[i].until ? "Fri, 07 Mar 2025 10:14:00 +0000" : "");
		assert_field(
		    v[2].header, "Content-Type:", "text/rfc822-headers");
		buf_fini(&out);
	}
}

static void
test_several_recipients(void **state)
{
	struct dsn_rcpt two[2] = { ghost, ghost };
	struct dsn d = plain_dsn(two, 2);
	struct part top, v[4], status, second;
	struct buf out;

	(void)state;
	two[1].addr = STR("other@example.net");
	two[1].orcpt = str_of("");
	two[1].code = STR("000");
	two[1].text = STR("DNS Hard Error");
	two[1].host = str_of("");
	write_all(&d, &out);
	top = split(buf_str(&out));
	assert_int_equal(parts_of(top.body, BOUNDARY, v, 4), 3);
	status = split(v[1].body);
	second = split(status.body);
	assert_field(
	    second.body, "Final-Recipient:", "rfc822; other@example.net");
	assert_field(second.body, "Original-Recipient:", "");
	assert_field(second.body, "Remote-MTA:", "");
	/* No server spoke: the code is not one of SMTP. */
	assert_field(
	    second.body, "Diagnostic-Code:", "x-postern; DNS Hard Error");
	buf_fini(&out);
}

/* Whatever a server says, the notice keeps its form. */
static void
test_bac_04_hostile_texts(void **state)
{
	static char big[65536], high[3000];
	static const struct {
		const char *why;
		struct str text;
		const char *shown; /* NULL: not compared */
	} cases[] = {
		{ "line ends", STR("no\r\n\r\nSubject: evil"),
		    "smtp; 550 no    Subject: evil" },
		{ "escape sequences", STR("\x1b[2J\x07 bell"),
		    "smtp; 550 ?[2J? bell" },
		{ "NUL", STR("a\0b"), "smtp; 550 a?b" },
		{ "8-bit that is no UTF-8", STR("caf\xe9"), "smtp; 550 caf?" },
		{ "From line", STR("\nFrom evil"), "smtp; 550  From evil" },
		{ "the boundary", STR("\r\n--" BOUNDARY "--\r\n"), NULL },
		{ "64 KB without a blank", { big, sizeof(big) }, NULL },
		{ "UTF-8 without end", { high, sizeof(high) }, NULL },
	};

	(void)state;
	memset(big, 'x', sizeof(big));
	for (size_t i = 0; i + 3 <= sizeof(high); i += 3)
		memcpy(high + i, "\xe3\x81\x82", 3);
	for (size_t i = 0; i < NELEM(cases) * 2; i++) {
		size_t c = i / 2;
		struct dsn_rcpt r = ghost;
		struct dsn d = plain_dsn(&r, 1);
		struct part top, v[4], status;
		struct buf out;

		r.text = cases[c].text;
		d.utf8 = i & 1;
		write_all(&d, &out);
		check_lines(buf_str(&out));
		assert_true(out.len < 8192);
		top = split(buf_str(&out));
		if (field_of(top.header, "Subject:").n != 38)
			fail_msg("%s: another subject", cases[c].why);
		if (parts_of(top.body, BOUNDARY, v, 4) != 3)
			fail_msg("%s: not three parts", cases[c].why);
		status = split(v[1].body);
		if (cases[c].shown != NULL)
			assert_field(
			    status.body, "Diagnostic-Code:", cases[c].shown);
		/* No line of the human part is a From line. */
		assert_null(memmem(v[0].body.p, v[0].body.n, "\nFrom ", 6));
		buf_fini(&out);
	}
}

static void
test_smtputf8(void **state)
{
	struct dsn_rcpt r = ghost;
	struct dsn d = plain_dsn(&r, 1);
	struct part top, v[4], status;
	struct buf out;

	(void)state;
	r.addr = STR("j\xc3\xb6rg@example.net");
	r.orcpt = str_of("");
	d.utf8 = true;
	write_all(&d, &out);
	top = split(buf_str(&out));
	assert_field(top.header, "Content-Transfer-Encoding:", "8bit");
	assert_int_equal(parts_of(top.body, BOUNDARY, v, 4), 3);
	assert_field(
	    v[1].header, "Content-Type:", "message/global-delivery-status");
	status = split(v[1].body);
	assert_field(
	    status.body, "Final-Recipient:", "utf-8; j\xc3\xb6rg@example.net");
	assert_field(v[2].header, "Content-Type:", "message/global");
	buf_fini(&out);
}

#define TA "\xe7\x94\xb0" /* U+7530 */
static const struct {
	const char *addr;
	unsigned flags;
	const char *want;
} forms[] = {
	{ TA "@example.jp", 0, TA "@example.jp" },
	{ TA "@example.jp", UTF8ADDR_ASCII, "\\x{7530}@example.jp" },
	{ TA "+a=b@x.jp", 0, TA "\\x{2B}a\\x{3D}b@x.jp" },
	{ "\xf0\x9f\x98\x80@x.jp", UTF8ADDR_ASCII, "\\x{1F600}@x.jp" },
	{ "\"a\\\"b\"@x.jp", 0, "\"a\\x{5C}\"b\"@x.jp" },
	{ "\\x{7530}@x.jp", UTF8ADDR_ESCAPED, "\\x{7530}@x.jp" },
	{ "\\x{7530}@x.jp", 0, "\\x{5C}x{7530}@x.jp" },
	{ "\\x{2B}@x.jp", UTF8ADDR_ESCAPED | UTF8ADDR_ASCII, "\\x{2B}@x.jp" },
	{ "\\x{}\\x{7\\x@x.jp", UTF8ADDR_ESCAPED,
	    "\\x{5C}x{}\\x{5C}x{7\\x{5C}x@x.jp" },
	{ "a b@x.jp", 0, "a\\x{20}b@x.jp" },
};

static void
test_utf8_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(forms); i++) {
		struct buf out;

		buf_init(&out, 1000);
		utf8addr_put(str_of(forms[i].addr), forms[i].flags, &out);
		if (!str_is(buf_str(&out), forms[i].want))
			fail_msg("%s, %u: %.*s", forms[i].addr, forms[i].flags,
			    STR_ARG(buf_str(&out)));
		buf_fini(&out);
	}
}

/* In a notice: both fields, in both kinds of it. */
static void
test_utf8_recipients(void **state)
{
	static const struct {
		bool utf8;
		const char *addr, *orcpt, *final, *original;
	} cases[] = {
		{ true, TA "+x@x.jp", "utf-8;" TA "@y.jp",
		    "utf-8; " TA "\\x{2B}x@x.jp", "utf-8; " TA "@y.jp" },
		{ true, "a+x@x.jp", "rfc822;a+x@y.jp", "rfc822; a+x@x.jp",
		    "rfc822; a+x@y.jp" },
		{ true, "a@x.jp", "utf-8;\\x{7530}+a@y.jp", "rfc822; a@x.jp",
		    "utf-8; \\x{7530}\\x{2B}a@y.jp" },
		{ false, "a@x.jp", "utf-8;\\x{7530}@y.jp", "rfc822; a@x.jp",
		    "utf-8; \\x{7530}@y.jp" },
		{ false, "a@x.jp", "utf-8;" TA "@y.jp", "rfc822; a@x.jp",
		    "utf-8; \\x{7530}@y.jp" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct dsn_rcpt r = ghost;
		struct dsn d = plain_dsn(&r, 1);
		struct part top, v[4], status;
		struct buf out;

		r.addr = str_of(cases[i].addr);
		r.orcpt = str_of(cases[i].orcpt);
		d.utf8 = cases[i].utf8;
		write_all(&d, &out);
		top = split(buf_str(&out));
		assert_int_equal(parts_of(top.body, BOUNDARY, v, 4), 3);
		status = split(v[1].body);
		assert_field(status.body, "Final-Recipient:", cases[i].final);
		assert_field(
		    status.body, "Original-Recipient:", cases[i].original);
		buf_fini(&out);
	}
}

static void
test_plain_text(void **state)
{
	struct dsn d = plain_dsn(&ghost, 1);
	struct part top;
	struct buf out;

	(void)state;
	d.report = false;
	write_all(&d, &out);
	top = split(buf_str(&out));
	assert_field(top.header, "Content-Type:", "text/plain; charset=utf-8");
	assert_non_null(memmem(top.body.p, top.body.n, "the text", 8));
	buf_fini(&out);
}

static void
test_a_limit_is_kept(void **state)
{
	struct dsn d = plain_dsn(&ghost, 1);
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_false(dsn_write(&d, &out));
	assert_true(out.len <= 100);
	buf_fini(&out);
}

static void
test_boundaries(void **state)
{
	(void)state;
	assert_true(dsn_boundary_ok(STR("=_a"), STR("text")));
	assert_true(dsn_boundary_ok(STR("=_a"), str_of(NULL)));
	assert_false(dsn_boundary_ok(STR("=_a"), STR("x=_a--")));
	assert_false(dsn_boundary_ok(STR(""), STR("text")));
}

static void
test_header_of_a_message(void **state)
{
	static const struct {
		const char *message, *header;
	} cases[] = {
		{ "A: b\r\n\r\nbody\r\n", "A: b\r\n\r\n" },
		{ "A: b\r\n", "A: b\r\n" },
		{ "\r\nbody\r\n", "\r\n" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (!str_is(
			dsn_header(str_of(cases[i].message)), cases[i].header))
			fail_msg("case %zu", i);
}

static void
test_bac_02_made_by_a_machine(void **state)
{
	static const struct {
		const char *header;
		bool automatic;
	} cases[] = {
		{ "Subject: x\r\n", false },
		{ "Auto-Submitted: no\r\n", false },
		{ "auto-submitted: auto-replied\r\n", true },
		{ "Precedence: bulk\r\n", true },
		{ "Precedence:  LIST \r\n", true },
		{ "Precedence: junk\r\n", true },
		{ "Precedence: first-class\r\n", false },
		{ "List-Id: <a.test>\r\n", true },
		{ "A: b\r\nList-Unsubscribe: <x>\r\n", true },
		{ "X-List-Id: a\r\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (dsn_is_automatic(str_of(cases[i].header)) !=
		    cases[i].automatic)
			fail_msg("%s", cases[i].header);
}

/* What is not ASCII is encoded; what comes from outside cannot be structure. */
static void
test_languages(void **state)
{
	static const struct {
		enum dsn_language language;
		bool utf8;
		const char *subject, *text, *want_subject, *encoding;
		const char *starts; /* of the part for people, as it is sent */
	} cases[] = {
		{ DSN_ENGLISH, false, "", "",
		    "Delivery Status Notification (Failure)", "7bit",
		    "This is the mail system at mx.postern.test.\r\n" },
		{ DSN_JAPANESE, false, "", "",
		    "=?utf-8?B?6YWN5L+h54q25rOB6YCa55+lICjlpLHmlZcp?=",
		    "base64", "44GT44KM44GvIG14LnBvc3Rlcm4udGVzdCDjga7jg6H" },
		{ DSN_JAPANESE, true, "", "",
		    "=?utf-8?B?6YWN5L+h54q25rOB6YCa55+lICjlpLHmlZcp?=", "8bit",
		    "これは mx.postern.test の" },
		{ DSN_BOTH, true, "", "",
		    "Delivery Status Notification (Failure)", "8bit",
		    "This is the mail system at mx.postern.test.\r\n" },
		{ DSN_ENGLISH, false, "Sorry", "$", "Sorry", "7bit",
		    "$\r\n\r\n<ghost@example.net>\r\n" },
		{ DSN_ENGLISH, false, "a\r\nX: b", "$hostname\n$MID.\n",
		    "a  X: b", "7bit", "mx.postern.test\r\n77.\r\n\r\n<" },
		{ DSN_JAPANESE, false, "S", "$Subject:$BouncedRecipient$", "S",
		    "7bit", "one two:ghost@example.net$\r\n" },
		{ DSN_ENGLISH, false, "S", "$BounceReason by $remotehost", "S",
		    "7bit",
		    "5.1.0 - Unknown address error\r\n    550 5.1.1 "
		    "<ghost@example.net> User unknown by mx1.example.net" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct dsn d = plain_dsn(&ghost, 1);
		struct part top, v[4];
		struct buf out;

		d.language = cases[i].language;
		d.utf8 = cases[i].utf8;
		d.subject = str_of(cases[i].subject);
		d.text = str_of(cases[i].text);
		d.about = STR("one\ntwo");
		d.mid = 77;
		write_all(&d, &out);
		top = split(buf_str(&out));
		assert_field(top.header, "Subject:", cases[i].want_subject);
		assert_int_equal(parts_of(top.body, BOUNDARY, v, 4), 3);
		assert_field(v[0].header,
		    "Content-Transfer-Encoding:", cases[i].encoding);
		if (!str_starts(v[0].body, str_of(cases[i].starts)))
			fail_msg("case %zu:\n%.*s", i, STR_ARG(v[0].body));
		buf_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_report),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_several_recipients),
		cmocka_unit_test(test_bac_04_hostile_texts),
		cmocka_unit_test(test_smtputf8),
		cmocka_unit_test(test_utf8_addresses),
		cmocka_unit_test(test_utf8_recipients),
		cmocka_unit_test(test_plain_text),
		cmocka_unit_test(test_a_limit_is_kept),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_header_of_a_message),
		cmocka_unit_test(test_bac_02_made_by_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
