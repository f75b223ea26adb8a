/* recorder_turn.c - the events of one turn of the loop, put in order */
#include "master/recorder_turn.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MEM_MAX    (32 * 1024 * 1024)
#define MEM_WRITE  (8 * 1024 * 1024) /* events of this size: write now */
#define MEM_TIDY   (256 * 1024)      /* ... or the memory is made anew */
#define AHEAD_MAX  INT64_C(1000000)  /* us that a stamp may be in the future */
#define BEHIND_MAX INT64_C(86400000000)

struct recorder_item {
	int64_t when;
	size_t seq;
	enum event_id id;
	const void *fields;
	struct str body; /* as it came */
};

static void drop(struct recorder_turn *, size_t n);
static void keep(struct recorder_turn *, const struct recorder_item *);
static int by_time(const void *, const void *);

void
recorder_turn_init(struct recorder_turn *t)
{
	*t = (struct recorder_turn){ .n = 0 };
	arena_init(&t->mem, MEM_MAX);
}

void
recorder_turn_fini(struct recorder_turn *t)
{
	arena_free(&t->mem);
	free(t->items);
}

bool
recorder_turn_full(const struct recorder_turn *t, size_t body)
{
	return t->mem.used + body > MEM_WRITE;
}

int
recorder_turn_add(
    struct recorder_turn *t, struct str body, int64_t now_us, struct err *err)
{
	_Alignas(max_align_t) char fields[EVENT_FIELDS_MAX];
	struct recorder_item it = { .seq = t->seq++ };
	size_t size;
	char *copy;

	body = arena_str(&t->mem, body);
	if (event_decode(body, &it.id, &it.when, fields, &t->mem, err) == -1)
		return -1;
	if (it.when > now_us + AHEAD_MAX || it.when < now_us - BEHIND_MAX)
		it.when = now_us;
	size = event_spec(it.id)->codec->size;
	copy = arena_alloc(&t->mem, size);
	memcpy(copy, fields, size);
	it.fields = copy;
	it.body = body;
	t->items = mem_room(t->items, &t->cap, t->n, sizeof(*t->items));
	if (t->n != 0 && it.when < t->items[t->n - 1].when)
		t->mixed = true;
	t->items[t->n++] = it;
	return 0;
}

const void *
recorder_turn_last(const struct recorder_turn *t, enum event_id *id)
{
	*id = t->items[t->n - 1].id;
	return t->items[t->n - 1].fields;
}

void
recorder_turn_write(struct recorder_turn *t, struct recorder_log *const *logs,
    size_t n_logs, const struct recorder_taker *taker, int64_t until_us)
{
	size_t i;

	if (t->mixed)
		qsort(t->items, t->n, sizeof(*t->items), by_time);
	for (i = 0; i < t->n && t->items[i].when <= until_us; i++) {
		const struct recorder_item *it = &t->items[i];

		for (size_t j = 0; j < n_logs; j++)
			recorder_log_event(
			    logs[j], it->id, it->when, it->fields);
		if (taker != NULL)
			taker->take(
			    taker->arg, it->id, it->when, it->fields, it->body);
	}
	t->mixed = false;
	drop(t, i);
}

/*
 * The memory of those that were written goes as a whole, so now and then what
 * stays is taken in once more.
 */
static void
drop(struct recorder_turn *t, size_t n)
{
	struct recorder_turn rest;

	if (n < t->n && t->mem.used < MEM_TIDY) {
		t->n -= n;
		memmove(t->items, t->items + n, t->n * sizeof(*t->items));
		return;
	}
	recorder_turn_init(&rest);
	for (; n < t->n; n++)
		keep(&rest, &t->items[n]);
	recorder_turn_fini(t);
	*t = rest;
}

/* It was checked before. */
static void
keep(struct recorder_turn *rest, const struct recorder_item *it)
{
	struct err err = ERR_INIT;

	if (recorder_turn_add(rest, it->body, it->when, &err) == -1)
		panic("an event that was good: %s", err.text);
}

static int
by_time(const void *pa, const void *pb)
{
	const struct recorder_item *a = pa, *b = pb;

	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	return a->seq < b->seq ? -1 : 1;
}
