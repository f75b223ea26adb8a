/*
 * page_host.c - Delivery Status Details: one destination, and what is done
 * with its recipients
 *
 * The twins of `hoststatus`, `deleterecipients`, `bouncerecipients` and
 * `redirectrecipients` (delivery-admin 8, 2.10, 3).
 */
#include <string.h>

#include "admin/fields.h"
#include "admin/web/pages.h"
#include "admin/web/show.h"
#include "base/bounds.h"
#include "base/mem.h"

struct line {
	int indent;
	const char *label, *key; /* key NULL: a heading */
};
static const struct line counters[] = {
	{ 0, "Soft Bounced Events", "soft_bounced_events" },
	{ 0, "Completed Recipients", "completed_recipients" },
	{ 1, "Hard Bounced Recipients", "hard_bounced_recipients" },
	{ 2, "DNS Hard Bounces", "dns_hard_bounces" },
	{ 2, "5XX Hard Bounces", "fivexx_hard_bounces" },
	{ 2, "Filter Hard Bounces", "filter_hard_bounces" },
	{ 2, "Expired Hard Bounces", "expired_hard_bounces" },
	{ 2, "Other Hard Bounces", "other_hard_bounces" },
	{ 1, "Delivered Recipients", "delivered_recipients" },
	{ 1, "Deleted Recipients", "deleted_recipients" },
};
static const struct line gauges[] = {
	{ 0, "Active Recipients", "active_recipients" },
	{ 1, "Unattempted Recipients", "unattempted_recipients" },
	{ 1, "Attempted Recipients", "attempted_recipients" },
	{ 0, "Current Outbound Connections", "current_outbound_connections" },
	{ 0, "Pending Outbound Connections", "pending_outbound_connections" },
};

/* What can be done with all recipients of a host. */
static const struct deed {
	const char *path, *command;
	const char *button, *title, *question, *done;
	bool wants_target;
} deeds[] = {
	{ "/delivery/delete", "deleterecipients", "Delete\xe2\x80\xa6",
	    "Delete recipients",
	    "Are you sure you want to delete all messages being delivered "
	    "to",
	    "deleted", false },
	{ "/delivery/bounce", "bouncerecipients", "Bounce\xe2\x80\xa6",
	    "Bounce recipients",
	    "Are you sure you want to bounce all messages being delivered "
	    "to",
	    "bounced", false },
	{ "/delivery/redirect", "redirectrecipients", "Redirect\xe2\x80\xa6",
	    "Redirect recipients",
	    "Are you sure you want to redirect all mail in the queue for",
	    "redirected", true },
};

static bool read_name(struct request *, struct str from, char *name);
static void show_host(struct request *);
static void put_buttons(struct request *, const char *name);
static void put_facts(struct request *, const json_t *);
static void put_counts(struct buf *, const char *title, const struct line *,
    size_t n, const json_t *);
static void put_ways(struct request *, const json_t *);
static void put_addresses(struct buf *, const json_t *);
static void put_mx(struct buf *, const json_t *);
static void put_routes(struct buf *, const json_t *);
static void put_errors(struct buf *, const json_t *);
static void put_gateways(struct buf *, const json_t *);
static const struct deed *deed_of(const struct request *);
static void show_question(struct request *);
static void put_count(struct buf *, const json_t *);
static void done(struct request *);

void
page_host(struct request *r)
{
	char name[DOMAIN_MAX + 1];

	if (!read_name(r, r->http.query, name))
		return;
	request_ask(r, PROGRAM_QMGR, "hoststatus", name, (char *)NULL);
	request_then(r, show_host);
}

/* Asked first, with what it would concern. */
void
page_deed(struct request *r)
{
	char name[DOMAIN_MAX + 1];

	if (!read_name(r, r->http.query, name))
		return;
	request_ask(
	    r, PROGRAM_QMGR, "countrecipients", "host", name, (char *)NULL);
	request_then(r, show_question);
}

void
page_do_deed(struct request *r)
{
	const struct deed *d = deed_of(r);
	char name[DOMAIN_MAX + 1], target[DOMAIN_MAX + 1];

	if (!read_name(r, r->http.body, name))
		return;
	form_get(r->http.body, "target", target, sizeof(target));
	if (d->wants_target && *target == '\0')
		request_go(r, "/delivery",
		    "Redirect where? Name a host or an address.", true);
	else if (d->wants_target)
		request_ask(r, PROGRAM_QMGR, d->command, target, "host", name,
		    (char *)NULL);
	else
		request_ask(
		    r, PROGRAM_QMGR, d->command, "host", name, (char *)NULL);
	if (!d->wants_target || *target != '\0')
		request_then(r, done);
}

/* False: the request is answered. */
static bool
read_name(struct request *r, struct str from, char *name)
{
	if (form_get(from, "name", name, DOMAIN_MAX + 1) && *name != '\0')
		return true;
	request_say(r, 400, "Which host?",
	    "The address of this page must name a destination.");
	return false;
}

/* --- what is known --- */

static void
show_host(struct request *r)
{
	const json_t *h = show_answer(r, 0);
	char title[DOMAIN_MAX + 40];

	if (h == NULL)
		return;
	snprintf(title, sizeof(title), "Delivery Status: %s",
	    fields_text(h, "host"));
	request_begin(r, title);
	html(&r->out,
	    "<p><a href=\"/delivery\">\xe2\x86\x90 All destinations</a></p>\n");
	if (!fields_bool(h, "in_memory"))
		html(&r->out,
		    "<p class=\"notice\">No mail was sent to this host of "
		    "late: it is not in memory.</p>\n");
	put_buttons(r, fields_text(h, "host"));
	html(&r->out, "<div class=\"cards\">");
	put_facts(r, h);
	put_counts(&r->out, "Gauges", gauges, NELEM(gauges),
	    json_object_get(h, "gauges"));
	put_counts(&r->out, "Counters", counters, NELEM(counters),
	    json_object_get(h, "counters"));
	html(&r->out, "</div>\n");
	put_ways(r, h);
	put_errors(&r->out, h);
	put_gateways(&r->out, h);
	request_end(r);
}

static void
put_buttons(struct request *r, const char *name)
{
	struct buf *out = &r->out;

	html(out, "<div class=\"bar\">");
	if (request_may(r, "delivernow")) {
		request_form(r, "/delivery/retry");
		html(out,
		    "<input type=\"hidden\" name=\"scope\" value=\"%s\">"
		    "<input type=\"hidden\" name=\"back\" value=\"host\">"
		    "<button>Retry</button></form>",
		    name);
	}
	for (size_t i = 0; i < NELEM(deeds); i++) {
		if (!request_may(r, deeds[i].command))
			continue;
		html(out,
		    "<a class=\"button light\" href=\"%s?name=", deeds[i].path);
		form_encode(out, str_of(name));
		html(out, "\">%s</a>", deeds[i].button);
	}
	html(out, "</div>\n");
}

static void
put_facts(struct request *r, const json_t *h)
{
	struct buf *out = &r->out;

	html(out, "<section class=\"card\"><h2>Host mail status</h2><dl>"
		  "<dt>Status as of</dt><dd>");
	show_time(out, h, "status_as_of", "");
	html(out, "</dd><dt>Host up/down</dt><dd>");
	show_state(out, fields_text(h, "host_up_down"));
	html(out, "</dd><dt>Oldest Message</dt><dd>");
	show_age(out, h, "oldest_message", "No Messages");
	html(out, "</dd><dt>Last Activity</dt><dd>");
	show_time(out, h, "last_activity", "Never");
	html(out, "</dd><dt>Next Retry</dt><dd>");
	show_time(out, h, "next_retry", "Never");
	html(out, "</dd></dl></section>\n");
}

static void
put_counts(struct buf *out, const char *title, const struct line *v, size_t n,
    const json_t *values)
{
	static const char *const classes[] = { "", "sub", "sub2" };

	html(out, "<section class=\"card\"><h2>%s</h2><table><tbody>", title);
	for (size_t i = 0; i < n; i++) {
		html(out, "<tr><td class=\"%s\">%s</td>", classes[v[i].indent],
		    v[i].label);
		show_cell(out, values, v[i].key);
		html(out, "</tr>");
	}
	html(out, "</tbody></table></section>\n");
}

static void
put_ways(struct request *r, const json_t *h)
{
	html(&r->out, "<div class=\"cards\">");
	put_addresses(&r->out, h);
	/* where a route says where to go, nobody asks for MX records */
	if (json_array_size(json_object_get(h, "smtp_routes")) == 0)
		put_mx(&r->out, h);
	put_routes(&r->out, h);
	html(&r->out, "</div>\n");
}

static void
put_addresses(struct buf *out, const json_t *h)
{
	const json_t *list = json_object_get(h, "ordered_ip_addresses"), *one;
	size_t i;

	html(out, "<section class=\"card\"><h2>Ordered IP addresses</h2>");
	if (fields_has(h, "addresses_expire")) {
		html(out, "<p class=\"soft\">Expiring at ");
		show_time(out, h, "addresses_expire", "");
		html(out, "</p>");
	}
	html(out, "<table><thead><tr><th class=\"n\">Preference</th>"
		  "<th>IP</th><th>Host</th><th></th></tr></thead><tbody>");
	json_array_foreach(list, i, one)
	{
		html(out, "<tr>");
		show_cell(out, one, "preference");
		html(out, "<td>%s</td><td>%s</td><td>%s</td></tr>",
		    fields_text(one, "ip"), fields_text(one, "host"),
		    fields_bool(one, "down") ? "down" : "");
	}
	if (json_array_size(list) == 0)
		html(out, "<tr><td colspan=\"4\" class=\"soft\">None known: "
			  "they are looked up when there is mail.</td></tr>");
	html(out, "</tbody></table></section>\n");
}

static void
put_mx(struct buf *out, const json_t *h)
{
	const json_t *list = json_object_get(h, "mx_records"), *one;
	size_t i;

	html(out, "<section class=\"card\"><h2>MX records</h2><table><thead>"
		  "<tr><th class=\"n\">Preference</th><th class=\"n\">TTL (s)"
		  "</th><th>Hostname</th></tr></thead><tbody>");
	json_array_foreach(list, i, one)
	{
		html(out, "<tr>");
		show_cell(out, one, "preference");
		show_cell(out, one, "ttl");
		html(out, "<td>%s</td></tr>", fields_text(one, "hostname"));
	}
	if (json_array_size(list) == 0)
		html(out, "<tr><td colspan=\"3\" class=\"soft\">None known."
			  "</td></tr>");
	html(out, "</tbody></table></section>\n");
}

static void
put_routes(struct buf *out, const json_t *h)
{
	const json_t *list = json_object_get(h, "smtp_routes"), *one;
	size_t i;

	html(out, "<section class=\"card\"><h2>SMTP routes for this host</h2>"
		  "<table><tbody>");
	json_array_foreach(list, i, one)
	{
		html(out, "<tr><td>%s</td></tr>", json_string_value(one));
	}
	if (json_array_size(list) == 0)
		html(out, "<tr><td class=\"soft\">None: the DNS says where its "
			  "mail goes.</td></tr>");
	html(out, "</tbody></table></section>\n");
}

static void
put_errors(struct buf *out, const json_t *h)
{
	static const struct {
		const char *key, *title;
	} errors[] = {
		{ "last_5xx_error", "Last 5XX Error" },
		{ "last_error", "Last Error" },
		{ "last_tls_error", "Last TLS Error" },
	};

	for (size_t i = 0; i < NELEM(errors); i++) {
		const json_t *e = json_object_get(h, errors[i].key);

		if (!json_is_object(e) ||
		    (i == 1 &&
			json_equal(e, json_object_get(h, "last_5xx_error"))))
			continue;
		html(out,
		    "<section class=\"card\"><h2>%s</h2><pre>%s</pre>"
		    "<p class=\"soft\">at ",
		    errors[i].title, fields_text(e, "text"));
		show_time(out, e, "at", "an unknown time");
		if (*fields_text(e, "ip") != '\0')
			html(out, " from %s", fields_text(e, "ip"));
		html(out, "</p></section>\n");
	}
}

static void
put_gateways(struct buf *out, const json_t *h)
{
	const json_t *list = json_object_get(h, "virtual_gateways"), *one;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	html(out, "<section class=\"card scroll\"><h2>Virtual gateways</h2>"
		  "<table><thead><tr><th>Gateway</th><th>Hostname</th>"
		  "<th>Status</th><th class=\"n\">Recipients</th>"
		  "<th>Last Activity</th><th>Last Error</th></tr></thead>"
		  "<tbody>");
	json_array_foreach(list, i, one)
	{
		html(out, "<tr><td>%s</td><td>%s</td><td>",
		    fields_text(one, "gateway"), fields_text(one, "hostname"));
		show_state(out, fields_text(one, "host_up_down"));
		html(out, "</td>");
		show_cell(out, one, "recipients");
		html(out, "<td>");
		show_time(out, one, "last_activity", "Never");
		html(out, "</td><td>%s</td></tr>",
		    fields_text(json_object_get(one, "last_error"), "text"));
	}
	html(out, "</tbody></table></section>\n");
}

/* --- what is done --- */

static const struct deed *
deed_of(const struct request *r)
{
	for (size_t i = 0; i < NELEM(deeds); i++)
		if (strcmp(r->page->path, deeds[i].path) == 0)
			return &deeds[i];
	panic("webd: %s is no deed", r->page->path);
}

static void
show_question(struct request *r)
{
	const struct deed *d = deed_of(r);
	const json_t *count = show_answer(r, 0);
	char name[DOMAIN_MAX + 1];

	if (count == NULL)
		return;
	form_get(r->http.query, "name", name, sizeof(name));
	request_begin(r, d->title);
	html(&r->out,
	    "<section class=\"card\"><p><strong>%s \"%s\"?</strong></p>",
	    d->question, name);
	put_count(&r->out, count);
	request_form(r, d->path);
	html(&r->out, "<input type=\"hidden\" name=\"name\" value=\"%s\">",
	    name);
	if (d->wants_target)
		html(&r->out,
		    "<p class=\"warn\">WARNING: the target must be able to "
		    "take a large volume of mail, otherwise messages bounce "
		    "and may be lost.</p>"
		    "<div class=\"field\"><label><span>Hostname or IP address "
		    "of the machine to send this mail to</span>"
		    "<input type=\"text\" name=\"target\" required "
		    "maxlength=\"255\"></label></div>");
	html(&r->out,
	    "<div class=\"bar\"><button class=\"%s\">%s</button>"
	    "<a class=\"button light\" href=\"/delivery/host?name=",
	    d->wants_target ? "" : "danger", d->title);
	form_encode(&r->out, str_of(name));
	html(&r->out, "\">Cancel</a></div></form></section>\n");
	request_end(r);
}

static void
put_count(struct buf *out, const json_t *count)
{
	html(out, "<p>This concerns ");
	show_number(out, fields_num(count, "recipients"));
	html(out, " recipients in ");
	show_number(out, fields_num(count, "messages"));
	html(out, " messages.");
	if (fields_num(count, "in_delivery") > 0) {
		html(out, " Another ");
		show_number(out, fields_num(count, "in_delivery"));
		html(out, " are in delivery and will be left alone.");
	}
	html(out, "</p>");
}

static void
done(struct request *r)
{
	const json_t *a = r->answers[0].json;
	const struct deed *d = deed_of(r);
	char text[1000], n[32], m[32];
	char name[DOMAIN_MAX + 1], target[DOMAIN_MAX + 1];
	int64_t left = fields_num(a, "in_delivery");
	struct buf path;
	int at;

	form_get(r->http.body, "name", name, sizeof(name));
	form_get(r->http.body, "target", target, sizeof(target));
	at = snprintf(text, sizeof(text),
	    "%s recipients in %s messages %s. Destination: %s%s%s.",
	    str_thousands((uint64_t)fields_num(a, "recipients"), n),
	    str_thousands((uint64_t)fields_num(a, "messages"), m), d->done,
	    name, d->wants_target ? ", to " : "",
	    d->wants_target ? target : "");
	if (left > 0)
		snprintf(text + at, sizeof(text) - (size_t)at,
		    " %s recipients are in delivery and were not %s.",
		    str_thousands((uint64_t)left, n), d->done);
	buf_init(&path, 4 * DOMAIN_MAX + 100);
	buf_puts(&path, "/delivery/host?name=");
	form_encode(&path, str_of(name));
	show_outcome(r, 0, path.data, text);
	buf_fini(&path);
}
