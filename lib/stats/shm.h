/*
 * shm.h - layout of the shared memory; private to lib/stats
 *
 * All programs of a suite are of one build, and the master checks the size,
 * so the layout may change freely.
 */
#ifndef STATS_SHM_H
#define STATS_SHM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "stats/stats.h"

#define STATS_SLOTS   256
#define CONN_STRIPES  64
#define CONN_ENTRIES  1024  /* addresses per stripe */
#define CONN_PER_SLOT 16384 /* connections one worker may hold */

struct conn_entry {
	uint64_t key; /* 0: free */
	uint32_t count;
};

/*
 * Addresses whose key falls into this stripe, by open addressing. The lock
 * is robust: a worker that dies holding it leaves it to the next.
 */
struct conn_stripe {
	pthread_mutex_t lock;
	uint32_t used;
	uint32_t overflow; /* connections of addresses that found no room */
	struct conn_entry entries[CONN_ENTRIES];
};

/* One connection that a worker holds: what a recount starts from. */
struct conn_held {
	uint64_t key; /* 0: free */
	uint32_t listener;
	uint32_t overflow; /* counted there, not under its key */
};

#define RATE_STRIPES 64
#define RATE_SETS    256 /* per stripe */
#define RATE_WAYS    8   /* per set */

struct rate_bucket {
	uint64_t key; /* 0: free */
	int64_t until;
	uint32_t count;
	uint32_t met; /* somebody was told that the limit was met */
};

/* Who has no bucket here had at most `floor` until then (rates.h). */
struct rate_set {
	int64_t floor_until;
	uint32_t floor;
	struct rate_bucket buckets[RATE_WAYS];
};

struct rate_stripe {
	pthread_mutex_t lock; /* robust */
	struct rate_set sets[RATE_SETS];
};

#define REPEAT_STRIPES 20
#define REPEAT_SETS    625 /* per stripe */
#define REPEAT_WAYS    8   /* per set */
#define REPEAT_MINUTES 60

struct repeat {
	uint64_t key;   /* 0: free */
	int64_t minute; /* of the newest count */
	uint16_t counts[REPEAT_MINUTES];
};
struct repeat_set {
	struct repeat v[REPEAT_WAYS];
};
struct repeat_stripe {
	pthread_mutex_t lock; /* robust */
	struct repeat_set sets[REPEAT_SETS];
};

#define DEBUG_COUNTS 256

struct debug_count {
	_Atomic uint64_t key; /* of the log's name; 0: free */
	_Atomic uint64_t taken;
};

struct stats_slot {
	_Alignas(64) _Atomic uint64_t counters[STATS_N_COUNTERS];
	_Atomic int64_t gauges[STATS_N_GAUGES];
	_Atomic uint64_t at; /* stats_at */
	_Atomic uint64_t events_sent, events_written;
	_Atomic int64_t events_since; /* stats_events_wait */
};

struct stats_shm {
	uint64_t size;
	uint64_t hash_key[2];
	_Atomic int64_t started;
	_Atomic uint32_t slots_used; /* the slots after these were never used */
	_Alignas(64) _Atomic uint64_t ids[STATS_N_IDS];
	struct stats_slot slots[STATS_SLOTS];
	_Alignas(64) _Atomic uint32_t conn_total;
	_Atomic uint32_t conn_listener[STATS_LISTENERS];
	struct conn_stripe stripes[CONN_STRIPES];
	struct rate_stripe rates[RATE_STRIPES];
	struct repeat_stripe repeats[REPEAT_STRIPES];
	struct debug_count debug[DEBUG_COUNTS];
	uint32_t held_high[STATS_SLOTS]; /* places ever used, from 0 */
	struct conn_held held[STATS_SLOTS][CONN_PER_SLOT]; /* sparse */
};

struct stats {
	struct stats_shm *shm;
	uint32_t slot;
	uint32_t *held_free; /* stack of free places in held[slot] */
	uint32_t n_held_free;
};

void stats_conn_init(struct stats_shm *);
void stats_rates_init(struct stats_shm *);
void stats_repeats_init(struct stats_shm *);
/* Forgets what `slot` held and counts the others anew. */
void stats_conn_recount(struct stats_shm *, uint32_t slot);

#endif
