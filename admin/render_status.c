/* render_status.c - `status` and `status detail` (delivery-admin 2.5, 2.6) */
#include <string.h>

#include "admin/fields.h"
#include "admin/render.h"
#include "base/bounds.h"
#include "base/clock.h"

#define COLUMN_1 45 /* where the numbers of the columns end */
#define COLUMN_W 16

enum {
	DETAIL = 1,   /* in `status detail` only */
	IF_KNOWN = 2, /* no value, no line */
	PERCENT = 4,
	GIGA = 8,       /* kilobytes, shown as "148G" */
	NOT_DETAIL = 16 /* in `status` only: detail has it elsewhere */
};

struct row {
	int indent;
	const char *label;
	const char *key; /* NULL: a heading */
	unsigned flags;
};

static const struct row counters[] = {
	{ 2, "Receiving", NULL, 0 },
	{ 4, "Messages Received", "messages_received", 0 },
	{ 4, "Recipients Received", "recipients_received", 0 },
	{ 4, "Gen. Bounce Recipients", "gen_bounce_recipients", DETAIL },
	{ 2, "Rejection", NULL, 0 },
	{ 4, "Rejected Recipients", "rejected_recipients", 0 },
	{ 4, "Dropped Messages", "dropped_messages", 0 },
	{ 2, "Queue", NULL, 0 },
	{ 4, "Soft Bounced Events", "soft_bounced_events", 0 },
	{ 2, "Completion", NULL, 0 },
	{ 4, "Completed Recipients", "completed_recipients", 0 },
	{ 6, "Hard Bounced Recipients", "hard_bounced_recipients", DETAIL },
	{ 8, "DNS Hard Bounces", "dns_hard_bounces", DETAIL },
	{ 8, "5XX Hard Bounces", "fivexx_hard_bounces", DETAIL },
	{ 8, "Expired Hard Bounces", "expired_hard_bounces", DETAIL },
	{ 8, "Filter Hard Bounces", "filter_hard_bounces", DETAIL },
	{ 8, "Other Hard Bounces", "other_hard_bounces", DETAIL },
	{ 6, "Delivered Recipients", "delivered_recipients", DETAIL },
	{ 6, "Deleted Recipients", "deleted_recipients", DETAIL },
	{ 8, "Global Unsub. Hits", "global_unsub_hits", DETAIL },
	{ 2, "DKIM Signed Msgs", "dkim_signed_msgs", DETAIL },
};

static const struct row ids[] = {
	{ 2, "Current IDs", NULL, 0 },
	{ 4, "Message ID (MID)", "mid", 0 },
	{ 4, "Injection Conn. ID (ICID)", "icid", 0 },
	{ 4, "Delivery Conn. ID (DCID)", "dcid", 0 },
};

static const struct row rates[] = {
	{ 2, "Receiving", NULL, 0 },
	{ 4, "Messages Received", "messages_received", 0 },
	{ 4, "Recipients Received", "recipients_received", 0 },
	{ 2, "Queue", NULL, 0 },
	{ 4, "Soft Bounced Events", "soft_bounced_events", 0 },
	{ 2, "Completion", NULL, 0 },
	{ 4, "Completed Recipients", "completed_recipients", 0 },
	{ 6, "Hard Bounced Recipients", "hard_bounced_recipients", 0 },
	{ 6, "Delivered Recipients", "delivered_recipients", 0 },
};

static const struct row gauges[] = {
	{ 2, "System", NULL, DETAIL },
	{ 4, "RAM Utilization", "ram_utilization",
	    DETAIL | IF_KNOWN | PERCENT },
	{ 4, "CPU Utilization", NULL, DETAIL },
	{ 6, "Total", "cpu_total", DETAIL | IF_KNOWN | PERCENT },
	{ 6, "MTA", "cpu_mta", DETAIL | IF_KNOWN | PERCENT },
	{ 6, "Anti-Spam", "cpu_anti_spam", DETAIL | IF_KNOWN | PERCENT },
	{ 6, "Anti-Virus", "cpu_anti_virus", DETAIL | IF_KNOWN | PERCENT },
	{ 6, "Reporting", "cpu_reporting", DETAIL | IF_KNOWN | PERCENT },
	{ 6, "Quarantine", "cpu_quarantine", DETAIL | IF_KNOWN | PERCENT },
	{ 6, "Machine", "cpu_machine", DETAIL | IF_KNOWN | PERCENT },
	{ 4, "Disk I/O Utilization", "disk_io", DETAIL | IF_KNOWN | PERCENT },
	{ 4, "Resource Conservation", "resource_conservation", DETAIL },
	{ 4, "Logging Disk Usage", "logging_disk_usage",
	    DETAIL | IF_KNOWN | PERCENT },
	{ 4, "Logging Disk Available", "logging_disk_available",
	    DETAIL | IF_KNOWN | GIGA },
	{ 2, "Connections", NULL, 0 },
	{ 4, "Current Inbound Conn.", "inbound_conn", 0 },
	{ 4, "Current Outbound Conn.", "outbound_conn", 0 },
	{ 2, "Queue", NULL, 0 },
	{ 4, "Active Recipients", "active_recipients", 0 },
	{ 6, "Unattempted Recipients", "unattempted_recipients", DETAIL },
	{ 6, "Attempted Recipients", "attempted_recipients", DETAIL },
	{ 4, "Messages In Work Queue", "workqueue_messages", NOT_DETAIL },
	{ 4, "Messages In Quarantine", "quarantine_messages", NOT_DETAIL },
	{ 4, "Messages", NULL, DETAIL },
	{ 6, "Messages In Work Queue", "workqueue_messages", DETAIL },
	{ 6, "Messages In Quarantine", "quarantine_messages", DETAIL },
	{ 4, "Destinations In Memory", "destinations", DETAIL },
	{ 4, "Kilobytes Used", "kilobytes_used", 0 },
	{ 6, "Kilobytes In Queue", "kilobytes_in_queue", DETAIL },
	{ 6, "Kilobytes In Quarantine", "kilobytes_in_quarantine", DETAIL },
	{ 4, "Kilobytes Free", "kilobytes_free", IF_KNOWN },
};

static void join_gauges(json_t *joined, const json_t *queue);
static json_t *system_status(const json_t *queue, const json_t *listeners);
static bool all_suspended(const json_t *listeners);
static const char *one_suspended(const json_t *listeners);
static void head(const json_t *, struct buf *);
static void section(const struct row *, size_t n, bool detail,
    const char *const keys[3], const json_t *values, struct buf *);
static bool wanted(const struct row *rows, size_t n, size_t i, bool detail,
    const json_t *values);
static void label(const struct row *, struct buf *);
static void gauge(const struct row *, int64_t value, struct buf *);

json_t *
render_status_join(
    const json_t *recorder, const json_t *queue, const json_t *listeners)
{
	json_t *joined = json_deep_copy(recorder);
	const json_t *work = json_object_get(queue, "workqueue");

	join_gauges(joined, queue);
	json_object_set_new(
	    joined, "system_status", system_status(queue, listeners));
	if (queue != NULL) /* else nobody knows */
		json_object_set_new(joined, "oldest_message",
		    fields_has(queue, "oldest_message")
			? json_integer(fields_num(queue, "oldest_message"))
			: json_null());
	json_object_set_new(joined, "work_queue",
	    fields_bool(work, "paused")
		? json_string(fields_text(work, "status"))
		: json_null());
	return joined;
}

void
render_status(const json_t *s, bool detail, struct buf *out)
{
	static const char *const since[3] = { "reset", "uptime", "lifetime" };
	static const char *const id_in[3] = { NULL, NULL, "" };
	static const char *const window[3] = { "1_minute", "5_minutes",
		"15_minutes" };

	if (!detail)
		buf_puts(
		    out, "Enter \"status detail\" for more information.\n\n");
	head(s, out);
	buf_printf(out, "\n%-29s%16s%16s%16s\n", "Counters:", "Reset", "Uptime",
	    "Lifetime");
	section(counters, sizeof(counters) / sizeof(*counters), detail, since,
	    json_object_get(s, "counters"), out);
	section(ids, sizeof(ids) / sizeof(*ids), detail, id_in,
	    json_object_get(s, "ids"), out);
	if (detail) {
		buf_printf(out, "\n%-29s%16s%16s%16s\n",
		    "Rates (Events Per Hour):", "1-Minute", "5-Minutes",
		    "15-Minutes");
		section(rates, sizeof(rates) / sizeof(*rates), detail, window,
		    json_object_get(s, "rates"), out);
	}
	buf_printf(out, "\n%-29s%16s\n", "Gauges:", "Current");
	section(gauges, sizeof(gauges) / sizeof(*gauges), detail, NULL,
	    json_object_get(s, "gauges"), out);
}

bool
render_line(enum render_table table, size_t i, struct render_line *l)
{
	static const struct {
		const struct row *rows;
		size_t n;
	} tables[] = {
		[RENDER_COUNTERS] = { counters,
		    sizeof(counters) / sizeof(*counters) },
		[RENDER_RATES] = { rates, sizeof(rates) / sizeof(*rates) },
		[RENDER_GAUGES] = { gauges, sizeof(gauges) / sizeof(*gauges) },
	};
	const struct row *v = tables[table].rows, *end = v + tables[table].n;

	for (; v < end; v++)
		if (!(v->flags & NOT_DETAIL) && i-- == 0)
			break;
	if (v == end)
		return false;
	*l = (struct render_line){ .indent = v->indent,
		.label = v->label,
		.key = v->key,
		.percent = (v->flags & PERCENT) != 0,
		.giga = (v->flags & GIGA) != 0,
		.if_known = (v->flags & IF_KNOWN) != 0,
		.last = v + 1 == end || v[1].indent == 2 };
	return true;
}

void
render_dnsstatus(const json_t *s, struct buf *out)
{
	static const char *const since[3] = { "reset", "uptime", "lifetime" };
	static const struct row rows[] = {
		{ 2, "DNS Requests", "dns_requests", 0 },
		{ 2, "Network Requests", "dns_network_requests", 0 },
		{ 2, "Cache Hits", "dns_cache_hits", 0 },
		{ 2, "Cache Misses", "dns_cache_misses", 0 },
		{ 2, "Cache Exceptions", "dns_cache_exceptions", 0 },
		{ 2, "Cache Expired", "dns_cache_expired", 0 },
	};

	buf_printf(out, "%-35s", "Status as of:");
	fields_time(out, s, "status_as_of", "Never");
	buf_printf(out, "\n%-29s%16s%16s%16s\n", "Counters:", "Reset", "Uptime",
	    "Lifetime");
	section(rows, sizeof(rows) / sizeof(*rows), true, since,
	    json_object_get(s, "counters"), out);
}

/* The queue manager knows its gauges best; the disk is the recorder's. */
static void
join_gauges(json_t *joined, const json_t *queue)
{
	static const struct {
		const char *theirs, *ours;
	} names[] = {
		{ "active_recipients", "active_recipients" },
		{ "unattempted_recipients", "unattempted_recipients" },
		{ "attempted_recipients", "attempted_recipients" },
		{ "messages_in_queue", "queue_messages" },
		{ "destinations_in_memory", "destinations" },
		{ "kilobytes_in_queue", "kilobytes_in_queue" },
		{ "current_outbound_conn", "outbound_conn" },
	};
	const json_t *from = json_object_get(queue, "gauges");
	json_t *g = json_object_get(joined, "gauges");

	if (g == NULL) {
		g = json_object();
		json_object_set_new(joined, "gauges", g);
	}
	if (fields_has(g, "queue_bytes"))
		json_object_set_new(g, "kilobytes_in_queue",
		    json_integer((fields_num(g, "queue_bytes") + 1023) / 1024));
	if (fields_has(g, "quarantine_bytes"))
		json_object_set_new(g, "kilobytes_in_quarantine",
		    json_integer(
			(fields_num(g, "quarantine_bytes") + 1023) / 1024));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (fields_has(from, names[i].theirs))
			json_object_set_new(g, names[i].ours,
			    json_integer(fields_num(from, names[i].theirs)));
	json_object_set_new(g, "kilobytes_used",
	    json_integer(fields_num(g, "kilobytes_in_queue") +
			 fields_num(g, "kilobytes_in_quarantine")));
}

static json_t *
system_status(const json_t *queue, const json_t *listeners)
{
	static const char *const words[2][2] = { { "Online",
						     "Delivery suspended" },
		{ "Receiving suspended", "Offline" } };
	bool out = strcmp(fields_text(queue, "delivery"), "suspended") == 0;
	bool in = all_suspended(listeners);
	const char *by = fields_text(queue, "suspended_by"), *one;

	if (queue == NULL)
		return json_string("The queue manager does not answer");
	if (listeners == NULL)
		return json_string("The master does not answer");
	if (out && *by != '\0')
		return json_sprintf("%s (by %s)", words[in][out], by);
	if (!in && (one = one_suspended(listeners)) != NULL)
		return json_sprintf(
		    "%s (receiving suspended for %s)", words[in][out], one);
	return json_string(words[in][out]);
}

/* Of several the first: who reads it will look. */
static const char *
one_suspended(const json_t *listeners)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(listeners, "listeners"), i, one)
	{
		if (fields_bool(one, "suspended"))
			return fields_text(one, "name");
	}
	return NULL;
}

static bool
all_suspended(const json_t *listeners)
{
	const json_t *list = json_object_get(listeners, "listeners");
	const json_t *one;
	size_t i;

	json_array_foreach(
	    list, i, one) if (!fields_bool(one, "suspended")) return false;
	return json_array_size(list) != 0;
}

static void
head(const json_t *s, struct buf *out)
{
	char text[CLOCK_TEXT];
	int64_t now = fields_num(s, "status_as_of");

	buf_printf(out, "%-31s", "Status as of:");
	fields_time(out, s, "status_as_of", "Never");
	buf_printf(out, "\n%-31s", "Up since:");
	fields_time(out, s, "up_since", "Never");
	if (fields_has(s, "up_since"))
		buf_printf(out, " (%s)",
		    clock_uptime(now - fields_num(s, "up_since"), text));
	buf_printf(out, "\n%-31s", "Last counter reset:");
	fields_time(out, s, "last_counter_reset", "Never");
	buf_printf(out, "\n%-31s", "System status:");
	fields_show(out, fields_text(s, "system_status"), LOG_VALUE_MAX);
	if (fields_has(s, "work_queue")) {
		buf_printf(out, "\n%-31s", "Work queue:");
		fields_show(out, fields_text(s, "work_queue"), LOG_VALUE_MAX);
	}
	buf_printf(out, "\n%-31s", "Oldest Message:");
	fields_age(out, s, "oldest_message",
	    json_object_get(s, "oldest_message") != NULL ? "No Messages"
							 : "Unknown");
	buf_putc(out, '\n');
}

/*
 * Lines of a table. keys: the members that stand in the three columns, NULL
 * an empty one, "" the value itself; keys NULL: one column of gauges.
 */
static void
section(const struct row *rows, size_t n, bool detail,
    const char *const keys[3], const json_t *values, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];

		if (!wanted(rows, n, i, detail, values))
			continue;
		label(r, out);
		if (r->key != NULL && keys == NULL)
			gauge(r, fields_num(values, r->key), out);
		for (int c = 0; r->key != NULL && keys != NULL && c < 3; c++)
			if (keys[c] == NULL)
				buf_printf(out, "%*s", COLUMN_W, "");
			else if (*keys[c] == '\0')
				fields_cell(
				    out, fields_num(values, r->key), COLUMN_W);
			else
				fields_cell(out,
				    fields_num(json_object_get(values, r->key),
					keys[c]),
				    COLUMN_W);
		buf_putc(out, '\n');
	}
}

/* A heading is wanted when one of the lines below it is. */
static bool
wanted(const struct row *rows, size_t n, size_t i, bool detail,
    const json_t *values)
{
	const struct row *r = &rows[i];

	if (r->flags & (detail ? NOT_DETAIL : DETAIL))
		return false;
	if (r->key != NULL)
		return !(r->flags & IF_KNOWN) || fields_has(values, r->key);
	for (size_t j = i + 1; j < n && rows[j].indent > r->indent; j++)
		if (wanted(rows, n, j, detail, values))
			return true;
	return false;
}

static void
label(const struct row *r, struct buf *out)
{
	if (r->key == NULL)
		buf_printf(out, "%*s%s", r->indent, "", r->label);
	else
		buf_printf(out, "%*s%-*s", r->indent, "",
		    COLUMN_1 - COLUMN_W - r->indent, r->label);
}

static void
gauge(const struct row *r, int64_t value, struct buf *out)
{
	if (r->flags & GIGA)
		value /= 1024 * 1024;
	if (r->flags & (PERCENT | GIGA)) {
		fields_cell(out, value, COLUMN_W - 1);
		buf_putc(out, r->flags & GIGA ? 'G' : '%');
		return;
	}
	fields_cell(out, value, COLUMN_W);
}
