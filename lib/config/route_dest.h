/*
 * route_dest.h - the two sides of an SMTP route, from their texts
 *
 * Spec delivery-admin 1.3. Left: example.com, .example.com, an address
 * literal, ALL. Right: USEDNS, /dev/null, or destinations.
 */
#ifndef CONFIG_ROUTE_DEST_H
#define CONFIG_ROUTE_DEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "config/config.h"

/* host, [host], address, [address], with :port and /pri=N. */
int route_dest_parse(
    struct route_dest *, struct str text, struct arena *mem, struct err *err);
/* Fills domain: lower case, literals in one spelling (rat_literal). */
int route_domain_parse(
    struct route *, struct str text, struct arena *mem, struct err *err);
/* Fills kind, dests, n, auth_name from texts of which each may hold several
 * separated by commas; one may be "auth=PROFILE". */
int route_dests_parse(struct route *, const struct str *texts, size_t n,
    struct arena *mem, struct err *err);

/* As they were written, with ", " between. */
void route_dests_text(const struct route_dest *, size_t n, struct buf *out);
/* The whole right side: USEDNS, /dev/null, or destinations and auth. */
void route_text(const struct route *, struct buf *out);

#endif
