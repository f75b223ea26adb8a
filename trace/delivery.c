/* delivery.c - the delivery part of a report: where mail goes from the queue */
#include "trace/delivery.h"

#include <string.h>

#include "base/map.h"
#include "config/route_dest.h"
#include "config/schema.h"
#include "mail/addr.h"
#include "trace/show.h"
#include "trace/tags.h"

#define DELIVERY_TEXT 65536

struct delivery {
	const struct trace_report *report;
	const struct config *config;
	const struct work *work;
	struct str domain;
};
typedef void each_domain(const struct delivery *, void *arg);
static void each(
    const struct trace_report *, const struct work *, each_domain *, void *);
static each_domain to_json, to_text;
static void tag_to_text(
    const struct delivery *, const struct destination *, struct buf *out);
static bool route_text(
    const struct config *, struct str domain, struct buf *out);
static bool key_text(
    const struct destination *, const struct schema_key *, struct buf *out);

json_t *
json_of_deliveries(const struct trace_report *r, const struct work *w)
{
	json_t *v = json_array();

	if (w->end == WORK_DELIVER)
		each(r, w, to_json, v);
	return v;
}

void
show_deliveries(
    const struct trace_report *r, const struct work *w, struct buf *out)
{
	if (w->end == WORK_DELIVER && w->holds == NULL)
		each(r, w, to_text, out);
}

/* Once each, in the order of the recipients; all of it goes to the alternate
 * host where there is one. */
static void
each(const struct trace_report *r, const struct work *w, each_domain *run,
    void *arg)
{
	struct delivery d = {
		.report = r, .config = r->input->config, .work = w
	};
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

static void
to_json(const struct delivery *of, void *arg)
{
	const struct config *c = of->config;
	const struct destination *d = config_destination(c, of->domain);
	struct str domain = of->domain, sender;
	json_t *one = json_object();
	struct arena mem;
	struct buf text;

	json_put(one, "domain", json_of_text(domain));
	arena_init(&mem, DELIVERY_TEXT);
	sender = trace_tagged(of->report, d, of->work->sender, &mem);
	json_put(one, "sender",
	    sender.p != NULL ? json_of_text(sender) : json_null());
	arena_free(&mem);
	buf_init(&text, DELIVERY_TEXT);
	json_put(one, "route",
	    route_text(c, domain, &text) ? json_of_text(buf_str(&text))
					 : json_null());
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
	struct str domain = of->domain;
	struct buf *out = arg, text;

	buf_puts(out, " - ");
	show_text(domain, out);
	buf_init(&text, DELIVERY_TEXT);
	if (route_text(c, domain, &text)) {
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
	buf_putc(out, '\n');
	tag_to_text(of, d, out);
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

/* False: the DNS. */
static bool
route_text(const struct config *c, struct str domain, struct buf *out)
{
	const struct route *r = config_route(c, domain);

	buf_puts(out, "");
	if (r == NULL || r->kind == ROUTE_USEDNS)
		return false;
	if (r->kind == ROUTE_NULL)
		buf_puts(out, "/dev/null");
	else
		route_dests_text(r->dests, r->n, out);
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
