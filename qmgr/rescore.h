/*
 * rescore.h - messages in Outbreak are judged anew when rules have changed
 *
 * Each cleanup says by which rules it judges (a stamp). A stamp that was not
 * heard before begins a pass over the quarantine: cleanup workers that have
 * these rules are given every message, a few at a time, and say whether it
 * would be held. What would not is released (workqueue 8.2).
 */
#ifndef QMGR_RESCORE_H
#define QMGR_RESCORE_H

#include <stddef.h>
#include <stdint.h>

struct peer;
struct rescored;
struct world;

struct rescores {
	uint64_t stamp; /* 0: nothing was heard yet */
	uint64_t *mids; /* of this pass */
	size_t n, at;
	unsigned open; /* being judged */
};

/* RESCORED: mid 0: these are the peer's rules from now on. */
void rescore_answer(struct world *, struct peer *, const struct rescored *);
void rescore_run(struct world *); /* at the end of each turn */
void rescore_worker_lost(struct world *, struct peer *);

#endif
