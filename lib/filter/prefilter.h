/*
 * prefilter.h - which of all expressions can match a text: one pass for all
 *
 * The literals of all expressions of all filters (filter/literals.h), and the
 * words of all dictionaries, are words of one automaton. One pass over a text
 * tells which of them, its patterns, can match it at all and, of a longer
 * text, in which lines. Only there PCRE2 runs: what a thousand filters cost
 * is what those cost that have something to say.
 *
 * Patterns are numbers: first the dictionaries, in the order of the
 * configuration, then expressions.
 */
#ifndef FILTER_PREFILTER_H
#define FILTER_PREFILTER_H

#include "filter/source.h"

struct words;
struct prefilter;

/* Of all that was compiled; in mem. */
const struct prefilter *prefilter_make(const struct words *const *,
    size_t n_words, const struct filter_regex *, struct arena *mem);

/* An expression that was compiled: struct filters will free it. term: it
 * belongs to a dictionary and is no pattern of its own. */
const struct filter_regex *prefilter_keep(struct filter_regex **,
    struct regex *, struct str pattern, unsigned flags, bool term,
    struct arena *mem);

/* --- while it is made, for dictionaries --- */

/* The pattern needs one of its literals; or can match anywhere. */
void prefilter_add(struct prefilter *, uint32_t pattern, struct str literal);
void prefilter_always(struct prefilter *, uint32_t pattern);

/* --- a text --- */

struct hit {
	uint32_t line; /* where it begins */
	uint32_t next; /* hit of the same pattern, plus one; 0: none */
};
struct hits {
	bool utf8; /* the text is */
	/* Nothing is known of it but by expressions of bytes. */
	bool odd;
	const uint64_t *may;   /* a bit for each pattern */
	const uint32_t *first; /* of each pattern, plus one; NULL: no lines */
	const struct hit *v;
};
/* One pass. NULL prefilter: no pattern has literals. */
void prefilter_look(const struct prefilter *, struct str text, struct hits *,
    struct arena *mem);
static inline bool
hits_may(const struct hits *h, uint32_t pattern)
{
	return h->may == NULL || h->may[pattern / 64] >> pattern % 64 & 1;
}

/* The lines in which a pattern can match, in order. pattern NONE: all. */
#define PATTERN_NONE UINT32_MAX
struct hit_lines {
	const struct hits *hits;
	struct str text, rest; /* rest: where no list says more */
	uint32_t next;
};
struct hit_lines hit_lines(
    const struct hits *, uint32_t pattern, struct str text);
bool hit_line(struct hit_lines *, struct str *line);

#endif
