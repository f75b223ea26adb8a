/* debug.c - how many connections a debug log has recorded */
#include "stats/debug.h"

#include "base/hash.h"
#include "stats/shm.h"

static struct debug_count *find(struct stats *, struct str log);
static uint64_t key_of(const struct stats *, struct str log);

/* Who takes the last one and who comes too late is settled by the counter
 * itself; it goes on counting beyond the limit, which is of no harm. */
bool
stats_debug_take(struct stats *s, struct str log, uint64_t limit)
{
	struct debug_count *c = find(s, log);

	return c != NULL && atomic_load(&c->taken) < limit &&
	       atomic_fetch_add(&c->taken, 1) < limit;
}

uint64_t
stats_debug_taken(const struct stats *s, struct str log)
{
	uint64_t key = key_of(s, log);

	for (size_t i = 0; i < DEBUG_COUNTS; i++) {
		const struct debug_count *c =
		    &s->shm->debug[(key + i) % DEBUG_COUNTS];
		uint64_t is = atomic_load(&c->key);

		if (is == key)
			return atomic_load(&c->taken);
		if (is == 0)
			break;
	}
	return 0;
}

void
stats_debug_restore(struct stats *s, struct str log, uint64_t taken)
{
	struct debug_count *c = find(s, log);
	uint64_t none = 0;

	if (c != NULL)
		atomic_compare_exchange_strong(&c->taken, &none, taken);
}

void
stats_debug_reset(struct stats *s, struct str log)
{
	struct debug_count *c = find(s, log);

	if (c != NULL)
		atomic_store(&c->taken, 0);
}

/* Places are never given back: names come back, too. */
static struct debug_count *
find(struct stats *s, struct str log)
{
	uint64_t key = key_of(s, log);

	for (size_t i = 0; i < DEBUG_COUNTS; i++) {
		struct debug_count *c =
		    &s->shm->debug[(key + i) % DEBUG_COUNTS];
		uint64_t is = 0;

		if (atomic_load(&c->key) == key ||
		    atomic_compare_exchange_strong(&c->key, &is, key) ||
		    is == key)
			return c;
	}
	return NULL;
}

static uint64_t
key_of(const struct stats *s, struct str log)
{
	return hash_sip_key(s->shm->hash_key, log.p, log.n) | 1;
}
