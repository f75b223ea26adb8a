/* recorder_metrics.c - counters and gauges in the text format of Prometheus */
#include "master/recorder_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/bounds.h"
#include "base/mem.h"

static const char *const counters[STATS_N_COUNTERS] = {
	[STATS_messages_received] = "Messages accepted into the queue.",
	[STATS_recipients_received] = "Recipients of received messages.",
	[STATS_received_bytes] = "Bytes of received messages.",
	[STATS_gen_bounce_recipients] = "Recipients of bounces made here.",
	[STATS_rejected_recipients] = "Recipients that were refused.",
	[STATS_dropped_messages] = "Messages that were dropped.",
	[STATS_soft_bounced_events] = "Times a message soft bounced.",
	[STATS_completed_recipients] = "Recipients that left the queue.",
	[STATS_hard_bounced_recipients] = "Recipients that hard bounced.",
	[STATS_dns_hard_bounces] = "Hard bounces for what the DNS said.",
	[STATS_fivexx_hard_bounces] = "Hard bounces for a 5xx reply.",
	[STATS_filter_hard_bounces] = "Hard bounces by a filter.",
	[STATS_expired_hard_bounces] = "Hard bounces after the last attempt.",
	[STATS_other_hard_bounces] = "Hard bounces for another reason.",
	[STATS_delivered_recipients] = "Recipients that were delivered.",
	[STATS_deleted_recipients] = "Recipients that were deleted.",
	[STATS_global_unsub_hits] = "Matches of the unsubscribe list.",
	[STATS_dkim_signed_msgs] = "Messages signed at delivery.",
	[STATS_dns_requests] = "Questions to the resolver.",
	[STATS_dns_network_requests] = "DNS questions sent over the network.",
	[STATS_dns_cache_hits] = "DNS answers from the cache.",
	[STATS_dns_cache_misses] = "DNS answers that were not cached.",
	[STATS_dns_cache_exceptions] = "Cached DNS answers of no use yet.",
	[STATS_dns_cache_expired] = "Cached DNS answers that were too old.",
	[STATS_connections_in] = "Connections to listeners.",
	[STATS_connections_out] = "Connections for delivery.",
	[STATS_log_lines_lost] = "Log lines that could not be written.",
};

static const struct {
	enum stats_gauge gauge;
	const char *name, *help;
	double unit;
} gauges[] = {
	{ STATS_GAUGE_inbound_conn, "inbound_connections",
	    "Open connections to listeners.", 1 },
	{ STATS_GAUGE_inbound_tls, "inbound_tls_connections",
	    "Open connections to listeners with TLS.", 1 },
	{ STATS_GAUGE_outbound_conn, "outbound_connections",
	    "Open connections for delivery.", 1 },
	{ STATS_GAUGE_active_recipients, "active_recipients",
	    "Recipients in the delivery queue.", 1 },
	{ STATS_GAUGE_unattempted_recipients, "unattempted_recipients",
	    "Recipients in the delivery queue that were never tried.", 1 },
	{ STATS_GAUGE_attempted_recipients, "attempted_recipients",
	    "Recipients in the delivery queue that wait after an attempt.", 1 },
	{ STATS_GAUGE_workqueue_messages, "workqueue_messages",
	    "Messages in the work queue.", 1 },
	{ STATS_GAUGE_queue_messages, "queue_messages",
	    "Messages in the delivery queue.", 1 },
	{ STATS_GAUGE_destinations, "destinations", "Destinations in memory.",
	    1 },
	{ STATS_GAUGE_queue_bytes, "queue_bytes",
	    "Size of the messages in the delivery queue.", 1 },
	{ STATS_GAUGE_quarantine_messages, "quarantine_messages",
	    "Messages in quarantines.", 1 },
	{ STATS_GAUGE_spam_quarantine_messages, "spam_quarantine_messages",
	    "Messages in the spam quarantine.", 1 },
	{ STATS_GAUGE_quarantine_bytes, "quarantine_bytes",
	    "Size of the messages in quarantines.", 1 },
	{ STATS_GAUGE_oldest_message, "oldest_message_timestamp_seconds",
	    "When the oldest message arrived; 0: there is none.", 1 },
	{ STATS_GAUGE_delivery_suspended, "delivery_suspended",
	    "Whether delivery is suspended.", 1 },
	{ STATS_GAUGE_workqueue_paused, "workqueue_paused",
	    "Whether the work queue is paused.", 1 },
	{ STATS_GAUGE_ram_utilization, "memory_utilization_ratio",
	    "Part of the memory Postern may use that it uses.", 0.01 },
	{ STATS_GAUGE_ram_used, "memory_used_bytes",
	    "Memory that Postern uses, without the page cache.", 1 },
	{ STATS_GAUGE_cpu_machine, "machine_cpu_ratio",
	    "Part of all processors of the machine that is used, by whomever.",
	    0.01 },
	{ STATS_GAUGE_disk_io, "disk_io_ratio",
	    "Part of the time in which the disk of the queue is busy.", 0.01 },
	{ STATS_GAUGE_queue_free, "queue_disk_free_bytes",
	    "What is free on the disk of the queue.", 1 },
	{ STATS_GAUGE_resource_conservation, "resource_conservation_seconds",
	    "How long clients are made to wait; 999: nothing is accepted.", 1 },
};

static void one(
    struct buf *, const char *name, const char *type, const char *help);
static void cpu(const struct recorder_status *, struct buf *);
static void disk(struct buf *, int folder);

void
recorder_metrics(const struct recorder_status *s, struct buf *out)
{
	static const char *const ids[STATS_N_IDS] = { [STATS_MID] = "mid",
		[STATS_ICID] = "icid",
		[STATS_DCID] = "dcid" };
	char name[80];

	one(out, "info", "gauge", "Version of Postern.");
	buf_printf(out, "postern_info{version=\"%s\"} 1\n", POSTERN_VERSION);
	one(out, "start_time_seconds", "gauge", "When the suite was started.");
	buf_printf(out, "postern_start_time_seconds %.3f\n",
	    (double)s->up_since / 1000);
	for (int i = 0; i < STATS_N_COUNTERS; i++) {
		if (counters[i] == NULL)
			continue; /* in another form below */
		snprintf(name, sizeof(name), "%s_total", stats_counter_name(i));
		one(out, name, "counter", counters[i]);
		buf_printf(out, "postern_%s %" PRIu64 "\n", name,
		    recorder_counts_value(s->counts, i, stats_sum(s->stats, i))
			.lifetime);
	}
	for (size_t i = 0; i < NELEM(gauges); i++) {
		if (stats_gauge_sum(s->stats, gauges[i].gauge) < 0)
			continue; /* unknown */
		one(out, gauges[i].name, "gauge", gauges[i].help);
		buf_printf(out, "postern_%s %.15g\n", gauges[i].name,
		    (double)stats_gauge_sum(s->stats, gauges[i].gauge) *
			gauges[i].unit);
	}
	one(out, "last_id", "gauge", "The number that was given last.");
	for (int i = 0; i < STATS_N_IDS; i++)
		if (ids[i] != NULL)
			buf_printf(out,
			    "postern_last_id{of=\"%s\"} %" PRIu64 "\n", ids[i],
			    stats_last_id(s->stats, i));
	cpu(s, out);
	disk(out, s->logs);
}

static void
one(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP postern_%s %s\n# TYPE postern_%s %s\n", name,
	    help, name, type);
}

static void
cpu(const struct recorder_status *s, struct buf *out)
{
	one(out, "cpu_seconds_total", "counter", "Processor time used.");
	for (size_t i = 0; i < CPU_N; i++) {
		enum stats_counter of = recorder_cpus[i].used;

		buf_printf(out,
		    "postern_cpu_seconds_total{component=\"%s\"} %.6f\n",
		    recorder_cpus[i].name,
		    (double)recorder_counts_value(
			s->counts, of, stats_sum(s->stats, of))
			    .lifetime /
			1e6);
	}
}

static void
disk(struct buf *out, int folder)
{
	struct statvfs v;

	if (fstatvfs(folder, &v) == -1 || v.f_blocks == 0)
		return;
	one(out, "log_disk_size_bytes", "gauge",
	    "Size of the disk of the logs.");
	buf_printf(out, "postern_log_disk_size_bytes %.15g\n",
	    (double)v.f_blocks * (double)v.f_frsize);
	one(out, "log_disk_free_bytes", "gauge",
	    "What is free on the disk of the logs.");
	buf_printf(out, "postern_log_disk_free_bytes %.15g\n",
	    (double)v.f_bavail * (double)v.f_frsize);
}
