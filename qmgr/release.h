/*
 * release.h - held messages on their way back to the work queue
 *
 * A message that all its quarantines released goes to cleanup as smtpd would
 * send it, in pieces as the channel takes them: the same envelope under a new
 * MID, entering the work queue behind message filters (workqueue 10.4). The
 * held file goes only after cleanup has said that the new one is safe.
 */
#ifndef QMGR_RELEASE_H
#define QMGR_RELEASE_H

#include "qmgr/quarantine.h"

struct peer;
struct release;
struct world;

struct releases {
	struct release *first;
	size_t n;
	uint32_t last; /* transaction */
};

extern const struct held_ops world_held_ops;

void release_run(struct world *); /* at the end of each turn */
/* ACCEPTED. False: it is of no release. */
bool release_answer(struct world *, struct peer *, uint32_t txn, uint32_t code,
    struct str text);
void release_worker_lost(struct world *, struct peer *);

#endif
