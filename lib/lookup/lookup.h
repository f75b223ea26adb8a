/*
 * lookup.h - facts that have to be asked of the network
 *
 * A query (ipc/messages.h) goes in, an answer comes back: always, within its
 * time limit, and never from within the call that asked. lookupd does this
 * for the other programs, trace in its own process with the same code.
 *
 *	LOOKUP_MX, _A, _AAAA, _TXT, _PTR, _CNAME, _NS, _SOA
 *				the records of query.name
 *	LOOKUP_TLSA		those of its port 25
 *	LOOKUP_HOST			the name of query.ip (receiving 4.6)
 *	LOOKUP_MAIL_DOMAIN		does query.name exist for mail (8.4)?
 *	LOOKUP_DNSLIST			is query.ip on the list query.name
 *(4.2)?
 *
 * The end is FOUND, NOT_FOUND, NXDOMAIN (also for a name that cannot be in
 * the domain name system) or FAILED, with a word as reason ("NXDomain",
 * "ServFail", "timeout"). A null MX is FOUND with an empty name.
 *
 * LOOKUP_HOST asks for the PTR records of the address and for the addresses
 * of up to ten names there. host_class and end:
 *	HOST_VERIFIED		FOUND: rrs[0] is the first name that leads back
 *	HOST_NX			NOT_FOUND or NXDOMAIN: there is no PTR record
 *	HOST_NOT_CONFIRMED	NOT_FOUND: no name leads back; rrs: the names
 *	HOST_SERVFAIL		FAILED: PTR, or the names, cannot be looked up
 *
 * LOOKUP_MAIL_DOMAIN asks for MX records, then for the addresses of up to ten
 * hosts there, or without MX records of the name itself. FOUND: there is an
 * address somewhere. NXDOMAIN, NOT_FOUND: there is none, or a null MX (RFC
 * 7505). FAILED: none was found, and not everything could be looked up.
 *
 * LOOKUP_DNSLIST asks for the addresses of the client's name in that zone, and
 * now and then whether it is a list at all (lookup/listcheck.h). list says
 * what came out; the end is that of the former question.
 */
#ifndef LOOKUP_LOOKUP_H
#define LOOKUP_LOOKUP_H

#include "config/config.h"
#include "fact/facts.h"
#include "ipc/messages.h"
#include "lookup/resolver.h"
#include "stats/stats.h"

#define LOOKUP_NAMES_MAX 10    /* PTR names, MX hosts that are looked at */
#define LOOKUPS_MAX      10000 /* under way; more: FAILED, "busy" */

struct lookups;
struct lookup;

/*
 * Uses the look-up settings of the configuration, which must live until the
 * next one is given. system: what was read from files, NULL for nothing.
 * stats: where the DNS counters are kept, NULL for nowhere: what
 * resolver_counts says, and the requests, each of which is one of a hit, a
 * miss, an exception, or expired.
 */
struct lookups *lookups_new(struct loop *, const struct config *,
    const struct lookup_system *system, struct stats *stats, struct err *);
void lookups_free(struct lookups **); /* no more callbacks */
/* Makes a new cache if servers or anchor have changed. -1: nothing changed. */
int lookups_config(struct lookups *, const struct config *, struct err *);
int lookups_flush(struct lookups *, struct err *);
size_t lookups_cached(const struct lookups *); /* resolver_cached */
/* cb hears of a domain that is not asked about for a minute, because that
 * cost too much (lookup/burden.h): its look-ups are FAILED, "costs too much".
 * The name comes from outside. */
void lookups_on_costly(
    struct lookups *, void (*cb)(void *arg, struct str domain), void *arg);

/* answer and what it points to are valid during the callback. */
typedef void (*lookup_done)(void *arg, const struct answer *);

struct lookup *lookup_ask(
    struct lookups *, const struct query *, lookup_done, void *arg);
/* The answer is not wanted; not from within the callback. */
void lookup_cancel(struct lookup **);

/* "mx", "a", "aaaa", "txt", "host", "domain", "tlsa", "ptr", "cname", "ns",
 * "soa", "sts" <-> enum lookup_kind; -1: none such. lookup_ask is not who
 * knows of the last. */
int lookup_kind_of(struct str name);
const char *lookup_kind_name(enum lookup_kind); /* "MX" */
const char *lookup_end_name(enum lookup_end);   /* "not found" */

#endif
