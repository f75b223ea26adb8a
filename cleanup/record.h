/*
 * record.h - the records of what came out of the work queue
 *
 * What stages decided (struct work), as envelope and ROUTE of queue files.
 * All of it in the task's memory.
 */
#ifndef CLEANUP_RECORD_H
#define CLEANUP_RECORD_H

#include "cleanup/outcome.h"

/* ROUTE of the message itself: of what stays of it, or, when nothing does,
 * that it is finished. */
void record_route(const struct outcome *, struct route_rec *);
void record_child_envelope(const struct child *, struct envelope *);
/* header_len: of its content, when that is written. */
void record_child_route(
    const struct child *, uint64_t header_len, struct route_rec *);

/* A notice that we wrote, no copy of the message. */
bool record_is_ours(const struct work_copy *);

#endif
