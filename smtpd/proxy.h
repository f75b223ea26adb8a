/*
 * proxy.h - the PROXY header of load balancers (versions 1 and 2)
 *
 * A balancer that speaks it says, before anything else, who has connected to
 * it. Believed of those that the listener names (proxy_protocol), and they
 * must say it. A pure parser; threats IDT-02.
 */
#ifndef SMTPD_PROXY_H
#define SMTPD_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"

#define PROXY_MAX  536  /* bytes of a header */
#define PROXY_WAIT 5000 /* ms for it to come */

struct proxy_header {
	bool local; /* of the balancer itself, or it cannot say: the socket's
		     * addresses hold, and the rest is empty */
	struct endpoint client, server;
};

enum proxy_end {
	PROXY_MORE, /* so far it is the beginning of a header */
	PROXY_DONE,
	PROXY_BAD
};

/* in: all that has come. PROXY_DONE: *used bytes of it are the header. */
enum proxy_end proxy_parse(struct str in, struct proxy_header *, size_t *used);

#endif
