/* test_dkim.c - mail/dkim: canonical forms, the signature field */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/dkim.h"
#include "mail/wire.h"

static void body_of(
    enum dkim_canon, struct str stored, size_t piece, struct buf *out);
static void collect(void *arg, struct str bytes);
static struct dkim_terms terms(void);

static const struct {
	const char *why, *body, *simple, *relaxed;
} bodies[] = {
	{ "nothing", "", "\r\n", "" },
	{ "empty lines", "\r\n\r\n", "\r\n", "" },
	{ "RFC 6376 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n",
	    " C\r\nD E\r\n" },
	{ "blank lines only", " \r\n\t\r\n", " \r\n\t\r\n", "" },
	{ "empty lines inside", "a\r\n\r\n \r\nb\r\n", "a\r\n\r\n \r\nb\r\n",
	    "a\r\n\r\n\r\nb\r\n" },
	{ "stuffed dots", "..\r\n..a\r\n.. b\r\n", ".\r\n.a\r\n. b\r\n",
	    ".\r\n.a\r\n. b\r\n" },
	{ "no line end", "a b ", "a b \r\n", "a b\r\n" },
	{ "lone CR", "a\rb \r \r\n", "a\rb \r \r\n", "a\rb \r\r\n" },
	{ "8-bit", "\xe6\x97\xa5 \xe6\x9c\xac\r\n",
	    "\xe6\x97\xa5 \xe6\x9c\xac\r\n", "\xe6\x97\xa5 \xe6\x9c\xac\r\n" },
};

static void
test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(bodies); i++) {
		struct str in = str_of(bodies[i].body);

		for (size_t piece = 1; piece <= in.n + 1; piece++) {
			struct buf simple, relaxed;

			buf_init(&simple, 4096);
			buf_init(&relaxed, 4096);
			body_of(DKIM_SIMPLE, in, piece, &simple);
			body_of(DKIM_RELAXED, in, piece, &relaxed);
			if (!str_is(buf_str(&simple), bodies[i].simple) ||
			    !str_is(buf_str(&relaxed), bodies[i].relaxed))
				fail_msg("%s, pieces of %zu: \"%.*s\" \"%.*s\"",
				    bodies[i].why, piece,
				    STR_ARG(buf_str(&simple)),
				    STR_ARG(buf_str(&relaxed)));
			buf_fini(&simple);
			buf_fini(&relaxed);
		}
	}
}

/* Longer than what is collected before it goes to the sink. */
static void
test_long_lines(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in, 100000);
	buf_init(&out, 100000);
	for (int i = 0; i < 5000; i++)
		buf_puts(&in, i % 1000 == 0 ? "  x" : "word");
	buf_puts(&in, "\r\n");
	body_of(DKIM_SIMPLE, buf_str(&in), 7000, &out);
	assert_true(str_eq(buf_str(&in), buf_str(&out)));
	buf_reset(&out);
	body_of(DKIM_RELAXED, buf_str(&in), 7000, &out);
	assert_int_equal(out.len, in.len - 5);
	buf_fini(&in);
	buf_fini(&out);
}

static const struct {
	const char *field, *simple, *relaxed;
} fields[] = {
	{ "A: X\r\n", "A: X\r\n", "a:X\r\n" },
	{ "B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
	{ "SUBJect:\r\n a\r\n\t\r\n", "SUBJect:\r\n a\r\n\t\r\n",
	    "subject:a\r\n" },
	{ "X:\r\n", "X:\r\n", "x:\r\n" },
	{ "To: a:b", "To: a:b\r\n", "to:a:b\r\n" },
};

static void
test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(fields); i++) {
		struct buf out;

		buf_init(&out, 1000);
		dkim_field(DKIM_SIMPLE, str_of(fields[i].field), &out);
		assert_true(str_is(buf_str(&out), fields[i].simple));
		buf_reset(&out);
		dkim_field(DKIM_RELAXED, str_of(fields[i].field), &out);
		if (!str_is(buf_str(&out), fields[i].relaxed))
			fail_msg("%s: %.*s", fields[i].field,
			    STR_ARG(buf_str(&out)));
		buf_fini(&out);
	}
}

/* What a verifier hashes: the last of several fields first, none for a name
 * that is listed once more; and the field with nothing behind b=. */
static void
test_a_signature(void **state)
{
	struct str header = STR("Received: 1\r\nTo: a@x.example\r\n"
				"From: b@example.com\r\nto: c@x.example\r\n"
				"Subject:  two\r\n  words\r\n\r\n");
	struct dkim_terms t = terms();
	struct err err = ERR_INIT;
	struct buf out, hashed;

	(void)state;
	buf_init(&out, 4096);
	buf_init(&hashed, 4096);
	assert_true(dkim_begin(
	    &t, header, (struct dkim_sink){ collect, &hashed }, &out, &err));
	assert_string_equal(out.data,
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; "
	    "d=example.com; s=s1;\r\n"
	    "\ti=@example.com; t=1; x=2; "
	    "h=From:From:To:To:To:Subject:Subject:Date;\r\n"
	    "\tbh=AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=;\r\n"
	    "\tb=");
	assert_string_equal(hashed.data,
	    "from:b@example.com\r\n"
	    "to:c@x.example\r\nto:a@x.example\r\n"
	    "subject:two words\r\n"
	    "dkim-signature:v=1; a=rsa-sha256; c=relaxed/simple; "
	    "d=example.com; "
	    "s=s1; i=@example.com; t=1; x=2; "
	    "h=From:From:To:To:To:Subject:Subject:Date; "
	    "bh=AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=; b=");
	dkim_end(STR("\x01\x02\x03"), &out);
	assert_non_null(strstr(out.data, "\tb=AQID\r\n"));
	buf_fini(&out);
	buf_fini(&hashed);
}

/* However much there is to say, no line is longer than 78 columns, and all
 * but the first begin with a blank. */
static void
test_long_signature(void **state)
{
	struct str names[100];
	struct dkim_terms t = terms();
	struct err err = ERR_INIT;
	struct buf out, hashed;
	struct str rest, line;
	char signature[512];
	size_t n = 0;

	(void)state;
	memset(signature, 0x5a, sizeof(signature));
	for (size_t i = 0; i < NELEM(names); i++)
		names[i] = i % 3 ? STR("From") : STR("X-Some-Long-Name");
	t.fields = names;
	t.n_fields = NELEM(names);
	buf_init(&out, 65536);
	buf_init(&hashed, 65536);
	assert_true(dkim_begin(&t, STR("From: a@example.com\r\n"),
	    (struct dkim_sink){ collect, &hashed }, &out, &err));
	dkim_end((struct str){ signature, sizeof(signature) }, &out);
	rest = buf_str(&out);
	while (rest.n > 0) {
		line = str_cut(&rest, '\n');
		assert_true(line.n > 1 && line.n <= 79);
		assert_true(line.p[line.n - 1] == '\r');
		assert_true(n++ == 0 || line.p[0] == '\t');
	}
	assert_true(n > 20);
	buf_fini(&out);
	buf_fini(&hashed);
}

static const struct {
	const char *why, *header, *says;
} wrong[] = {
	{ "no From", "To: a@example.com\r\n\r\n", "no From field" },
	{ "nothing", "", "no From field" },
	{ "no field", "From: a@example.com\r\nbad line\r\n\r\n", "no field" },
};

static void
test_what_cannot_be_signed(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(wrong); i++) {
		struct dkim_terms t = terms();
		struct err err = ERR_INIT;
		struct buf out;

		buf_init(&out, 4096);
		assert_false(dkim_begin(&t, str_of(wrong[i].header),
		    (struct dkim_sink){ collect, &out }, &out, &err));
		if (out.len > 0 || strstr(err.text, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].why, err.text);
		buf_fini(&out);
	}
}

static void
test_a_record(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	dkim_record(DKIM_ED25519, STR("key"), &out);
	assert_string_equal(out.data, "v=DKIM1; k=ed25519; p=a2V5");
	buf_fini(&out);
}

static void
body_of(enum dkim_canon canon, struct str in, size_t piece, struct buf *out)
{
	struct dkim_body b;

	buf_puts(out, "");
	dkim_body_begin(&b, canon, (struct dkim_sink){ collect, out });
	for (size_t at = 0; at < in.n; at += piece)
		dkim_body_feed(&b, str_sub(in, at, piece));
	dkim_body_end(&b);
}

static void
collect(void *arg, struct str bytes)
{
	buf_add_str(arg, bytes);
}

static struct dkim_terms
terms(void)
{
	static const struct str names[] = { { "From", 4 }, { "To", 2 },
		{ "Subject", 7 }, { "Date", 4 } };
	struct dkim_terms t = { .header = DKIM_RELAXED,
		.body = DKIM_SIMPLE,
		.domain = STR("example.com"),
		.selector = STR("s1"),
		.identity = STR("@example.com"),
		.at = 1,
		.until = 2,
		.fields = names,
		.n_fields = NELEM(names),
		.twice = true };

	memset(t.body_digest, 1, sizeof(t.body_digest));
	return t;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_a_signature),
		cmocka_unit_test(test_long_signature),
		cmocka_unit_test(test_what_cannot_be_signed),
		cmocka_unit_test(test_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
