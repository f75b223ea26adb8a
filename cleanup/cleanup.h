/*
 * cleanup.h - what the parts of cleanup share
 *
 *	peer --frames--> intake.c --commit--> mail --> workqueue.c --> qmgr
 */
#ifndef CLEANUP_CLEANUP_H
#define CLEANUP_CLEANUP_H

#include "program/program.h"
#include "queue/queue.h"

struct work_queue;

struct cleanup {
	struct daemon *daemon;
	struct spool *spool;
	struct committer *committer;
	struct work_queue *workqueue;
	uint64_t promised;          /* bytes that open drafts may still take */
	unsigned n_open;            /* transactions, being committed or not */
	struct loop_timer *tick;    /* once a second */
	struct loop_timer *give_up; /* a stop has a limit */
	uint64_t free_bytes, free_inodes; /* as of the last look */
	int64_t looked;                   /* when; monotonic ms */
	int64_t last_alert;               /* monotonic ms */
};

/* May another message begin? (threats DUR-09) */
bool cleanup_has_room(struct cleanup *);
/* Something with the disk is wrong: tell, but at most once a minute. */
void cleanup_disk_alert(struct cleanup *, const struct err *why);
/* A transaction has ended; when stopping this may be what we wait for. */
void cleanup_check_stop(struct cleanup *);

#endif
