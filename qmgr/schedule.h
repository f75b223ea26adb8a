/*
 * schedule.h - connections and jobs: who is served next
 *
 * Destinations that can be served stand in one list and take turns, one
 * step each: a job for a free connection, or one more connection. So a flood
 * for one of them holds up no other. Whatever changes something calls
 * schedule_kick; whoever entered from outside calls schedule_run at the end.
 *
 * A connection takes two jobs at a time, so that smtp can say the next MAIL
 * together with the end of a message. New connections are opened when mail
 * finds no free one for a moment, as far as the window of the address allows:
 * one at first, one more with each success, half after a failure (spec 1.5).
 *
 *	OPENING --up--> IDLE <--> HALF <--> FULL
 *	                  \---------+---------+--> QUITTING --down--> gone
 */
#ifndef QMGR_SCHEDULE_H
#define QMGR_SCHEDULE_H

#include "qmgr/dest.h"

#define CONN_JOBS 2

struct conn {
	uint32_t id;
	uint64_t dcid;
	struct dest *dest;
	void *worker; /* outside.open sets it */
	enum conn_list list;
	struct conn *next, *prev;
	struct parcel *jobs[CONN_JOBS];
	uint8_t n_jobs;
	bool up;
	bool failed; /* a job found it dead before RCPT */
	enum tls_level tls;
	uint32_t n_given; /* jobs */
	uint32_t n_done;  /* ... that the server answered */
	uint32_t features;
	struct endpoint ep;
	char *host;
	struct heap_node idle;
};

/* Serves those in the list; true: there is more, call again soon. */
bool schedule_run(struct qmgr *);
void schedule_tick(struct qmgr *);
int64_t schedule_next(const struct qmgr *); /* 0: nothing planned */

void schedule_kick(struct qmgr *, struct dest *);
void schedule_kick_all(struct qmgr *);
/* A connection slot, a worker or a descriptor became free. */
void schedule_wake(struct qmgr *);
void schedule_resolved(struct qmgr *, struct dest *);
/* Forget retry times, at its next turn: returns how many recipients are due
 * then. */
uint64_t schedule_now(struct qmgr *, struct dest *);

/*
 * What an smtp worker says. It is believed only about connections it has and
 * jobs it was given, once (threats IPC-04): -1 with err, then drop it and
 * call schedule_worker_lost.
 */
int schedule_up(struct qmgr *, void *worker, uint32_t id,
    const struct session_up *, struct err *);
int schedule_down(struct qmgr *, void *worker, uint32_t id,
    const struct session_down *, struct err *);
int schedule_done(struct qmgr *, void *worker, uint32_t id,
    const struct job_done *, struct err *);
/* Its connections are gone, its jobs go back. */
void schedule_worker_lost(struct qmgr *, void *worker);

/* Nothing is begun from now on; what is open after wait ms is cut. */
void schedule_suspend(struct qmgr *, int64_t wait);
void schedule_resume(struct qmgr *);

#endif
