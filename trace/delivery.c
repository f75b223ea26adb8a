/* delivery.c - the delivery part of a report: where mail goes from the queue */
#include "trace/delivery.h"

#include <string.h>

#include "base/map.h"
#include "config/route_dest.h"
#include "config/schema.h"
#include "mail/addr.h"
#include "trace/show.h"

#define DELIVERY_TEXT 65536

typedef void each_domain(const struct config *, struct str domain, void *arg);
static void each(
    const struct config *, const struct work *, each_domain *, void *arg);
static each_domain to_json, to_text;
static bool route_text(
    const struct config *, struct str domain, struct buf *out);
static bool key_text(
    const struct destination *, const struct schema_key *, struct buf *out);

json_t *
json_of_deliveries(const struct config *c, const struct work *w)
{
	json_t *v = json_array();

	if (w->end == WORK_DELIVER)
		each(c, w, to_json, v);
	return v;
}

void
show_deliveries(const struct config *c, const struct work *w, struct buf *out)
{
	if (w->end == WORK_DELIVER && w->holds == NULL)
		each(c, w, to_text, out);
}

/* Once each, in the order of the recipients; all of it goes to the alternate
 * host where there is one. */
static void
each(const struct config *c, const struct work *w, each_domain *run, void *arg)
{
	struct map seen;

	if (w->alt_mailhost.n > 0) {
		run(c, w->alt_mailhost, arg);
		return;
	}
	map_init(&seen);
	for (size_t i = 0; i < w->n_rcpts; i++) {
		char lower[DOMAIN_MAX + 1];
		struct str domain = addr_domain(w->rcpts[i].addr);

		if (domain.n == 0 || !str_copy(lower, sizeof(lower), domain))
			continue;
		str_lower(lower);
		if (map_put(&seen, str_of(lower), &seen) == NULL)
			run(c, str_of(lower), arg);
	}
	map_fini(&seen, NULL);
}

static void
to_json(const struct config *c, struct str domain, void *arg)
{
	const struct destination *d = config_destination(c, domain);
	json_t *one = json_object();
	struct buf text;

	json_put(one, "domain", json_of_text(domain));
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
to_text(const struct config *c, struct str domain, void *arg)
{
	const struct destination *d = config_destination(c, domain);
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
