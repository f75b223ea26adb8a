/* test_edit.c - edits change what they are to change, and no other byte */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "mail/edit.h"

enum op {
	ADD,   /* a: name, b: value */
	STRIP, /* a: name */
	SET,   /* the first a becomes b */
	BEFORE_SUBJECT,
	BEHIND_SUBJECT,
	REPLACE, /* the part number n by text a */
	TEXT,    /* the text of part n becomes a */
	HTML,
	HEADING, /* a: text, b: HTML */
	FOOTER,
	WRAP /* a: text */
};

#define MIXED                                                                  \
	"From: a@x.test\r\nMIME-Version: 1.0\r\n"                              \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define ALTERNATIVE                                                            \
	"MIME-Version: 1.0\r\n"                                                \
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
#define PLAIN_HEADER(charset, encoding)                                        \
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=" charset      \
	"\r\nContent-Transfer-Encoding: " encoding "\r\n\r\n"

/* A message in, a message out: header and body in one text. */
static const struct {
	const char *why;
	enum op op;
	size_t n;
	const char *a, *b;
	const char *in, *out;
} edits[] = {
	/* fields */
	{ "a field comes last", ADD, 0, "X-A", "yes",
	    "From: a@x.test\r\n\r\nhi\r\n",
	    "From: a@x.test\r\nX-A: yes\r\n\r\nhi\r\n" },
	{ "a header without its empty line gets one", ADD, 0, "X-A", "yes",
	    "From: a@x.test\r\n", "From: a@x.test\r\nX-A: yes\r\n\r\n" },
	{ "a message without a header", ADD, 0, "X-A", "yes", "\r\nhi\r\n",
	    "X-A: yes\r\n\r\nhi\r\n" },
	{ "line ends in a value are blanks", ADD, 0, "X-A", "a\r\nX-B: c",
	    "F: x\r\n\r\n", "F: x\r\nX-A: a  X-B: c\r\n\r\n" },
	{ "all fields of a name go, and what they are folded to", STRIP, 0,
	    "x-a", NULL, "X-A: 1\r\n 2\r\nB: x\r\nx-A : 3\r\n\r\nX-A: 4\r\n",
	    "B: x\r\n\r\nX-A: 4\r\n" },
	{ "nothing to strip", STRIP, 0, "X-A", NULL, "B:x \r\n\r\n",
	    "B:x \r\n\r\n" },
	{ "the second of its name", SET, 1, "X-A", "new",
	    "X-A: 1\r\nX-A: 2\r\nX-A: 3\r\n\r\n",
	    "X-A: 1\r\nX-A: new\r\nX-A: 3\r\n\r\n" },
	{ "text before the subject", BEFORE_SUBJECT, 0, "[SPAM] ", NULL,
	    "Subject: hello\r\nX: y\r\n\r\n",
	    "Subject: [SPAM] hello\r\nX: y\r\n\r\n" },
	{ "and behind it", BEHIND_SUBJECT, 0, " [SPAM]", NULL,
	    "subject:hello\r\n\r\n", "subject: hello [SPAM]\r\n\r\n" },
	{ "there is none", BEFORE_SUBJECT, 0, "[SPAM] ", NULL, "X: y\r\n\r\n",
	    "X: y\r\nSubject: [SPAM] \r\n\r\n" },
	/* parts */
	{ "a part goes, text comes", REPLACE, 2, "gone", NULL,
	    MIXED "--b\r\n\r\nhi\r\n--b\r\nContent-Type: a/b\r\n"
		  "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n",
	    MIXED "--b\r\n\r\nhi\r\n--b\r\n"
		  "Content-Type: text/plain; charset=us-ascii\r\n"
		  "Content-Transfer-Encoding: 7bit\r\n\r\ngone\r\n--b--\r\n" },
	{ "the message itself", REPLACE, 0, "gone", NULL,
	    "From: x\r\nContent-Type: a/b\r\nContent-Id: c\r\n\r\nAAAA\r\n",
	    "From: x\r\n" PLAIN_HEADER("us-ascii", "7bit") "gone\r\n" },
	{ "text in the charset it had", TEXT, 0, "\xe3\x81\x82\n", NULL,
	    PLAIN_HEADER("iso-2022-jp", "7bit") "x\r\n",
	    PLAIN_HEADER("iso-2022-jp", "7bit") "\x1b$B$\"\x1b(B\r\n" },
	{ "text its charset has not", TEXT, 0, "\xe3\x81\x82\n", NULL,
	    "MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset="
	    "\"iso-8859-1\"; x=y\r\n\r\nx\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset="
	    "utf-8; x=y\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "=E3=81=82\r\n" },
	{ "base64 stays base64", TEXT, 0, "ab\n", NULL,
	    PLAIN_HEADER("us-ascii", "base64") "eA==\r\n",
	    PLAIN_HEADER("us-ascii", "base64") "YWINCg==\r\n" },
	/* HTML */
	{ "HTML alone becomes text", HTML, 0, NULL, NULL,
	    "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
	    "<p>a &amp; b</p>\r\n",
	    PLAIN_HEADER("us-ascii", "7bit") "a & b\r\n" },
	{ "beside text it goes", HTML, 0, NULL, NULL,
	    ALTERNATIVE "--b\r\n\r\nhi\r\n--b\r\nContent-Type: text/html\r\n"
			"\r\n<p>hi\r\n--b--\r\n",
	    ALTERNATIVE "--b\r\n\r\nhi\r\n--b--\r\n" },
	{ "text is left alone", HTML, 0, NULL, NULL, "A: b\r\n\r\n<p>\r\n",
	    "A: b\r\n\r\n<p>\r\n" },
	/* stamps */
	{ "a heading", HEADING, 0, "note", NULL, "A: b\r\n\r\nhi\r\n",
	    "A: b\r\n" PLAIN_HEADER("us-ascii", "7bit") "note\r\n\r\nhi\r\n" },
	{ "a footer", FOOTER, 0, "note\nmore", NULL,
	    "A: b\r\nContent-Type: text/plain; format=flowed\r\n"
	    "MIME-Version: 1.0\r\n\r\nhi\r\n",
	    "A: b\r\nContent-Type: text/plain; format=flowed; charset=us-ascii"
	    "\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	    "hi\r\n\r\nnote\r\nmore\r\n" },
	{ "in ISO-2022-JP", FOOTER, 0, "\xe3\x81\x82", NULL,
	    PLAIN_HEADER("iso-2022-jp", "7bit") "\x1b$B$$\x1b(B\r\n",
	    PLAIN_HEADER("iso-2022-jp", "7bit") "\x1b$B$$\x1b(B\r\n\r\n"
						"\x1b$B$\"\x1b(B\r\n" },
	{ "ASCII becomes UTF-8", FOOTER, 0, "\xe3\x81\x82", NULL,
	    PLAIN_HEADER("us-ascii", "7bit") "hi\r\n",
	    PLAIN_HEADER(
		"utf-8", "quoted-printable") "hi\r\n\r\n=E3=81=82\r\n" },
	{ "no charset for both: a part of its own", FOOTER, 0, "\xe3\x81\x82",
	    NULL, PLAIN_HEADER("iso-8859-1", "quoted-printable") "=E4\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
	    "boundary=\"=_postern_0\"\r\n\r\n--=_postern_0\r\n"
	    "Content-Type: text/plain; charset=iso-8859-1\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n"
	    "\r\n--=_postern_0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "Content-Disposition: inline\r\n\r\n=E3=81=82\r\n"
	    "--=_postern_0--\r\n" },
	{ "both versions of an alternative", FOOTER, 0, "note", "<b>note</b>",
	    ALTERNATIVE "--b\r\n\r\nhi\r\n--b\r\nContent-Type: text/html\r\n"
			"\r\n<html><BODY x=y>hi</BODY></html>\r\n--b--\r\n",
	    ALTERNATIVE
	    "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\nhi\r\n\r\nnote\r\n--b\r\n"
	    "Content-Type: text/html; charset=us-ascii\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "<html><BODY x=y>hi<b>note</b>\r\n</BODY></html>\r\n--b--\r\n" },
	{ "signed: left alone", FOOTER, 0, "note", NULL,
	    "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nhi"
	    "\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n"
	    "--b--\r\n",
	    "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nhi"
	    "\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n"
	    "--b--\r\n" },
	{ "attachments only: the first of them", HEADING, 0, "note", NULL,
	    MIXED "--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--\r\n",
	    MIXED "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n"
		  "Content-Transfer-Encoding: 7bit\r\n"
		  "Content-Disposition: inline\r\n\r\nnote\r\n"
		  "--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--\r\n" },
	{ "and the last", FOOTER, 0, "note", NULL,
	    MIXED "--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--\r\nend\r\n",
	    MIXED "--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b\r\n"
		  "Content-Type: text/plain; charset=us-ascii\r\n"
		  "Content-Transfer-Encoding: 7bit\r\n"
		  "Content-Disposition: inline\r\n\r\nnote\r\n--b--\r\n"
		  "end\r\n" },
	{ "a message as an attachment", WRAP, 0, "look", NULL,
	    "From: x\r\nContent-Type: a/b\r\n\r\ndata\r\n",
	    "From: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
	    "boundary=\"=_postern_0\"\r\n\r\n--=_postern_0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "Content-Disposition: inline\r\n\r\nlook\r\n--=_postern_0\r\n"
	    "Content-Type: message/rfc822\r\n"
	    "Content-Disposition: attachment\r\n\r\n"
	    "From: x\r\nContent-Type: a/b\r\n\r\ndata\r\n\r\n"
	    "--=_postern_0--\r\n" },
};

static struct msg
message(const char *text)
{
	struct str all = str_of(text);
	const char *end = strstr(text, "\r\n\r\n");
	size_t header = all.n;

	if (strncmp(text, "\r\n", 2) == 0)
		header = 2;
	else if (end != NULL)
		header = (size_t)(end - text) + 4;
	return (struct msg){ .header = str_sub(all, 0, header),
		.body = str_sub(all, header, all.n) };
}

static void
apply(struct msg *m, size_t i, struct arena *mem)
{
	struct str a = str_of(edits[i].a == NULL ? "" : edits[i].a);
	struct str b = str_of(edits[i].b == NULL ? "" : edits[i].b);
	struct str none = STR("");
	const struct mime *mime = mime_of(m, mem);
	struct stamp st = {
		.text = a, .html = b, .footer = edits[i].op == FOOTER
	};

	switch (edits[i].op) {
	case ADD:
		assert_true(edit_add_field(m, a, b, none, mem));
		break;
	case STRIP:
		edit_strip_field(m, a, mem);
		break;
	case SET:
		edit_set_field(m, a, edits[i].n, b, none, mem);
		break;
	case BEFORE_SUBJECT:
	case BEHIND_SUBJECT:
		edit_subject(m, a, edits[i].op == BEHIND_SUBJECT, none, mem);
		break;
	case REPLACE:
		edit_replace_part(m, &mime->parts[edits[i].n], a, mem);
		break;
	case TEXT:
		edit_part_text(m, &mime->parts[edits[i].n], a, mem);
		break;
	case HTML:
		edit_html_convert(m, mem);
		break;
	case HEADING:
	case FOOTER:
		edit_stamp(m, &st, mem);
		break;
	case WRAP:
		edit_wrap(m, a, mem);
		break;
	}
}

static void
test_edits(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(edits); i++) {
		struct msg m = message(edits[i].in);
		struct arena mem;
		char *got;

		arena_init(&mem, 1 << 20);
		apply(&m, i, &mem);
		got = arena_printf(&mem, "%.*s%.*s", (int)m.header.n,
		    m.header.p, (int)m.body.n, m.body.p);
		if (strcmp(got, edits[i].out) != 0)
			fail_msg("%s:\n--- got\n%s\n--- want\n%s", edits[i].why,
			    got, edits[i].out);
		arena_free(&mem);
	}
}

/* A copy of the struct is a snapshot: it still says what it said. */
static void
test_snapshot(void **state)
{
	struct msg m = message("A: b\r\n\r\nhi\r\n"), before;
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 20);
	before = m;
	edit_replace_part(&m, mime_of(&m, &mem)->parts, STR("x"), &mem);
	edit_strip_field(&m, STR("A"), &mem);
	assert_string_equal(arena_strz(&mem, before.header), "A: b\r\n\r\n");
	assert_string_equal(arena_strz(&mem, before.body), "hi\r\n");
	assert_false(before.header_changed || before.body_changed);
	assert_true(m.header_changed && m.body_changed);
	assert_true(m.version > before.version);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
