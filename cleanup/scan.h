/*
 * scan.h - a message, or a part of one, for a scanner to look at
 */
#ifndef CLEANUP_SCAN_H
#define CLEANUP_SCAN_H

#include "cleanup/task.h"

/* Sends the content that the fact is about to lookupd. False: it cannot. */
bool scan_send(struct ipc *lookupd, uint32_t txn, const struct task *,
    const struct need *);
/* Puts bytes into a memory file. */
bool scan_put(int fd, struct str bytes);

#endif
