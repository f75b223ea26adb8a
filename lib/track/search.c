/* search.c - finding messages in the tracking store */
#include "track/search.h"

#include <stdlib.h>

#include "base/mem.h"
#include "track/inner.h"

#define DAY_US INT64_C(86400000000)

struct story {
	const struct track_message *m;
	struct map mids, dcids; /* a set each */
	void (*line)(void *arg, int64_t when, struct str text);
	void *arg;
	struct buf text;
};

static void keep_held(struct track_found *, const struct track_query *);
static bool is_mine(const struct story *, const struct track_seen *);
static bool wants_ids(void *, const struct track_seen *);
static bool see_ids(void *, const struct track_seen *);
static bool wants_line(void *, const struct track_seen *);
static bool see_line(void *, const struct track_seen *);

int
track_search(struct track_found *f, int dir, const struct track_query *q,
    struct err *err)
{
	struct track_select s = { .q = q, .found = f };
	struct cand **v;
	size_t n;
	int rc;

	*f = (struct track_found){ .n = 0 };
	arena_init(&f->mem, SEARCH_MEM);
	f->oldest = track_oldest(dir);
	rc = track_select(&s, dir, err);
	if (rc == 0) {
		v = track_selected(&s, &n, &f->total);
		rc = track_collect(f, dir, v, n, err);
		free(v);
	}
	track_select_end(&s);
	if (rc == -1)
		track_found_free(f);
	else
		keep_held(f, q);
	return rc;
}

void
track_found_free(struct track_found *f)
{
	arena_free(&f->mem);
	free(f->gaps);
	*f = (struct track_found){ .n = 0 };
}

/* Where mail is now, only the second walk knows for certain. */
static void
keep_held(struct track_found *f, const struct track_query *q)
{
	size_t n = 0;

	if ((q->kinds & 1u << TRACK_HELD) == 0)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].kinds & q->kinds)
			f->v[n++] = f->v[i];
	f->total -= f->n - n;
	f->n = n;
}

/* --- stories --- */

int
track_story(int dir, const struct track_message *m,
    void (*line)(void *arg, int64_t when, struct str text), void *arg,
    struct err *err)
{
	struct story s = { .m = m, .line = line, .arg = arg };
	struct track_walk walk = { .from = m->when - DAY_US,
		.to = INT64_MAX,
		.arg = &s,
		.wants = wants_ids,
		.event = see_ids };
	int rc;

	map_init(&s.mids);
	map_init(&s.dcids);
	buf_init(&s.text, SIZE_MAX);
	for (const struct track_part *p = m->parts; p != NULL; p = p->next)
		map_put_u64(&s.mids, p->mid, &s);
	rc = track_read(dir, &walk, err);
	if (rc == 0) {
		walk.wants = wants_line;
		walk.event = see_line;
		rc = track_read(dir, &walk, err);
	}
	buf_fini(&s.text);
	map_fini(&s.mids, NULL);
	map_fini(&s.dcids, NULL);
	return rc;
}

/* What speaks of one of its parts. */
static bool
is_mine(const struct story *s, const struct track_seen *e)
{
	return (e->ids.mid != 0 && map_get_u64(&s->mids, e->ids.mid)) ||
	       (e->ids.other != 0 && map_get_u64(&s->mids, e->ids.other));
}

/* By which connections did it leave? */
static bool
wants_ids(void *arg, const struct track_seen *e)
{
	return e->ids.dcid != 0 && e->ids.mid != 0 && is_mine(arg, e);
}

static bool
see_ids(void *arg, const struct track_seen *e)
{
	struct story *s = arg;

	map_put_u64(&s->dcids, e->ids.dcid, s);
	return true;
}

static bool
wants_line(void *arg, const struct track_seen *e)
{
	const struct story *s = arg;

	if (e->ids.mid != 0)
		return is_mine(s, e);
	return (e->ids.icid != 0 && e->ids.icid == s->m->icid) ||
	       (e->ids.dcid != 0 && map_get_u64(&s->dcids, e->ids.dcid));
}

static bool
see_line(void *arg, const struct track_seen *e)
{
	struct story *s = arg;

	buf_reset(&s->text);
	event_text(e->id, e->fields, &s->text);
	s->line(s->arg, e->when, buf_str(&s->text));
	return true;
}
