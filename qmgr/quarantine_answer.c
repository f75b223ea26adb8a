/* quarantine_answer.c - the admin command `quarantine` (commands.h) */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "qmgr/answer.h"
#include "qmgr/quarantine.h"

#define SHOWN_MAX   10000
#define DELAY_MAX_S (3650 * 86400u)

struct match {
	struct str sender, rcpt, subject; /* a part of it; empty: any */
	int64_t since;                    /* entered, wall ms */
};

static json_t *matched_json(const struct qmessage *, const struct entry *);
static void answer_list(const struct ask *, struct reply_to *);
static void answer_search(const struct ask *, struct reply_to *);
static void answer_release(const struct ask *, struct reply_to *);
static void answer_delete(const struct ask *, struct reply_to *);
static void answer_delay(const struct ask *, struct reply_to *);
static void answer_move(const struct ask *, struct reply_to *);
static json_t *box_json(const struct quarantines *, const struct quarantine *);
static uint64_t space_of(const struct quarantines *, const struct quarantine *);
static bool read_match(const struct ask *, struct reply_to *, struct match *);
static bool matches(const struct entry *, const struct match *);
static bool contains(struct str text, struct str part);
static int by_time(const void *, const void *);
static json_t *entry_json(const struct entry *);
typedef void end_fn(
    struct quarantines *, struct entry *, enum leave_why, bool more);
static void end_all(
    const struct ask *, struct reply_to *, const char *done, end_fn *);
static size_t end_one(
    struct quarantines *, struct entry *, struct str rcpt, end_fn *);
static struct entry *of_rcpt(struct entry *, struct str rcpt);
static bool read_rcpt(const struct ask *, struct reply_to *, struct str *);
static struct box *read_box(
    const struct ask *, struct reply_to *, struct str name);
static struct entry *read_entry(const struct ask *, struct reply_to *);
static bool wrong(struct reply_to *, unsigned status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static const struct {
	const char *name;
	size_t min, max;
	const char *usage;
	void (*run)(const struct ask *, struct reply_to *);
} operations[] = {
	{ "list", 2, 2, "quarantine list", answer_list },
	{ "search", 3, 7,
	    "quarantine search NAME [sender=TEXT] [rcpt=TEXT] [subject=TEXT] "
	    "[since=SECONDS]",
	    answer_search },
	{ "release", 4, 5, "quarantine release NAME MID|all [rcpt=ADDRESS]",
	    answer_release },
	{ "delete", 4, 5, "quarantine delete NAME MID|all [rcpt=ADDRESS]",
	    answer_delete },
	{ "delay", 5, 5, "quarantine delay NAME MID SECONDS", answer_delay },
	{ "move", 5, 5, "quarantine move NAME MID OTHER", answer_move },
};

void
answer_quarantine(const struct ask *a, struct reply_to *r)
{
	size_t i = 0;

	while (
	    i < NELEM(operations) && !str_is(a->words[1], operations[i].name))
		i++;
	if (i == NELEM(operations))
		(void)wrong(r, 2,
		    "Usage: quarantine list|search|release|delete|delay|move");
	else if (a->n_words < operations[i].min ||
		 a->n_words > operations[i].max)
		(void)wrong(r, 2, "Usage: %s", operations[i].usage);
	else
		operations[i].run(a, r);
}

json_t *
answer_held(const struct world *w, const struct qmessage *qm)
{
	const struct stored *s = quarantine_find(&w->quarantines, qm->mid);
	json_t *list = json_array(), *one;

	for (struct entry *e = s != NULL ? s->entries : NULL; e != NULL;
	     e = e->next) {
		if (e->state != HELD_IN)
			continue;
		one = entry_json(e);
		json_object_set_new(one, "matched", matched_json(qm, e));
		json_array_append_new(list, one);
	}
	return list;
}

/* What a filter found in it, that put it there. */
static json_t *
matched_json(const struct qmessage *qm, const struct entry *e)
{
	const struct hold_rec *v = qm->route.holds.v;

	for (size_t i = 0; i < qm->route.holds.n; i++)
		if (v[i].matched.n > 0 && str_eq(v[i].quarantine, e->box->name))
			return answer_text(v[i].matched);
	return json_null();
}

/* --- what is there --- */

static void
answer_list(const struct ask *a, struct reply_to *r)
{
	const struct work_config *wc = &a->world->q.config->work;
	const struct quarantines *qs = &a->world->quarantines;
	json_t *list = json_array();

	for (size_t i = 0; i < wc->n_quarantines; i++)
		json_array_append_new(list, box_json(qs, &wc->quarantines[i]));
	if (wc->spam_quarantine.enabled)
		json_array_append_new(list, box_json(qs, &qs->spam));
	r->json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "status_as_of",
	    (json_int_t)a->world->q.wall, "space",
	    (json_int_t)wc->quarantine_space, "used",
	    (json_int_t)qs->bytes[POOL_COMMON], "spam_space",
	    (json_int_t)(wc->spam_quarantine.enabled
			     ? wc->spam_quarantine.max_size
			     : 0),
	    "spam_used", (json_int_t)qs->bytes[POOL_SPAM], "quarantines", list);
}

static json_t *
box_json(const struct quarantines *qs, const struct quarantine *q)
{
	const struct box *b = map_get(&qs->boxes, q->name);

	uint64_t bytes = b != NULL ? b->bytes : 0;

	/* there each recipient has an entry, and all of them one file */
	if (q->kind == QUARANTINE_SPAM)
		bytes = qs->bytes[POOL_SPAM];
	return json_pack("{s:o, s:I, s:I, s:I, s:o, s:s}", "name",
	    answer_text(q->name), "messages",
	    (json_int_t)(b != NULL ? b->n : 0), "bytes", (json_int_t)bytes,
	    "space", (json_int_t)space_of(qs, q), "retention",
	    q->retention > 0 ? json_integer((json_int_t)q->retention)
			     : json_null(),
	    "action", q->release ? "release" : "delete");
}

/* What it may take: the others share theirs. */
static uint64_t
space_of(const struct quarantines *qs, const struct quarantine *q)
{
	const struct work_config *w = &qs->q->config->work;

	return q->kind == QUARANTINE_SPAM ? w->spam_quarantine.max_size
					  : w->quarantine_space;
}

static void
answer_search(const struct ask *a, struct reply_to *r)
{
	struct box *b = read_box(a, r, a->words[2]);
	json_t *list;
	struct entry **v;
	struct match m;
	size_t n = 0;

	if (b == NULL || !read_match(a, r, &m))
		return;
	v = mem_array(b->n + 1, sizeof(struct entry *));
	for (size_t i = 0; i < b->by_age.n; i++) {
		struct entry *e = HEAP_OBJ(b->by_age.v[i], struct entry, age);

		if (matches(e, &m))
			v[n++] = e;
	}
	qsort(v, n, sizeof(struct entry *), by_time);
	list = json_array();
	for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
		json_array_append_new(list, entry_json(v[i]));
	free(v);
	r->json = json_pack("{s:o, s:o, s:I, s:b}", "quarantine",
	    answer_text(b->name), "messages", list, "found", (json_int_t)n,
	    "cut", n > SHOWN_MAX);
}

static bool
read_match(const struct ask *a, struct reply_to *r, struct match *m)
{
	uint64_t seconds;

	*m = (struct match){ .since = INT64_MIN };
	for (size_t i = 3; i < a->n_words; i++) {
		struct str value = a->words[i];
		struct str key = str_cut(&value, '=');

		if (str_is(key, "sender"))
			m->sender = value;
		else if (str_is(key, "rcpt"))
			m->rcpt = value;
		else if (str_is(key, "subject"))
			m->subject = value;
		else if (str_is(key, "since") &&
			 str_u64(value, DELAY_MAX_S, &seconds))
			m->since = a->world->q.wall - (int64_t)seconds * 1000;
		else
			return wrong(r, 2,
			    "\"%.*s\" is not sender=TEXT, rcpt=TEXT, "
			    "subject=TEXT or since=SECONDS",
			    STR_ARG(a->words[i]));
	}
	return true;
}

static bool
matches(const struct entry *e, const struct match *m)
{
	const struct stored *s = e->stored;

	return e->entered >= m->since &&
	       contains(str_of(s->sender), m->sender) &&
	       contains(e->rcpt > 0 ? e->addr : str_of(s->rcpts), m->rcpt) &&
	       contains(str_of(s->subject), m->subject);
}

static bool
contains(struct str s, struct str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++)
		if (part.n == 0 || strncasecmp(s.p + i, part.p, part.n) == 0)
			return true;
	return false;
}

static int
by_time(const void *pa, const void *pb)
{
	const struct entry *a = *(struct entry *const *)pa;
	const struct entry *b = *(struct entry *const *)pb;

	if (a->entered != b->entered)
		return a->entered < b->entered ? -1 : 1;
	if (a->stored != b->stored)
		return a->stored->mid < b->stored->mid ? -1 : 1;
	return a->rcpt < b->rcpt ? -1 : 1;
}

static json_t *
entry_json(const struct entry *e)
{
	const struct stored *s = e->stored;
	char *all = mem_strdup(s->rcpts);
	json_t *rcpts;

	for (char *p = all; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	rcpts = answer_text(e->rcpt > 0 ? e->addr : str_of(all));
	free(all);
	return json_pack("{s:I, s:o, s:o, s:o, s:I, s:o, s:I, s:I, s:I, s:o}",
	    "mid", (json_int_t)s->mid, "quarantine", answer_text(e->box->name),
	    "sender", answer_text(str_of(s->sender)), "recipients", rcpts,
	    "bytes", (json_int_t)s->size, "subject",
	    answer_text(str_of(s->subject)), "arrival", (json_int_t)s->arrival,
	    "entered", (json_int_t)e->entered, "expires",
	    (json_int_t)e->expires, "reason", answer_text(str_of(e->reason)));
}

/* --- what is done with them --- */

static void
answer_release(const struct ask *a, struct reply_to *r)
{
	end_all(a, r, "released", quarantine_release);
}

static void
answer_delete(const struct ask *a, struct reply_to *r)
{
	end_all(a, r, "deleted", quarantine_delete);
}

static void
end_all(const struct ask *a, struct reply_to *r, const char *done, end_fn *end)
{
	struct quarantines *qs = &a->world->quarantines;
	struct box *b = read_box(a, r, a->words[2]);
	struct entry *e, **v;
	struct str rcpt;
	size_t n = 0;

	if (b == NULL || !read_rcpt(a, r, &rcpt))
		return;
	if (!str_is(a->words[3], "all")) {
		e = read_entry(a, r);
		if (e == NULL)
			return;
		n = end_one(qs, e, rcpt, end);
		if (n == 0)
			(void)wrong(r, 1,
			    "MID %.*s is not held there for <%.*s>.",
			    STR_ARG(a->words[3]), STR_ARG(rcpt));
	} else {
		size_t n_all = b->by_age.n;

		/* by MID: whoever goes takes others of its message along */
		v = mem_array(n_all + 1, sizeof(struct entry *));
		for (size_t i = 0; i < n_all; i++)
			v[i] = HEAP_OBJ(b->by_age.v[i], struct entry, age);
		qsort(v, n_all, sizeof(struct entry *), by_time);
		for (size_t i = 0; i < n_all; i++) {
			bool last =
			    i + 1 == n_all || v[i + 1]->stored != v[i]->stored;

			/* the last of its message takes them all along */
			if (last)
				n += end_one(qs,
				    quarantine_entry(
					qs, b->name, v[i]->stored->mid),
				    rcpt, end);
		}
		free(v);
	}
	if (r->status == 0)
		r->json = json_pack("{s:o, s:s, s:I}", "quarantine",
		    answer_text(b->name), "done", done, "messages",
		    (json_int_t)n);
}

/* The message; of spam, for all whom it is held for, or that one. */
static size_t
end_one(struct quarantines *qs, struct entry *e, struct str rcpt, end_fn *end)
{
	struct entry *next;
	size_t n = 0;

	for (e = of_rcpt(e, rcpt); e != NULL; e = next) {
		next = of_rcpt(quarantine_entry_after(e), rcpt);
		end(qs, e, LEAVE_MANUAL, next != NULL);
		n++;
	}
	return n;
}

static struct entry *
of_rcpt(struct entry *e, struct str rcpt)
{
	while (e != NULL && rcpt.n > 0 &&
	       (e->rcpt == 0 || !str_eq_nocase(e->addr, rcpt)))
		e = quarantine_entry_after(e);
	return e;
}

static bool
read_rcpt(const struct ask *a, struct reply_to *r, struct str *rcpt)
{
	struct str value = a->words[4];

	*rcpt = STR("");
	if (a->n_words < 5)
		return true;
	if (!str_is(str_cut(&value, '='), "rcpt") || value.n == 0)
		return wrong(
		    r, 2, "\"%.*s\" is not rcpt=ADDRESS", STR_ARG(a->words[4]));
	*rcpt = value;
	return true;
}

static void
answer_delay(const struct ask *a, struct reply_to *r)
{
	struct entry *e = read_entry(a, r);
	uint64_t seconds;
	int64_t expires;

	if (e == NULL)
		return;
	if (!str_u64(a->words[4], DELAY_MAX_S, &seconds) || seconds == 0) {
		(void)wrong(r, 2, "\"%.*s\": seconds are within 1..%u",
		    STR_ARG(a->words[4]), DELAY_MAX_S);
		return;
	}
	expires = e->expires + (int64_t)seconds * 1000;
	quarantine_delay(&a->world->quarantines, e, expires);
	r->json = json_pack("{s:o, s:s, s:I, s:I}", "quarantine",
	    answer_text(e->box->name), "done", "delayed", "messages",
	    (json_int_t)1, "expires", (json_int_t)expires);
}

static void
answer_move(const struct ask *a, struct reply_to *r)
{
	struct entry *e = read_entry(a, r);
	struct box *from = e != NULL ? e->box : NULL, *to;

	if (e == NULL)
		return;
	to = read_box(a, r, a->words[4]);
	if (to == NULL)
		return;
	if ((to->config->kind == QUARANTINE_SPAM) !=
	    (from->config->kind == QUARANTINE_SPAM)) {
		(void)wrong(r, 1,
		    "The spam quarantine holds spam, and nothing else does.");
		return;
	}
	if (to == from) {
		(void)wrong(r, 1, "It is in quarantine \"%.*s\" already.",
		    STR_ARG(to->name));
		return;
	}
	quarantine_move(&a->world->quarantines, e, to);
	r->json = json_pack("{s:o, s:s, s:I, s:o}", "quarantine",
	    answer_text(from->name), "done", "moved", "messages", (json_int_t)1,
	    "to", answer_text(to->name));
}

static struct box *
read_box(const struct ask *a, struct reply_to *r, struct str name)
{
	struct box *b = quarantine_box(&a->world->quarantines, name);

	if (b == NULL)
		(void)wrong(
		    r, 1, "There is no quarantine \"%.*s\".", STR_ARG(name));
	return b;
}

static struct entry *
read_entry(const struct ask *a, struct reply_to *r)
{
	struct box *b = read_box(a, r, a->words[2]);
	struct entry *e = NULL;
	uint64_t mid;

	if (b == NULL)
		return NULL;
	if (!str_u64(a->words[3], UINT64_MAX, &mid) || mid == 0) {
		(void)wrong(
		    r, 2, "\"%.*s\" is not a MID.", STR_ARG(a->words[3]));
		return NULL;
	}
	e = quarantine_entry(&a->world->quarantines, b->name, mid);
	if (e == NULL)
		(void)wrong(r, 1,
		    "MID %" PRIu64 " is not in quarantine \"%.*s\".", mid,
		    STR_ARG(b->name));
	return e;
}

static bool
wrong(struct reply_to *r, unsigned status, const char *fmt, ...)
{
	va_list ap;

	r->status = status;
	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	return false;
}
