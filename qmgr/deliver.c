/* deliver.c - results of parcels: counted, logged, planned */
#include "qmgr/deliver.h"

#include "base/mem.h"
#include "config/unsubscribe.h"
#include "event/event.h"
#include "qmgr/bounce.h"
#include "qmgr/conn.h"
#include "qmgr/logged.h"
#include "qmgr/ordered.h"
#include "qmgr/retry.h"
#include "qmgr/settle.h"
#include "smtp/features.h"

#define RCPTS_PER_JOB 1000 /* ipc/messages.h REC_JOB */

/* One recipient, and what was said about it. */
struct ending {
	struct recipient *rcpt;
	struct verdict verdict;
	struct str text; /* of the reply, without the code */
};
/* Those of one parcel. */
struct endings {
	struct parcel *parcel;
	const struct conn *conn; /* NULL: no connection */
	struct logged logged;
	uint32_t attempts; /* with this one */
	size_t n;
	struct ending v[RCPTS_PER_JOB];
};

static bool classify(struct qmgr *, struct endings *, const struct job_done *);
static bool keep_unsubscribed(
    struct qmgr *, struct endings *, const struct unsubscribed *all);
static void same_for_all(struct endings *, struct parcel *, const struct conn *,
    struct verdict, struct str text);
static void delivered(struct qmgr *, struct endings *);
static void say_delivered(struct qmgr *, struct endings *,
    struct codec_list rids, const struct ending *);
static struct logged_end logged_end(const struct endings *,
    const struct ending *, const struct ev_rid *, size_t n);
static void relayed(struct qmgr *, struct endings *, struct ending *);
static void refused(struct qmgr *, struct endings *);
static void refuse(struct qmgr *, struct endings *, struct ending *);
static struct event_BOUNCED bounce_event(
    struct qmgr *, struct endings *, const struct ending *);
static void deferred(struct qmgr *, struct endings *);
static void delay(struct qmgr *, struct endings *, struct ending *);
static void record(struct qmgr *, const struct endings *, int64_t next);
static void say_pending(struct qmgr *, const struct endings *, int64_t next);
static void leave(
    struct qmgr *, struct parcel *, struct recipient *, enum rcpt_end);
static void leave_all(struct qmgr *, struct parcel *, enum rcpt_end);
static struct codec_list open_rids(const struct parcel *, struct ev_rid *);

void
deliver_result(struct qmgr *q, struct conn *c, struct parcel *p,
    const struct job_done *done)
{
	struct endings e;
	struct mail *m = p->mail;

	same_for_all(&e, p, c, result_of_cause(CAUSE_NETWORK), str_of(""));
	if (!classify(q, &e, done)) {
		/* Nothing was said about the mail: it was no attempt. */
		c->failed = true;
		dest_due(p, true);
		settle(q, m);
		return;
	}
	c->n_done++;
	delivered(q, &e);
	refused(q, &e);
	deferred(q, &e);
	logged_fini(&e.logged);
	settle(q, m);
}

void
deliver_cause(
    struct qmgr *q, struct parcel *p, enum cause cause, const char *why)
{
	struct endings e;
	struct mail *m = p->mail;

	dest_take(p);
	same_for_all(&e, p, NULL, result_of_cause(cause),
	    str_of(why != NULL ? why : ""));
	refused(q, &e);
	logged_fini(&e.logged);
	settle(q, m);
}

void
deliver_refused(struct qmgr *q, struct conn *c, struct parcel *p,
    const struct session_down *down)
{
	struct endings e;
	struct mail *m = p->mail;

	dest_take(p);
	same_for_all(&e, p, c, result_of_greeting(down->code), down->text);
	refused(q, &e);
	logged_fini(&e.logged);
	settle(q, m);
}

void
deliver_without_tls(
    struct qmgr *q, struct parcel *p, const struct session_down *down)
{
	char why[REPLY_TEXT_MAX + 1];

	str_copy(why, sizeof(why), down->text);
	deliver_cause(q, p, CAUSE_REQUIRETLS, why);
}

void
deliver_filtered(struct qmgr *q, struct mail *m)
{
	struct endings e;

	for (uint32_t i = 0; i < m->n_parcels; i++) {
		ordered_no_more(q, &m->parcels[i]);
		dest_take(&m->parcels[i]);
		same_for_all(&e, &m->parcels[i], NULL,
		    result_of_cause(CAUSE_FILTER), str_of(""));
		refused(q, &e);
		logged_fini(&e.logged);
	}
	settle(q, m);
}

void
deliver_dropped(struct qmgr *q, struct parcel *p)
{
	struct ev_rid rids[RCPTS_PER_JOB];
	struct mail *m = p->mail;

	EMIT(DROPPED_BY_ROUTE, .mid = m->mid, .rids = open_rids(p, rids));
	dest_take(p);
	leave_all(q, p, RCPT_DROPPED);
	settle(q, m);
}

bool
deliver_unsubscribed(
    struct qmgr *q, struct parcel *p, const struct unsubscribed *all)
{
	bool bounce = q->config->unsubscribe_action == UNSUBSCRIBE_BOUNCE;
	struct endings e;
	struct mail *m = p->mail;

	same_for_all(&e, p, NULL, result_of_cause(CAUSE_UNSUBSCRIBED), STR(""));
	if (!keep_unsubscribed(q, &e, all))
		return false;
	dest_take(p);
	stats_add(q->stats, STATS_global_unsub_hits, e.n);
	if (bounce) {
		refused(q, &e);
		logged_fini(&e.logged);
	} else {
		dest_count_deleted(q, p->dest, e.n);
		for (size_t i = 0; i < e.n; i++)
			leave(q, p, e.v[i].rcpt, RCPT_DELETED);
	}
	if (p->n_open > 0)
		dest_due(p, true);
	settle(q, m);
	return true;
}

uint64_t
deliver_delete(struct qmgr *q, struct mail *m)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < m->n_parcels; i++) {
		struct parcel *p = &m->parcels[i];

		if (p->state == PARCEL_SENT || p->n_open == 0)
			continue;
		n += p->n_open;
		deliver_parcel_deleted(q, p);
	}
	settle(q, m);
	return n;
}

void
deliver_parcel_deleted(struct qmgr *q, struct parcel *p)
{
	struct ev_rid rids[RCPTS_PER_JOB];

	ordered_no_more(q, p);
	EMIT(DELETED, .mid = p->mail->mid, .rids = open_rids(p, rids));
	dest_take(p);
	dest_count_deleted(q, p->dest, p->n_open);
	leave_all(q, p, RCPT_DELETED);
	schedule_kick(q, p->dest);
}

void
deliver_parcel_gone(struct qmgr *q, struct parcel *p)
{
	dest_take(p);
	leave_all(q, p, RCPT_DELETED);
	schedule_kick(q, p->dest);
}

void
deliver_parcel_bounced(struct qmgr *q, struct parcel *p)
{
	struct endings e;

	ordered_no_more(q, p);
	dest_take(p);
	same_for_all(&e, p, NULL, result_of_cause(CAUSE_ADMIN), STR(""));
	for (size_t i = 0; i < e.n; i++)
		EMIT(BOUNCED_BY_ADMIN, .mid = p->mail->mid,
		    .rid = e.v[i].rcpt->rid);
	refused(q, &e);
	logged_fini(&e.logged);
	schedule_kick(q, p->dest);
}

void
deliver_parcel_moved(struct qmgr *q, struct parcel *p, struct str host)
{
	struct ev_rid said[RCPTS_PER_JOB];
	struct dest *from = p->dest;
	/* internal destinations know of no wish */
	enum tls_wish wish =
	    p->mail->flags & ENV_REQUIRETLS ? WISH_REQUIRE : from->wish;

	ordered_no_more(q, p);
	EMIT(REDIRECTED, .mid = p->mail->mid, .rids = open_rids(p, said),
	    .host = host);
	parcel_redirect(q, p,
	    dest_get(q, host,
		from->gateway != NULL ? str_of(from->gateway) : STR(""), wish));
	schedule_kick(q, p->dest);
}

/* Leaves those that are on the list. False: none. */
static bool
keep_unsubscribed(
    struct qmgr *q, struct endings *e, const struct unsubscribed *all)
{
	bool bounce = q->config->unsubscribe_action == UNSUBSCRIBE_BOUNCE;
	char buf[ADDR_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++) {
		struct recipient *r = e->v[i].rcpt;
		struct str addr = parcel_addr(e->parcel, r, buf);
		const struct unsubscribed *u =
		    all != NULL ? all : unsubscribed_addr(q->config, addr);

		if (u == NULL)
			continue;
		EMIT(UNSUBSCRIBED, .mid = e->parcel->mail->mid, .rid = r->rid,
		    .entry = u->pattern.text, .addr = addr,
		    .text = bounce ? STR("bounced") : STR("dropped"));
		e->v[n++] = e->v[i];
	}
	e->n = n;
	return n > 0;
}

/* --- what was said, recipient by recipient --- */

static void
same_for_all(struct endings *e, struct parcel *p, const struct conn *c,
    struct verdict v, struct str text)
{
	e->parcel = p;
	e->conn = c;
	logged_init(&e->logged);
	e->attempts = p->attempts + (c != NULL);
	e->n = 0;
	for (size_t i = 0; i < p->n; i++)
		if (parcel_rcpt(p, i)->state == RECIPIENT_OPEN)
			e->v[e->n++] =
			    (struct ending){ parcel_rcpt(p, i), v, text };
}

/* False: all say that the connection was dead before any RCPT. */
static bool
classify(struct qmgr *q, struct endings *e, const struct job_done *done)
{
	const struct job_result *r = done->results.v;
	bool said = false;

	for (size_t i = 0; i < e->n; i++) {
		struct verdict v = result_of_reply(
		    &r[i], done->possible, q->config->possible_delivery);

		e->v[i].text = r[i].text;
		if (v.outcome == OUTCOME_CONNECTION)
			continue; /* stays: soft, network */
		e->v[i].verdict = v;
		said = true;
	}
	return said;
}

/* --- delivered --- */

static void
delivered(struct qmgr *q, struct endings *e)
{
	struct ev_rid rids[RCPTS_PER_JOB];
	const struct ending *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++) {
		struct ending *x = &e->v[i];

		if (x->verdict.outcome != OUTCOME_DELIVERED)
			continue;
		rids[n++].rid = x->rcpt->rid;
		last = x;
		relayed(q, e, x);
		leave(q, e->parcel, x->rcpt, RCPT_DELIVERED);
	}
	if (n == 0)
		return;
	conn_widen(e->conn);
	dest_count_delivered(q, e->parcel->dest, n);
	say_delivered(q, e, (struct codec_list){ n, rids }, last);
}

static void
say_delivered(struct qmgr *q, struct endings *e, struct codec_list rids,
    const struct ending *last)
{
	struct mail *m = e->parcel->mail;
	struct logged_end end = logged_end(e, last, rids.v, rids.n);

	if (last->verdict.possible) {
		EMIT(POSSIBLE, .dcid = e->conn->dcid, .mid = m->mid,
		    .rids = rids);
	} else {
		EMIT(MESSAGE_DONE, .dcid = e->conn->dcid, .mid = m->mid,
		    .rids = rids, .headers = logged_headers(&e->logged, q, m));
		EMIT(RESPONSE, .mid = m->mid, .rids = rids, .text = last->text);
	}
	logged_delivered(&e->logged, q, &end);
}

static struct logged_end
logged_end(const struct endings *e, const struct ending *x,
    const struct ev_rid *rids, size_t n)
{
	return (struct logged_end){ .parcel = e->parcel,
		.conn = e->conn,
		.verdict = &x->verdict,
		.text = x->text,
		.attempts = e->attempts,
		.rids = rids,
		.n = n };
}

/* RFC 3461 5.2.2: the server will not tell the sender, so we do. */
static void
relayed(struct qmgr *q, struct endings *e, struct ending *x)
{
	if (!(x->rcpt->notify & DSN_SUCCESS) || e->conn->features & FEATURE_DSN)
		return;
	bounce_owe(q, e->parcel, x->rcpt,
	    &(struct bounce_about){ .kind = DSN_RELAYED,
		.status = "2.0.0",
		.code = "250",
		.text = x->text,
		.host = e->conn->host });
}

/* --- refused for good --- */

static void
refused(struct qmgr *q, struct endings *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].verdict.outcome == OUTCOME_HARD)
			refuse(q, e, &e->v[i]);
}

static void
refuse(struct qmgr *q, struct endings *e, struct ending *x)
{
	struct event_BOUNCED ev = bounce_event(q, e, x);
	const struct ev_rid rid = { x->rcpt->rid };
	struct logged_end end = logged_end(e, x, &rid, 1);
	struct parcel *p = e->parcel;

	if (x->verdict.hard == HARD_5XX && e->conn != NULL)
		dest_error(&p->dest->last_5xx, q->wall, &e->conn->ep.ip,
		    x->verdict.code, x->text);
	/* A notice that cannot be delivered ends here (threats LOP-04). */
	event_emit(
	    mail_sender(p->mail).n == 0 ? EVENT_DOUBLE_BOUNCE : EVENT_BOUNCED,
	    &ev);
	logged_bounced(&e->logged, q, &end);
	dest_count_hard(q, p->dest, x->verdict.hard);
	p->mail->lived = true;
	if (!bounce_owe(q, p, x->rcpt,
		&(struct bounce_about){ .kind = DSN_FAILED,
		    .status = x->verdict.status,
		    .reason = x->verdict.reason,
		    .code = x->verdict.code,
		    .text = x->text,
		    .host = e->conn != NULL ? e->conn->host : NULL })) {
		leave(q, p, x->rcpt, RCPT_BOUNCED);
		return;
	}
	/* Done on disk only when the notice is safe: settle.h. */
	x->rcpt->state = RECIPIENT_BOUNCING;
	dest_left(q, p, 1);
}

/* BOUNCED, DOUBLE_BOUNCE and DELAYED have the same fields. */
static struct event_BOUNCED
bounce_event(struct qmgr *q, struct endings *e, const struct ending *x)
{
	return (struct event_BOUNCED){
		.dcid = e->conn != NULL ? e->conn->dcid : 0,
		.mid = e->parcel->mail->mid,
		.rid = x->rcpt->rid,
		.status = str_of(x->verdict.status),
		.reason = str_of(x->verdict.reason),
		.code = str_of(x->verdict.code),
		.text = x->text,
		.headers = logged_headers(&e->logged, q, e->parcel->mail),
	};
}

/* --- later --- */

static void
deferred(struct qmgr *q, struct endings *e)
{
	struct parcel *p = e->parcel;
	const struct bounce_profile *prof = parcel_profile(q, p);
	int32_t jitter =
	    (int32_t)(q->out->random(q->out_arg) % (2 * RETRY_JITTER + 1)) -
	    RETRY_JITTER;
	int64_t in;

	if (p->n_open == 0)
		return;
	dest_attempted(q, p);
	dest_count_soft(q, p->dest, p->n_open);
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].verdict.outcome == OUTCOME_SOFT)
			delay(q, e, &e->v[i]);
	if (retry_exhausted(prof, p->attempts)) {
		for (size_t i = 0; i < e->n; i++) {
			if (e->v[i].verdict.outcome != OUTCOME_SOFT)
				continue;
			e->v[i].verdict = result_of_cause(CAUSE_EXPIRED);
			refuse(q, e, &e->v[i]);
		}
		return;
	}
	in = retry_interval(prof, p->attempts, jitter);
	dest_wait(p, q->now + in);
	say_pending(q, e, q->wall + in);
	record(q, e, q->wall + in);
}

/* One soft bounce: logged; perhaps the sender is warned (spec 1.7.4). */
static void
delay(struct qmgr *q, struct endings *e, struct ending *x)
{
	struct event_BOUNCED ev = bounce_event(q, e, x);
	const struct ev_rid rid = { x->rcpt->rid };
	struct logged_end end = logged_end(e, x, &rid, 1);
	struct parcel *p = e->parcel;
	struct mail *m = p->mail;

	event_emit(EVENT_DELAYED, &ev);
	logged_delayed(&e->logged, q, &end);
	dest_error(&p->dest->last_error, q->wall, &e->conn->ep.ip,
	    x->verdict.code, x->text);
	if (x->verdict.code[0] != '4' ||
	    !retry_may_warn(parcel_profile(q, p), q->now - m->born, p->attempts,
		x->rcpt->warned))
		return;
	if (bounce_owe(q, p, x->rcpt,
		&(struct bounce_about){ .kind = DSN_DELAYED,
		    .status = x->verdict.status,
		    .reason = x->verdict.reason,
		    .code = x->verdict.code,
		    .text = x->text,
		    .host = e->conn->host }))
		x->rcpt->warned++;
}

/* DEFER records: one for all that heard the same. */
static void
record(struct qmgr *q, const struct endings *e, int64_t next)
{
	struct rid_rec rids[RCPTS_PER_JOB];
	struct parcel *p = e->parcel;
	size_t n = 0;

	(void)q;
	for (size_t i = 0; i < e->n; i++) {
		const struct ending *x = &e->v[i], *y = x + 1;
		struct defer_rec r = { .next = next,
			.attempts = p->attempts,
			.warned = x->rcpt->warned,
			.reply = str_sub(x->text, 0, REPLY_TEXT_MAX) };

		if (x->verdict.outcome != OUTCOME_SOFT)
			continue;
		rids[n++].rid = x->rcpt->rid;
		if (i + 1 < e->n && y->verdict.outcome == OUTCOME_SOFT &&
		    y->rcpt->warned == x->rcpt->warned &&
		    str_eq(y->text, x->text))
			continue;
		r.rids = (struct codec_list){ n, rids };
		settle_deferred(p->mail, &r);
		n = 0;
	}
}

static void
say_pending(struct qmgr *q, const struct endings *e, int64_t next)
{
	struct mail *m = e->parcel->mail;

	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].verdict.outcome == OUTCOME_SOFT)
			EMIT(PENDING, .mid = m->mid, .rid = e->v[i].rcpt->rid,
			    .when = next,
			    .profile = parcel_profile(q, e->parcel)->name);
}

/* --- leaving the queue --- */

static void
leave(struct qmgr *q, struct parcel *p, struct recipient *r, enum rcpt_end how)
{
	settle_done(p->mail, r, how);
	if (how != RCPT_DROPPED)
		p->mail->lived = true;
	dest_left(q, p, 1);
}

static void
leave_all(struct qmgr *q, struct parcel *p, enum rcpt_end how)
{
	for (size_t i = 0; i < p->n; i++)
		if (parcel_rcpt(p, i)->state == RECIPIENT_OPEN)
			leave(q, p, parcel_rcpt(p, i), how);
}

static struct codec_list
open_rids(const struct parcel *p, struct ev_rid *rids)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (parcel_rcpt(p, i)->state == RECIPIENT_OPEN)
			rids[n++].rid = parcel_rcpt(p, i)->rid;
	return (struct codec_list){ n, rids };
}
