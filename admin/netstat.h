/*
 * netstat.h - what `netstat` shows, from messages of the kernel
 *
 * Each function adds an object for one message to a list, or nothing when it
 * says nothing that is shown; `arg` is the list. Then the whole of each kind.
 *
 *	sockets	{ "proto": "tcp4", "recv_q": n, "send_q": n, "local": E,
 *		  "foreign": E, "state": "LISTEN" or "",
 *		  "inode": n }
 *	E:	{ "address": text or null (any), "port": n or null }
 *	links	{ "index": n, "name": "eth0", "mtu": n, "mac": text or null,
 *		  "up": bool, "in_packets", "in_errors", "in_drops", "in_bytes",
 *		  "out_packets", "out_errors", "out_drops", "out_bytes",
 *		  "collisions": n, "addresses": [ "192.0.2.10/24", ... ] }
 *	routes	{ "family": 4 or 6, "destination": "default" or "192.0.2.0/24",
 *		  "gateway": text or null, "flags": "UGS", "index": n,
 *		  "interface": text }
 *	neighbours { "family": 4 or 6, "address": text, "mac": text or null,
 *		  "index": n, "interface": text, "state": "reachable",
 *		  "expires": seconds until it must be confirmed again (0: it has
 *		  to be), or null (never), "router": bool }
 */
#ifndef ADMIN_NETSTAT_H
#define ADMIN_NETSTAT_H

#include <jansson.h>
#include <stdbool.h>

#include "admin/netlink.h"

/* Of that protocol: "tcp" or "udp". */
struct netstat_sockets {
	json_t *list;
	const char *proto;
};
void netstat_socket(void *arg, const struct nlmsghdr *); /* of the above */
void netstat_link(void *list, const struct nlmsghdr *);
void netstat_address(void *links, const struct nlmsghdr *);
void netstat_route(void *list, const struct nlmsghdr *);
void netstat_neighbour(void *list, const struct nlmsghdr *);

/* family: AF_INET, AF_INET6, AF_UNSPEC for both. NULL: err. The caller's. */
json_t *netstat_all_sockets(int family, struct err *);
/* Of such a list those that listen; takes it, NULL too. */
json_t *netstat_listening(json_t *sockets);
json_t *netstat_all_links(struct err *);
json_t *netstat_all_routes(int family, struct err *);
json_t *netstat_all_neighbours(int family, struct err *);

/* The kernel forgets one of the neighbours. */
int netstat_forget(const json_t *neighbour, struct err *);

/* Listening TCP sockets and whose they are, as far as the caller may know:
 *	{ "process": "postern-smtpd" or null, "pid": n or null, "user": text or
 *	  null, "proto": "tcp4", "local": E } */
json_t *netstat_services(struct err *);

#endif
