/*
 * segment.c - the address space, cut where ranges begin and end
 */
#include "config/segment.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void add(struct segments *, const struct ip *);
static int by_address(const void *, const void *);

void
segments_add(struct segments *s, const struct ip_range *r)
{
	struct ip after = r->hi;
	int b = 15;

	add(s, &r->lo);
	while (b >= 0 && ++after.b[b] == 0)
		b--;
	if (b >= 0)
		add(s, &after);
}

void
segments_ready(struct segments *s, struct arena *mem)
{
	struct ip *heap = s->starts;
	size_t n = 0;

	if (s->n > 0)
		qsort(heap, s->n, sizeof(*heap), by_address);
	for (size_t i = 0; i < s->n; i++) {
		if (i == 0 || !ip_equal(&heap[i], &heap[i - 1]))
			heap[n++] = heap[i];
	}
	s->starts = arena_array(mem, n, sizeof(*s->starts));
	if (n > 0)
		memcpy(s->starts, heap, n * sizeof(*heap));
	s->n = n;
	free(heap);
}

/* The last that does not begin after ip. */
bool
segments_find(const struct segments *s, const struct ip *ip, size_t *at)
{
	size_t lo = 0, hi = s->n;

	if (s->n == 0 || ip_cmp(ip, &s->starts[0]) < 0)
		return false;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (ip_cmp(&s->starts[mid], ip) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	*at = lo;
	return true;
}

static void
add(struct segments *s, const struct ip *ip)
{
	s->starts = mem_room(s->starts, &s->cap, s->n, sizeof(*s->starts));
	s->starts[s->n++] = *ip;
}

static int
by_address(const void *a, const void *b)
{
	return ip_cmp(a, b);
}
