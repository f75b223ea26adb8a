/* conn.c - connections of a destination, and the health of its addresses */
#include "qmgr/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lookup/sts_policy.h"
#include "qmgr/deliver.h"
#include "qmgr/limits.h"
#include "qmgr/logged.h"
#include "qmgr/retry.h"

/* Without TLS where a handshake failed that need not succeed. */
#define CLEAR_MS (60 * 60 * 1000)
/* As if it had been a greeting: this host will not do. */
#define REQUIRETLS_CODE 530

static void kick_limited(struct qmgr *, struct dest *);
static void put(struct conn *, enum conn_list);
static void take(struct conn *);
static struct address *choose(const struct qmgr *, const struct dest *);
static bool may_use(
    const struct qmgr *, const struct dest *, const struct address *);
static struct address *address_of(const struct conn *);
static void say_session(const struct qmgr *, struct conn *,
    const struct address *, struct session *);
static enum tls_policy policy_of(
    const struct conn *, const struct address *, const struct session *);
static void say_sts(const struct qmgr *, struct conn *, const struct address *,
    struct session *);
static void say_tls(const struct qmgr *, struct conn *, const struct address *,
    struct session *);
static void say_names(
    const struct conn *, const struct address *, struct session *);
static void say_dane(struct conn *, const struct address *, struct session *);
static void say_login(
    const struct conn *, const struct address *, struct session *);
static const struct interface *interface_of(
    const struct qmgr *, struct dest *, const struct ip *peer);
static bool is_any(const struct ip *);
static bool reaches(const struct interface *, const struct ip *peer);
static size_t give_back(struct conn *);
static void note_error(
    struct qmgr *, struct conn *, const struct session_down *);
static bool is_clear_next(const struct qmgr *, const struct conn *,
    struct address *, const struct session_down *);
static void failed(struct qmgr *, struct conn *, const struct session_down *);
static void pass_failed(
    struct qmgr *, struct conn *, const struct session_down *);
static void count_conns(struct qmgr *, int n);

enum conn_open
conn_open(struct qmgr *q, struct dest *d)
{
	struct address *a = choose(q, d);
	struct debug_log logs[LOGGED_DEBUGS];
	struct session s;
	struct conn *c;

	if (a == NULL)
		return CONN_NO_ADDRESS;
	c = mem_alloc(sizeof(*c));
	do {
		c->id = ++q->last_conn;
	} while (c->id == 0 || map_get_u64(&q->conns, c->id) != NULL);
	c->dcid = stats_next_id(q->stats, STATS_DCID);
	c->dest = d;
	c->ep = a->ep;
	c->host = mem_strdup(a->host);
	say_session(q, c, a, &s);
	s.debug_logs = logged_debug(q, s.domain, logs);
	if (!q->out->open(q->out_arg, c, &s)) {
		free(c->host);
		free(c);
		return CONN_NO_WORKER;
	}
	d->rotor++;
	a->n_conns++;
	put(c, CONNS_OPENING);
	map_put_u64(&q->conns, c->id, c);
	count_conns(q, 1);
	stats_add(q->stats, STATS_connections_out, 1);
	return CONN_OPENED;
}

int64_t
conn_next_address(const struct qmgr *q, const struct dest *d)
{
	const struct hosts *h = d->hosts;
	int64_t at = 0;

	for (size_t i = 0; h != NULL && i < h->n; i++)
		if (h->v[i].down_until > q->now &&
		    (at == 0 || h->v[i].down_until < at))
			at = h->v[i].down_until;
	return at;
}

bool
conn_has_address(const struct qmgr *q, const struct dest *d)
{
	return choose(q, d) != NULL;
}

void
conn_sort(struct qmgr *q, struct conn *c)
{
	static const enum conn_list by_jobs[CONN_JOBS + 1] = { CONNS_IDLE,
		CONNS_HALF, CONNS_FULL };

	heap_remove(&q->idles, &c->idle);
	if (c->list == CONNS_QUITTING)
		return;
	take(c);
	if (c->failed) {
		/* It is dead, which will be said in a moment; if not, it has
		 * to go: nobody counts on it. */
		put(c, CONNS_QUITTING);
		q->out->quit(q->out_arg, c);
		return;
	}
	put(c, by_jobs[c->n_jobs]);
	if (c->n_jobs == 0)
		heap_put(&q->idles, &c->idle,
		    (uint64_t)(q->now + q->config->idle_timeout * 1000));
}

void
conn_quit(struct qmgr *q, struct conn *c)
{
	heap_remove(&q->idles, &c->idle);
	take(c);
	put(c, CONNS_QUITTING);
	q->out->quit(q->out_arg, c);
}

void
conn_is_up(struct qmgr *q, struct conn *c)
{
	struct address *a = address_of(c);

	c->up = true;
	c->dest->state = DEST_UP;
	c->dest->failures = 0;
	c->dest->blocked_until = 0;
	c->dest->last_activity = q->wall;
	if (a != NULL) {
		a->down_until = 0;
		a->failures = 0;
		a->fail_code = 0;
	}
	conn_sort(q, c);
}

void
conn_widen(const struct conn *c)
{
	struct address *a = address_of(c);

	if (a != NULL && a->window < UINT32_MAX)
		a->window++;
}

void
conn_gone(struct qmgr *q, struct conn *c, const struct session_down *why)
{
	struct address *a = address_of(c);
	struct dest *d = c->dest;
	size_t n_back = give_back(c);

	heap_remove(&q->idles, &c->idle);
	take(c);
	map_remove_u64(&q->conns, c->id);
	count_conns(q, -1);
	q->retiring = false;
	if (a != NULL && a->n_conns > 0)
		a->n_conns--;
	if (why != NULL) {
		note_error(q, c, why);
		if (is_clear_next(q, c, a, why))
			why = NULL;
	}
	if (why != NULL) {
		/* A server that takes no mail at all would be asked again
		 * and again; one that took some may end when it likes. */
		if ((!c->up && why->reason != SESSION_CLOSED) || c->failed ||
		    (c->n_done == 0 && n_back > 0))
			failed(q, c, why);
	}
	free(c->host);
	free(c);
	kick_limited(q, d);
	schedule_kick(q, d);
	schedule_wake(q);
}

struct conn *
conn_of(const struct qmgr *q, void *worker, uint32_t id)
{
	struct conn *c = map_get_u64(&q->conns, id);

	return c != NULL && c->worker == worker ? c : NULL;
}

/* Those of the domain that its limit keeps waiting, in turns: the one behind
 * d first, so that none takes the place of a connection of its own again and
 * again while others wait. */
static void
kick_limited(struct qmgr *q, struct dest *d)
{
	struct dest *first = d->main != NULL ? d->main : d, *other;

	for (other = d->beside; other != NULL; other = other->beside)
		if (other->limited)
			schedule_kick(q, other);
	for (other = first; other != d; other = other->beside)
		if (other->limited)
			schedule_kick(q, other);
}

/* --- lists --- */

static void
put(struct conn *c, enum conn_list list)
{
	struct dest *d = c->dest;

	c->list = list;
	c->prev = NULL;
	c->next = d->conns[list];
	if (c->next != NULL)
		c->next->prev = c;
	d->conns[list] = c;
	d->n_conns[list]++;
	(d->main != NULL ? d->main : d)->n_all++;
}

static void
take(struct conn *c)
{
	struct dest *d = c->dest;

	*(c->prev != NULL ? &c->prev->next : &d->conns[c->list]) = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	d->n_conns[c->list]--;
	(d->main != NULL ? d->main : d)->n_all--;
}

static void
count_conns(struct qmgr *q, int n)
{
	q->n_conns += (size_t)n;
	stats_gauge_add(q->stats, STATS_GAUGE_outbound_conn, n);
}

/* --- addresses --- */

/*
 * The best order that has an address which is not down; among its equals one
 * after the other, a turn for each connection. When those are all at their
 * window, worse ones are not used: mail waits a moment instead.
 */
static struct address *
choose(const struct qmgr *q, const struct dest *d)
{
	struct hosts *h = d->hosts;
	size_t begin = 0, end;

	while (h != NULL && begin < h->n) {
		bool alive = false;

		for (end = begin; end < h->n; end++) {
			if (h->v[end].order != h->v[begin].order)
				break;
			alive = alive || h->v[end].down_until <= q->now;
		}
		for (size_t i = 0; i < end - begin; i++) {
			struct address *a =
			    &h->v[begin + (d->rotor + i) % (end - begin)];

			if (may_use(q, d, a))
				return a;
		}
		if (alive)
			return NULL;
		begin = end;
	}
	return NULL;
}

static bool
may_use(const struct qmgr *q, const struct dest *d, const struct address *a)
{
	return a->down_until <= q->now && a->n_conns < a->window &&
	       limits_may_use(q, d, a);
}

static struct address *
address_of(const struct conn *c)
{
	struct hosts *h = c->dest->hosts;

	for (size_t i = 0; h != NULL && i < h->n; i++)
		if (endpoint_equal(&h->v[i].ep, &c->ep) &&
		    strcmp(h->v[i].host, c->host) == 0)
			return &h->v[i];
	return NULL;
}

static void
say_session(const struct qmgr *q, struct conn *c, const struct address *a,
    struct session *s)
{
	const struct interface *out;

	*s = (struct session){ .dcid = c->dcid,
		.domain = str_of(c->dest->name),
		.host = str_of(c->host),
		.ip = c->ep.ip,
		.port = c->ep.port,
		.helo = q->config->hostname,
		.connect_ms = q->config->connect_timeout * 1000,
		.reply_ms = q->config->reply_timeout * 1000 };
	say_tls(q, c, a, s);
	s->policy = (uint8_t)policy_of(c, a, s);
	say_login(c, a, s);
	if (s->tls != TLS_LEVEL_OFF)
		s->certificate = q->config->out_certificate;
	out = interface_of(q, c->dest, &c->ep.ip);
	if (out == NULL)
		return;
	s->helo = out->hostname;
	if (!is_any(&out->ip))
		s->source = out->ip;
}

/* For reports to the recipient's side: by what it says the session was
 * judged. Where our own settings are stricter, it was not by that. */
static enum tls_policy
policy_of(
    const struct conn *c, const struct address *a, const struct session *s)
{
	if (a->route_host != NULL || c->dest->wish == WISH_FREE)
		return TLS_POLICY_UNCOUNTED;
	if (a->dane)
		return TLS_POLICY_TLSA;
	if (a->sts != STS_NONE && str_is(s->tls_name, a->host))
		return TLS_POLICY_STS;
	return TLS_POLICY_NONE;
}

/* What TLS is demanded, and whose certificate it must be (spec 1.8). */
static void
say_tls(const struct qmgr *q, struct conn *c, const struct address *a,
    struct session *s)
{
	enum tls_wish wish = c->dest->wish;

	c->tls = config_tls_demanded(c->dest->limits, c->dest->route, wish);
	s->requiretls = wish == WISH_REQUIRE;
	if (a->sts != STS_NONE &&
	    (wish == WISH_REQUIRE || !TLS_LEVEL_MUST_VERIFY(c->tls))) {
		say_sts(q, c, a, s);
	} else {
		if (!TLS_LEVEL_MUST(c->tls) && a->clear_until > q->now)
			c->tls = TLS_LEVEL_OFF;
		say_names(c, a, s);
	}
	if (a->dane)
		say_dane(c, a, s);
	s->tls = (uint8_t)c->tls;
}

static void
say_names(const struct conn *c, const struct address *a, struct session *s)
{
	if (!TLS_LEVEL_VERIFIES(c->tls))
		return;
	s->tls_name = str_of(c->dest->name);
	if (c->tls != TLS_LEVEL_VERIFY_HOSTED && a->route_host != NULL)
		s->tls_name2 = str_of(a->route_host);
}

/* The certificate must fit a record. When none of them can be used, there must
 * be TLS (RFC 7672 2.2), and what is demanded without DANE holds as well. */
static void
say_dane(struct conn *c, const struct address *a, struct session *s)
{
	s->tlsas = (struct codec_list){ a->n_tlsas, a->tlsas };
	if (c->dest->limits->dane == DANE_MANDATORY) {
		/* No name will do instead. */
		c->tls = TLS_LEVEL_REQUIRED_VERIFY;
		s->tls_name = s->tls_name2 = STR("");
	} else if (!TLS_LEVEL_MUST_VERIFY(c->tls)) {
		c->tls = TLS_LEVEL_REQUIRED;
		s->tls_name = STR("");
	}
}

/*
 * Credentials go to the host that the route names, proven by its certificate
 * (threats OUT-08), unless the profile says that this need not be.
 */
static void
say_login(const struct conn *c, const struct address *a, struct session *s)
{
	const struct route *r = c->dest->route;

	if (r == NULL || r->auth == NULL || a->route_host == NULL)
		return;
	s->auth = r->auth->name;
	s->auth_clear = r->auth->tls != 2;
	if (r->auth->tls == 2 && c->tls != TLS_LEVEL_VERIFY_HOSTED) {
		s->tls_name = str_of(a->route_host);
		s->tls_name2 = STR("");
	}
}

/* RFC 8461: the host's own name, for which the policy vouches. While it is
 * being tested, what is wrong is logged and mail goes all the same. */
static void
say_sts(const struct qmgr *q, struct conn *c, const struct address *a,
    struct session *s)
{
	bool enforce = a->sts == STS_ENFORCE || c->dest->wish == WISH_REQUIRE;

	if (enforce)
		c->tls = TLS_LEVEL_REQUIRED_VERIFY;
	else if (c->tls != TLS_LEVEL_REQUIRED)
		c->tls = a->clear_until > q->now ? TLS_LEVEL_OFF
						 : TLS_LEVEL_PREFERRED_VERIFY;
	s->tls_name = str_of(a->host);
}

/* The virtual gateway's interface, or the next one of its group, that speaks
 * the peer's kind of IP; without a gateway, that for all mail. NULL: the
 * system's choice. */
static const struct interface *
interface_of(const struct qmgr *q, struct dest *d, const struct ip *peer)
{
	struct str name =
	    d->gateway != NULL ? str_of(d->gateway) : q->config->out_interface;
	const struct interface_group *g;
	const struct interface *i;

	if (name.n == 0)
		return NULL;
	i = config_interface(q->config, name);
	if (i != NULL)
		return reaches(i, peer) ? i : NULL;
	g = config_interface_group(q->config, name);
	for (size_t n = 0; g != NULL && n < g->n; n++) {
		i = g->members[d->gateway_rotor++ % g->n];
		if (reaches(i, peer))
			return i;
	}
	return NULL;
}

static bool
reaches(const struct interface *i, const struct ip *peer)
{
	return ip_is_v4(&i->ip) == ip_is_v4(peer);
}

/* 0.0.0.0, ::, which leave the choice to the system. */
static bool
is_any(const struct ip *ip)
{
	static const uint8_t none[4];

	return ip_is_unset(ip) ||
	       (ip_is_v4(ip) && memcmp(ip->b + 12, none, 4) == 0);
}

/* --- the end --- */

/* Its jobs stand first in the queue again, as they were. */
static size_t
give_back(struct conn *c)
{
	size_t n = c->n_jobs;

	while (c->n_jobs > 0) {
		struct parcel *p = c->jobs[--c->n_jobs];

		p->mail->n_sent--;
		dest_due(p, true);
	}
	return n;
}

static void
note_error(struct qmgr *q, struct conn *c, const struct session_down *why)
{
	struct dest *d = c->dest;
	char code[4];

	d->last_activity = q->wall;
	if (why->reason == SESSION_CLOSED || why->text.n == 0)
		return;
	snprintf(code, sizeof(code), "%03u", why->code % 1000);
	dest_error(&d->last_error, q->wall, &c->ep.ip, code, why->text);
	if (why->reason == SESSION_TLS || why->reason == SESSION_REQUIRETLS)
		dest_tls_error(
		    q, d, &c->ep.ip, why->text, TLS_LEVEL_MUST(c->tls));
	if (why->reason == SESSION_AUTH)
		dest_login_error(q, d, &c->ep.ip, d->last_error.text);
	if (why->code >= 500)
		dest_error(&d->last_5xx, q->wall, &c->ep.ip, code, why->text);
}

/* TLS that nobody insists on did not come about: the next connection is
 * made without, and others for a while (threats TLS-03). */
static bool
is_clear_next(const struct qmgr *q, const struct conn *c, struct address *a,
    const struct session_down *why)
{
	if (why->reason != SESSION_TLS || TLS_LEVEL_MUST(c->tls) || a == NULL)
		return false;
	a->clear_until = q->now + CLEAR_MS;
	return true;
}

static void
failed(struct qmgr *q, struct conn *c, const struct session_down *why)
{
	struct address *a = address_of(c);
	struct dest *d = c->dest;

	if (a == NULL)
		return; /* the list is another one by now */
	a->failures++;
	a->down_until =
	    q->now +
	    retry_host_interval(&q->config->bounce_profiles[0], a->failures);
	a->window = a->window > 1 ? a->window / 2 : 1;
	a->fail_code = why->reason == SESSION_GREETING ? why->code : 0;
	if (why->reason == SESSION_REQUIRETLS)
		a->fail_code = REQUIRETLS_CODE;
	for (size_t i = 0; i < d->hosts->n; i++)
		if (d->hosts->v[i].down_until <= q->now)
			return;
	if (d->blocked_until <= q->now)
		pass_failed(q, c, why);
}

/*
 * No address is left. If each of them said 5xx at once, that is an answer to
 * the mail that asked (spec 1.6); the next one asks again for itself. Else
 * the host is down: all wait, one connection looks from time to time.
 */
static void
pass_failed(struct qmgr *q, struct conn *c, const struct session_down *why)
{
	struct dest *d = c->dest;
	size_t n_refused = 0;

	for (size_t i = 0; i < d->hosts->n; i++)
		if (d->hosts->v[i].fail_code >= 500)
			n_refused++;
	if (n_refused == d->hosts->n && d->due_first != NULL) {
		for (size_t i = 0; i < d->hosts->n; i++)
			d->hosts->v[i].down_until = 0;
		if (d->wish == WISH_REQUIRE)
			deliver_without_tls(q, d->due_first, why);
		else
			deliver_refused(q, c, d->due_first, why);
		return;
	}
	d->state = why->reason == SESSION_LOCAL ? DEST_UNKNOWN : DEST_DOWN;
	d->failures++;
	d->blocked_until =
	    q->now +
	    retry_host_interval(&q->config->bounce_profiles[0], d->failures);
}
