/*
 * test_line.c - command lines (threats LIM-01): every input whole, byte by
 * byte, cut at each position
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "smtp/line.h"

/* Outcome as text: "OK(a) BAD LONG FLOOD"; what is left over is not shown. */
static const struct {
	const char *why;
	struct str in;
	const char *out;
} cases[] = {
	{ "one line", STR("NOOP\r\n"), "OK(NOOP) " },
	{ "two lines", STR("a\r\nb\r\n"), "OK(a) OK(b) " },
	{ "empty line", STR("\r\n"), "OK() " },
	{ "no end yet", STR("NOOP\r"), "" },
	{ "lone LF", STR("a\nb\r\n"), "BAD OK(b) " },
	{ "LF alone", STR("\n"), "BAD " },
	{ "lone CR", STR("a\rb\r\nc\r\n"), "BAD OK(c) " },
	{ "CR CR LF", STR("a\r\r\nc\r\n"), "BAD OK(c) " },
	{ "NUL", STR("a\0b\r\nc\r\n"), "BAD OK(c) " },
	{ "NUL in the end", STR("a\r\0\nc\r\n"), "BAD OK(c) " },
	{ "lone CR, then LF", STR("a\rb\nc\r\n"), "BAD OK(c) " },
	{ "blanks are kept", STR(" a \t\r\n"), "OK( a \t) " },
	{ "8-bit is text", STR("\xc3\xa4\r\n"), "OK(\xc3\xa4) " },
};

static void
run(struct str in, size_t cut, size_t step, struct buf *out)
{
	struct line l;
	size_t at = 0;

	line_init(&l);
	while (at < in.n) {
		size_t n = at == 0 && cut > 0 ? cut : step;
		struct str piece = str_sub(in, at, n), text;

		at += piece.n;
		while (piece.n > 0) {
			switch (line_feed(&l, &piece, &text)) {
			case LINE_MORE:
				assert_int_equal(piece.n, 0);
				break;
			case LINE_OK:
				buf_printf(out, "OK(%.*s) ", STR_ARG(text));
				break;
			case LINE_BAD:
				buf_puts(out, "BAD ");
				break;
			case LINE_LONG:
				buf_puts(out, "LONG ");
				break;
			case LINE_FLOOD:
				buf_puts(out, "FLOOD ");
				line_fini(&l);
				return;
			}
		}
	}
	line_fini(&l);
}

static void
expect(
    const char *why, struct str in, size_t cut, size_t step, const char *want)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	run(in, cut, step, &out);
	if (strcmp(buf_str(&out).p, want) != 0)
		fail_msg("%s (cut %zu, step %zu): %s, not %s", why, cut, step,
		    buf_str(&out).p, want);
	buf_fini(&out);
}

static void
test_lines_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct str in = cases[i].in;

		for (size_t cut = 0; cut <= in.n; cut++)
			expect(cases[i].why, in, cut, in.n, cases[i].out);
		for (size_t step = 1; step < 4; step++)
			expect(cases[i].why, in, 0, step, cases[i].out);
	}
}

/* n bytes in all, CR LF included; then a good line. */
static struct buf
long_line(size_t n, bool end)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	memset(buf_room(&b, n), 'x', n);
	buf_grew(&b, n);
	if (end) {
		memcpy(b.data + n - 2, "\r\n", 2);
		buf_puts(&b, "RSET\r\n");
	}
	return b;
}

static void
test_lim_01_long_lines(void **state)
{
	static const struct {
		size_t n;
		bool end;
		const char *out;
	} sizes[] = {
		{ SMTP_LINE_MAX + 1, true, "LONG OK(RSET) " },
		{ 4096, true, "LONG OK(RSET) " },
		{ SMTP_LINE_SWALLOW, true, "LONG OK(RSET) " },
		{ SMTP_LINE_SWALLOW + 2, true, "FLOOD " },
		{ 5000000, false, "FLOOD " },
		{ 4096, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(sizes); i++) {
		struct buf b = long_line(sizes[i].n, sizes[i].end);

		expect("long", buf_str(&b), 0, b.len, sizes[i].out);
		expect("long", buf_str(&b), 0, 1000, sizes[i].out);
		expect("long", buf_str(&b), 1, b.len, sizes[i].out);
		buf_fini(&b);
	}
}

static void
test_longest_line_that_is_good(void **state)
{
	struct buf b = long_line(SMTP_LINE_MAX, true);

	(void)state;
	for (size_t step = 1; step <= b.len; step = step * 2 + 1) {
		struct buf out;

		buf_init(&out, 1 << 20);
		run(buf_str(&b), 0, step, &out);
		assert_true(strncmp(out.data, "OK(xxx", 6) == 0);
		assert_non_null(strstr(out.data, "OK(RSET)"));
		buf_fini(&out);
	}
	buf_fini(&b);
}

/* A line that is dropped costs no memory, one that is whole no copy. */
static void
test_lim_01_memory(void **state)
{
	struct str piece = STR("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), in, text;
	struct line l;
	size_t most = 0;

	(void)state;
	line_init(&l);
	for (int i = 0; i < 2000; i++) {
		in = piece;
		line_feed(&l, &in, &text);
		if (l.text.cap > most)
			most = l.text.cap;
	}
	assert_int_equal(l.text.cap, 0);
	assert_true(most <= 2 * SMTP_LINE_MAX);
	line_reset(&l);
	in = STR("NOOP\r\n");
	assert_int_equal(line_feed(&l, &in, &text), LINE_OK);
	assert_int_equal(l.text.cap, 0);
	line_fini(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_cut_anywhere),
		cmocka_unit_test(test_lim_01_long_lines),
		cmocka_unit_test(test_longest_line_that_is_good),
		cmocka_unit_test(test_lim_01_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
