/*
 * prefilter.c - which of all expressions can match a text
 */
#include "filter/prefilter.h"

#include <string.h>

#include "base/mem.h"
#include "filter/automaton.h"
#include "filter/dictionary.h"
#include "filter/literals.h"
#include "filter/regex.h"

#define ROWS_MAX ((size_t)2 << 20) /* bytes */
/* Lists of lines cost memory: only for a text that is this many times as long
 * as there are patterns, and at most a hit for so many bytes. */
#define LISTED_FROM 16
#define BYTES_A_HIT 4

/* One more pattern that needs the word. */
struct user {
	const struct user *next;
	uint32_t pattern;
};
struct prefilter {
	struct automaton automaton;
	const struct user **users; /* of each word */
	uint32_t n_words, cap;
	uint32_t n_patterns;
	uint64_t *always;
	struct arena *mem;
};

/* A pass over a text. */
struct pass {
	const struct prefilter *prefilter;
	struct str text;
	uint64_t *may;
	uint32_t *first, *last;
	struct hit *v;
	uint32_t n, cap;
	size_t line, line_end; /* of what was hit last */
	struct arena *mem;
};

static void number_regexes(struct prefilter *, const struct filter_regex *);
static void run(struct pass *);
static void hit_word(struct pass *, const struct user *, size_t at);
static void hit_line_of(struct pass *, uint32_t pattern, size_t at);
static bool has_room(struct pass *);

const struct prefilter *
prefilter_make(const struct words *const *words, size_t n_words,
    const struct filter_regex *list, struct arena *mem)
{
	struct prefilter *p = arena_alloc(mem, sizeof(*p));
	size_t n = n_words;

	for (const struct filter_regex *r = list; r != NULL; r = r->next)
		n += !r->term;
	*p = (struct prefilter){
		.n_patterns = (uint32_t)n, .cap = 64, .mem = mem
	};
	p->always = arena_array(mem, n / 64 + 1, sizeof(*p->always));
	p->users = arena_array(mem, p->cap, sizeof(struct user *));
	automaton_init(&p->automaton, true, mem);
	for (size_t i = 0; i < n_words; i++)
		words_literals(words[i], p, (uint32_t)i);
	p->n_patterns = (uint32_t)n_words;
	number_regexes(p, list);
	automaton_end(&p->automaton, ROWS_MAX);
	return p;
}

const struct filter_regex *
prefilter_keep(struct filter_regex **list, struct regex *regex,
    struct str pattern, unsigned flags, bool term, struct arena *mem)
{
	struct filter_regex *r = arena_alloc(mem, sizeof(*r));
	struct literals all;
	struct str *v;

	literals_of(pattern, flags, &all, mem);
	v = arena_array(mem, all.n + 1, sizeof(*v));
	if (all.n > 0)
		memcpy(v, all.v, all.n * sizeof(*v));
	*r = (struct filter_regex){ *list, regex, term, v, all.n };
	*list = r;
	return r;
}

void
prefilter_add(struct prefilter *p, uint32_t pattern, struct str literal)
{
	struct user *user;
	uint32_t *word;

	literal = str_sub(literal, 0, LITERAL_MAX);
	word = automaton_add(&p->automaton, literal);
	if (*word == AUTOMATON_NONE) {
		if (p->n_words == p->cap) {
			const struct user **more = arena_array(
			    p->mem, 2 * (size_t)p->cap, sizeof(*more));

			memcpy(more, p->users, p->cap * sizeof(*more));
			p->users = more;
			p->cap *= 2;
		}
		*word = p->n_words++;
	} else if (p->users[*word]->pattern == pattern) {
		return;
	}
	user = arena_alloc(p->mem, sizeof(*user));
	*user = (struct user){ p->users[*word], pattern };
	p->users[*word] = user;
}

void
prefilter_always(struct prefilter *p, uint32_t pattern)
{
	p->always[pattern / 64] |= (uint64_t)1 << pattern % 64;
}

static void
number_regexes(struct prefilter *p, const struct filter_regex *list)
{
	for (; list != NULL; list = list->next) {
		if (list->term)
			continue;
		regex_set_id(list->regex, p->n_patterns);
		for (size_t i = 0; i < list->n_literals; i++)
			prefilter_add(p, p->n_patterns, list->literals[i]);
		if (list->n_literals == 0)
			prefilter_always(p, p->n_patterns);
		p->n_patterns++;
	}
}

/* --- a text --- */

void
prefilter_look(const struct prefilter *p, struct str text, struct hits *h,
    struct arena *mem)
{
	struct pass pass = { .prefilter = p, .text = text, .mem = mem };
	bool ascii = str_ascii(text) == text.n;
	size_t n;

	*h = (struct hits){ .utf8 = ascii || str_valid_utf8(text) };
	h->odd = !h->utf8 || (!ascii && literals_odd(text));
	if (p == NULL)
		return;
	n = p->n_patterns / 64 + 1;
	pass.may = arena_array(mem, n, sizeof(*pass.may));
	memcpy(pass.may, p->always, n * sizeof(*pass.may));
	if (text.n >= LISTED_FROM * (size_t)p->n_patterns) {
		pass.first =
		    arena_array(mem, p->n_patterns, sizeof(*pass.first));
		pass.last = arena_array(mem, p->n_patterns, sizeof(*pass.last));
	}
	if (p->n_words > 0)
		run(&pass);
	h->may = pass.may;
	h->first = pass.first;
	h->v = pass.v;
}

static void
run(struct pass *pass)
{
	const struct prefilter *p = pass->prefilter;
	struct str text = pass->text;
	uint32_t at = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint32_t word, state;

		if (at == 0)
			i = automaton_skip(&p->automaton, text, i);
		at = automaton_step(&p->automaton, at, text.p[i]);
		if (!(at & AUTOMATON_HIT))
			continue;
		state = at;
		while ((word = automaton_word(&p->automaton, &state)) !=
		       AUTOMATON_NONE)
			hit_word(pass, p->users[word], i);
	}
}

static void
hit_word(struct pass *pass, const struct user *users, size_t at)
{
	for (const struct user *u = users; u != NULL; u = u->next) {
		pass->may[u->pattern / 64] |= (uint64_t)1 << u->pattern % 64;
		if (pass->first != NULL)
			hit_line_of(pass, u->pattern, at);
	}
}

/* Too many: then every line of the text counts for whom it may match. */
static void
hit_line_of(struct pass *pass, uint32_t pattern, size_t at)
{
	uint32_t last = pass->last[pattern];

	while (at >= pass->line_end) {
		struct str rest =
		    str_sub(pass->text, pass->line_end, pass->text.n);

		pass->line = pass->line_end;
		pass->line_end += str_find(rest, '\n') + 1;
	}
	if (last != 0 && pass->v[last - 1].line == pass->line)
		return;
	if (!has_room(pass)) {
		pass->first = NULL;
		return;
	}
	pass->v[pass->n++] = (struct hit){ (uint32_t)pass->line, 0 };
	pass->last[pattern] = pass->n;
	if (last != 0)
		pass->v[last - 1].next = pass->n;
	else
		pass->first[pattern] = pass->n;
}

static bool
has_room(struct pass *pass)
{
	uint32_t cap = pass->cap == 0 ? 64 : 2 * pass->cap;
	struct hit *more;

	if (pass->n < pass->cap)
		return true;
	if (pass->n >= pass->text.n / BYTES_A_HIT)
		return false;
	more = arena_array(pass->mem, cap, sizeof(*more));
	if (pass->n > 0)
		memcpy(more, pass->v, pass->n * sizeof(*more));
	pass->v = more;
	pass->cap = cap;
	return true;
}

struct hit_lines
hit_lines(const struct hits *h, uint32_t pattern, struct str text)
{
	struct hit_lines walk = { .hits = h, .text = text, .rest = text };

	if (pattern == PATTERN_NONE || h->odd)
		return walk;
	if (!hits_may(h, pattern))
		walk.rest.n = 0;
	else if (h->first != NULL && h->first[pattern] != 0) {
		walk.rest.n = 0;
		walk.next = h->first[pattern];
	}
	return walk;
}

bool
hit_line(struct hit_lines *walk, struct str *line)
{
	struct str rest;

	if (walk->next != 0) {
		const struct hit *h = &walk->hits->v[walk->next - 1];

		rest = str_sub(walk->text, h->line, walk->text.n);
		walk->next = h->next;
		*line = str_cut(&rest, '\n');
		return true;
	}
	if (walk->rest.n == 0)
		return false;
	*line = str_cut(&walk->rest, '\n');
	return true;
}
