/*
 * rates.c - how often something happened in a window, exact over all workers
 *
 * What is written, and in which order, is right for a reader who comes after
 * a writer that was killed half-way: a bucket has no key while it changes
 * hands, and the set's floor is raised before a count disappears.
 */
#include "stats/rates.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "stats/shm.h"

#define RATES_MAX 8 /* taken together */

/* Nothing that is written before is moved behind by the compiler. */
#define WRITTEN() atomic_signal_fence(memory_order_seq_cst)

static uint64_t key_of(
    const struct stats *, uint8_t kind, uint8_t bits, struct str bytes);
static size_t stripe_of(uint64_t key);
static struct rate_set *set_of(struct stats *, uint64_t key);
static void lock(struct stats *, size_t stripe);
static void unlock(struct stats *, size_t stripe);
static size_t lock_all(
    struct stats *, const struct rate *, size_t n, size_t stripes[RATES_MAX]);
static uint64_t count_of(struct stats *, const struct rate *, int64_t now);
static void add(struct stats *, const struct rate *, int64_t now);
static struct rate_bucket *find(struct rate_set *, uint64_t key);
static struct rate_bucket *make_room(struct rate_set *, int64_t now);
static uint32_t floor_of(const struct rate_set *, int64_t now);

void
stats_rates_init(struct stats_shm *shm)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (size_t i = 0; i < RATE_STRIPES; i++)
		pthread_mutex_init(&shm->rates[i].lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

uint64_t
stats_rate_of_ip(const struct stats *s, enum rate_kind kind,
    const struct ip *ip, uint64_t bits)
{
	size_t from = ip_is_v4(ip) ? 96 : 0;
	struct ip part = *ip;

	if (bits > 128 - from)
		bits = 128 - from;
	for (size_t i = from + bits; i < 128; i++)
		part.b[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return key_of(s, (uint8_t)kind, (uint8_t)bits,
	    (struct str){ (const char *)part.b, sizeof(part.b) });
}

uint64_t
stats_rate_of_text(const struct stats *s, enum rate_kind kind, struct str text)
{
	return key_of(s, (uint8_t)kind, UINT8_MAX, text);
}

bool
stats_rate_take(struct stats *s, struct rate *v, size_t n, int64_t now)
{
	size_t stripes[RATES_MAX], n_stripes = lock_all(s, v, n, stripes);
	bool fits = true;

	for (size_t i = 0; i < n; i++) {
		v[i].count = count_of(s, &v[i], now) + 1;
		fits = fits && v[i].count <= v[i].limit;
	}
	for (size_t i = 0; i < n && fits; i++)
		add(s, &v[i], now);
	for (size_t i = 0; i < n_stripes; i++)
		unlock(s, stripes[i]);
	return fits;
}

uint64_t
stats_rate_peek(struct stats *s, const struct rate *r, int64_t now)
{
	uint64_t count;

	lock(s, stripe_of(r->key));
	count = count_of(s, r, now) + 1;
	unlock(s, stripe_of(r->key));
	return count;
}

bool
stats_rate_met(struct stats *s, const struct rate *r, int64_t now)
{
	struct rate_bucket *b;
	bool first = false;

	lock(s, stripe_of(r->key));
	b = find(set_of(s, r->key), r->key);
	if (b != NULL && now < b->until) {
		first = b->met == 0;
		b->met = 1;
	}
	unlock(s, stripe_of(r->key));
	return first;
}

static uint64_t
key_of(const struct stats *s, uint8_t kind, uint8_t bits, struct str bytes)
{
	char text[2 + 1024];
	size_t n = bytes.n < 1024 ? bytes.n : 1024;
	uint64_t key;

	text[0] = (char)kind;
	text[1] = (char)bits;
	memcpy(text + 2, bytes.p, n);
	key = hash_sip_key(s->shm->hash_key, text, n + 2);
	return key != 0 ? key : 1;
}

static size_t
stripe_of(uint64_t key)
{
	return key % RATE_STRIPES;
}

static struct rate_set *
set_of(struct stats *s, uint64_t key)
{
	return &s->shm->rates[stripe_of(key)]
		    .sets[key / RATE_STRIPES % RATE_SETS];
}

static void
lock(struct stats *s, size_t stripe)
{
	pthread_mutex_t *m = &s->shm->rates[stripe].lock;

	if (pthread_mutex_lock(m) == EOWNERDEAD)
		pthread_mutex_consistent(m);
}

static void
unlock(struct stats *s, size_t stripe)
{
	pthread_mutex_unlock(&s->shm->rates[stripe].lock);
}

/* Each part once, in ascending order: so nobody waits in a circle. */
static size_t
lock_all(
    struct stats *s, const struct rate *v, size_t n, size_t stripes[RATES_MAX])
{
	size_t n_stripes = 0;

	if (n > RATES_MAX)
		panic("rates: %zu at once", n);
	for (size_t i = 0; i < n; i++) {
		size_t stripe = stripe_of(v[i].key), at = n_stripes;

		while (at > 0 && stripes[at - 1] > stripe)
			at--;
		if (at > 0 && stripes[at - 1] == stripe)
			continue;
		memmove(stripes + at + 1, stripes + at,
		    (n_stripes - at) * sizeof(*stripes));
		stripes[at] = stripe;
		n_stripes++;
	}
	for (size_t i = 0; i < n_stripes; i++)
		lock(s, stripes[i]);
	return n_stripes;
}

static uint64_t
count_of(struct stats *s, const struct rate *r, int64_t now)
{
	struct rate_set *set = set_of(s, r->key);
	const struct rate_bucket *b = find(set, r->key);

	if (b == NULL)
		return floor_of(set, now);
	return now < b->until ? b->count : 0;
}

static void
add(struct stats *s, const struct rate *r, int64_t now)
{
	struct rate_set *set = set_of(s, r->key);
	struct rate_bucket *b = find(set, r->key);
	uint32_t count = 0;

	if (b != NULL && now < b->until) {
		b->count += b->count < UINT32_MAX;
		return;
	}
	if (b == NULL) {
		count = floor_of(set, now);
		b = make_room(set, now);
	}
	b->key = 0;
	WRITTEN();
	b->count = count + 1;
	b->met = 0;
	b->until = now + r->window;
	WRITTEN();
	b->key = r->key;
}

static struct rate_bucket *
find(struct rate_set *set, uint64_t key)
{
	for (size_t i = 0; i < RATE_WAYS; i++)
		if (set->buckets[i].key == key)
			return &set->buckets[i];
	return NULL;
}

/* One that nobody needs any more; else the smallest, which the set's floor
 * remembers. */
static struct rate_bucket *
make_room(struct rate_set *set, int64_t now)
{
	struct rate_bucket *least = &set->buckets[0];

	for (size_t i = 0; i < RATE_WAYS; i++) {
		struct rate_bucket *b = &set->buckets[i];

		if (b->key == 0 || now >= b->until)
			return b;
		if (b->count < least->count)
			least = b;
	}
	if (floor_of(set, now) < least->count)
		set->floor = least->count;
	if (set->floor_until < least->until)
		set->floor_until = least->until;
	WRITTEN();
	return least;
}

static uint32_t
floor_of(const struct rate_set *set, int64_t now)
{
	return now < set->floor_until ? set->floor : 0;
}
