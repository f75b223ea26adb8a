/*
 * names.c - events of a tracking file made by another version
 *
 * From the text of BEGIN a codec is made for each of its events, whose
 * fields are all cells of one size; what it decodes is moved to where the
 * field of that name stands in our own struct.
 */
#include "track/names.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "track/store.h"

#define EVENTS_MAX 1000
#define FIELDS_MAX 100 /* of an event */
#define SUB_MAX    10  /* of what is in a list */
#define LIST_MAX   100000
#define MEM_MAX    (16 * 1024 * 1024)

union cell {
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	int64_t i64;
	struct str str;
	struct ip ip;
	struct codec_list list;
};

/* A struct of theirs: how it is decoded, and where that belongs. */
struct shape {
	struct codec theirs;
	struct codec_field *fields;
	const struct codec_field **ours; /* of each; NULL: not known */
	struct shape **subs;             /* of lists */
	size_t ours_size;
};
struct track_names {
	bool same;
	struct arena mem;
	size_t n;
	enum event_id ids[EVENTS_MAX + 1];
	struct shape *shapes[EVENTS_MAX + 1];
};

static bool is_ours(struct str begin);
static bool take_line(struct track_names *, struct str line);
static struct shape *take_shape(
    struct arena *, struct str *line, const struct codec *ours, bool within);
static bool take_field(struct arena *, struct shape *, struct str word,
    struct str *line, const struct codec *ours);
static const struct codec_field *find(
    const struct codec *, struct str name, enum codec_type);
static bool is_number(enum codec_type);
static void move_all(
    const struct shape *, const union cell *, char *out, struct arena *);
static void move(const struct codec_field *, const struct shape *,
    const union cell *, char *out, struct arena *);
static void move_list(const struct codec_field *, const struct shape *,
    const struct codec_list *, struct codec_list *out, struct arena *);

struct track_names *
track_names_new(struct str begin)
{
	struct track_names *t = mem_alloc(sizeof(*t));
	struct str version = str_cut(&begin, '\n');

	arena_init(&t->mem, MEM_MAX);
	t->same = is_ours(begin);
	if (str_is(version, "1") && t->same)
		return t;
	while (begin.n > 0 && str_is(version, "1")) {
		struct str line = str_cut(&begin, '\n');

		if (t->n == EVENTS_MAX || t->mem.used > MEM_MAX / 2 ||
		    line.n > 8192 || !take_line(t, line))
			version = STR("");
	}
	if (!str_is(version, "1") || t->n == 0)
		track_names_free(&t);
	return t;
}

void
track_names_free(struct track_names **tp)
{
	if (*tp == NULL)
		return;
	arena_free(&(*tp)->mem);
	free(*tp);
	*tp = NULL;
}

enum event_id
track_names_id(const struct track_names *t, uint16_t id)
{
	if (t->same)
		return id > 0 && id < EVENT_N ? (enum event_id)id : EVENT_NONE;
	return id > 0 && id <= t->n ? t->ids[id] : EVENT_NONE;
}

bool
track_names_same(const struct track_names *t)
{
	return t->same;
}

int
track_names_decode(const struct track_names *t, uint16_t id, struct str fields,
    void *out, struct arena *mem, struct err *err)
{
	union cell cells[FIELDS_MAX];
	const struct shape *s;

	if (t->same)
		return codec_decode(
		    event_spec(id)->codec, out, fields, mem, err);
	s = t->shapes[id];
	if (codec_decode(&s->theirs, cells, fields, mem, err) == -1)
		return -1;
	memset(out, 0, s->ours_size);
	move_all(s, cells, out, mem);
	return 0;
}

static bool
is_ours(struct str begin)
{
	struct buf own;
	struct str mine;
	bool same;

	buf_init(&own, SIZE_MAX);
	track_names(&own);
	mine = buf_str(&own);
	str_cut(&mine, '\n');
	same = str_eq(mine, begin);
	buf_fini(&own);
	return same;
}

static bool
take_line(struct track_names *t, struct str line)
{
	struct str name = str_word(&line);
	size_t id = ++t->n;

	t->ids[id] = EVENT_NONE;
	for (int i = 1; i < EVENT_N; i++)
		if (str_is(name, event_spec(i)->name))
			t->ids[id] = i;
	if (t->ids[id] == EVENT_NONE)
		return true;
	t->shapes[id] =
	    take_shape(&t->mem, &line, event_spec(t->ids[id])->codec, false);
	return t->shapes[id] != NULL;
}

/* Up to the end, or to the bracket that ends a list. */
static struct shape *
take_shape(
    struct arena *mem, struct str *line, const struct codec *ours, bool within)
{
	struct shape *s = arena_alloc(mem, sizeof(*s));
	struct str word;

	s->fields = arena_array(mem, FIELDS_MAX, sizeof(*s->fields));
	s->ours = arena_array(mem, FIELDS_MAX, sizeof(*s->ours));
	s->subs = arena_array(mem, FIELDS_MAX, sizeof(*s->subs));
	s->theirs = (struct codec){ .name = "event", .fields = s->fields };
	s->ours_size = ours != NULL ? ours->size : 0;
	while ((word = str_word(line)).n > 0 && !str_is(word, ")"))
		if (s->theirs.n == FIELDS_MAX ||
		    !take_field(mem, s, word, line, ours))
			return NULL;
	s->theirs.size = s->theirs.n * sizeof(union cell);
	return within == (word.n > 0) ? s : NULL;
}

static bool
take_field(struct arena *mem, struct shape *s, struct str word,
    struct str *line, const struct codec *ours)
{
	static const char kinds[] = "nisa(";
	static const enum codec_type types[] = { CODEC_U64, CODEC_I64,
		CODEC_STR, CODEC_IP, CODEC_LIST };
	static const uint64_t max[] = { 0, 0, IPC_FRAME_MAX, 0, LIST_MAX };
	size_t i = s->theirs.n++;
	struct str name = str_cut(&word, ':');
	const char *k = word.n == 1 ? strchr(kinds, word.p[0]) : NULL;

	if (k == NULL || *k == '\0' || name.n == 0)
		return false;
	s->fields[i] = (struct codec_field){ .name = arena_strz(mem, name),
		.type = types[k - kinds],
		.off = i * sizeof(union cell),
		.max = max[k - kinds] };
	if (ours != NULL)
		s->ours[i] = find(ours, name, types[k - kinds]);
	if (*k != '(')
		return true;
	/* lists do not hold lists */
	if (ours == NULL || mem->used > MEM_MAX / 2)
		return false;
	s->subs[i] = take_shape(
	    mem, line, s->ours[i] != NULL ? s->ours[i]->sub : NULL, true);
	if (s->subs[i] == NULL || s->subs[i]->theirs.n == 0 ||
	    s->subs[i]->theirs.n > SUB_MAX)
		return false;
	s->fields[i].sub = &s->subs[i]->theirs;
	return true;
}

static const struct codec_field *
find(const struct codec *c, struct str name, enum codec_type type)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_is(name, c->fields[i].name))
			return c->fields[i].type == type ||
				       (type == CODEC_U64 &&
					   is_number(c->fields[i].type))
				   ? &c->fields[i]
				   : NULL;
	return NULL;
}

static bool
is_number(enum codec_type type)
{
	return type == CODEC_U8 || type == CODEC_U16 || type == CODEC_U32 ||
	       type == CODEC_U64;
}

static void
move_all(const struct shape *s, const union cell *cells, char *out,
    struct arena *mem)
{
	for (size_t i = 0; i < s->theirs.n; i++)
		if (s->ours[i] != NULL)
			move(s->ours[i], s->subs[i], &cells[i],
			    out + s->ours[i]->off, mem);
}

static void
move(const struct codec_field *f, const struct shape *sub,
    const union cell *cell, char *out, struct arena *mem)
{
	union cell now = *cell;

	switch (f->type) {
	case CODEC_U8:
		now.u8 = (uint8_t)cell->u64;
		memcpy(out, &now.u8, sizeof(now.u8));
		break;
	case CODEC_U16:
		now.u16 = (uint16_t)cell->u64;
		memcpy(out, &now.u16, sizeof(now.u16));
		break;
	case CODEC_U32:
		now.u32 = (uint32_t)cell->u64;
		memcpy(out, &now.u32, sizeof(now.u32));
		break;
	case CODEC_U64:
	case CODEC_I64:
		memcpy(out, &now.u64, sizeof(now.u64));
		break;
	case CODEC_STR:
		now.str = str_sub(cell->str, 0, f->max);
		memcpy(out, &now.str, sizeof(now.str));
		break;
	case CODEC_IP:
		memcpy(out, &now.ip, sizeof(now.ip));
		break;
	case CODEC_LIST:
		move_list(f, sub, &cell->list, &now.list, mem);
		memcpy(out, &now.list, sizeof(now.list));
		break;
	}
}

static void
move_list(const struct codec_field *f, const struct shape *sub,
    const struct codec_list *list, struct codec_list *out, struct arena *mem)
{
	const union cell *cells = list->v;
	char *v = arena_array(mem, list->n + 1, f->sub->size);

	for (size_t i = 0; i < list->n; i++)
		move_all(
		    sub, cells + i * sub->theirs.n, v + i * f->sub->size, mem);
	*out = (struct codec_list){ list->n, v };
}
