/*
 * sweep.h - going through the whole queue, in slices
 *
 * A command about many messages must not hold up delivery. It looks at the
 * messages that are there when it begins, oldest first, some at a time; in
 * between the queue lives on: messages end, others come. Those that come
 * later are not looked at.
 */
#ifndef QMGR_SWEEP_H
#define QMGR_SWEEP_H

#include "qmgr/dest.h"

enum select_by { SELECT_ALL, SELECT_HOST, SELECT_SENDER, SELECT_MID };

struct selection {
	enum select_by by;
	char what[ADDR_MAX + 1]; /* host or sender */
	uint64_t mid;
	bool internal; /* of all, those at internal destinations, too */
};

enum sweep_do {
	SWEEP_SHOW,
	SWEEP_COUNT,
	SWEEP_DELETE,
	SWEEP_BOUNCE,
	SWEEP_REDIRECT
};

struct sweep {
	enum sweep_do what;
	struct selection selection;
	char host[DOMAIN_MAX + 1]; /* REDIRECT: to */
	/* SHOW: one that is selected. */
	void (*show)(void *arg, const struct mail *, const struct dest *only);
	void *arg;
	bool begun, ended;
	uint64_t n_messages, n_rcpts; /* done to; COUNT: found */
	uint64_t n_sent;              /* recipients left alone: in delivery */

	struct mail *at, *end; /* the next one, and the last */
	struct sweep *next;    /* in qmgr.sweeps */
};

/* The words of a command, from the first one on: all, or host, sender, mid
 * and what it is. False: they are not that. */
bool selection_read(struct selection *, const struct str *words, size_t n);

/* Does a slice. True: it has ended. What it ordered has taken its first step
 * then (ordered.h), and is safe when the ledger is. */
bool sweep_step(struct qmgr *, struct sweep *);
/* It is not gone on with. */
void sweep_stop(struct qmgr *, struct sweep *);
/* For mail_free: this one goes away. */
void sweep_skip(struct qmgr *, const struct mail *);

#endif
