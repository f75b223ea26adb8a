/*
 * test_filter_literals.c - what a text must contain for an expression to match
 *
 * A table of what is found in expressions; and random expressions on random
 * texts, which PCRE2 decides: where it finds a match, a literal is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "filter/literals.h"
#include "filter/regex.h"

#define ROUNDS 100000
#define TEXTS  20

static const struct {
	const char *pattern, *literals; /* with "|" between them */
} cases[] = {
	{ "casino", "casino" },
	{ "CaSiNo", "casino" },
	{ "(?i)casino", "casino" },
	{ "a.bcd", "bcd" },
	{ "abc?", "ab" },
	{ "abc*d", "ab" },
	{ "abc+d", "abc" },
	{ "abc{2}d", "abc" },
	{ "abc{0,2}d", "ab" },
	{ "(abc){0}de", "de" },
	{ "(abc)+d", "abc" },
	{ "(abc)?de", "de" },
	{ "abc|de", "abc|de" },
	{ "abc|d", "" },
	{ "abc|", "" },
	{ "(?:abc|de)x?fgh", "fgh" },
	{ "(?:abc|def)g", "abc|def" },
	{ "x\\.example\\.com$", "x.example.com" },
	{ "[.]example[.]com", ".example.com" },
	{ "[ab]cd", "cd" },
	{ "[]ab]cd", "cd" },
	{ "[^]ab]cd", "cd" },
	{ "[[:alpha:]]cd", "cd" },
	{ "[a\\]b]cd", "cd" },
	{ "\\d\\d-ab", "-ab" },
	{ "\\bfoo\\b", "foo" },
	{ "\\x41bcd", "bcd" },
	{ "\\x{3042}bcd", "bcd" },
	{ "\\p{Han}bcd", "bcd" },
	{ "\\pLbcd", "bcd" },
	{ "(?=foo)..bar", "foo" },
	{ "(?!foo)..ba", "ba" },
	{ "(?<!\\w)(?:secret)(?!\\w)", "secret" },
	{ "(?<=ab)cde", "cde" },
	{ "(?<name>abc)\\1", "abc" },
	{ "(?P<name>abc)", "abc" },
	{ "(?>abc)", "abc" },
	{ "(?|abc|def)", "abc|def" },
	{ "a(?i)bc", "bc" },
	{ "(?i:\xc3\xa4"
	  "bc)",
	    "bc" },
	{ "\xc3\xa4"
	  "bc",
	    "\xc3\xa4"
	    "bc" },
	{ "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnop" },
	{ "a", "" },
	{ ".*", "" },
	{ "", "" },
	/* given up */
	{ "(*UTF)abc", "" },
	{ "(?x)a b c", "" },
	{ "\\Qabc\\E", "" },
	{ "(?(?=a)abc|def)", "" },
	{ "(?1)(abc)", "" },
	{ "(?R)?abc", "" },
	{ "abc(*ACCEPT)def", "" },
	{ "[\\Qa]\\E]bcd", "" },
	{ "abc(?#def)", "" },
	{ "abc{,2}", "" },
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct literals l;
		struct arena mem;
		char all[200] = "";

		arena_init(&mem, 1 << 20);
		literals_of(str_of(cases[i].pattern), 0, &l, &mem);
		for (size_t k = 0; k < l.n; k++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all),
			    "%s%.*s", k > 0 ? "|" : "", STR_ARG(l.v[k]));
		if (strcmp(all, cases[i].literals) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", cases[i].pattern,
			    all, cases[i].literals);
		arena_free(&mem);
	}
}

/* --- random --- */

static uint32_t random_state = 20261122;

static uint32_t
draw(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

static const char *const chars[] = { "a", "b", "c", "k", "s", "A", "S", "K",
	"-", "1", "\xc3\xa4", "\xc5\xbf", "\xe2\x84\xaa", "\xe3\x81\x82" };

static void
add_chars(struct buf *out, unsigned most)
{
	for (unsigned n = 1 + draw(most); n > 0; n--)
		buf_puts(out, chars[draw(NELEM(chars))]);
}

static void add_pattern(struct buf *, unsigned depth);

static void
add_atom(struct buf *out, unsigned depth)
{
	static const char *const others[] = { ".", "\\d", "\\w", "\\b", "\\s",
		"[abc]", "[^ab]", "[k]", "[.]", "[]a]", "[[:alpha:]s]", "^",
		"$", "\\x61", "\\x{6b}", "\\p{L}", "\\.", "\\-", "(?i)",
		"(?-i)", "(?s)", "\\K", "\\1", "\\R", "\\X", "]", "}", "\\Qab",
		"\\E", "(?#ab)", "(*FAIL)", "{2}" };
	static const char *const groups[] = { "(", "(?:", "(?=", "(?!",
		"(?<=", "(?<!", "(?>", "(?|", "(?<n>",
		"(?i:", "(?-i:", "(?x:" };

	if (depth > 0 && draw(4) == 0) {
		buf_puts(out, groups[draw(NELEM(groups))]);
		add_pattern(out, depth - 1);
		buf_puts(out, ")");
	} else if (draw(6) == 0) {
		buf_puts(out, others[draw(NELEM(others))]);
	} else {
		add_chars(out, 3);
	}
}

static void
add_pattern(struct buf *out, unsigned depth)
{
	static const char *const counts[] = { "?", "*", "+", "{0}", "{1,2}",
		"{2}", "{0,1}", "??", "++", "*+", "{,1}", "{2,}?" };

	do {
		for (unsigned n = draw(4); n > 0; n--) {
			add_atom(out, depth);
			if (draw(4) == 0)
				buf_puts(out, counts[draw(NELEM(counts))]);
		}
	} while (draw(5) == 0 && buf_puts(out, "|"));
}

static bool
has_one(struct str text, const struct literals *l)
{
	char lower[400];

	assert_true(str_copy(lower, sizeof(lower), text));
	str_lower(lower);
	for (size_t i = 0; i < l->n; i++)
		if (memmem(lower, text.n, l->v[i].p, l->v[i].n) != NULL)
			return true;
	return false;
}

/* Texts that are like the pattern: pieces of it, and others. */
static void
make_text(struct buf *out, struct str pattern)
{
	buf_reset(out);
	for (unsigned n = draw(6); n > 0; n--) {
		if (pattern.n > 0 && draw(2) == 0) {
			size_t from = draw((uint32_t)pattern.n);

			buf_add_str(out, str_sub(pattern, from, 1 + draw(6)));
		} else {
			add_chars(out, 3);
		}
	}
}

static void
check_one(
    struct buf *pattern, struct buf *text, unsigned *matched, unsigned *known)
{
	unsigned flags = draw(3) == 0 ? REGEX_NOCASE : 0;
	struct err err = ERR_INIT;
	struct literals l;
	struct regex *regex;
	struct arena mem;
	struct str found;

	if (draw(8) == 0)
		flags |= REGEX_BYTES;
	regex = regex_compile(buf_str(pattern), flags, &err);
	if (regex == NULL)
		return;
	arena_init(&mem, 1 << 20);
	literals_of(buf_str(pattern), flags, &l, &mem);
	*known += l.n > 0;
	for (int i = 0; i < TEXTS && l.n > 0; i++) {
		make_text(text, buf_str(pattern));
		if (regex_search(regex, buf_str(text), 0, 0, &found) !=
			REGEX_YES ||
		    literals_odd(buf_str(text)))
			continue;
		(*matched)++;
		if (!has_one(buf_str(text), &l))
			fail_msg("\"%.*s\" (flags %u) matches \"%.*s\", which "
				 "has not \"%.*s\"",
			    STR_ARG(buf_str(pattern)), flags,
			    STR_ARG(buf_str(text)), STR_ARG(l.v[0]));
	}
	arena_free(&mem);
	regex_free(&regex);
}

static void
test_random(void **state)
{
	unsigned matched = 0, known = 0;
	struct buf pattern, text;

	(void)state;
	buf_init(&pattern, 100000);
	buf_init(&text, 100000);
	for (int i = 0; i < ROUNDS; i++) {
		buf_reset(&pattern);
		add_pattern(&pattern, 3);
		if (pattern.len < 60)
			check_one(&pattern, &text, &matched, &known);
	}
	buf_fini(&pattern);
	buf_fini(&text);
	/* it was about something */
	assert_true(known > ROUNDS / 10 && matched > ROUNDS / 10);
}

/* What PCRE2 takes for a letter of ASCII when it ignores case: if that ever
 * becomes more, literals_odd() must know. */
static void
test_odd_characters(void **state)
{
	(void)state;
	for (char c = 'a'; c <= 'z'; c++) {
		struct err err = ERR_INIT;
		struct regex *regex =
		    regex_compile((struct str){ &c, 1 }, REGEX_NOCASE, &err);

		assert_non_null(regex);
		for (uint32_t code = 0x80; code < 0x110000; code++) {
			char bytes[4];
			struct str text = { bytes, 0 }, found;

			if (code >= 0xd800 && code < 0xe000)
				continue;
			text.n = str_utf8_put(code, bytes);
			if (regex_search(regex, text, 0, REGEX_VALID, &found) ==
				REGEX_YES &&
			    !literals_odd(text))
				fail_msg("%c is U+%04X", c, code);
		}
		regex_free(&regex);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_odd_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
