/* settle.c - from results to records, notices and the end of a message */
#include "qmgr/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/event.h"
#include "qmgr/bounce.h"
#include "qmgr/ordered.h"

#define SAVE_MEM_MAX ((size_t)256 * 1024 * 1024)
/* Not written, for want of space perhaps: again after */
#define SAVE_AGAIN_MS 10000

static struct save *unsaved(struct mail *);
static void defer_copy(struct save *, const struct defer_rec *);
static void take_over(struct save *, const struct save *newer);
static void finish(struct qmgr *, struct mail *);
static void save_now(struct qmgr *, struct mail *);
static void collect_done(struct save *, struct mail *, enum rcpt_end);
static void save_free(struct save **);
static void save_failed(struct qmgr *, struct mail *, struct save *);
static void warn(const struct mail *, const char *what, const struct err *);

void
settle_done(struct mail *m, struct recipient *r, enum rcpt_end how)
{
	r->state = RECIPIENT_DONE;
	r->flags |= (uint8_t)(RECIPIENT_UNSAVED | how << RECIPIENT_HOW);
	m->dirty = true;
}

void
settle_deferred(struct mail *m, const struct defer_rec *r)
{
	defer_copy(unsaved(m), r);
}

void
settle(struct qmgr *q, struct mail *m)
{
	struct active *a = m->active;

	if (a != NULL && a->saving != NULL)
		return; /* settle_saved comes back to it */
	if (m->n_open == 0 && m->n_owed == 0) {
		finish(q, m);
		return;
	}
	if (m->dirty || (a != NULL && a->unsaved != NULL)) {
		a = mail_activate(m);
		if (a->notice != NULL)
			save_now(q, m);
		else if (a->lazy.at == 0)
			heap_put(&q->lazies, &a->lazy,
			    (uint64_t)(q->now + SETTLE_LAZY_MS));
		return;
	}
	if (a != NULL && a->notice != NULL) {
		bounce_queue(q, m); /* it may be gone after this */
		return;
	}
	ordered_calm(q, m);
	mail_calm(q, m);
}

void
settle_saved(struct qmgr *q, struct save *s)
{
	struct mail *m = s->mail;

	m->active->saving = NULL;
	if (s->moved)
		m->place = QUEUE_DEFERRED;
	if (s->err.kind != ERR_NONE) {
		save_failed(q, m, s);
		return;
	}
	save_free(&s);
	settle(q, m);
	bounce_run(q);
}

void
settle_tick(struct qmgr *q)
{
	struct heap_node *n;

	while ((n = heap_top(&q->lazies)) != NULL && n->key <= (uint64_t)q->now)
		save_now(q, HEAP_OBJ(n, struct active, lazy)->mail);
}

void
settle_flush(struct qmgr *q)
{
	struct heap_node *n;

	while ((n = heap_top(&q->lazies)) != NULL)
		save_now(q, HEAP_OBJ(n, struct active, lazy)->mail);
}

int64_t
settle_next(const struct qmgr *q)
{
	struct heap_node *n = heap_top(&q->lazies);

	return n != NULL ? (int64_t)n->key : 0;
}

void
settle_drop(struct qmgr *q, struct mail *m)
{
	heap_remove(&q->lazies, &m->active->lazy);
	save_free(&m->active->unsaved);
	bounce_drop(q, m);
}

static struct save *
unsaved(struct mail *m)
{
	struct active *a = mail_activate(m);

	if (a->unsaved == NULL) {
		a->unsaved = mem_alloc(sizeof(*a->unsaved));
		arena_init(&a->unsaved->mem, SAVE_MEM_MAX);
	}
	return a->unsaved;
}

static void
defer_copy(struct save *s, const struct defer_rec *r)
{
	struct rid_rec *rids = arena_array(&s->mem, r->rids.n, sizeof(*rids));
	struct defer_rec *copy;

	memcpy(rids, r->rids.v, r->rids.n * sizeof(*rids));
	s->defers = mem_room(
	    s->defers, &s->cap_defers, s->n_defers, sizeof(*s->defers));
	copy = &s->defers[s->n_defers++];
	*copy = *r;
	copy->reply = arena_str(&s->mem, r->reply);
	copy->rids.v = rids;
}

/* What was to be recorded next goes with what was not. */
static void
take_over(struct save *s, const struct save *newer)
{
	for (size_t i = 0; newer != NULL && i < newer->n_defers; i++)
		defer_copy(s, &newer->defers[i]);
}

/* Nobody is left and nothing is owed: the unlink is the record. */
static void
finish(struct qmgr *q, struct mail *m)
{
	struct err err = ERR_INIT;

	if (q->out->unlink(
		q->out_arg, (enum queue_place)m->place, m->mid, &err) == -1) {
		warn(m, "cannot be removed", &err);
		ordered_stays(q, m);
	}
	if (!m->lived)
		stats_add(q->stats, STATS_dropped_messages, 1);
	EMIT(MID_DONE, .mid = m->mid);
	mail_free(q, m);
}

static void
save_now(struct qmgr *q, struct mail *m)
{
	struct active *a = m->active;
	struct save *s = unsaved(m);

	heap_remove(&q->lazies, &a->lazy);
	a->unsaved = NULL;
	a->saving = s;
	s->mail = m;
	s->mid = m->mid;
	s->place = (enum queue_place)m->place;
	/* While a connection has it, its first delivery is not over. */
	s->move = m->place == QUEUE_SLOT ||
		  (m->place == QUEUE_INCOMING && m->n_sent == 0);
	s->to = QUEUE_DEFERRED;
	s->err = (struct err)ERR_INIT;
	s->dones = arena_array(&s->mem, RCPT_DROPPED + 1, sizeof(*s->dones));
	for (int how = 0; how <= RCPT_DROPPED && m->dirty; how++)
		collect_done(s, m, (enum rcpt_end)how);
	m->dirty = false;
	q->out->save(q->out_arg, s);
}

static void
collect_done(struct save *s, struct mail *m, enum rcpt_end how)
{
	struct rid_rec *rids = NULL;
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++) {
		n = 0;
		for (uint32_t i = 0; i < m->n_rcpts; i++) {
			struct recipient *r = &m->rcpts[i];

			if (!(r->flags & RECIPIENT_UNSAVED) ||
			    r->flags >> RECIPIENT_HOW != how)
				continue;
			if (rids != NULL) {
				rids[n].rid = r->rid;
				r->flags &= (uint8_t)~RECIPIENT_UNSAVED;
			}
			n++;
		}
		if (n == 0)
			return;
		if (rids == NULL)
			rids = arena_array(&s->mem, n, sizeof(*rids));
	}
	s->dones[s->n_dones++] = (struct done_rec){ (uint8_t)how, { n, rids } };
}

static void
save_free(struct save **sp)
{
	struct save *s = *sp;

	if (s == NULL)
		return;
	arena_free(&s->mem);
	free(s->defers);
	free(s);
	*sp = NULL;
}

/*
 * The disk did not take it. What was to be recorded is still known here, and
 * the file says what it said before, so nothing is lost while we run.
 */
static void
save_failed(struct qmgr *q, struct mail *m, struct save *s)
{
	struct save *newer = m->active->unsaved;

	warn(m, "results cannot be recorded", &s->err);
	for (size_t i = 0; i < s->n_dones; i++) {
		const struct rid_rec *rids = s->dones[i].rids.v;

		for (size_t j = 0; j < s->dones[i].rids.n; j++)
			for (uint32_t k = 0; k < m->n_rcpts; k++)
				if (m->rcpts[k].rid == rids[j].rid)
					m->rcpts[k].flags |= RECIPIENT_UNSAVED;
		m->dirty = true;
	}
	s->n_dones = 0;
	take_over(s, newer);
	save_free(&newer);
	m->active->unsaved = s;
	if (m->n_open == 0 && m->n_owed == 0)
		finish(q, m);
	else
		heap_put(&q->lazies, &m->active->lazy,
		    (uint64_t)(q->now + SAVE_AGAIN_MS));
}

static void
warn(const struct mail *m, const char *what, const struct err *err)
{
	char text[LOG_VALUE_MAX];

	snprintf(text, sizeof(text), "MID %llu: %s: %s",
	    (unsigned long long)m->mid, what, err->text);
	EMIT(WARNING, .text = str_of(text));
}
