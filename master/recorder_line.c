/* recorder_line.c - the line of status logs */
#include "master/recorder_line.h"

#include <stdio.h>
#include <sys/statvfs.h>

#include "base/mem.h"

#define KILO 1024

static void put_counters(const struct recorder_status *, struct event_STATUS *);
static void put_gauges(const struct recorder_status *, struct event_STATUS *);
static void put_logs(
    const struct recorder_status *, struct event_STATUS *, char *avail);

#define AT(member) offsetof(struct event_STATUS, member)

static const struct {
	size_t off;
	enum stats_counter counter;
	uint64_t unit;
} counters[] = {
	{ AT(InjMsg), STATS_messages_received, 1 },
	{ AT(InjRcp), STATS_recipients_received, 1 },
	{ AT(GenBncRcp), STATS_gen_bounce_recipients, 1 },
	{ AT(RejRcp), STATS_rejected_recipients, 1 },
	{ AT(DrpMsg), STATS_dropped_messages, 1 },
	{ AT(SftBncEvnt), STATS_soft_bounced_events, 1 },
	{ AT(CmpRcp), STATS_completed_recipients, 1 },
	{ AT(HrdBncRcp), STATS_hard_bounced_recipients, 1 },
	{ AT(DnsHrdBnc), STATS_dns_hard_bounces, 1 },
	{ AT(FivexxHrdBnc), STATS_fivexx_hard_bounces, 1 },
	{ AT(FltrHrdBnc), STATS_filter_hard_bounces, 1 },
	{ AT(ExpHrdBnc), STATS_expired_hard_bounces, 1 },
	{ AT(OtrHrdBnc), STATS_other_hard_bounces, 1 },
	{ AT(DlvRcp), STATS_delivered_recipients, 1 },
	{ AT(DelRcp), STATS_deleted_recipients, 1 },
	{ AT(GlbUnsbHt), STATS_global_unsub_hits, 1 },
	{ AT(DnsReq), STATS_dns_requests, 1 },
	{ AT(NetReq), STATS_dns_network_requests, 1 },
	{ AT(CchHit), STATS_dns_cache_hits, 1 },
	{ AT(CchMis), STATS_dns_cache_misses, 1 },
	{ AT(CchEct), STATS_dns_cache_exceptions, 1 },
	{ AT(CchExp), STATS_dns_cache_expired, 1 },
	{ AT(CPUTTm), STATS_cpu_mta, 1000000 },
	{ AT(InjBytes), STATS_received_bytes, 1 },
};

static const struct {
	size_t off;
	enum stats_gauge gauge;
	int64_t unit;
} gauges[] = {
	{ AT(DskIO), STATS_GAUGE_disk_io, 1 },
	{ AT(RAMUtil), STATS_GAUGE_ram_utilization, 1 },
	{ AT(QKUsd), STATS_GAUGE_queue_bytes, KILO },
	{ AT(QKFre), STATS_GAUGE_queue_free, KILO },
	{ AT(ActvRcp), STATS_GAUGE_active_recipients, 1 },
	{ AT(UnatmptRcp), STATS_GAUGE_unattempted_recipients, 1 },
	{ AT(AtmptRcp), STATS_GAUGE_attempted_recipients, 1 },
	{ AT(CrtCncIn), STATS_GAUGE_inbound_conn, 1 },
	{ AT(CrtCncOut), STATS_GAUGE_outbound_conn, 1 },
	{ AT(MaxIO), STATS_GAUGE_disk_ops, 1 },
	{ AT(RAMUsd), STATS_GAUGE_ram_used, 1 },
	{ AT(MMLen), STATS_GAUGE_queue_messages, 1 },
	{ AT(DstInMem), STATS_GAUGE_destinations, 1 },
	{ AT(ResCon), STATS_GAUGE_resource_conservation, 1 },
	{ AT(WorkQ), STATS_GAUGE_workqueue_messages, 1 },
	{ AT(QuarMsgs), STATS_GAUGE_quarantine_messages, 1 },
	{ AT(QuarQKUsd), STATS_GAUGE_quarantine_bytes, KILO },
	{ AT(EuQ), STATS_GAUGE_spam_quarantine_messages, 1 },
	{ AT(SwIn), STATS_GAUGE_swap_in, 1 },
	{ AT(SwOut), STATS_GAUGE_swap_out, 1 },
	{ AT(SwPgIn), STATS_GAUGE_swap_in, 1 },
	{ AT(SwPgOut), STATS_GAUGE_swap_out, 1 },
	{ AT(SwapUsage), STATS_GAUGE_swap_used, KILO },
};

static uint64_t *
number(struct event_STATUS *e, size_t off)
{
	return (uint64_t *)((char *)e + off);
}

void
recorder_line(const struct recorder_status *s, struct event_STATUS *e,
    char avail[RECORDER_AVAIL_MAX])
{
	uint64_t load[CPU_N], total = 0;

	for (size_t i = 0; i < CPU_N; i++) {
		load[i] = s->cpu[i] > 0 ? (uint64_t)s->cpu[i] : 0;
		total += load[i];
	}
	*e = (struct event_STATUS){ .CPULd = total,
		.TotalLd = total,
		.SophLd = load[CPU_ANTI_VIRUS],
		.CASELd = load[CPU_ANTI_SPAM],
		.QtnLd = load[CPU_QUARANTINE],
		.RptLd = load[CPU_REPORTING],
		.CrtMID = stats_last_id(s->stats, STATS_MID),
		.CrtICID = stats_last_id(s->stats, STATS_ICID),
		.CrtDCID = stats_last_id(s->stats, STATS_DCID) };
	if (s->now > s->up_since)
		e->CPUETm = (uint64_t)(s->now - s->up_since) / 1000;
	put_counters(s, e);
	put_gauges(s, e);
	put_logs(s, e, avail);
}

static void
put_counters(const struct recorder_status *s, struct event_STATUS *e)
{
	for (size_t i = 0; i < NELEM(counters); i++) {
		enum stats_counter c = counters[i].counter;

		*number(e, counters[i].off) =
		    recorder_counts_value(s->counts, c, stats_sum(s->stats, c))
			.reset /
		    counters[i].unit;
	}
}

/* What is not known is below 0. */
static void
put_gauges(const struct recorder_status *s, struct event_STATUS *e)
{
	for (size_t i = 0; i < NELEM(gauges); i++) {
		int64_t v = stats_gauge_sum(s->stats, gauges[i].gauge);

		*number(e, gauges[i].off) =
		    v > 0 ? (uint64_t)(v / gauges[i].unit) : 0;
	}
}

static void
put_logs(const struct recorder_status *s, struct event_STATUS *e, char *avail)
{
	struct statvfs v;

	e->LogAvail = STR("0G");
	if (fstatvfs(s->logs, &v) == -1 || v.f_blocks == 0)
		return;
	e->LogUsd = (v.f_blocks - v.f_bfree) * 100 / v.f_blocks;
	snprintf(avail, RECORDER_AVAIL_MAX, "%lluG",
	    (unsigned long long)(v.f_bavail * v.f_frsize >> 30));
	e->LogAvail = str_of(avail);
}
