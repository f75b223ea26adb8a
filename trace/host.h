/*
 * host.h - what the network knows of the client, asked as lookupd asks it
 */
#ifndef TRACE_HOST_H
#define TRACE_HOST_H

#include "config/config.h"
#include "fact/facts.h"
#include "pipeline/stage.h"

/* Looks up, side by side, what is not known of facts->client: the reverse
 * name (spec receiving 2.3, 4.6) and whether the DNS lists of the listener's
 * host access table have it (4.2). */
void trace_host(const struct config *, const struct listener *, struct facts *,
    struct arena *mem);

/* Looks up, AHEAD_TOGETHER side by side, any facts that lookup/facts.h has
 * questions for, and those of call-ahead, and sets them; what they point to is
 * in mem. */
void trace_look_up(const struct config *, const struct listener *,
    const struct need *, size_t n, struct facts *, struct arena *mem);

#endif
