/* returned.c - messages that came back from a quarantine */
#include "cleanup/returned.h"

#include <stddef.h>

static size_t find(const struct returned *, uint64_t mid);

enum returned_state
returned_look(const struct returned *r, uint64_t mid)
{
	size_t i = find(r, mid);

	if (i == RETURNED_MAX)
		return RETURNED_NEW;
	return r->v[i].safe ? RETURNED_SAFE : RETURNED_COMING;
}

void
returned_put(struct returned *r, uint64_t mid, bool safe)
{
	size_t i = find(r, mid);

	if (i == RETURNED_MAX)
		i = r->at++ % RETURNED_MAX;
	r->v[i].mid = mid;
	r->v[i].safe = safe;
}

void
returned_forget(struct returned *r, uint64_t mid)
{
	size_t i = find(r, mid);

	if (i < RETURNED_MAX)
		r->v[i].mid = 0;
}

/* RETURNED_MAX: it is not there. */
static size_t
find(const struct returned *r, uint64_t mid)
{
	size_t i = 0;

	while (i < RETURNED_MAX && r->v[i].mid != mid)
		i++;
	return i;
}
