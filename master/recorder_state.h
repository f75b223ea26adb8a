/*
 * recorder_state.h - what outlives a restart: counters, ids, the serial
 *
 *	.state/counters.json	below the log folder
 *
 * Replaced atomically (new file, fsync, rename, fsync of the folder), so it
 * is old or new, never half. Ids are reserved ahead of their use: the file
 * holds a ceiling that no id in use exceeds, and a start after a crash goes
 * on above it. No MID, ICID, DCID is ever given twice.
 */
#ifndef MASTER_RECORDER_STATE_H
#define MASTER_RECORDER_STATE_H

#include <jansson.h>

#include "master/recorder_counts.h"

#define RECORDER_ID_RESERVE 1000000
#define RECORDER_SERIAL     22 /* "5254001A2B3C-0F00AA11" and its NUL */

struct recorder_state {
	struct recorder_counts counts;
	uint64_t ceilings[STATS_N_IDS];
	char serial[RECORDER_SERIAL];
	int64_t started; /* of the run it was saved in; stats_started */
	int dir;         /* the folder .state */
};

/*
 * Opens the folder below `logs` and reads what is there. `started` names this
 * run of the suite: when the file is of the same run, only the recorder was
 * started again, and counters and ids simply go on. A damaged file is set
 * aside, and *aside says so. -1: the folder or file cannot be used.
 */
int recorder_state_load(struct recorder_state *, int logs, int64_t started,
    bool *aside, struct err *err);
/* Is the reserve of some id so used up that it has to be saved now? */
bool recorder_state_low(const struct recorder_state *, const uint64_t *ids);
/* ids: those given last. exact: nobody will be given any more (clean stop). */
int recorder_state_save(struct recorder_state *, const uint64_t *sums,
    const uint64_t *ids, bool exact, struct err *err);
void recorder_state_close(struct recorder_state *);

/* Other files of the folder (dir), likewise. NULL: there is none yet, or it
 * was damaged (set aside, *aside), or cannot be read (err is set). */
json_t *recorder_state_read(
    int dir, const char *name, bool *aside, struct err *err);
int recorder_state_write(
    int dir, const char *name, const json_t *, struct err *err);

#endif
