/*
 * feed.h - the rules of the outbreak feed, as the gateway keeps them
 */
#ifndef TRACE_FEED_H
#define TRACE_FEED_H

#include "config/config.h"
#include "config/paths.h"

/* From then on they go with the configuration, checked with its key. Who may
 * not read them is told on standard error, once, and traces without. */
void trace_feed(struct config *, const struct paths *);

#endif
