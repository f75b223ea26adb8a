/*
 * way.h - how mail for a domain would go now, without going
 *
 * By the queue manager's own code (admin/attempt.h): the DNS is asked, and
 * nobody is connected to.
 */
#ifndef ADMIN_WAY_H
#define ADMIN_WAY_H

#include <jansson.h>

#include "admin/tool.h"
#include "config/delivery.h"

/*
 * {
 *   "asked": "lookupd" | "self" | null (nobody),
 *   "outcome": "found" | "bounced" | "waits" | "dropped" | "unknown" (there
 *     is no configuration that could be read), "reason": text|null,
 *   "routed": bool, "lookups": [ ... ], "mx": [ { "preference", "host",
 *   "ttl" } ], "addresses": [ { "preference", "host", "ip", "port", "dane",
 *   "mta_sts" } ],
 *   "attempts": [ { "host", "ip", "port", "helo", "source": text|null,
 *     "tls": level, "tls_names": [ text ], "tlsa": [ hex ],
 *     "tls_by": "DANE" | "MTA-STS" | null (what our side demands),
 *     "requiretls": bool, "certificate": text|null (that we would show) } ]
 * } in the order of delivery; equals of one preference take turns there.
 * working: by the working copy of the configuration. The caller's.
 */
json_t *way_look(struct tool *, bool working, struct str domain,
    struct str gateway, enum tls_wish);

#endif
