/*
 * recorder_debug.h - how much debug logs have recorded, kept over a restart
 *
 * So many connections and no more (stats/debug.h) is a promise about what
 * people write to each other: that the gateway was stopped and started is no
 * reason to record more of it. A log that is changed begins anew.
 *
 * FILES
 *	LOGS/.state/debug.json
 */
#ifndef MASTER_RECORDER_DEBUG_H
#define MASTER_RECORDER_DEBUG_H

#include "config/config.h"
#include "stats/stats.h"

struct recorder_debug;

/* Reads the file; state: the folder, which stays open. When only the recorder
 * was started again, what was counted meanwhile stays. */
struct recorder_debug *recorder_debug_new(
    struct stats *, int state, const struct config *);
/* Logs that are new, or are now about others, begin to count. */
void recorder_debug_change(struct recorder_debug *, const struct config *now,
    const struct config *next);
/* If anything was counted since. */
void recorder_debug_save(struct recorder_debug *, const struct config *);

#endif
