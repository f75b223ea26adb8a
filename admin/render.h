/*
 * render.h - what the services answer, as the texts of the commands
 *
 * Pure functions from JSON to text. The layouts are those of the
 * specification (delivery-admin 2 and 3); the JSON of the queue manager is
 * described in qmgr/commands.h, that of the others here. Numbers are numbers;
 * a time is wall ms, an age is ms; null is "nothing to say". A key that is
 * absent reads as 0, "" or null, so that an older service still renders.
 * Texts from outside are escaped: one value never becomes two lines, nor a
 * command to the terminal (threats ADM-04).
 *
 * Recorder:
 *
 *	status
 *	{ "status_as_of": t, "up_since": t, "last_counter_reset": t or null,
 *	  "counters": { NAME: { "reset": n, "uptime": n, "lifetime": n } },
 *	  "rates": { NAME: { "1_minute": n, "5_minutes": n,
 *	    "15_minutes": n } },			per hour
 *	  "ids": { "mid": n, "icid": n, "dcid": n },
 *	  "gauges": { GAUGE: n, ... } }
 *	NAME: the names of lib/stats (STATS_COUNTERS); rates: those of
 *	delivery-admin 2.4. GAUGE: the names of lib/stats (STATS_GAUGES), and
 *	"ram_utilization", "cpu_total", "cpu_mta",
 *	"cpu_anti_spam", "cpu_anti_virus", "cpu_quarantine", "cpu_reporting"
 *	(the total is their sum), "cpu_machine", "disk_io",
 *	"logging_disk_usage" (percent), "logging_disk_available" (kilobytes);
 *	one that is not measured is absent, and its line too. The tool adds
 *	"kilobytes_free", of the spool's disk.
 *
 *	metrics			{ "metrics": text }	of Prometheus
 *	resetcounters		{ "counters_reset": t }
 *	rollovernow [NAME|all]	{ "rolled": [ NAME, ... ] }
 *	status 1: There is no log subscription "x".
 *
 * Master:
 *
 *	listeners
 *	{ "listeners": [ { "name": text, "address": "IP:PORT",
 *	    "suspended": bool } ] }	one per socket: a name may come twice
 *	suspendlistener SECONDS NAME...	   no NAME: all
 *	resumelistener NAME...
 *	Answered as listeners. status 1: nothing to suspend, or to resume.
 *	reload			{ "revision": n }
 *	status 1: why not; the old configuration stays in force.
 *	programs
 *	{ "programs": [ { "program": text, "worker": n, "pid": n,
 *	    "state": "down"|"starting"|"ready", "started": t or null,
 *	    "restarts": n } ], "master": { "pid": n, "started": t } }
 *
 * lookupd:
 *
 *	dnsflush [NAME]		{ "flushed": "all", "answers": how many the
 *				cache had, about, "more_than_asked": a name
 *				was given, and one alone cannot be forgotten }
 *	lookup KIND NAME	see master/lookupd_answer.h
 *	outbreakstatus
 *	{ "enabled": bool, "adaptive": bool, "file": text,
 *	  "feed": { "url": text, "serial": n or null, "generated": t or null,
 *	    "rules": n, "skipped": n, "checked": t or null, "failures": n,
 *	    "error": text or null },
 *	  "threshold": n, "rules": [ { "level": n, "rule": text, "category":
 *	    text, "description": text, "from": "feed"|"file"|"adaptive" } ] }
 *	outbreakupdate [force]	{ "updated": bool }; status 1: why not
 *	outbreakflush		{ "flushed": true }
 */
#ifndef ADMIN_RENDER_H
#define ADMIN_RENDER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

/* --- render_status.c --- */

/*
 * One object from the three that `status` asks: the recorder's, and with it
 *	"system_status": "Online", "Receiving suspended", ... (with who),
 *	"oldest_message": age or null, "work_queue": text or null,
 *	and the queue manager's gauges.
 * queue and listeners may be NULL: then they were not to be had, and
 * "system_status" says so. The result is the caller's.
 */
json_t *render_status_join(
    const json_t *recorder, const json_t *queue, const json_t *listeners);
void render_status(const json_t *joined, bool detail, struct buf *out);
/* The lines of `status detail`, one after the other, for who shows them
 * otherwise. False: there are no more. */
enum render_table { RENDER_COUNTERS, RENDER_RATES, RENDER_GAUGES };
struct render_line {
	int indent; /* blanks; 2: of a group */
	const char *label;
	const char *key;    /* NULL: a heading */
	bool percent, giga; /* giga: of a value in kilobytes */
	bool if_known;      /* no value, no line */
	bool last;          /* of its group */
};
bool render_line(enum render_table, size_t i, struct render_line *);
/* Of the recorder's `status`: the counters of the DNS. */
void render_dnsstatus(const json_t *, struct buf *out);

/* --- render_hosts.c --- */

void render_tophosts(const json_t *, struct buf *out);
void render_hoststatus(const json_t *, struct buf *out);

/* --- render_queue.c --- */

void render_recipients(const json_t *, struct buf *out);
void render_workqueue(const json_t *, struct buf *out);
/* One row of `workqueue rate`: pending, in and out since the row before. */
struct rate_row {
	int64_t when; /* wall ms */
	uint64_t pending, in, out;
};
void render_rate(const struct rate_row *, bool heading, struct buf *out);

/* --- render_rates.c --- */

/* One row of `rate`: connections, and recipients since the last start. */
struct flow_row {
	int64_t when; /* wall ms */
	int64_t conn_in, conn_out, received, completed, kilobytes;
	int64_t received_delta, completed_delta;
};
void render_flow(const struct flow_row *, bool heading, struct buf *out);

/* One row of `hostrate`; deltas since the row before. */
struct host_row {
	int64_t when;
	const char *status;
	int64_t conn_out, active;
	int64_t active_delta, delivered_delta, hard_delta, soft_delta;
};
void render_host_row(const struct host_row *, bool heading, struct buf *out);

/* --- render_dns.c --- */

/* What lookupd found, as `nslookup` says it: a line for each record; or why
 * there is none. False: there is none. */
bool render_nslookup(const json_t *, struct buf *out);
/* A message (admin/dnsquery.h) as sections; only the data of its answers; a
 * step of +trace, with "server", "server_name", "ms" and "bytes". */
void render_dig(const json_t *, struct buf *out);
void render_dig_short(const json_t *, struct buf *out);
void render_dig_step(const json_t *, struct buf *out);
/* [ { "interface": text, "address": text, "helo": text, "private": bool,
 * "tests": see admin/dnscheck.h, "ports": [ { "direction": "in"|"out",
 * "port": n, "for": text } ] } ]; false: a test was not passed. */
bool render_dnscheck(const json_t *, struct buf *out);
/* "2d", "1h 30m", "45s" */
void render_ttl(int64_t seconds, struct buf *out);

/* --- render_netstat.c --- */

/* Lists of admin/netstat.h. An end may have "host" and "service", a route
 * "gateway_host", a neighbour "host": names that were found. */
void render_sockets(const json_t *, struct buf *out);
void render_listens(const json_t *, struct buf *out);
struct netstat_columns {
	bool bytes, drops;
};
void render_links(
    const json_t *, const struct netstat_columns *, struct buf *out);
void render_routes(const json_t *, struct buf *out);
/* The counts of a link since the line before, and "interface". */
void render_traffic(const json_t *, bool heading, struct buf *out);
void render_arp(const json_t *, struct buf *out);
void render_ndp(const json_t *, struct buf *out);
void render_services(const json_t *, struct buf *out);
/* The master's `programs`. */
void render_programs(const json_t *, struct buf *out);
/* { "status_as_of": t, "seconds": n, "programs": [ as the master's, each with
 * "cpu": percent of one processor in these seconds, "cpu_time": ms, "memory":
 * bytes; null: this system does not show it ] } */
void render_processes(const json_t *, struct buf *out);

/* --- render_rates.c, again --- */

/* { "status_as_of": t, "connections": [ { "host": text, "ip": text,
 * "listener": text, "connections": n } ] } */
void render_topin(const json_t *, struct buf *out);

#endif
