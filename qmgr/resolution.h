/*
 * resolution.h - from what was looked up to the list that is tried in order
 *
 * Sorting, and the rules about hosts that must not be tried: ourselves and
 * those behind us in preference, addresses that lead nowhere (threats
 * LOP-02). Private to resolve.c and the tests.
 */
#ifndef QMGR_RESOLUTION_H
#define QMGR_RESOLUTION_H

#include "lookup/sts_policy.h"
#include "qmgr/resolve.h"

/* 1,000 targets of a route, each with its hosts: the arena's limit. */
#define RESOLVE_MEM_MAX ((size_t)64 * 1024 * 1024)

enum host_dane { HOST_NO_DANE, HOST_DANE, HOST_DANE_FAILED };
struct mx_host {
	struct str name;
	uint16_t preference;
	struct ip *ips;
	size_t n_ips;
	uint32_t ttl;        /* of its addresses, the smallest */
	bool failed;         /* some look-up ended softly */
	bool insecure;       /* some answer about them was not validated */
	enum host_dane dane; /* if they all were */
	struct tlsa *tlsas;  /* TLSA_MAX at most */
	size_t n_tlsas;
};

enum target_end {
	TARGET_FOUND,
	TARGET_NXDOMAIN,
	TARGET_NULL_MX,
	TARGET_LOOP, /* nobody is better than ourselves */
	TARGET_MALFORMED,
	TARGET_FAILED /* softly */
};

/* One thing to be looked up: the domain, or a destination of its route. */
struct target {
	struct str name;
	struct ip ip; /* set: nothing need be asked */
	bool no_mx, routed;
	uint16_t port, priority;
	enum target_end end;
	struct mx_host *hosts; /* room for RESOLVE_MX_MAX */
	size_t n_hosts;
	bool has_mx;
	uint32_t ttl; /* of the MX records */
	bool secure;  /* they, or that there are none, were validated */
	enum sts_mode sts;
	struct str *sts_mx; /* patterns of its hosts */
	size_t n_sts_mx;
};

/* The MX records, best first, at most RESOLVE_MX_MAX; null MX. */
void target_take_mx(struct target *, const struct answer *, struct arena *mem);
/* Whether addresses of that kind are tried at all. */
bool resolution_wants(const struct dest *, bool v4);
/* Without our own names and all that is not better than them. */
void target_drop_self(struct target *, const struct config *);
/* Sets resolution, hosts, cause, why of the destination. */
void resolution_make(
    struct qmgr *, struct dest *, struct target *, size_t n_targets);

#endif
