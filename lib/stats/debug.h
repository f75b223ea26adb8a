/*
 * debug.h - how many connections a debug log has recorded, over all workers
 *
 * Debug logs (spec delivery-admin 7.7, 7.8) record so many connections and no
 * more. The counts are one memory for all, by the name of the log. There is
 * room for 256 names since the start; one that finds none records nothing.
 */
#ifndef STATS_DEBUG_H
#define STATS_DEBUG_H

#include "base/str.h"
#include "stats/stats.h"

/* One more connection; false: the log has its `limit` already. */
bool stats_debug_take(struct stats *, struct str log, uint64_t limit);
/* How many it has; 0 if nothing was ever asked about it. */
uint64_t stats_debug_taken(const struct stats *, struct str log);
/* It had so many before this run; nothing if it has some already. */
void stats_debug_restore(struct stats *, struct str log, uint64_t taken);
/* It begins anew. */
void stats_debug_reset(struct stats *, struct str log);

#endif
