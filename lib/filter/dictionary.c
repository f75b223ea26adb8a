/*
 * dictionary.c - content dictionaries: many terms, one pass
 */
#include "filter/dictionary.h"

#include <string.h>

#include "config/config.h"
#include "filter/automaton.h"
#include "filter/content.h"
#include "filter/regex.h"
#include "filter/texts.h"

#define ROWS_MAX ((size_t)256 << 10) /* bytes, of one dictionary */

struct word {
	struct str text;
	uint32_t weight;
};
struct term { /* an expression or a smart identifier */
	const struct filter_regex *regex;
	enum smart_id smart;
	uint32_t weight;
};
struct words {
	struct automaton automaton;
	struct word *words;
	struct term *terms;
	uint32_t n_words, n_terms;
	bool whole;
};

static const struct words *compile(
    const struct dictionary *, struct source *, struct filter_regex **);
static bool is_literal(struct str term, bool nocase);
static void add_word(struct words *, struct str term, uint32_t weight);
static const struct filter_regex *compile_term(const struct dictionary *,
    const struct dictionary_term *, struct source *, struct filter_regex **);
static uint64_t find_words(
    struct eval *, const struct words *, struct str text, uint64_t enough);
static bool is_whole(struct str text, size_t from, size_t to);

const struct words *const *
words_compile(
    const struct config *cf, struct source *src, struct filter_regex **regexes)
{
	size_t n = cf->work.n_dictionaries;
	const struct words **v = arena_array(src->mem, n + 1, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = compile(&cf->work.dictionaries[i], src, regexes);
	return v;
}

uint64_t
dictionary_score(struct eval *e, const struct dictionary *d, struct str text,
    unsigned flags, uint64_t enough)
{
	const struct config *cf = e->w->origin->config;
	const struct words *w;
	uint64_t score;
	struct str match;

	if (d == NULL || cf->filters == NULL)
		return 0;
	w = cf->filters->words[d - cf->work.dictionaries];
	score = find_words(e, w, text, enough);
	for (uint32_t i = 0; i < w->n_terms && score < enough; i++) {
		const struct term *t = &w->terms[i];
		size_t at = 0;

		while (at <= text.n && score < enough &&
		       (t->smart != SMART_NONE
			       ? smart_search(t->smart, text, at, &match)
			       : eval_search_as(e, t->regex->regex, text, at,
				     flags, &match))) {
			content_matched(e, match);
			score += t->weight;
			if (match.n == 0)
				break;
			at = (size_t)(match.p - text.p) + match.n;
		}
	}
	return score;
}

bool
dictionary_finds(struct eval *e, const struct dictionary *d, struct str text)
{
	const struct hits *h = texts_hits(e->w, text);
	const struct dictionary *all = e->w->origin->config->work.dictionaries;

	eval_saw(e, text);
	if (d == NULL || (!h->odd && !hits_may(h, (uint32_t)(d - all))))
		return false;
	return dictionary_score(e, d, text, h->utf8 ? REGEX_VALID : 0, 1) > 0;
}

/* --- compiling --- */

static const struct words *
compile(const struct dictionary *d, struct source *src,
    struct filter_regex **regexes)
{
	struct words *w = arena_alloc(src->mem, sizeof(*w));

	*w = (struct words){ .whole = d->whole_words };
	automaton_init(&w->automaton, d->ignore_case, src->mem);
	w->words = arena_array(src->mem, d->n_terms + 1, sizeof(*w->words));
	w->terms = arena_array(src->mem, d->n_terms + 1, sizeof(*w->terms));
	for (size_t i = 0; i < d->n_terms; i++) {
		const struct dictionary_term *t = &d->terms[i];

		if (t->smart == SMART_NONE &&
		    is_literal(t->text, d->ignore_case))
			add_word(w, t->text, t->weight);
		else
			w->terms[w->n_terms++] = (struct term){
				.smart = t->smart,
				.weight = t->weight,
				.regex = t->smart != SMART_NONE
					     ? NULL
					     : compile_term(d, t, src, regexes)
			};
		/* refused: it was reported */
		if (w->n_terms > 0 && w->terms[w->n_terms - 1].regex == NULL &&
		    w->terms[w->n_terms - 1].smart == SMART_NONE)
			w->n_terms--;
	}
	automaton_end(&w->automaton, ROWS_MAX);
	return w;
}

/* Nothing in it means more than itself. What is not ASCII has cases that only
 * the expressions know. */
static bool
is_literal(struct str term, bool nocase)
{
	bool plain = true, domain = true, ascii = true;

	for (size_t i = 0; i < term.n; i++) {
		char c = term.p[i];
		bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			    (c >= 'A' && c <= 'Z') || c == '-';

		if (c == '@' && ascii)
			return term.n > 1;
		ascii &= (unsigned char)c < 0x80;
		plain &= strchr("\\^$.|?*+()[]{}", c) == NULL;
		domain &= word || c == '.';
	}
	return term.n > 0 && (plain || domain) && (ascii || !nocase);
}

/* The same word twice: the heavier one. */
static void
add_word(struct words *w, struct str term, uint32_t weight)
{
	uint32_t *number = automaton_add(&w->automaton, term);

	if (*number == AUTOMATON_NONE) {
		*number = w->n_words;
		w->words[w->n_words++] = (struct word){ term, weight };
	} else if (w->words[*number].weight < weight) {
		w->words[*number].weight = weight;
	}
}

static const struct filter_regex *
compile_term(const struct dictionary *d, const struct dictionary_term *t,
    struct source *src, struct filter_regex **regexes)
{
	struct str pattern = t->text;
	unsigned flags = d->ignore_case ? REGEX_NOCASE : 0;
	struct regex *regex;
	struct err err = ERR_INIT;

	if (d->whole_words)
		pattern = str_of(arena_printf(src->mem,
		    "(?<!\\w)(?:%.*s)(?!\\w)", (int)pattern.n, pattern.p));
	regex = regex_compile(pattern, flags, &err);
	if (regex == NULL) {
		source_problem(src, PROBLEM_NAME, (struct spot){ t->line, 1 },
		    "dictionary %.*s, line %d: %s", (int)d->name.n, d->name.p,
		    t->line, err.text);
		return NULL;
	}
	return prefilter_keep(regexes, regex, pattern, flags, true, src->mem);
}

void
words_literals(const struct words *w, struct prefilter *p, uint32_t pattern)
{
	for (uint32_t i = 0; i < w->n_terms; i++) {
		const struct filter_regex *r = w->terms[i].regex;

		if (r != NULL && r->n_literals > 0)
			continue;
		prefilter_always(p, pattern);
		return;
	}
	for (uint32_t i = 0; i < w->n_words; i++)
		prefilter_add(p, pattern, w->words[i].text);
	for (uint32_t i = 0; i < w->n_terms; i++)
		for (size_t k = 0; k < w->terms[i].regex->n_literals; k++)
			prefilter_add(
			    p, pattern, w->terms[i].regex->literals[k]);
}

/* --- searching --- */

/* Matches of one word do not overlap; those of different words may. */
static uint64_t
find_words(
    struct eval *e, const struct words *w, struct str text, uint64_t enough)
{
	uint32_t *ends = NULL; /* of each word, where it was found last */
	uint64_t score = 0;
	uint32_t at = 0;

	for (size_t i = 0; i < text.n && score < enough; i++) {
		uint32_t hit, k;

		if (at == 0)
			i = automaton_skip(&w->automaton, text, i);
		at = automaton_step(&w->automaton, at, text.p[i]);
		if (!(at & AUTOMATON_HIT))
			continue;
		hit = at;
		while ((k = automaton_word(&w->automaton, &hit)) !=
		       AUTOMATON_NONE) {
			size_t from = i + 1 - w->words[k].text.n;

			if (w->whole && !is_whole(text, from, i + 1))
				continue;
			if (ends == NULL)
				ends = arena_array(
				    e->w->mem, w->n_words, sizeof(*ends));
			if (from < ends[k])
				continue;
			ends[k] = (uint32_t)(i + 1);
			content_matched(e, str_sub(text, from, i + 1 - from));
			score += w->words[k].weight;
		}
	}
	return score;
}

static inline bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool
is_whole(struct str text, size_t from, size_t to)
{
	return (from == 0 || !is_word(text.p[from - 1])) &&
	       (to == text.n || !is_word(text.p[to]));
}
