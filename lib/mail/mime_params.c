/*
 * mime_params.c - parameters of Content-Type and Content-Disposition
 *
 * RFC 2045 5.1 and RFC 2231; and what programs write in their place: values
 * with blanks and no quotes, quotes that nobody closed, RFC 2047 words.
 */
#include <string.h>

#include "mail/mime_inner.h"

enum { CHARSET, BOUNDARY, NAME, FILENAME, PARAMS };
static const struct {
	const char *name;
	size_t off;
} wanted[PARAMS] = {
	[CHARSET] = { "charset", offsetof(struct mime_params, charset) },
	[BOUNDARY] = { "boundary", offsetof(struct mime_params, boundary) },
	[NAME] = { "name", offsetof(struct mime_params, name) },
	[FILENAME] = { "filename", offsetof(struct mime_params, filename) },
};

struct reader {
	struct str rest;
	struct mime_forms forms[PARAMS];
	uint32_t odd;
	struct arena *mem;
};

static void read_one(struct reader *);
static struct str read_value(struct reader *);
static struct str quoted(struct reader *);
static struct str unquoted(struct reader *);
static bool next_begins(struct str rest);
static struct str unescape(struct str raw, struct arena *mem);
static void take(struct reader *, struct str name, struct str value);
static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void
mime_read_params(
    struct str text, struct mime_params *out, uint32_t *odd, struct arena *mem)
{
	struct reader r = { .rest = text, .mem = mem };
	const struct mime_forms *b;

	for (;;) {
		mime_skip(&r.rest);
		if (r.rest.n == 0)
			break;
		if (r.rest.p[0] == ';')
			r.rest = str_sub(r.rest, 1, r.rest.n);
		else
			read_one(&r);
	}
	for (int i = 0; i < PARAMS; i++)
		mime_forms_read(&r.forms[i], i == NAME || i == FILENAME,
		    (struct mime_readings *)((char *)out + wanted[i].off),
		    &r.odd, mem);
	b = &r.forms[BOUNDARY];
	if (b->coded.p != NULL || b->n > 0 || str_starts(b->plain, STR("=?")))
		r.odd |= MIME_BAD_HEADER; /* not all read it so */
	*odd |= r.odd;
}

bool
mime_skip(struct str *s)
{
	size_t i = 0, level = 0;
	bool comment = false;

	for (; i < s->n; i++) {
		char c = s->p[i];

		if (c == '(') {
			level++;
			comment = true;
		} else if (level > 0 && c == '\\')
			i++;
		else if (level > 0 && c == ')')
			level--;
		else if (level == 0 && !is_space(c))
			break;
	}
	*s = str_sub(*s, i, s->n);
	return comment;
}

/* A name, and its value if there is one. */
static void
read_one(struct reader *r)
{
	struct str name = r->rest;
	size_t n = 0;

	while (n < name.n && strchr("=; \t\n\v\f\r(", name.p[n]) == NULL)
		n++;
	name = str_sub(name, 0, n);
	r->rest = str_sub(r->rest, n, r->rest.n);
	mime_skip(&r->rest);
	if (r->rest.n == 0 || r->rest.p[0] != '=') {
		r->odd |= MIME_BAD_HEADER;
		r->rest = str_sub(r->rest, str_find(r->rest, ';'), r->rest.n);
		return;
	}
	if (n == 0)
		r->odd |= MIME_BAD_HEADER;
	r->rest = str_sub(r->rest, 1, r->rest.n);
	if (mime_skip(&r->rest))
		r->odd |= MIME_BAD_HEADER;
	take(r, name, read_value(r));
}

static struct str
read_value(struct reader *r)
{
	struct str value;

	if (r->rest.n > 0 && r->rest.p[0] == '"')
		return quoted(r);
	value = unquoted(r);
	if (value.n == 0)
		r->odd |= MIME_BAD_HEADER;
	return value;
}

static struct str
quoted(struct reader *r)
{
	struct str raw, more;
	bool escapes = false;
	size_t i = 1;

	for (; i < r->rest.n && r->rest.p[i] != '"'; i++)
		if (r->rest.p[i] == '\\') {
			escapes = true;
			i++;
		}
	if (i >= r->rest.n) { /* nobody closed it */
		r->odd |= MIME_BAD_HEADER;
		r->rest = str_sub(r->rest, 1, r->rest.n);
		raw = str_trim(str_sub(r->rest, 0, str_find(r->rest, ';')));
		r->rest = str_sub(r->rest, str_find(r->rest, ';'), r->rest.n);
		return raw;
	}
	raw = str_sub(r->rest, 1, i - 1);
	if (escapes)
		raw = unescape(raw, r->mem);
	r->rest = str_sub(r->rest, i + 1, r->rest.n);
	if (r->rest.n == 0 || strchr("; \t\n\v\f\r(", r->rest.p[0]) != NULL)
		return raw;
	r->odd |= MIME_BAD_HEADER; /* "a"b */
	more = unquoted(r);
	return str_of(
	    arena_printf(r->mem, "%.*s%.*s", STR_ARG(raw), STR_ARG(more)));
}

/* Up to the next blank or semicolon; but a value with blanks is one, unless
 * what comes behind them looks like the next parameter. */
static struct str
unquoted(struct reader *r)
{
	struct str all = r->rest, value;
	size_t n = 0;

	while (n < all.n && !is_space(all.p[n]) && all.p[n] != ';')
		n++;
	value = str_sub(all, 0, n);
	r->rest = str_sub(all, n, all.n);
	mime_skip(&r->rest);
	if (r->rest.n == 0 || r->rest.p[0] == ';')
		return value;
	r->odd |= MIME_BAD_HEADER;
	if (next_begins(r->rest))
		return value;
	n = str_find(all, ';');
	r->rest = str_sub(all, n, all.n);
	return str_trim(str_sub(all, 0, n));
}

/* "name=" */
static bool
next_begins(struct str s)
{
	size_t n = 0;

	while (n < s.n && ((s.p[n] >= 'a' && s.p[n] <= 'z') ||
			      (s.p[n] >= 'A' && s.p[n] <= 'Z') ||
			      s.p[n] == '-' || s.p[n] == '*'))
		n++;
	return n > 0 && n < s.n && s.p[n] == '=';
}

/* A backslash quotes a quote and itself; elsewhere it is of a file's path,
 * as programs of a certain system give it. */
static struct str
unescape(struct str raw, struct arena *mem)
{
	char *out = arena_alloc(mem, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n &&
		    (raw.p[i + 1] == '"' || raw.p[i + 1] == '\\'))
			i++;
		out[n++] = raw.p[i];
	}
	return (struct str){ out, n };
}

static void
take(struct reader *r, struct str name, struct str value)
{
	size_t star = str_find(name, '*');
	struct str base = str_sub(name, 0, star), mark = { NULL, 0 };

	if (star < name.n)
		mark = str_sub(name, star + 1, name.n);
	if (value.n > MIME_VALUE_MAX) {
		r->odd |= MIME_BAD_HEADER;
		value.n = MIME_VALUE_MAX;
	}
	for (int i = 0; i < PARAMS; i++)
		if (str_is_nocase(base, wanted[i].name))
			mime_forms_take(&r->forms[i], mark, value, &r->odd);
}
