/*
 * ordered.h - what an administrator ordered: at once here, later on disk
 *
 * An order about recipients takes two steps. In the first, which costs little,
 * they leave their destination's queue: deleted ones are done, redirected ones
 * stand elsewhere, bounced ones wait for their turn; and the order goes into
 * the ledger. That is all that the administrator waits for. The second costs a
 * file or a notice for each message, so it is taken in slices, beside
 * everything else. A message needs the ledger until its file says the same, or
 * is gone.
 */
#ifndef QMGR_ORDERED_H
#define QMGR_ORDERED_H

#include "qmgr/ledger.h"

/* The first step: of each parcel, which is in no connection's hands, then of
 * the message as a whole. */
void ordered_parcel(
    struct qmgr *, struct parcel *, enum order_what, struct str host);
void ordered_message(
    struct qmgr *, struct mail *, enum order_what, struct str host);
/* The ledger knew something of this one, which has just come back. */
void ordered_recalled(struct qmgr *, struct mail *, unsigned known);

/* The second: a slice of it. True: there is more. */
bool ordered_step(struct qmgr *);

/* Something else became of the parcel. */
void ordered_no_more(struct qmgr *, struct parcel *);
/* settle.c: the file says all that is known of the message. */
void ordered_calm(struct qmgr *, struct mail *);
/* It ends, and its file does not go: the ledger is needed as long as we run. */
void ordered_stays(struct qmgr *, struct mail *);
/* mail_free. */
void ordered_drop(struct qmgr *, struct mail *);

#endif
