/*
 * part.h - a part of a message for inspect to look at
 *
 * What comes back is lookup/part.h's.
 */
#ifndef CLEANUP_PART_H
#define CLEANUP_PART_H

#include "cleanup/task.h"

/* Sends the decoded bytes of the part. False: it cannot. */
bool part_send(struct ipc *inspect, uint32_t txn, const struct task *,
    const struct need *);

#endif
