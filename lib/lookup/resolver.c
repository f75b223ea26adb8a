/* resolver.c - questions to the domain name system, over libunbound */
#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>
/* needs the types of the one above */
#include <unbound-event.h>

#include "base/mem.h"
#include "lookup/asked.h"
#include "lookup/burden.h"
#include "lookup/resolver.h"
#include "lookup/ubcontext.h"
#include "lookup/ubloop.h"

#define CLASS_IN 1

/* A libunbound context: its settings never change. */
struct context {
	struct resolver *owner;
	struct ub_ctx *ub;
	struct context *next; /* of those that retired */
	struct question *questions;
	bool retired;
	bool closing; /* its questions go elsewhere */
};

struct question {
	struct context *context;
	struct question *next, **prev;
	struct question **slot; /* of the asker; NULL: forgotten */
	void (*done)(void *arg, const struct resolver_reply *);
	void *arg;
	bool asking; /* the library has not returned yet */
	bool counted, answered;
	bool trusted;
	int type;
	struct str domain; /* that it is charged to; of the name */
	char name[];
};

struct resolver {
	struct loop *loop;
	struct ub_event_base *base;
	struct resolver_settings settings;
	struct context *current;
	struct context *retired;
	struct loop_job sweep; /* frees those retired that are done */
	struct loop_job renew;
	struct burdens *burdens;
	struct asked *asked; /* of the current context */
	struct resolver_counts counts;
	struct question *answered; /* since the library was called */
	void (*on_costly)(void *arg, struct str domain);
	void *arg;
};

/* Questions under way that a cost is charged to: more would say nothing. */
#define CHARGED_MAX 1000
/* So much longer than its work may a call be held to have taken: a machine
 * that stood still is nobody's fault. */
#define CROWDED_MAX 10

static struct context *context_new(
    struct resolver *, const struct resolver_settings *, struct err *);
static void context_free(struct context *);
static void sweep(void *arg);
static void answered(void *arg, int rcode, void *packet, int len, int secure,
    char *why_bogus, int limited);
static void deliver(struct question *, const struct resolver_reply *);
static void put_question(struct question *, struct context *);
static void ask(struct question *);
static void count(struct question *, enum asked_state before);
static void on_cost(void *arg, int64_t us, int64_t passed);
static void charge(struct resolver *, int64_t us);
static void renew(void *arg);
static bool may_ask(const struct question *);
static size_t domains_of(const struct question *, struct str *v, size_t max);
static void free_answered(struct resolver *);
static const char *rcode_name(int rcode);

struct resolver *
resolver_new(struct loop *loop, const struct resolver_settings *settings,
    struct err *err)
{
	struct resolver *r = mem_alloc(sizeof(*r));

	r->loop = loop;
	r->base = ubloop_new(loop);
	r->burdens = burdens_new();
	r->asked = asked_new();
	ubloop_on_cost(r->base, on_cost, r);
	r->sweep.cb = sweep;
	r->sweep.arg = r;
	r->renew.cb = renew;
	r->renew.arg = r;
	if (resolver_set(r, settings, err) == -1)
		resolver_free(&r);
	return r;
}

void
resolver_free(struct resolver **rp)
{
	struct resolver *r = *rp;
	struct context *c;

	if (r == NULL)
		return;
	if (r->current != NULL)
		context_free(r->current);
	while ((c = r->retired) != NULL) {
		r->retired = c->next;
		context_free(c);
	}
	/* the library answers what is open when it is left */
	free_answered(r);
	loop_undefer(&r->sweep);
	loop_undefer(&r->renew);
	ubloop_free(&r->base);
	burdens_free(&r->burdens);
	asked_free(&r->asked);
	free(r);
	*rp = NULL;
}

int
resolver_set(struct resolver *r, const struct resolver_settings *settings,
    struct err *err)
{
	struct context *next = context_new(r, settings, err);

	if (next == NULL)
		return -1;
	if (r->current != NULL) {
		r->current->retired = true;
		r->current->next = r->retired;
		r->retired = r->current;
		loop_defer(r->loop, &r->sweep);
	}
	r->settings = *settings;
	r->current = next;
	asked_forget(r->asked);
	return 0;
}

void
resolver_ask(struct resolver *r, struct question **slot,
    const struct resolver_query *what,
    void (*done)(void *arg, const struct resolver_reply *), void *arg)
{
	struct str name = str_of(what->name);
	struct question *q = mem_alloc(sizeof(*q) + name.n + 1);

	str_copy(q->name, name.n + 1, name);
	str_lower(q->name);
	q->domain = burden_domain(str_of(q->name));
	q->type = what->type;
	q->trusted = what->trusted;
	q->slot = slot;
	q->done = done;
	q->arg = arg;
	*slot = q;
	put_question(q, r->current);
	ask(q);
}

void
resolver_on_costly(
    struct resolver *r, void (*cb)(void *arg, struct str domain), void *arg)
{
	r->on_costly = cb;
	r->arg = arg;
}

void
resolver_forget(struct question **slot)
{
	if (*slot != NULL)
		(*slot)->slot = NULL;
	*slot = NULL;
}

struct resolver_counts
resolver_counts(const struct resolver *r)
{
	struct resolver_counts c = r->counts;

	c.queries = ubloop_queries(r->base);
	return c;
}

size_t
resolver_cached(const struct resolver *r)
{
	return asked_answered(r->asked);
}

/* --- contexts --- */

static struct context *
context_new(struct resolver *r, const struct resolver_settings *settings,
    struct err *err)
{
	struct context *c = mem_alloc(sizeof(*c));

	c->owner = r;
	c->ub = ubcontext_new(r->base, settings, err);
	if (c->ub != NULL)
		return c;
	free(c);
	return NULL;
}

/* Questions under way get no answer from the library any more. */
static void
context_free(struct context *c)
{
	struct question *q;

	ub_ctx_delete(c->ub);
	while ((q = c->questions) != NULL) {
		c->questions = q->next;
		if (q->slot != NULL)
			*q->slot = NULL;
		free(q);
	}
	free(c);
}

/* At the end of a turn: no context may be freed while it calls back. */
static void
sweep(void *arg)
{
	struct resolver *r = arg;
	struct context **at = &r->retired, *c;

	while ((c = *at) != NULL) {
		if (c->questions != NULL) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		context_free(c);
	}
}

/* --- questions --- */

static void
put_question(struct question *q, struct context *c)
{
	q->context = c;
	q->next = c->questions;
	if (q->next != NULL)
		q->next->prev = &q->next;
	q->prev = &c->questions;
	c->questions = q;
}

/* It may be answered before this returns, but is freed only then. */
static void
ask(struct question *q)
{
	struct resolver_reply no = { .failure = "cannot ask" };
	struct resolver *r = q->context->owner;
	enum asked_state before = asked_state(r->asked, q->name, q->type);
	int rc = -1;

	ubloop_begin(r->base);
	q->asking = true;
	asked_begin(r->asked, q->name, q->type);
	if (may_ask(q))
		rc = ub_resolve_event(q->context->ub, q->name, q->type,
		    CLASS_IN, q, answered, NULL);
	else
		no.failure = "costs too much";
	if (rc != 0)
		deliver(q, &no);
	count(q, before);
	q->asking = false;
	ubloop_end(r->base);
}

/* When its context was renewed it is asked again, and counts once. */
static void
count(struct question *q, enum asked_state before)
{
	struct resolver_counts *c = &q->context->owner->counts;

	if (q->counted)
		return;
	q->counted = true;
	if (q->answered)
		c->hits++;
	else if (before == ASKED_NOW)
		c->exceptions++;
	else if (before == ASKED_BEFORE)
		c->expired++;
	else
		c->misses++;
}

static void
answered(void *arg, int rcode, void *packet, int len, int secure,
    char *why_bogus, int limited)
{
	struct question *q = arg;
	struct resolver_reply reply = {
		.failure = rcode != 0 ? rcode_name(rcode) : NULL,
		.packet = { packet, len > 0 ? (size_t)len : 0 },
		.secure = secure == 2,
		.bogus = secure == 1,
	};

	(void)why_bogus, (void)limited;
	if (q->context->closing)
		return;
	q->answered = true;
	deliver(q, &reply);
}

static void
deliver(struct question *q, const struct resolver_reply *reply)
{
	struct context *c = q->context;
	struct resolver *r = c->owner;

	if (!c->retired)
		asked_end(r->asked, q->name, q->type,
		    reply->failure == NULL && !reply->bogus);
	*q->prev = q->next;
	if (q->next != NULL)
		q->next->prev = q->prev;
	q->next = r->answered;
	r->answered = q;
	if (c->retired)
		loop_defer(r->loop, &r->sweep);
	if (q->slot != NULL) {
		*q->slot = NULL;
		q->done(q->arg, reply);
	}
}

static const char *
rcode_name(int rcode)
{
	return rcode == 5 ? "Refused" : "ServFail";
}

/* --- what it costs --- */

/*
 * The library is left again. What is dear is so by the time of the processor
 * that it took; what is charged is how long the others waited for it: where
 * other programs leave us a tenth of the processor, all of that tenth would
 * pass for little.
 */
static void
on_cost(void *arg, int64_t us, int64_t passed)
{
	struct resolver *r = arg;

	if (us >= BURDEN_COSTLY && r->current != NULL)
		charge(
		    r, passed < us * CROWDED_MAX ? passed : us * CROWDED_MAX);
	free_answered(r);
}

static void
charge(struct resolver *r, int64_t us)
{
	struct str v[CHARGED_MAX], paused;
	size_t n;

	n = domains_of(r->answered, v, CHARGED_MAX);
	n += domains_of(r->current->questions, v + n, CHARGED_MAX - n);
	for (struct context *c = r->retired; c != NULL; c = c->next)
		n += domains_of(c->questions, v + n, CHARGED_MAX - n);
	if (!burden_charge(r->burdens, v, n, us, loop_now(r->loop), &paused))
		return;
	if (r->on_costly != NULL)
		r->on_costly(r->arg, paused);
	loop_defer(r->loop, &r->renew);
}

static size_t
domains_of(const struct question *q, struct str *v, size_t max)
{
	size_t n = 0;

	for (; q != NULL && n < max; q = q->next)
		if (!q->trusted)
			v[n++] = q->domain;
	return n;
}

/*
 * The library cannot be told to leave a question alone, and would be at those
 * of a costly domain for long yet. So all others begin anew in a new context.
 */
static void
renew(void *arg)
{
	struct resolver *r = arg;
	struct question *open = NULL, *q;
	struct context *c = r->current;
	struct err err = ERR_INIT;

	r->current = context_new(r, &r->settings, &err);
	if (r->current == NULL) {
		r->current = c;
		return;
	}
	asked_forget(r->asked);
	c->next = r->retired;
	while (c != NULL) {
		r->retired = c->next;
		while ((q = c->questions) != NULL) {
			c->questions = q->next;
			q->next = open;
			open = q;
		}
		c->closing = true; /* the library answers them all now */
		context_free(c);
		c = r->retired;
	}
	while ((q = open) != NULL) {
		open = q->next;
		if (q->slot == NULL) {
			free(q);
			continue;
		}
		put_question(q, r->current);
		ask(q);
	}
}

static bool
may_ask(const struct question *q)
{
	const struct resolver *r = q->context->owner;

	return q->trusted ||
	       !burden_is_paused(r->burdens, q->domain, loop_now(r->loop));
}

static void
free_answered(struct resolver *r)
{
	struct question *q;

	while ((q = r->answered) != NULL) {
		r->answered = q->next;
		free(q);
	}
}
