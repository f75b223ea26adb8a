/*
 * ahead.h - files are in memory by the time they are read (private to
 * recover.c)
 *
 * Reading a million small files one after the other is waiting for the disk
 * a million times. A few threads read the beginnings of those that come next,
 * and throw away what they read: the kernel keeps it. What is found, and in
 * which order, is not theirs to say, so recovery is what it was. Where files
 * are in memory already, as when another program has just read them, they do
 * next to nothing.
 */
#ifndef QUEUE_AHEAD_H
#define QUEUE_AHEAD_H

#include "queue/spool.h"

struct ahead;

/* NULL: there are too few for that, or no threads. The MIDs stay as they are
 * until it is stopped. */
struct ahead *ahead_start(
    const struct spool *, enum queue_place, const uint64_t *mids, size_t n);
/* The i-th is read now: when this returns no thread has it open, or will (a
 * lease on it must be possible). */
void ahead_reach(struct ahead *, size_t i);
void ahead_stop(struct ahead **);

#endif
