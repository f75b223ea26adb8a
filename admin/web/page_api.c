/*
 * page_api.c - the status for programs: /xml/status, /api/status
 *
 * What `status detail` shows, under the keys of the status log where it has
 * one (delivery-admin 2.6, 7.9). The password of an administrator comes with
 * the request, by HTTP's Basic.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/fields.h"
#include "admin/render.h"
#include "admin/web/pages.h"
#include "admin/web/show.h"
#include "base/clock.h"
#include "base/mem.h"

/* key: of the status log, or ours; from: of the recorder's answer. */
static const struct entry {
	const char *key, *from;
	int64_t unit;
} counters[] = {
	{ "InjMsg", "messages_received", 1 },
	{ "InjRcp", "recipients_received", 1 },
	{ "InjBytes", "received_bytes", 1 },
	{ "GenBncRcp", "gen_bounce_recipients", 1 },
	{ "RejRcp", "rejected_recipients", 1 },
	{ "DrpMsg", "dropped_messages", 1 },
	{ "SftBncEvnt", "soft_bounced_events", 1 },
	{ "CmpRcp", "completed_recipients", 1 },
	{ "HrdBncRcp", "hard_bounced_recipients", 1 },
	{ "DnsHrdBnc", "dns_hard_bounces", 1 },
	{ "5XXHrdBnc", "fivexx_hard_bounces", 1 },
	{ "ExpHrdBnc", "expired_hard_bounces", 1 },
	{ "FltrHrdBnc", "filter_hard_bounces", 1 },
	{ "OtrHrdBnc", "other_hard_bounces", 1 },
	{ "DlvRcp", "delivered_recipients", 1 },
	{ "DelRcp", "deleted_recipients", 1 },
	{ "GlbUnsbHt", "global_unsub_hits", 1 },
	{ "DnsReq", "dns_requests", 1 },
	{ "NetReq", "dns_network_requests", 1 },
	{ "CchHit", "dns_cache_hits", 1 },
	{ "CchMis", "dns_cache_misses", 1 },
	{ "CchEct", "dns_cache_exceptions", 1 },
	{ "CchExp", "dns_cache_expired", 1 },
};
static const struct entry ids[] = {
	{ "CrtMID", "mid", 1 },
	{ "CrtICID", "icid", 1 },
	{ "CrtDCID", "dcid", 1 },
};
static const struct entry rates[] = {
	{ "InjMsg", "messages_received", 1 },
	{ "InjRcp", "recipients_received", 1 },
	{ "SftBncEvnt", "soft_bounced_events", 1 },
	{ "CmpRcp", "completed_recipients", 1 },
	{ "HrdBncRcp", "hard_bounced_recipients", 1 },
	{ "DlvRcp", "delivered_recipients", 1 },
};
static const struct entry gauges[] = {
	{ "RAMUtil", "ram_utilization", 1 },
	{ "CPULd", "cpu_total", 1 },
	{ "cpu_mta", "cpu_mta", 1 },
	{ "CASELd", "cpu_anti_spam", 1 },
	{ "SophLd", "cpu_anti_virus", 1 },
	{ "QtnLd", "cpu_quarantine", 1 },
	{ "RptLd", "cpu_reporting", 1 },
	{ "DskIO", "disk_io", 1 },
	{ "ResCon", "resource_conservation", 1 },
	{ "LogUsd", "logging_disk_usage", 1 },
	{ "CrtCncIn", "inbound_conn", 1 },
	{ "CrtCncOut", "outbound_conn", 1 },
	{ "ActvRcp", "active_recipients", 1 },
	{ "UnatmptRcp", "unattempted_recipients", 1 },
	{ "AtmptRcp", "attempted_recipients", 1 },
	{ "MMLen", "queue_messages", 1 },
	{ "WorkQ", "workqueue_messages", 1 },
	{ "QuarMsgs", "quarantine_messages", 1 },
	{ "DstInMem", "destinations", 1 },
	{ "QKUsd", "kilobytes_in_queue", 1 },
	{ "QKFre", "queue_free", 1024 },
	{ "QuarQKUsd", "quarantine_bytes", 1024 },
	{ "RAMUsd", "ram_used", 1 },
	{ "MaxIO", "disk_ops", 1 },
	{ "EuQ", "spam_quarantine_messages", 1 },
};
static const char *const since[] = { "reset", "uptime", "lifetime" };
static const char *const window[] = { "1_minute", "5_minutes", "15_minutes" };

#define FEATURES 5
struct feature {
	const char *name;
	bool on;
};

static void list_features(const struct config *, struct feature v[FEATURES]);
static void ask(struct request *);
static void judged(struct request *, const struct admin_judged *);
static void refuse(struct request *, unsigned status, const char *why);
static void show(struct request *);
static void show_xml(struct request *, const json_t *);
static void show_json(struct request *, const json_t *);
static void put_times(struct buf *, const json_t *);
static void put_entries(struct buf *, const char *name, const char *one,
    const struct entry *v, size_t n, const char *const *columns,
    const json_t *from);
static json_t *entries_json(const struct entry *v, size_t n,
    const char *const *columns, const json_t *from);

void
page_xml_status(struct request *r)
{
	ask(r);
}

void
page_api_status(struct request *r)
{
	ask(r);
}

static void
ask(struct request *r)
{
	char name[100], pass[1025];

	if (!form_basic(
		r->http.authorization, name, sizeof(name), pass, sizeof(pass)))
		refuse(r, 401, "a user name and a passphrase are needed");
	else if (!attempts_may(&r->web->polls, &r->client, ATTEMPTS_POLLS,
		     loop_now(r->web->daemon->loop)))
		refuse(r, 429, "too often");
	else if (!request_judge(r, str_of(name), str_of(pass), judged))
		refuse(r, 503, "nobody can be judged now");
	explicit_bzero(pass, sizeof(pass));
}

static void
judged(struct request *r, const struct admin_judged *j)
{
	if (j->verdict == ADMIN_BUSY) {
		refuse(r, 503, "nobody can be judged now");
	} else if (j->verdict != ADMIN_GOOD || j->must_change) {
		refuse(r, 401, "the user name or the passphrase is wrong");
	} else if (!request_may(r, r->page->command)) {
		refuse(r, 403, "not for this role");
	} else {
		request_ask(r, PROGRAM_RECORDER, "status", (char *)NULL);
		request_ask(r, PROGRAM_QMGR, "queue", (char *)NULL);
		request_ask(r, PROGRAM_MASTER, "listeners", (char *)NULL);
		request_then(r, show);
	}
}

static void
refuse(struct request *r, unsigned status, const char *why)
{
	if (status == 401)
		request_header(r, "WWW-Authenticate: Basic realm=\"Postern\", "
				  "charset=\"UTF-8\"");
	buf_reset(&r->out);
	buf_printf(&r->out, "%s\n", why);
	request_plain(r, status, "text/plain; charset=utf-8");
}

static void
show(struct request *r)
{
	const json_t *recorder = r->answers[0].json;
	json_t *all;

	if (recorder == NULL) {
		refuse(r, 503, r->answers[0].error);
		return;
	}
	all = render_status_join(
	    recorder, r->answers[1].json, r->answers[2].json);
	if (strcmp(r->page->path, "/xml/status") == 0)
		show_xml(r, all);
	else
		show_json(r, all);
	json_decref(all);
}

static void
list_features(const struct config *c, struct feature v[FEATURES])
{
	const struct work_config *w = &c->work;
	size_t n = 0;

	v[n++] = (struct feature){ "Anti-Spam", w->spam.engine != SPAM_OFF };
	v[n++] = (struct feature){ "Anti-Virus", w->virus.engine != VIRUS_OFF };
	v[n++] = (struct feature){ "Outbreak Filters", w->outbreak.enabled };
	v[n++] = (struct feature){ "Sender Domain Reputation", c->sdr };
	v[n++] = (struct feature){ "Bounce Verification", c->bounce_tags };
}

static void
show_xml(struct request *r, const json_t *s)
{
	struct feature features[FEATURES];
	struct buf *out = &r->out;

	list_features(r->web->daemon->config, features);

	html(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<status product=\"Postern\" version=\"%s\" hostname=\"%.*s\">\n",
	    POSTERN_VERSION, STR_ARG(r->web->daemon->config->hostname));
	put_times(out, s);
	html(out, "  <system status=\"%s\"/>\n",
	    fields_text(s, "system_status"));
	if (fields_has(s, "oldest_message"))
		html(out, "  <oldest_message seconds=\"%lld\"/>\n",
		    (long long)(fields_num(s, "oldest_message") / 1000));
	html(out, "  <features>\n");
	for (size_t i = 0; i < FEATURES; i++)
		html(out, "    <feature name=\"%s\" state=\"%s\"/>\n",
		    features[i].name, features[i].on ? "on" : "off");
	html(out, "  </features>\n");
	put_entries(out, "counters", "counter", counters, NELEM(counters),
	    since, json_object_get(s, "counters"));
	put_entries(out, "current_ids", "id", ids, NELEM(ids), NULL,
	    json_object_get(s, "ids"));
	put_entries(out, "rates", "rate", rates, NELEM(rates), window,
	    json_object_get(s, "rates"));
	put_entries(out, "gauges", "gauge", gauges, NELEM(gauges), NULL,
	    json_object_get(s, "gauges"));
	html(out, "</status>\n");
	request_plain(r, 200, "text/xml; charset=utf-8");
}

static void
put_times(struct buf *out, const json_t *s)
{
	static const struct {
		const char *name, *key;
	} times[] = {
		{ "as_of", "status_as_of" },
		{ "birth_time", "up_since" },
		{ "last_counter_reset", "last_counter_reset" },
	};

	for (size_t i = 0; i < NELEM(times); i++) {
		html(out, "  <%s timestamp=\"", times[i].name);
		if (fields_has(s, times[i].key))
			html(out, "%lld",
			    (long long)(fields_num(s, times[i].key) / 1000));
		html(out, "\" text=\"");
		show_time(out, s, times[i].key, "Never");
		html(out, "\"/>\n");
	}
}

/* Names of elements and attributes are ours, too: none begins with a digit
 * but those in values. */
static void
put_entries(struct buf *out, const char *name, const char *one,
    const struct entry *v, size_t n, const char *const *columns,
    const json_t *from)
{
	html(out, "  <%s>\n", name);
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_object_get(from, v[i].from);

		if (value == NULL) /* it is not measured */
			continue;
		html(out, "    <%s name=\"%s\"", one, v[i].key);
		for (size_t c = 0; columns != NULL && c < 3; c++)
			html(out, " %s%s=\"%lld\"",
			    columns == window ? "last_" : "", columns[c],
			    (long long)fields_num(value, columns[c]));
		if (columns == NULL)
			html(out, " current=\"%lld\"",
			    (long long)(json_integer_value(value) / v[i].unit));
		html(out, "/>\n");
	}
	html(out, "  </%s>\n", name);
}

static void
show_json(struct request *r, const json_t *s)
{
	json_t *j = json_object(), *list = json_array();
	struct feature features[FEATURES];
	char *text;

	list_features(r->web->daemon->config, features);
	for (size_t i = 0; i < FEATURES; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:b}", "name", features[i].name,
			      "on", features[i].on));

	json_object_set_new(j, "product", json_string("Postern"));
	json_object_set_new(j, "version", json_string(POSTERN_VERSION));
	json_object_set_new(j, "hostname",
	    json_stringn(r->web->daemon->config->hostname.p,
		r->web->daemon->config->hostname.n));
	json_object_set(j, "as_of", json_object_get(s, "status_as_of"));
	json_object_set(j, "birth_time", json_object_get(s, "up_since"));
	json_object_set(
	    j, "last_counter_reset", json_object_get(s, "last_counter_reset"));
	json_object_set(
	    j, "system_status", json_object_get(s, "system_status"));
	json_object_set(
	    j, "oldest_message", json_object_get(s, "oldest_message"));
	json_object_set_new(j, "features", list);
	json_object_set_new(j, "counters",
	    entries_json(counters, NELEM(counters), since,
		json_object_get(s, "counters")));
	json_object_set_new(j, "ids",
	    entries_json(ids, NELEM(ids), NULL, json_object_get(s, "ids")));
	json_object_set_new(j, "rates",
	    entries_json(
		rates, NELEM(rates), window, json_object_get(s, "rates")));
	json_object_set_new(j, "gauges",
	    entries_json(
		gauges, NELEM(gauges), NULL, json_object_get(s, "gauges")));
	text = json_dumps(j, JSON_INDENT(2));
	if (text == NULL)
		panic("json");
	buf_printf(&r->out, "%s\n", text);
	free(text);
	json_decref(j);
	request_plain(r, 200, "application/json");
}

static json_t *
entries_json(const struct entry *v, size_t n, const char *const *columns,
    const json_t *from)
{
	json_t *all = json_object(), *one;

	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(from, v[i].from);

		if (value == NULL)
			continue;
		one = json_object();
		for (size_t c = 0; columns != NULL && c < 3; c++)
			json_object_set(one, columns[c],
			    json_object_get(value, columns[c]));
		if (columns == NULL) {
			json_decref(one);
			one =
			    json_integer(json_integer_value(value) / v[i].unit);
		}
		json_object_set_new(all, v[i].key, one);
	}
	return all;
}
