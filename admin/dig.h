/*
 * dig.h - the parts of `dig` (delivery-admin 5.7)
 */
#ifndef ADMIN_DIG_H
#define ADMIN_DIG_H

#include "admin/dnsquery.h"
#include "admin/tool.h"
#include "config/config.h"
#include "lookup/system.h"

#define DIG_SERVERS 16
#define DIG_PORT    53

struct dig {
	struct tool *t;
	const struct config *config; /* NULL: none is in force */
	struct dnsquery q;           /* of the server, what was found last */
	struct endpoint servers[DIG_SERVERS];
	size_t n_servers; /* none: the root */
	uint16_t port;    /* of servers that are found on the way */
	bool brief;       /* data alone */
};

/* Each server in turn, the root when there is none. NULL: err is about the
 * last one. *bytes: how much came. */
json_t *dig_ask(struct dig *, size_t *bytes, struct err *err);
/* From the root to the servers of the name, each step shown; the exit
 * status. */
int dig_trace(struct dig *);

/* --- dig_root.c --- */

/* The message that the library makes of what it finds below the root, with a
 * cache of its own. -1: err. */
int dig_from_root(const struct dig *, struct buf *out, struct err *err);

#endif
