/* render_hosts.c - `tophosts` and `hoststatus` (delivery-admin 2.9, 2.10) */
#include <string.h>

#include "admin/fields.h"
#include "admin/render.h"
#include "base/bounds.h"

#define NAME_W   26 /* of tophosts */
#define COUNT_AT 39 /* labels before the numbers of hoststatus */
#define COUNT_W  16

static const struct line {
	int indent;
	const char *label, *key; /* key NULL: a heading */
} counters[] = {
	{ 2, "Queue", NULL },
	{ 4, "Soft Bounced Events", "soft_bounced_events" },
	{ 2, "Completion", NULL },
	{ 4, "Completed Recipients", "completed_recipients" },
	{ 6, "Hard Bounced Recipients", "hard_bounced_recipients" },
	{ 8, "DNS Hard Bounces", "dns_hard_bounces" },
	{ 8, "5XX Hard Bounces", "fivexx_hard_bounces" },
	{ 8, "Filter Hard Bounces", "filter_hard_bounces" },
	{ 8, "Expired Hard Bounces", "expired_hard_bounces" },
	{ 8, "Other Hard Bounces", "other_hard_bounces" },
	{ 6, "Delivered Recipients", "delivered_recipients" },
	{ 6, "Deleted Recipients", "deleted_recipients" },
};

static const struct line gauges[] = {
	{ 2, "Queue", NULL },
	{ 4, "Active Recipients", "active_recipients" },
	{ 6, "Unattempted Recipients", "unattempted_recipients" },
	{ 6, "Attempted Recipients", "attempted_recipients" },
	{ 2, "Connections", NULL },
	{ 4, "Current Outbound Connections", "current_outbound_connections" },
	{ 4, "Pending Outbound Connections", "pending_outbound_connections" },
};

static size_t name_width(const json_t *hosts);
static void counts(
    const struct line *, size_t n, const json_t *values, struct buf *);
static void addresses(const json_t *host, struct buf *);
static void mx_records(const json_t *host, struct buf *);
static void routes(const json_t *host, struct buf *);
static void last_error(
    const json_t *host, const char *key, const char *title, struct buf *);
static void gateways(const json_t *host, struct buf *out);
static void ttl_text(int64_t seconds, char out[32]);

void
render_tophosts(const json_t *answer, struct buf *out)
{
	const json_t *hosts = json_object_get(answer, "hosts"), *host;
	size_t width = name_width(hosts), i;

	buf_printf(out, "%-30s", "Status as of:");
	fields_time(out, answer, "status_as_of", "Never");
	buf_printf(out,
	    "\nHosts marked with '*' were down as of the last delivery "
	    "attempt.\n\n"
	    "    %*sActive  Conn.     Deliv.       Soft       Hard\n"
	    "#   %-*sRecip.    Out     Recip.    Bounced    Bounced\n\n",
	    (int)width, "", (int)width, "Recipient Host");
	json_array_foreach(hosts, i, host)
	{
		char rank[32];
		size_t from;

		snprintf(rank, sizeof(rank), "%zu%s", i + 1,
		    fields_bool(host, "down") ? "*" : "");
		buf_printf(out, "%-3s ", rank);
		from = out->len;
		fields_show(
		    out, fields_text(host, "recipient_host"), DOMAIN_MAX);
		fields_fill(out, from, width);
		fields_cell(out, fields_num(host, "active_rcpts"), 6);
		fields_cell(out, fields_num(host, "conn_out"), 7);
		fields_cell(out, fields_num(host, "deliv_rcpts"), 11);
		fields_cell(out, fields_num(host, "soft_bounced"), 11);
		fields_cell(out, fields_num(host, "hard_bounced"), 11);
		buf_putc(out, '\n');
	}
}

void
render_hoststatus(const json_t *h, struct buf *out)
{
	if (fields_has(h, "in_memory") && !fields_bool(h, "in_memory")) {
		buf_puts(out, "Host \"");
		fields_show(out, fields_text(h, "host"), DOMAIN_MAX);
		buf_puts(out, "\" is not currently in memory.\n\n");
	}
	buf_puts(out, "Host mail status for: '");
	fields_show(out, fields_text(h, "host"), DOMAIN_MAX);
	buf_printf(out, "'\n%-22s", "Status as of:");
	fields_time(out, h, "status_as_of", "Never");
	buf_printf(out, "\n%-22s", "Host up/down:");
	fields_show(out, fields_text(h, "host_up_down"), LOG_VALUE_MAX);
	buf_puts(out, "\n\nCounters:\n");
	counts(counters, sizeof(counters) / sizeof(*counters),
	    json_object_get(h, "counters"), out);
	buf_puts(out, "\nGauges:\n");
	counts(gauges, sizeof(gauges) / sizeof(*gauges),
	    json_object_get(h, "gauges"), out);
	buf_printf(out, "\n%-22s", "Oldest Message");
	fields_age(out, h, "oldest_message", "No Messages");
	buf_printf(out, "\n%-22s", "Last Activity");
	fields_time(out, h, "last_activity", "Never");
	buf_printf(out, "\n%-22s", "Next Retry");
	fields_time(out, h, "next_retry", "Never");
	buf_puts(out, "\n\n");
	addresses(h, out);
	if (fields_has(h, "lookup")) {
		buf_puts(out, "    ");
		fields_show(out, fields_text(h, "lookup"), LOG_VALUE_MAX);
		buf_puts(out, "\n\n");
	}
	/* Where a route says where to go, nobody asks for MX records. */
	if (json_array_size(json_object_get(h, "smtp_routes")) == 0)
		mx_records(h, out);
	routes(h, out);
	last_error(h, "last_5xx_error", "Last 5XX Error:", out);
	if (!json_equal(json_object_get(h, "last_error"),
		json_object_get(h, "last_5xx_error")))
		last_error(h, "last_error", "Last Error:", out);
	last_error(h, "last_tls_error", "Last TLS Error:", out);
	gateways(h, out);
}

/* That of the layout, or what the longest name needs: a table whose columns
 * do not stand below each other cannot be read. */
static size_t
name_width(const json_t *hosts)
{
	size_t width = NAME_W, i;
	const json_t *host;

	json_array_foreach(hosts, i, host)
	{
		size_t n = strlen(fields_text(host, "recipient_host")) + 1;

		if (n > width)
			width = n;
	}
	return width;
}

static void
counts(const struct line *v, size_t n, const json_t *values, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%*s", v[i].indent, "");
		if (v[i].key == NULL) {
			buf_puts(out, v[i].label);
		} else {
			buf_printf(
			    out, "%-*s", COUNT_AT - v[i].indent, v[i].label);
			fields_cell(out, fields_num(values, v[i].key), COUNT_W);
		}
		buf_putc(out, '\n');
	}
}

/* Those of one preference stand on one line. */
static void
addresses(const json_t *host, struct buf *out)
{
	const json_t *list = json_object_get(host, "ordered_ip_addresses");
	const json_t *one;
	int64_t last = -1;
	size_t i;

	buf_puts(out, "Ordered IP addresses:");
	if (fields_has(host, "addresses_expire")) {
		buf_puts(out, " (expiring at ");
		fields_time(out, host, "addresses_expire", "");
		buf_putc(out, ')');
	}
	buf_printf(out, "\n    %-13s%s", "Preference", "IPs");
	json_array_foreach(list, i, one)
	{
		int64_t preference = fields_num(one, "preference");

		if (i == 0 || preference != last)
			buf_printf(out, "\n    %-13lld", (long long)preference);
		else
			buf_puts(out, "    ");
		last = preference;
		fields_show(out, fields_text(one, "ip"), LOG_VALUE_MAX);
		if (fields_bool(one, "down"))
			buf_puts(out, " (down)");
	}
	buf_puts(out, json_array_size(list) == 0 ? "\n    (none)\n\n" : "\n\n");
}

static void
mx_records(const json_t *host, struct buf *out)
{
	const json_t *list = json_object_get(host, "mx_records"), *one;
	size_t i;

	buf_puts(out, "MX Records:\n    Preference   TTL       Hostname\n");
	json_array_foreach(list, i, one)
	{
		char ttl[32];

		ttl_text(fields_num(one, "ttl"), ttl);
		buf_printf(out, "    %-13lld%-10s",
		    (long long)fields_num(one, "preference"), ttl);
		fields_show(out, fields_text(one, "hostname"), DOMAIN_MAX);
		buf_putc(out, '\n');
	}
	buf_puts(out, json_array_size(list) == 0 ? "    (none)\n\n" : "\n");
}

static void
routes(const json_t *host, struct buf *out)
{
	const json_t *list = json_object_get(host, "smtp_routes"), *one;
	size_t i;

	buf_puts(out, "SMTP routes for this host:\n");
	json_array_foreach(list, i, one)
	{
		buf_puts(out, "    ");
		fields_show(out, json_string_value(one), LOG_VALUE_MAX);
		buf_putc(out, '\n');
	}
	if (json_array_size(list) == 0)
		buf_puts(out, "    (none)\n");
}

static void
last_error(
    const json_t *host, const char *key, const char *title, struct buf *out)
{
	const json_t *e = json_object_get(host, key);

	if (!json_is_object(e))
		return;
	buf_printf(out, "\n    %s\n    ----------\n    ", title);
	fields_show(out, fields_text(e, "text"), REPLY_TEXT_MAX);
	buf_puts(out, "\n    (at ");
	fields_time(out, e, "at", "");
	buf_putc(out, ')');
	if (*fields_text(e, "ip") != '\0') {
		buf_puts(out, " IP: ");
		fields_show(out, fields_text(e, "ip"), LOG_VALUE_MAX);
	}
	buf_puts(out, "\n    ----------\n");
}

static void
gateways(const json_t *host, struct buf *out)
{
	static const char rule[] =
	    "============================================================\n";
	const json_t *list = json_object_get(host, "virtual_gateways"), *one;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	buf_printf(out, "\nVirtual gateway information:\n%s", rule);
	json_array_foreach(list, i, one)
	{
		const json_t *e = json_object_get(one, "last_error");

		fields_show(out, fields_text(one, "hostname"), DOMAIN_MAX);
		buf_puts(out, " (");
		fields_show(out, fields_text(one, "gateway"), LOG_VALUE_MAX);
		buf_puts(out, "):\n    Host up/down:      ");
		fields_show(
		    out, fields_text(one, "host_up_down"), LOG_VALUE_MAX);
		buf_puts(out, "\n    Last Activity      ");
		fields_time(out, one, "last_activity", "Never");
		buf_puts(out, "\n    Recipients         ");
		fields_cell(out, fields_num(one, "recipients"), 0);
		buf_puts(out, "\n    Last Error         ");
		fields_show(out,
		    json_is_object(e) ? fields_text(e, "text") : "N/A",
		    REPLY_TEXT_MAX);
		buf_printf(out, "\n%s", rule);
	}
}

/* 42m43s, 2d, 1h30m */
static void
ttl_text(int64_t seconds, char out[32])
{
	static const struct {
		int64_t unit;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t at = 0;

	if (seconds < 0)
		seconds = 0;
	if (seconds > UINT32_MAX) /* a TTL has 32 bits */
		seconds = UINT32_MAX;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		int64_t n = seconds / units[i].unit;

		seconds %= units[i].unit;
		if (n != 0)
			at += (size_t)snprintf(out + at, 32 - at, "%lld%c",
			    (long long)n, units[i].letter);
	}
	if (at == 0)
		snprintf(out, 32, "0s");
}
