/*
 * deliver.h - what became of a parcel, and all that follows from it
 *
 * Counters, events, the time of the next attempt, records to be written and
 * notices owed; then settle(). The message may be gone when these return.
 */
#ifndef QMGR_DELIVER_H
#define QMGR_DELIVER_H

#include "qmgr/schedule.h"

/* The server's answers; checked already. The parcel is in no list. */
void deliver_result(
    struct qmgr *, struct conn *, struct parcel *, const struct job_done *);
/* Hard, for all its recipients, without asking a server. why NULL: none. */
void deliver_cause(struct qmgr *, struct parcel *, enum cause, const char *why);
/* A 5xx greeting at every address. */
void deliver_refused(
    struct qmgr *, struct conn *, struct parcel *, const struct session_down *);
/* No address does what REQUIRETLS wants (RFC 8689): 5.7.30. */
void deliver_without_tls(
    struct qmgr *, struct parcel *, const struct session_down *);
/* A filter refused the message, which has just come in. */
void deliver_filtered(struct qmgr *, struct mail *);
/* Routed to /dev/null. */
void deliver_dropped(struct qmgr *, struct parcel *);
/* Ends what recipients of a due parcel are on the global unsubscribe list; the
 * others stay due. all: their server is; NULL: it is not. False: nobody is. */
bool deliver_unsubscribed(
    struct qmgr *, struct parcel *, const struct unsubscribed *all);
/* By an administrator: whoever is not in delivery. Returns how many. */
uint64_t deliver_delete(struct qmgr *, struct mail *);
/* The same of one parcel, which is in no connection's hands: deleted, bounced,
 * or from now on at another destination. settle() is the caller's. */
void deliver_parcel_deleted(struct qmgr *, struct parcel *);
void deliver_parcel_bounced(struct qmgr *, struct parcel *);
void deliver_parcel_moved(struct qmgr *, struct parcel *, struct str host);
/* Deleted before a restart: it was said, and counted, then. */
void deliver_parcel_gone(struct qmgr *, struct parcel *);

#endif
