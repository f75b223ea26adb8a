/*
 * tunnel_keep.h - inside the tunnel: the process that keeps it
 *
 * Its working folder is the tunnel's, and it has no rights but its account's.
 */
#ifndef ADMIN_TUNNEL_KEEP_H
#define ADMIN_TUNNEL_KEEP_H

#include <sys/types.h>

#include <stdint.h>

#define TUNNEL_KEY   "key"
#define TUNNEL_KNOWN "known_hosts"
#define TUNNEL_LOG   "log"
#define TUNNEL_PORT  "port"

struct tunnel_job {
	const char *folder;
	uid_t uid; /* whom to become, with gid; 0: nobody else */
	gid_t gid;
	const char *const *argv; /* of ssh; argv[0] is its path */
	int64_t seconds;         /* how long */
};

/* In a new process; ends it. The status of one that was never connected is
 * not 0. */
void tunnel_keep(const struct tunnel_job *) __attribute__((noreturn));

#endif
