/*
 * recorder_counts.h - the arithmetic of counters (delivery-admin 2.1, 2.4)
 *
 * Input are the sums of this run (lib/stats), which only grow, and the time;
 * both are given, nothing is asked here.
 */
#ifndef MASTER_RECORDER_COUNTS_H
#define MASTER_RECORDER_COUNTS_H

#include "stats/stats.h"

struct recorder_counts {
	uint64_t base[STATS_N_COUNTERS];  /* lifetime before this run */
	uint64_t reset[STATS_N_COUNTERS]; /* lifetime at the last reset */
	int64_t reset_at;                 /* wall ms; 0: never */
};

struct recorder_value {
	uint64_t reset, uptime, lifetime;
};

struct recorder_value recorder_counts_value(
    const struct recorder_counts *, enum stats_counter, uint64_t sum);
void recorder_counts_reset(
    struct recorder_counts *, const uint64_t *sums, int64_t wall_ms);

/* --- processor time, by who used it --- */

enum recorder_cpu {
	CPU_MTA,
	CPU_ANTI_SPAM,
	CPU_ANTI_VIRUS,
	CPU_QUARANTINE,
	CPU_REPORTING,
	CPU_N
};
struct recorder_cpu_of {
	const char *name; /* "mta" */
	enum stats_counter used;
};
extern const struct recorder_cpu_of recorder_cpus[CPU_N];

/* --- rates: trailing windows, resolution one second --- */

#define RECORDER_RATES  6
#define RECORDER_WINDOW 900 /* seconds kept */

extern const enum stats_counter recorder_rate_counters[RECORDER_RATES];

struct recorder_rates {
	uint32_t slots[RECORDER_WINDOW][RECORDER_RATES];
	uint64_t seen[RECORDER_RATES];
	int64_t second; /* of the newest slot; monotonic */
};

/* Starts counting: what is in sums already does not count. */
void recorder_rates_init(
    struct recorder_rates *, int64_t second, const uint64_t *sums);
/* What has been added since the last call happened in this second. */
void recorder_rates_tick(
    struct recorder_rates *, int64_t second, const uint64_t *sums);
/* Events per hour within the last `window` seconds. */
uint64_t recorder_rates_per_hour(
    const struct recorder_rates *, size_t rate, unsigned window);

#endif
