/* event.c - events go to a sink, become frames and come back */
#include "event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define REC_EV_HEAD(S, F, L) F(S, U16, id, EVENT_N - 1) F(S, I64, when, 0)
CODEC_STRUCT(ev_head, REC_EV_HEAD);
CODEC_SCHEMA(ev_head, REC_EV_HEAD);

static struct event_sink sink;

static bool too_long(const struct codec *, const void *fields);
static void clip(const struct codec *, void *fields);

void
event_set_sink(const struct event_sink *s)
{
	sink = s != NULL ? *s : (struct event_sink){ NULL, NULL };
}

void
event_emit(enum event_id id, const void *fields)
{
	if (sink.put != NULL)
		sink.put(sink.arg, id, fields);
}

void
event_encode(
    enum event_id id, int64_t when, const void *fields, struct buf *out)
{
	const struct codec *c = event_spec(id)->codec;
	struct ev_head head = { (uint16_t)id, when };
	_Alignas(max_align_t) char copy[EVENT_FIELDS_MAX];

	if (too_long(c, fields)) {
		memcpy(copy, fields, c->size);
		clip(c, copy);
		fields = copy;
	}
	codec_encode(&ev_head_codec, &head, out);
	codec_encode(c, fields, out);
}

struct str
event_fields(struct str body)
{
	struct ev_head head;

	if (codec_decode_part(&ev_head_codec, &head, &body, NULL, NULL) == -1)
		return STR("");
	return body;
}

int
event_decode(struct str in, enum event_id *id, int64_t *when, void *fields,
    struct arena *mem, struct err *err)
{
	struct ev_head head;

	if (codec_decode_part(&ev_head_codec, &head, &in, NULL, err) == -1)
		return -1;
	if (event_spec(head.id) == NULL)
		return err_set(err, ERR_PROTO, "event %u", head.id);
	*id = head.id;
	*when = head.when;
	return codec_decode(event_spec(head.id)->codec, fields, in, mem, err);
}

/* What a stranger sent may be longer than an event holds: it is cut, for an
 * event must never be the reason that a program ends. */
static bool
too_long(const struct codec *c, const void *fields)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct codec_field *f = &c->fields[i];
		const void *p = (const char *)fields + f->off;

		if (f->type == CODEC_STR && ((const struct str *)p)->n > f->max)
			return true;
		if (f->type == CODEC_LIST &&
		    ((const struct codec_list *)p)->n > f->max)
			return true;
	}
	return false;
}

static void
clip(const struct codec *c, void *fields)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct codec_field *f = &c->fields[i];
		void *p = (char *)fields + f->off;
		struct codec_list *list = p;
		struct str *s = p;

		if (f->type == CODEC_STR && s->n > f->max)
			s->n = f->max;
		if (f->type == CODEC_LIST && list->n > f->max)
			list->n = f->max;
	}
}
