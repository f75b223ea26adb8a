/* delivery.c - the delivery part of a report: where mail goes from the queue */
#include "trace/delivery.h"

#include <string.h>

#include "base/map.h"
#include "config/route_dest.h"
#include "config/schema.h"
#include "mail/addr.h"
#include "trace/show.h"
#include "trace/tags.h"
#include "trace/way.h"

#define DELIVERY_TEXT 65536

struct delivery {
	const struct trace_report *report;
	const struct config *config;
	const struct work *work;
	struct str domain, gateway;
};
typedef void each_domain(const struct delivery *, void *arg);
static void each(const struct trace_report *, const struct trace_outcome *,
    each_domain *, void *);
static each_domain want, to_json, to_text;
static void tag_to_text(
    const struct delivery *, const struct destination *, struct buf *out);
static bool way_text(const struct config *, struct str domain, struct buf *out);
static void demanded_text(
    const struct destination *, const struct route *, struct buf *out);
static bool key_text(
    const struct destination *, const struct schema_key *, struct buf *out);

struct wanting {
	struct trace_report *report;
	struct arena *mem;
};

void
delivery_want(struct trace_report *r, struct arena *mem)
{
	struct wanting w = { r, mem };

	if (r->input->lookup == NULL || !r->input->asks ||
	    r->n_wants_of_work > 0)
		return;
	for (size_t i = 0; i < r->n_outcomes; i++)
		if (r->outcomes[i].work->end == WORK_DELIVER)
			each(r, &r->outcomes[i], want, &w);
}

json_t *
json_of_deliveries(const struct trace_report *r, const struct trace_outcome *o)
{
	json_t *v = json_array();

	if (o->work->end == WORK_DELIVER)
		each(r, o, to_json, v);
	return v;
}

void
show_deliveries(const struct trace_report *r, const struct trace_outcome *o,
    struct buf *out)
{
	if (o->work->end == WORK_DELIVER && o->work->holds == NULL)
		each(r, o, to_text, out);
}

/* Once each, in the order of the recipients; all of it goes to the alternate
 * host where there is one. */
static void
each(const struct trace_report *r, const struct trace_outcome *o,
    each_domain *run, void *arg)
{
	const struct work *w = o->work;
	struct delivery d = { .report = r,
		.config = r->input->config,
		.work = w,
		.gateway = o->gateway };
	struct map seen;

	if (w->alt_mailhost.n > 0) {
		d.domain = w->alt_mailhost;
		run(&d, arg);
		return;
	}
	map_init(&seen);
	for (size_t i = 0; i < w->n_rcpts; i++) {
		char lower[DOMAIN_MAX + 1];
		struct str domain = addr_domain(w->rcpts[i].addr);

		if (domain.n == 0 || !str_copy(lower, sizeof(lower), domain))
			continue;
		str_lower(lower);
		d.domain = str_of(lower);
		if (map_put(&seen, d.domain, &seen) == NULL)
			run(&d, arg);
	}
	map_fini(&seen, NULL);
}

/* Two parts of a message may go the same way. */
static void
want(const struct delivery *of, void *arg)
{
	const struct wanting *to = arg;
	struct trace_report *r = to->report;
	struct trace_want *x;

	if (trace_way_find(r->input, of->domain, of->gateway) != NULL)
		return;
	if (r->wants_of_work == NULL)
		r->wants_of_work =
		    arena_array(to->mem, TRACE_WANTS_MAX, sizeof(*x));
	for (size_t i = 0; i < r->n_wants_of_work; i++)
		if (str_eq(r->wants_of_work[i].key, of->domain) &&
		    str_eq(r->wants_of_work[i].sender, of->gateway))
			return;
	if (r->n_wants_of_work == TRACE_WANTS_MAX)
		return; /* the next round asks for it */
	r->wants_of_work[r->n_wants_of_work++] =
	    (struct trace_want){ .id = TRACE_WANT_WAY,
		    .key = arena_str(to->mem, of->domain),
		    .sender = arena_str(to->mem, of->gateway),
		    .header = STR(""),
		    .body = STR("") };
}

static void
to_json(const struct delivery *of, void *arg)
{
	const struct config *c = of->config;
	const struct destination *d = config_destination(c, of->domain);
	const struct route *r = config_route(c, of->domain);
	struct str domain = of->domain, sender;
	const struct trace_way *way;
	json_t *one = json_object();
	struct arena mem;
	struct buf text;

	json_put(one, "domain", json_of_text(domain));
	arena_init(&mem, DELIVERY_TEXT);
	sender = trace_tagged(of->report, d, of->work->sender, &mem);
	json_put(one, "sender",
	    sender.p != NULL ? json_of_text(sender) : json_null());
	arena_free(&mem);
	way = trace_way_find(of->report->input, domain, of->gateway);
	if (way != NULL)
		json_put(one, "way", json_deep_copy(way->json));
	buf_init(&text, DELIVERY_TEXT);
	json_put(one, "route",
	    way_text(c, domain, &text) ? json_of_text(buf_str(&text))
				       : json_null());
	buf_fini(&text);
	json_put(one, "auth",
	    r != NULL && r->auth != NULL ? json_of_text(r->auth->name)
					 : json_null());
	buf_init(&text, DELIVERY_TEXT);
	demanded_text(d, r, &text);
	json_put(one, "tls_demanded", json_of_text(buf_str(&text)));
	buf_fini(&text);
	for (size_t i = 0; i < schema_destination.n; i++) {
		const struct schema_key *key = &schema_destination.keys[i];

		buf_init(&text, DELIVERY_TEXT);
		if (key_text(d, key, &text))
			json_put(one, key->name, json_of_text(buf_str(&text)));
		buf_fini(&text);
	}
	json_array_append_new(arg, one);
}

static void
to_text(const struct delivery *of, void *arg)
{
	const struct config *c = of->config;
	const struct destination *d = config_destination(c, of->domain);
	const struct route *r = config_route(c, of->domain);
	struct str domain = of->domain;
	const struct trace_way *way;
	struct buf *out = arg, text;

	buf_puts(out, " - ");
	show_text(domain, out);
	buf_init(&text, DELIVERY_TEXT);
	if (way_text(c, domain, &text)) {
		buf_puts(out, ": by route ");
		show_text(buf_str(&text), out);
	} else {
		buf_puts(out, ": by the DNS");
	}
	buf_fini(&text);
	for (size_t i = 0; i < schema_destination.n; i++) {
		const struct schema_key *key = &schema_destination.keys[i];

		buf_init(&text, DELIVERY_TEXT);
		if (key_text(d, key, &text) && text.len > 0)
			buf_printf(out, ", %s=%s", key->name, text.data);
		buf_fini(&text);
	}
	if (config_tls_demanded(d, r) != d->tls) {
		buf_puts(out, ", tls for the login=");
		demanded_text(d, r, out);
	}
	buf_putc(out, '\n');
	tag_to_text(of, d, out);
	way = trace_way_find(of->report->input, domain, of->gateway);
	if (way != NULL)
		show_way(way->json, out);
}

/* Only where it is another. */
static void
tag_to_text(
    const struct delivery *of, const struct destination *d, struct buf *out)
{
	struct arena mem;
	struct str sender;

	arena_init(&mem, DELIVERY_TEXT);
	sender = trace_tagged(of->report, d, of->work->sender, &mem);
	if (sender.p == NULL) {
		buf_puts(out, "   - Envelope sender: not tagged (there is no "
			      "key that could be read)\n");
	} else if (!str_eq(sender, of->work->sender)) {
		buf_puts(out, "   - Envelope sender: tagged as ");
		show_text(sender, out);
		buf_putc(out, '\n');
	}
	arena_free(&mem);
}

/* As the configuration calls it. */
static void
demanded_text(
    const struct destination *d, const struct route *r, struct buf *out)
{
	struct destination with_login = *d;

	with_login.tls = config_tls_demanded(d, r);
	key_text(
	    &with_login, schema_find(&schema_destination, STR("tls")), out);
}

/* False: the DNS. */
static bool
way_text(const struct config *c, struct str domain, struct buf *out)
{
	const struct route *r = config_route(c, domain);

	buf_puts(out, "");
	if (r == NULL || r->kind == ROUTE_USEDNS)
		return false;
	route_text(r, out);
	return true;
}

static bool
key_text(
    const struct destination *d, const struct schema_key *key, struct buf *out)
{
	if (key->type == NULL || strcmp(key->name, "domain") == 0)
		return false;
	buf_puts(out, "");
	key->type->print(key, (const char *)d + key->off, out);
	return true;
}
