/*
 * texts.c - what filters read out of a message, each thing once
 */
#include "filter/texts.h"

#include "base/mem.h"
#include "filter/content.h"
#include "filter/filter.h"
#include "mail/header.h"

#define BODY_MAX (256u << 20)
#define BUCKETS  256

struct field {
	struct field *next, *same; /* in the bucket; of the same name */
	struct field *last;        /* of that name: in its first one */
	struct str name, value;
	struct str text, charset; /* decoded with; p NULL: not yet */
};
struct part_texts {
	struct str bytes, text, stripped; /* p NULL: not yet */
};
struct looked {
	struct looked *next;
	struct str text;
	struct hits hits;
	unsigned smart_known, smart; /* bits 1 << enum smart_id */
};
struct texts {
	struct str header;
	struct field **fields; /* BUCKETS */
	const struct mime *mime;
	struct part_texts *parts;
	struct looked **looked; /* BUCKETS */
};

static struct looked *look(struct work *, struct str text);
static struct field *find_field(struct work *, struct str name, size_t nth);
static void index_header(struct work *);
static size_t bucket_of_name(struct str name);
static struct part_texts *texts_of(struct work *, const struct mime_part *);
static struct str read_text(struct work *, const struct mime_part *);

void
texts_init(struct work *w)
{
	if (w->texts == NULL)
		w->texts = arena_alloc(w->mem, sizeof(*w->texts));
}

bool
texts_field(struct work *w, struct str name, size_t nth, struct str charset,
    struct str *text)
{
	struct field *f = find_field(w, name, nth);

	if (f == NULL)
		return false;
	if (f->text.p == NULL || !str_eq(f->charset, charset)) {
		f->text = mime_field_text(f->value, charset, w->mem);
		f->charset = charset;
	}
	*text = f->text;
	return true;
}

bool
texts_raw_field(struct work *w, struct str name, size_t nth, struct str *value)
{
	struct field *f = find_field(w, name, nth);

	if (f != NULL)
		*value = f->value;
	return f != NULL;
}

struct str
texts_bytes(struct work *w, const struct mime_part *part)
{
	struct part_texts *t = texts_of(w, part);

	if (t == NULL)
		return mime_decode(part, BODY_MAX, w->mem, NULL);
	if (t->bytes.p == NULL)
		t->bytes = mime_decode(part, BODY_MAX, w->mem, NULL);
	return t->bytes;
}

struct str
texts_text(struct work *w, const struct mime_part *part)
{
	struct part_texts *t = texts_of(w, part);

	if (t == NULL)
		return read_text(w, part);
	if (t->text.p == NULL)
		t->text = read_text(w, part);
	return t->text;
}

struct str
texts_stripped(struct work *w, const struct mime_part *part)
{
	struct part_texts *t = texts_of(w, part);

	if (t == NULL)
		return mime_strip_html(read_text(w, part), w->mem);
	if (t->stripped.p == NULL)
		t->stripped = mime_strip_html(texts_text(w, part), w->mem);
	return t->stripped;
}

const struct hits *
texts_hits(struct work *w, struct str text)
{
	return &look(w, text)->hits;
}

bool
texts_smart(struct work *w, struct str text, enum smart_id id)
{
	struct looked *l = look(w, text);
	unsigned bit = 1u << id;
	struct str match;

	if (!(l->smart_known & bit)) {
		l->smart_known |= bit;
		/* no number spans lines */
		if (smart_search(id, text, 0, &match))
			l->smart |= bit;
	}
	return l->smart & bit;
}

static struct looked *
look(struct work *w, struct str text)
{
	const struct filters *filters = w->origin->config->filters;
	struct looked **bucket, *l;

	texts_init(w);
	if (w->texts->looked == NULL)
		w->texts->looked = arena_array(w->mem, BUCKETS, sizeof(l));
	bucket =
	    &w->texts->looked[((uintptr_t)text.p ^ (uintptr_t)text.p >> 8) %
			      BUCKETS];
	for (l = *bucket; l != NULL; l = l->next)
		if (l->text.p == text.p && l->text.n == text.n)
			return l;
	l = arena_alloc(w->mem, sizeof(*l));
	l->next = *bucket;
	l->text = text;
	prefilter_look(filters != NULL ? filters->prefilter : NULL, text,
	    &l->hits, w->mem);
	*bucket = l;
	return l;
}

static struct field *
find_field(struct work *w, struct str name, size_t nth)
{
	struct field *f;

	texts_init(w);
	if (w->texts->fields == NULL || w->texts->header.p != w->msg.header.p ||
	    w->texts->header.n != w->msg.header.n)
		index_header(w);
	f = w->texts->fields[bucket_of_name(name)];
	while (f != NULL && !str_eq_nocase(f->name, name))
		f = f->next;
	while (f != NULL && nth-- > 0)
		f = f->same;
	return f;
}

static void
index_header(struct work *w)
{
	struct texts *t = w->texts;
	struct header_field h;
	struct str rest = w->msg.header;

	t->header = w->msg.header;
	t->fields = arena_array(w->mem, BUCKETS, sizeof(*t->fields));
	rest = str_sub(rest, mime_mbox_line(rest), rest.n);
	while (header_next(&rest, &h)) {
		struct field **bucket = &t->fields[bucket_of_name(h.name)];
		struct field *f = arena_alloc(w->mem, sizeof(*f)), *first;

		*f = (struct field){ .name = h.name, .value = h.value };
		f->last = f;
		first = *bucket;
		while (first != NULL && !str_eq_nocase(first->name, h.name))
			first = first->next;
		if (first != NULL) {
			first->last->same = f;
			first->last = f;
		} else {
			f->next = *bucket;
			*bucket = f;
		}
	}
}

static size_t
bucket_of_name(struct str name)
{
	uint32_t h = 0;

	for (size_t i = 0; i < name.n; i++)
		h = h * 31 + ((uint8_t)name.p[i] | 0x20);
	return (h ^ h >> 8) % BUCKETS;
}

/* NULL: it is a part of what the message was before an edit. */
static struct part_texts *
texts_of(struct work *w, const struct mime_part *part)
{
	const struct mime *m = w->msg.mime;

	if (m == NULL || part->index >= m->n || &m->parts[part->index] != part)
		return NULL;
	texts_init(w);
	if (w->texts->mime != m) {
		w->texts->mime = m;
		w->texts->parts =
		    arena_array(w->mem, m->n, sizeof(*w->texts->parts));
	}
	return &w->texts->parts[part->index];
}

static struct str
read_text(struct work *w, const struct mime_part *part)
{
	return mime_text(
	    part, w->origin->config->work.scan.charset, BODY_MAX, w->mem, NULL);
}
