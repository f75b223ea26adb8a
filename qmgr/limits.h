/*
 * limits.h - how much a destination is asked to take (spec 1.5, 1.8)
 *
 * Connections at a time, and recipients within a window. Both are counted
 * for the domain or for each address; and for the whole system, that is with
 * what the destinations of virtual gateways beside it have, or for each
 * gateway alone. A window begins with the first recipient that is sent.
 */
#ifndef QMGR_LIMITS_H
#define QMGR_LIMITS_H

#include "qmgr/schedule.h"

/* One more connection, as far as the domain goes. */
bool limits_may_open(const struct dest *);
/* ... to this address, and a recipient over it. */
bool limits_may_use(
    const struct qmgr *, const struct dest *, const struct address *);
/* A recipient, as far as the domain goes. */
bool limits_may_send(const struct qmgr *, const struct dest *);
/* ... over this connection. */
bool limits_may_send_on(
    const struct qmgr *, const struct dest *, const struct conn *);
/* n recipients were given to the connection. */
void limits_sent(
    const struct qmgr *, struct dest *, const struct conn *, uint64_t n);
/* When the first of its windows is over; 0: none runs. */
int64_t limits_next(const struct qmgr *, const struct dest *);
/* All windows are over now. */
void limits_reset(struct dest *);

#endif
