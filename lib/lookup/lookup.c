/* lookup.c - facts that have to be asked of the network */
#include <stdlib.h>

#include "base/mem.h"
#include "lookup/kinds.h"
#include "lookup/listcheck.h"
#include "lookup/lookup.h"
#include "lookup/rdata.h"
#include "mail/addr.h"

/* An answer of 64 KiB may hold names of 1 MiB (lookup/rdata.h). */
#define LOOKUP_MEM (8 * 1024 * 1024)

struct lookups {
	struct loop *loop;
	struct resolver *resolver;
	const struct config *config;
	const struct lookup_system *system;
	struct stats *stats;
	struct listchecks *lists;
	struct resolver_counts counted; /* in stats already */
	struct lookup *first;
	size_t n;
};

/* The addresses of one PTR name, or MX host. */
struct forward {
	struct question *question;
	struct lookup *lookup;
	enum rdata_type type;
	struct answer answer; /* end valid when not pending */
	bool pending;
	bool confirms; /* leads back, or there is one */
};

/*
 * The PTR, MX or only question is asked first; then, for LOOKUP_HOST and
 * LOOKUP_MAIL_DOMAIN, those of all names at once. finish() comes once, and
 * only notes that the callback is due: it is made at the end of the turn.
 */
struct lookup {
	struct lookups *all;
	struct lookup *next, **prev;
	enum lookup_kind kind;
	struct ip ip;
	struct str name; /* LOOKUP_MAIL_DOMAIN, _DNSLIST: as the DNS has it */
	lookup_done done;
	void *arg;

	struct question *question;
	struct forward *forwards;
	size_t n_forwards;
	bool listed; /* LOOKUP_DNSLIST: if it is one, which is not known */
	bool finished;
	struct loop_timer *timer;
	struct loop_job deliver;
	struct arena mem;
	struct answer answer;
};

static void start(struct lookup *, const struct query *);
static uint32_t time_limit(const struct lookups *, const struct query *);
static const char *query_name(struct lookup *, const struct query *);
static void ask(struct lookup *, struct question **slot, const char *name,
    enum rdata_type, void (*done)(void *, const struct resolver_reply *),
    void *arg);
static void on_reply(void *arg, const struct resolver_reply *);
static void take_reply(const struct resolver_reply *, enum rdata_type,
    struct arena *, struct answer *);
static void ask_domain(struct lookup *, enum lookup_end mx);
static void ask_forwards(struct lookup *, const struct dns_rr *, size_t n);
static void on_forward(void *arg, const struct resolver_reply *);
static void judge_forwards(struct lookup *);
static void judge_domain(struct lookup *);
static void confirm(struct lookup *, size_t i);
static void judge_list(struct lookup *);
static void on_list(void *arg, struct str zone);
static void on_timeout(void *arg);
static void finish(struct lookup *, enum lookup_end, const char *reason);
static void on_deliver(void *arg);
static void count(struct lookups *);
static struct resolver_settings settings_of(
    const struct lookups *, const struct config *);

struct lookups *
lookups_new(struct loop *loop, const struct config *config,
    const struct lookup_system *system, struct stats *stats, struct err *err)
{
	struct lookups *all = mem_alloc(sizeof(*all));
	struct resolver_settings s;

	all->loop = loop;
	all->config = config;
	all->system = system;
	all->stats = stats;
	s = settings_of(all, config);
	all->resolver = resolver_new(loop, &s, err);
	if (all->resolver == NULL)
		lookups_free(&all);
	else
		all->lists = listchecks_new(loop, all->resolver, on_list, all);
	return all;
}

void
lookups_free(struct lookups **ap)
{
	struct lookups *all = *ap;

	if (all == NULL)
		return;
	while (all->first != NULL) {
		struct lookup *l = all->first;

		lookup_cancel(&l);
	}
	listchecks_free(&all->lists);
	resolver_free(&all->resolver);
	free(all);
	*ap = NULL;
}

int
lookups_config(
    struct lookups *all, const struct config *config, struct err *err)
{
	struct resolver_settings new = settings_of(all, config);
	const struct config *old = all->config;
	bool same = new.n_servers ==
		    old->n_dns_servers &&str_eq(new.anchor, old->dnssec_anchor);

	for (size_t i = 0; same && i < new.n_servers; i++)
		same = new.servers[i].port ==
		       old->dns_servers[i].port &&ip_equal(
			   &new.servers[i].ip, &old->dns_servers[i].ip);
	if (!same && resolver_set(all->resolver, &new, err) == -1)
		return -1;
	if (!same)
		listchecks_forget(all->lists);
	all->config = config;
	return 0;
}

void
lookups_on_costly(
    struct lookups *all, void (*cb)(void *arg, struct str domain), void *arg)
{
	resolver_on_costly(all->resolver, cb, arg);
}

int
lookups_flush(struct lookups *all, struct err *err)
{
	struct resolver_settings s = settings_of(all, all->config);

	listchecks_forget(all->lists);
	return resolver_set(all->resolver, &s, err);
}

size_t
lookups_cached(const struct lookups *all)
{
	return resolver_cached(all->resolver);
}

struct lookup *
lookup_ask(
    struct lookups *all, const struct query *query, lookup_done done, void *arg)
{
	struct lookup *l = mem_alloc(sizeof(*l));

	l->all = all;
	l->next = all->first;
	if (l->next != NULL)
		l->next->prev = &l->next;
	l->prev = &all->first;
	all->first = l;
	all->n++;
	l->kind = query->kind;
	l->ip = query->ip;
	l->done = done;
	l->arg = arg;
	l->deliver.cb = on_deliver;
	l->deliver.arg = l;
	arena_init(&l->mem, LOOKUP_MEM);
	l->answer.kind = query->kind;
	l->answer.ttl = TTL_MIN;
	start(l, query);
	return l;
}

void
lookup_cancel(struct lookup **lp)
{
	struct lookup *l = *lp;

	if (l == NULL)
		return;
	*lp = NULL;
	*l->prev = l->next;
	if (l->next != NULL)
		l->next->prev = l->prev;
	l->all->n--;
	loop_undefer(&l->deliver);
	loop_timer_free(&l->timer);
	resolver_forget(&l->question);
	for (size_t i = 0; i < l->n_forwards; i++)
		resolver_forget(&l->forwards[i].question);
	arena_free(&l->mem);
	free(l);
}

/* --- asking --- */

static void
start(struct lookup *l, const struct query *query)
{
	const struct config *c = l->all->config;
	const char *name;

	if (!kind_is_known(query->kind)) {
		finish(l, LOOKUP_FAILED, "unknown kind");
	} else if (c->dns_off) {
		finish(l, LOOKUP_FAILED, "look-ups are off");
	} else if (l->kind == LOOKUP_HOST && c->reverse_timeout == 0) {
		finish(l, LOOKUP_NOT_FOUND, "reverse look-ups are off");
	} else if (l->all->n > LOOKUPS_MAX) {
		finish(l, LOOKUP_FAILED, "busy");
	} else if ((name = query_name(l, query)) == NULL) {
		finish(l, LOOKUP_NXDOMAIN, "malformed name");
	} else {
		ask(l, &l->question, name, kind_type(l->kind), on_reply, l);
		if (l->finished)
			return;
		l->timer = loop_timer(l->all->loop, on_timeout, l);
		loop_timer_in(l->timer, time_limit(l->all, query));
	}
}

static uint32_t
time_limit(const struct lookups *all, const struct query *query)
{
	if (query->timeout_ms > 0)
		return query->timeout_ms;
	return 1000 * (query->kind == LOOKUP_HOST ? all->config->reverse_timeout
						  : all->config->dns_timeout);
}

/* As the library wants it, with the last dot; NULL: no such name can be. */
static const char *
query_name(struct lookup *l, const struct query *query)
{
	char reverse[80], listed[DOMAIN_MAX + 1];
	struct str canonical;

	if (l->kind == LOOKUP_HOST) {
		ip_reverse_name(&l->ip, reverse);
		return arena_printf(&l->mem, "%s.", reverse);
	}
	if (!addr_domain_ok(query->name, &canonical, &l->mem))
		return NULL;
	l->name = canonical;
	if (l->kind == LOOKUP_DNSLIST &&
	    !ip_list_name(&l->ip, canonical, listed, sizeof(listed)))
		return NULL;
	if (l->kind == LOOKUP_DNSLIST)
		return arena_printf(&l->mem, "%s.", listed);
	if (l->kind == LOOKUP_TLSA)
		return arena_printf(
		    &l->mem, "_25._tcp.%.*s.", STR_ARG(canonical));
	return arena_printf(&l->mem, "%.*s.", STR_ARG(canonical));
}

static void
ask(struct lookup *l, struct question **slot, const char *name,
    enum rdata_type type, void (*done)(void *, const struct resolver_reply *),
    void *arg)
{
	struct resolver_query query = { .name = name,
		.type = (int)type,
		.trusted = l->kind == LOOKUP_DNSLIST };

	if (l->all->stats != NULL)
		stats_add(l->all->stats, STATS_dns_requests, 1);
	resolver_ask(l->all->resolver, slot, &query, done, arg);
	count(l->all);
}

static void
on_reply(void *arg, const struct resolver_reply *reply)
{
	struct lookup *l = arg;
	enum lookup_end end;

	count(l->all);
	take_reply(reply, kind_type(l->kind), &l->mem, &l->answer);
	end = l->answer.end;
	if (l->kind == LOOKUP_HOST && end == LOOKUP_FOUND)
		ask_forwards(l, l->answer.rrs.v, l->answer.rrs.n);
	else if (l->kind == LOOKUP_MAIL_DOMAIN)
		ask_domain(l, end);
	else if (l->kind == LOOKUP_DNSLIST && end != LOOKUP_FAILED)
		judge_list(l);
	else
		finish(l, end, NULL);
}

static void
take_reply(const struct resolver_reply *reply, enum rdata_type type,
    struct arena *mem, struct answer *out)
{
	out->end = LOOKUP_FAILED;
	out->secure = reply->secure;
	if (reply->failure != NULL)
		out->reason = str_of(reply->failure);
	else if (reply->bogus)
		out->reason = STR("bogus");
	else
		rdata_parse(reply->packet, type, mem, out);
}

/* --- the client's name, the hosts of a domain --- */

/* mx: the end of the question for MX records. */
static void
ask_domain(struct lookup *l, enum lookup_end mx)
{
	const struct dns_rr *rrs = l->answer.rrs.v, self = { .name = l->name };

	if (mx == LOOKUP_NOT_FOUND)
		ask_forwards(l, &self, 1);
	else if (mx != LOOKUP_FOUND)
		finish(l, mx, NULL);
	else if (rrs[0].name.n == 0)
		finish(l, LOOKUP_NOT_FOUND, "null MX");
	else
		ask_forwards(l, rrs, l->answer.rrs.n);
}

/* The addresses of all of them at once: the client's kind for LOOKUP_HOST,
 * else both. */
static void
ask_forwards(struct lookup *l, const struct dns_rr *names, size_t n)
{
	bool host = l->kind == LOOKUP_HOST, v4 = ip_is_v4(&l->ip);
	size_t kinds_each = host ? 1 : 2;

	if (n > LOOKUP_NAMES_MAX)
		n = LOOKUP_NAMES_MAX;
	n *= kinds_each;
	l->forwards = arena_array(&l->mem, n, sizeof(*l->forwards));
	l->n_forwards = n;
	/* All are pending before the first answer, which may be at once. */
	for (size_t i = 0; i < n; i++) {
		bool a = host ? v4 : i % 2 == 0;

		l->forwards[i] = (struct forward){ .lookup = l,
			.pending = true,
			.type = a ? RDATA_A : RDATA_AAAA };
	}
	for (size_t i = 0; i < n && !l->finished; i++) {
		struct forward *f = &l->forwards[i];
		char *name = arena_printf(
		    &l->mem, "%.*s.", STR_ARG(names[i / kinds_each].name));

		ask(l, &f->question, name, f->type, on_forward, f);
	}
}

static void
on_forward(void *arg, const struct resolver_reply *reply)
{
	struct forward *f = arg;
	struct lookup *l = f->lookup;
	const struct dns_rr *addrs;

	count(l->all);
	take_reply(reply, f->type, &l->mem, &f->answer);
	f->pending = false;
	addrs = f->answer.rrs.v;
	for (size_t i = 0; i < f->answer.rrs.n; i++)
		if (l->kind != LOOKUP_HOST || ip_equal(&addrs[i].ip, &l->ip))
			f->confirms = true;
	if (l->finished)
		return;
	if (l->kind == LOOKUP_HOST)
		judge_forwards(l);
	else
		judge_domain(l);
}

/* The first name in order that leads back counts, so an answer is known as
 * soon as no earlier name is still open. */
static void
judge_forwards(struct lookup *l)
{
	bool failed = false;

	for (size_t i = 0; i < l->n_forwards; i++) {
		const struct forward *f = &l->forwards[i];

		if (f->pending)
			return;
		if (f->confirms) {
			confirm(l, i);
			return;
		}
		failed |= f->answer.end == LOOKUP_FAILED;
	}
	if (failed)
		finish(l, LOOKUP_FAILED, "names cannot be looked up");
	else
		finish(l, LOOKUP_NOT_FOUND, "no name leads back");
}

/* One address anywhere will do. */
static void
judge_domain(struct lookup *l)
{
	bool failed = false, pending = false;

	for (size_t i = 0; i < l->n_forwards; i++) {
		const struct forward *f = &l->forwards[i];

		if (f->confirms) {
			finish(l, LOOKUP_FOUND, NULL);
			return;
		}
		pending |= f->pending;
		failed |= !f->pending && f->answer.end == LOOKUP_FAILED;
	}
	if (pending)
		return;
	if (failed)
		finish(l, LOOKUP_FAILED, "hosts cannot be looked up");
	else
		finish(l, LOOKUP_NOT_FOUND, "no address");
}

static void
confirm(struct lookup *l, size_t i)
{
	const struct forward *f = &l->forwards[i];
	struct dns_rr *names = l->answer.rrs.v, first = names[i];

	for (; i > 0; i--)
		names[i] = names[i - 1];
	names[0] = first;
	if (f->answer.ttl < l->answer.ttl)
		l->answer.ttl = f->answer.ttl;
	l->answer.secure = l->answer.secure && f->answer.secure;
	finish(l, LOOKUP_FOUND, NULL);
}

/* --- lists --- */

/* Only who is listed waits until it is known whether it is a list. Lists of
 * IPv6 addresses alone need not have 127.0.0.2. */
static void
judge_list(struct lookup *l)
{
	enum dns_list said = rdata_list(&l->answer), off;
	bool known = listcheck(l->all->lists, l->name, &off);

	if (l->finished)
		return;
	l->listed = said == LIST_HAS && !known;
	if (l->listed)
		return;
	if (said != LIST_IS_NONE &&
	    (off == LIST_HAS_ALL ||
		(off == LIST_HAS_NO_TEST && ip_is_v4(&l->ip))))
		said = off;
	l->answer.list = (uint8_t)said;
	finish(l, l->answer.end, NULL);
}

static void
on_list(void *arg, struct str zone)
{
	struct lookups *all = arg;

	for (struct lookup *l = all->first; l != NULL; l = l->next)
		if (l->listed && !l->finished && str_eq(l->name, zone))
			judge_list(l);
}

/* --- ends --- */

static void
on_timeout(void *arg)
{
	struct lookup *l = arg;

	if (l->finished)
		return;
	if (l->listed)
		l->answer.list = LIST_HAS;
	finish(l, l->listed ? LOOKUP_FOUND : LOOKUP_FAILED,
	    l->listed ? NULL : "timeout");
}

/* reason NULL: keep the one that is there. */
static void
finish(struct lookup *l, enum lookup_end end, const char *reason)
{
	struct answer *a = &l->answer;

	l->finished = true;
	a->end = (uint8_t)end;
	if (reason != NULL)
		a->reason = str_of(reason);
	if (l->kind == LOOKUP_HOST) {
		if (end == LOOKUP_FOUND)
			a->host_class = HOST_VERIFIED;
		else if (end == LOOKUP_FAILED)
			a->host_class = HOST_SERVFAIL;
		else if (a->rrs.n > 0)
			a->host_class = HOST_NOT_CONFIRMED;
		else
			a->host_class = HOST_NX;
	}
	if (end == LOOKUP_FAILED)
		a->rrs = (struct codec_list){ 0, NULL };
	loop_defer(l->all->loop, &l->deliver);
}

static void
on_deliver(void *arg)
{
	struct lookup *l = arg;

	l->done(l->arg, &l->answer);
	lookup_cancel(&l);
}

static void
count(struct lookups *all)
{
	struct resolver_counts now = resolver_counts(all->resolver);
	const struct resolver_counts *old = &all->counted;

	if (all->stats == NULL)
		return;
	stats_add(all->stats, STATS_dns_cache_hits, now.hits - old->hits);
	stats_add(all->stats, STATS_dns_cache_misses, now.misses - old->misses);
	stats_add(all->stats, STATS_dns_cache_exceptions,
	    now.exceptions - old->exceptions);
	stats_add(
	    all->stats, STATS_dns_cache_expired, now.expired - old->expired);
	stats_add(
	    all->stats, STATS_dns_network_requests, now.queries - old->queries);
	all->counted = now;
}

static struct resolver_settings
settings_of(const struct lookups *all, const struct config *config)
{
	return (struct resolver_settings){ .servers = config->dns_servers,
		.n_servers = config->n_dns_servers,
		.anchor = config->dnssec_anchor,
		.system = all->system };
}
