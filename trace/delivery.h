/*
 * delivery.h - the delivery part of a report: where mail goes from the queue
 *
 * For each domain of an outcome its route and its destination controls, as
 * qmgr will take them from the configuration, and the sender with its bounce
 * verification tag. Without a route the hosts are those that the DNS says
 * then; what it says now is shown when that was wished for (way.h).
 */
#ifndef TRACE_DELIVERY_H
#define TRACE_DELIVERY_H

#include "trace/json.h"

/* Adds a want for each way that is to be looked up; not while others are open.
 */
void delivery_want(struct trace_report *, struct arena *mem);

/* [ { "domain", "route", "sender", "dkim", "way" (if it was looked up), and the
 * keys of postern.yaml(5) below destinations } ]; route null: the DNS; sender
 * null: it would have a tag, and there is no key. */
json_t *json_of_deliveries(
    const struct trace_report *, const struct trace_outcome *);
/* " - example.com: by route [relay.example.net], tls=off, ..." */
void show_deliveries(
    const struct trace_report *, const struct trace_outcome *, struct buf *out);

#endif
