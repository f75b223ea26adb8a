/*
 * hosts.h - names and addresses, as the gateway sees them
 *
 * The commands that look at the network ask the running lookupd, with its
 * servers and its cache: what they find is what mail would find. Only when
 * the gateway does not run, names of hosts are asked of the system.
 */
#ifndef ADMIN_HOSTS_H
#define ADMIN_HOSTS_H

#include "admin/control.h"
#include "base/bounds.h"
#include "base/ip.h"

#define HOSTS_MAX 16 /* addresses of a host that are looked at */

/* What lookupd answers (master/lookupd_answer.h), the caller's to free; kind:
 * "mx". NULL: err says why it could not be asked. */
json_t *hosts_lookup(
    struct tool *, const char *kind, const char *name, struct err *err);

struct hosts_query {
	const char *host; /* a name, or an address */
	int family;       /* AF_UNSPEC: either, IPv4 first */
};
/* Its addresses, HOSTS_MAX at most. 0: err says why there is none. */
size_t hosts_resolve(struct tool *, const struct hosts_query *,
    struct ip v[HOSTS_MAX], struct err *err);

/* The name of an address, that leads back to it or not; false: it has none
 * that could be found. */
bool hosts_name(struct tool *, const struct ip *, char out[DOMAIN_MAX + 1]);

#endif
