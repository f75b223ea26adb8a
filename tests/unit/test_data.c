/*
 * test_data.c - the end of data (threats SMG-01 to SMG-04)
 *
 * Every case is fed whole, byte by byte, and cut at each position: what is
 * stored, what was found and what is left over must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "smtp/data.h"
#include "tests/unit/data_reference.h"

struct outcome {
	bool over;
	size_t used;
	uint32_t flags;
	uint64_t size;
	struct buf stored;
};

#define EVIL  "MAIL FROM:<evil@c1.test>\r\n"
#define FLAGS (WIRE_BARE_CR | WIRE_BARE_LF | WIRE_NUL)

/* The input is str_of: "in" may hold NUL bytes. */
static const struct {
	const char *why;
	struct str in, stored;
	bool over;
	const char *rest;
	uint32_t flags;
} cases[] = {
	{ "empty message", STR(".\r\n"), STR(""), true, "", 0 },
	{ "one line", STR("a\r\n.\r\n"), STR("a\r\n"), true, "", 0 },
	{ "commands behind it", STR("a\r\n.\r\nQUIT\r\n"), STR("a\r\n"), true,
	    "QUIT\r\n", 0 },
	{ "a second end is not ours", STR("a\r\n.\r\n.\r\n"), STR("a\r\n"),
	    true, ".\r\n", 0 },
	{ "dots undone and done again", STR("..\r\n...a\r\n.b\r\n.\r\n"),
	    STR("..\r\n...a\r\nb\r\n"), true, "", 0 },
	{ "dot in the middle", STR("a.\r\nb.c\r\n.\r\n"), STR("a.\r\nb.c\r\n"),
	    true, "", 0 },
	{ "not at its end yet", STR("a\r\n."), STR("a\r\n"), false, "", 0 },
	{ "nor here", STR("a\r\n.\r"), STR("a\r\n"), false, "", 0 },
	{ "SMG-02: a line that becomes a dot", STR("a\n.\nb\r\n.\r\n"),
	    STR("a\r\n..\r\nb\r\n"), true, "", WIRE_BARE_LF },
	{ "SMG-02: with lone CR", STR("a\r.\rb\r\n.\r\n"),
	    STR("a\r\n..\r\nb\r\n"), true, "", WIRE_BARE_CR },
	{ "SMG-04: NUL in text", STR("a\0b\r\n.\r\n"), STR("ab\r\n"), true, "",
	    WIRE_NUL },
	{ "SMG-04: NUL in a line end", STR("a\r\0\nb\r\n.\r\n"),
	    STR("a\r\nb\r\n"), true, "", WIRE_NUL },
	{ "SMG-12: lone CR before a header", STR("X: a\rBcc: b\r\n.\r\n"),
	    STR("X: a\r\nBcc: b\r\n"), true, "", WIRE_BARE_CR },
	{ "CR CR LF ends a line all the same", STR("a\r\r\n.\r\n"),
	    STR("a\r\n\r\n"), true, "", WIRE_BARE_CR },
	{ "8-bit is content", STR("\xff\xfe\r\n.\r\n"), STR("\xff\xfe\r\n"),
	    true, "", WIRE_8BIT_HDR },
};

/* SMG-01: each stands between "a" and a second envelope. */
static const struct {
	const char *name;
	struct str seq;
} false_ends[] = {
	{ "LF.LF", STR("\n.\n") },
	{ "LF.CRLF", STR("\n.\r\n") },
	{ "LF.CR", STR("\n.\r") },
	{ "CR.CR", STR("\r.\r") },
	{ "CR.LF", STR("\r.\n") },
	{ "CR.CRLF", STR("\r.\r\n") },
	{ "CRLF.LF", STR("\r\n.\n") },
	{ "CRLF.CR", STR("\r\n.\r") },
	{ "CRLF.CRCRLF", STR("\r\n.\r\r\n") },
	{ "CRCRLF.CRCRLF", STR("\r\r\n.\r\r\n") },
	{ "CRLF NUL . CRLF", STR("\r\n\0.\r\n") },
	{ "CRLF . NUL CRLF", STR("\r\n.\0\r\n") },
	{ "CRLF SP . CRLF", STR("\r\n .\r\n") },
	{ "CRLF . SP CRLF", STR("\r\n. \r\n") },
	{ "LF NUL . CRLF", STR("\n\0.\r\n") },
	{ "CR NUL LF . CRLF", STR("\r\0\n.\r\n") },
	{ "CRLF . CR NUL LF", STR("\r\n.\r\0\n") },
	{ "LFCR.LFCR", STR("\n\r.\n\r") },
};

/* Feeds in pieces: up to `cut`, then the rest in steps of `step`. */
static void
run(struct str in, size_t cut, size_t step, struct outcome *o)
{
	struct data d;
	size_t at = 0;

	*o = (struct outcome){ 0 };
	buf_init(&o->stored, 1 << 20);
	data_begin(&d);
	while (at < in.n && !o->over) {
		size_t n = at == 0 && cut > 0 ? cut : step;
		struct str piece = str_sub(in, at, n), rest = piece;

		o->over = data_feed(&d, &rest, &o->stored);
		if (!o->over)
			assert_int_equal(rest.n, 0);
		at += piece.n - rest.n;
	}
	o->used = at;
	o->flags = d.wire.flags;
	o->size = d.wire.size;
}

static void
expect(const char *why, size_t cut, size_t step, struct str in, bool over,
    size_t used, struct str stored)
{
	struct outcome o;

	run(in, cut, step, &o);
	if (o.over != over || o.used != used ||
	    (over && !str_eq(buf_str(&o.stored), stored)) ||
	    (over && o.size != stored.n))
		fail_msg("%s (cut %zu step %zu): over %d used %zu stored '%s'",
		    why, cut, step, o.over, o.used, buf_str(&o.stored).p);
	buf_fini(&o.stored);
}

static void
expect_any_cut(
    const char *why, struct str in, bool over, size_t used, struct str stored)
{
	for (size_t cut = 0; cut <= in.n; cut++)
		expect(why, cut, in.n, in, over, used, stored);
	for (size_t step = 1; step < 4; step++)
		expect(why, 0, step, in, over, used, stored);
}

static void
test_smg_03_cases_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct outcome o;
		size_t used = cases[i].in.n - str_of(cases[i].rest).n;

		expect_any_cut(cases[i].why, cases[i].in, cases[i].over, used,
		    cases[i].stored);
		run(cases[i].in, 0, cases[i].in.n, &o);
		if ((o.flags & ~(uint32_t)WIRE_DOTS) != cases[i].flags)
			fail_msg("%s: flags %#x", cases[i].why, o.flags);
		buf_fini(&o.stored);
	}
}

static void
test_smg_01_only_five_bytes_end_the_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(false_ends); i++) {
		struct reference r;
		struct buf in;

		buf_init(&in, 4096);
		buf_puts(&in, "a");
		buf_add_str(&in, false_ends[i].seq);
		buf_puts(&in, EVIL "b\r\n.\r\nRSET\r\n");
		reference_data(buf_str(&in), &r);
		assert_true(r.over);
		assert_int_equal(r.used, in.len - 6);
		expect_any_cut(false_ends[i].name, buf_str(&in), true, r.used,
		    buf_str(&r.stored));
		assert_non_null(memmem(
		    r.stored.data, r.stored.len, EVIL, sizeof(EVIL) - 1));
		buf_fini(&r.stored);
		buf_fini(&in);
	}
}

/* Those with a lone CR, a lone LF or NUL are told apart from those that are
 * merely odd: reject mode depends on it. */
static void
test_smg_01_false_ends_are_reported(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(false_ends); i++) {
		struct outcome o;
		struct buf in;
		bool odd = memchr(false_ends[i].seq.p, ' ',
			       false_ends[i].seq.n) == NULL;

		buf_init(&in, 4096);
		buf_puts(&in, "a");
		buf_add_str(&in, false_ends[i].seq);
		buf_puts(&in, "b\r\n.\r\n");
		run(buf_str(&in), 0, in.len, &o);
		if (((o.flags & DATA_NOT_CLEAN) != 0) != odd)
			fail_msg("%s: flags %#x", false_ends[i].name, o.flags);
		buf_fini(&o.stored);
		buf_fini(&in);
	}
}

/* All texts of up to seven bytes over the alphabet that matters. */
static void
test_smg_03_all_short_texts(void **state)
{
	static const char alphabet[] = { '\r', '\n', '.', 'a', '\0' };
	const size_t k = sizeof(alphabet);

	(void)state;
	for (size_t len = 1; len <= 7; len++) {
		size_t total = 1;

		for (size_t i = 0; i < len; i++)
			total *= k;
		for (size_t code = 0; code < total; code++) {
			struct reference r;
			char text[7 + 5];
			size_t x = code;

			for (size_t i = 0; i < len; i++, x /= k)
				text[i] = alphabet[x % k];
			memcpy(text + len, "\r\n.\r\n", 5);
			reference_data((struct str){ text, len + 5 }, &r);
			expect("short", 0, len + 5,
			    (struct str){ text, len + 5 }, r.over, r.used,
			    buf_str(&r.stored));
			expect("short", 0, 1, (struct str){ text, len + 5 },
			    r.over, r.used, buf_str(&r.stored));
			buf_fini(&r.stored);
		}
	}
}

/* The promise of data.h about the room that is needed. */
static void
test_output_is_bounded(void **state)
{
	struct outcome o;
	struct buf in;

	(void)state;
	buf_init(&in, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_puts(&in, "\n.");
	run(buf_str(&in), 0, in.len, &o);
	assert_true(o.stored.len <= 2 * in.len + 4);
	buf_fini(&o.stored);
	buf_fini(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smg_03_cases_cut_anywhere),
		cmocka_unit_test(test_smg_01_only_five_bytes_end_the_data),
		cmocka_unit_test(test_smg_01_false_ends_are_reported),
		cmocka_unit_test(test_smg_03_all_short_texts),
		cmocka_unit_test(test_output_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
