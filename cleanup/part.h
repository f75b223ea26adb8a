/*
 * part.h - a part of a message for inspect to look at
 */
#ifndef CLEANUP_PART_H
#define CLEANUP_PART_H

#include "cleanup/task.h"

#define PART_TOLD ((size_t)16 << 20) /* bytes that are taken of an answer */

struct part_told; /* what has come of an answer */

/* Sends the decoded bytes of the part. False: it cannot. */
bool part_send(struct ipc *inspect, uint32_t txn, const struct task *,
    const struct need *);

/* One frame of the answer; *told begins as NULL. 1: that was the last, and
 * the fact is filled in, in mem. -1: err, nobody in his right mind says so. */
int part_take(struct part_told **, const struct ipc_frame *,
    struct fact_answer *, struct arena *mem, struct err *);
/* -1: err, that is no such frame. */
int part_check(const struct ipc_frame *, struct err *);
void part_forget(struct part_told **);

#endif
