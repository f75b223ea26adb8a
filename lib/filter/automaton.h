/*
 * automaton.h - many words, one pass (Aho and Corasick)
 *
 * Add words, end, then step through a text byte by byte: the state after each
 * byte tells which words end there. The states that are met most have a row
 * of all their steps; the others walk a list of what follows them.
 */
#ifndef FILTER_AUTOMATON_H
#define FILTER_AUTOMATON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define AUTOMATON_NONE UINT32_MAX
/* In a state: some word ends here. */
#define AUTOMATON_HIT 0x80000000u

struct automaton_node;
struct automaton {
	struct automaton_node *nodes; /* [0]: nothing read */
	uint32_t n, cap;
	uint32_t n_rows;    /* nodes below have a row */
	uint32_t *rows;     /* n_rows times n_classes states */
	uint32_t n_classes; /* of bytes: 0 are those in no word */
	uint16_t classes[256];
	uint64_t *pairs; /* bits of two bytes: words may begin with them */
	bool nocase;     /* ASCII only */
	struct arena *mem;
};

void automaton_init(struct automaton *, bool nocase, struct arena *);
/* Where the number of this word is kept, AUTOMATON_NONE if it is new: the
 * caller sets it. Valid until the next call. The word is not empty. */
uint32_t *automaton_add(struct automaton *, struct str word);
/* After the last word; most: bytes for rows. */
void automaton_end(struct automaton *, size_t most);

/* From a state to the next; begin with 0. */
uint32_t automaton_walk(const struct automaton *, uint32_t at, uint8_t byte);
static inline uint32_t
automaton_step(const struct automaton *a, uint32_t at, char byte)
{
	at &= ~AUTOMATON_HIT;
	if (at < a->n_rows)
		return a->rows[(size_t)at * a->n_classes +
			       a->classes[(uint8_t)byte]];
	return automaton_walk(a, at, (uint8_t)byte);
}
/* In state 0: where a word may begin, or the last byte; at < text.n. Most of
 * a text is passed over here. */
static inline size_t
automaton_skip(const struct automaton *a, struct str text, size_t at)
{
	unsigned pair = (uint8_t)text.p[at];

	for (; at + 1 < text.n; at++) {
		pair = (pair << 8 | (uint8_t)text.p[at + 1]) & 0xffff;
		if (a->pairs[pair / 64] >> pair % 64 & 1)
			break;
	}
	return at;
}
/* The words that end in a state, the longest first: number, or NONE; *at
 * moves on to the next. Begin with the state. */
uint32_t automaton_word(const struct automaton *, uint32_t *at);

#endif
