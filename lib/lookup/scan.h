/*
 * scan.h - have a scanner look at a message, and wait for what it says
 *
 * The servers of the configuration are tried in order, until one answers in
 * its language (engine.h); all of them together have the time limit of the
 * scanner. After three failures in a row nobody is asked for a minute, and an
 * event says so: mail shall not wait for a scanner that is not there.
 */
#ifndef LOOKUP_SCAN_H
#define LOOKUP_SCAN_H

#include "lookup/engine.h"
#include "lookup/lookup.h"

#define SCANS_MAX     500   /* under way; more: not known, "busy" */
#define SCAN_FAILURES 3     /* in a row, then */
#define SCAN_REST     60000 /* ms */

struct scans;
struct scanning;

struct scans *scans_new(struct loop *, struct lookups *);
void scans_free(struct scans **); /* no more callbacks */

/* Called once, never from within scan_start. */
typedef void (*scan_finished)(void *arg, const struct scanned *);
/* fd is taken over. */
struct scanning *scan_start(struct scans *, struct config *,
    const struct scan_msg *, int fd, scan_finished, void *arg);
/* Asks the engine itself. The minute of rest does not count, and what comes of
 * it counts for nothing. */
struct scanning *scan_ask(struct scans *, struct config *, enum scan_kind,
    enum engine_question, scan_finished, void *arg);
/* When it last answered; wall ms, 0: not yet. */
int64_t scan_contact(const struct scans *, enum scan_kind);
/* Processor time that we spent on talking to it, us, since the last time
 * somebody asked. */
int64_t scan_used(struct scans *, enum scan_kind);
void scan_stop(struct scanning **); /* not from within the callback */

#endif
