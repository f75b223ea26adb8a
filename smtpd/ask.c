/* ask.c - facts that a session lacks, and the command that waits for them */
#include "smtpd/ask.h"

#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/pipeline.h"
#include "smtpd/counts.h"

/* Of one command: answers about 1,000 recipients (threats REL-12). */
#define ASK_MEM ((size_t)8 * 1024 * 1024)
#define GRACE   5000 /* ms over the time that was given to the look-up */

struct open { /* a question that is under way */
	struct open *next;
	enum fact_id id;
	struct str key;
};

struct ask {
	struct arena mem; /* owns the answers and the questions */
	struct open *open;
	int64_t due;
	char *line; /* of the command that waits; NULL: at connect */
	size_t n_line;
	bool more;
	unsigned back; /* its phase */
};

static struct counts counts_of(
    const struct smtp_session *, const struct subject *);
static void ask_one(struct smtp_session *, const struct need *);
static void update(struct smtp_session *, enum fact_id, uint64_t number);
static struct ask *ask_of(struct smtp_session *);
static bool is_known(const struct smtp_session *, const struct need *);
static int64_t time_limit(const struct smtp_session *, enum fact_id);
static void set(struct smtp_session *, const struct fact_answer *);
static struct fact_answer failed_answer(const struct open *);
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
	return s->ask != NULL && s->ask->open != NULL;
}

int64_t
ask_due(const struct smtp_session *s)
{
	return ask_is_open(s) ? s->ask->due : s->now;
}

bool
ask_answered(struct smtp_session *s, const struct fact_answer *a)
{
	struct open **at = s->ask != NULL ? &s->ask->open : NULL, *o;

	for (; at != NULL && (o = *at) != NULL; at = &o->next) {
		if (o->id != a->id || !str_eq(o->key, a->key))
			continue;
		*at = o->next;
		set(s, a);
		return true;
	}
	return false;
}

void
ask_give_up(struct smtp_session *s)
{
	struct open *o = s->ask != NULL ? s->ask->open : NULL;

	ask_drop(s);
	for (; o != NULL; o = o->next) {
		struct fact_answer failed = failed_answer(o);

		set(s, &failed);
	}
}

void
ask_drop(struct smtp_session *s)
{
	if (!ask_is_open(s))
		return;
	s->ask->open = NULL;
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
	arena_init(&kept, ASK_MEM);
	s->facts.answers = NULL;
	for (; a != NULL; a = a->next)
		if (fact_scope(a->id) < scope)
			keep(&kept, &s->facts, a);
	arena_free(&ask->mem);
	ask->mem = kept;
	if (s->facts.answers != NULL)
		return;
	free(ask->line);
	free(ask);
	s->ask = NULL;
}

void
ask_wait(struct smtp_session *s, struct str line, bool more)
{
	struct ask *ask = ask_of(s);

	ask->line = mem_strndup(line.p, line.n);
	ask->n_line = line.n;
	ask->more = more;
	ask->back = s->phase;
	session_enter(s, PH_ASK);
}

char *
ask_resume(struct smtp_session *s, struct str *line, bool *more)
{
	struct ask *ask = s->ask;
	char *text = ask->line;

	*line = (struct str){ text, ask->n_line };
	*more = ask->more;
	ask->line = NULL;
	session_enter(s, ask->back);
	return text;
}

static struct counts
counts_of(const struct smtp_session *s, const struct subject *subject)
{
	return (struct counts){ .stats = s->stats,
		.subject = subject,
		.client = s->facts.client,
		.now = s->now };
}

/* A question that is under way is not asked twice. */
static void
ask_one(struct smtp_session *s, const struct need *need)
{
	struct ask *ask = ask_of(s);
	int64_t due = s->now + time_limit(s, need->id);
	struct fact_answer now;
	struct open *o;

	for (o = ask->open; o != NULL; o = o->next)
		if (o->id == need->id && str_eq(o->key, need->key))
			return;
	if (is_known(s, need))
		return;
	o = arena_alloc(&ask->mem, sizeof(*o));
	*o = (struct open){ NULL, need->id, arena_str(&ask->mem, need->key) };
	now = failed_answer(o);
	if (!s->ops->ask(s, &(struct need){ o->id, o->key }, &now)) {
		set(s, &now);
		return;
	}
	o->next = ask->open;
	if (ask->open == NULL || due > ask->due)
		ask->due = due;
	ask->open = o;
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

static bool
is_known(const struct smtp_session *s, const struct need *need)
{
	if (need->id >= FACT_KEYED)
		return fact_find(&s->facts, need->id, need->key) != NULL;
	return !fact_is_open(&s->facts, need->id);
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
failed_answer(const struct open *o)
{
	return (struct fact_answer){ .id = o->id,
		.key = o->key,
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
