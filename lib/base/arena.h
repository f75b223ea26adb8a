/*
 * arena.h - memory with one common end of life
 *
 * A connection, a transaction, a configuration has an arena that owns all
 * its small objects. Never store an arena pointer in something that lives
 * longer. Memory is zeroed. The byte limit guards against input that makes
 * us allocate without end: exceeding it is a broken invariant (panic), so
 * check sizes of input before.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks;
	size_t used, max;
};

void arena_init(struct arena *a, size_t max); /* allocates nothing yet */
void arena_free(struct arena *a);             /* all at once; reusable */

void *arena_alloc(struct arena *a, size_t n); /* zeroed, max-aligned */
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strz(struct arena *a, struct str s);     /* NUL-ended copy */
struct str arena_str(struct arena *a, struct str s); /* copy, NUL-ended too */
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* All parts, one after the other; NUL-ended too. */
struct str arena_join(struct arena *a, const struct str *parts, size_t n);

#endif
