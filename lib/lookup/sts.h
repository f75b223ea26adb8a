/*
 * sts.h - MTA-STS policies (RFC 8461): found in the DNS, fetched, kept
 *
 * The TXT record says whether there is a policy and which; a policy that is
 * known by that id is not fetched again before its time is over. One that
 * cannot be fetched leaves the one before in force as long as that lasts, and
 * is not asked for again for some minutes; without one there is no policy.
 * Policies are kept in memory, so those of a domain that was not written to
 * since the start are not known.
 */
#ifndef LOOKUP_STS_H
#define LOOKUP_STS_H

#include "lookup/http.h"
#include "lookup/lookup.h"

struct sts;
struct sts_asking;

/* say hears of policies that could not be had; both texts come from outside. */
struct sts *sts_new(struct loop *, struct lookups *, struct http *,
    void (*say)(struct str domain, const char *why));
void sts_free(struct sts **); /* all that asked must have stopped */

/*
 * LOOKUP_STS about query->name. FOUND: a policy is in force; sts is its mode
 * (lookup/sts_policy.h), the names of rrs are the patterns of its hosts.
 * NOT_FOUND: there is none, or none that can be had. Called back once, not
 * from within.
 */
struct sts_asking *sts_ask(
    struct sts *, const struct query *, lookup_done, void *arg);
void sts_stop(struct sts_asking **); /* NULL is fine */

#endif
