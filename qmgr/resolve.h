/*
 * resolve.h - from a domain to the ordered list of addresses to try
 *
 *	route table -> MX -> A and AAAA -> sorted list, or why there is none
 *
 * Spec delivery-admin 1.3, 1.4. Asks lookupd through outside.ask, all of one
 * step at once; the result stands in the destination when schedule_resolved
 * is called. Answers are found by number, so one that comes late is nobody's.
 */
#ifndef QMGR_RESOLVE_H
#define QMGR_RESOLVE_H

#include "qmgr/dest.h"

#define RESOLVE_MX_MAX   20 /* threats OUT-06: of a domain */
#define RESOLVE_ADDR_MAX 20 /* of a host */

/* Begins; the destination is ASKING, or has its result already (then this
 * does not call schedule_resolved). */
void resolve_start(struct qmgr *, struct dest *);
/* An answer of lookupd. */
void resolve_answer(struct qmgr *, uint32_t txn, const struct answer *);
/* lookupd is there again: puts all open questions once more. */
void resolve_again(struct qmgr *);
/* Forgets what was asked for this destination; it is NONE again. */
void resolve_cancel(struct qmgr *, struct dest *);

#endif
