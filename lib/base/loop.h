/*
 * loop.h - the event loop: descriptors, timers, signals, end of turn
 *
 * A thin layer over libevent. One loop per process. Everything is called
 * back on the one thread that runs it. After all ready events of a turn were
 * handled, the turn hooks run: that is where gathered output is sent, so that
 * a peer gets one system call per turn, however much there is to say.
 *
 * A callback may free its own watch or timer, and any other.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

#define LOOP_READ  1
#define LOOP_WRITE 2

struct loop *loop_new(void);
void loop_free(struct loop **);
void loop_run(struct loop *);    /* until loop_stop */
void loop_stop(struct loop *);   /* at the end of this turn */
int64_t loop_now(struct loop *); /* monotonic ms at the start of the turn */

/* Level-triggered. `want` may be 0 (nothing yet). fd stays the caller's. */
struct loop_watch *loop_watch(struct loop *, int fd, int want,
    void (*cb)(void *arg, int ready), void *arg);
void loop_want(struct loop_watch *, int want); /* no change costs nothing */
void loop_unwatch(struct loop_watch **);       /* NULL is fine */

/* One shot; set again from the callback to repeat. Created idle. */
struct loop_timer *loop_timer(struct loop *, void (*cb)(void *arg), void *arg);
void loop_timer_in(struct loop_timer *, int64_t ms); /* moves if pending */
void loop_timer_stop(struct loop_timer *);
void loop_timer_free(struct loop_timer **);

/*
 * Coarse time-outs for many objects (sessions): O(1) to move, accurate to a
 * second, 40 bytes each. Embed one per object; zero-initialise it.
 */
struct loop_wheel;
struct loop_deadline {
	struct loop_deadline *next, **prev;
	int64_t at; /* monotonic ms; 0: not armed */
};
struct loop_wheel *loop_wheel(
    struct loop *, void (*expired)(struct loop_deadline *));
void loop_wheel_free(struct loop_wheel **);
void loop_deadline_in(struct loop_wheel *, struct loop_deadline *, int64_t ms);
void loop_deadline_stop(struct loop_deadline *);

void loop_signal(struct loop *, int signo, void (*cb)(void *arg), void *arg);

/*
 * Runs at the end of every turn, in the order of registration, and once
 * before the first wait. When jobs ran after it, it runs again.
 */
void loop_at_turn_end(struct loop *, void (*cb)(void *arg), void *arg);

/*
 * One call at the end of this turn, after the hooks. Embed the job, fill in
 * cb and arg, zero the rest. Deferring it again costs nothing; from its own
 * callback: one more round in the same turn. last: "I have something to send"
 * is for when all other jobs have run, because they may have more to say.
 */
struct loop_job {
	struct loop_job *next, **prev;
	void (*cb)(void *arg);
	void *arg;
	bool last;
};
void loop_defer(struct loop *, struct loop_job *);
void loop_undefer(struct loop_job *); /* not deferred: fine */

#endif
