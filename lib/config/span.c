/*
 * span.c - which of many spans of numbers contain a given number
 *
 * Node 1 is the root, nodes n..2n-1 are the numbers; the children of i are
 * 2i and 2i + 1. (n need not be a power of two: then some nodes stand for no
 * connected span, and are not used.)
 */
#include "config/span.h"

static void span_count(struct spans *, size_t node, uint32_t id);
static void span_note(struct spans *, size_t node, uint32_t id);
static void each_node(struct spans *, size_t first, size_t last, uint32_t id,
    void (*each)(struct spans *, size_t node, uint32_t id));

void
spans_init(struct spans *s, size_t n, struct arena *mem)
{
	s->n = n;
	s->ends = arena_array(mem, 2 * n + 1, sizeof(*s->ends));
	s->pool = NULL;
}

void
spans_count(struct spans *s, size_t first, size_t last)
{
	each_node(s, first, last, 0, span_count);
}

/* From counts to beginnings; noting moves each to the end. */
void
spans_ready(struct spans *s, struct arena *mem)
{
	uint32_t total = 0;

	for (size_t i = 0; i < 2 * s->n; i++) {
		uint32_t n = s->ends[i];

		s->ends[i] = total;
		total += n;
	}
	s->pool = arena_array(mem, total, sizeof(*s->pool));
}

void
spans_note(struct spans *s, size_t first, size_t last, uint32_t id)
{
	each_node(s, first, last, id, span_note);
}

size_t
spans_at(const struct spans *s, size_t at, struct span_list out[SPAN_LISTS_MAX])
{
	size_t n = 0;

	for (size_t i = at + s->n; i > 0; i /= 2) {
		uint32_t from = s->ends[i - 1], to = s->ends[i];

		if (from < to)
			out[n++] =
			    (struct span_list){ s->pool + from, to - from };
	}
	return n;
}

static void
span_count(struct spans *s, size_t node, uint32_t id)
{
	(void)id;
	s->ends[node]++;
}

static void
span_note(struct spans *s, size_t node, uint32_t id)
{
	s->pool[s->ends[node]++] = id;
}

static void
each_node(struct spans *s, size_t first, size_t last, uint32_t id,
    void (*each)(struct spans *, size_t node, uint32_t id))
{
	size_t l = first + s->n, r = last + s->n + 1;

	for (; l < r; l /= 2, r /= 2) {
		if (l % 2 == 1)
			each(s, l++, id);
		if (r % 2 == 1)
			each(s, --r, id);
	}
}
