/* quarantine_index.c - held messages, by MID, by quarantine, by time */
#include "qmgr/quarantine_index.h"
#include "qmgr/dest.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/mime.h"

#define SUBJECT_MAX 600
#define SUBJECT_MEM ((size_t)1 << 20)
#define DAY_MS      ((int64_t)86400 * 1000)

static const struct quarantine *configured(
    const struct quarantines *, struct str name);
static struct entry *next_in(struct entry *, const struct box *);
static uint32_t show(
    struct quarantines *, const char *host, uint32_t now, uint32_t before);
static char *subject_of(struct str raw);
static char *join(const struct rcpt *, size_t n);
static char *copy(struct str);
static void box_free(void *);

void
quarantine_fini(struct quarantines *qs)
{
	struct stored *s;

	do {
		s = NULL;
		MAP_FOREACH (&qs->stored, it) {
			s = it.value;
			break;
		}
		if (s != NULL)
			index_free(qs, s);
	} while (s != NULL);
	map_fini(&qs->stored, NULL);
	map_fini(&qs->releasing, NULL);
	map_fini(&qs->boxes, box_free);
	heap_fini(&qs->expiries);
	heap_fini(&qs->later);
}

struct stored *
quarantine_find(const struct quarantines *qs, uint64_t mid)
{
	return map_get_u64(&qs->stored, mid);
}

struct box *
quarantine_box(struct quarantines *qs, struct str name)
{
	return configured(qs, name) != NULL ? index_box(qs, name) : NULL;
}

struct entry *
quarantine_entry(const struct quarantines *qs, struct str name, uint64_t mid)
{
	struct stored *s = quarantine_find(qs, mid);
	struct box *box = map_get(&qs->boxes, name);

	return s == NULL || box == NULL ? NULL : next_in(s->entries, box);
}

struct entry *
quarantine_entry_after(const struct entry *e)
{
	return next_in(e->next, e->box);
}

struct stored *
index_new(struct quarantines *qs, const struct stored_info *in)
{
	struct stored *s = mem_alloc(sizeof(*s));

	s->mid = in->mid;
	s->releasing = in->releasing;
	s->arrival = in->arrival;
	s->size = in->size;
	s->place = (uint8_t)in->place;
	s->slot = in->slot;
	s->sender = copy(in->sender);
	s->subject = subject_of(in->subject);
	s->rcpts = join(in->rcpts, in->n_rcpts);
	s->n_rcpts = (uint32_t)in->n_rcpts;
	map_put_u64(&qs->stored, s->mid, s);
	if (s->releasing != 0)
		map_put_u64(&qs->releasing, s->releasing, s);
	return s;
}

void
index_free(struct quarantines *qs, struct stored *s)
{
	struct entry *e;

	while ((e = s->entries) != NULL) {
		s->entries = e->next;
		index_leave(qs, e);
		if (e->going != 0)
			map_remove_u64(&qs->releasing, e->going);
		free(e->reason);
		free(e);
	}
	heap_remove(&qs->later, &s->later);
	s->shown[0] = show(qs, SPAM_QUEUE, 0, s->shown[0]);
	s->shown[1] = show(qs, RELEASE_QUEUE, 0, s->shown[1]);
	map_remove_u64(&qs->stored, s->mid);
	if (s->releasing != 0)
		map_remove_u64(&qs->releasing, s->releasing);
	free(s->sender);
	free(s->subject);
	free(s->rcpts);
	free(s);
}

struct box *
index_box(struct quarantines *qs, struct str name)
{
	struct box *b = map_get(&qs->boxes, name);

	if (b != NULL)
		return b;
	b = mem_alloc(sizeof(*b));
	/* it comes from a peer: a NUL in it must not make it shorter */
	b->name = (struct str){ mem_dup(name.p, name.n), name.n };
	b->config = configured(qs, name);
	map_put(&qs->boxes, b->name, b);
	return b;
}

void
index_config(struct quarantines *qs)
{
	const struct work_config *w = &qs->q->config->work;
	const struct spam_quarantine *spam = &w->spam_quarantine;

	qs->spam = (struct quarantine){ .name = STR(QUARANTINE_SPAM_NAME),
		.kind = QUARANTINE_SPAM,
		.retention = spam->retention,
		.may_overflow = spam->delete_oldest };
	for (size_t i = 0; i < w->n_quarantines; i++)
		index_box(qs, w->quarantines[i].name);
	MAP_FOREACH (&qs->boxes, it) {
		struct box *b = it.value;

		b->config = configured(qs, b->name);
	}
}

enum held_pool
index_pool(const struct box *b)
{
	return b->config != NULL && b->config->kind == QUARANTINE_SPAM
		   ? POOL_SPAM
		   : POOL_COMMON;
}

struct entry *
index_homeless(const struct quarantines *qs)
{
	MAP_FOREACH (&qs->boxes, it) {
		struct box *b = it.value;
		struct heap_node *n = heap_top(&b->by_age);

		if (b->config == NULL && n != NULL)
			return HEAP_OBJ(n, struct entry, age);
	}
	return NULL;
}

struct entry *
index_entry(const struct stored *s, const struct box *box)
{
	struct entry *e = s->entries;

	while (e != NULL && e->box != box)
		e = e->next;
	return e;
}

struct entry *
index_add(struct stored *s, struct box *box)
{
	struct entry *e = mem_alloc(sizeof(*e));

	e->stored = s;
	e->box = box;
	*(s->last != NULL ? &s->last->next : &s->entries) = e;
	s->last = e;
	s->n[HELD_IN]++;
	return e;
}

/* Addresses have no line ends. */
void
index_rcpt(struct entry *e, uint32_t rid)
{
	struct str left = str_of(e->stored->rcpts + e->stored->rcpt_at);

	e->rcpt = rid + 1;
	e->addr = str_cut(&left, '\n');
	e->stored->rcpt_at += (uint32_t)e->addr.n + (left.n > 0 ? 1 : 0);
}

void
index_state(struct entry *e, enum held_state state)
{
	e->stored->n[e->state]--;
	e->state = (uint8_t)state;
	e->stored->n[e->state]++;
}

void
index_dirty(struct entry *e, bool dirty)
{
	if (e->dirty != dirty)
		e->stored->n_dirty += dirty ? 1 : (uint32_t)-1;
	e->dirty = dirty;
}

int64_t
index_retention(const struct hold_rec *h, const struct box *box)
{
	if (h != NULL && h->retention > 0)
		return (int64_t)h->retention * 1000;
	if (box->config != NULL && box->config->retention > 0)
		return (int64_t)box->config->retention * 1000;
	return DAY_MS; /* Outbreak, by nobody's word */
}

void
index_occupy(struct quarantines *qs, const struct stored *s, bool in)
{
	static const enum stats_gauge messages[HELD_POOLS] = {
		[POOL_COMMON] = STATS_GAUGE_quarantine_messages,
		[POOL_SPAM] = STATS_GAUGE_spam_quarantine_messages,
	};
	int64_t size = (int64_t)s->size;

	qs->bytes[s->pool] += in ? s->size : -s->size;
	stats_gauge_add(qs->q->stats, messages[s->pool], in ? 1 : -1);
	stats_gauge_add(
	    qs->q->stats, STATS_GAUGE_quarantine_bytes, in ? size : -size);
}

void
index_show(struct quarantines *qs, struct stored *s)
{
	if (s->pool != POOL_SPAM)
		return;
	s->shown[0] = show(
	    qs, SPAM_QUEUE, s->entries->told ? 0 : s->n_rcpts, s->shown[0]);
	s->shown[1] = show(qs, RELEASE_QUEUE, s->n[HELD_RELEASED], s->shown[1]);
}

/* To people what goes into the quarantine is delivered; what comes out of it
 * is on its way still, and counts again there. */
void
index_passed(struct quarantines *qs, const char *host, uint64_t n)
{
	struct dest *d = dest_find(qs->q, str_of(host));

	if (str_is(str_of(host), SPAM_QUEUE))
		dest_count_delivered(qs->q, d, n);
	else
		dest_count_passed(qs->q, d, n);
}

void
index_enter(struct quarantines *qs, struct entry *e)
{
	struct box *b = e->box;
	bool outbreak =
	    b->config != NULL && b->config->kind == QUARANTINE_OUTBREAK;

	if (e->state != HELD_IN || e->expiry.at != 0)
		return;
	heap_put(&qs->expiries, &e->expiry,
	    e->expires > 0 ? (uint64_t)e->expires : 0);
	/* Outbreak lets go first what would go next anyway (10.2). */
	heap_put(&b->by_age, &e->age,
	    (uint64_t)(outbreak ? e->expires : e->entered));
	b->n++;
	b->bytes += e->stored->size;
}

void
index_leave(struct quarantines *qs, struct entry *e)
{
	if (e->expiry.at == 0)
		return;
	heap_remove(&qs->expiries, &e->expiry);
	heap_remove(&e->box->by_age, &e->age);
	e->box->n--;
	e->box->bytes -= e->stored->size;
}

static const struct quarantine *
configured(const struct quarantines *qs, struct str name)
{
	const struct work_config *w = &qs->q->config->work;

	for (size_t i = 0; i < w->n_quarantines; i++)
		if (str_eq(w->quarantines[i].name, name))
			return &w->quarantines[i];
	return str_is(name, QUARANTINE_SPAM_NAME) ? &qs->spam : NULL;
}

static struct entry *
next_in(struct entry *e, const struct box *box)
{
	while (e != NULL && (e->box != box || e->state != HELD_IN))
		e = e->next;
	return e;
}

static uint32_t
show(struct quarantines *qs, const char *host, uint32_t now, uint32_t before)
{
	if (now != before)
		dest_inside(qs->q, dest_find(qs->q, str_of(host)),
		    (int64_t)now - before);
	return now;
}

/* As people read it, so that they find it by what they read. */
static char *
subject_of(struct str raw)
{
	struct arena mem;
	char *out;

	arena_init(&mem, SUBJECT_MEM);
	out =
	    copy(str_sub(mime_field_text(raw, STR(""), &mem), 0, SUBJECT_MAX));
	arena_free(&mem);
	/* it may have been cut in the middle of a character */
	while (*out != '\0' && !str_valid_utf8(str_of(out)))
		out[strlen(out) - 1] = '\0';
	return out;
}

/* A line for each. */
static char *
join(const struct rcpt *v, size_t n)
{
	size_t size = 1, at = 0;
	char *out;

	for (size_t i = 0; i < n; i++)
		size += v[i].addr.n + 1;
	out = mem_alloc(size);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			out[at++] = '\n';
		memcpy(
		    out + at, v[i].addr.n > 0 ? v[i].addr.p : "", v[i].addr.n);
		at += v[i].addr.n;
	}
	return out;
}

static char *
copy(struct str s)
{
	return mem_strndup(s.n > 0 ? s.p : "", s.n);
}

static void
box_free(void *p)
{
	struct box *b = p;

	heap_fini(&b->by_age);
	free((char *)b->name.p);
	free(b);
}
