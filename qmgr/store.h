/*
 * store.h - the disk: records and moves on threads, names on the loop
 *
 * A sync takes milliseconds, so records are appended, synced and files moved
 * by a few threads, each with open folders of its own; the loop hears about
 * it when it is done. Removing a name is quick and done at once; the folders
 * in which names went away are synced once a second, also by a thread.
 */
#ifndef QMGR_STORE_H
#define QMGR_STORE_H

#include "base/loop.h"
#include "qmgr/settle.h"
#include "queue/slots.h"

struct store;

/* Opens the folders below path; before the sandbox closes. */
int store_open(
    struct store **, const char *path, unsigned n_threads, struct err *);
/* Starts the threads; saved is called on the loop, once for each save. */
void store_start(struct store *, struct loop *,
    void (*saved)(void *arg, struct save *), void *arg);
/* Waits for what is running; what was not begun is dropped. */
void store_close(struct store **);

void store_save(struct store *, struct save *);
int store_unlink(struct store *, enum queue_place, uint64_t mid, struct err *);
/* At the end: what went away is gone for good. */
void store_sync(struct store *);
/* Of all names that went away by now: a number, never 0; and whether they are
 * gone for good. */
uint64_t store_mark(const struct store *);
bool store_reached(struct store *, uint64_t mark);
/* Read-only descriptor; looks in the other place as well. */
int store_reader(struct store *, enum queue_place, uint64_t mid, struct err *);
/* The slots of a cleanup worker; NULL: it has none (err says if that is an
 * error). Opened when first asked for. */
struct slots *store_slots(struct store *, uint32_t writer, struct err *);
/* This message needs its slot no longer. */
void store_slot_done(struct store *, uint32_t slot, uint64_t mid);
/* Makes it a file in incoming, at once: for who must have one. */
int store_slot_leave(struct store *, uint32_t slot, uint64_t mid, struct err *);
/* For recovery: folders that no thread uses. */
struct spool *store_spool(struct store *);
size_t store_busy(const struct store *); /* saves not yet called back */

#endif
