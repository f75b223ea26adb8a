/* test_wire.c - mail/wire: the stored form, exactly and however it is cut */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/wire.h"

static void run(
    struct str in, bool lf, size_t piece, struct buf *out, struct wire *w);
static void reference(struct str in, struct buf *normal, struct buf *stored);
static bool stored_ok(struct str s, size_t piece, uint32_t *flags);
static uint64_t next_random(void);

/* in and out may hold NUL: sizes come from the literal */
#define CASE(why, in, out, flags)                                              \
	{                                                                      \
		why, { in, sizeof(in) - 1 }, { out, sizeof(out) - 1 }, flags   \
	}
static const struct {
	const char *why;
	struct str in, out;
	uint32_t flags;
} cases[] = {
	CASE("nothing", "", "", 0),
	CASE("a line", "a\r\n", "a\r\n", 0),
	CASE("no line end", "a", "a\r\n", WIRE_NO_EOL),
	CASE("leading dot", ".a\r\n", "..a\r\n", WIRE_DOTS),
	CASE("dot inside", "a.b\r\n.\r\n", "a.b\r\n..\r\n", WIRE_DOTS),
	CASE("header 8-bit", "S: \xe4\r\n\r\nx\r\n", "S: \xe4\r\n\r\nx\r\n",
	    WIRE_8BIT_HDR),
	CASE("body 8-bit", "S: a\r\n\r\n\xe4\r\n", "S: a\r\n\r\n\xe4\r\n",
	    WIRE_8BIT),
	CASE("SMG-01 LF.LF", "a\n.\nb\r\n", "a\r\n..\r\nb\r\n",
	    WIRE_BARE_LF | WIRE_DOTS),
	CASE("SMG-01 LF.CRLF", "a\n.\r\n", "a\r\n..\r\n",
	    WIRE_BARE_LF | WIRE_DOTS),
	CASE("SMG-01 LF.CR", "a\n.\rb\r\n", "a\r\n..\r\nb\r\n",
	    WIRE_BARE_LF | WIRE_BARE_CR | WIRE_DOTS),
	CASE("SMG-01 CR.CR", "a\r.\rb\r\n", "a\r\n..\r\nb\r\n",
	    WIRE_BARE_CR | WIRE_DOTS),
	CASE("SMG-01 CR.LF", "a\r.\nb\r\n", "a\r\n..\r\nb\r\n",
	    WIRE_BARE_CR | WIRE_BARE_LF | WIRE_DOTS),
	CASE("SMG-01 CR.CRLF", "a\r.\r\n", "a\r\n..\r\n",
	    WIRE_BARE_CR | WIRE_DOTS),
	CASE("SMG-01 CRLF.LF", "a\r\n.\nb\r\n", "a\r\n..\r\nb\r\n",
	    WIRE_BARE_LF | WIRE_DOTS),
	CASE("SMG-01 CRLF.CR", "a\r\n.\rb\r\n", "a\r\n..\r\nb\r\n",
	    WIRE_BARE_CR | WIRE_DOTS),
	CASE("SMG-01 CRLF.CRCRLF", "a\r\n.\r\r\n", "a\r\n..\r\n\r\n",
	    WIRE_BARE_CR | WIRE_DOTS),
	CASE("SMG-01 CRCRLF.CRCRLF", "a\r\r\n.\r\r\n", "a\r\n\r\n..\r\n\r\n",
	    WIRE_BARE_CR | WIRE_DOTS),
	CASE("SMG-01 CRLF NUL . CRLF", "a\r\n\0.\r\n", "a\r\n..\r\n",
	    WIRE_NUL | WIRE_DOTS),
	CASE("SMG-01 CRLF . NUL CRLF", "a\r\n.\0\r\n", "a\r\n..\r\n",
	    WIRE_NUL | WIRE_DOTS),
	CASE("SMG-01 CRLF SP . CRLF", "a\r\n .\r\n", "a\r\n .\r\n", 0),
	CASE("SMG-01 CRLF . SP CRLF", "a\r\n. \r\n", "a\r\n.. \r\n", WIRE_DOTS),
	CASE("SMG-01 LF NUL . CRLF", "a\n\0.\r\n", "a\r\n..\r\n",
	    WIRE_BARE_LF | WIRE_NUL | WIRE_DOTS),
	CASE("SMG-02 cleaning makes CRLF.CRLF", "a\n.\nb", "a\r\n..\r\nb\r\n",
	    WIRE_BARE_LF | WIRE_DOTS | WIRE_NO_EOL),
	CASE("SMG-04 NUL in header", "X: a\0b\r\n\r\n", "X: ab\r\n\r\n",
	    WIRE_NUL),
	CASE("SMG-04 NUL between CR and LF", "a\r\0\nb\r\n", "a\r\nb\r\n",
	    WIRE_NUL),
	CASE("SMG-04 only NULs", "\0\0\0", "", WIRE_NUL),
	CASE("SMG-12 lone CR hides a header", "X: a\rBcc: b\r\n",
	    "X: a\r\nBcc: b\r\n", WIRE_BARE_CR),
	CASE("CR at the end", "a\r", "a\r\n", WIRE_BARE_CR),
	CASE("only CR", "\r", "\r\n", WIRE_BARE_CR),
	CASE("only LF", "\n", "\r\n", WIRE_BARE_LF),
	CASE("empty line made of lone CRs starts the body", "a: b\r\r\xe4\r\n",
	    "a: b\r\n\r\n\xe4\r\n", WIRE_BARE_CR | WIRE_8BIT),
	CASE("two dots", "..\r\n", "...\r\n", WIRE_DOTS),
};

static void
test_smg_01_to_12_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		for (size_t piece = 0; piece <= cases[i].in.n; piece++) {
			struct buf out;
			struct wire w;

			buf_init(&out, 1 << 20);
			run(cases[i].in, false, piece, &out, &w);
			if (!str_eq(buf_str(&out), cases[i].out) ||
			    w.flags != cases[i].flags || w.size != out.len)
				fail_msg("%s, pieces of %zu: flags %#x",
				    cases[i].why, piece, w.flags);
			buf_fini(&out);
		}
	}
}

static void
test_lines_that_end_in_lf(void **state)
{
	struct buf out;
	struct wire w;

	(void)state;
	buf_init(&out, 1000);
	run(STR("A: b\n\n.\nx\r\ny"), true, 0, &out, &w);
	assert_string_equal(out.data, "A: b\r\n\r\n..\r\nx\r\ny\r\n");
	assert_int_equal(w.flags, WIRE_DOTS | WIRE_NO_EOL);
	assert_true(w.in_body);
	buf_fini(&out);
}

/* Every text of up to five of these bytes, whole and cut at every place. */
static void
test_smg_03_every_cut_of_every_text(void **state)
{
	static const char bytes[] = "a.\r\n\0\xe4";
	const size_t k = 6;

	(void)state;
	for (size_t n = 0, count = 1; n <= 5; n++, count *= k) {
		for (size_t c = 0; c < count; c++) {
			char text[8];
			struct buf normal, want, got;
			struct wire w;

			for (size_t i = 0, v = c; i < n; i++, v /= k)
				text[i] = bytes[v % k];
			buf_init(&normal, 100);
			buf_init(&want, 100);
			buf_init(&got, 100);
			reference((struct str){ text, n }, &normal, &want);
			for (size_t piece = 0; piece <= n; piece++) {
				buf_reset(&got);
				run((struct str){ text, n }, false, piece, &got,
				    &w);
				if (!str_eq(buf_str(&got), buf_str(&want)))
					fail_msg("n %zu c %zu piece %zu", n, c,
					    piece);
			}
			buf_fini(&normal);
			buf_fini(&want);
			buf_fini(&got);
		}
	}
}

static void
test_smg_11_unstuff_of_write_is_normalise(void **state)
{
	static const char bytes[] = "abcdefghijklmnop..\r\n\r\n\r\n\0\xe4";

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char text[400];
		size_t n = next_random() % sizeof(text);
		struct buf normal, want, got, back;
		struct wire w;
		uint32_t flags;

		for (size_t i = 0; i < n; i++)
			text[i] = bytes[next_random() % (sizeof(bytes) - 1)];
		buf_init(&normal, 4000);
		buf_init(&want, 4000);
		buf_init(&got, 4000);
		buf_init(&back, 4000);
		reference((struct str){ text, n }, &normal, &want);
		run((struct str){ text, n }, false, next_random() % 50, &got,
		    &w);
		wire_unstuff(buf_str(&got), &back);
		if (!str_eq(buf_str(&got), buf_str(&want)) ||
		    !str_eq(buf_str(&back), buf_str(&normal)))
			fail_msg("round %d", round);
		if (!stored_ok(buf_str(&got), next_random() % 9, &flags) ||
		    flags !=
			(w.flags & (WIRE_8BIT | WIRE_8BIT_HDR | WIRE_DOTS)))
			fail_msg("round %d: wire_check", round);
		buf_fini(&normal);
		buf_fini(&want);
		buf_fini(&got);
		buf_fini(&back);
	}
}

static void
test_check_refuses(void **state)
{
	static const struct {
		const char *why;
		struct str in;
		bool ok;
	} table[] = {
		{ "empty", STR(""), true },
		{ "lines", STR("a: b\r\n\r\n..\r\n"), true },
		{ "end of data inside", STR("a\r\n.\r\nb\r\n"), false },
		{ "single dot before text", STR("a\r\n.b\r\n"), false },
		{ "dot at the start", STR(".\r\n"), false },
		{ "lone LF", STR("a\nb\r\n"), false },
		{ "lone CR", STR("a\rb\r\n"), false },
		{ "CR CR LF", STR("a\r\r\n"), false },
		{ "NUL", STR("a\0b\r\n"), false },
		{ "NUL at a line start", STR("\0\r\n"), false },
		{ "LF first", STR("\n"), false },
		{ "no line end", STR("a"), false },
		{ "half a line end", STR("a\r"), false },
		{ "ends in a dot", STR("a\r\n."), false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		for (size_t piece = 0; piece <= table[i].in.n; piece++) {
			uint32_t flags;

			if (stored_ok(table[i].in, piece, &flags) !=
			    table[i].ok)
				fail_msg(
				    "%s, pieces of %zu", table[i].why, piece);
		}
	}
}

static void
test_full_buffer_is_reported(void **state)
{
	struct buf out;
	struct wire w;

	(void)state;
	buf_init(&out, 4);
	wire_begin(&w, false);
	assert_false(wire_write(&w, STR("abcdefgh"), &out));
	buf_fini(&out);
}

/* piece 0: all at once */
static void
run(struct str in, bool lf, size_t piece, struct buf *out, struct wire *w)
{
	size_t step = piece == 0 ? in.n : piece;

	wire_begin(w, lf);
	for (size_t i = 0; i < in.n; i += step) {
		if (!wire_write(w, str_sub(in, i, step), out))
			fail_msg("buffer too small");
	}
	assert_true(wire_end(w, out));
}

/* The definition, byte by byte: NULs go, lines end in CRLF, dots double. */
static void
reference(struct str in, struct buf *normal, struct buf *stored)
{
	char text[512];
	size_t n = 0;
	bool bol = true;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '\0')
			text[n++] = in.p[i];
	}
	for (size_t i = 0; i < n; i++) {
		bool end = text[i] == '\r' || text[i] == '\n';

		if (bol && text[i] == '.')
			buf_putc(stored, '.');
		bol = end;
		if (!end) {
			buf_putc(normal, text[i]);
			buf_putc(stored, text[i]);
			continue;
		}
		buf_puts(normal, "\r\n");
		buf_puts(stored, "\r\n");
		if (text[i] == '\r' && i + 1 < n && text[i + 1] == '\n')
			i++;
	}
	if (!bol) {
		buf_puts(normal, "\r\n");
		buf_puts(stored, "\r\n");
	}
}

static bool
stored_ok(struct str s, size_t piece, uint32_t *flags)
{
	struct wire_check c = { 0 };
	size_t step = piece == 0 ? s.n : piece;
	bool ok = true;

	for (size_t i = 0; i < s.n && ok; i += step)
		ok = wire_check(&c, str_sub(s, i, step), false);
	ok = ok && wire_check(&c, STR(""), true);
	*flags = c.flags;
	return ok;
}

/* Always the same numbers: xorshift. */
static uint64_t
next_random(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Against a plain loop: all lengths that begin and end anywhere in a block. */
static void
test_find_dot(void **state)
{
	char text[64];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = "\n.\rxxxxx"[next_random() % 8];
		for (size_t n = 0; n <= sizeof(text); n++) {
			size_t want = 0;

			while (want + 1 < n &&
			       (text[want] != '\n' || text[want + 1] != '.'))
				want++;
			if (want + 1 >= n)
				want = n;
			if (wire_find_dot(text, n) != want)
				fail_msg("round %d, %zu bytes: %zu, not %zu",
				    round, n, wire_find_dot(text, n), want);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smg_01_to_12_cases),
		cmocka_unit_test(test_lines_that_end_in_lf),
		cmocka_unit_test(test_smg_03_every_cut_of_every_text),
		cmocka_unit_test(test_smg_11_unstuff_of_write_is_normalise),
		cmocka_unit_test(test_check_refuses),
		cmocka_unit_test(test_find_dot),
		cmocka_unit_test(test_full_buffer_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
