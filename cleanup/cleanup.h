/*
 * cleanup.h - what the parts of cleanup share
 *
 *	peer --frames--> intake.c --commit--> mail --> workqueue.c --> qmgr
 *	                                     |  ^
 *	                    task.c --run--> settle.c    ask.c --> lookupd
 */
#ifndef CLEANUP_CLEANUP_H
#define CLEANUP_CLEANUP_H

#include "cleanup/returned.h"
#include "program/program.h"
#include "queue/queue.h"

struct asker;
struct rescores;
struct rules;
struct work_queue;

struct cleanup {
	struct daemon *daemon;
	struct spool *spool;
	struct committer *committer;
	struct work_queue *workqueue;
	struct asker *asker;
	struct rules *rules; /* of outbreak filters */
	struct rescores *rescores;
	struct returned returned; /* from quarantines */
	bool must_sync;           /* settle.h: children were removed */
	unsigned n_open;          /* transactions, being committed or not */
	uint64_t ended_by;        /* recover.c: what the last worker ended at */
	int ended_slot;
	void (*idle)(struct cleanup *); /* optional: n_open became 0 */
	struct loop_timer *tick;        /* once a second */
	struct loop_timer *give_up;     /* a stop has a limit */

	/* disk.c */
	uint64_t promised; /* bytes that open drafts may still take */
	uint64_t promise_max, revision;   /* of one draft; by that revision */
	uint64_t free_bytes, free_inodes; /* as of the last look */
	int64_t looked, alerted;          /* when; monotonic ms, 0: never */
};

#endif
