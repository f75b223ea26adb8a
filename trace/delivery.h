/*
 * delivery.h - the delivery part of a report: where mail goes from the queue
 *
 * For each domain of an outcome its route and its destination controls, as
 * qmgr will take them from the configuration, and the sender with its bounce
 * verification tag. Nothing is looked up and nobody is asked: without a route
 * the hosts are those that the DNS says then.
 */
#ifndef TRACE_DELIVERY_H
#define TRACE_DELIVERY_H

#include "trace/json.h"

/* [ { "domain", "route", "sender", and the keys of postern.yaml(5) below
 * destinations } ]; route null: the DNS; sender null: it would have a tag,
 * and there is no key. */
json_t *json_of_deliveries(const struct trace_report *, const struct work *);
/* " - example.com: by route [relay.example.net], tls=off, ..." */
void show_deliveries(
    const struct trace_report *, const struct work *, struct buf *out);

#endif
