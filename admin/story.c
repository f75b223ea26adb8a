/* story.c - what a mail log says of messages */
#include "admin/story.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "admin/fields.h"
#include "base/mem.h"
#include "mail/mime.h"

#define SUBJECT_MEM ((size_t)1 << 20)

/* Messages that one was made of another. */
struct link {
	uint64_t a, b;
};

struct tale {
	struct map mids, icids, dcids;
	struct link *links;
	size_t n_links, cap_links;
	void (*show)(void *arg, struct str line);
	void *arg;
	int64_t shown;
};

struct finding {
	struct story_matches *m;
	const struct regex *re;
	enum event_id what;
};

static bool json_line(struct str, struct event_parsed *, struct str *time);
static enum event_id id_of(const char *name);
static bool find_line(void *finding, struct str);
static bool fits_as_read(const struct finding *, const struct event_parsed *);
static char *as_read(struct str raw);
static bool describe_line(void *finding, struct str);
static bool link_line(void *tale, struct str);
static bool id_line(void *tale, struct str);
static bool show_line(void *tale, struct str);
static void follow_links(struct tale *);
static void add(struct map *, uint64_t id);
static bool has(const struct map *, uint64_t id);

static char json_value[4 * LOG_VALUE_MAX + 16];
static char json_time[40];

bool
story_line(struct str line, struct event_parsed *e, struct str *time)
{
	const size_t stamp = 24; /* "Tue Mar  4 10:40:08 2025" */
	size_t level;

	if (line.n > 0 && line.p[0] == '{')
		return json_line(line, e, time);
	if (line.n < stamp + 2)
		return false;
	*time = str_sub(line, 0, stamp);
	line = str_sub(line, stamp + 1, line.n);
	level = str_search(line, STR(": "));
	return event_parse(str_sub(line, level + 2, line.n), e);
}

/* The value lives until the next line. */
static bool
json_line(struct str line, struct event_parsed *e, struct str *time)
{
	json_t *j = json_loadb(line.p, line.n, 0, NULL);
	const char *value;

	if (j == NULL)
		return false;
	*e = (struct event_parsed){ .id = id_of(fields_text(j, "event")),
		.mid = (uint64_t)fields_num(j, "mid"),
		.other = (uint64_t)fields_num(j, "other"),
		.icid = (uint64_t)fields_num(j, "icid"),
		.dcid = (uint64_t)fields_num(j, "dcid") };
	value = fields_text(j, fields_has(j, "addr") ? "addr" : "text");
	str_copy(json_value, sizeof(json_value), str_of(value));
	str_copy(json_time, sizeof(json_time), str_of(fields_text(j, "time")));
	e->value = str_of(json_value);
	*time = str_of(json_time);
	json_decref(j);
	return e->mid != 0 || e->icid != 0 || e->dcid != 0;
}

static enum event_id
id_of(const char *name)
{
	enum event_id id = EVENT_NONE + 1;

	while (id < EVENT_N && strcmp(event_spec(id)->name, name) != 0)
		id++;
	return id < EVENT_N ? id : EVENT_NONE;
}

/* --- which messages --- */

int
story_find(struct story_matches *m, const struct story_source *src,
    enum event_id what, const struct regex *re, struct err *err)
{
	struct finding f = { m, re, what };

	*m = (struct story_matches){ .n = 0 };
	map_init(&m->index);
	if (src->read(src->arg, find_line, &f, err) == -1 ||
	    (m->n > 0 && src->read(src->arg, describe_line, &f, err) == -1))
		return -1;
	return 0;
}

void
story_matches_free(struct story_matches *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].time);
		free(m->v[i].subject);
	}
	free(m->v);
	map_fini(&m->index, NULL);
}

static bool
find_line(void *arg, struct str line)
{
	struct finding *f = arg;
	struct story_matches *m = f->m;
	struct event_parsed e;
	struct str time, match;

	if (!story_line(line, &e, &time) || e.id != f->what ||
	    map_get_u64(&m->index, e.mid) != NULL ||
	    (regex_search(f->re, e.value, 0, 0, &match) != REGEX_YES &&
		!fits_as_read(f, &e)))
		return true;
	m->v = mem_room(m->v, &m->cap, m->n, sizeof(*m->v));
	m->v[m->n++] = (struct story_match){ .mid = e.mid,
		.time = mem_strndup(time.p, time.n),
		.subject = mem_strdup("") };
	map_put_u64(&m->index, e.mid, (void *)(uintptr_t)m->n);
	return true;
}

/* The log has a subject as it came; people look for what they read. */
static bool
fits_as_read(const struct finding *f, const struct event_parsed *e)
{
	struct str match;
	char *text;
	bool fits;

	if (f->what != EVENT_SUBJECT)
		return false;
	text = as_read(e->value);
	fits = regex_search(f->re, str_of(text), 0, 0, &match) == REGEX_YES;
	free(text);
	return fits;
}

/* Encoded words (RFC 2047) decoded, and nothing in them that a terminal would
 * obey. */
static char *
as_read(struct str raw)
{
	struct arena mem;
	struct str text;
	size_t size;
	char *out;

	arena_init(&mem, SUBJECT_MEM);
	text = mime_field_text(raw, STR(""), &mem);
	if (text.p == raw.p) {
		out = mem_strndup(text.p, text.n);
	} else {
		size = text.n * 6 + 4; /* the longest escape of a byte */
		out = mem_alloc(size);
		str_escape(out, size, text, text.n);
	}
	arena_free(&mem);
	return out;
}

static bool
describe_line(void *arg, struct str line)
{
	struct finding *f = arg;
	struct event_parsed e;
	struct str time;
	size_t at;

	if (!story_line(line, &e, &time) || e.id != EVENT_SUBJECT)
		return true;
	at = (size_t)(uintptr_t)map_get_u64(&f->m->index, e.mid);
	if (at != 0) {
		free(f->m->v[at - 1].subject);
		f->m->v[at - 1].subject = as_read(e.value);
	}
	return true;
}

/* --- one message --- */

int64_t
story_tell(const struct story_source *src, uint64_t mid,
    void (*show)(void *arg, struct str line), void *arg, struct err *err)
{
	struct tale t = { .show = show, .arg = arg };
	int64_t n = -1;

	map_init(&t.mids);
	map_init(&t.icids);
	map_init(&t.dcids);
	add(&t.mids, mid);
	if (src->read(src->arg, link_line, &t, err) == 0) {
		follow_links(&t);
		if (src->read(src->arg, id_line, &t, err) == 0 &&
		    src->read(src->arg, show_line, &t, err) == 0)
			n = t.shown;
	}
	free(t.links);
	map_fini(&t.mids, NULL);
	map_fini(&t.icids, NULL);
	map_fini(&t.dcids, NULL);
	return n;
}

static bool
link_line(void *arg, struct str line)
{
	struct tale *t = arg;
	struct event_parsed e;
	struct str time;

	if (!story_line(line, &e, &time) || e.mid == 0 || e.other == 0)
		return true;
	t->links =
	    mem_room(t->links, &t->cap_links, t->n_links, sizeof(*t->links));
	t->links[t->n_links++] = (struct link){ e.mid, e.other };
	return true;
}

/* Both ways, until nothing is added. Links come in order of time, mostly, so
 * that it is done after a round or two. */
static void
follow_links(struct tale *t)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < t->n_links; i++) {
			bool a = has(&t->mids, t->links[i].a);
			bool b = has(&t->mids, t->links[i].b);

			if (a != b)
				add(&t->mids,
				    a ? t->links[i].b : t->links[i].a);
			more |= a != b;
		}
	}
}

static bool
id_line(void *arg, struct str line)
{
	struct tale *t = arg;
	struct event_parsed e;
	struct str time;

	if (!story_line(line, &e, &time) || !has(&t->mids, e.mid))
		return true;
	if (e.icid != 0)
		add(&t->icids, e.icid);
	if (e.dcid != 0)
		add(&t->dcids, e.dcid);
	return true;
}

/* Of connections: what concerns them alone, not what else they carried. */
static bool
show_line(void *arg, struct str line)
{
	struct tale *t = arg;
	struct event_parsed e;
	struct str time;
	bool wanted;

	if (!story_line(line, &e, &time))
		return true;
	if (e.mid != 0)
		wanted = has(&t->mids, e.mid) || has(&t->mids, e.other);
	else
		wanted = has(&t->icids, e.icid) || has(&t->dcids, e.dcid);
	if (wanted) {
		t->shown++;
		t->show(t->arg, line);
	}
	return true;
}

static void
add(struct map *m, uint64_t id)
{
	map_put_u64(m, id, m);
}

static bool
has(const struct map *m, uint64_t id)
{
	return id != 0 && map_get_u64(m, id) != NULL;
}
