/* test_mime.c - the tree of parts, for valid mail and for the other kind */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mime_check.h"
#include "mime_kit.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\n"
#define ALT   "Content-Type: multipart/alternative; boundary=a\n"
#define HTML  "Content-Type: text/html\n"
#define GIF   "Content-Type: image/gif\n"
#define MSG   "Content-Type: message/rfc822\n"

static const struct {
	const char *why, *in, *want;
} trees[] = {
	/* spec workqueue 2.6 */
	{ "no MIME fields", "Subject: x\n\ntext\n", "text/plain body" },
	{ "nothing at all", "", "text/plain body" },
	{ "HTML", HTML "\n<p>\n", "text/html body" },
	{ "one part of another type", GIF "\nGIF", "image/gif att" },
	{ "text of another kind", "Content-Type: text/calendar\n\nx",
	    "text/calendar att" },
	{ "text that is attached",
	    "Content-Disposition: attachment; filename=a.txt\n\nx",
	    "text/plain att 'a.txt'" },
	{ "mixed: the first text",
	    MIXED "\n--b\n\none\n--b\n\ntwo\n--b\n" GIF "\nG\n--b--\n",
	    "mixed[text/plain body, text/plain att, image/gif att]" },
	{ "mixed: the first text, not the first part",
	    MIXED "\n--b\n" GIF "\nG\n--b\n" HTML "\n<p>\n--b--\n",
	    "mixed[image/gif att, text/html body]" },
	{ "mixed: not what is attached",
	    MIXED "\n--b\nContent-Disposition: attachment\n\n1\n--b\n\n2\n"
		  "--b--\n",
	    "mixed[text/plain att, text/plain body]" },
	{ "alternative: all versions",
	    ALT "\n--a\n\none\n--a\n" HTML "\n<p>\n--a--\n",
	    "alternative[text/plain body, text/html body]" },
	{ "alternative in mixed",
	    MIXED "\n--b\n" ALT "\n--a\n\n1\n--a\n" HTML
		  "\n2\n--a--\n--b\n\n3\n--b--\n",
	    "mixed[alternative[text/plain body, text/html body], "
	    "text/plain att]" },
	{ "related in alternative",
	    ALT "\n--a\n\n1\n--a\n"
		"Content-Type: multipart/related; boundary=r\n\n--r\n" HTML
		"\n2\n--r\n" GIF "\nG\n--r--\n--a--\n",
	    "alternative[text/plain body, related[text/html body, "
	    "image/gif att]]" },
	{ "an attached message",
	    MIXED "\n--b\n\n1\n--b\n" MSG "\nSubject: x\n\n2\n--b--\n",
	    "mixed[text/plain body, message/rfc822 att[text/plain att]]" },
	{ "an attached message first",
	    MIXED "\n--b\n" MSG "\nSubject: x\n\n2\n--b\n\n1\n--b--\n",
	    "mixed[message/rfc822 att[text/plain att], text/plain body]" },
	{ "nothing but a message", MSG "\n" HTML "\n2\n",
	    "message/rfc822 att[text/html att]" },
	{ "messages in messages", MSG "\n" MSG "\n" MSG "\n\n2\n",
	    "message/rfc822 att[message/rfc822 att[message/rfc822 att["
	    "text/plain att]]]" },
	{ "a report",
	    "Content-Type: multipart/report; boundary=b\n\n--b\n\n1\n--b\n"
	    "Content-Type: message/delivery-status\n\nStatus: 5.1.1\n--b\n"
	    "Content-Type: text/rfc822-headers\n\nSubject: x\n--b--\n",
	    "report[text/plain body, message/delivery-status att, "
	    "text/rfc822-headers att]" },
	{ "a digest",
	    "Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
	    "Subject: x\n\n1\n--b\n" HTML "\n2\n--b--\n",
	    "digest[message/rfc822 att[text/plain att], text/html body]" },
	{ "uuencoded", "Subject: x\n\n1\nbegin 644 a.gif\n#0V%T\n`\nend\n2\n",
	    "text/plain body[image/gif att 'a.gif']" },
	{ "uuencoded, twice, in a part",
	    MIXED "\n--b\n\nbegin 644 a\n#0V%T\n`\nend\n"
		  "begin 755 b.exe\n#0V%T\n`\nend\n--b--\n",
	    "mixed[text/plain body[application/octet-stream att 'a', "
	    "application/x-msdownload att 'b.exe']]" },
	{ "not uuencoded", "\nbegin 644 it was said\nfoo bar\nend\n",
	    "text/plain body" },
	{ "nor this", "\nbegin  here\n#0V%T\n`\nend\n", "text/plain body" },
	{ "uuencoded behind quoted-printable",
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "begin 644 =\na.gif\n#0V%T\n`\nend\n",
	    "text/plain body[image/gif att 'a.gif']" },

	/* boundaries */
	{ "blanks behind boundaries",
	    MIXED "\n--b \t\n\n1\n--b\t\n\n2\n--b-- \n",
	    "mixed[text/plain body, text/plain att]" },
	{ "a boundary that begins like another",
	    MIXED "\n--bb\n\n0\n--b\n"
		  "Content-Type: multipart/x; boundary=bb\n\n"
		  "--bb\n\n1\n--bb--\n--b\n\n2\n--b--\n",
	    "mixed[x[text/plain body], text/plain att]" },
	{ "a boundary that is another with two dashes",
	    "Content-Type: multipart/mixed; boundary=\"b--\"\n\n"
	    "--b--\n\n1\n--b----\n",
	    "mixed[text/plain body]" },
	{ "the outer one ends the inner",
	    MIXED "\n--b\n" ALT "\n--a\n\n1\n--b\n\n2\n--b--\n",
	    "mixed[alternative{open}[text/plain body], text/plain att]" },
	{ "never closed", MIXED "\n--b\n\n1\n",
	    "mixed{open}[text/plain body]" },
	{ "never there", MIXED "\ntext\n", "multipart/mixed body{unused}" },
	{ "only closed", MIXED "\n--b--\ntext\n",
	    "multipart/mixed body{unused}" },
	{ "not given", "Content-Type: multipart/mixed\n\n--b\n\n1\n--b--\n",
	    "multipart/mixed body{no-boundary}" },
	{ "parts behind the end",
	    MIXED "\n--b\n\n1\n--b--\n--b\n" GIF "\n2\n--b--\n",
	    "mixed{after-close}[text/plain body, image/gif att]" },
	{ "the same, nested: the inner one is meant",
	    MIXED "\n--b\n" MIXED "\n--b\n\n1\n--b--\n--b\n\n2\n--b--\n",
	    "mixed{twice}[mixed{twice}[text/plain body], text/plain att]" },
	{ "the same, one behind the other",
	    "Content-Type: multipart/mixed; boundary=o\n\n--o\n" MIXED
	    "\n--b\n\n1\n--b--\n--o\n" MIXED "\n--b\n\n2\n--b--\n--o--\n",
	    "mixed[mixed{twice}[text/plain body], "
	    "mixed{twice}[text/plain att]]" },
	{ "with nothing between", MIXED "\n--b\n--b\n\n1\n--b\n--b--\n",
	    "mixed[text/plain body]" },
	{ "with nothing between, nested",
	    MIXED "\n--b\n" ALT "\n--a\n\n1\n--a\n--b\n\n2\n--b\n--a\n"
		  "--b--\n",
	    "mixed[alternative{open}[text/plain body], text/plain att, "
	    "text/plain att{bad-field}]" },
	{ "in the header of a part", MIXED "\n--b\n" GIF "--b\n\n1\n--b--\n",
	    "mixed[image/gif att, text/plain body]" },
	{ "a part without the empty line",
	    MIXED "\n--b\n" GIF "--b\n\n1\n--b--\n",
	    "mixed[image/gif att, text/plain body]" },
	{ "a part without header or empty line", MIXED "\n--b\ntext\n--b--\n",
	    "mixed[text/plain body{bad-field}]" },
	{ "an encoded multipart",
	    "Content-Transfer-Encoding: base64\n" MIXED
	    "\nLS1iDQoNCjENCi0tYi0tDQo=\n",
	    "mixed{unused bad-encoding}[text/plain body]" },
	{ "a multipart that only says so",
	    "Content-Transfer-Encoding: base64\n" MIXED "\n--b\n\n1\n--b--\n",
	    "mixed{bad-encoding}[text/plain body]" },
	{ "an encoded message",
	    "Content-Transfer-Encoding: quoted-printable\n" MSG
	    "\nSubject:=20x\n=0D=0A1\n",
	    "message/rfc822 att{bad-encoding}[text/plain att]" },
	{ "a message that only says so",
	    "Content-Transfer-Encoding: base64\n" MSG
	    "\nContent-Type: text/html\n\n1\n",
	    "message/rfc822 att{bad-encoding}[text/html att]" },
	{ "a message out of a mailbox",
	    MSG "\n>From joe Mon Jan 1\nContent-Type: text/html\n\n1\n",
	    "message/rfc822 att[text/html att]" },
};

static void
test_trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(trees); i++) {
		const struct mime *m;
		struct arena mem;
		struct buf out;

		arena_init(&mem, 1 << 20);
		buf_init(&out, 1 << 16);
		m = kit_parse(kit_crlf(trees[i].in, &mem), &mem);
		kit_tree_text(m->parts, &out);
		if (!str_is(buf_str(&out), trees[i].want)) {
			print_error("%s\nis   %.*s\nwant %s\n", trees[i].why,
			    STR_ARG(buf_str(&out)), trees[i].want);
			fail();
		}
		mime_check(m, m->parts[0].header, m->parts[0].body);
		buf_fini(&out);
		arena_free(&mem);
	}
}

/* What a part's header and body are. */
static void
test_pieces(void **state)
{
	struct arena mem;
	const struct mime *m;
	const struct mime_part *p;

	(void)state;
	arena_init(&mem, 1 << 20);
	m = kit_parse(kit_crlf(MIXED "\npre\n--b\n" HTML "\none\n\n--b\n"
				     "\ntwo--b\n--b--\npost\n",
			  &mem),
	    &mem);
	assert_int_equal(m->n, 3);
	assert_true(str_is(m->parts[0].header,
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"));
	p = m->parts[0].child;
	assert_true(str_is(p->header, "Content-Type: text/html\r\n\r\n"));
	assert_true(str_is(p->body, "one\r\n"));
	p = p->next;
	assert_true(str_is(p->header, "\r\n"));
	assert_true(str_is(p->body, "two--b"));
	assert_null(p->next);
	arena_free(&mem);
}

static void
test_leaves(void **state)
{
	struct arena mem;
	const struct mime *m;
	const struct mime_part *p = NULL;
	struct buf out;

	(void)state;
	arena_init(&mem, 1 << 20);
	buf_init(&out, 4096);
	m = kit_parse(
	    kit_crlf(MIXED "\n--b\n\nbegin 644 u\n#0V%T\n`\nend\n"
			   "--b\n" MSG "\n" HTML "\n1\n--b\n" GIF "\n--b--\n",
		&mem),
	    &mem);
	while ((p = mime_next_leaf(m, p)) != NULL)
		buf_printf(&out, "%u:%.*s ", p->index, STR_ARG(p->subtype));
	assert_true(
	    str_is(buf_str(&out), "1:plain 2:octet-stream 4:html 5:gif "));
	buf_fini(&out);
	arena_free(&mem);
}

/* The tree is made once, and belongs to the message. */
static void
test_mime_of(void **state)
{
	struct msg m = { .header = STR("\r\n"), .body = STR("text") };
	const struct mime *first;
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 20);
	first = mime_of(&m, &mem);
	assert_true(str_is(first->parts[0].body, "text"));
	assert_ptr_equal(mime_of(&m, &mem), first);
	arena_free(&mem);
}

/* --- limits: threats MIM-01, MIM-02 --- */

/* Header, and n times a text. The memory that it takes must not pass max. */
static const struct {
	const char *why, *header, *again;
	size_t n, max;
	size_t parts; /* that come out */
	uint32_t odd;
} bombs[] = {
	{ "100,000 parts", MIXED, "--b\n\nx\n", 100000, 8 << 20, 10000,
	    MIME_TOO_MANY | MIME_BOUNDARY_OPEN },
	{ "100,000 parts in one another", MIXED, "--b\n" MIXED "\n", 100000,
	    8 << 20, 10000,
	    MIME_TOO_MANY | MIME_BOUNDARY_OPEN | MIME_BOUNDARY_TWICE |
		MIME_TOO_DEEP },
	{ "messages 1,000 deep", MSG, MSG "\n", 1000, 1 << 20, 51,
	    MIME_TOO_DEEP },
	{ "encoded messages 1,000 deep",
	    MSG "Content-Transfer-Encoding: quoted-printable\n",
	    MSG "Content-Transfer-Encoding: quoted-printable\n\n", 1000,
	    1 << 20, 3, MIME_TOO_DEEP | MIME_BAD_ENCODING },
	{ "a million lines that look like boundaries", MIXED, "--bx\n", 1000000,
	    1 << 20, 1, MIME_BOUNDARY_UNUSED },
	{ "a million boundaries that close", MIXED, "--b--\n", 1000000, 1 << 20,
	    1, MIME_BOUNDARY_UNUSED },
	{ "100,000 uuencoded blocks", "X: y\n", "begin 644 a\n#0V%T\n", 100000,
	    8 << 20, 10000, MIME_TOO_MANY },
	{ "100,000 boundaries in headers", MIXED, "--b\nA: b\n", 100000,
	    8 << 20, 10000, MIME_TOO_MANY | MIME_BOUNDARY_OPEN },
	{ "ten megabytes of base64", "Content-Transfer-Encoding: base64\n" GIF,
	    "AAAAAAAA", 1250000, 1 << 20, 1, 0 },
};

static void
test_mim_01_mim_02_bombs(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(bombs); i++) {
		struct arena mem, scratch;
		struct str header, again;
		struct buf body;
		struct mime *m;

		arena_init(&scratch, 1 << 20);
		arena_init(&mem, bombs[i].max);
		buf_init(&body, 64 << 20);
		header = kit_crlf(bombs[i].header, &scratch);
		again = kit_crlf(bombs[i].again, &scratch);
		header =
		    str_of(arena_printf(&scratch, "%.*s\r\n", STR_ARG(header)));
		for (size_t n = 0; n < bombs[i].n; n++)
			buf_add_str(&body, again);
		m = mime_parse(header, buf_str(&body), &mem);
		mime_check(m, header, buf_str(&body));
		if (m->n != bombs[i].parts || m->odd != bombs[i].odd)
			fail_msg("%s: %zu parts, odd 0x%x", bombs[i].why, m->n,
			    m->odd);
		/* an endless part is decoded as far as was asked for */
		assert_true(mime_decode(m->parts, 1000, &mem, NULL).n <= 1000);
		buf_fini(&body);
		arena_free(&mem);
		arena_free(&scratch);
	}
}

/* Headers of ten million bytes. */
static void
test_lim_02_headers(void **state)
{
	static const char *const lines[] = { "X: y\r\n", "X: y\r\n y\r\n",
		"Content-Type: text/plain\r\n", "Content-X: y\r\n",
		"Content-Type: multipart/mixed; boundary=b\r\n" };

	(void)state;
	for (size_t i = 0; i < NELEM(lines); i++) {
		struct arena mem;
		struct buf b;
		struct str all;

		arena_init(&mem, 1 << 20);
		buf_init(&b, 16 << 20);
		while (b.len < 10 << 20)
			buf_puts(&b, lines[i]);
		buf_puts(&b, "\r\n");
		all = buf_str(&b);
		mime_check(mime_parse(all, STR(""), &mem), all, STR(""));
		/* and of a part */
		mime_check(mime_parse(STR("Content-Type: message/rfc822\r\n"
					  "\r\n"),
			       all, &mem),
		    STR("Content-Type: message/rfc822\r\n\r\n"), all);
		buf_fini(&b);
		arena_free(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_mime_of),
		cmocka_unit_test(test_mim_01_mim_02_bombs),
		cmocka_unit_test(test_lim_02_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
