/*
 * system.h - what the machine's own files say about look-ups
 *
 * /etc/resolv.conf names the servers to ask when the configuration names
 * none; then the names of /etc/hosts are known without asking, too. Both are
 * read once, before the sandbox closes; afterwards there are no files.
 */
#ifndef LOOKUP_SYSTEM_H
#define LOOKUP_SYSTEM_H

#include "base/arena.h"
#include "base/ip.h"
#include "base/str.h"

#define LOOKUP_SERVERS_MAX 8
#define LOOKUP_HOSTS_MAX   10000

struct lookup_host {
	struct ip ip;
	struct str name; /* lower case; the first of a line has is_first */
	bool is_first;
};

struct lookup_system {
	struct arena mem;
	struct endpoint servers[LOOKUP_SERVERS_MAX];
	size_t n_servers;
	struct lookup_host *hosts;
	size_t n_hosts, cap_hosts;
};

/* Files that are not there, or lines that are not understood, count for
 * nothing, as with every resolver. NULL: the usual paths. */
void lookup_system_read(
    struct lookup_system *, const char *resolv_conf, const char *hosts);
void lookup_system_free(struct lookup_system *);

#endif
