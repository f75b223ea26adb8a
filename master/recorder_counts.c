/* recorder_counts.c - the arithmetic of counters */
#include "master/recorder_counts.h"

#include <string.h>

const struct recorder_cpu_of recorder_cpus[CPU_N] = {
	[CPU_MTA] = { "mta", STATS_cpu_mta },
	[CPU_ANTI_SPAM] = { "anti_spam", STATS_cpu_anti_spam },
	[CPU_ANTI_VIRUS] = { "anti_virus", STATS_cpu_anti_virus },
	[CPU_QUARANTINE] = { "quarantine", STATS_cpu_quarantine },
	[CPU_REPORTING] = { "reporting", STATS_cpu_reporting },
};

const enum stats_counter recorder_rate_counters[RECORDER_RATES] = {
	STATS_messages_received,
	STATS_recipients_received,
	STATS_soft_bounced_events,
	STATS_completed_recipients,
	STATS_hard_bounced_recipients,
	STATS_delivered_recipients,
};

struct recorder_value
recorder_counts_value(
    const struct recorder_counts *c, enum stats_counter n, uint64_t sum)
{
	uint64_t lifetime = c->base[n] + sum;

	return (struct recorder_value){ lifetime - c->reset[n], sum, lifetime };
}

void
recorder_counts_reset(
    struct recorder_counts *c, const uint64_t *sums, int64_t wall_ms)
{
	for (size_t i = 0; i < STATS_N_COUNTERS; i++)
		c->reset[i] = c->base[i] + sums[i];
	c->reset_at = wall_ms;
}

void
recorder_rates_init(
    struct recorder_rates *r, int64_t second, const uint64_t *sums)
{
	*r = (struct recorder_rates){ .second = second };
	for (size_t i = 0; i < RECORDER_RATES; i++)
		r->seen[i] = sums[recorder_rate_counters[i]];
}

void
recorder_rates_tick(
    struct recorder_rates *r, int64_t second, const uint64_t *sums)
{
	if (second - r->second >= RECORDER_WINDOW) {
		memset(r->slots, 0, sizeof(r->slots));
		r->second = second;
	}
	while (r->second < second) {
		r->second++;
		memset(r->slots[r->second % RECORDER_WINDOW], 0,
		    sizeof(r->slots[0]));
	}
	for (size_t i = 0; i < RECORDER_RATES; i++) {
		uint64_t sum = sums[recorder_rate_counters[i]];

		r->slots[r->second % RECORDER_WINDOW][i] +=
		    (uint32_t)(sum - r->seen[i]);
		r->seen[i] = sum;
	}
}

uint64_t
recorder_rates_per_hour(
    const struct recorder_rates *r, size_t rate, unsigned window)
{
	uint64_t n = 0;

	for (int64_t s = r->second; s > r->second - window && s >= 0; s--)
		n += r->slots[s % RECORDER_WINDOW][rate];
	return n * 3600 / window;
}
