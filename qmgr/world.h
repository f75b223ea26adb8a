/*
 * world.h - the queue manager's surroundings: peers, disk, loop
 *
 * Binds the core (core.h), which knows nothing of sockets and files, to the
 * channels and the store. Everything that comes in from outside is bracketed
 * by world_enter and world_leave.
 */
#ifndef QMGR_WORLD_H
#define QMGR_WORLD_H

#include "program/program.h"
#include "qmgr/core.h"
#include "qmgr/counts.h"
#include "qmgr/held.h"
#include "qmgr/ledger.h"
#include "qmgr/orders.h"
#include "qmgr/release.h"
#include "qmgr/rescore.h"
#include "qmgr/state.h"
#include "qmgr/store.h"
#include "qmgr/tagging.h"

struct peer {
	struct world *world;
	enum program_kind kind;
	uint32_t worker;
	struct ipc *ipc;
	uint64_t rules; /* cleanup: that it judges by (rescore.h); 0: unknown */
	struct peer *next;
};

struct world {
	struct daemon *daemon;
	struct qmgr q;
	struct store *store;
	struct helds helds;
	struct state state;
	struct counts *counts;
	struct ledger *ledger;
	struct quarantines quarantines;
	struct releases releases;
	struct rescores rescores;
	struct order *orders; /* the oldest one first */
	int64_t swept_at;     /* the turn in which it was, last */
	uint64_t clear_mark;  /* the ledger goes then: store_mark; 0: not yet */
	uint64_t compact_mark; /* the same of its records: ledger_compact */
	struct peer *peers;    /* all of them */
	struct peer *lookupd;  /* NULL: away */
	struct tagging tagging;
	struct peer *smtp_turn, *cleanup_turn; /* who got the last one */
	struct loop_timer *timer;
	int64_t timer_at;
	int64_t told_at; /* about the oldest message */
	uint64_t told_first;
	uint64_t recovered; /* greatest MID that was found at start */
	bool stopping;
	int64_t stop_at;
	uint32_t random[64]; /* of the kernel, not used up yet */
	unsigned n_random;
};

void world_enter(struct world *);
void world_leave(struct world *);

/* peers.c */
/* A cleanup worker that can take something, each in turn; NULL: none. */
struct peer *world_cleanup(struct world *);
/* The one that has to do with that MID; NULL: it cannot at the moment. */
struct peer *world_cleanup_of(struct world *, uint64_t mid);
extern const struct outside world_outside;
const struct ipc_handler *world_peer(struct world *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
void world_tell_workqueue(struct world *); /* paused or not, to cleanup */

/* intake.c */
int intake_message(struct world *, struct ipc_frame *, struct err *);
/* Reads the spool at start. */
int intake_recover(struct world *, struct err *);

#endif
