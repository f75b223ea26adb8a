/*
 * way.h - `trace --lookup`: how a message would get to its next hops
 *
 * By the queue manager's own code (admin/attempt.h), with the DNS of this
 * moment; nobody is connected to. Looked up by who runs trace, when the child
 * that looks at the message names the domains, and shown by the child.
 */
#ifndef TRACE_WAY_H
#define TRACE_WAY_H

#include <jansson.h>

#include "trace/trace.h"

struct trace_way {
	struct trace_way *next;
	struct str domain, gateway;
	enum tls_wish wish;
	json_t *json;
};

/* A want of TRACE_WANT_WAY, answered into in->ways. */
void trace_way(struct trace_input *, const struct trace_want *);
void trace_ways_free(struct trace_input *);
/* NULL: nobody has looked. */
const struct trace_way *trace_way_find(const struct trace_input *,
    struct str domain, struct str gateway, enum tls_wish);

/* What way_look says (admin/way.h). */
void show_way(const json_t *, struct buf *out);

#endif
