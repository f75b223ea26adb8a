/* resolve.c - routes, MX and addresses: what is asked, and the answers */
#include "qmgr/resolve.h"

#include <stdlib.h>

#include "base/mem.h"
#include "event/event.h"
#include "fact/facts.h"
#include "mail/addr.h"
#include "qmgr/resolution.h"
#include "qmgr/schedule.h"

/* What one question was about. */
struct question {
	uint32_t txn;
	struct dest *dest;
	struct target *target;
	struct mx_host *host; /* NULL: the MX question */
	struct query query;
	struct question *next; /* of the same destination */
};

struct resolve {
	struct arena mem;
	struct target *targets;
	size_t n_targets;
	struct question *questions;
	size_t n_open;
};

static void set_targets(struct resolve *, const struct dest *);
static void begin_target(struct qmgr *, struct dest *, struct target *);
static void ask(struct qmgr *, struct dest *, struct target *, struct mx_host *,
    enum lookup_kind, struct str name);
static void ask_addresses(
    struct qmgr *, struct dest *, struct target *, struct mx_host *);
static void take_mx(struct qmgr *, struct question *, const struct answer *);
static void take_addresses(struct question *, const struct answer *);
static void take_policy(struct question *, const struct answer *);
static void take_tlsas(struct question *, const struct answer *);
static void say_failure(const struct question *, const struct answer *);
static void finish(struct qmgr *, struct dest *);

void
resolve_start(struct qmgr *q, struct dest *d)
{
	struct resolve *r;

	if (d->route != NULL && d->route->kind == ROUTE_NULL) {
		d->resolution = RESOLUTION_DROP;
		return;
	}
	r = mem_alloc(sizeof(*r));
	arena_init(&r->mem, RESOLVE_MEM_MAX);
	d->resolve = r;
	d->resolution = RESOLUTION_ASKING;
	set_targets(r, d);
	for (size_t i = 0; i < r->n_targets; i++)
		begin_target(q, d, &r->targets[i]);
	if (r->n_open == 0)
		finish(q, d);
}

void
resolve_answer(struct qmgr *q, uint32_t txn, const struct answer *a)
{
	struct question *qu = map_remove_u64(&q->questions, txn);
	struct dest *d;

	if (qu == NULL)
		return; /* nobody wants to know any more */
	d = qu->dest;
	d->resolve->n_open--;
	qu->txn = 0;
	if (a->end == LOOKUP_FAILED)
		say_failure(qu, a);
	if (qu->query.kind == LOOKUP_STS)
		take_policy(qu, a);
	else if (qu->host == NULL)
		take_mx(q, qu, a);
	else if (qu->query.kind == LOOKUP_TLSA)
		take_tlsas(qu, a);
	else
		take_addresses(qu, a);
	if (d->resolve->n_open > 0)
		return;
	finish(q, d);
	schedule_resolved(q, d);
}

void
resolve_again(struct qmgr *q)
{
	MAP_FOREACH (&q->questions, it) {
		struct question *qu = it.value;

		q->out->ask(q->out_arg, qu->txn, &qu->query);
	}
}

void
resolve_cancel(struct qmgr *q, struct dest *d)
{
	if (d->resolve == NULL)
		return;
	for (struct question *qu = d->resolve->questions; qu != NULL;
	     qu = qu->next)
		if (qu->txn != 0)
			map_remove_u64(&q->questions, qu->txn);
	arena_free(&d->resolve->mem);
	free(d->resolve);
	d->resolve = NULL;
	d->resolution = RESOLUTION_NONE;
}

/* The route's destinations, or the domain itself. */
static void
set_targets(struct resolve *r, const struct dest *d)
{
	const struct route *route = d->route;
	struct target *t;

	if (route == NULL || route->kind != ROUTE_HOSTS) {
		r->targets = arena_array(&r->mem, 1, sizeof(*t));
		r->n_targets = 1;
		t = &r->targets[0];
		t->name = str_of(d->name);
		t->port = 25;
		if (addr_literal(t->name, &t->ip))
			t->no_mx = true;
		return;
	}
	r->targets = arena_array(&r->mem, route->n, sizeof(*t));
	r->n_targets = route->n;
	for (size_t i = 0; i < route->n; i++) {
		const struct route_dest *rd = &route->dests[i];

		t = &r->targets[i];
		/* The configuration may change under way. */
		t->name = arena_str(&r->mem, rd->host);
		t->ip = rd->ip;
		t->no_mx = rd->no_mx || !ip_is_unset(&rd->ip);
		t->port = rd->port;
		t->priority = rd->priority;
		t->routed = true;
	}
}

static void
begin_target(struct qmgr *q, struct dest *d, struct target *t)
{
	struct mx_host *h;
	struct str canonical;

	t->hosts =
	    arena_array(&d->resolve->mem, RESOLVE_MX_MAX, sizeof(*t->hosts));
	if (!ip_is_unset(&t->ip)) {
		h = &t->hosts[t->n_hosts++];
		h->name = t->name;
		h->ips = &t->ip;
		h->n_ips = 1;
		return;
	}
	if (!addr_domain_ok(t->name, &canonical, &d->resolve->mem)) {
		t->end = TARGET_MALFORMED;
		return;
	}
	if (!t->no_mx) {
		ask(q, d, t, NULL, LOOKUP_MX, t->name);
		if (!t->routed && d->limits->mta_sts && d->wish != WISH_FREE)
			ask(q, d, t, NULL, LOOKUP_STS, t->name);
		return;
	}
	h = &t->hosts[t->n_hosts++];
	h->name = t->name;
	ask_addresses(q, d, t, h);
}

static void
ask(struct qmgr *q, struct dest *d, struct target *t, struct mx_host *h,
    enum lookup_kind kind, struct str name)
{
	struct question *qu = arena_alloc(&d->resolve->mem, sizeof(*qu));

	if (++q->last_question == 0)
		q->last_question = 1;
	qu->txn = q->last_question;
	qu->dest = d;
	qu->target = t;
	qu->host = h;
	qu->query.kind = (uint8_t)kind;
	qu->query.name = name;
	qu->query.timeout_ms = q->config->dns_timeout * 1000;
	qu->next = d->resolve->questions;
	d->resolve->questions = qu;
	d->resolve->n_open++;
	map_put_u64(&q->questions, qu->txn, qu);
	/* When lookupd is not there, resolve_again asks later. */
	q->out->ask(q->out_arg, qu->txn, &qu->query);
}

static void
ask_addresses(
    struct qmgr *q, struct dest *d, struct target *t, struct mx_host *h)
{
	h->ips = arena_array(
	    &d->resolve->mem, 2 * RESOLVE_ADDR_MAX, sizeof(*h->ips));
	h->ttl = UINT32_MAX;
	if (resolution_wants(d, false))
		ask(q, d, t, h, LOOKUP_AAAA, h->name);
	if (resolution_wants(d, true))
		ask(q, d, t, h, LOOKUP_A, h->name);
	if (t->secure && !t->routed && d->limits->dane != DANE_OFF &&
	    d->wish != WISH_FREE)
		ask(q, d, t, h, LOOKUP_TLSA, h->name);
}

static void
take_mx(struct qmgr *q, struct question *qu, const struct answer *a)
{
	struct target *t = qu->target;
	struct arena *mem = &qu->dest->resolve->mem;

	t->ttl = a->ttl;
	t->secure = a->secure;
	switch (a->end) {
	case LOOKUP_FOUND:
		target_take_mx(t, a, mem);
		break;
	case LOOKUP_NOT_FOUND:
		/* No MX: the domain itself, RFC 5321 5.1. */
		t->hosts[0].name = t->name;
		t->n_hosts = 1;
		break;
	case LOOKUP_NXDOMAIN:
		t->end = TARGET_NXDOMAIN;
		break;
	default:
		t->end = TARGET_FAILED;
	}
	if (t->end != TARGET_FOUND)
		return;
	if (!t->routed)
		target_drop_self(t, q->config);
	for (size_t i = 0; i < t->n_hosts; i++)
		ask_addresses(q, qu->dest, t, &t->hosts[i]);
}

static void
take_addresses(struct question *qu, const struct answer *a)
{
	const struct dns_rr *rrs = a->rrs.v;
	struct mx_host *h = qu->host;
	size_t n = 0;

	/* What failed says nothing about the rest: else whoever can break one
	 * look-up would have rid himself of DANE. */
	if (a->end == LOOKUP_FAILED)
		h->failed = true;
	else if (!a->secure)
		h->insecure = true;
	if (a->end != LOOKUP_FOUND)
		return;
	for (size_t i = 0; i < a->rrs.n && n < RESOLVE_ADDR_MAX; i++) {
		if (ip_is_unset(&rrs[i].ip))
			continue;
		h->ips[h->n_ips++] = rrs[i].ip;
		n++;
	}
	if (a->ttl < h->ttl)
		h->ttl = a->ttl;
}

static void
take_policy(struct question *qu, const struct answer *a)
{
	const struct dns_rr *rrs = a->rrs.v;
	struct arena *mem = &qu->dest->resolve->mem;
	struct target *t = qu->target;

	if (a->end != LOOKUP_FOUND)
		return;
	t->sts = (enum sts_mode)a->sts;
	t->sts_mx = arena_array(mem, a->rrs.n, sizeof(*t->sts_mx));
	for (size_t i = 0; i < a->rrs.n; i++)
		t->sts_mx[t->n_sts_mx++] = arena_str(mem, rrs[i].name);
}

/* RFC 7672 2.1: a failure may hide records; those that were not validated are
 * none. */
static void
take_tlsas(struct question *qu, const struct answer *a)
{
	const struct dns_rr *rrs = a->rrs.v;
	struct arena *mem = &qu->dest->resolve->mem;
	struct mx_host *h = qu->host;

	if (a->ttl < h->ttl)
		h->ttl = a->ttl;
	if (a->end == LOOKUP_FAILED)
		h->dane = HOST_DANE_FAILED;
	if (a->end != LOOKUP_FOUND || !a->secure)
		return;
	h->dane = HOST_DANE;
	h->tlsas = arena_array(mem, TLSA_MAX, sizeof(*h->tlsas));
	for (size_t i = 0; i < a->rrs.n && h->n_tlsas < TLSA_MAX; i++)
		h->tlsas[h->n_tlsas++].data = arena_str(mem, rrs[i].text);
}

static void
say_failure(const struct question *qu, const struct answer *a)
{
	static const char *const types[] = { [LOOKUP_MX] = "MX",
		[LOOKUP_A] = "A",
		[LOOKUP_AAAA] = "AAAA",
		[LOOKUP_TLSA] = "TLSA",
		[LOOKUP_STS] = "MTA-STS" };

	EMIT(DNS_FAILURE, .name = qu->query.name,
	    .type = str_of(types[qu->query.kind]), .text = a->reason);
}

/* All is known: the list, or why there is none. */
static void
finish(struct qmgr *q, struct dest *d)
{
	struct resolve *r = d->resolve;

	d->resolve = NULL;
	resolution_make(q, d, r->targets, r->n_targets);
	arena_free(&r->mem);
	free(r);
}
