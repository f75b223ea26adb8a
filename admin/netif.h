/*
 * netif.h - which interface a test of the network goes out from
 *
 * Those of the configuration that is in force (interfaceconfig), or "auto":
 * then the system chooses by its routes. An interface is an address of this
 * machine with a name.
 */
#ifndef ADMIN_NETIF_H
#define ADMIN_NETIF_H

#include "admin/tool.h"
#include "config/config.h"

struct netif {
	struct config *config; /* NULL: there is none yet */
};

/* Of the revision that is in force. */
void netif_begin(struct netif *, const struct tool *);
void netif_end(struct netif *);

/*
 * Asks: "1. Auto", then all interfaces with their addresses. *from: its
 * address, unset for auto. False: the input ended.
 */
bool netif_ask(
    struct netif *, struct tool *, const char *question, struct ip *from);
/* By name, or "auto" in any case. -1: err names those there are. */
int netif_find(
    const struct netif *, const char *name, struct ip *from, struct err *err);
/* Takes argv[1] away when it names one and more words follow: a host may be
 * called like an interface. Else *from is unset. */
void netif_take(const struct netif *, int *argc, char ***argv, struct ip *from);
/* After netif_take, of a command that takes HOST [NUMBER]: whether somebody
 * meant an interface that there is not. */
bool netif_meant(int argc, char **argv);
/* Says so, and which there are; returns the exit status. */
int netif_unknown(const struct netif *, const struct tool *, const char *name);
/* AF_INET, AF_INET6; AF_UNSPEC of an unset address. */
int netif_family(const struct ip *from);

#endif
