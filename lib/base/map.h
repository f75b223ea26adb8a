/*
 * map.h - hash table from bytes to pointers
 *
 * Keys are copied; values are the caller's. Hashing is SipHash-1-3 with a
 * key from getrandom(2) made once per process, so that outsiders cannot
 * choose colliding keys (threats LIM-13). Keys up to 64 KiB.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map_slot;
struct map {
	struct map_slot **slots; /* buckets, chained */
	size_t n, n_slots;
};

void map_init(struct map *m); /* allocates nothing yet */
void map_fini(struct map *m, void (*free_value)(void *)); /* NULL: keep */
void *map_get(const struct map *m, struct str key);       /* NULL: absent */
/* Sets or replaces; returns the value that was there before, or NULL. */
void *map_put(struct map *m, struct str key, void *value);
void *map_remove(struct map *m, struct str key); /* returns the value */
void *map_get_u64(const struct map *m, uint64_t key);
void *map_put_u64(struct map *m, uint64_t key, void *value);
void *map_remove_u64(struct map *m, uint64_t key);

/* In no particular order; entries may be removed only after the walk. */
struct map_iter {
	size_t bucket;
	struct map_slot *slot;
	struct str key;
	void *value;
};
bool map_next(const struct map *m, struct map_iter *it); /* start with {0} */
#define MAP_FOREACH(m, it)                                                     \
	for (struct map_iter it = { 0 }; map_next((m), &(it));)

#endif
