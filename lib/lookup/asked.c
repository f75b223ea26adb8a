/* asked.c - which questions were asked before: a table of hashes */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "lookup/asked.h"

#define PLACES 16384u /* a power of two */
#define STATES 3u     /* the bits of a place that hold its state */

struct asked {
	uint64_t places[PLACES]; /* hash and state; 0: free */
};

static size_t place_of(const char *name, int type, uint64_t *hash);
static bool holds(const struct asked *, size_t place, uint64_t hash);

struct asked *
asked_new(void)
{
	return mem_alloc(sizeof(struct asked));
}

void
asked_free(struct asked **a)
{
	free(*a);
	*a = NULL;
}

void
asked_forget(struct asked *a)
{
	memset(a, 0, sizeof(*a));
}

size_t
asked_answered(const struct asked *a)
{
	size_t n = 0;

	for (size_t i = 0; i < PLACES; i++)
		n += (a->places[i] & STATES) == ASKED_BEFORE;
	return n;
}

enum asked_state
asked_state(const struct asked *a, const char *name, int type)
{
	uint64_t hash;
	size_t at = place_of(name, type, &hash);

	return holds(a, at, hash) ? (enum asked_state)(a->places[at] & STATES)
				  : ASKED_NEVER;
}

void
asked_begin(struct asked *a, const char *name, int type)
{
	uint64_t hash;
	size_t at = place_of(name, type, &hash);

	a->places[at] = hash | ASKED_NOW;
}

void
asked_end(struct asked *a, const char *name, int type, bool kept)
{
	uint64_t hash;
	size_t at = place_of(name, type, &hash);

	if (holds(a, at, hash))
		a->places[at] = kept ? hash | ASKED_BEFORE : 0;
}

static size_t
place_of(const char *name, int type, uint64_t *hash)
{
	uint64_t key[2] = { hash_sip(name, strlen(name)), (uint64_t)type };
	uint64_t h = hash_sip(key, sizeof(key));

	*hash = h & ~(uint64_t)STATES;
	return (h >> 8) & (PLACES - 1);
}

static bool
holds(const struct asked *a, size_t place, uint64_t hash)
{
	return (a->places[place] & ~(uint64_t)STATES) == hash;
}
