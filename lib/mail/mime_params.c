/*
 * mime_params.c - parameters of Content-Type and Content-Disposition
 *
 * RFC 2045 5.1 and RFC 2231; and what programs write in their place: values
 * with blanks and no quotes, quotes that nobody closed, RFC 2047 words.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/charset.h"
#include "mail/mime_inner.h"

struct segment {
	struct str value; /* p NULL: a gap */
	bool coded;       /* name*N*: %XX */
};

/* A parameter in all the forms that it came in. */
struct forms {
	struct str plain, coded; /* name=, name*= */
	struct segment *v;       /* name*N= */
	size_t n, cap;
};

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
	struct forms forms[PARAMS];
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
static void take_segment(
    struct reader *, struct forms *, struct str index, struct str value);
static struct str result(struct reader *, int which);
static struct str words(struct reader *, struct str value);
static struct str join(struct reader *, struct forms *);
static struct str decode_coded(
    struct reader *, struct str charset, struct str bytes);
static struct str cut_language(struct str *value);
static void percent(struct str value, bool coded, struct buf *out);

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

	for (;;) {
		mime_skip(&r.rest);
		if (r.rest.n == 0)
			break;
		if (r.rest.p[0] == ';')
			r.rest = str_sub(r.rest, 1, r.rest.n);
		else
			read_one(&r);
	}
	for (int i = 0; i < PARAMS; i++) {
		*(struct str *)((char *)out + wanted[i].off) = result(&r, i);
		free(r.forms[i].v);
	}
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
	struct str base = str_sub(name, 0, star);
	struct str index = str_sub(name, star + 1, name.n);
	struct forms *f = NULL;
	struct str *to;

	for (int i = 0; i < PARAMS && f == NULL; i++)
		if (str_is_nocase(base, wanted[i].name))
			f = &r->forms[i];
	if (f == NULL)
		return;
	if (value.n > MIME_VALUE_MAX) {
		r->odd |= MIME_BAD_HEADER;
		value.n = MIME_VALUE_MAX;
	}
	if (star < name.n && index.n > 0) {
		take_segment(r, f, index, value);
		return;
	}
	to = star < name.n ? &f->coded : &f->plain;
	if (to->p != NULL)
		r->odd |= MIME_DOUBLE_HEADER;
	else
		*to = value;
}

static void
take_segment(
    struct reader *r, struct forms *f, struct str index, struct str value)
{
	bool coded = index.p[index.n - 1] == '*';
	uint64_t i;

	if (coded)
		index.n--;
	if (!str_u64(index, MIME_SEGMENTS_MAX - 1, &i)) {
		r->odd |= MIME_BAD_HEADER;
		return;
	}
	while (f->n <= i) {
		f->v = mem_room(f->v, &f->cap, f->n, sizeof(*f->v));
		f->v[f->n++] = (struct segment){ 0 };
	}
	if (f->v[i].value.p != NULL)
		r->odd |= MIME_DOUBLE_HEADER;
	else
		f->v[i] = (struct segment){ value, coded };
}

/* The form that says most wins. */
static struct str
result(struct reader *r, int which)
{
	struct forms *f = &r->forms[which];
	struct str value = f->plain;

	if (f->coded.p != NULL) {
		struct str charset = cut_language(&f->coded);
		struct buf b;

		buf_init(&b, MIME_VALUE_MAX);
		percent(f->coded, true, &b);
		value = decode_coded(r, charset, buf_str(&b));
		buf_fini(&b);
	} else if (f->n > 0 && (f->v[0].value.p != NULL || value.p == NULL))
		value = join(r, f);
	else if (value.p != NULL && (which == NAME || which == FILENAME))
		value = words(r, value);
	if (which == BOUNDARY && value.p != NULL &&
	    (f->coded.p != NULL || f->n > 0 || str_starts(value, STR("=?"))))
		r->odd |= MIME_BAD_HEADER; /* not all read it so */
	return value;
}

static struct str
words(struct reader *r, struct str value)
{
	bool bad = false;

	value = mime_words(value, STR(""), r->mem, &bad);
	if (bad)
		r->odd |= MIME_BAD_CHARSET;
	return value;
}

/* name*0, name*1, ... up to the first that is lacking. */
static struct str
join(struct reader *r, struct forms *f)
{
	struct str charset = { NULL, 0 }, value;
	bool coded = false;
	struct buf b;
	size_t i;

	buf_init(&b, MIME_VALUE_MAX);
	for (i = 0; i < f->n && f->v[i].value.p != NULL; i++) {
		if (i == 0 && f->v[i].coded)
			charset = cut_language(&f->v[i].value);
		coded |= f->v[i].coded;
		percent(f->v[i].value, f->v[i].coded, &b);
	}
	if (i < f->n || b.failed)
		r->odd |= MIME_BAD_HEADER;
	value = buf_str(&b);
	value = coded ? decode_coded(r, charset, value)
		      : words(r, arena_str(r->mem, value));
	buf_fini(&b);
	return value;
}

static struct str
decode_coded(struct reader *r, struct str charset, struct str bytes)
{
	bool bad = false;

	bytes = arena_str(r->mem, bytes);
	bytes = charset_to_utf8(
	    bytes, charset.n > 0 ? charset : STR("utf-8"), r->mem, &bad);
	if (bad)
		r->odd |= MIME_BAD_CHARSET;
	return bytes;
}

/* charset'language'value: returns the charset, leaves the value. */
static struct str
cut_language(struct str *value)
{
	struct str rest = *value, charset = str_cut(&rest, '\'');
	size_t second = str_find(rest, '\'');

	if (charset.n == value->n || second == rest.n)
		return (struct str){ NULL, 0 };
	*value = str_sub(rest, second + 1, rest.n);
	return charset;
}

static void
percent(struct str v, bool coded, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF0123456789abcdef";

	for (size_t i = 0; i < v.n; i++) {
		const char *hi, *lo;

		if (coded && v.p[i] == '%' && i + 2 < v.n &&
		    (hi = memchr(digits, v.p[i + 1], 32)) != NULL &&
		    (lo = memchr(digits, v.p[i + 2], 32)) != NULL) {
			buf_putc(out, (char)((hi - digits) % 16 * 16 +
					     (lo - digits) % 16));
			i += 2;
		} else
			buf_putc(out, v.p[i]);
	}
}
