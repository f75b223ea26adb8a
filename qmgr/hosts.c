/* hosts.c - admin commands about destinations */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/addr.h"
#include "qmgr/answer.h"
#include "qmgr/dest.h"
#include "qmgr/limits.h"
#include "qmgr/schedule.h"

#define TOP_COUNT 20
#define TOP_MAX   100000

static uint64_t active(const struct dest *);
static uint64_t unattempted(const struct dest *);
static uint64_t attempted(const struct dest *);
static uint64_t opening(const struct dest *);
static uint64_t conns(const struct dest *);
static uint64_t delivered(const struct dest *);
static uint64_t soft(const struct dest *);
static uint64_t hard(const struct dest *);
static int by_value(const void *, const void *);
static size_t collect(const struct world *, struct dest ***);
static uint64_t sum(const struct dest *, uint64_t (*)(const struct dest *));
static bool is_domain(struct str text, char name[DOMAIN_MAX + 1]);
static json_t *status_json(const struct world *, const struct dest *);
static json_t *host_json(const struct dest *);
static json_t *gateway_text(const struct dest *);
static json_t *gateways_json(const struct world *, const struct dest *);
static json_t *counters_json(const struct dest *);
static json_t *gauges_json(const struct dest *);
static json_t *oldest_json(const struct world *, const struct dest *);
static const struct mail *oldest(const struct dest *, const struct mail *than);
static const struct mail *older(const struct mail *, const struct mail *);
static json_t *next_retry_json(const struct world *, const struct dest *);
static json_t *addresses_json(const struct world *, const struct dest *);
static json_t *mx_json(const struct world *, const struct dest *);
static json_t *routes_json(const struct dest *);
static json_t *error_json(const struct last_error *);
static json_t *wall_json(const struct world *, int64_t mono);
static json_t *ms_or_null(int64_t t);

/* The five orders of spec 2.9. */
static const struct {
	const char *word;
	uint64_t (*value)(const struct dest *);
} columns[] = {
	{ "active_rcpts", active },
	{ "conn_out", conns },
	{ "deliv_rcpts", delivered },
	{ "soft_bounced", soft },
	{ "hard_bounced", hard },
};
static uint64_t (*sort_value)(const struct dest *); /* for by_value */

void
answer_tophosts(const struct ask *a, struct reply_to *r)
{
	struct str word = a->n_words > 1 ? a->words[1] : STR("active_rcpts");
	uint64_t count = TOP_COUNT;
	json_t *hosts = json_array();
	struct dest **v;
	size_t col = 0, n;

	while (col < NELEM(columns) && !str_is_nocase(word, columns[col].word))
		col++;
	if (col == NELEM(columns) ||
	    (a->n_words > 2 && !str_u64(a->words[2], TOP_MAX, &count))) {
		r->status = 2;
		snprintf(r->error, sizeof(r->error),
		    "Sort by one of: active_rcpts, conn_out, deliv_rcpts, "
		    "soft_bounced, hard_bounced.");
		json_decref(hosts);
		return;
	}
	n = collect(a->world, &v);
	sort_value = columns[col].value;
	qsort(v, n, sizeof(*v), by_value);
	for (size_t i = 0; i < n; i++)
		if (i < count || v[i]->internal)
			json_array_append_new(hosts, host_json(v[i]));
	free(v);
	r->json = json_pack("{s:I, s:s, s:o}", "status_as_of",
	    (json_int_t)a->world->q.wall, "sort", columns[col].word, "hosts",
	    hosts);
}

/* Of one that is not in memory, what the configuration says; the tool asks
 * the DNS itself. */
void
answer_hoststatus(const struct ask *a, struct reply_to *r)
{
	struct world *w = a->world;
	struct dest *d = dest_find(&w->q, a->words[1]);
	char name[DOMAIN_MAX + 1];
	struct dest unknown = { .name = name };

	if (d == NULL) {
		if (!is_domain(a->words[1], name)) {
			r->status = 1;
			snprintf(r->error, sizeof(r->error),
			    "Host \"%.*s\" is not currently in memory.",
			    STR_ARG(a->words[1]));
			return;
		}
		unknown.limits = config_destination(w->q.config, str_of(name));
		unknown.route = config_route(w->q.config, str_of(name));
	}
	r->json = status_json(w, d != NULL ? d : &unknown);
	json_object_set_new(r->json, "in_memory", json_boolean(d != NULL));
}

void
answer_delivernow(const struct ask *a, struct reply_to *r)
{
	struct qmgr *q = &a->world->q;
	bool all = str_is_nocase(a->words[1], "all");
	struct dest *d = all ? NULL : dest_find(q, a->words[1]);
	uint64_t n = 0;

	if (!all && (d == NULL || sum(d, active) == 0)) {
		r->status = 1;
		snprintf(r->error, sizeof(r->error),
		    "There are no messages for \"%.*s\" in the queue.",
		    STR_ARG(a->words[1]));
		return;
	}
	for (; d != NULL; d = d->beside)
		n += schedule_now(q, d);
	MAP_FOREACH (&q->dests, it) {
		if (!all)
			continue;
		limits_reset(it.value);
		n += schedule_now(q, it.value);
	}
	r->json = json_pack("{s:o, s:I}", "scope", answer_text(a->words[1]),
	    "recipients", (json_int_t)n);
}

void
answer_resetcounters(const struct ask *a, struct reply_to *r)
{
	struct qmgr *q = &a->world->q;

	dest_reset_counters(q);
	counts_hurry(a->world->counts);
	r->json = json_pack("{s:I}", "counters_reset", (json_int_t)q->wall);
}

/* --- hoststatus --- */

/* What mail could be sent to; in lower case. */
static bool
is_domain(struct str text, char name[DOMAIN_MAX + 1])
{
	struct str canonical = text;
	struct arena mem;
	struct ip ip;
	bool is_one;

	arena_init(&mem, 1 << 16);
	is_one = (addr_literal(text, &ip) ||
		     addr_domain_ok(text, &canonical, &mem)) &&
		 str_copy(name, DOMAIN_MAX + 1, canonical);
	arena_free(&mem);
	if (is_one)
		str_lower(name);
	return is_one;
}

static json_t *
status_json(const struct world *w, const struct dest *d)
{
	const struct dest *seen = d;

	/* What is known of the hosts may be known to a gateway only. */
	while (seen->hosts == NULL && seen->beside != NULL)
		seen = seen->beside;
	if (seen->hosts == NULL)
		seen = d;
	return json_pack(
	    "{s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	    "s:o, s:o, s:o, s:o}",
	    "host", answer_text(str_of(d->name)), "status_as_of",
	    (json_int_t)w->q.wall, "host_up_down", dest_state_name(seen->state),
	    "counters", counters_json(d), "gauges", gauges_json(d),
	    "oldest_message", oldest_json(w, d), "last_activity",
	    ms_or_null(seen->last_activity), "next_retry",
	    next_retry_json(w, seen), "addresses_expire",
	    seen->resolution == RESOLUTION_OK
		? wall_json(w, seen->hosts->expires)
		: json_null(),
	    "ordered_ip_addresses", addresses_json(w, seen), "mx_records",
	    mx_json(w, seen), "smtp_routes", routes_json(d), "last_5xx_error",
	    error_json(&seen->last_5xx), "last_error",
	    error_json(&seen->last_error), "last_tls_error",
	    error_json(&seen->last_tls), "virtual_gateways",
	    gateways_json(w, d));
}

/* --- tophosts --- */

static uint64_t
active(const struct dest *d)
{
	return unattempted(d) + d->n_attempted;
}

static uint64_t
unattempted(const struct dest *d)
{
	return d->n_unattempted + d->n_inside;
}

static uint64_t
attempted(const struct dest *d)
{
	return d->n_attempted;
}

static uint64_t
opening(const struct dest *d)
{
	return d->n_conns[CONNS_OPENING];
}

static uint64_t
conns(const struct dest *d)
{
	uint64_t n = 0;

	for (int i = 0; i < CONNS_LISTS; i++)
		n += i != CONNS_OPENING ? d->n_conns[i] : 0;
	return n;
}

static uint64_t
delivered(const struct dest *d)
{
	return d->count[DEST_DELIVERED];
}

static uint64_t
soft(const struct dest *d)
{
	return d->count[DEST_SOFT];
}

static uint64_t
hard(const struct dest *d)
{
	return d->count[DEST_HARD];
}

static int
by_value(const void *x, const void *y)
{
	const struct dest *a = *(struct dest *const *)x;
	const struct dest *b = *(struct dest *const *)y;
	uint64_t m = sum(a, sort_value), n = sum(b, sort_value);

	if (m != n)
		return m > n ? -1 : 1;
	return strcmp(a->name, b->name);
}

static size_t
collect(const struct world *w, struct dest ***v)
{
	size_t n = 0;

	*v = mem_array(w->q.dests.n + 1, sizeof(**v));
	MAP_FOREACH (&w->q.dests, it) {
		struct dest *d = it.value;

		if (d->main == NULL)
			(*v)[n++] = d;
	}
	return n;
}

/* Of a domain: with the mail of all its gateways. */
static uint64_t
sum(const struct dest *d, uint64_t (*value)(const struct dest *))
{
	uint64_t n = 0;

	for (; d != NULL; d = d->beside)
		n += value(d);
	return n;
}

static json_t *
host_json(const struct dest *d)
{
	json_t *j = json_pack("{s:o, s:s, s:b, s:b}", "recipient_host",
	    answer_text(str_of(d->name)), "host_up_down",
	    dest_state_name(d->state), "down", d->state == DEST_DOWN,
	    "internal", d->internal);

	for (size_t i = 0; i < NELEM(columns); i++)
		json_object_set_new(j, columns[i].word,
		    json_integer((json_int_t)sum(d, columns[i].value)));
	return j;
}

/* --- hoststatus --- */

static json_t *
counters_json(const struct dest *d)
{
	json_t *j = json_object();

	for (int i = 0; i < DEST_COUNTERS; i++) {
		uint64_t n = 0;

		for (const struct dest *g = d; g != NULL; g = g->beside)
			n += g->count[i];
		json_object_set_new(j, dest_counter_name((enum dest_counter)i),
		    json_integer((json_int_t)n));
	}
	return j;
}

static json_t *
gauges_json(const struct dest *d)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "active_recipients",
	    (json_int_t)sum(d, active), "unattempted_recipients",
	    (json_int_t)sum(d, unattempted), "attempted_recipients",
	    (json_int_t)sum(d, attempted), "current_outbound_connections",
	    (json_int_t)sum(d, conns), "pending_outbound_connections",
	    (json_int_t)sum(d, opening));
}

/* What differs from one gateway to another. */
static json_t *
gateways_json(const struct world *w, const struct dest *d)
{
	json_t *list = json_array();

	while ((d = d->beside) != NULL) {
		const struct interface *i =
		    config_interface(w->q.config, str_of(d->gateway));

		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:s, s:o, s:I, s:o}", "gateway",
			gateway_text(d), "hostname",
			answer_text(
			    i != NULL ? i->hostname : w->q.config->hostname),
			"host_up_down", dest_state_name(d->state),
			"last_activity", ms_or_null(d->last_activity),
			"recipients", (json_int_t)active(d), "last_error",
			error_json(&d->last_error)));
	}
	return list;
}

/* And what its mail wants of TLS. */
static json_t *
gateway_text(const struct dest *d)
{
	static const char *const wishes[] = {
		[WISH_NONE] = "",
		[WISH_REQUIRE] = "REQUIRETLS",
		[WISH_FREE] = "TLS-Required: No",
	};
	char text[NAME_MAX_LEN + 40];

	if (d->gateway == NULL)
		return json_string(wishes[d->wish]);
	if (d->wish == WISH_NONE)
		return answer_text(str_of(d->gateway));
	snprintf(text, sizeof(text), "%s, %s", d->gateway, wishes[d->wish]);
	return answer_text(str_of(text));
}

static json_t *
oldest_json(const struct world *w, const struct dest *d)
{
	const struct mail *m = NULL;

	for (; d != NULL; d = d->beside)
		m = oldest(d, m);
	return answer_age(w, m);
}

static const struct mail *
oldest(const struct dest *d, const struct mail *m)
{
	for (struct parcel *p = d->due_first; p != NULL; p = p->due.next)
		m = older(m, p->mail);
	for (size_t i = 0; i < d->wait.n; i++)
		m = older(m, HEAP_OBJ(d->wait.v[i], struct parcel, wait)->mail);
	for (int l = 0; l < CONNS_LISTS; l++)
		for (struct conn *c = d->conns[l]; c != NULL; c = c->next)
			for (int i = 0; i < c->n_jobs; i++)
				m = older(m, c->jobs[i]->mail);
	return m;
}

static const struct mail *
older(const struct mail *a, const struct mail *b)
{
	return a == NULL || b->born < a->born ? b : a;
}

static json_t *
next_retry_json(const struct world *w, const struct dest *d)
{
	struct heap_node *top = heap_top(&d->wait);

	if (d->blocked_until != 0 && d->n_due > 0)
		return wall_json(w, d->blocked_until);
	return top != NULL ? wall_json(w, (int64_t)top->key) : json_null();
}

static json_t *
addresses_json(const struct world *w, const struct dest *d)
{
	json_t *list = json_array();
	char ip[IP_TEXT];

	for (size_t i = 0; d->hosts != NULL && i < d->hosts->n; i++) {
		const struct address *a = &d->hosts->v[i];

		json_array_append_new(
		    list, json_pack("{s:i, s:s, s:i, s:o, s:b}", "preference",
			      (int)a->preference, "ip", ip_text(&a->ep.ip, ip),
			      "port", (int)a->ep.port, "host",
			      answer_text(str_of(a->host)), "down",
			      a->down_until > w->q.now));
	}
	return list;
}

static json_t *
mx_json(const struct world *w, const struct dest *d)
{
	json_t *list = json_array();

	if (d->hosts == NULL || d->hosts->routed)
		return list;
	for (size_t i = 0; i < d->hosts->n_mx; i++) {
		const struct mx_record *mx = &d->hosts->mx[i];
		int64_t left =
		    (int64_t)mx->ttl - (w->q.now - d->hosts->looked_up) / 1000;

		json_array_append_new(
		    list, json_pack("{s:i, s:I, s:o}", "preference",
			      (int)mx->preference, "ttl",
			      (json_int_t)(left > 0 ? left : 0), "hostname",
			      answer_text(str_of(mx->name))));
	}
	return list;
}

static json_t *
routes_json(const struct dest *d)
{
	json_t *list = json_array();

	if (d->route == NULL || d->internal)
		return list;
	if (d->route->kind != ROUTE_HOSTS)
		json_array_append_new(list,
		    json_string(
			d->route->kind == ROUTE_NULL ? "/dev/null" : "USEDNS"));
	for (size_t i = 0; i < d->route->n; i++)
		json_array_append_new(
		    list, answer_text(d->route->dests[i].text));
	return list;
}

static json_t *
error_json(const struct last_error *e)
{
	char ip[IP_TEXT] = "";

	if (e->text == NULL)
		return json_null();
	if (!ip_is_unset(&e->ip))
		ip_text(&e->ip, ip);
	return json_pack("{s:o, s:I, s:s}", "text",
	    answer_text(str_of(e->text)), "at", (json_int_t)e->at, "ip", ip);
}

/* A monotonic time, for people. */
static json_t *
wall_json(const struct world *w, int64_t mono)
{
	return json_integer(w->q.wall + (mono - w->q.now));
}

static json_t *
ms_or_null(int64_t t)
{
	return t != 0 ? json_integer(t) : json_null();
}
