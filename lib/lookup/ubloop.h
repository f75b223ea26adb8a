/*
 * ubloop.h - libunbound on our event loop
 *
 * libunbound can run without threads, on events that its user supplies
 * (unbound-event.h). This supplies them from base/loop.h, so that look-ups
 * are callbacks like any other, no byte crosses a pipe between threads, and
 * the process stays one thread in its sandbox.
 */
#ifndef LOOKUP_UBLOOP_H
#define LOOKUP_UBLOOP_H

#include <stdint.h>

#include "base/loop.h"

struct ub_event_base;

/* Must outlive every context made with it. */
struct ub_event_base *ubloop_new(struct loop *);
void ubloop_free(struct ub_event_base **);

/* How often a socket was made to wait for an answer, that is, within a few
 * percent (questions at the same moment may share one), queries sent. */
uint64_t ubloop_queries(const struct ub_event_base *);

/* Called after each time that the library was at work: us of the processor
 * that it took, and us that went by, which are more on a busy machine. */
void ubloop_on_cost(struct ub_event_base *,
    void (*cb)(void *arg, int64_t us, int64_t passed), void *arg);
/* Around calls into the library that may do work; events have it already. */
void ubloop_begin(struct ub_event_base *);
void ubloop_end(struct ub_event_base *);

#endif
