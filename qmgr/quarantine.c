/* quarantine.c - what is held, until when, and how it leaves */
#include "qmgr/quarantine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/event.h"
#include "qmgr/quarantine_index.h"

#define AGAIN_MS     10000
#define DAY_MS       ((int64_t)86400 * 1000)
#define SAVE_MEM     ((size_t)16 * 1024 * 1024)
#define UNCLASSIFIED "Unclassified"

static void add_holds(
    struct quarantines *, struct stored *, const struct stored_info *);
static void add_helds(
    struct quarantines *, struct stored *, const struct stored_info *);
static int64_t retention_ms(const struct hold_rec *, const struct box *);
static void step(struct quarantines *, struct stored *);
static bool admit(struct quarantines *, struct stored *);
static bool make_room(struct quarantines *, const struct stored *);
static struct entry *first_to_go(const struct quarantines *, enum held_pool);
static uint64_t space_of(const struct quarantines *, enum held_pool);
static void alert_level(struct quarantines *);
static void save(struct quarantines *, struct stored *);
static void occupy(struct quarantines *, const struct stored *, bool in);
static bool is_dirty(const struct stored *);
static size_t count(const struct stored *, enum held_state);
static void leave(struct quarantines *, struct entry *, enum held_state);
static void by_default(struct quarantines *, struct entry *, const char *why);
static void finish(struct quarantines *, struct stored *);
static void again(struct quarantines *, struct stored *);
static void warn(const struct stored *, const char *what, const struct err *);

void
quarantine_init(struct quarantines *qs, struct qmgr *q,
    const struct held_ops *ops, void *arg)
{
	*qs = (struct quarantines){ .q = q,
		.ops = ops,
		.arg = arg,
		.base_wall = q->wall,
		.base_now = q->now };
	map_init(&qs->stored);
	map_init(&qs->releasing);
	map_init(&qs->boxes);
	index_config(qs);
}

int64_t
quarantine_clock(const struct quarantines *qs)
{
	return qs->base_wall + (qs->q->now - qs->base_now);
}

void
quarantine_take(struct quarantines *qs, const struct stored_info *in)
{
	static const struct hold_rec nobody = { .quarantine =
						    STR(UNCLASSIFIED) };
	static const struct hold_rec spam = { .quarantine =
						  STR(QUARANTINE_SPAM_NAME) };
	const struct stored_info unknown = {
		.holds = in->spam ? &spam : &nobody, .n_holds = 1
	};
	struct stored *s;

	if (quarantine_find(qs, in->mid) != NULL)
		return;
	s = index_new(qs, in);
	if (in->n_helds > 0)
		add_helds(qs, s, in);
	else
		add_holds(qs, s, in);
	if (s->entries == NULL)
		add_holds(qs, s, &unknown);
	s->pool = (uint8_t)index_pool(s->entries->box);
	if (in->place == QUEUE_QUARANTINE) {
		/* it has its room already */
		s->fits = true;
		if (count(s, HELD_IN) > 0)
			occupy(qs, s, true);
		for (struct entry *e = s->entries; e != NULL; e = e->next)
			index_enter(qs, e);
	}
	step(qs, s);
}

void
quarantine_seen(struct quarantines *qs, uint64_t mid, int64_t arrival)
{
	struct stored *s = map_get_u64(&qs->releasing, mid);

	if (s == NULL || s->arrival != arrival)
		return;
	s->arrived = true;
	step(qs, s);
}

void
quarantine_saved(struct quarantines *qs, struct save *v)
{
	struct stored *s = v->stored;
	bool failed = v->err.kind != ERR_NONE;

	s->saving = false;
	if (v->moved)
		s->place = QUEUE_QUARANTINE;
	for (struct entry *e = s->entries; e != NULL; e = e->next) {
		if (failed) {
			e->dirty = true;
			continue;
		}
		if (e->told)
			continue;
		e->told = true;
		if (s->pool == POOL_SPAM)
			EMIT(SPAM_QUARANTINED, .mid = s->mid);
		else
			EMIT(QUARANTINED, .mid = s->mid,
			    .quarantine = e->box->name,
			    .text = str_of(e->reason));
	}
	if (failed) {
		if (v->releasing != 0) {
			map_remove_u64(&qs->releasing, s->releasing);
			s->releasing = 0;
		}
		warn(s, "cannot be recorded as held", &v->err);
		again(qs, s);
	}
	arena_free(&v->mem);
	free(v);
	if (!failed)
		step(qs, s);
}

void
quarantine_sent(struct quarantines *qs, struct stored *s, bool safe)
{
	s->sending = false;
	s->arrived = s->arrived || safe;
	if (s->arrived)
		step(qs, s);
	else
		again(qs, s);
}

void
quarantine_release(struct quarantines *qs, struct entry *e, const char *why)
{
	EMIT(QUARANTINE_RELEASED, .mid = e->stored->mid,
	    .quarantine = e->box->name, .text = str_of(why));
	leave(qs, e, HELD_RELEASED);
}

void
quarantine_delete(struct quarantines *qs, struct entry *e, const char *why)
{
	EMIT(QUARANTINE_DELETED, .mid = e->stored->mid,
	    .quarantine = e->box->name, .text = str_of(why));
	leave(qs, e, HELD_DELETED);
}

void
quarantine_delay(struct quarantines *qs, struct entry *e, int64_t expires)
{
	index_leave(qs, e);
	e->expires = expires;
	e->dirty = true;
	if (e->stored->fits)
		index_enter(qs, e);
	step(qs, e->stored);
}

void
quarantine_move(struct quarantines *qs, struct entry *e, struct box *to)
{
	struct stored *s = e->stored;
	struct entry *there = index_entry(s, to);

	if (there == e)
		return;
	if (there == NULL)
		there = index_add(s, to);
	else if (there->state == HELD_IN)
		index_leave(qs, there);
	free(there->reason);
	there->reason = mem_strdup(e->reason);
	there->state = HELD_IN;
	there->entered = e->entered;
	there->expires = quarantine_clock(qs) + retention_ms(NULL, to);
	there->dirty = true;
	there->told = false;
	if (s->fits)
		index_enter(qs, there);
	leave(qs, e, HELD_MOVED);
}

void
quarantine_config(struct quarantines *qs)
{
	struct box *other = quarantine_box(qs, STR(UNCLASSIFIED));
	struct entry *e;

	index_config(qs);
	/* each move takes one out of the heap that it is found by */
	while ((e = index_homeless(qs)) != NULL)
		quarantine_move(qs, e, other);
}

void
quarantine_tick(struct quarantines *qs)
{
	int64_t clock = quarantine_clock(qs);
	struct heap_node *n;

	while (
	    (n = heap_top(&qs->expiries)) != NULL && n->key <= (uint64_t)clock)
		by_default(qs, HEAP_OBJ(n, struct entry, expiry), "expired");
	while ((n = heap_top(&qs->later)) != NULL &&
	       n->key <= (uint64_t)qs->q->now) {
		heap_pop(&qs->later);
		step(qs, HEAP_OBJ(n, struct stored, later));
	}
}

int64_t
quarantine_next(const struct quarantines *qs)
{
	struct heap_node *e = heap_top(&qs->expiries);
	struct heap_node *l = heap_top(&qs->later);
	int64_t at = 0;

	if (e != NULL)
		at = (int64_t)e->key - qs->base_wall + qs->base_now;
	if (e != NULL && at < qs->q->now)
		at = qs->q->now;
	if (l != NULL && (e == NULL || (int64_t)l->key < at))
		at = (int64_t)l->key;
	return at;
}

/* --- coming in --- */

static void
add_holds(
    struct quarantines *qs, struct stored *s, const struct stored_info *in)
{
	int64_t clock = quarantine_clock(qs);

	for (size_t i = 0; i < in->n_holds; i++) {
		const struct hold_rec *h = &in->holds[i];
		struct box *box = quarantine_box(qs, h->quarantine);
		struct entry *e;

		if (box == NULL)
			box = quarantine_box(qs, STR(UNCLASSIFIED));
		if (index_entry(s, box) != NULL)
			continue;
		e = index_add(s, box);
		e->reason = mem_strndup(
		    h->reason.n > 0 ? h->reason.p : "", h->reason.n);
		e->entered = clock;
		e->expires = clock + retention_ms(h, box);
		e->dirty = true;
	}
}

static void
add_helds(
    struct quarantines *qs, struct stored *s, const struct stored_info *in)
{
	for (size_t i = 0; i < in->n_helds; i++) {
		const struct held_rec *h = &in->helds[i];
		struct box *box = quarantine_box(qs, h->quarantine);
		bool lost = box == NULL;
		struct entry *e;

		if (lost && h->state != HELD_IN)
			box = index_box(qs, h->quarantine);
		else if (lost)
			box = quarantine_box(qs, STR(UNCLASSIFIED));
		e = index_entry(s, box);
		if (e != NULL)
			continue;
		e = index_add(s, box);
		e->reason = mem_strndup(
		    h->reason.n > 0 ? h->reason.p : "", h->reason.n);
		e->state = h->state;
		e->entered = h->entered;
		e->expires = h->expires;
		e->dirty = lost && h->state == HELD_IN;
		e->told = !e->dirty;
	}
}

static int64_t
retention_ms(const struct hold_rec *h, const struct box *box)
{
	if (h != NULL && h->retention > 0)
		return (int64_t)h->retention * 1000;
	if (box->config != NULL && box->config->retention > 0)
		return (int64_t)box->config->retention * 1000;
	return DAY_MS; /* Outbreak, by nobody's word */
}

/* --- the way of a message --- */

static void
step(struct quarantines *qs, struct stored *s)
{
	if (s->saving || s->sending)
		return;
	heap_remove(&qs->later, &s->later);
	if (s->arrived) {
		EMIT(MID_REWRITTEN, .mid = s->mid, .other = s->releasing,
		    .by = STR("System Quarantine"));
		finish(qs, s);
	} else if (count(s, HELD_IN) == 0 && count(s, HELD_DELETED) > 0) {
		EMIT(DELETED_FROM_ALL, .mid = s->mid);
		finish(qs, s);
	} else if (count(s, HELD_IN) > 0 && !s->fits && !admit(qs, s)) {
		again(qs, s);
	} else if (count(s, HELD_IN) == 0 && s->releasing == 0) {
		EMIT(RELEASED_FROM_ALL, .mid = s->mid);
		s->releasing = stats_next_id(qs->q->stats, STATS_MID);
		map_put_u64(&qs->releasing, s->releasing, s);
		save(qs, s);
	} else if (s->place != QUEUE_QUARANTINE || is_dirty(s)) {
		save(qs, s);
	} else if (s->releasing != 0) {
		s->sending = true;
		qs->ops->send(qs->arg, s);
	}
}

/* Is there room for it, or can some be made? */
static bool
admit(struct quarantines *qs, struct stored *s)
{
	char text[200];

	if (!make_room(qs, s)) {
		snprintf(text, sizeof(text),
		    "The quarantines are full and may not release or delete "
		    "anything: MID %" PRIu64 " waits",
		    s->mid);
		if (!s->warned)
			EMIT(ALERT, .text = str_of(text));
		s->warned = true;
		return false;
	}
	s->fits = true;
	occupy(qs, s, true);
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		index_enter(qs, e);
	alert_level(qs);
	return true;
}

static bool
make_room(struct quarantines *qs, const struct stored *s)
{
	uint64_t space = space_of(qs, (enum held_pool)s->pool);
	const uint64_t *used = &qs->bytes[s->pool];
	struct entry *e;

	/* One that is larger than all of it is held when it is alone. */
	while (*used > 0 && (*used > space || s->size > space - *used)) {
		e = first_to_go(qs, (enum held_pool)s->pool);
		if (e == NULL)
			return false;
		by_default(qs, e, "queue full");
	}
	return true;
}

/* Of those that may be let go early. */
static struct entry *
first_to_go(const struct quarantines *qs, enum held_pool pool)
{
	struct entry *first = NULL;

	MAP_FOREACH (&qs->boxes, it) {
		struct box *b = it.value;
		struct heap_node *n = heap_top(&b->by_age);
		struct entry *e;

		if (n == NULL || b->config == NULL ||
		    !b->config->may_overflow || index_pool(b) != pool)
			continue;
		e = HEAP_OBJ(n, struct entry, age);
		if (first == NULL || e->entered < first->entered)
			first = e;
	}
	return first;
}

static uint64_t
space_of(const struct quarantines *qs, enum held_pool pool)
{
	const struct work_config *w = &qs->q->config->work;

	return pool == POOL_SPAM ? w->spam_quarantine.max_size
				 : w->quarantine_space;
}

static void
alert_level(struct quarantines *qs)
{
	static const unsigned levels[] = { 95, 85, 75 };
	uint64_t space = space_of(qs, POOL_COMMON);
	unsigned level = 0;
	char text[100];

	for (size_t i = 0; i < NELEM(levels) && level == 0; i++)
		if (qs->bytes[POOL_COMMON] >= space / 100 * levels[i])
			level = levels[i];
	if (level > qs->level) {
		snprintf(text, sizeof(text), "The quarantines are %u %% full",
		    level);
		EMIT(ALERT, .text = str_of(text));
	}
	qs->level = level;
}

/* The room that it takes, and what is shown of it. */
static void
occupy(struct quarantines *qs, const struct stored *s, bool in)
{
	static const enum stats_gauge messages[HELD_POOLS] = {
		[POOL_COMMON] = STATS_GAUGE_quarantine_messages,
		[POOL_SPAM] = STATS_GAUGE_spam_quarantine_messages,
	};
	int64_t size = (int64_t)s->size;

	qs->bytes[s->pool] += in ? s->size : -s->size;
	stats_gauge_add(qs->q->stats, messages[s->pool], in ? 1 : -1);
	stats_gauge_add(
	    qs->q->stats, STATS_GAUGE_quarantine_bytes, in ? size : -size);
}

static void
save(struct quarantines *qs, struct stored *s)
{
	struct save *v = mem_alloc(sizeof(*v));
	struct held_rec *recs;
	size_t n = 0;

	arena_init(&v->mem, SAVE_MEM);
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		n += e->dirty;
	recs = arena_array(&v->mem, n, sizeof(*recs));
	v->helds = recs;
	for (struct entry *e = s->entries; e != NULL; e = e->next) {
		if (!e->dirty)
			continue;
		e->dirty = false;
		*recs++ = (struct held_rec){ .quarantine = arena_str(
						 &v->mem, e->box->name),
			.state = e->state,
			.entered = e->entered,
			.expires = e->expires,
			.reason = arena_str(&v->mem, str_of(e->reason)) };
	}
	v->n_helds = n;
	v->stored = s;
	v->mid = s->mid;
	v->place = (enum queue_place)s->place;
	v->to = QUEUE_QUARANTINE;
	v->move = s->place != QUEUE_QUARANTINE;
	v->releasing = s->releasing;
	s->saving = true;
	qs->ops->save(qs->arg, v);
}

static bool
is_dirty(const struct stored *s)
{
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		if (e->dirty)
			return true;
	return false;
}

static size_t
count(const struct stored *s, enum held_state state)
{
	size_t n = 0;

	for (struct entry *e = s->entries; e != NULL; e = e->next)
		n += e->state == state;
	return n;
}

/* --- leaving --- */

static void
leave(struct quarantines *qs, struct entry *e, enum held_state state)
{
	struct stored *s = e->stored;

	index_leave(qs, e);
	e->state = (uint8_t)state;
	e->dirty = true;
	if (s->fits && count(s, HELD_IN) == 0) {
		occupy(qs, s, false);
		alert_level(qs);
	}
	step(qs, s);
}

static void
by_default(struct quarantines *qs, struct entry *e, const char *why)
{
	if (e->box->config != NULL && e->box->config->release)
		quarantine_release(qs, e, why);
	else
		quarantine_delete(qs, e, why);
}

/* The unlink is the record. */
static void
finish(struct quarantines *qs, struct stored *s)
{
	struct err err = ERR_INIT;

	if (qs->ops->unlink(qs->arg, s, &err) == -1)
		warn(s, "cannot be removed", &err);
	EMIT(MID_DONE, .mid = s->mid);
	index_free(qs, s);
}

static void
again(struct quarantines *qs, struct stored *s)
{
	heap_remove(&qs->later, &s->later);
	heap_put(&qs->later, &s->later, (uint64_t)(qs->q->now + AGAIN_MS));
}

static void
warn(const struct stored *s, const char *what, const struct err *err)
{
	char text[LOG_VALUE_MAX];

	snprintf(text, sizeof(text), "MID %" PRIu64 ": %s: %s", s->mid, what,
	    err->text);
	EMIT(WARNING, .text = str_of(text));
}
