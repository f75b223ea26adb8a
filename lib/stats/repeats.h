/*
 * repeats.h - how often a text was seen in the last hour, over all workers
 *
 * For rules that count alike messages (workqueue 2.8.4): in buckets of one
 * minute, so the hour is exact to a minute. The table is bounded: 100,000
 * texts, in sets of eight; where a set is full the one that was seen longest
 * ago makes room.
 */
#ifndef STATS_REPEATS_H
#define STATS_REPEATS_H

#include "base/str.h"
#include "stats/stats.h"

/* Counts one more; how many there were before it. now: monotonic ms. */
uint64_t stats_repeat(struct stats *, struct str text, int64_t now);
/* What stats_repeat() said, or would say by now, of one that it has counted. */
uint64_t stats_repeat_again(struct stats *, struct str text, int64_t now);

#endif
