/*
 * conn.c - live connections by client address, exact over all workers
 *
 * Each worker writes down what it holds (held); the counts are the sum of
 * that and nothing else. So when a worker dies, the counts are made again
 * from what the living hold, whatever the dead one was doing.
 */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "stats/shm.h"

static uint64_t address_key(const struct stats_shm *, const struct ip *);
static struct conn_stripe *stripe_lock(struct stats_shm *, uint64_t key);
static uint32_t stripe_enter(
    struct conn_stripe *, uint64_t key, bool *overflow);
static void stripe_leave(struct conn_stripe *, uint64_t key, bool overflow);
static void stripe_close_gap(struct conn_stripe *, uint32_t at);
static bool held_take(struct stats *, uint32_t *at);

void
stats_conn_init(struct stats_shm *shm)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (size_t i = 0; i < CONN_STRIPES; i++)
		pthread_mutex_init(&shm->stripes[i].lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

struct stats_conn_counts
stats_conn_enter(struct stats *s, const struct ip *ip, uint32_t listener,
    struct stats_conn *out)
{
	struct stats_conn_counts c;
	struct conn_held *held;
	struct conn_stripe *st;
	uint64_t key = address_key(s->shm, ip);
	bool overflow;

	out->listener = listener % STATS_LISTENERS;
	out->held = held_take(s, &out->bucket);
	if (!out->held) /* over every limit that there can be */
		return (struct stats_conn_counts){ UINT32_MAX, UINT32_MAX,
			UINT32_MAX };
	held = &s->shm->held[s->slot][out->bucket];
	st = stripe_lock(s->shm, key);
	c.of_ip = stripe_enter(st, key, &overflow);
	held->listener = out->listener;
	held->overflow = overflow;
	held->key = key;
	c.of_listener =
	    atomic_fetch_add(&s->shm->conn_listener[out->listener], 1) + 1;
	c.total = atomic_fetch_add(&s->shm->conn_total, 1) + 1;
	pthread_mutex_unlock(&st->lock);
	return c;
}

void
stats_conn_leave(struct stats *s, struct stats_conn *conn)
{
	struct conn_held *held;
	struct conn_stripe *st;

	if (!conn->held)
		return;
	conn->held = false;
	held = &s->shm->held[s->slot][conn->bucket];
	st = stripe_lock(s->shm, held->key);
	stripe_leave(st, held->key, held->overflow != 0);
	held->key = 0;
	atomic_fetch_sub(&s->shm->conn_listener[conn->listener], 1);
	atomic_fetch_sub(&s->shm->conn_total, 1);
	pthread_mutex_unlock(&st->lock);
	s->held_free[s->n_held_free++] = conn->bucket;
}

/*
 * Takes all locks, so no worker is half-way through an entry or a leave:
 * what stands in `held` is the truth.
 */
void
stats_conn_recount(struct stats_shm *shm, uint32_t slot)
{
	uint32_t total = 0, listeners[STATS_LISTENERS] = { 0 };
	bool overflow;

	for (uint64_t i = 0; i < CONN_STRIPES; i++) {
		struct conn_stripe *st = stripe_lock(shm, i);

		memset(st->entries, 0, sizeof(st->entries));
		st->used = st->overflow = 0;
	}
	memset(shm->held[slot], 0,
	    shm->held_high[slot] * sizeof(struct conn_held));
	shm->held_high[slot] = 0;
	for (size_t i = 0; i < STATS_SLOTS; i++) {
		for (size_t j = 0; j < shm->held_high[i]; j++) {
			struct conn_held *h = &shm->held[i][j];

			if (h->key == 0)
				continue;
			stripe_enter(&shm->stripes[h->key % CONN_STRIPES],
			    h->key, &overflow);
			h->overflow = overflow;
			listeners[h->listener]++;
			total++;
		}
	}
	for (size_t i = 0; i < STATS_LISTENERS; i++)
		atomic_store(&shm->conn_listener[i], listeners[i]);
	atomic_store(&shm->conn_total, total);
	for (size_t i = 0; i < CONN_STRIPES; i++)
		pthread_mutex_unlock(&shm->stripes[i].lock);
}

/* IPv6 clients own a /64 at least: they are counted by it (threats LIM-12). */
static uint64_t
address_key(const struct stats_shm *shm, const struct ip *ip)
{
	uint64_t key = hash_sip_key(shm->hash_key, ip->b,
	    ip_is_v4(ip) ? sizeof(ip->b) : sizeof(ip->b) / 2);

	return key != 0 ? key : 1;
}

static struct conn_stripe *
stripe_lock(struct stats_shm *shm, uint64_t key)
{
	struct conn_stripe *st = &shm->stripes[key % CONN_STRIPES];

	/* Its owner died: the master's recount puts the numbers right. */
	if (pthread_mutex_lock(&st->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&st->lock);
	return st;
}

static uint32_t
stripe_enter(struct conn_stripe *st, uint64_t key, bool *overflow)
{
	uint32_t at = (uint32_t)(key / CONN_STRIPES) % CONN_ENTRIES;

	*overflow = false;
	for (size_t i = 0; i < CONN_ENTRIES; i++) {
		struct conn_entry *e = &st->entries[at];

		if (e->key == key)
			return ++e->count;
		if (e->key == 0) {
			/* one stays free, so that every search ends */
			if (st->used == CONN_ENTRIES - 1)
				break;
			st->used++;
			*e = (struct conn_entry){ key, 1 };
			return 1;
		}
		at = (at + 1) % CONN_ENTRIES;
	}
	*overflow = true;
	return ++st->overflow;
}

static void
stripe_leave(struct conn_stripe *st, uint64_t key, bool overflow)
{
	uint32_t at = (uint32_t)(key / CONN_STRIPES) % CONN_ENTRIES;

	if (overflow) {
		st->overflow -= st->overflow > 0;
		return;
	}
	while (st->entries[at].key != key) {
		if (st->entries[at].key == 0)
			return;
		at = (at + 1) % CONN_ENTRIES;
	}
	if (--st->entries[at].count == 0)
		stripe_close_gap(st, at);
}

/* Moves later entries of the same run up, so that searches find them. */
static void
stripe_close_gap(struct conn_stripe *st, uint32_t at)
{
	uint32_t from = at, home;

	st->used--;
	for (;;) {
		st->entries[at] = (struct conn_entry){ 0, 0 };
		do {
			from = (from + 1) % CONN_ENTRIES;
			if (st->entries[from].key == 0)
				return;
			home =
			    (uint32_t)(st->entries[from].key / CONN_STRIPES) %
			    CONN_ENTRIES;
		} while (at <= from ? (at < home && home <= from)
				    : (at < home || home <= from));
		st->entries[at] = st->entries[from];
		at = from;
	}
}

/* A free place in this worker's own list; low ones first, so that a recount
 * has little to look at. */
static bool
held_take(struct stats *s, uint32_t *at)
{
	if (s->held_free == NULL) {
		s->held_free = mem_array(CONN_PER_SLOT, sizeof(uint32_t));
		for (uint32_t i = 0; i < CONN_PER_SLOT; i++)
			s->held_free[i] = CONN_PER_SLOT - 1 - i;
		s->n_held_free = CONN_PER_SLOT;
	}
	if (s->n_held_free == 0)
		return false;
	*at = s->held_free[--s->n_held_free];
	if (*at >= s->shm->held_high[s->slot])
		s->shm->held_high[s->slot] = *at + 1;
	return true;
}
