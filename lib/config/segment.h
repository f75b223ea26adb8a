/*
 * segment.h - the address space, cut where ranges begin and end
 *
 * Every range that was added is then a run of whole segments. For one family
 * of addresses: IPv4 ranges and IPv6 ranges do not mix.
 *
 * Used by the files of lib/config only.
 */
#ifndef CONFIG_SEGMENT_H
#define CONFIG_SEGMENT_H

#include "base/arena.h"
#include "base/ip.h"

struct segments {
	struct ip *starts; /* of segments, ascending */
	size_t n, cap;
};

/* First all ranges are added, then ready() puts them in order, into mem. */
void segments_add(struct segments *, const struct ip_range *);
void segments_ready(struct segments *, struct arena *mem);
/* The segment that has ip; false: ip stands before the first. What stands
 * behind the last range is a segment too. */
bool segments_find(const struct segments *, const struct ip *, size_t *at);

#endif
