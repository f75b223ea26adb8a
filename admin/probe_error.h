/*
 * probe_error.h - what routers say of a packet that did not arrive
 *
 * ICMP errors as the kernel keeps them for the socket that sent the packet
 * (IP_RECVERR): no right is needed, and nobody else's errors are seen.
 */
#ifndef ADMIN_PROBE_ERROR_H
#define ADMIN_PROBE_ERROR_H

#include <stdbool.h>

#include "base/ip.h"

struct probe_error {
	struct ip from;     /* who says so; unset: this machine */
	struct endpoint to; /* whom the packet was for */
	int type, code;     /* of ICMP */
	bool v6;
};

/* Has errors kept, and the hops of packets that come be told. */
int probe_error_wanted(int fd, bool v6);
/* Takes the next one; false: there is none. */
bool probe_error_take(int fd, struct probe_error *out);

bool probe_error_is_expired(const struct probe_error *);
/* The packet came to the host, and nobody is at the port. */
bool probe_error_is_there(const struct probe_error *);
/* "Destination Host Unreachable"; mark: "!H" of traceroute, or "". */
const char *probe_error_text(const struct probe_error *, const char **mark);

#endif
