/* schedule.c - whose turn it is, and what it gets */
#include "qmgr/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/unsubscribe.h"
#include "event/alert.h"
#include "qmgr/conn.h"
#include "qmgr/deliver.h"
#include "qmgr/limits.h"
#include "qmgr/resolve.h"
#include "qmgr/retry.h"

#define STEPS_MAX      1000 /* in one run: others want the loop, too */
#define PARCELS_A_STEP 10
/* How long mail waits for a busy connection before one more is opened. */
#define PATIENCE 10
/* A message that cannot be read now is tried again after: ms */
#define UNREADABLE_WAIT (5 * 60 * 1000)
#define MOVING_WAIT     100 /* ms: its file is being moved */

enum step {
	STEP_AGAIN,  /* something was done: next turn */
	STEP_REST,   /* nothing to do until a timer or an event */
	STEP_BLOCKED /* until schedule_wake */
};

static enum step step(struct qmgr *, struct dest *);
static const struct unsubscribed *server_unsubscribed(
    const struct qmgr *, const struct dest *);
static struct conn *free_conn(const struct qmgr *, const struct dest *);
static void hasten(struct qmgr *, struct dest *);
static enum step step_unconnected(
    struct qmgr *, struct dest *, struct parcel *);
static enum step give(
    struct qmgr *, struct dest *, struct conn *, struct parcel *);
static enum step unreadable(struct qmgr *, struct parcel *, const struct err *);
static enum step open_one(struct qmgr *, struct dest *);
static int64_t next_address(const struct qmgr *, const struct dest *);
static void retire_idle(struct qmgr *);
static bool stale(const struct qmgr *, const struct dest *);
static bool is_expired(const struct qmgr *, const struct parcel *);
static void unblock(struct qmgr *, struct dest *);
static void rearm(struct qmgr *, struct dest *);
static int64_t next_time(const struct dest *);
static void kill_all(struct qmgr *);
static int check_results(
    const struct parcel *, const struct job_done *, struct err *);

bool
schedule_run(struct qmgr *q)
{
	struct dest *d;

	for (int i = 0; i < STEPS_MAX && (d = q->ready.first) != NULL; i++) {
		dest_list_remove(d);
		if (d->hurry) /* as much work as there are parcels */
			i += (int)(d->wait.n / PARCELS_A_STEP);
		switch (step(q, d)) {
		case STEP_AGAIN:
			dest_list_put(&q->ready, d);
			break;
		case STEP_BLOCKED:
			dest_list_put(&q->blocked, d);
			break;
		case STEP_REST:
			rearm(q, d);
			dest_touch(q, d);
			break;
		}
	}
	return q->ready.first != NULL;
}

void
schedule_tick(struct qmgr *q)
{
	struct heap_node *n;

	if (q->kill_at != 0 && q->kill_at <= q->now)
		kill_all(q);
	while ((n = heap_top(&q->idles)) != NULL && n->key <= (uint64_t)q->now)
		conn_quit(q, HEAP_OBJ(n, struct conn, idle));
	while (
	    (n = heap_top(&q->timers)) != NULL && n->key <= (uint64_t)q->now) {
		struct dest *d = HEAP_OBJ(n, struct dest, timer);

		heap_pop(&q->timers);
		dest_ripen(d, q->now);
		if (d->blocked_until != 0 && d->blocked_until <= q->now)
			unblock(q, d);
		schedule_kick(q, d);
	}
}

int64_t
schedule_next(const struct qmgr *q)
{
	struct heap_node *a = heap_top(&q->timers), *b = heap_top(&q->idles);
	int64_t at = q->kill_at;

	if (a != NULL && (at == 0 || (int64_t)a->key < at))
		at = (int64_t)a->key;
	if (b != NULL && (at == 0 || (int64_t)b->key < at))
		at = (int64_t)b->key;
	return at;
}

void
schedule_kick(struct qmgr *q, struct dest *d)
{
	dest_touch(q, d);
	/* It may have a free connection of its own by now. */
	if (d->list == &q->blocked)
		dest_list_remove(d);
	if (d->list == NULL)
		dest_list_put(&q->ready, d);
}

void
schedule_kick_all(struct qmgr *q)
{
	MAP_FOREACH (&q->dests, it) {
		struct dest *d = it.value;

		if (d->n_parcels > 0)
			schedule_kick(q, d);
	}
}

void
schedule_wake(struct qmgr *q)
{
	struct dest *d;

	while ((d = q->blocked.first) != NULL) {
		dest_list_remove(d);
		dest_list_put(&q->ready, d);
	}
}

void
schedule_resolved(struct qmgr *q, struct dest *d)
{
	if (d->resolution == RESOLUTION_SOFT) {
		d->state = DEST_UNKNOWN;
		d->failures++;
		d->blocked_until =
		    q->now + retry_host_interval(
				 &q->config->bounce_profiles[0], d->failures);
	}
	schedule_kick(q, d);
}

uint64_t
schedule_now(struct qmgr *q, struct dest *d)
{
	if (d->n_parcels == 0)
		return 0;
	d->hurry = true;
	schedule_kick(q, d);
	return d->n_unattempted + d->n_attempted;
}

int
schedule_up(struct qmgr *q, void *worker, uint32_t id,
    const struct session_up *up, struct err *err)
{
	struct conn *c = conn_of(q, worker, id);

	if (c == NULL || c->up)
		return err_set(err, ERR_PROTO, "no such session opening");
	c->features = up->features;
	if (up->tls)
		dest_error_clear(&c->dest->last_tls);
	conn_is_up(q, c);
	schedule_kick(q, c->dest);
	return 0;
}

int
schedule_down(struct qmgr *q, void *worker, uint32_t id,
    const struct session_down *down, struct err *err)
{
	struct conn *c = conn_of(q, worker, id);

	if (c == NULL)
		return err_set(err, ERR_PROTO, "no such session");
	conn_gone(q, c, down);
	return 0;
}

int
schedule_done(struct qmgr *q, void *worker, uint32_t id,
    const struct job_done *done, struct err *err)
{
	struct conn *c = conn_of(q, worker, id);
	struct dest *d;
	struct parcel *p;
	uint8_t i = 0;

	if (c == NULL)
		return err_set(err, ERR_PROTO, "no such session");
	while (i < c->n_jobs && c->jobs[i]->sent.job != done->job)
		i++;
	if (i == c->n_jobs)
		return err_set(err, ERR_PROTO, "it does not have that job");
	p = c->jobs[i];
	if (check_results(p, done, err) == -1)
		return -1;
	d = c->dest;
	c->n_jobs--;
	if (i < c->n_jobs)
		c->jobs[i] = c->jobs[i + 1];
	d->last_activity = q->wall;
	p->mail->n_sent--;
	p->state = PARCEL_OVER;
	deliver_result(q, c, p, done);
	conn_sort(q, c);
	schedule_kick(q, d);
	return 0;
}

void
schedule_worker_lost(struct qmgr *q, void *worker)
{
	struct conn **lost = mem_array(q->conns.n + 1, sizeof(*lost));
	size_t n = 0;

	MAP_FOREACH (&q->conns, it) {
		struct conn *c = it.value;

		if (c->worker == worker)
			lost[n++] = c;
	}
	while (n > 0)
		conn_gone(q, lost[--n], NULL);
	free(lost);
}

void
schedule_suspend(struct qmgr *q, int64_t wait)
{
	struct heap_node *n;

	q->suspended = true;
	q->kill_at = q->now + wait;
	while ((n = heap_top(&q->idles)) != NULL)
		conn_quit(q, HEAP_OBJ(n, struct conn, idle));
}

void
schedule_resume(struct qmgr *q)
{
	q->suspended = false;
	q->kill_at = 0;
	schedule_kick_all(q);
}

/* --- one turn --- */

static enum step
step(struct qmgr *q, struct dest *d)
{
	struct parcel *p;
	struct conn *c;

	dest_refresh(q, d);
	if (d->hurry)
		hasten(q, d);
	p = d->due_first;
	d->patience_ends = 0;
	d->limited = false;
	d->limited_until = 0;
	if (p == NULL)
		d->starved = 0;
	if (p == NULL || d->internal || q->suspended)
		return STEP_REST;
	if (is_expired(q, p)) {
		deliver_cause(q, p, CAUSE_EXPIRED, NULL);
		return STEP_AGAIN;
	}
	if (q->config->unsubscribe && q->config->n_unsubscribed > 0 &&
	    deliver_unsubscribed(q, p, server_unsubscribed(q, d)))
		return STEP_AGAIN;
	if (!limits_may_send(q, d)) {
		d->limited_until = limits_next(q, d);
		return STEP_REST;
	}
	c = free_conn(q, d);
	if (c != NULL)
		return give(q, d, c, p);
	return step_unconnected(q, d, p);
}

/* One of the servers that mail would be given to. */
static const struct unsubscribed *
server_unsubscribed(const struct qmgr *q, const struct dest *d)
{
	const struct unsubscribed *u = NULL;

	for (size_t i = 0; d->hosts != NULL && u == NULL && i < d->hosts->n;
	     i++)
		u = unsubscribed_ip(q->config, &d->hosts->v[i].ep.ip);
	return u;
}

static struct conn *
free_conn(const struct qmgr *q, const struct dest *d)
{
	for (int list = CONNS_IDLE; list <= CONNS_HALF; list++)
		for (struct conn *c = d->conns[list]; c != NULL; c = c->next)
			if (limits_may_send_on(q, d, c))
				return c;
	return NULL;
}

/* All that waits is due, and hosts that were down may be tried. */
static void
hasten(struct qmgr *q, struct dest *d)
{
	d->hurry = false;
	dest_ripen(d, INT64_MAX);
	if (d->resolution == RESOLUTION_SOFT ||
	    d->resolution == RESOLUTION_HARD)
		d->resolution = RESOLUTION_NONE;
	unblock(q, d);
}

static enum step
step_unconnected(struct qmgr *q, struct dest *d, struct parcel *p)
{
	if (stale(q, d))
		resolve_start(q, d);
	switch (d->resolution) {
	case RESOLUTION_DROP:
		deliver_dropped(q, p);
		return STEP_AGAIN;
	case RESOLUTION_HARD:
		deliver_cause(q, p, d->cause, d->why);
		return STEP_AGAIN;
	case RESOLUTION_OK:
		return d->blocked_until != 0 ? STEP_REST : open_one(q, d);
	case RESOLUTION_SOFT:
		/* Known at once, without asking: plan the next look. */
		if (d->blocked_until == 0)
			schedule_resolved(q, d);
		return STEP_REST;
	default:
		return STEP_REST;
	}
}

static enum step
give(struct qmgr *q, struct dest *d, struct conn *c, struct parcel *p)
{
	struct err err = ERR_INIT;

	dest_take(p);
	if (mail_is_moving(p->mail)) {
		dest_wait(p, q->now + MOVING_WAIT);
		return STEP_AGAIN;
	}
	p->sent.conn = c;
	p->sent.job = ++q->last_job;
	switch (q->out->give(q->out_arg, c, p, p->sent.job, &err)) {
	case 1:
		dest_due(p, true);
		return STEP_BLOCKED;
	case -1:
		return unreadable(q, p, &err);
	}
	p->state = PARCEL_SENT;
	p->mail->n_sent++;
	limits_sent(q, d, c, p->n_open);
	c->jobs[c->n_jobs++] = p;
	c->n_given++;
	d->starved = 0;
	if (d->limits->max_messages > 0 &&
	    c->n_given >= d->limits->max_messages)
		conn_quit(q, c);
	else
		conn_sort(q, c);
	return STEP_AGAIN;
}

/* One message that the disk does not give back holds up nobody else. */
static enum step
unreadable(struct qmgr *q, struct parcel *p, const struct err *err)
{
	char text[LOG_VALUE_MAX];

	snprintf(text, sizeof(text), "MID %llu cannot be read: %s",
	    (unsigned long long)p->mail->mid, err->text);
	alert_raise(ALERT_QUEUE_ERROR, STR(""), str_of(text));
	dest_wait(p, q->now + UNREADABLE_WAIT);
	if (err->sys == ENOENT)
		deliver_delete(q, p->mail); /* there is nothing left of it */
	return STEP_AGAIN;
}

static enum step
open_one(struct qmgr *q, struct dest *d)
{
	size_t n = d->n_conns[CONNS_OPENING] + d->n_conns[CONNS_FULL] +
		   d->n_conns[CONNS_QUITTING];

	d->limited = !limits_may_open(d);
	if (d->limited)
		return STEP_REST;
	if (n > 0 && d->failures > 0)
		return STEP_REST; /* one probe at a time */
	if (d->n_conns[CONNS_OPENING] * CONN_JOBS >= d->n_due)
		return STEP_REST;
	if (!conn_has_address(q, d)) {
		d->limited = d->limits->limit_each_ip;
		d->limited_until = next_address(q, d);
		return STEP_REST;
	}
	if (n > 0 && d->starved == 0)
		d->starved = q->now;
	if (n > 0 && q->now - d->starved < PATIENCE) {
		d->patience_ends = d->starved + PATIENCE;
		return STEP_REST;
	}
	if (q->n_conns >= q->config->max_out_connections) {
		retire_idle(q);
		return STEP_BLOCKED;
	}
	if (conn_open(q, d) != CONN_OPENED)
		return STEP_BLOCKED;
	d->starved = q->now;
	return STEP_AGAIN;
}

/* When there may be an address again by the clock alone. Without it mail
 * would wait for ever when all that is left in a new list is down. */
static int64_t
next_address(const struct qmgr *q, const struct dest *d)
{
	int64_t limit = limits_next(q, d), up = conn_next_address(q, d);

	if (limit == 0 || up == 0)
		return limit + up;
	return limit < up ? limit : up;
}

/* All connections are taken, one of them for nothing (spec 1.5). */
static void
retire_idle(struct qmgr *q)
{
	struct heap_node *n = heap_top(&q->idles);
	char text[120];

	if (n == NULL || q->retiring)
		return; /* or one is on its way out */
	q->retiring = true;
	snprintf(text, sizeof(text),
	    "Mail delivery client with DCID %" PRIu64
	    " exited due to the maximum concurrency configuration.",
	    HEAP_OBJ(n, struct conn, idle)->dcid);
	EMIT(NOTICE, .text = str_of(text));
	conn_quit(q, HEAP_OBJ(n, struct conn, idle));
}

/* Is it time to find out (again) where it goes? */
static bool
stale(const struct qmgr *q, const struct dest *d)
{
	switch (d->resolution) {
	case RESOLUTION_NONE:
		return true;
	case RESOLUTION_OK:
	case RESOLUTION_HARD:
		return d->hosts->expires <= q->now;
	case RESOLUTION_SOFT:
		return d->blocked_until == 0;
	default:
		return false;
	}
}

static bool
is_expired(const struct qmgr *q, const struct parcel *p)
{
	const struct mail *m = p->mail;

	return retry_expired(parcel_profile(q, p), m->born,
	    (int64_t)m->loaded * 1000, q->now, p->attempts);
}

/*
 * The host's retry time has come, or somebody wants it now: all addresses
 * may be tried. What grew too old meanwhile is not tried (spec 1.2, 2).
 */
static void
unblock(struct qmgr *q, struct dest *d)
{
	struct parcel *p, *next;

	d->blocked_until = 0;
	for (size_t i = 0; d->hosts != NULL && i < d->hosts->n; i++)
		d->hosts->v[i].down_until = 0;
	for (p = q->suspended ? NULL : d->due_first; p != NULL; p = next) {
		next = p->due.next;
		if (is_expired(q, p))
			deliver_cause(q, p, CAUSE_EXPIRED, NULL);
	}
}

static void
rearm(struct qmgr *q, struct dest *d)
{
	int64_t at = next_time(d);

	if (at == 0)
		heap_remove(&q->timers, &d->timer);
	else if (d->timer.at == 0)
		heap_put(&q->timers, &d->timer, (uint64_t)at);
	else
		heap_rekey(&q->timers, &d->timer, (uint64_t)at);
}

static int64_t
next_time(const struct dest *d)
{
	struct heap_node *wait = heap_top(&d->wait);
	int64_t at = wait != NULL ? (int64_t)wait->key : 0;

	if (d->n_due == 0)
		return at;
	if (d->blocked_until != 0 && (at == 0 || d->blocked_until < at))
		at = d->blocked_until;
	if (d->limited_until != 0 && (at == 0 || d->limited_until < at))
		at = d->limited_until;
	if (d->patience_ends != 0 && (at == 0 || d->patience_ends < at))
		at = d->patience_ends;
	return at;
}

static void
kill_all(struct qmgr *q)
{
	q->kill_at = 0;
	MAP_FOREACH (&q->conns, it) {
		q->out->kill(q->out_arg, it.value);
	}
}

/* One result for each recipient that was in the job, and no other. */
static int
check_results(
    const struct parcel *p, const struct job_done *done, struct err *err)
{
	const struct job_result *r = done->results.v;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct recipient *rcpt = parcel_rcpt(p, i);

		if (rcpt->state != RECIPIENT_OPEN)
			continue;
		if (n == done->results.n || r[n].rid != rcpt->rid)
			return err_set(
			    err, ERR_PROTO, "results are not those of the job");
		n++;
	}
	if (n != done->results.n)
		return err_set(err, ERR_PROTO, "too many results");
	return 0;
}
