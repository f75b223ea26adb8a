/*
 * text.c - events as lines of the mail log
 *
 * The templates of events.h are taken apart once, at the first line, into
 * pieces: some literal text, then a field. A line is a walk over them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "event/template.h"
#include "event/value.h"

static struct piece *templates[EVENT_N];

static struct piece *compile(const struct event_spec *);
static const struct codec_field *find_field(
    const struct event_spec *, struct str name);
static void put_field(const struct piece *, const void *, struct buf *);
static void put_str(char form, struct str, struct buf *);
static void put_rids(const struct codec_list *, struct buf *);
static void put_headers(const struct codec_list *, struct buf *);
static void put_i64(char form, int64_t, struct buf *);

void
event_text(enum event_id id, const void *fields, struct buf *out)
{
	const struct piece *p;

	for (p = event_template(id); p->field != NULL; p++) {
		buf_add_str(out, p->text);
		put_field(p, (const char *)fields + p->field->off, out);
	}
	buf_add_str(out, p->text);
}

const struct piece *
event_template(enum event_id id)
{
	if (templates[id] == NULL)
		templates[id] = compile(event_spec(id));
	return templates[id];
}

static struct piece *
compile(const struct event_spec *spec)
{
	struct str rest = str_of(spec->text);
	struct piece *v = NULL;
	size_t n = 0, cap = 0;

	for (;;) {
		size_t at = str_find(rest, '{');
		struct piece p = { .text = str_sub(rest, 0, at) };
		struct str name;

		v = mem_room(v, &cap, n, sizeof(*v));
		if (at == rest.n) {
			v[n] = p;
			return v;
		}
		rest = str_sub(rest, at + 1, rest.n);
		name = str_cut(&rest, '}');
		if (name.n != 0 && strchr("?',=.@#", name.p[name.n - 1])) {
			p.form = name.p[name.n - 1];
			name.n--;
		}
		p.field = find_field(spec, name);
		v[n++] = p;
	}
}

static const struct codec_field *
find_field(const struct event_spec *spec, struct str name)
{
	for (size_t i = 0; i < spec->codec->n; i++)
		if (str_is(name, spec->codec->fields[i].name))
			return &spec->codec->fields[i];
	panic("event %s has no field %.*s", spec->name, STR_ARG(name));
}

static void
put_field(const struct piece *piece, const void *p, struct buf *out)
{
	char text[IP_TEXT];

	switch (piece->field->type) {
	case CODEC_STR:
		put_str(piece->form, *(const struct str *)p, out);
		break;
	case CODEC_IP:
		buf_puts(out, ip_text(p, text));
		break;
	case CODEC_LIST:
		if (piece->form == '=')
			put_headers(p, out);
		else
			put_rids(p, out);
		break;
	case CODEC_I64:
		put_i64(piece->form, *(const int64_t *)p, out);
		break;
	default:
		value_u64(codec_number(piece->field, p), out);
	}
}

/* Quotes: single ones, but double ones around a text that has a single. */
static void
put_str(char form, struct str s, struct buf *out)
{
	if (form == '#') {
		buf_putc(out, '\'');
		value_octal(s, "'", out);
		buf_putc(out, '\'');
	} else if (form == '\'') {
		char quote = str_find(s, '\'') < s.n ? '"' : '\'';

		buf_putc(out, quote);
		value_string(s, quote == '"' ? "\"" : "", out);
		buf_putc(out, quote);
	} else if (form == '?' && s.n == 0) {
		buf_puts(out, "None");
	} else {
		value_string(s, "", out);
	}
}

static void
put_rids(const struct codec_list *list, struct buf *out)
{
	const struct ev_rid *rids = list->v;

	for (size_t i = 0; i < list->n; i++) {
		if (i != 0)
			buf_puts(out, ", ");
		value_u64(rids[i].rid, out);
	}
}

static void
put_headers(const struct codec_list *list, struct buf *out)
{
	const struct ev_header *v = list->v;

	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i == 0 ? "(" : ", (");
		put_str('\'', v[i].name, out);
		buf_puts(out, ", ");
		put_str('\'', v[i].value, out);
		buf_putc(out, ')');
	}
}

static void
put_i64(char form, int64_t v, struct buf *out)
{
	char text[CLOCK_TEXT];

	if (form == '@') {
		buf_puts(out, clock_ctime(v, text));
	} else if (form != '.') {
		value_i64(v, out);
	} else if (v == INT64_MIN) {
		buf_puts(out, "None");
	} else {
		uint64_t tenths = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

		buf_printf(out, "%s%" PRIu64 ".%" PRIu64, v < 0 ? "-" : "",
		    tenths / 10, tenths % 10);
	}
}
