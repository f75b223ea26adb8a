/*
 * test_prefilter.c - many filters with one pass find what each finds alone
 *
 * Random words in random texts, automaton against search; random expressions
 * as filters, against PCRE2 line by line.
 */
#include "filter/automaton.h"
#include "filter/content.h"
#include "filter/regex.h"
#include "filter_run.h"

#define ROUNDS  200
#define FILTERS 80

static uint32_t random_state = 1122;

static uint32_t
draw(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

/* --- words --- */

static size_t
make_word(char *out, size_t most)
{
	size_t n = 1 + draw((uint32_t)most);

	for (size_t i = 0; i < n; i++)
		out[i] = "abAB\xc3\xa4"[draw(6)];
	return n;
}

static size_t
ends_here(struct str text, size_t at, struct str word, bool nocase)
{
	struct str end = str_sub(text, at + 1 - word.n, word.n);

	return at + 1 >= word.n &&
	       (nocase ? str_eq_nocase(end, word) : str_eq(end, word));
}

static void
check_words(bool nocase, size_t rows, bool skip)
{
	char words[12][8], text[300];
	size_t sizes[12], n = 1 + draw(12), len = make_word(text, sizeof(text));
	uint32_t at = 0, n_words = 0, of[12];
	struct automaton a;
	struct arena mem;

	arena_init(&mem, 1 << 20);
	automaton_init(&a, nocase, &mem);
	for (size_t i = 0; i < n; i++) {
		uint32_t *number;

		sizes[i] = make_word(words[i], sizeof(words[i]));
		number = automaton_add(&a, (struct str){ words[i], sizes[i] });
		if (*number == AUTOMATON_NONE)
			*number = n_words++;
		of[i] = *number;
	}
	automaton_end(&a, rows);
	for (size_t i = 0; i < len; i++) {
		uint32_t found = 0, wanted = 0, hit, word;

		/* nothing is lost where it is passed over */
		if (!skip || at != 0 ||
		    i == automaton_skip(&a, (struct str){ text, len }, i))
			at = automaton_step(&a, at, text[i]);
		hit = at;
		while ((word = automaton_word(&a, &hit)) != AUTOMATON_NONE)
			found |= 1u << word;
		for (size_t k = 0; k < n; k++)
			if (ends_here((struct str){ text, len }, i,
				(struct str){ words[k], sizes[k] }, nocase))
				wanted |= 1u << of[k];
		if (found != wanted || (found != 0) != !!(at & AUTOMATON_HIT))
			fail_msg("%.*s at %zu: %x, not %x", (int)len, text, i,
			    found, wanted);
	}
	arena_free(&mem);
}

static void
test_words(void **state)
{
	(void)state;
	for (int i = 0; i < 4000; i++)
		check_words(i % 2,
		    i % 3 == 0   ? 0
		    : i % 3 == 1 ? 200
				 : 1 << 20,
		    i % 5 < 2);
}

/* --- filters --- */

/* the last one is odd: literals say nothing where it is */
static const char *const pieces[] = { "alpha", "beta", "gam", "ma", "Ab", "x",
	"\xe3\x81\x82\xe3\x81\x84", "kilo", "12", "-", "\xe2\x84\xaa" };

static void
make_pattern(char *out, size_t size)
{
	static const char *const forms[] = { "%s", "(?i)%s", "%s|%s", "^%s",
		"%s$", "%s.?%s", "(?i)(?:%s|%s)+", "[ab]%s", "%s\\d+", "\\b%s",
		"%s*", ".%s.", "(?i)k%s", "(?=.*%s)%s", "%s{2}" };

	snprintf(out, size, forms[draw(NELEM(forms))],
	    pieces[draw(NELEM(pieces))], pieces[draw(NELEM(pieces))]);
}

static void
make_text(struct buf *out)
{
	uint32_t n_pieces = NELEM(pieces) - (draw(4) != 0);
	/* long and with little in it: then lines are listed */
	bool is_long = draw(3) == 0;
	unsigned n = is_long ? 3000 : draw(60), rare = is_long ? 40 : 3;

	buf_puts(out, "Content-Type: text/plain; charset=utf-8\n\n");
	for (unsigned i = 0; i < n; i++) {
		if (draw(6) == 0)
			buf_puts(out, "\n");
		else if (draw(rare) == 0)
			buf_puts(out, pieces[draw(n_pieces)]);
		else
			buf_puts(out, "z ");
	}
	buf_puts(out, "\n");
}

/* How often it is there, and what: as if it were alone. */
static uint64_t
search_alone(
    struct eval *e, const char *pattern, struct str text, uint64_t enough)
{
	struct err err = ERR_INIT;
	struct regex *regex = regex_compile(str_of(pattern), 0, &err);
	uint64_t n = 0;

	assert_non_null(regex);
	while (text.n > 0 && n < enough) {
		struct str line = str_cut(&text, '\n'), match;
		size_t at = 0;

		while (n < enough && at <= line.n &&
		       regex_search(regex, line, at, 0, &match) == REGEX_YES) {
			content_matched(e, match);
			n++;
			if (match.n == 0)
				break;
			at = (size_t)(match.p - line.p) + match.n;
		}
	}
	regex_free(&regex);
	return n;
}

static void
make_source(
    struct buf *out, char patterns[FILTERS][100], uint64_t enough[FILTERS])
{
	for (int i = 0; i < FILTERS; i++) {
		make_pattern(patterns[i], sizeof(patterns[i]));
		enough[i] = 1 + draw(3) * draw(3);
		buf_printf(out, "f%d: if (only-body-contains(\"", i);
		for (const char *p = patterns[i]; *p != '\0'; p++)
			buf_printf(out, "%s%c", *p == '\\' ? "\\" : "", *p);
		buf_printf(out, "\", %u)) { tag-message(\"t\"); }\n",
		    (unsigned)enough[i]);
	}
}

static void
check_filters(unsigned *found, unsigned *missed)
{
	char patterns[FILTERS][100];
	uint64_t enough[FILTERS];
	struct buf source, message;
	struct run_world w;
	struct str plain;

	buf_init(&source, 1 << 20);
	buf_init(&message, 1 << 20);
	make_source(&source, patterns, enough);
	make_text(&message);
	run_begin(&w, source.data, message.data);
	plain = str_of(strstr(message.data, "\n\n") + 2);
	for (int i = 0; i < FILTERS; i++) {
		struct work alone = w.work;
		struct eval e = { .w = &alone };
		uint64_t n;

		w.work.tags = NULL;
		w.work.n_tags = 0;
		assert_int_equal(filter_run(w.filters->message[i], &w.work,
				     &w.final, &w.needs),
		    WORK_DONE);
		alone.matched = STR("");
		n = search_alone(&e, patterns[i], plain, enough[i]);
		if ((w.work.n_tags > 0) != (n >= enough[i]) ||
		    !str_eq(w.work.matched, alone.matched))
			fail_msg("\"%s\", %u: %u times, \"%.*s\", not \"%.*s\"",
			    patterns[i], (unsigned)enough[i], (unsigned)n,
			    STR_ARG(w.work.matched), STR_ARG(alone.matched));
		*(n >= enough[i] ? found : missed) += 1;
	}
	run_end(&w);
	buf_fini(&source);
	buf_fini(&message);
}

static void
test_filters(void **state)
{
	unsigned found = 0, missed = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		check_filters(&found, &missed);
	assert_true(found > ROUNDS * FILTERS / 8);
	assert_true(missed > ROUNDS * FILTERS / 8);
}

/* The text of a part is read for all filters together: the arena of these
 * tests has 64 MB, which is not one megabyte for each. */
static void
test_read_once(void **state)
{
	struct buf source, message;
	struct run_world w;

	(void)state;
	buf_init(&source, 1 << 20);
	buf_init(&message, 4 << 20);
	for (int i = 0; i < 200; i++)
		buf_printf(&source,
		    "f%d: if (body-contains(\"alpha %d\")) "
		    "{ tag-message(\"t\"); }\n",
		    i, i);
	buf_puts(&message, "Content-Type: text/html\n\n");
	while (message.len < 1 << 20)
		buf_puts(&message, "<p>nothing &amp; nothing</p>\n");
	run_begin(&w, source.data, message.data);
	for (size_t i = 0; i < w.filters->n_message; i++)
		assert_int_equal(filter_run(w.filters->message[i], &w.work,
				     &w.final, &w.needs),
		    WORK_DONE);
	assert_int_equal(w.work.n_tags, 0);
	run_end(&w);
	buf_fini(&source);
	buf_fini(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
