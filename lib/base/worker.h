/*
 * worker.h - slow computations beside the loop
 *
 * Jobs run on threads of their own, in order of their coming, and are done
 * on the loop's thread. A job touches nothing that the loop's thread changes
 * meanwhile. For passwords, whose check is slow on purpose; what waits for
 * the disk has queue/committer.c.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include "base/loop.h"

/* Embed one per job; zero-initialise the rest. */
struct worker_job {
	struct worker_job *next;
	void (*run)(struct worker_job *);  /* on a thread */
	void (*done)(struct worker_job *); /* on the loop's, never before
					    * worker_do has returned */
};

struct worker;

/* Before or after the sandbox, which must allow threads. */
struct worker *worker_new(struct loop *, unsigned n_threads);
/* Waits for what runs; what has not begun is dropped without `done`. */
void worker_free(struct worker **);
void worker_do(struct worker *, struct worker_job *);
unsigned worker_pending(const struct worker *); /* not done yet */

#endif
