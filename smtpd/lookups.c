/*
 * lookups.c - questions to lookupd, and those about bounce tags to keyd
 *
 * Answers find their connection by the number of the question, so that one
 * which comes too late finds nobody. lookupd gone or slow is a look-up that
 * failed, never a client that waits (session_due watches).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "event/alert.h"
#include "lookup/ahead.h"
#include "lookup/facts.h"
#include "smtpd/smtpd.h"
#include "stats/rates.h"

#define AHEAD_MEM  ((size_t)1024 * 1024)  /* servers of one route */
#define WARN_EVERY ((int64_t)3600 * 1000) /* ms: of one DNS list */

/* A fact that a connection asked for. */
struct question {
	struct question *next; /* of the same connection */
	struct conn *conn;
	uint32_t number;
	enum fact_id id;
	struct str key; /* the session's */
};

static int lookups_frame(
    void *, struct ipc *, struct ipc_frame *, struct err *);
static void warn_of_list(struct smtpd *, struct str zone, enum dns_list);
static int probe_done(struct smtpd *, struct ipc_frame *, struct err *);
static void lookups_closed(void *, struct ipc *, const struct err *);
static void give_up(struct smtpd *);
static bool ask_ahead(
    struct conn *, const struct need *, struct fact_answer *now);
static bool ask_keyd(struct conn *, const struct need *);
static void answer_ahead(
    struct smtpd *, uint32_t number, const struct probe_done *);
static struct question *question_new(struct conn *, const struct need *);
static void question_free(struct question *);

static const struct ipc_handler handler = {
	.frame = lookups_frame,
	.closed = lookups_closed,
};

const struct ipc_handler *
lookups_peer(struct smtpd *sm, struct ipc *ipc, void **arg)
{
	struct ipc *old = sm->lookupd;

	*arg = sm;
	sm->lookupd = ipc;
	/* the one before is gone, which we are about to hear */
	if (old != NULL) {
		passwords_lost(sm, old);
		give_up(sm);
	}
	return &handler;
}

bool
lookups_ask(
    struct smtp_session *s, const struct need *need, struct fact_answer *now)
{
	struct conn *c = (struct conn *)s;
	struct smtpd *sm = c->smtpd;
	char name[LOOKUP_NAME];
	struct query q;

	if (need->id == FACT_CALLAHEAD)
		return ask_ahead(c, need, now);
	if (need->id == FACT_BOUNCE_TAG)
		return ask_keyd(c, need);
	if (sm->lookupd == NULL || !lookup_query_of(need->id, need->key,
				       s->config, &s->facts.client, &q, name))
		return false;
	ipc_send(sm->lookupd, IPC_QUERY, question_new(c, need)->number, &q);
	return true;
}

int
lookups_tag_judged(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	static const struct fact known = { FACT_KNOWN, FACT_LOOKED_UP };
	struct tag_judged judged;
	struct fact_answer fact;
	struct question *q;
	struct conn *c;

	if (ipc_decode(f, &judged, NULL, err) == -1)
		return -1;
	q = map_get_u64(&sm->queries, f->txn);
	if (q == NULL || q->id != FACT_BOUNCE_TAG)
		return 0;
	c = q->conn;
	fact = (struct fact_answer){ .id = q->id,
		.key = q->key,
		.meta = known,
		.number = judged.verdict,
		.text = STR("") };
	question_free(q);
	conn_answer(c, &fact);
	return 0;
}

void
lookups_keyd_lost(struct smtpd *sm)
{
	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		const struct question *q = c->questions;

		next = c->next;
		while (q != NULL && q->id != FACT_BOUNCE_TAG)
			q = q->next;
		if (q != NULL)
			conn_unanswered(c);
	}
}

void
lookups_forget(struct smtp_session *s)
{
	struct conn *c = (struct conn *)s;

	while (c->questions != NULL)
		question_free(c->questions);
}

static int
lookups_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct smtpd *sm = arg;
	struct fact_answer fact;
	struct question *q;
	struct answer a;
	struct arena mem;
	int rc;

	(void)ipc;
	if (f->type == IPC_PROBE_DONE)
		return probe_done(sm, f, err);
	arena_init(&mem, 2 * IPC_FRAME_MAX);
	rc = ipc_decode(f, &a, &mem, err);
	q = rc == 0 ? map_get_u64(&sm->queries, f->txn) : NULL;
	if (q != NULL && q->id != FACT_CALLAHEAD) {
		struct conn *c = q->conn;

		fact = (struct fact_answer){ .key = q->key };
		lookup_fact_of(q->id, &a, &fact);
		if (q->id == FACT_DNSLIST && fact.number >= LIST_IS_NONE)
			warn_of_list(sm, q->key, (enum dns_list)fact.number);
		question_free(q);
		conn_answer(c, &fact);
	}
	arena_free(&mem);
	return rc;
}

/* Once in an hour, whichever of the workers hears it first. */
static void
warn_of_list(struct smtpd *sm, struct str zone, enum dns_list said)
{
	static const char *const why[] = {
		[LIST_IS_NONE] = "answers with addresses outside 127.0.0.0/8: "
				 "these count as not listed",
		[LIST_HAS_ALL] = "is switched off: it lists 127.0.0.1, so it "
				 "lists everybody",
		[LIST_HAS_NO_TEST] = "is switched off: it does not list "
				     "127.0.0.2, as every list must",
	};
	struct stats *stats = sm->daemon->stats;
	struct rate warnings = { .key = stats_rate_of_text(
				     stats, RATE_DNSLIST, zone),
		.window = WARN_EVERY,
		.limit = 1 };
	char text[DOMAIN_MAX + 100];

	if (!stats_rate_take(stats, &warnings, 1, loop_now(sm->daemon->loop)))
		return;
	snprintf(
	    text, sizeof(text), "DNS list %.*s %s", STR_ARG(zone), why[said]);
	if (said == LIST_IS_NONE)
		EMIT(WARNING, .text = str_of(text));
	else
		alert_raise(ALERT_DNS_LIST, zone, str_of(text));
}

static int
probe_done(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	struct probe_done done;

	if (ipc_decode(f, &done, NULL, err) == -1)
		return -1;
	if (done.kind == PROBE_AUTH)
		passwords_probed(sm, f->txn, &done);
	else
		answer_ahead(sm, f->txn, &done);
	return 0;
}

/* An answer that is kept is had at once. */
static bool
ask_ahead(struct conn *c, const struct need *need, struct fact_answer *now)
{
	struct smtp_session *s = &c->session;
	const struct callahead_profile *profile =
	    s->subject.listener->call_ahead;
	struct smtpd *sm = c->smtpd;
	struct arena mem;
	struct probe p;
	bool sent = false;

	if (callahead_get(&sm->callahead, profile, need->key, s->now, now))
		return false;
	arena_init(&mem, AHEAD_MEM);
	if (!ahead_probe(
		s->config, profile, need->key, session_hostname(s), &p, &mem)) {
		ahead_nowhere(now);
	} else if (sm->lookupd != NULL) {
		ipc_send(
		    sm->lookupd, IPC_PROBE, question_new(c, need)->number, &p);
		sent = true;
	}
	arena_free(&mem);
	return sent;
}

static bool
ask_keyd(struct conn *c, const struct need *need)
{
	struct judge_tag msg = { .addr = need->key };
	struct smtpd *sm = c->smtpd;

	if (sm->keyd == NULL || need->key.n > ADDR_MAX)
		return false;
	ipc_send(sm->keyd, IPC_JUDGE_TAG, question_new(c, need)->number, &msg);
	return true;
}

static void
answer_ahead(struct smtpd *sm, uint32_t number, const struct probe_done *done)
{
	struct question *q = map_get_u64(&sm->queries, number);
	struct fact_answer fact;
	struct conn *c;

	if (q == NULL || q->id != FACT_CALLAHEAD)
		return;
	c = q->conn;
	fact = (struct fact_answer){ .key = q->key };
	ahead_fact(done, &fact);
	callahead_put(&sm->callahead, c->session.subject.listener->call_ahead,
	    q->key, loop_now(sm->daemon->loop), &fact);
	question_free(q);
	conn_answer(c, &fact);
}

static void
lookups_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct smtpd *sm = arg;

	(void)err;
	if (sm->lookupd != ipc)
		return;
	sm->lookupd = NULL;
	passwords_lost(sm, ipc);
	give_up(sm);
}

/* What was asked has no answer. */
static void
give_up(struct smtpd *sm)
{
	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->questions != NULL)
			conn_unanswered(c);
	}
}

static struct question *
question_new(struct conn *c, const struct need *need)
{
	struct smtpd *sm = c->smtpd;
	struct question *q = mem_alloc(sizeof(*q));

	do
		q->number = ++sm->last_query;
	while (q->number == 0 || map_get_u64(&sm->queries, q->number) != NULL);
	q->conn = c;
	q->id = need->id;
	q->key = need->key;
	q->next = c->questions;
	c->questions = q;
	map_put_u64(&sm->queries, q->number, q);
	return q;
}

static void
question_free(struct question *q)
{
	struct question **at = &q->conn->questions;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	map_remove_u64(&q->conn->smtpd->queries, q->number);
	free(q);
}
