/*
 * parse.c - from a line of the mail log back to the event
 *
 * The templates that lines are made of (text.c) take them apart again. What
 * people and servers have said stands behind the numbers of a line, and so
 * cannot look like them.
 */
#include <string.h>

#include "base/mem.h"
#include "event/event.h"
#include "event/template.h"

static bool has_ids(const struct event_spec *);
static bool match(enum event_id, struct str line, struct event_parsed *);
static bool take_field(
    const struct piece *, struct str *line, struct event_parsed *);
static bool take_number(
    const struct codec_field *, struct str *line, struct event_parsed *);
static size_t value_end(const struct piece *, struct str line);
static struct str unquoted(char form, struct str);

/* Fields that say what a line is about. */
static const struct {
	const char *name;
	size_t off;
} ids[] = {
	{ "mid", offsetof(struct event_parsed, mid) },
	{ "other", offsetof(struct event_parsed, other) },
	{ "icid", offsetof(struct event_parsed, icid) },
	{ "dcid", offsetof(struct event_parsed, dcid) },
};

bool
event_parse(struct str line, struct event_parsed *out)
{
	static bool wanted[EVENT_N], known;

	for (enum event_id id = EVENT_NONE + 1; !known && id < EVENT_N; id++)
		wanted[id] = has_ids(event_spec(id));
	known = true;
	for (enum event_id id = EVENT_NONE + 1; id < EVENT_N; id++)
		if (wanted[id] && match(id, line, out))
			return true;
	return false;
}

static bool
has_ids(const struct event_spec *spec)
{
	for (size_t i = 0; i < spec->codec->n; i++)
		for (size_t k = 0; k < NELEM(ids); k++)
			if (strcmp(spec->codec->fields[i].name, ids[k].name) ==
			    0)
				return true;
	return false;
}

static bool
match(enum event_id id, struct str line, struct event_parsed *out)
{
	const struct piece *p = event_template(id);

	*out = (struct event_parsed){ .id = id };
	for (;; p++) {
		if (!str_starts(line, p->text))
			return false;
		line = str_sub(line, p->text.n, line.n);
		if (p->field == NULL)
			return line.n == 0;
		if (!take_field(p, &line, out))
			return false;
	}
}

static bool
take_field(const struct piece *p, struct str *line, struct event_parsed *out)
{
	size_t end;

	switch (p->field->type) {
	case CODEC_U8:
	case CODEC_U16:
	case CODEC_U32:
	case CODEC_U64:
		return take_number(p->field, line, out);
	default:
		end = value_end(p, *line);
		if (end > line->n)
			return false;
		if (strcmp(p->field->name, "text") == 0 ||
		    strcmp(p->field->name, "addr") == 0)
			out->value = unquoted(p->form, str_sub(*line, 0, end));
		*line = str_sub(*line, end, line->n);
		return true;
	}
}

static bool
take_number(
    const struct codec_field *f, struct str *line, struct event_parsed *out)
{
	size_t n = 0;
	uint64_t v;

	while (n < line->n && line->p[n] >= '0' && line->p[n] <= '9')
		n++;
	if (!str_u64(str_sub(*line, 0, n), UINT64_MAX, &v))
		return false;
	for (size_t k = 0; k < NELEM(ids); k++)
		if (strcmp(f->name, ids[k].name) == 0)
			memcpy((char *)out + ids[k].off, &v, sizeof(v));
	*line = str_sub(*line, n, line->n);
	return true;
}

/* Where the text that comes next begins; for the last value, where the line
 * ends with it. Behind the line: nowhere. */
static size_t
value_end(const struct piece *p, struct str line)
{
	struct str next = p[1].text;
	size_t at;

	if (p[1].field == NULL) {
		if (line.n < next.n ||
		    !str_eq(str_sub(line, line.n - next.n, line.n), next))
			return line.n + 1;
		return line.n - next.n;
	}
	at = next.n > 0 ? str_search(line, next) : 0;
	return at < line.n || next.n == 0 ? at : line.n + 1;
}

static struct str
unquoted(char form, struct str s)
{
	return form == '\'' && s.n >= 2 ? str_sub(s, 1, s.n - 2) : s;
}
