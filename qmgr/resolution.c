/* resolution.c - the ordered list of addresses */
#include "qmgr/resolution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "event/event.h"
#include "fact/facts.h"
#include "qmgr/conn.h"

#define CACHE_MIN 30    /* s: spec 1.4 */
#define CACHE_MAX 86400 /* s */

/* What keeps addresses from a list. */
struct refused {
	bool self, unroutable, soft, family, dane, sts;
};

static int by_preference(const void *, const void *);
static bool is_own_name(const struct config *, struct str);
static bool is_own_ip(const struct config *, const struct ip *);
static size_t count_addresses(const struct target *, size_t n);
static size_t count_mx(const struct target *, size_t n);
static void add_host(struct qmgr *, struct dest *, const struct target *,
    const struct mx_host *, struct refused *);
static void tell_refused(const struct dest *, const struct mx_host *,
    const char *policy, const char *result);
static bool has_dane(const struct target *, const struct mx_host *);
static bool may_trust(
    const struct dest *, const struct target *, const struct mx_host *);
static bool is_enforced(const struct dest *, const struct target *);
static bool in_policy(const struct target *, const struct mx_host *);
static void set_tlsas(struct hosts *, struct address *, const struct mx_host *);
static uint32_t order_of(const struct dest *, const struct target *,
    const struct mx_host *, bool v4);
static int by_order(const void *, const void *);
static void drop_doubles(struct hosts *);
static void shuffle(struct qmgr *, struct mx_host *, size_t n);
static void end_outdated(struct qmgr *, struct dest *, const struct hosts *old);
static const struct address *address_at(
    const struct hosts *, const struct conn *);
static bool same_demand(const struct address *, const struct address *);
static void keep_history(struct hosts *, const struct hosts *old);
static void set_failure(
    struct dest *, const struct target *, size_t n, const struct refused *);
static bool wants_both(const struct dest *);
static void set_why(struct dest *, enum resolution, enum cause, struct str name,
    const char *why);
static int64_t clamp_ttl(uint32_t ttl);

void
target_take_mx(struct target *t, const struct answer *a, struct arena *mem)
{
	struct dns_rr *rrs = a->rrs.v;

	t->has_mx = true;
	if (a->rrs.n == 1 && (rrs[0].name.n == 0 || str_is(rrs[0].name, "."))) {
		t->end = TARGET_NULL_MX;
		return;
	}
	qsort(rrs, a->rrs.n, sizeof(*rrs), by_preference);
	for (size_t i = 0; i < a->rrs.n && t->n_hosts < RESOLVE_MX_MAX; i++) {
		struct mx_host *h = &t->hosts[t->n_hosts];
		struct str name = rrs[i].name;

		if (name.n > 1 && name.p[name.n - 1] == '.')
			name.n--;
		if (name.n == 0 || str_is(name, "."))
			continue; /* "." beside others: nobody */
		h->name = arena_str(mem, name);
		h->preference = rrs[i].preference;
		t->n_hosts++;
	}
	if (t->n_hosts == 0)
		t->end = TARGET_NULL_MX;
}

bool
resolution_wants(const struct dest *d, bool v4)
{
	return d->limits->ip_preference != (v4 ? REQUIRE_V6 : REQUIRE_V4);
}

void
target_drop_self(struct target *t, const struct config *cf)
{
	size_t n = 0;

	while (n < t->n_hosts && !is_own_name(cf, t->hosts[n].name))
		n++;
	if (n == t->n_hosts)
		return;
	/* Equal ones go as well: they would send it to us. */
	while (n > 0 && t->hosts[n - 1].preference == t->hosts[n].preference)
		n--;
	t->n_hosts = n;
	if (n == 0)
		t->end = TARGET_LOOP;
}

void
resolution_make(
    struct qmgr *q, struct dest *d, struct target *t, size_t n_targets)
{
	struct hosts *old = d->hosts, *h = mem_alloc(sizeof(*h));
	struct refused no = { 0 };
	int64_t ttl = CACHE_MAX;

	arena_init(&h->mem, RESOLVE_MEM_MAX);
	h->v = arena_array(
	    &h->mem, count_addresses(t, n_targets) + 1, sizeof(*h->v));
	h->mx =
	    arena_array(&h->mem, count_mx(t, n_targets) + 1, sizeof(*h->mx));
	h->routed = n_targets > 0 && t[0].routed;
	h->looked_up = q->now;
	d->hosts = h;
	for (size_t i = 0; i < n_targets; i++) {
		if (t[i].end == TARGET_FAILED)
			no.soft = true;
		if (t[i].ttl > 0 && clamp_ttl(t[i].ttl) < ttl)
			ttl = clamp_ttl(t[i].ttl);
		if (t[i].end != TARGET_FOUND)
			continue;
		shuffle(q, t[i].hosts, t[i].n_hosts);
		for (size_t j = 0; j < t[i].n_hosts; j++) {
			const struct mx_host *host = &t[i].hosts[j];

			if (host->ttl > 0 && clamp_ttl(host->ttl) < ttl)
				ttl = clamp_ttl(host->ttl);
			add_host(q, d, &t[i], host, &no);
		}
	}
	qsort(h->v, h->n, sizeof(*h->v), by_order);
	drop_doubles(h);
	if (old != NULL) {
		keep_history(h, old);
		/* A name that cannot be looked up says nothing new. */
		if (h->n > 0 || no.dane || no.sts)
			end_outdated(q, d, old);
	}
	hosts_free(&old);
	if (h->n > 0) {
		d->resolution = RESOLUTION_OK;
	} else {
		ttl = CACHE_MIN;
		set_failure(d, t, n_targets, &no);
		dest_error(&d->last_error, q->wall, &(struct ip){ 0 }, "000",
		    str_of(d->why));
		if (no.dane || no.sts)
			dest_tls_error(
			    q, d, &(struct ip){ 0 }, str_of(d->why), true);
	}
	h->expires = q->now + ttl * 1000;
}

static int
by_preference(const void *x, const void *y)
{
	const struct dns_rr *a = x, *b = y;

	return a->preference - b->preference;
}

static bool
is_own_name(const struct config *cf, struct str name)
{
	if (str_eq_nocase(cf->hostname, name))
		return true;
	for (size_t i = 0; i < cf->n_interfaces; i++)
		if (str_eq_nocase(cf->interfaces[i].hostname, name))
			return true;
	return false;
}

static bool
is_own_ip(const struct config *cf, const struct ip *ip)
{
	for (size_t i = 0; i < cf->n_interfaces; i++)
		if (ip_equal(&cf->interfaces[i].ip, ip))
			return true;
	return false;
}

static size_t
count_addresses(const struct target *t, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < t[i].n_hosts; j++)
			sum += t[i].hosts[j].n_ips;
	return sum;
}

static size_t
count_mx(const struct target *t, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += t[i].has_mx ? t[i].n_hosts : 0;
	return sum;
}

static void
add_host(struct qmgr *q, struct dest *d, const struct target *t,
    const struct mx_host *host, struct refused *no)
{
	struct hosts *h = d->hosts;
	const char *name = arena_strz(&h->mem, host->name);
	const char *routed = t->routed ? arena_strz(&h->mem, t->name) : NULL;

	no->soft = no->soft || host->failed;
	if (t->has_mx)
		h->mx[h->n_mx++] =
		    (struct mx_record){ host->preference, t->ttl, name };
	if (!may_trust(d, t, host)) {
		no->dane = true;
		tell_refused(d, host, "tlsa",
		    host->dane == HOST_DANE_FAILED ? "dnssec-invalid"
						   : "dane-required");
		return;
	}
	if (!has_dane(t, host) && is_enforced(d, t) && !in_policy(t, host)) {
		no->sts = true;
		tell_refused(d, host, "sts", "validation-failure");
		return;
	}
	for (size_t i = 0; i < host->n_ips; i++) {
		struct address *a = &h->v[h->n];
		bool v4 = ip_is_v4(&host->ips[i]);

		if (!resolution_wants(d, v4)) {
			no->family = true;
			continue;
		}
		if (!t->routed && is_own_ip(q->config, &host->ips[i])) {
			no->self = true;
			continue;
		}
		if (!t->routed && ip_is_unroutable(&host->ips[i])) {
			no->unroutable = true;
			continue;
		}
		a->ep.ip = host->ips[i];
		a->ep.port = t->port;
		a->order = order_of(d, t, host, v4);
		a->preference = t->has_mx ? host->preference : t->priority;
		a->host = name;
		a->route_host = routed;
		a->sts = (uint8_t)t->sts;
		if (has_dane(t, host))
			set_tlsas(h, a, host);
		a->window = 1;
		a->found = (uint32_t)h->n++;
	}
}

/* For TLS reports: no session may go to this one. */
static void
tell_refused(const struct dest *d, const struct mx_host *host,
    const char *policy, const char *result)
{
	EMIT(TLS_SESSION, .domain = str_of(d->name), .policy = str_of(policy),
	    .result = str_of(result), .host = host->name,
	    .text = STR("no session: the host may not be trusted"));
}

/* Everything that leads to its certificate was validated. */
static bool
has_dane(const struct target *t, const struct mx_host *host)
{
	return t->secure && !host->insecure && host->dane == HOST_DANE;
}

/* A host whose TLSA records cannot be looked up is passed over (RFC 7672
 * 2.1.2), and where DANE is mandatory one that has none. */
static bool
may_trust(
    const struct dest *d, const struct target *t, const struct mx_host *host)
{
	if (t->routed || d->limits->dane == DANE_OFF || d->wish == WISH_FREE)
		return true;
	if (d->limits->dane == DANE_MANDATORY)
		return has_dane(t, host);
	return host->dane != HOST_DANE_FAILED || host->insecure;
}

/* To mail with REQUIRETLS the policy alone says which names of hosts may be
 * believed, even while it is being tested. */
static bool
is_enforced(const struct dest *d, const struct target *t)
{
	return t->sts == STS_ENFORCE ||
	       (t->sts == STS_TESTING && d->wish == WISH_REQUIRE);
}

static bool
in_policy(const struct target *t, const struct mx_host *host)
{
	for (size_t i = 0; i < t->n_sts_mx; i++)
		if (sts_matches(t->sts_mx[i], host->name))
			return true;
	return false;
}

static void
set_tlsas(struct hosts *h, struct address *a, const struct mx_host *host)
{
	a->dane = true;
	a->n_tlsas = host->n_tlsas;
	a->tlsas = arena_array(&h->mem, host->n_tlsas, sizeof(*a->tlsas));
	for (size_t i = 0; i < host->n_tlsas; i++)
		a->tlsas[i].data = arena_str(&h->mem, host->tlsas[i].data);
}

/*
 * First by the route's priority, then by the place among the preferences of
 * its own MX set: those of two route hosts cannot be compared as numbers. Of
 * one preference the kind of address that is preferred comes first.
 */
static uint32_t
order_of(const struct dest *d, const struct target *t,
    const struct mx_host *host, bool v4)
{
	bool v4_first = d->limits->ip_preference == PREFER_V4;
	uint32_t rank = 0;

	for (size_t i = 0; i < t->n_hosts; i++)
		if (t->hosts[i].preference < host->preference)
			rank++;
	return (uint32_t)t->priority << 16 | rank << 1 | (v4 != v4_first);
}

/* By order; else as they were found. */
static int
by_order(const void *x, const void *y)
{
	const struct address *a = x, *b = y;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->found < b->found ? -1 : a->found > b->found;
}

/* The same host at the same address stands there once, where it is best: what
 * is known of an address is known of it in one place. */
static void
drop_doubles(struct hosts *h)
{
	char key[IP_TEXT + DOMAIN_MAX + 16], ep[IP_TEXT + 8];
	struct map seen;
	size_t n = 0;

	map_init(&seen);
	for (size_t i = 0; i < h->n; i++) {
		struct address *a = &h->v[i];

		snprintf(key, sizeof(key), "%s %s", endpoint_text(&a->ep, ep),
		    a->host);
		if (map_put(&seen, str_of(key), a) == NULL)
			h->v[n++] = *a;
	}
	map_fini(&seen, NULL);
	h->n = n;
}

/* Equal preferences in random order: not everybody's first is the same. */
static void
shuffle(struct qmgr *q, struct mx_host *v, size_t n)
{
	for (size_t begin = 0, end; begin < n; begin = end) {
		for (end = begin + 1; end < n; end++)
			if (v[end].preference != v[begin].preference)
				break;
		for (size_t i = end - 1; i > begin; i--) {
			size_t j = begin +
				   q->out->random(q->out_arg) % (i - begin + 1);
			struct mx_host tmp = v[i];

			v[i] = v[j];
			v[j] = tmp;
		}
	}
}

/* An address that is still in the list keeps what is known about it. */
static void
keep_history(struct hosts *h, const struct hosts *old)
{
	for (size_t i = 0; i < h->n; i++)
		for (size_t j = 0; j < old->n; j++) {
			struct address *a = &h->v[i];
			const struct address *b = &old->v[j];

			if (!endpoint_equal(&a->ep, &b->ep) ||
			    strcmp(a->host, b->host) != 0)
				continue;
			a->down_until = b->down_until;
			a->failures = b->failures;
			a->fail_code = b->fail_code;
			a->n_conns = b->n_conns;
			a->window = b->window;
			a->sent = b->sent;
			a->clear_until = b->clear_until;
			break;
		}
}

/* Connections to hosts that are not in the list any more, or of which
 * something else is demanded now (threats OUT-07): the jobs they have are the
 * last. */
static void
end_outdated(struct qmgr *q, struct dest *d, const struct hosts *old)
{
	for (int l = 0; l < CONNS_QUITTING; l++) {
		struct conn *next;

		for (struct conn *c = d->conns[l]; c != NULL; c = next) {
			const struct address *a = address_at(d->hosts, c);
			const struct address *b = address_at(old, c);

			next = c->next;
			if (a == NULL || b == NULL || !same_demand(a, b))
				conn_quit(q, c);
		}
	}
}

static const struct address *
address_at(const struct hosts *h, const struct conn *c)
{
	for (size_t i = 0; i < h->n; i++)
		if (endpoint_equal(&h->v[i].ep, &c->ep) &&
		    strcmp(h->v[i].host, c->host) == 0)
			return &h->v[i];
	return NULL;
}

/* Records in another order are the same ones: they are compared as sets. */
static bool
same_demand(const struct address *a, const struct address *b)
{
	if (a->dane != b->dane || a->sts != b->sts || a->n_tlsas != b->n_tlsas)
		return false;
	for (size_t i = 0; i < a->n_tlsas; i++) {
		size_t j = 0;

		while (j < b->n_tlsas &&
		       !str_eq(a->tlsas[i].data, b->tlsas[j].data))
			j++;
		if (j == b->n_tlsas)
			return false;
	}
	return true;
}

/*
 * No address at all. What a route says is the administrator's word: when it
 * leads nowhere mail waits, it is not bounced (spec 1.3). The same when he
 * wants one kind of address only, and there is none of that kind.
 */
static void
set_failure(
    struct dest *d, const struct target *t, size_t n, const struct refused *no)
{
	struct str name = n > 0 ? t[0].name : str_of("");

	if (no->dane)
		set_why(d, RESOLUTION_SOFT, CAUSE_NETWORK, name,
		    "DANE: no host has validated TLSA records");
	else if (no->sts)
		set_why(d, RESOLUTION_SOFT, CAUSE_NETWORK, name,
		    "MTA-STS: no host is in the policy");
	else if (no->soft || n == 0 || t[0].routed)
		set_why(d, RESOLUTION_SOFT, CAUSE_NETWORK, name, "ServFail");
	else if (no->family || (t[0].end == TARGET_FOUND && !wants_both(d)))
		set_why(d, RESOLUTION_SOFT, CAUSE_NETWORK, name,
		    "NoAddress of the kind that is required");
	else if (t[0].end == TARGET_NULL_MX)
		set_why(d, RESOLUTION_HARD, CAUSE_NULL_MX, name, "Null MX");
	else if (t[0].end == TARGET_LOOP || no->self)
		set_why(d, RESOLUTION_HARD, CAUSE_LOOP, name, "Loop");
	else if (t[0].end == TARGET_MALFORMED)
		set_why(d, RESOLUTION_HARD, CAUSE_NO_HOST, name, "Malformed");
	else if (no->unroutable)
		set_why(
		    d, RESOLUTION_HARD, CAUSE_UNROUTABLE, name, "Unroutable");
	else if (t[0].end == TARGET_NXDOMAIN)
		set_why(d, RESOLUTION_HARD, CAUSE_NO_HOST, name, "NXDomain");
	else
		set_why(d, RESOLUTION_HARD, CAUSE_NO_HOST, name, "NoAddress");
}

static bool
wants_both(const struct dest *d)
{
	return resolution_wants(d, false) && resolution_wants(d, true);
}

/* The words of spec 1.6, where the pseudo-code 000 stands. */
static void
set_why(struct dest *d, enum resolution res, enum cause cause, struct str name,
    const char *why)
{
	char *text = NULL;

	if (asprintf(&text, "DNS %s Error looking up %.*s (MX):  %s",
		res == RESOLUTION_HARD ? "Hard" : "Soft", STR_ARG(name),
		why) == -1)
		panic("out of memory");
	free(d->why);
	d->why = text;
	d->resolution = res;
	d->cause = cause;
}

static int64_t
clamp_ttl(uint32_t ttl)
{
	if (ttl < CACHE_MIN)
		return CACHE_MIN;
	return ttl > CACHE_MAX ? CACHE_MAX : ttl;
}
