/* repeats.c - how often a text was seen in the last hour */
#include "stats/repeats.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "stats/shm.h"

#define MINUTE 60000

static uint64_t look(
    struct stats *, struct str text, int64_t now, unsigned count);
static struct repeat *find(struct repeat_set *, uint64_t key);
static void forget_old(struct repeat *, int64_t minute);

void
stats_repeats_init(struct stats_shm *shm)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (size_t i = 0; i < REPEAT_STRIPES; i++)
		pthread_mutex_init(&shm->repeats[i].lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

uint64_t
stats_repeat(struct stats *s, struct str text, int64_t now)
{
	return look(s, text, now, 1);
}

uint64_t
stats_repeat_again(struct stats *s, struct str text, int64_t now)
{
	uint64_t n = look(s, text, now, 0);

	return n > 0 ? n - 1 : 0;
}

/* Whoever dies in between leaves counts that are right or one short. */
static uint64_t
look(struct stats *s, struct str text, int64_t now, unsigned count)
{
	uint64_t key = hash_sip_key(s->shm->hash_key, text.p, text.n);
	struct repeat_stripe *stripe = &s->shm->repeats[key % REPEAT_STRIPES];
	int64_t minute = now / MINUTE;
	uint64_t before = 0;
	struct repeat *r;

	if (key == 0)
		key = 1;
	if (pthread_mutex_lock(&stripe->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&stripe->lock);
	r = find(&stripe->sets[key / REPEAT_STRIPES % REPEAT_SETS], key);
	forget_old(r, minute);
	for (size_t i = 0; i < REPEAT_MINUTES; i++)
		before += r->counts[i];
	if (r->counts[minute % REPEAT_MINUTES] < UINT16_MAX)
		r->counts[minute % REPEAT_MINUTES] += count;
	pthread_mutex_unlock(&stripe->lock);
	return before;
}

static struct repeat *
find(struct repeat_set *set, uint64_t key)
{
	struct repeat *oldest = &set->v[0];

	for (size_t i = 0; i < REPEAT_WAYS; i++) {
		if (set->v[i].key == key)
			return &set->v[i];
		if (set->v[i].minute < oldest->minute)
			oldest = &set->v[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->key = key;
	return oldest;
}

/* The bucket of a minute is used again an hour later. */
static void
forget_old(struct repeat *r, int64_t minute)
{
	if (minute - r->minute >= REPEAT_MINUTES)
		memset(r->counts, 0, sizeof(r->counts));
	else
		for (int64_t m = r->minute + 1; m <= minute; m++)
			r->counts[m % REPEAT_MINUTES] = 0;
	if (minute > r->minute)
		r->minute = minute;
}
