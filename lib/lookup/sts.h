/*
 * sts.h - MTA-STS policies (RFC 8461): found in the DNS, fetched, kept
 *
 * The TXT record says whether there is a policy and which; a policy that is
 * known by that id is not fetched again before its time is over. One that
 * cannot be fetched leaves the one before in force as long as that lasts, and
 * is not asked for again for some minutes; without one there is no policy.
 *
 * Policies are kept in memory; somebody who has files may keep what sts_pack
 * says, and give it back after a restart: else whoever can keep us from the
 * web server at that moment could have mail go unprotected. The file:
 *
 *	postern-mta-sts 1
 *	example.com ID EXPIRES LENGTH		wall ms; bytes of the policy
 *	(the policy, a line end)
 */
#ifndef LOOKUP_STS_H
#define LOOKUP_STS_H

#include "lookup/http.h"
#include "lookup/lookup.h"

struct sts;
struct sts_asking;

/* say hears of policies that could not be had; both texts come from outside.
 * result: what that is called in reports (RFC 8460 4.3). */
struct sts *sts_new(struct loop *, struct lookups *, struct http *,
    void (*say)(struct str domain, const char *result, const char *why));
/* Hears when there is something new to be kept. */
void sts_on_news(struct sts *, void (*news)(void *arg), void *arg);
/* All that are in force, as far as they fit. now: wall ms. */
void sts_pack(const struct sts *, int64_t now, struct buf *out);
/* What is known already, or over, is passed over. -1: the rest of the text
 * is not that of sts_pack; err. */
int sts_unpack(struct sts *, struct str text, int64_t now, struct err *);
#define STS_PACK_MAX ((size_t)1 << 20)
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
