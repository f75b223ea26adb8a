/* ordered.c - orders of administrators, carried out */
#include "qmgr/ordered.h"

#include <stdlib.h>

#include "base/mem.h"
#include "qmgr/deliver.h"
#include "qmgr/settle.h"

/* A slice ends when it has cost so much. */
#define SLICE_MAX  1000
#define COST_TOUCH 20 /* records, events, a name removed */

static void add_rid(struct qmgr *, uint32_t rid);
static void put_off(struct qmgr *, struct parcel *);
static void will_do(struct qmgr *, struct mail *);
static unsigned carry_out(struct qmgr *, struct mail *);

void
ordered_parcel(
    struct qmgr *q, struct parcel *p, enum order_what what, struct str host)
{
	for (size_t i = 0; i < p->n; i++)
		if (parcel_rcpt(p, i)->state == RECIPIENT_OPEN)
			add_rid(q, parcel_rcpt(p, i)->rid);
	if (what == ORDER_DELETE)
		deliver_parcel_deleted(q, p);
	else if (what == ORDER_REDIRECT)
		deliver_parcel_moved(q, p, host);
	else
		put_off(q, p);
}

void
ordered_message(
    struct qmgr *q, struct mail *m, enum order_what what, struct str host)
{
	const struct order_rec rec = { .mid = m->mid,
		.arrival = m->arrival,
		.what = (uint8_t)what,
		.host = host,
		.rids = { q->n_order_rids, q->order_rids } };

	q->n_order_rids = 0;
	q->out->order(q->out_arg, &rec);
	if (!(m->ordered & MAIL_ORDERED))
		q->n_ordered++;
	m->ordered |= MAIL_ORDERED;
	if (what == ORDER_REDIRECT)
		m->ordered |= MAIL_MOVED;
	else
		will_do(q, m);
}

void
ordered_recalled(struct qmgr *q, struct mail *m, unsigned known)
{
	bool todo = false;

	m->ordered = (uint8_t)known;
	q->n_ordered++;
	for (uint32_t i = 0; i < m->n_parcels; i++) {
		struct parcel *p = &m->parcels[i];
		uint8_t what = p->ordered;

		p->ordered = ORDER_NONE;
		todo |= what != ORDER_NONE;
		if (what == ORDER_DELETE)
			deliver_parcel_gone(q, p);
		else if (what == ORDER_BOUNCE)
			put_off(q, p);
	}
	if (todo)
		will_do(q, m);
}

bool
ordered_step(struct qmgr *q)
{
	unsigned cost = 0;

	while (q->todo_at < q->n_todo && cost < SLICE_MAX) {
		struct mail *m = mail_find(q, q->todo[q->todo_at++]);

		cost++;
		if (m != NULL && m->ordered & MAIL_TODO)
			cost += carry_out(q, m);
	}
	if (q->todo_at < q->n_todo)
		return true;
	free(q->todo);
	q->todo = NULL;
	q->todo_at = q->n_todo = q->cap_todo = 0;
	return false;
}

void
ordered_no_more(struct qmgr *q, struct parcel *p)
{
	if (p->ordered != ORDER_NONE)
		q->n_pending -= p->n_open;
	p->ordered = ORDER_NONE;
}

/* Where it goes instead, its file never says. */
void
ordered_calm(struct qmgr *q, struct mail *m)
{
	if (m->ordered == MAIL_ORDERED && m->n_owed == 0)
		ordered_drop(q, m);
}

void
ordered_drop(struct qmgr *q, struct mail *m)
{
	if (m->ordered & MAIL_ORDERED)
		q->n_ordered--;
	m->ordered = 0;
}

void
ordered_stays(struct qmgr *q, struct mail *m)
{
	if (m->ordered & MAIL_ORDERED)
		q->ledger_stays = true;
	m->ordered = 0;
}

static void
add_rid(struct qmgr *q, uint32_t rid)
{
	q->order_rids = mem_room(q->order_rids, &q->cap_order_rids,
	    q->n_order_rids, sizeof(*q->order_rids));
	q->order_rids[q->n_order_rids++].rid = rid;
}

/* It is to be bounced: in no list, and still in the queue. */
static void
put_off(struct qmgr *q, struct parcel *p)
{
	dest_take(p);
	p->ordered = ORDER_BOUNCE;
	q->n_pending += p->n_open;
	schedule_kick(q, p->dest);
}

static void
will_do(struct qmgr *q, struct mail *m)
{
	if (m->ordered & MAIL_TODO)
		return;
	m->ordered |= MAIL_TODO;
	q->todo = mem_room(q->todo, &q->cap_todo, q->n_todo, sizeof(*q->todo));
	q->todo[q->n_todo++] = m->mid;
}

/* What it cost. The message may be gone after this. */
static unsigned
carry_out(struct qmgr *q, struct mail *m)
{
	unsigned cost = m->n_parcels;

	m->ordered &= (uint8_t)~MAIL_TODO;
	for (uint32_t i = 0; i < m->n_parcels; i++)
		if (m->parcels[i].ordered == ORDER_BOUNCE) {
			deliver_parcel_bounced(q, &m->parcels[i]);
			cost += COST_TOUCH;
		}
	settle(q, m);
	return cost + COST_TOUCH;
}
