/*
 * result.h - what a reply, or the lack of one, means for a recipient
 *
 * Spec delivery-admin 1.6, as tables. Nothing here remembers or does
 * anything. The status is derived from the basic code, whatever the server's
 * own enhanced code says.
 */
#ifndef QMGR_RESULT_H
#define QMGR_RESULT_H

#include <stdbool.h>

#include "ipc/messages.h"

enum outcome {
	OUTCOME_DELIVERED,
	OUTCOME_SOFT,      /* this recipient, later */
	OUTCOME_HARD,      /* this recipient, never */
	OUTCOME_CONNECTION /* nothing was said about it: other connection */
};

enum hard_class { /* order: the counters of spec 2.2 */
	HARD_DNS,
	HARD_5XX,
	HARD_FILTER,
	HARD_EXPIRED,
	HARD_OTHER
};

struct verdict {
	enum outcome outcome;
	enum hard_class hard;
	bool possible;      /* delivered, as far as one can tell */
	const char *status; /* "5.1.0" */
	const char *reason; /* "Unknown address error" */
	char code[4];       /* "550"; "000" when no server said anything */
};

/* possible: the connection was lost after the final dot; believe: then take
 * it for delivered (delivery parameters, "possible delivery"). */
struct verdict result_of_reply(
    const struct job_result *, bool possible, bool believe);

/* A 5xx greeting or EHLO reply at every address of the destination. */
struct verdict result_of_greeting(uint32_t code);

enum cause {              /* for which no reply is there */
	CAUSE_NO_HOST,    /* NXDOMAIN, no addresses, malformed domain */
	CAUSE_NULL_MX,    /* RFC 7505 */
	CAUSE_UNROUTABLE, /* only addresses one must not connect to */
	CAUSE_LOOP,       /* we are the best MX */
	CAUSE_EXPIRED,
	CAUSE_FILTER,       /* a filter of ours refused the message */
	CAUSE_UNSUBSCRIBED, /* on the global unsubscribe list */
	CAUSE_ADMIN,        /* an administrator said so */
	CAUSE_REQUIRETLS,   /* nobody takes it as it wants (RFC 8689) */
	CAUSE_NETWORK       /* soft: connection lost, time-out */
};
struct verdict result_of_cause(enum cause);

#endif
