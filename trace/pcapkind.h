/*
 * pcapkind.h - what a captured connection is, and which listener it is for
 *
 * A pure look at its first bytes; those that speak for a load balancer are
 * believed as smtpd believes them (smtpd/proxy.h).
 */
#ifndef TRACE_PCAPKIND_H
#define TRACE_PCAPKIND_H

#include "packet/streams.h"
#include "trace/pcapfile.h"

/* Sets kind, listener, proxy and what belongs to it. listener: the name of
 * the one that all connections are for; "": by the server's address and port,
 * else by its port, else the first one that speaks what the client speaks. */
void pcap_identify(const struct config *, const char *listener,
    const struct connection *, struct pcap_talk *);

#endif
