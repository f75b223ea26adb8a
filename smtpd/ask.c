/* ask.c - facts that a session lacks, and the command that waits for them */
#include "smtpd/ask.h"

#include <stdlib.h>

#include "base/mem.h"
#include "lookup/ahead.h"
#include "pipeline/pipeline.h"
#include "smtpd/counts.h"

/* Of one command: answers about 1,000 recipients (threats REL-12). */
#define ASK_MEM ((size_t)8 * 1024 * 1024)
#define GRACE   5000 /* ms over the time that was given to the look-up */

struct question {
	struct question *next;
	enum fact_id id;
	struct str key;
};

struct queue {
	struct question *first, **last;
};

struct ask {
	struct arena mem;   /* owns the answers and the questions */
	struct queue open;  /* under way */
	struct queue later; /* for want of room; then `open` is not empty */
	size_t n_open;
	int64_t due;
	struct request *request; /* that waits; NULL: none */
};

static struct counts counts_of(
    const struct smtp_session *, const struct subject *);
static void ask_one(struct smtp_session *, const struct need *);
static bool is_open(const struct ask *, const struct need *);
static void ask_more(struct smtp_session *);
static void pose(struct smtp_session *, struct question *);
static void put(struct queue *, struct question *);
static void take(struct queue *, struct question **at);
static void update(struct smtp_session *, enum fact_id, uint64_t number);
static struct ask *ask_of(struct smtp_session *);
static int64_t time_limit(const struct smtp_session *, enum fact_id);
static void set(struct smtp_session *, const struct fact_answer *);
static struct fact_answer failed_answer(const struct question *);
static void set_host(struct smtp_session *, const struct fact_answer *);
static void keep(struct arena *, struct facts *, const struct fact_answer *);

bool
ask_for(struct smtp_session *s, const struct subject *subject,
    const struct needs *needs)
{
	struct counts counts = counts_of(s, subject);

	for (size_t i = 0; i < needs->n; i++) {
		struct fact_answer a = { .key = needs->v[i].key };

		if (!counts_has(needs->v[i].id)) {
			if (s->phase != PH_CONNECT ||
			    !is_open(ask_of(s), &needs->v[i]))
				ask_one(s, &needs->v[i]);
			continue;
		}
		counts_fact(&counts, needs->v[i].id, &a);
		keep(&ask_of(s)->mem, &s->facts, &a);
	}
	return ask_is_open(s);
}

void
ask_client(struct smtp_session *s, bool lists)
{
	static const struct need host = { FACT_HOST, { "", 0 } };
	static const struct fact_answer none = { .id = FACT_HOST,
		.meta = { FACT_KNOWN, FACT_FROM_DEFAULT },
		.number = HOST_NX };
	const struct str *zones;
	size_t n = pipeline_dnslists(s->subject.listener, &zones);

	/* Receiving 4.6: without a time to wait every host is nx.domain. */
	if (s->config->reverse_timeout == 0)
		set(s, &none);
	else
		ask_one(s, &host);
	for (size_t i = 0; i < n && lists; i++)
		ask_one(s, &(struct need){ FACT_DNSLIST, zones[i] });
}

bool
ask_count(struct smtp_session *s, const struct subject *subject)
{
	struct counts counts = counts_of(s, subject);
	uint64_t host, sender;

	if (counts_take(&counts, &host, &sender))
		return true;
	update(s, FACT_RATE_HOST, host);
	update(s, FACT_RATE_SENDER, sender);
	return false;
}

bool
ask_limit_met(
    struct smtp_session *s, const struct subject *subject, enum limit limit)
{
	struct counts counts = counts_of(s, subject);

	return counts_met(&counts, limit);
}

bool
ask_is_open(const struct smtp_session *s)
{
	return s->ask != NULL && s->ask->n_open > 0;
}

int64_t
ask_due(const struct smtp_session *s)
{
	return ask_is_open(s) ? s->ask->due : s->now;
}

bool
ask_answered(struct smtp_session *s, const struct fact_answer *a)
{
	struct question **at = ask_is_open(s) ? &s->ask->open.first : NULL, *q;

	for (; at != NULL && (q = *at) != NULL; at = &q->next) {
		if (q->id != a->id || !str_eq(q->key, a->key))
			continue;
		take(&s->ask->open, at);
		s->ask->n_open--;
		set(s, a);
		ask_more(s);
		return true;
	}
	return false;
}

void
ask_give_up(struct smtp_session *s)
{
	struct question *lists[2] = { NULL, NULL };

	if (ask_is_open(s)) {
		lists[0] = s->ask->open.first;
		lists[1] = s->ask->later.first;
	}
	ask_drop(s);
	for (size_t i = 0; i < NELEM(lists); i++) {
		for (struct question *q = lists[i]; q != NULL; q = q->next) {
			struct fact_answer failed = failed_answer(q);

			set(s, &failed);
		}
	}
}

void
ask_drop(struct smtp_session *s)
{
	if (!ask_is_open(s))
		return;
	s->ask->open = s->ask->later = (struct queue){ 0 };
	s->ask->n_open = 0;
	s->ops->forget(s);
}

void
ask_forget(struct smtp_session *s, enum fact_scope scope)
{
	const struct fact_answer *a = s->facts.answers;
	struct ask *ask = s->ask;
	struct arena kept;

	if (ask == NULL)
		return;
	ask_drop(s);
	request_free(&ask->request);
	arena_init(&kept, ASK_MEM);
	s->facts.answers = NULL;
	for (; a != NULL; a = a->next)
		if (fact_scope(a->id) < scope)
			keep(&kept, &s->facts, a);
	arena_free(&ask->mem);
	ask->mem = kept;
	if (s->facts.answers != NULL)
		return;
	free(ask);
	s->ask = NULL;
}

void
ask_keep(struct smtp_session *s, struct request *r)
{
	ask_of(s)->request = r;
}

struct request *
ask_take(struct smtp_session *s)
{
	struct request *r = s->ask != NULL ? s->ask->request : NULL;

	if (r != NULL)
		s->ask->request = NULL;
	return r;
}

static struct counts
counts_of(const struct smtp_session *s, const struct subject *subject)
{
	return (struct counts){ .stats = s->stats,
		.subject = subject,
		.client = s->facts.client,
		.now = s->now };
}

static void
ask_one(struct smtp_session *s, const struct need *need)
{
	struct ask *ask = ask_of(s);
	struct question *q = arena_alloc(&ask->mem, sizeof(*q));

	q->id = need->id;
	q->key = arena_str(&ask->mem, need->key);
	put(&ask->later, q);
	ask_more(s);
}

/* Only while a client connects its stages may lack what is asked already. */
static bool
is_open(const struct ask *ask, const struct need *need)
{
	const struct question *q = ask->open.first;

	while (q != NULL && (q->id != need->id || !str_eq(q->key, need->key)))
		q = q->next;
	return q != NULL;
}

static void
ask_more(struct smtp_session *s)
{
	struct ask *ask = s->ask;

	while (ask->later.first != NULL && ask->n_open < AHEAD_TOGETHER) {
		struct question *q = ask->later.first;

		take(&ask->later, &ask->later.first);
		pose(s, q);
	}
}

static void
pose(struct smtp_session *s, struct question *q)
{
	struct fact_answer now = failed_answer(q);
	int64_t due = s->now + time_limit(s, q->id);
	struct ask *ask = s->ask;

	if (!s->ops->ask(s, &(struct need){ q->id, q->key }, &now)) {
		set(s, &now);
		return;
	}
	if (ask->n_open == 0 || due > ask->due)
		ask->due = due;
	put(&ask->open, q);
	ask->n_open++;
}

static void
put(struct queue *list, struct question *q)
{
	if (list->first == NULL)
		list->last = &list->first;
	q->next = NULL;
	*list->last = q;
	list->last = &q->next;
}

/* *at stays good: it is the one behind it then. */
static void
take(struct queue *list, struct question **at)
{
	if (list->last == &(*at)->next)
		list->last = at;
	*at = (*at)->next;
}

static struct ask *
ask_of(struct smtp_session *s)
{
	if (s->ask == NULL) {
		s->ask = mem_alloc(sizeof(*s->ask));
		arena_init(&s->ask->mem, ASK_MEM);
	}
	return s->ask;
}

static int64_t
time_limit(const struct smtp_session *s, enum fact_id id)
{
	const struct callahead_profile *p = s->subject.listener->call_ahead;
	uint32_t seconds = s->config->dns_timeout;

	if (id == FACT_HOST)
		seconds = s->config->reverse_timeout;
	else if (id == FACT_DNSLIST)
		seconds = s->config->dnslist_timeout;
	else if (id == FACT_CALLAHEAD && p != NULL)
		seconds = p->timeout;
	return (int64_t)seconds * 1000 + GRACE;
}

static void
set(struct smtp_session *s, const struct fact_answer *a)
{
	if (a->id == FACT_HOST)
		set_host(s, a);
	else if (a->id >= FACT_KEYED)
		keep(&s->ask->mem, &s->facts, a);
	else
		fact_set(&s->facts, a->id, FACT_FAILED, a->meta.source);
}

static struct fact_answer
failed_answer(const struct question *q)
{
	return (struct fact_answer){ .id = q->id,
		.key = q->key,
		.meta = { FACT_FAILED, FACT_FROM_DEFAULT },
		.text = STR("") };
}

static void
set_host(struct smtp_session *s, const struct fact_answer *a)
{
	enum host_class class = (enum host_class)a->number;

	if (a->meta.state == FACT_FAILED)
		class = HOST_SERVFAIL;
	if (class == HOST_VERIFIED) {
		s->host = mem_strndup(a->text.p, a->text.n);
		s->facts.host = str_of(s->host);
	}
	s->facts.host_class = class;
	fact_set(&s->facts, FACT_HOST, FACT_KNOWN,
	    a->meta.source == FACT_FROM_DEFAULT ? FACT_FROM_DEFAULT
						: FACT_LOOKED_UP);
}

static void
keep(struct arena *mem, struct facts *facts, const struct fact_answer *a)
{
	struct fact_answer *copy = fact_put(facts, mem, a->id, a->key, a->meta);

	copy->number = a->number;
	copy->code = a->code;
	copy->text = arena_str(mem, a->text);
}

/* One fact of each of these at a time: of the recipient at hand. */
static void
update(struct smtp_session *s, enum fact_id id, uint64_t number)
{
	for (struct fact_answer *a = s->facts.answers; a != NULL; a = a->next)
		if (a->id == id)
			a->number = number;
}
