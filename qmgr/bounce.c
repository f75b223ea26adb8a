/* bounce.c - which notices are owed, and their way to cleanup */
#include "qmgr/bounce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "event/event.h"
#include "pipeline/notices.h"
#include "qmgr/notice.h"
#include "qmgr/settle.h"

#define SENT_MAX  20    /* with cleanup at a time */
#define TURN_MAX  1000  /* recipients, in a turn of the loop */
#define AGAIN_MS  10000 /* cleanup could not take one: not before */
#define HOUR_MS   (60 * 60 * 1000)
#define RATES_MAX 100000 /* senders counted in an hour */
/* All recipients that a message may have, each with a reply of its own. */
#define NOTICE_MEM_MAX ((size_t)512 * 1024 * 1024)

static bool is_wanted(const struct qmgr *, const struct parcel *,
    const struct recipient *, enum dsn_kind);
static struct notice *notice_of(
    struct qmgr *, const struct parcel *, enum dsn_kind);
static void add_rcpt(struct notice *, const struct recipient *, struct str addr,
    const struct bounce_about *);
static bool is_same(const struct notice_said *, const struct notice_said *);
static const struct notice_said *keep_said(
    struct arena *, const struct notice_said *);
static bool is_long_turn(struct qmgr *, const struct notice *next);
static void enqueue(struct qmgr *, struct notice *, bool front);
static bool over_rate(struct qmgr *, struct str sender);
static void say_dropped(const struct notice *);
static void say_sent(struct qmgr *, const struct notice *);
static void done(struct qmgr *, struct notice *);
static void notice_free(struct qmgr *, struct notice *);

bool
bounce_owe(struct qmgr *q, struct parcel *p, struct recipient *r,
    const struct bounce_about *about)
{
	char addr[ADDR_MAX + 1];

	if (!is_wanted(q, p, r, about->kind))
		return false;
	add_rcpt(
	    notice_of(q, p, about->kind), r, parcel_addr(p, r, addr), about);
	return true;
}

void
bounce_queue(struct qmgr *q, struct mail *m)
{
	struct notice *n;

	while ((n = m->active->notice) != NULL) {
		m->active->notice = n->next;
		enqueue(q, n, false);
	}
	bounce_run(q);
}

void
bounce_run(struct qmgr *q)
{
	struct notice *n;
	bool wanted;

	if (q->notices_running)
		return; /* a message that ends has called: we go on */
	q->notices_running = true;
	while ((n = q->notices_first) != NULL && q->notices_at <= q->now &&
	       q->notices_sent.n < SENT_MAX) {
		struct str to = notice_to(q, n);

		if (mail_is_moving(n->mail))
			break; /* settle_saved comes back */
		if (is_long_turn(q, n)) {
			q->notices_at = q->now + 1;
			break;
		}
		q->notices_first = n->next;
		if (n->next == NULL)
			q->notices_last = NULL;
		if (!n->counted && over_rate(q, to)) {
			say_dropped(n);
			done(q, n);
			continue;
		}
		n->counted = true;
		if (notice_send(q, n, &wanted)) {
			map_put_u64(&q->notices_sent, n->txn, n);
			say_sent(q, n);
		} else if (!wanted) {
			done(q, n);
		} else {
			enqueue(q, n, true);
			break;
		}
	}
	q->notices_running = false;
}

bool
bounce_answer(
    struct qmgr *q, void *worker, uint32_t txn, uint32_t code, struct str text)
{
	struct notice *n = map_get_u64(&q->notices_sent, txn);
	char line[LOG_VALUE_MAX];

	if (n == NULL || n->worker != worker)
		return false;
	map_remove_u64(&q->notices_sent, txn);
	if (code >= 400 && code <= 499) {
		q->notices_at = q->now + AGAIN_MS;
		enqueue(q, n, true);
		return true;
	}
	if (code != 250) {
		snprintf(line, sizeof(line),
		    "notice MID %llu about MID %llu refused: %u %.*s",
		    (unsigned long long)n->mid,
		    (unsigned long long)n->mail->mid, code,
		    (int)(text.n < 500 ? text.n : 500), text.p);
		EMIT(WARNING, .text = str_of(line));
	}
	done(q, n);
	bounce_run(q);
	return true;
}

void
bounce_worker_lost(struct qmgr *q, void *worker)
{
	struct notice *lost = NULL, *n;

	MAP_FOREACH (&q->notices_sent, it) {
		n = it.value;
		if (n->worker != worker)
			continue;
		n->next = lost;
		lost = n;
	}
	while ((n = lost) != NULL) {
		lost = n->next;
		map_remove_u64(&q->notices_sent, n->txn);
		enqueue(q, n, true);
	}
	bounce_run(q);
}

void
bounce_tick(struct qmgr *q)
{
	if (q->notices_at == 0 || q->notices_at > q->now)
		return;
	q->notices_at = 0;
	bounce_run(q);
}

int64_t
bounce_next(const struct qmgr *q)
{
	return q->notices_first != NULL ? q->notices_at : 0;
}

void
bounce_drop(struct qmgr *q, struct mail *m)
{
	struct notice *n;

	while ((n = m->active->notice) != NULL) {
		m->active->notice = n->next;
		notice_free(q, n);
	}
}

void
bounce_fini(struct qmgr *q)
{
	struct notice *n;

	while ((n = q->notices_first) != NULL) {
		q->notices_first = n->next;
		notice_free(q, n);
	}
	MAP_FOREACH (&q->notices_sent, it) {
		notice_free(q, it.value);
	}
	map_fini(&q->notices_sent, NULL);
	map_fini(&q->bounce_rates, NULL);
}

/* --- owing --- */

static bool
is_wanted(const struct qmgr *q, const struct parcel *parcel,
    const struct recipient *r, enum dsn_kind kind)
{
	const struct mail *m = parcel->mail;

	/* threats LOP-04 */
	return !(m->flags & ENV_NOTICE) &&
	       notice_is_wanted(
		   parcel_profile(q, parcel), mail_sender(m), r->notify, kind);
}

static struct notice *
notice_of(struct qmgr *q, const struct parcel *p, enum dsn_kind kind)
{
	struct mail *m = p->mail;
	struct active *a = mail_activate(m);
	struct notice *n = a->notice;
	uint16_t profile = parcel_profile_at(q, p);

	while (n != NULL && (n->kind != kind || n->profile != profile))
		n = n->next;
	if (n != NULL)
		return n;
	n = mem_alloc(sizeof(*n));
	n->mail = m;
	n->kind = kind;
	n->profile = profile;
	arena_init(&n->mem, NOTICE_MEM_MAX);
	n->next = a->notice;
	a->notice = n;
	m->n_owed++;
	q->n_notices++;
	return n;
}

static void
add_rcpt(struct notice *n, const struct recipient *r, struct str addr,
    const struct bounce_about *b)
{
	const struct notice_said *last = n->n > 0 ? n->v[n->n - 1].said : NULL;
	struct notice_said said = { str_of(b->status), str_of(b->reason),
		str_of(b->code), str_sub(b->text, 0, REPLY_TEXT_MAX),
		str_of(b->host) };

	n->v = mem_room(n->v, &n->cap, n->n, sizeof(*n->v));
	n->v[n->n++] = (struct notice_rcpt){
		.index = (uint32_t)(r - n->mail->rcpts),
		.addr = arena_str(&n->mem, addr),
		.said = last != NULL && is_same(last, &said)
			    ? last
			    : keep_said(&n->mem, &said),
	};
}

static bool
is_same(const struct notice_said *a, const struct notice_said *b)
{
	return str_eq(a->status, b->status) && str_eq(a->reason, b->reason) &&
	       str_eq(a->code, b->code) && str_eq(a->text, b->text) &&
	       str_eq(a->host, b->host);
}

static const struct notice_said *
keep_said(struct arena *mem, const struct notice_said *said)
{
	struct notice_said *copy = arena_alloc(mem, sizeof(*copy));

	*copy = (struct notice_said){ arena_str(mem, said->status),
		arena_str(mem, said->reason), arena_str(mem, said->code),
		arena_str(mem, said->text), arena_str(mem, said->host) };
	return copy;
}

/* --- sending --- */

/* cleanup may take them as fast as they are written: others have their turn
 * in between, however many there are. */
static bool
is_long_turn(struct qmgr *q, const struct notice *next)
{
	if (q->notices_turn != q->now)
		q->n_notices_turn = 0;
	q->notices_turn = q->now;
	if (q->n_notices_turn >= TURN_MAX)
		return true;
	q->n_notices_turn += next->n;
	return false;
}

static void
enqueue(struct qmgr *q, struct notice *n, bool front)
{
	n->txn = 0;
	n->worker = NULL;
	n->next = front ? q->notices_first : NULL;
	if (q->notices_first == NULL)
		q->notices_first = q->notices_last = n;
	else if (front)
		q->notices_first = n;
	else
		q->notices_last = q->notices_last->next = n;
}

/*
 * Threats BAC-03: a forged sender is not flooded. The count of an hour stands
 * in the map itself, as a pointer that is never followed.
 */
static bool
over_rate(struct qmgr *q, struct str to)
{
	uintptr_t n;

	if (q->now - q->bounce_hour >= HOUR_MS ||
	    q->bounce_rates.n >= RATES_MAX) {
		map_fini(&q->bounce_rates, NULL);
		map_init(&q->bounce_rates);
		q->bounce_hour = q->now;
	}
	n = (uintptr_t)map_get(&q->bounce_rates, to) + 1;
	map_put(&q->bounce_rates, to, (void *)n);
	return n > q->config->bounce_rate;
}

static void
say_dropped(const struct notice *n)
{
	char line[LOG_VALUE_MAX];

	snprintf(line, sizeof(line),
	    "MID %llu: no notice for %zu recipients: too many to this sender "
	    "within an hour",
	    (unsigned long long)n->mail->mid, n->n);
	EMIT(NOTICE, .text = str_of(line));
}

static void
say_sent(struct qmgr *q, const struct notice *n)
{
	uint64_t about = n->mail->mid;

	if (n->kind == DSN_DELAYED)
		EMIT(WARNING_GENERATED, .mid = n->mid, .other = about);
	else
		EMIT(BOUNCE_GENERATED, .mid = n->mid, .other = about);
	EMIT(START_MID, .mid = n->mid);
	EMIT(MID_FROM, .mid = n->mid, .addr = str_of(""));
	EMIT(MID_RCPT, .mid = n->mid, .addr = notice_to(q, n));
}

/* It is safe, or never will be: the recipients are done with. */
static void
done(struct qmgr *q, struct notice *n)
{
	struct mail *m = n->mail;

	for (size_t i = 0; n->kind == DSN_FAILED && i < n->n; i++)
		settle_done(m, &m->rcpts[n->v[i].index], RCPT_BOUNCED);
	m->n_owed--;
	notice_free(q, n);
	settle(q, m);
}

static void
notice_free(struct qmgr *q, struct notice *n)
{
	q->n_notices--;
	arena_free(&n->mem);
	free(n->v);
	free(n);
}
