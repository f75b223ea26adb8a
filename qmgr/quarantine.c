/* quarantine.c - what is held: how it comes in, and its way from there */
#include "qmgr/quarantine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "event/event.h"
#include "qmgr/quarantine_index.h"

#define AGAIN_MS  10000
#define SAVE_MEM  ((size_t)32 * 1024 * 1024)
#define SPAM_NAME "Postern Spam Quarantine"

static void add_holds(
    struct quarantines *, struct stored *, const struct stored_info *);
static void add_hold(
    struct quarantines *, struct stored *, const struct hold_rec *);
static void add_helds(
    struct quarantines *, struct stored *, const struct stored_info *);
static void add_held(
    struct quarantines *, struct stored *, const struct held_rec *);
static void add_rcpts_held(struct quarantines *, struct stored *,
    const struct stored_info *, const struct held_rec *);
static bool passed_on(struct quarantines *, struct stored *);
static void sent_as(struct quarantines *, struct stored *, uint64_t mid);
static void note_sent(struct quarantines *, struct stored *, uint64_t mid);
static bool is_over(const struct stored *);
static bool is_to_go(const struct stored *);
static void choose(struct quarantines *, struct stored *);
static void save(struct quarantines *, struct stored *);
static struct held_rec *next_rec(
    struct save *, struct stored *, struct entry *first);
static void tell(struct quarantines *, struct stored *);
static void not_saved(struct quarantines *, struct stored *, struct save *);
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
	struct stored *s;

	if (quarantine_find(qs, in->mid) != NULL)
		return;
	s = index_new(qs, in);
	if (in->n_helds > 0)
		add_helds(qs, s, in);
	else
		add_holds(qs, s, in);
	if (s->entries == NULL)
		add_hold(qs, s, in->spam ? &spam : &nobody);
	s->pool = (uint8_t)index_pool(s->entries->box);
	if (in->place == QUEUE_QUARANTINE) {
		/* it has its room already */
		s->fits = true;
		if (s->n[HELD_IN] > 0)
			index_occupy(qs, s, true);
		for (struct entry *e = s->entries; e != NULL; e = e->next)
			index_enter(qs, e);
	}
	quarantine_step(qs, s);
}

void
quarantine_seen(struct quarantines *qs, uint64_t mid, int64_t arrival)
{
	struct stored *s = map_get_u64(&qs->releasing, mid);

	if (s == NULL || s->arrival != arrival)
		return;
	if (mid == s->releasing)
		s->arrived = true;
	else
		sent_as(qs, s, mid);
	quarantine_step(qs, s);
}

void
quarantine_saved(struct quarantines *qs, struct save *v)
{
	struct stored *s = v->stored;
	bool failed = v->err.kind != ERR_NONE;

	s->saving = false;
	if (v->moved)
		s->place = QUEUE_QUARANTINE;
	if (failed)
		not_saved(qs, s, v);
	else
		tell(qs, s);
	arena_free(&v->mem);
	free(v);
	if (!failed)
		quarantine_step(qs, s);
}

void
quarantine_sent(struct quarantines *qs, struct stored *s, bool safe)
{
	s->sending = false;
	s->arrived = s->arrived || safe;
	if (s->arrived)
		quarantine_step(qs, s);
	else
		again(qs, s);
}

void
quarantine_tick(struct quarantines *qs)
{
	int64_t clock = quarantine_clock(qs);
	struct heap_node *n;

	while (
	    (n = heap_top(&qs->expiries)) != NULL && n->key <= (uint64_t)clock)
		leave_by_default(
		    qs, HEAP_OBJ(n, struct entry, expiry), LEAVE_EXPIRED);
	while ((n = heap_top(&qs->later)) != NULL &&
	       n->key <= (uint64_t)qs->q->now) {
		heap_pop(&qs->later);
		quarantine_step(qs, HEAP_OBJ(n, struct stored, later));
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
	for (size_t i = 0; i < in->n_holds; i++)
		add_hold(qs, s, &in->holds[i]);
}

static void
add_hold(struct quarantines *qs, struct stored *s, const struct hold_rec *h)
{
	int64_t clock = quarantine_clock(qs);
	struct box *box = quarantine_box(qs, h->quarantine);
	bool each;

	if (box == NULL)
		box = quarantine_box(qs, STR(UNCLASSIFIED));
	if (index_entry(s, box) != NULL)
		return;
	each = index_pool(box) == POOL_SPAM && s->n_rcpts > 0;
	for (uint32_t i = 0; i < (each ? s->n_rcpts : 1); i++) {
		struct entry *e = index_add(s, box);

		if (each)
			index_rcpt(e, i);
		e->reason = mem_strndup(
		    h->reason.n > 0 ? h->reason.p : "", h->reason.n);
		e->entered = clock;
		e->expires = clock + index_retention(h, box);
		index_dirty(e, true);
	}
}

static void
add_helds(
    struct quarantines *qs, struct stored *s, const struct stored_info *in)
{
	for (size_t i = 0; i < in->n_helds; i++) {
		const struct held_rec *h = &in->helds[i];

		if (str_is(h->quarantine, QUARANTINE_SPAM_NAME))
			add_rcpts_held(qs, s, in, h);
		else
			add_held(qs, s, h);
	}
}

static void
add_held(struct quarantines *qs, struct stored *s, const struct held_rec *h)
{
	struct box *box = quarantine_box(qs, h->quarantine);
	bool lost = box == NULL;
	struct entry *e;

	if (lost && h->state != HELD_IN)
		box = index_box(qs, h->quarantine);
	else if (lost)
		box = quarantine_box(qs, STR(UNCLASSIFIED));
	if (index_entry(s, box) != NULL)
		return;
	e = index_add(s, box);
	e->reason =
	    mem_strndup(h->reason.n > 0 ? h->reason.p : "", h->reason.n);
	index_state(e, (enum held_state)h->state);
	e->entered = h->entered;
	e->expires = h->expires;
	e->early = h->early;
	index_dirty(e, lost && h->state == HELD_IN);
	e->told = !e->dirty;
}

/* A recipient that no record names has just been put there. */
static void
add_rcpts_held(struct quarantines *qs, struct stored *s,
    const struct stored_info *in, const struct held_rec *h)
{
	struct box *box = quarantine_box(qs, h->quarantine);

	for (uint32_t i = 0; i < s->n_rcpts; i++) {
		struct entry *e = index_add(s, box);
		const struct rcpt_held *r =
		    in->rcpt_helds != NULL && in->rcpt_helds[i].is
			? &in->rcpt_helds[i]
			: NULL;

		index_rcpt(e, i);
		e->reason = mem_strdup("");
		e->entered = h->entered;
		e->expires = h->expires;
		e->told = true;
		if (r == NULL)
			continue;
		index_state(e, (enum held_state)r->state);
		e->going = r->next;
		if (r->state == HELD_RELEASED && r->next != 0)
			map_put_u64(&qs->releasing, r->next, s);
	}
}

/* --- the way of a message --- */

void
quarantine_step(struct quarantines *qs, struct stored *s)
{
	if (s->saving || s->sending) {
		index_show(qs, s);
		return;
	}
	heap_remove(&qs->later, &s->later);
	if (s->arrived && !passed_on(qs, s))
		return;
	if (is_over(s)) {
		if (s->pool != POOL_SPAM)
			EMIT(DELETED_FROM_ALL, .mid = s->mid);
		finish(qs, s);
		return;
	}
	if (s->n[HELD_IN] > 0 && !s->fits && !room_admit(qs, s)) {
		again(qs, s);
	} else if (s->releasing == 0 && is_to_go(s)) {
		choose(qs, s);
		save(qs, s);
	} else if (s->place != QUEUE_QUARANTINE || s->n_dirty > 0) {
		save(qs, s);
	} else if (s->releasing != 0) {
		s->sending = true;
		qs->ops->send(qs->arg, s);
	}
	index_show(qs, s);
}

/* What it was released as is safe. False: the held one is gone. */
static bool
passed_on(struct quarantines *qs, struct stored *s)
{
	s->arrived = false;
	if (s->pool == POOL_SPAM) {
		sent_as(qs, s, s->releasing);
		return true;
	}
	EMIT(MID_REWRITTEN, .mid = s->mid, .other = s->releasing,
	    .by = STR("System Quarantine"));
	finish(qs, s);
	return false;
}

/* Its recipients are gone. The others must not take them along again after a
 * crash: the disk knows it before the new message can be delivered. */
static void
sent_as(struct quarantines *qs, struct stored *s, uint64_t mid)
{
	uint64_t n = 0;

	for (struct entry *e = s->entries; e != NULL; e = e->next) {
		if (e->going != mid || e->state != HELD_RELEASED)
			continue;
		index_state(e, HELD_SENT);
		index_dirty(e, true);
		n++;
	}
	map_remove_u64(&qs->releasing, mid);
	if (s->releasing == mid)
		s->releasing = 0;
	if (!is_over(s))
		note_sent(qs, s, mid);
	index_passed(qs, RELEASE_QUEUE, n);
	EMIT(SPAM_REINJECTED, .mid = s->mid, .other = mid);
}

static void
note_sent(struct quarantines *qs, struct stored *s, uint64_t mid)
{
	struct err err = ERR_INIT;
	struct save v = { .stored = s };
	const struct held_rec *rec = NULL;

	arena_init(&v.mem, SAVE_MEM);
	for (struct entry *e = s->entries; e != NULL && rec == NULL;
	     e = e->next)
		if (e->going == mid && e->state == HELD_SENT)
			rec = next_rec(&v, s, e);
	if (rec != NULL && qs->ops->note(qs->arg, s, rec, &err) == -1)
		warn(s, "cannot be recorded as released", &err);
	arena_free(&v.mem);
	/* a save makes it durable, or says it again */
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		if (e->going == mid)
			index_dirty(e, true);
}

static bool
is_over(const struct stored *s)
{
	if (s->n[HELD_IN] > 0)
		return false;
	return s->pool == POOL_SPAM ? s->n[HELD_RELEASED] == 0
				    : s->n[HELD_DELETED] > 0;
}

static bool
is_to_go(const struct stored *s)
{
	return s->pool == POOL_SPAM ? s->n[HELD_RELEASED] > 0
				    : s->n[HELD_IN] == 0;
}

/* The MID that it goes by, or some of its recipients do. */
static void
choose(struct quarantines *qs, struct stored *s)
{
	if (s->pool != POOL_SPAM)
		EMIT(RELEASED_FROM_ALL, .mid = s->mid);
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		if (e->state == HELD_RELEASED && e->going != 0)
			s->releasing = e->going; /* of an earlier life */
	if (s->releasing != 0)
		return;
	s->releasing = stats_next_id(qs->q->stats, STATS_MID);
	map_put_u64(&qs->releasing, s->releasing, s);
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		if (s->pool == POOL_SPAM && e->state == HELD_RELEASED) {
			e->going = s->releasing;
			index_dirty(e, true);
		}
}

static void
save(struct quarantines *qs, struct stored *s)
{
	struct save *v = mem_alloc(sizeof(*v));
	struct held_rec *recs;

	arena_init(&v->mem, SAVE_MEM);
	recs = arena_array(&v->mem, s->n_dirty, sizeof(*recs));
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		if (e->dirty)
			recs[v->n_helds++] = *next_rec(v, s, e);
	v->helds = recs;
	v->stored = s;
	v->mid = s->mid;
	v->place = (enum queue_place)s->place;
	v->to = QUEUE_QUARANTINE;
	v->move = s->place != QUEUE_QUARANTINE;
	v->releasing = s->pool == POOL_SPAM ? 0 : s->releasing;
	if (s->pool == POOL_SPAM && s->rcid == 0 && !s->entries->told) {
		s->rcid = stats_next_id(qs->q->stats, STATS_RCID);
		EMIT(RPC_START, .rcid = s->rcid, .mid = s->mid,
		    .text = STR(SPAM_NAME));
	}
	s->saving = true;
	qs->ops->save(qs->arg, v);
}

/* Of the entry, and of all recipients of whom the same is to be said. */
static struct held_rec *
next_rec(struct save *v, struct stored *s, struct entry *first)
{
	struct held_rec *rec = arena_alloc(&v->mem, sizeof(*rec));
	struct rid_rec *rids;

	*rec = (struct held_rec){ .quarantine =
				      arena_str(&v->mem, first->box->name),
		.state = first->state,
		.entered = first->entered,
		.expires = first->expires,
		.reason = arena_str(&v->mem, str_of(first->reason)),
		.early = first->early,
		.next = first->going };
	if (first->rcpt == 0) {
		index_dirty(first, false);
		return rec;
	}
	rids = arena_array(&v->mem, s->n_rcpts, sizeof(*rids));
	rec->rids.v = rids;
	for (struct entry *e = first; e != NULL; e = e->next) {
		if (!e->dirty || e->state != first->state ||
		    e->going != first->going || e->expires != first->expires)
			continue;
		index_dirty(e, false);
		rids[rec->rids.n++].rid = e->rcpt - 1;
	}
	return rec;
}

/* That it came in, when that is on the disk. */
static void
tell(struct quarantines *qs, struct stored *s)
{
	bool came = s->pool == POOL_SPAM && !s->entries->told;

	for (struct entry *e = s->entries; e != NULL; e = e->next) {
		if (!e->told && !came)
			EMIT(QUARANTINED, .mid = s->mid,
			    .quarantine = e->box->name,
			    .text = str_of(e->reason));
		e->told = true;
	}
	if (!came)
		return;
	EMIT(SPAM_QUARANTINED, .mid = s->mid);
	EMIT(RPC_DONE, .rcid = s->rcid, .mid = s->mid);
	EMIT(MID_DONE, .mid = s->mid);
	index_passed(qs, SPAM_QUEUE, s->n_rcpts);
}

static void
not_saved(struct quarantines *qs, struct stored *s, struct save *v)
{
	/* what the disk has now is not known: it all is said again */
	for (struct entry *e = s->entries; e != NULL; e = e->next)
		index_dirty(e, true);
	if (s->rcid != 0 && !s->entries->told) {
		EMIT(RPC_REJECTED, .rcid = s->rcid, .mid = s->mid);
		s->rcid = 0;
	}
	if (v->releasing != 0) {
		map_remove_u64(&qs->releasing, s->releasing);
		s->releasing = 0;
	}
	warn(s, "cannot be recorded as held", &v->err);
	again(qs, s);
}

/* --- the end --- */

/* The unlink is the record. */
static void
finish(struct quarantines *qs, struct stored *s)
{
	struct err err = ERR_INIT;

	if (qs->ops->unlink(qs->arg, s, &err) == -1)
		warn(s, "cannot be removed", &err);
	if (s->pool != POOL_SPAM || !s->entries->told)
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
