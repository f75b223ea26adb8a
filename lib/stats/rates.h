/*
 * rates.h - how often something happened in a window, exact over all workers
 *
 * A rate is a kind and a key: recipients of a host, recipients of a sender,
 * invalid recipients of a host (spec receiving 8.5, 8.6). Its window begins
 * with the first that is counted, ends after its time, and then the count is
 * nothing again. Times are monotonic ms: all processes share that clock.
 *
 * The counts are one memory for all workers; each is changed under the lock
 * of its part of the table, so that of many who come at once exactly as many
 * are counted as the limit allows. A worker that dies holding a lock leaves
 * the counts as they were, or with itself counted.
 *
 * The table is bounded: 131,072 counts, in sets of eight. Where a set is full
 * the smallest count makes room for the newcomer, and the set remembers how
 * large it was: whoever has no count there begins with at least that much
 * until the window of the one that went is over. So a count is never smaller
 * than the truth, and a flood of keys cannot wash away anybody's: it lifts
 * the counts of newcomers, by one for each 131,072 keys that were counted in
 * one window (docs/decisions/rates.md).
 */
#ifndef STATS_RATES_H
#define STATS_RATES_H

#include "stats/stats.h"

enum rate_kind {
	RATE_HOST,
	RATE_SENDER,
	RATE_DHAP,
	RATE_AUTH_HOST, /* failed authentications */
	RATE_AUTH_USER,
	RATE_DNSLIST /* warnings about a DNS list */
};

struct rate {
	uint64_t key;   /* stats_rate_of_ip, stats_rate_of_text */
	int64_t window; /* ms */
	uint64_t limit; /* UNLIMITED, or any large number: none */
	uint64_t count; /* out */
};

/* Addresses that agree in the first `bits` of 32 or 128 share a rate. */
uint64_t stats_rate_of_ip(
    const struct stats *, enum rate_kind, const struct ip *, uint64_t bits);
uint64_t stats_rate_of_text(
    const struct stats *, enum rate_kind, struct str text);

/*
 * Counts one for each of the n rates (8 at most), if that keeps every one
 * within its limit; else nothing is counted, and false. count: with this one,
 * whether it was counted or not.
 */
bool stats_rate_take(struct stats *, struct rate *, size_t n, int64_t now);
/* What take would say of this one. Changes nothing. */
uint64_t stats_rate_peek(struct stats *, const struct rate *, int64_t now);
/* The rate's limit was met. True: for the first time in this window. */
bool stats_rate_met(struct stats *, const struct rate *, int64_t now);

#endif
