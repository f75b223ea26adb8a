/*
 * netlink.h - what the kernel knows of sockets, interfaces, routes
 *
 * One question, and a callback for each message of the answer (netlink(7),
 * rtnetlink(7), sock_diag(7)). The kernel is believed, as far as lengths are
 * in order.
 */
#ifndef ADMIN_NETLINK_H
#define ADMIN_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct netlink {
	int protocol;     /* NETLINK_ROUTE, NETLINK_SOCK_DIAG */
	uint16_t type;    /* of the question */
	const void *body; /* behind the header, with attributes */
	size_t n;
};

/* All there are. -1: err, the errno of the kernel in err->sys. */
int netlink_dump(const struct netlink *,
    void (*take)(void *arg, const struct nlmsghdr *), void *arg,
    struct err *err);
/* One change, which the kernel confirms. */
int netlink_change(const struct netlink *, struct err *err);

/* What stands behind a header; NULL: there are less than n bytes. */
const void *netlink_body(const struct nlmsghdr *, size_t n);
/* An attribute behind n bytes of body; NULL: none, or shorter than least. */
const void *netlink_attr(
    const struct nlmsghdr *, size_t n, unsigned type, size_t least);
/* ... its length. */
size_t netlink_attr_len(const void *attr);

#endif
