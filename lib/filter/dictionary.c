/*
 * dictionary.c - content dictionaries: many terms, one pass
 */
#include "filter/dictionary.h"

#include <string.h>

#include "config/config.h"
#include "filter/content.h"
#include "filter/regex.h"

#define NONE UINT32_MAX

/* A state of the automaton: what was read so far is the beginning of a word.
 * fail: the longest end of it that is one, too. */
struct node {
	uint32_t child, next; /* first child, sibling; NONE */
	uint32_t fail;
	uint32_t word;    /* index of the word that ends here; NONE */
	uint32_t shorter; /* nearest fail that ends a word; NONE */
	uint32_t depth;
	unsigned char c;
};
struct word {
	uint32_t weight;
	uint32_t length;
};
struct term { /* an expression or a smart identifier */
	const struct regex *regex;
	enum smart_id smart;
	uint32_t weight;
};
struct words {
	struct node *nodes; /* [0]: nothing read */
	uint32_t n_nodes, cap;
	uint32_t first[256]; /* children of the root */
	struct word *words;
	struct term *terms;
	uint32_t n_words, n_terms;
	bool nocase, whole;
	struct arena *mem;
};

static const struct words *compile(
    const struct dictionary *, struct source *, struct filter_regex **);
static bool is_literal(struct str term, bool nocase);
static void add_word(struct words *, struct str term, uint32_t weight);
static uint32_t child_of(const struct words *, uint32_t node, unsigned char c);
static uint32_t add_child(struct words *, uint32_t node, unsigned char c);
static void link_fails(struct words *);
static const struct regex *compile_term(const struct dictionary *,
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
    uint64_t enough)
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
			       : eval_search(e, t->regex, text, at, &match))) {
			content_matched(e, match);
			score += t->weight;
			if (match.n == 0)
				break;
			at = (size_t)(match.p - text.p) + match.n;
		}
	}
	return score;
}

/* --- compiling --- */

static const struct words *
compile(const struct dictionary *d, struct source *src,
    struct filter_regex **regexes)
{
	struct words *w = arena_alloc(src->mem, sizeof(*w));

	*w = (struct words){ .mem = src->mem,
		.nocase = d->ignore_case,
		.whole = d->whole_words,
		.cap = 64,
		.n_nodes = 1 };
	w->nodes = arena_array(src->mem, w->cap, sizeof(*w->nodes));
	w->nodes[0] = (struct node){ NONE, NONE, 0, NONE, NONE, 0, 0 };
	w->words = arena_array(src->mem, d->n_terms + 1, sizeof(*w->words));
	w->terms = arena_array(src->mem, d->n_terms + 1, sizeof(*w->terms));
	for (size_t i = 0; i < d->n_terms; i++) {
		const struct dictionary_term *t = &d->terms[i];

		if (t->smart == SMART_NONE && is_literal(t->text, w->nocase))
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
	link_fails(w);
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

static inline unsigned char
fold(const struct words *w, char c)
{
	return w->nocase && c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32)
						 : (unsigned char)c;
}

/* The same word twice: the heavier one. */
static void
add_word(struct words *w, struct str term, uint32_t weight)
{
	uint32_t at = 0, next;

	for (size_t i = 0; i < term.n; i++) {
		unsigned char c = fold(w, term.p[i]);

		next = child_of(w, at, c);
		at = next != NONE ? next : add_child(w, at, c);
	}
	if (w->nodes[at].word == NONE) {
		w->nodes[at].word = w->n_words;
		w->words[w->n_words++] =
		    (struct word){ weight, (uint32_t)term.n };
	} else if (w->words[w->nodes[at].word].weight < weight) {
		w->words[w->nodes[at].word].weight = weight;
	}
}

static uint32_t
child_of(const struct words *w, uint32_t node, unsigned char c)
{
	uint32_t i = w->nodes[node].child;

	while (i != NONE && w->nodes[i].c != c)
		i = w->nodes[i].next;
	return i;
}

static uint32_t
add_child(struct words *w, uint32_t node, unsigned char c)
{
	uint32_t i = w->n_nodes;

	if (i == w->cap) {
		struct node *more =
		    arena_array(w->mem, 2 * (size_t)w->cap, sizeof(*more));

		memcpy(more, w->nodes, w->cap * sizeof(*more));
		w->nodes = more;
		w->cap *= 2;
	}
	w->nodes[i] = (struct node){ .child = NONE,
		.next = w->nodes[node].child,
		.word = NONE,
		.shorter = NONE,
		.depth = w->nodes[node].depth + 1,
		.c = c };
	w->nodes[node].child = i;
	w->n_nodes++;
	return i;
}

/* In order of depth, so that the fails of shorter ones are there. */
static void
link_fails(struct words *w)
{
	uint32_t *queue = arena_array(w->mem, w->n_nodes, sizeof(*queue));
	uint32_t head = 0, tail = 1;

	for (unsigned c = 0; c < 256; c++)
		w->first[c] = child_of(w, 0, (unsigned char)c);
	for (queue[0] = 0; head < tail; head++) {
		uint32_t at = queue[head];

		for (uint32_t i = w->nodes[at].child; i != NONE;
		     i = w->nodes[i].next) {
			uint32_t f = w->nodes[at].fail, to = NONE;

			while (at != 0 && to == NONE) {
				to = child_of(w, f, w->nodes[i].c);
				if (to == NONE && f == 0)
					break;
				f = w->nodes[f].fail;
			}
			to = to == NONE ? 0 : to;
			w->nodes[i].fail = to;
			w->nodes[i].shorter = w->nodes[to].word != NONE
						  ? to
						  : w->nodes[to].shorter;
			queue[tail++] = i;
		}
	}
}

static const struct regex *
compile_term(const struct dictionary *d, const struct dictionary_term *t,
    struct source *src, struct filter_regex **regexes)
{
	struct str pattern = t->text;
	struct filter_regex *owned;
	struct regex *regex;
	struct err err = ERR_INIT;

	if (d->whole_words)
		pattern = str_of(arena_printf(src->mem,
		    "(?<!\\w)(?:%.*s)(?!\\w)", (int)pattern.n, pattern.p));
	regex = regex_compile(pattern, d->ignore_case ? REGEX_NOCASE : 0, &err);
	if (regex == NULL) {
		source_problem(src, PROBLEM_NAME, (struct spot){ t->line, 1 },
		    "dictionary %.*s, line %d: %s", (int)d->name.n, d->name.p,
		    t->line, err.text);
		return NULL;
	}
	owned = arena_alloc(src->mem, sizeof(*owned));
	*owned = (struct filter_regex){ *regexes, regex };
	*regexes = owned;
	return regex;
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
		unsigned char c = fold(w, text.p[i]);
		uint32_t to = at == 0 ? w->first[c] : child_of(w, at, c);

		while (to == NONE && at != 0) {
			at = w->nodes[at].fail;
			to = at == 0 ? w->first[c] : child_of(w, at, c);
		}
		at = to == NONE ? 0 : to;
		for (uint32_t hit =
			 w->nodes[at].word != NONE ? at : w->nodes[at].shorter;
		     hit != NONE; hit = w->nodes[hit].shorter) {
			uint32_t k = w->nodes[hit].word;
			size_t from = i + 1 - w->words[k].length;

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
