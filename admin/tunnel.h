/*
 * tunnel.h - the SSH tunnel from a support host to this machine (spec
 * delivery-admin 6.4)
 *
 * A process of its own keeps it: as account postern-tunnel, in the folder
 * "tunnel" of the state folder, which is that account's. There are copies of
 * what it needs (key, known_hosts), what ssh said (log), and, while ssh is
 * connected, the port at the support host (port). It connects again when the
 * connection is lost, and ends at its time; then the key's copy goes.
 */
#ifndef ADMIN_TUNNEL_H
#define ADMIN_TUNNEL_H

#include <sys/types.h>

#include "admin/tool.h"
#include "config/config.h"

struct tunnel {
	pid_t pid;              /* of the keeper; 0: none */
	int64_t began;          /* of that process: programs_began */
	int64_t since, expires; /* wall ms */
	char host[256];
	uint32_t port;
};

/* -1: err. */
int tunnel_start(const struct tool *, const struct remote_access *,
    int64_t seconds, struct tunnel *, struct err *);
/* Until it is connected for the first time: one that cannot be ends at once.
 * -1: err says why. */
int tunnel_wait(const struct tool *, struct tunnel *, struct err *);
/* pid 0 is ended already. -1: err. */
int tunnel_end(const struct tool *, struct tunnel *, struct err *);
/* The port there that leads here; 0: it is not connected just now. */
uint32_t tunnel_port(const struct tool *);

#endif
