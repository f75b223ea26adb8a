/* stats.c - counters, gauges and ids in shared memory; conn.c has the rest */
#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "stats/shm.h"

static size_t used(const struct stats *);
static void bump(_Atomic uint64_t *, uint64_t n);

static const char *const counter_names[] = {
#define NAME(name, label) #name,
	STATS_COUNTERS(NAME)
#undef NAME
};
static const char *const counter_labels[] = {
#define LABEL(name, label) label,
	STATS_COUNTERS(LABEL)
#undef LABEL
};
static const char *const gauge_names[] = {
#define NAME(name, label) #name,
	STATS_GAUGES(NAME)
#undef NAME
};
static const char *const gauge_labels[] = {
#define LABEL(name, label) label,
	STATS_GAUGES(LABEL)
#undef LABEL
};

struct stats *
stats_create(int *fd, struct err *err)
{
	struct stats *s;

	*fd = memfd_create("postern-stats", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd == -1 ||
	    ftruncate(*fd, (off_t)sizeof(struct stats_shm)) == -1) {
		err_sys(err, ERR_TEMP, "create shared memory");
		return NULL;
	}
	s = stats_map(*fd, false, err);
	if (s == NULL)
		return NULL;
	s->shm->size = sizeof(struct stats_shm);
	atomic_store(&s->shm->slots_used, 1);
	if (getrandom(s->shm->hash_key, sizeof(s->shm->hash_key), 0) == -1)
		panic("getrandom: %d", errno);
	stats_conn_init(s->shm);
	stats_rates_init(s->shm);
	stats_repeats_init(s->shm);
	return s;
}

struct stats *
stats_map(int fd, bool read_only, struct err *err)
{
	struct stats *s;
	struct stat st;
	void *p;

	if (fstat(fd, &st) == -1) {
		err_sys(err, ERR_TEMP, "shared memory");
		return NULL;
	}
	if (st.st_size != (off_t)sizeof(struct stats_shm)) {
		err_set(err, ERR_PROTO,
		    "shared memory has %jd bytes, not %zu: programs of "
		    "different versions",
		    (intmax_t)st.st_size, sizeof(struct stats_shm));
		return NULL;
	}
	p = mmap(NULL, sizeof(struct stats_shm),
	    read_only ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		err_sys(err, ERR_TEMP, "map shared memory");
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->shm = p;
	return s;
}

void
stats_unmap(struct stats **sp)
{
	struct stats *s = *sp;

	if (s == NULL)
		return;
	munmap(s->shm, sizeof(struct stats_shm));
	free(s->held_free);
	free(s);
	*sp = NULL;
}

void
stats_use_slot(struct stats *s, uint32_t slot)
{
	uint32_t now = atomic_load(&s->shm->slots_used);

	if (slot >= STATS_SLOTS)
		panic("shared memory slot %u of %u", slot, STATS_SLOTS);
	s->slot = slot;
	while (now <= slot && !atomic_compare_exchange_weak(
				  &s->shm->slots_used, &now, slot + 1))
		continue;
}

/*
 * Counters stay: the next process in this slot counts on from there, so that
 * no sum ever goes down. What was alive with the process ends with it.
 */
void
stats_slot_died(struct stats *s, uint32_t slot)
{
	for (size_t i = 0; i < STATS_N_GAUGES; i++)
		atomic_store_explicit(
		    &s->shm->slots[slot].gauges[i], 0, memory_order_relaxed);
	atomic_store(&s->shm->slots[slot].events_since, 0);
	stats_conn_recount(s->shm, slot);
}

void
stats_set_at(struct stats *s, uint64_t what)
{
	atomic_store_explicit(
	    &s->shm->slots[s->slot].at, what, memory_order_relaxed);
}

uint64_t
stats_at(const struct stats *s)
{
	return atomic_load_explicit(
	    &s->shm->slots[s->slot].at, memory_order_relaxed);
}

void
stats_events_sent(struct stats *s, uint64_t n)
{
	bump(&s->shm->slots[s->slot].events_sent, n);
}

void
stats_events_written(struct stats *s, uint64_t n)
{
	bump(&s->shm->slots[s->slot].events_written, n);
}

/* What was written first: more may be sent meanwhile. */
uint64_t
stats_events_between(const struct stats *s)
{
	const size_t n = used(s);
	uint64_t written = 0, sent = 0;

	for (size_t i = 0; i < n; i++)
		written += atomic_load(&s->shm->slots[i].events_written);
	for (size_t i = 0; i < n; i++)
		sent += atomic_load(&s->shm->slots[i].events_sent);
	return sent > written ? sent - written : 0;
}

void
stats_events_wait(struct stats *s, int64_t since)
{
	atomic_store(&s->shm->slots[s->slot].events_since, since);
}

int64_t
stats_events_oldest(const struct stats *s)
{
	const size_t n = used(s);
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; i < n; i++) {
		int64_t since = atomic_load(&s->shm->slots[i].events_since);

		if (since != 0 && since < oldest)
			oldest = since;
	}
	return oldest;
}

void
stats_add(struct stats *s, enum stats_counter c, uint64_t n)
{
	bump(&s->shm->slots[s->slot].counters[c], n);
}

void
stats_gauge_add(struct stats *s, enum stats_gauge g, int64_t n)
{
	_Atomic int64_t *p = &s->shm->slots[s->slot].gauges[g];

	atomic_store_explicit(p,
	    atomic_load_explicit(p, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

void
stats_gauge_set(struct stats *s, enum stats_gauge g, int64_t n)
{
	atomic_store_explicit(
	    &s->shm->slots[s->slot].gauges[g], n, memory_order_relaxed);
}

uint64_t
stats_sum(const struct stats *s, enum stats_counter c)
{
	const size_t n = used(s);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += atomic_load_explicit(
		    &s->shm->slots[i].counters[c], memory_order_relaxed);
	return sum;
}

int64_t
stats_gauge_sum(const struct stats *s, enum stats_gauge g)
{
	const size_t n = used(s);
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += atomic_load_explicit(
		    &s->shm->slots[i].gauges[g], memory_order_relaxed);
	return sum;
}

uint64_t
stats_next_id(struct stats *s, enum stats_id id)
{
	return atomic_fetch_add_explicit(
		   &s->shm->ids[id], 1, memory_order_relaxed) +
	       1;
}

uint64_t
stats_last_id(const struct stats *s, enum stats_id id)
{
	return atomic_load_explicit(&s->shm->ids[id], memory_order_relaxed);
}

void
stats_id_floor(struct stats *s, enum stats_id id, uint64_t at_least)
{
	uint64_t now = stats_last_id(s, id);

	while (now < at_least &&
	       !atomic_compare_exchange_weak(&s->shm->ids[id], &now, at_least))
		continue;
}

int64_t
stats_started(const struct stats *s)
{
	return atomic_load(&s->shm->started);
}

void
stats_set_started(struct stats *s, int64_t wall_ms)
{
	atomic_store(&s->shm->started, wall_ms);
}

const char *
stats_counter_name(enum stats_counter c)
{
	return counter_names[c];
}

const char *
stats_counter_label(enum stats_counter c)
{
	return counter_labels[c];
}

const char *
stats_gauge_name(enum stats_gauge g)
{
	return gauge_names[g];
}

const char *
stats_gauge_label(enum stats_gauge g)
{
	return gauge_labels[g];
}

/* Any program may have written it. */
static size_t
used(const struct stats *s)
{
	size_t n =
	    atomic_load_explicit(&s->shm->slots_used, memory_order_relaxed);

	return n < STATS_SLOTS ? n : STATS_SLOTS;
}

/* One writer per slot, so a plain load and store does: no locked cycle. */
static void
bump(_Atomic uint64_t *p, uint64_t n)
{
	atomic_store_explicit(p,
	    atomic_load_explicit(p, memory_order_relaxed) + n,
	    memory_order_relaxed);
}
