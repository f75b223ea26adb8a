/* delivery.c - the delivery part of a report: where mail goes from the queue */
#include "trace/delivery.h"

#include <string.h>

#include "admin/fields.h"
#include "base/map.h"
#include "config/route_dest.h"
#include "config/schema.h"
#include "config/unsubscribe.h"
#include "mail/addr.h"
#include "pipeline/notices.h"
#include "trace/show.h"
#include "trace/tags.h"
#include "trace/wanted.h"
#include "trace/way.h"

#define DELIVERY_TEXT   65536
#define COMMANDS_MEMORY ((size_t)1 << 30)

struct delivery;
typedef void each_domain(const struct delivery *, void *arg);

struct delivery {
	const struct trace_report *report;
	const struct config *config;
	const struct work *work;
	struct str domain, gateway, bounce_profile;
	enum tls_wish wish;
	const struct destination *dest; /* of the domain */
	const struct route *route;
};
static void run_one(
    struct delivery *, struct str domain, each_domain *, void *arg);
typedef void each_domain(const struct delivery *, void *arg);
static void each(const struct trace_report *, const struct trace_outcome *,
    each_domain *, void *);
static each_domain want, to_json, to_text;
static void tag_to_text(
    const struct delivery *, const struct destination *, struct buf *out);
static void tls_to_text(const struct delivery *, struct buf *out);
static void policies_to_text(const struct delivery *, struct buf *out);
static void commands_to_text(const struct delivery *, struct buf *out);
static void dkim_to_text(const struct delivery *, struct buf *out);
static void put_dkim(json_t *, const struct delivery *);
static void put_tls(json_t *, const struct delivery *);
static void put_recipients(json_t *, const struct delivery *);
static const struct unsubscribed *server_not(const struct delivery *);
static void put_profile(json_t *, const struct delivery *);
static void profile_to_text(const struct delivery *, struct buf *out);
static const struct bounce_profile *profile_of(const struct delivery *);
static bool way_text(const struct route *, struct buf *out);
static const char *demanded_by(const struct delivery *);
static void demanded_text(const struct delivery *, struct buf *out);
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
		.gateway = o->gateway,
		.bounce_profile = o->bounce_profile,
		.wish = wanted_tls(r, w) };
	struct map seen;

	if (w->alt_mailhost.n > 0) {
		run_one(&d, w->alt_mailhost, run, arg);
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
			run_one(&d, str_of(lower), run, arg);
	}
	map_fini(&seen, NULL);
}

static void
run_one(struct delivery *d, struct str domain, each_domain *run, void *arg)
{
	d->domain = domain;
	d->dest = config_destination(d->config, domain);
	d->route = config_route(d->config, domain);
	run(d, arg);
}

/* Two parts of a message may go the same way. */
static void
want(const struct delivery *of, void *arg)
{
	const struct wanting *to = arg;
	struct trace_report *r = to->report;
	struct trace_want *x;

	if (trace_way_find(r->input, of->domain, of->gateway, of->wish) != NULL)
		return;
	if (r->wants_of_work == NULL)
		r->wants_of_work =
		    arena_array(to->mem, TRACE_WANTS_MAX, sizeof(*x));
	for (size_t i = 0; i < r->n_wants_of_work; i++)
		if (r->wants_of_work[i].wish == of->wish &&
		    str_eq(r->wants_of_work[i].key, of->domain) &&
		    str_eq(r->wants_of_work[i].sender, of->gateway))
			return;
	if (r->n_wants_of_work == TRACE_WANTS_MAX)
		return; /* the next round asks for it */
	r->wants_of_work[r->n_wants_of_work++] =
	    (struct trace_want){ .id = TRACE_WANT_WAY,
		    .key = arena_str(to->mem, of->domain),
		    .sender = arena_str(to->mem, of->gateway),
		    .wish = (uint8_t)of->wish,
		    .header = STR(""),
		    .body = STR("") };
}

static void
to_json(const struct delivery *of, void *arg)
{
	const struct route *r = of->route;
	struct str sender;
	const struct trace_way *way;
	json_t *one = json_object();
	struct arena mem;
	struct buf text;

	json_put(one, "domain", json_of_text(of->domain));
	arena_init(&mem, DELIVERY_TEXT);
	sender = trace_tagged(of->report, of->dest, of->work->sender, &mem);
	json_put(one, "sender",
	    sender.p != NULL ? json_of_text(sender) : json_null());
	arena_free(&mem);
	way = trace_way_find(
	    of->report->input, of->domain, of->gateway, of->wish);
	if (way != NULL)
		json_put(one, "way", json_deep_copy(way->json));
	buf_init(&text, DELIVERY_TEXT);
	json_put(one, "route",
	    way_text(r, &text) ? json_of_text(buf_str(&text)) : json_null());
	buf_fini(&text);
	json_put(one, "auth",
	    r != NULL && r->auth != NULL ? json_of_text(r->auth->name)
					 : json_null());
	put_dkim(one, of);
	put_tls(one, of);
	put_recipients(one, of);
	put_profile(one, of);
	for (size_t i = 0; i < schema_destination.n; i++) {
		const struct schema_key *key = &schema_destination.keys[i];

		buf_init(&text, DELIVERY_TEXT);
		if (key_text(of->dest, key, &text))
			json_put(one, key->name, json_of_text(buf_str(&text)));
		buf_fini(&text);
	}
	json_array_append_new(arg, one);
}

static void
put_dkim(json_t *one, const struct delivery *of)
{
	struct arena mem;
	const char *says;

	arena_init(&mem, COMMANDS_MEMORY);
	says = wanted_dkim(of->report, of->work, &mem);
	json_put(one, "dkim",
	    says != NULL ? json_of_text(str_of(says)) : json_null());
	arena_free(&mem);
}

static void
put_tls(json_t *one, const struct delivery *of)
{
	struct str certificate = of->config->out_certificate;
	struct buf text;

	buf_init(&text, DELIVERY_TEXT);
	demanded_text(of, &text);
	json_put(one, "tls_demanded", json_of_text(buf_str(&text)));
	json_put(one, "tls_demanded_by", json_string(demanded_by(of)));
	json_put(one, "requiretls", json_boolean(of->wish == WISH_REQUIRE));
	json_put(one, "tls_required_no", json_boolean(of->wish == WISH_FREE));
	json_put(one, "certificate",
	    certificate.n > 0 && !str_is(buf_str(&text), "off")
		? json_of_text(certificate)
		: json_null());
	buf_fini(&text);
}

/* Whom it goes to, in the words of the protocol, and whom it does not. */
static void
put_recipients(json_t *one, const struct delivery *of)
{
	json_t *said = json_array(), *not_tried = json_array();
	bool nobody = server_not(of) != NULL;
	const struct work *w = of->work;
	struct commands c = { .n = 0 };
	struct arena mem;

	arena_init(&mem, COMMANDS_MEMORY);
	if (!nobody)
		c = wanted_commands(of->report, w, of->domain, &mem);
	for (size_t i = 0; i < c.n; i++)
		json_array_append_new(said, json_of_text(c.v[i]));
	for (size_t i = 0; i < w->n_rcpts; i++)
		if (wanted_here(w, w->rcpts[i].addr, of->domain) &&
		    (nobody ||
			wanted_not(of->report, w->rcpts[i].addr) != NULL))
			json_array_append_new(
			    not_tried, json_of_text(w->rcpts[i].addr));
	arena_free(&mem);
	json_put(one, "commands", said);
	json_put(one, "unsubscribed", not_tried);
}

static void
to_text(const struct delivery *of, void *arg)
{
	const struct trace_way *way;
	struct buf *out = arg, text;

	buf_puts(out, " - ");
	show_text(of->domain, out);
	buf_init(&text, DELIVERY_TEXT);
	if (way_text(of->route, &text)) {
		buf_puts(out, ": by route ");
		show_text(buf_str(&text), out);
	} else {
		buf_puts(out, ": by the DNS");
	}
	buf_fini(&text);
	for (size_t i = 0; i < schema_destination.n; i++) {
		const struct schema_key *key = &schema_destination.keys[i];

		buf_init(&text, DELIVERY_TEXT);
		if (key_text(of->dest, key, &text) && text.len > 0)
			buf_printf(out, ", %s=%s", key->name, text.data);
		buf_fini(&text);
	}
	buf_putc(out, '\n');
	tls_to_text(of, out);
	tag_to_text(of, of->dest, out);
	dkim_to_text(of, out);
	commands_to_text(of, out);
	profile_to_text(of, out);
	way = trace_way_find(
	    of->report->input, of->domain, of->gateway, of->wish);
	if (way != NULL)
		show_way(way->json, out);
}

/* Only where it is to have a signature. */
static void
dkim_to_text(const struct delivery *of, struct buf *out)
{
	struct arena mem;
	const char *says;

	arena_init(&mem, COMMANDS_MEMORY);
	says = wanted_dkim(of->report, of->work, &mem);
	if (says != NULL) {
		buf_puts(out, "   - DKIM: ");
		show_text(str_of(says), out);
		buf_putc(out, '\n');
	}
	arena_free(&mem);
}

/* "   - TLS demanded: required_verify (by REQUIRETLS), ..." */
static void
tls_to_text(const struct delivery *of, struct buf *out)
{
	struct str certificate = of->config->out_certificate;
	struct buf level;

	buf_init(&level, DELIVERY_TEXT);
	demanded_text(of, &level);
	buf_printf(out, "   - TLS demanded: %.*s (by %s)",
	    STR_ARG(buf_str(&level)), demanded_by(of));
	if (of->wish == WISH_REQUIRE)
		buf_puts(out, ", and that it offers REQUIRETLS");
	if (certificate.n > 0 && !str_is(buf_str(&level), "off")) {
		buf_puts(out, ", our certificate ");
		show_text(certificate, out);
	}
	buf_putc(out, '\n');
	buf_fini(&level);
	policies_to_text(of, out);
}

/* What the side of the recipient has a say in, where no route is. */
static void
policies_to_text(const struct delivery *of, struct buf *out)
{
	const struct destination *d = of->dest;
	const char *both = d->dane != DANE_OFF && d->mta_sts ? " and " : "";

	if ((of->route != NULL && of->route->kind == ROUTE_HOSTS) ||
	    (d->dane == DANE_OFF && !d->mta_sts))
		return;
	buf_printf(out, "   - %s%s%s: %s\n", d->dane != DANE_OFF ? "DANE" : "",
	    both, d->mta_sts ? "MTA-STS" : "",
	    of->wish == WISH_FREE ? "not looked at (TLS-Required: No)"
	    : of->report->input->lookup == NULL
		? "can demand more; not looked up (--lookup)"
		: "looked up");
}

/* One of the servers that mail would be given to, if they were looked up, is
 * on the global unsubscribe list. */
static const struct unsubscribed *
server_not(const struct delivery *of)
{
	const struct trace_way *way = trace_way_find(
	    of->report->input, of->domain, of->gateway, of->wish);
	const struct unsubscribed *u = NULL;
	const json_t *one;
	struct ip ip;
	size_t i;

	if (way == NULL || !of->config->unsubscribe)
		return NULL;
	json_array_foreach(json_object_get(way->json, "addresses"), i, one)
	{
		if (u == NULL && ip_parse(&ip, str_of(fields_text(one, "ip"))))
			u = unsubscribed_ip(of->config, &ip);
	}
	return u;
}

static void
commands_to_text(const struct delivery *of, struct buf *out)
{
	const struct unsubscribed *u = server_not(of);
	struct commands c;
	struct arena mem;

	if (u != NULL) {
		buf_puts(out, "   - Global unsubscribe: server ");
		show_text(u->pattern.text, out);
		buf_printf(out, ": %s\n",
		    of->config->unsubscribe_action == UNSUBSCRIBE_BOUNCE
			? "bounced"
			: "dropped");
		return;
	}
	arena_init(&mem, COMMANDS_MEMORY);
	c = wanted_commands(of->report, of->work, of->domain, &mem);
	for (size_t i = 0; i < c.n; i++) {
		buf_puts(out, "   - Says: ");
		show_text(c.v[i], out);
		buf_putc(out, '\n');
	}
	arena_free(&mem);
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

/* Who would be told of a failure: null, nobody. */
static void
put_profile(json_t *one, const struct delivery *of)
{
	const struct bounce_profile *p = profile_of(of);
	const struct work *w = of->work;
	json_t *notices = json_object();

	json_put(one, "bounce_profile_in_force", json_of_text(p->name));
	for (size_t i = 0; i < w->n_rcpts; i++) {
		json_t *addr;

		if (!wanted_here(w, w->rcpts[i].addr, of->domain))
			continue;
		addr = json_of_text(w->rcpts[i].addr);
		json_put(notices, json_string_value(addr),
		    wanted_notice(of->report, w, &w->rcpts[i], p)
			? json_of_text(notice_rcpt(p, w->sender))
			: json_null());
		json_decref(addr);
	}
	json_put(one, "failure_notices", notices);
}

/* "   - Bounce profile: Default, a failure is told to joe@example.org, ..." */
static void
profile_to_text(const struct delivery *of, struct buf *out)
{
	const struct bounce_profile *p = profile_of(of);
	const struct work *w = of->work;
	size_t told = 0, not_told = 0;

	for (size_t i = 0; i < w->n_rcpts; i++)
		if (wanted_here(w, w->rcpts[i].addr, of->domain))
			*(wanted_notice(of->report, w, &w->rcpts[i], p)
				? &told
				: &not_told) += 1;
	buf_puts(out, "   - Bounce profile: ");
	show_text(p->name, out);
	buf_puts(out, ", a failure is told to ");
	show_text(told > 0 ? notice_rcpt(p, w->sender) : STR("nobody"), out);
	if (told > 0 && not_told > 0)
		buf_printf(out, ", but not of %zu recipients", not_told);
	buf_putc(out, '\n');
}

/* That of the destination goes before the message's (receiving 6.6). */
static const struct bounce_profile *
profile_of(const struct delivery *of)
{
	struct str own = of->dest->bounce_profile;

	return config_bounce_profile(
	    of->config, own.n > 0 ? own : of->bounce_profile);
}

/* Who wants it that much. */
static const char *
demanded_by(const struct delivery *of)
{
	enum tls_level ours = of->dest->tls;
	enum tls_level login =
	    config_tls_demanded(of->dest, of->route, WISH_NONE);

	if (config_tls_demanded(of->dest, of->route, of->wish) != login)
		return wanted_tls_name(of->wish);
	return login != ours ? "the login at the route"
			     : "destination controls";
}

/* As the configuration calls it. */
static void
demanded_text(const struct delivery *of, struct buf *out)
{
	struct destination all = *of->dest;

	all.tls = config_tls_demanded(of->dest, of->route, of->wish);
	key_text(&all, schema_find(&schema_destination, STR("tls")), out);
}

/* False: the DNS. */
static bool
way_text(const struct route *r, struct buf *out)
{
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
