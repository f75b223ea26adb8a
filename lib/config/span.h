/*
 * span.h - which of many spans of numbers contain a given number
 *
 * A tree over the numbers 0..n-1. A span is noted at the few nodes that
 * together make it up, so that a hundred thousand spans, nested or not, cost
 * no more than n log n in all, and a question visits one path of the tree.
 * Two passes: first every span is counted, then, in the same order, noted.
 *
 * Used by the files of lib/config only.
 */
#ifndef CONFIG_SPAN_H
#define CONFIG_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct span_list { /* ids, in the order in which they were noted */
	const uint32_t *v;
	size_t n;
};

struct spans {
	size_t n;       /* numbers */
	uint32_t *ends; /* per node: where its ids begin, then end, in pool */
	uint32_t *pool;
};

#define SPAN_LISTS_MAX 24 /* of one number; n is less than 2^23 */

void spans_init(struct spans *, size_t n, struct arena *);
/* first..last, both included and below n */
void spans_count(struct spans *, size_t first, size_t last);
void spans_ready(struct spans *, struct arena *);
void spans_note(struct spans *, size_t first, size_t last, uint32_t id);

/* The lists, none of them empty, whose ids are the spans that contain at. */
size_t spans_at(
    const struct spans *, size_t at, struct span_list out[SPAN_LISTS_MAX]);

#endif
