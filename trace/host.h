/*
 * host.h - what the network knows of the client, asked as lookupd asks it
 */
#ifndef TRACE_HOST_H
#define TRACE_HOST_H

#include "config/config.h"
#include "fact/facts.h"

/* Looks up, side by side, what is not known of facts->client: the reverse
 * name (spec receiving 2.3, 4.6) and whether the DNS lists of the listener's
 * host access table have it (4.2). Sets FACT_HOST, FACT_DNSLIST; texts and
 * answers are in mem. */
void trace_host(const struct config *, const struct listener *, struct facts *,
    struct arena *mem);

#endif
