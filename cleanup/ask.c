/* ask.c - facts that a task lacks, and who can say them */
#include "cleanup/ask.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/map.h"
#include "base/mem.h"
#include "cleanup/part.h"
#include "cleanup/scan.h"
#include "cleanup/task.h"
#include "cleanup/workqueue.h"
#include "lookup/facts.h"
#include "lookup/part.h"
#include "stats/repeats.h"

#define GRACE ((int64_t)5000) /* ms over the time given to the look-up */
/* inspect looks at one part after the other, for all workers: how long those
 * before it take must not be counted against a part, only that nobody comes
 * to it at all. */
#define TURN ((int64_t)600 * 1000)

enum helper { LOOKUPD, INSPECT, N_HELPERS };

struct question {
	struct question *next; /* of the same task */
	struct task *task;
	uint32_t number;
	bool sent;      /* to the helper that is there now */
	bool begun;     /* it is at it; of inspect */
	unsigned tries; /* that inspect ended over it */
	int64_t due;    /* monotonic ms */
	enum fact_id id;
	struct str key;         /* the task's */
	struct part_told *told; /* by inspect, until now */
};

struct asker {
	struct cleanup *cleanup;
	struct ipc *helpers[N_HELPERS];
	struct map questions; /* by number */
	uint32_t last;
};

static struct question *to_ask_again(struct asker *, enum helper);
static int frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static int inspect_frame(
    void *, struct ipc *, struct ipc_frame *, struct err *);
static void forget(struct asker *, enum helper);
static void closed(void *, struct ipc *, const struct err *);
static void get(struct task *, const struct need *);
static bool say_random(struct task *, struct str key, uint64_t *number);
static bool say_work_queue(struct task *, struct str key, uint64_t *number);
static bool say_repeats(struct task *, struct str key, uint64_t *number);
static void query_answered(struct question *, const struct answer *);
static void scan_answered(struct question *, const struct scanned *);
static bool send_query(struct asker *, struct question *);
static bool send_scan(struct asker *, struct question *);
static bool send_part(struct asker *, struct question *);
static int64_t dnslist_time(const struct config *);
static int64_t spam_time(const struct config *);
static int64_t virus_time(const struct config *);
static int64_t turn_time(const struct config *);
static enum helper helper_of(enum fact_id);
static bool open_question(struct task *, const struct need *);
static bool send_question(struct question *);
static void answered(struct question *, const struct fact_answer *);
static void question_free(struct question *);

static bool
is_scan(enum fact_id id)
{
	return id == FACT_SPAM || id == FACT_VIRUS;
}

static const struct ipc_handler handler = {
	.frame = frame,
	.closed = closed,
};
static const struct ipc_handler inspect_handler = {
	.frame = inspect_frame,
	.closed = closed,
};

/*
 * Who says what: `now` at once (false: it cannot be said), or `send` asks
 * somebody, who is given so much time. Nobody says what is not listed here.
 */
static const struct {
	enum fact_id id;
	bool (*now)(struct task *, struct str key, uint64_t *number);
	bool (*send)(struct asker *, struct question *);
	int64_t (*time)(const struct config *);
	enum helper helper;
} ways[] = {
	{ FACT_RANDOM, .now = say_random },
	{ FACT_WORK_QUEUE, .now = say_work_queue },
	{ FACT_REPEATS, .now = say_repeats },
	{ FACT_DNSLIST, .send = send_query, .time = dnslist_time },
	{ FACT_SPAM, .send = send_scan, .time = spam_time },
	{ FACT_VIRUS, .send = send_scan, .time = virus_time },
	{ FACT_PART, .send = send_part, .time = turn_time, .helper = INSPECT },
};

struct asker *
asker_new(struct cleanup *c)
{
	struct asker *a = mem_alloc(sizeof(*a));

	a->cleanup = c;
	map_init(&a->questions);
	return a;
}

void
asker_free(struct asker **ap)
{
	map_fini(&(*ap)->questions, NULL);
	free(*ap);
	*ap = NULL;
}

const struct ipc_handler *
asker_connect(struct asker *a, struct ipc *lookupd, void **arg)
{
	forget(a, LOOKUPD);
	*arg = a;
	a->helpers[LOOKUPD] = lookupd;
	MAP_FOREACH (&a->questions, it)
		if (helper_of(((struct question *)it.value)->id) == LOOKUPD)
			(void)send_question(it.value); /* or time is up */
	return &handler;
}

/* What has been tried too often is given up: that changes the map. */
const struct ipc_handler *
asker_inspect(struct asker *a, struct ipc *inspect, void **arg)
{
	struct question *q;

	forget(a, INSPECT);
	*arg = a;
	a->helpers[INSPECT] = inspect;
	while ((q = to_ask_again(a, INSPECT)) != NULL)
		if (q->tries >= PART_TRIES || !send_question(q))
			answered(q, NULL);
	return &inspect_handler;
}

/* The work queue is told at the end: answers change the map. */
void
asker_tick(struct asker *a, int64_t now)
{
	struct question *late;

	do {
		late = NULL;
		MAP_FOREACH (&a->questions, it)
			if (((struct question *)it.value)->due <= now)
				late = it.value;
		if (late != NULL)
			answered(late, NULL);
	} while (late != NULL);
}

void
ask_facts(struct task *t, const struct needs *needs)
{
	for (size_t i = 0; i < needs->n; i++)
		get(t, &needs->v[i]);
}

void
ask_drop(struct asks *a)
{
	while (a->open != NULL)
		question_free(a->open);
}

static struct question *
to_ask_again(struct asker *a, enum helper helper)
{
	MAP_FOREACH (&a->questions, it) {
		struct question *q = it.value;

		if (!q->sent && helper_of(q->id) == helper)
			return q;
	}
	return NULL;
}

/* --- lookupd, inspect --- */

static int
frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct asker *a = arg;
	struct question *q = map_get_u64(&a->questions, f->txn);
	bool scan = f->type == IPC_SCANNED;
	struct scanned scanned;
	struct answer answer;
	struct arena mem;
	int rc;

	(void)ipc;
	arena_init(&mem, 2 * IPC_FRAME_MAX);
	rc = scan ? ipc_decode(f, &scanned, &mem, err)
		  : ipc_decode(f, &answer, &mem, err);
	if (rc == 0 && q != NULL && scan == is_scan(q->id)) {
		if (scan)
			scan_answered(q, &scanned);
		else
			query_answered(q, &answer);
	}
	arena_free(&mem);
	return rc;
}

static int
inspect_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct asker *a = arg;
	struct question *q = map_get_u64(&a->questions, f->txn);
	struct fact_answer fact = { 0 };
	int rc;

	/* of somebody who is gone, or nobody waits any more: it must be right
	 * all the same */
	if (ipc != a->helpers[INSPECT] || q == NULL || q->id != FACT_PART)
		return part_check(f, err);
	if (!q->begun)
		q->due = loop_now(a->cleanup->daemon->loop) + GRACE +
			 part_time(q->task->config);
	q->begun = true;
	fact.key = q->key;
	rc = part_take(&q->told, f, &fact, &q->task->mem, err);
	if (rc == 1)
		answered(q, &fact);
	return rc == -1 ? -1 : 0;
}

static void
query_answered(struct question *q, const struct answer *a)
{
	struct fact_answer fact = { .key = q->key };

	lookup_fact_of(q->id, a, &fact);
	if (q->id == FACT_DNSLIST)
		fact.text = lookup_list_text(a, &q->task->mem);
	answered(q, &fact);
}

static void
scan_answered(struct question *q, const struct scanned *r)
{
	struct fact_answer fact = { .key = q->key };

	lookup_fact_of_scan(r, &fact, &q->task->mem);
	answered(q, &fact);
}

static void
closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct asker *a = arg;

	(void)err;
	for (int i = 0; i < N_HELPERS; i++)
		if (a->helpers[i] == ipc)
			forget(a, i);
}

static void
forget(struct asker *a, enum helper helper)
{
	a->helpers[helper] = NULL;
	MAP_FOREACH (&a->questions, it) {
		struct question *q = it.value;

		if (helper_of(q->id) != helper)
			continue;
		q->tries += q->begun ? 1 : 0;
		if (q->begun)
			q->due = loop_now(a->cleanup->daemon->loop) + TURN;
		q->sent = q->begun = false;
		part_forget(&q->told);
	}
}

static bool
send_query(struct asker *a, struct question *q)
{
	char name[LOOKUP_NAME];
	struct query query;

	if (!lookup_query_of(q->id, q->key, q->task->config,
		&q->task->facts.client, &query, name))
		return false;
	ipc_send(a->helpers[LOOKUPD], IPC_QUERY, q->number, &query);
	return true;
}

static bool
send_scan(struct asker *a, struct question *q)
{
	struct need need = { q->id, q->key };

	return scan_send(a->helpers[LOOKUPD], q->number, q->task, &need);
}

static bool
send_part(struct asker *a, struct question *q)
{
	struct need need = { q->id, q->key };

	return part_send(a->helpers[INSPECT], q->number, q->task, &need);
}

static int64_t
spam_time(const struct config *c)
{
	return (int64_t)c->work.spam.timeout * 1000;
}

static int64_t
virus_time(const struct config *c)
{
	return (int64_t)c->work.virus.timeout * 1000;
}

static int64_t
dnslist_time(const struct config *c)
{
	return (int64_t)c->dnslist_timeout * 1000;
}

/* Until it begins; then it has part_time(). */
static int64_t
turn_time(const struct config *c)
{
	(void)c;
	return TURN;
}

/* --- what is known here --- */

static bool
say_random(struct task *t, struct str key, uint64_t *number)
{
	uint32_t n;

	(void)t, (void)key;
	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
		return false;
	*number = n;
	return true;
}

static bool
say_work_queue(struct task *t, struct str key, uint64_t *number)
{
	int64_t n = stats_gauge_sum(
	    t->cleanup->daemon->stats, STATS_GAUGE_workqueue_messages);

	(void)key;
	*number = n > 0 ? (uint64_t)n : 0;
	return true;
}

static bool
say_repeats(struct task *t, struct str key, uint64_t *number)
{
	struct stats *s = t->cleanup->daemon->stats;
	int64_t now = loop_now(t->cleanup->daemon->loop);

	*number = t->mail->again ? stats_repeat_again(s, key, now)
				 : stats_repeat(s, key, now);
	return true;
}

/* --- questions --- */

static void
get(struct task *t, const struct need *need)
{
	struct fact known = { FACT_KNOWN, FACT_LOOKED_UP };
	uint64_t number;

	for (size_t i = 0; i < NELEM(ways); i++) {
		if (ways[i].id != need->id)
			continue;
		if (ways[i].now == NULL && open_question(t, need))
			return;
		if (ways[i].now != NULL && ways[i].now(t, need->key, &number)) {
			fact_put(&t->facts, &t->mem, need->id, need->key, known)
			    ->number = number;
			return;
		}
	}
	fact_fail(&t->facts, &t->mem, need->id, need->key);
}

static enum helper
helper_of(enum fact_id id)
{
	for (size_t i = 0; i < NELEM(ways); i++)
		if (ways[i].id == id)
			return ways[i].helper;
	return LOOKUPD;
}

/* False: there is nothing that could be asked. */
static bool
open_question(struct task *t, const struct need *need)
{
	struct asker *a = t->cleanup->asker;
	struct question *q = mem_alloc(sizeof(*q));

	do
		q->number = ++a->last;
	while (q->number == 0 || map_get_u64(&a->questions, q->number) != NULL);
	q->task = t;
	q->id = need->id;
	q->key = arena_str(&t->mem, need->key);
	for (size_t i = 0; i < NELEM(ways); i++)
		if (ways[i].id == q->id)
			q->due = loop_now(t->cleanup->daemon->loop) + GRACE +
				 ways[i].time(t->config);
	q->next = t->asks.open;
	t->asks.open = q;
	t->asks.asker = a;
	if (t->asks.run == 0)
		t->asks.run = q->number;
	map_put_u64(&a->questions, q->number, q);
	if (a->helpers[helper_of(q->id)] == NULL || send_question(q))
		return true;
	question_free(q);
	return false;
}

static bool
send_question(struct question *q)
{
	if (q->sent)
		return true;
	for (size_t i = 0; i < NELEM(ways); i++)
		if (ways[i].id == q->id)
			q->sent = ways[i].send(q->task->asks.asker, q);
	return q->sent;
}

/* fact NULL: it cannot be had. */
static void
answered(struct question *q, const struct fact_answer *fact)
{
	struct task *t = q->task;
	struct fact_answer *f;

	/* What a scanner failed on is told. */
	if (fact == NULL ||
	    (fact->meta.state != FACT_KNOWN && fact->detail == NULL)) {
		fact_fail(&t->facts, &t->mem, q->id, q->key);
	} else {
		f = fact_put(&t->facts, &t->mem, q->id, q->key, fact->meta);
		f->number = fact->number;
		f->code = fact->code;
		f->text = arena_str(&t->mem, fact->text);
		f->detail = fact->detail;
	}
	question_free(q);
	if (!ask_is_open(&t->asks))
		workqueue_resume(t->cleanup->workqueue, t);
}

static void
question_free(struct question *q)
{
	struct question **at = &q->task->asks.open;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	map_remove_u64(&q->task->asks.asker->questions, q->number);
	part_forget(&q->told);
	free(q);
}
