/*
 * idmap.h - from the numbers of messages or connections to what is known
 *
 * They are given one after the other, so a page holds many neighbours, and
 * the next one asked for is mostly on the page of the last.
 */
#ifndef TRACK_IDMAP_H
#define TRACK_IDMAP_H

#include "base/arena.h"
#include "base/map.h"

#define IDMAP_PAGE 512

struct idmap {
	struct map pages;  /* by number / IDMAP_PAGE */
	struct arena *mem; /* of the pages; the caller's */
	bool looked;       /* for a page: */
	uint64_t last;     /* its place */
	void **page;       /* NULL: there is none */
};

void idmap_init(struct idmap *, struct arena *mem);
void idmap_fini(struct idmap *);
void *idmap_get(struct idmap *, uint64_t id); /* NULL: nothing; id 0, too */
void idmap_put(struct idmap *, uint64_t id, void *value);

#endif
