/* dest.c - destinations: their queues, counters and lists */
#include "qmgr/dest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "event/alert.h"
#include "mail/addr.h"
#include "mail/wire.h"
#include "qmgr/resolve.h"

/* Destinations without mail that are kept, for their counters and for what
 * is known about the hosts. */
#define IDLE_MAX 10000
/* Between two alerts about the TLS of one of them. */
#define KEY_LEN  (DOMAIN_MAX + NAME_MAX_LEN + 16)
#define ALERT_MS (60 * 60 * 1000)

const char *const dest_internal_names[] = { "the.encryption.queue",
	"the.euq.queue", "the.euq.release.queue", "the.cpq.host", NULL };

/* What is counted here, and for the whole system. */
static const struct {
	const char *name;
	enum stats_counter of_all;
} counters[DEST_COUNTERS] = {
	[DEST_SOFT] = { "soft_bounced_events", STATS_soft_bounced_events },
	[DEST_COMPLETED] = { "completed_recipients",
	    STATS_completed_recipients },
	[DEST_HARD] = { "hard_bounced_recipients",
	    STATS_hard_bounced_recipients },
	[DEST_DNS] = { "dns_hard_bounces", STATS_dns_hard_bounces },
	[DEST_5XX] = { "fivexx_hard_bounces", STATS_fivexx_hard_bounces },
	[DEST_FILTER] = { "filter_hard_bounces", STATS_filter_hard_bounces },
	[DEST_EXPIRED] = { "expired_hard_bounces", STATS_expired_hard_bounces },
	[DEST_OTHER] = { "other_hard_bounces", STATS_other_hard_bounces },
	[DEST_DELIVERED] = { "delivered_recipients",
	    STATS_delivered_recipients },
	[DEST_DELETED] = { "deleted_recipients", STATS_deleted_recipients },
};

static struct dest *get(
    struct qmgr *, struct str lower, struct str gateway, enum tls_wish);
static struct dest *dest_new(
    struct qmgr *, struct str name, struct str gateway, struct str key);
static void ripen_all(struct dest *);
static struct str key_of(
    struct str lower, struct str gateway, enum tls_wish, char *out);
static void detach(struct qmgr *, struct dest *);
static void dest_release(struct dest *);
static void dest_free(struct qmgr *, struct dest *);
static void count(struct qmgr *, struct dest *, enum dest_counter, uint64_t);
static void gauge(struct qmgr *, struct dest *, bool attempted, int64_t n);

const char *
dest_state_name(enum dest_state s)
{
	static const char *const names[] = { "unknown", "up", "down" };

	return names[s];
}

const char *
dest_counter_name(enum dest_counter c)
{
	return counters[c].name;
}

struct dest *
dest_get(
    struct qmgr *q, struct str domain, struct str gateway, enum tls_wish wish)
{
	char lower[DOMAIN_MAX + 1];
	struct dest *d;

	str_copy(lower, sizeof(lower), domain);
	str_lower(lower);
	d = get(q, str_of(lower), STR(""), WISH_NONE);
	if (d->internal)
		wish = WISH_NONE;
	return gateway.n == 0 && wish == WISH_NONE
		   ? d
		   : get(q, str_of(lower), gateway, wish);
}

enum tls_wish
dest_wish(uint32_t flags, uint32_t wire_flags)
{
	if (flags & ENV_REQUIRETLS)
		return WISH_REQUIRE;
	return wire_flags & WIRE_TLS_FREE ? WISH_FREE : WISH_NONE;
}

bool
dest_is_internal(struct str domain)
{
	for (size_t i = 0; dest_internal_names[i] != NULL; i++)
		if (str_is_nocase(domain, dest_internal_names[i]))
			return true;
	return false;
}

struct dest *
dest_find(const struct qmgr *q, struct str domain)
{
	char lower[DOMAIN_MAX + 1];
	struct str canonical;
	struct arena mem;
	struct dest *d;

	if (domain.n > 1 && domain.p[domain.n - 1] == '.')
		domain.n--;
	str_copy(lower, sizeof(lower), domain);
	str_lower(lower);
	d = map_get(&q->dests, str_of(lower));
	if (d != NULL || str_ascii(domain) == domain.n)
		return d;
	arena_init(&mem, 1 << 16);
	if (addr_domain_ok(domain, &canonical, &mem))
		d = map_get(&q->dests, canonical);
	arena_free(&mem);
	return d;
}

bool
dest_is_part(const struct dest *d, const struct dest *whole)
{
	return d == whole || d->main == whole;
}

size_t
dest_conns(const struct dest *d)
{
	return d->main != NULL ? d->main->n_all : d->n_all;
}

void
dest_refresh(struct qmgr *q, struct dest *d)
{
	if (d->config_serial == q->config_serial)
		return;
	d->config_serial = q->config_serial;
	d->limits = config_destination(q->config, str_of(d->name));
	d->route = config_route(q->config, str_of(d->name));
	/* Where it goes may have changed: find out again. */
	if (d->resolution != RESOLUTION_ASKING)
		d->resolution = RESOLUTION_NONE;
	else
		resolve_cancel(q, d);
	d->blocked_until = 0;
}

void
dest_touch(struct qmgr *q, struct dest *d)
{
	bool empty = d->n_parcels == 0 && d->resolve == NULL && !d->internal &&
		     (d->main != NULL || d->beside == NULL);

	for (size_t i = 0; i < CONNS_LISTS && empty; i++)
		empty = d->n_conns[i] == 0;
	if (empty && d->list != &q->idle) {
		dest_list_remove(d);
		heap_remove(&q->timers, &d->timer);
		dest_list_put(&q->idle, d);
		if (++q->n_idle > IDLE_MAX)
			dest_free(q, q->idle.first);
	} else if (!empty && d->list == &q->idle) {
		dest_list_remove(d);
		q->n_idle--;
	}
}

void
dest_free_all(struct qmgr *q)
{
	MAP_FOREACH (&q->dests, it) {
		struct dest *d = it.value;

		resolve_cancel(q, d);
		dest_release(d);
	}
	map_fini(&q->dests, NULL);
}

void
dest_reset_counters(struct qmgr *q)
{
	MAP_FOREACH (&q->dests, it) {
		struct dest *d = it.value;

		memset(d->count, 0, sizeof(d->count));
	}
	q->n_counted++;
}

void
hosts_free(struct hosts **hp)
{
	if (*hp != NULL)
		arena_free(&(*hp)->mem);
	free(*hp);
	*hp = NULL;
}

/* --- its queue --- */

void
dest_add(struct qmgr *q, struct parcel *p, int64_t at)
{
	struct dest *d = p->dest;

	d->n_parcels++;
	gauge(q, d, p->attempts > 0, p->n_open);
	p->state = PARCEL_OVER;
	if (at > q->now)
		dest_wait(p, at);
	else
		dest_due(p, false);
	dest_touch(q, d);
}

void
dest_move(struct qmgr *q, struct parcel *p, struct dest *to)
{
	struct dest *from = p->dest;

	gauge(q, from, p->attempts > 0, -(int64_t)p->n_open);
	from->n_parcels--;
	p->dest = to;
	dest_add(q, p, q->now);
	dest_touch(q, from); /* it may be gone after this */
}

void
dest_due(struct parcel *p, bool front)
{
	struct dest *d = p->dest;

	p->state = PARCEL_DUE;
	p->due.prev = front ? NULL : d->due_last;
	p->due.next = front ? d->due_first : NULL;
	*(p->due.prev != NULL ? &p->due.prev->due.next : &d->due_first) = p;
	*(p->due.next != NULL ? &p->due.next->due.prev : &d->due_last) = p;
	d->n_due++;
}

void
dest_wait(struct parcel *p, int64_t at)
{
	p->state = PARCEL_WAIT;
	p->wait = (struct heap_node){ 0 };
	heap_put(&p->dest->wait, &p->wait, (uint64_t)at);
}

void
dest_take(struct parcel *p)
{
	struct dest *d = p->dest;
	struct parcel *next = p->due.next, *prev = p->due.prev;

	if (p->state == PARCEL_WAIT) {
		heap_remove(&d->wait, &p->wait);
	} else if (p->state == PARCEL_DUE) {
		*(prev != NULL ? &prev->due.next : &d->due_first) = next;
		*(next != NULL ? &next->due.prev : &d->due_last) = prev;
		d->n_due--;
	}
	p->state = PARCEL_OVER;
}

void
dest_ripen(struct dest *d, int64_t now)
{
	struct heap_node *n;

	if (now == INT64_MAX)
		ripen_all(d);
	while ((n = heap_top(&d->wait)) != NULL && n->key <= (uint64_t)now) {
		struct parcel *p = HEAP_OBJ(n, struct parcel, wait);

		heap_pop(&d->wait);
		dest_due(p, false);
	}
}

/* All of a heap, without keeping it a heap meanwhile. */
static void
ripen_all(struct dest *d)
{
	size_t n = d->wait.n;

	d->wait.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct heap_node *node = d->wait.v[i];

		node->at = 0;
		dest_due(HEAP_OBJ(node, struct parcel, wait), false);
	}
}

/* --- counting --- */

void
dest_count_soft(struct qmgr *q, struct dest *d, uint64_t n)
{
	count(q, d, DEST_SOFT, n);
}

void
dest_count_hard(struct qmgr *q, struct dest *d, enum hard_class c)
{
	count(q, d, (enum dest_counter)(DEST_DNS + (int)c), 1);
	count(q, d, DEST_HARD, 1);
	count(q, d, DEST_COMPLETED, 1);
}

void
dest_count_delivered(struct qmgr *q, struct dest *d, uint64_t n)
{
	count(q, d, DEST_DELIVERED, n);
	count(q, d, DEST_COMPLETED, n);
}

void
dest_count_passed(struct qmgr *q, struct dest *d, uint64_t n)
{
	d->count[DEST_DELIVERED] += n;
	d->count[DEST_COMPLETED] += n;
	q->n_counted++;
}

void
dest_inside(struct qmgr *q, struct dest *d, int64_t n)
{
	d->n_inside += (uint64_t)n;
	stats_gauge_add(q->stats, STATS_GAUGE_active_recipients, n);
	stats_gauge_add(q->stats, STATS_GAUGE_unattempted_recipients, n);
}

void
dest_count_deleted(struct qmgr *q, struct dest *d, uint64_t n)
{
	count(q, d, DEST_DELETED, n);
	count(q, d, DEST_COMPLETED, n);
}

void
dest_left(struct qmgr *q, struct parcel *p, uint64_t n)
{
	p->n_open = (uint16_t)(p->n_open - n);
	p->mail->n_open -= (uint32_t)n;
	gauge(q, p->dest, p->attempts > 0, -(int64_t)n);
	if (p->n_open == 0)
		p->dest->n_parcels--;
}

void
dest_attempted(struct qmgr *q, struct parcel *p)
{
	if (p->attempts == 0) {
		gauge(q, p->dest, false, -(int64_t)p->n_open);
		gauge(q, p->dest, true, p->n_open);
	}
	if (p->attempts < UINT16_MAX)
		p->attempts++;
}

void
dest_error(struct last_error *e, int64_t wall, const struct ip *ip,
    const char *code, struct str text)
{
	struct buf b;

	buf_init(&b, REPLY_TEXT_MAX + 8);
	/* "000" stands where no server said anything */
	if (code[0] != '0')
		buf_printf(&b, "%s ", code);
	buf_add_str(&b, str_sub(text, 0, REPLY_TEXT_MAX));
	free(e->text);
	e->text = buf_take(&b);
	e->at = wall;
	e->ip = *ip;
}

void
dest_tls_error(struct qmgr *q, struct dest *d, const struct ip *ip,
    struct str text, bool must)
{
	char said[LOG_VALUE_MAX];

	dest_error(&d->last_tls, q->wall, ip, "000", text);
	if (!must || !q->config->tls_alert ||
	    (d->alerted != 0 && q->now - d->alerted < ALERT_MS))
		return;
	d->alerted = q->now;
	snprintf(said, sizeof(said), "Mail to %s waits for TLS: %.*s", d->name,
	    STR_ARG(text));
	alert_raise(ALERT_TLS_REQUIRED, str_of(d->name), str_of(said));
}

void
dest_login_error(
    struct qmgr *q, struct dest *d, const struct ip *ip, const char *text)
{
	char said[LOG_VALUE_MAX], address[IP_TEXT];

	if (d->alerted_login != 0 && q->now - d->alerted_login < ALERT_MS)
		return;
	d->alerted_login = q->now;
	snprintf(said, sizeof(said), "Mail to %s waits: login at %s failed: %s",
	    d->name, ip_text(ip, address), text);
	alert_raise(ALERT_LOGIN_FAILED, str_of(d->name), str_of(said));
}

void
dest_error_clear(struct last_error *e)
{
	free(e->text);
	*e = (struct last_error){ 0 };
}

/* --- lists of destinations --- */

void
dest_list_put(struct dest_list *l, struct dest *d)
{
	d->list = l;
	d->next = NULL;
	d->prev = l->last;
	*(l->last != NULL ? &l->last->next : &l->first) = d;
	l->last = d;
}

void
dest_list_remove(struct dest *d)
{
	struct dest_list *l = d->list;

	if (l == NULL)
		return;
	*(d->prev != NULL ? &d->prev->next : &l->first) = d->next;
	*(d->next != NULL ? &d->next->prev : &l->last) = d->prev;
	d->list = NULL;
	d->next = d->prev = NULL;
}

/* --- helpers --- */

static struct dest *
get(struct qmgr *q, struct str lower, struct str gateway, enum tls_wish wish)
{
	char room[KEY_LEN];
	struct str key = key_of(lower, gateway, wish, room);
	struct dest *d = map_get(&q->dests, key);

	if (d == NULL) {
		d = dest_new(q, lower, gateway, key);
		d->wish = wish;
	}
	return d;
}

/* No domain has a newline in it. */
static struct str
key_of(struct str lower, struct str gateway, enum tls_wish wish, char *out)
{
	if (gateway.n == 0 && wish == WISH_NONE)
		return lower;
	gateway = str_sub(gateway, 0, NAME_MAX_LEN);
	return (struct str){ out,
		(size_t)snprintf(out, KEY_LEN, "%.*s\n%.*s\n%d", STR_ARG(lower),
		    STR_ARG(gateway), (int)wish) };
}

static struct dest *
dest_new(struct qmgr *q, struct str name, struct str gateway, struct str key)
{
	struct dest *d = mem_alloc(sizeof(*d));

	d->name = mem_strndup(name.p, name.n);
	if (gateway.n > 0)
		d->gateway = mem_strndup(gateway.p, gateway.n);
	if (!str_eq(key, name)) {
		d->main = map_get(&q->dests, name);
		d->beside = d->main->beside;
		d->main->beside = d;
		dest_touch(q, d->main);
	}
	d->serial = ++q->last_dest;
	d->internal = dest_is_internal(name);
	map_put(&q->dests, key, d);
	stats_gauge_set(
	    q->stats, STATS_GAUGE_destinations, (int64_t)q->dests.n);
	dest_refresh(q, d);
	return d;
}

static void
dest_free(struct qmgr *q, struct dest *d)
{
	char room[KEY_LEN];
	struct str gateway = d->gateway != NULL ? str_of(d->gateway) : STR("");

	dest_list_remove(d);
	q->n_idle--;
	map_remove(&q->dests, key_of(str_of(d->name), gateway, d->wish, room));
	stats_gauge_set(
	    q->stats, STATS_GAUGE_destinations, (int64_t)q->dests.n);
	heap_remove(&q->timers, &d->timer);
	if (d->main != NULL)
		detach(q, d);
	dest_release(d);
}

/* The last gateway gone, the domain may be forgotten as well. */
static void
detach(struct qmgr *q, struct dest *d)
{
	struct dest **p = &d->main->beside;

	while (*p != d)
		p = &(*p)->beside;
	*p = d->beside;
	dest_touch(q, d->main);
}

static void
dest_release(struct dest *d)
{
	hosts_free(&d->hosts);
	heap_fini(&d->wait);
	free(d->why);
	free(d->last_5xx.text);
	free(d->last_error.text);
	free(d->last_tls.text);
	free(d->gateway);
	free(d->name);
	free(d);
}

static void
count(struct qmgr *q, struct dest *d, enum dest_counter c, uint64_t n)
{
	d->count[c] += n;
	q->n_counted++;
	stats_add(q->stats, counters[c].of_all, n);
}

static void
gauge(struct qmgr *q, struct dest *d, bool attempted, int64_t n)
{
	*(attempted ? &d->n_attempted : &d->n_unattempted) += (uint64_t)n;
	stats_gauge_add(q->stats,
	    attempted ? STATS_GAUGE_attempted_recipients
		      : STATS_GAUGE_unattempted_recipients,
	    n);
	stats_gauge_add(q->stats, STATS_GAUGE_active_recipients, n);
}
