/*
 * counts.h - what is counted of each destination outlives a restart
 *
 * hoststatus and tophosts count since the last resetcounters (delivery-admin
 * 2.9, 2.10), whatever was started anew since. So the counters stand in a
 * file in the folder of deferred mail, replaced atomically, by a thread: a
 * second after they change, then every ten seconds while they do (threats
 * DUR-16), and when the program is stopped. What was counted in the last
 * seconds before a crash is missing here, not in the counters of the system.
 *
 * As long as they are counted, destinations without mail are kept in memory,
 * the last 10,000 of them (dest.c); what is forgotten there is forgotten here.
 */
#ifndef QMGR_COUNTS_H
#define QMGR_COUNTS_H

#include "base/loop.h"
#include "qmgr/core.h"

#define COUNTS_SOON_MS  1000
#define COUNTS_EVERY_MS 10000

struct counts;

/* Reads the file. One that is not there is fine; -1: one that cannot be used,
 * and counters begin at nothing. */
int counts_open(
    struct counts **, struct qmgr *, struct loop *, int folder, struct err *);
/* When it wants to be called next, monotonic ms; 0: nothing changed. NULL,
 * after the end, is fine. */
int64_t counts_next(struct counts *);
void counts_tick(struct counts *);
/* They were set to zero: that is saved at once. */
void counts_hurry(struct counts *);
/* The end: what is not saved is saved now. */
void counts_close(struct counts **);

/* The same without a file: all counters that are not 0, as bytes. */
void counts_render(const struct qmgr *, struct buf *out);
int counts_parse(struct qmgr *, struct str, struct err *);

#endif
