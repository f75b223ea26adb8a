/* quarantine_index.c - held messages, by MID, by quarantine, by time */
#include "qmgr/quarantine_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SUBJECT_MAX 200

static const struct quarantine *configured(
    const struct quarantines *, struct str name);
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
	struct entry *e;

	if (s == NULL || box == NULL)
		return NULL;
	e = index_entry(s, box);
	return e != NULL && e->state == HELD_IN ? e : NULL;
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
	s->subject = copy(str_sub(in->subject, 0, SUBJECT_MAX));
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
		free(e->reason);
		free(e);
	}
	heap_remove(&qs->later, &s->later);
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
	struct entry *e = mem_alloc(sizeof(*e)), **at = &s->entries;

	e->stored = s;
	e->box = box;
	while (*at != NULL)
		at = &(*at)->next;
	return *at = e;
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

/* Addresses have no blanks but within quotes; this is for searching. */
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
			out[at++] = ' ';
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
