/*
 * conn.h - one connection: its life, and what its end says about an address
 *
 * Used by schedule.c.
 */
#ifndef QMGR_CONN_H
#define QMGR_CONN_H

#include "qmgr/schedule.h"

enum conn_open {
	CONN_OPENED,
	CONN_NO_WORKER,
	CONN_NO_ADDRESS /* all at their window, or down */
};
enum conn_open conn_open(struct qmgr *, struct dest *);
/* Could conn_open find an address? */
bool conn_has_address(const struct qmgr *, const struct dest *);
/* When the first address that is down now may be tried again; 0: none is. */
int64_t conn_next_address(const struct qmgr *, const struct dest *);

/* Into the list that fits its jobs. */
void conn_sort(struct qmgr *, struct conn *);
void conn_quit(struct qmgr *, struct conn *);
/* Up: the address is good, the destination is up. */
void conn_is_up(struct qmgr *, struct conn *);
/* A transaction succeeded: one more connection may be opened. */
void conn_widen(const struct conn *);
/* Gives back its jobs and frees it. why NULL: nobody's fault. */
void conn_gone(struct qmgr *, struct conn *, const struct session_down *why);
struct conn *conn_of(const struct qmgr *, void *worker, uint32_t id);

#endif
