/*
 * json.c - events as JSON, one object per line
 *
 * Texts are escaped and cut first exactly as in the mail log, then once more
 * for JSON: both logs show the same value, and any input gives valid JSON.
 */
#include <time.h>

#include "event/event.h"
#include "event/value.h"

static void put_time(int64_t when, struct buf *);
static void put_fields(const struct codec *, const void *, struct buf *);
static void put_field(const struct codec_field *, const void *, struct buf *);
static void put_list(
    const struct codec_field *, const struct codec_list *, struct buf *);

void
event_json(enum event_id id, int64_t when, const void *fields, struct buf *out)
{
	const struct event_spec *spec = event_spec(id);

	buf_puts(out, "{\"time\":\"");
	put_time(when, out);
	buf_puts(out, "\",\"level\":\"");
	buf_puts(out, event_level_name(spec->level));
	buf_puts(out, "\",\"event\":\"");
	buf_puts(out, spec->name);
	buf_puts(out, "\",");
	put_fields(spec->codec, fields, out);
	buf_putc(out, '}');
}

/* RFC 3339, UTC, microseconds. A time from a peer may be any number. */
static void
put_time(int64_t when, struct buf *out)
{
	const int64_t year_9999 = INT64_C(253402300799);
	time_t s = when > 0 ? when / 1000000 : 0;
	struct tm tm;

	if (s > year_9999)
		s = year_9999;
	gmtime_r(&s, &tm);
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, when > 0 ? (int)(when % 1000000) : 0);
}

static void
put_fields(const struct codec *c, const void *s, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct codec_field *f = &c->fields[i];

		buf_puts(out, i == 0 ? "\"" : ",\"");
		buf_puts(out, f->name);
		buf_puts(out, "\":");
		put_field(f, (const char *)s + f->off, out);
	}
}

static void
put_field(const struct codec_field *f, const void *p, struct buf *out)
{
	char text[IP_TEXT];

	switch (f->type) {
	case CODEC_STR:
		buf_putc(out, '"');
		value_string(*(const struct str *)p, "\"\\", out);
		buf_putc(out, '"');
		break;
	case CODEC_IP:
		buf_putc(out, '"');
		buf_puts(out, ip_text(p, text));
		buf_putc(out, '"');
		break;
	case CODEC_LIST:
		put_list(f, p, out);
		break;
	case CODEC_I64:
		value_i64(*(const int64_t *)p, out);
		break;
	default:
		value_u64(codec_number(f, p), out);
	}
}

/* Records of one field are shown as that value: "rids":[0,1]. */
static void
put_list(
    const struct codec_field *f, const struct codec_list *list, struct buf *out)
{
	const char *v = list->v;

	buf_putc(out, '[');
	for (size_t i = 0; i < list->n; i++, v += f->sub->size) {
		if (i != 0)
			buf_putc(out, ',');
		if (f->sub->n == 1) {
			put_field(f->sub->fields, v + f->sub->fields->off, out);
			continue;
		}
		buf_putc(out, '{');
		put_fields(f->sub, v, out);
		buf_putc(out, '}');
	}
	buf_putc(out, ']');
}
