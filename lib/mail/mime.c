/*
 * mime.c - the tree of parts
 *
 * One pass over the text, from line to line. A stack holds the parts that are
 * open, with their boundaries; a line that begins with two dashes is compared
 * with them, the innermost first, and closes all that is above the one it is
 * of. So the cost does not grow with the depth.
 *
 * Parts are found in the order of the text and know their depth: that is the
 * tree. It is linked when all are there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/mime_inner.h"

#define OPEN_MAX (MIME_DEPTH_MAX + 1)

struct open_part {
	size_t at;           /* in v */
	struct str boundary; /* n 0: nothing ends its parts */
	bool parts, closed;  /* has had one; its closing one has come */
	bool inside;         /* being looked at decoded: look_decoded() */
};

struct parser {
	struct mime_part *v;
	size_t n, cap;
	struct open_part stack[OPEN_MAX];
	size_t n_open;
	size_t copied; /* bytes that were decoded to be looked into */
	size_t copied_max;
	struct arena *mem;
};

/* A line that is a boundary. */
struct hit {
	size_t level; /* of the stack */
	bool closing;
	const char *before; /* where the content before it ends */
	const char *behind;
};

static struct mime_part *add_part(struct parser *);
static void read_header(struct parser *, struct str *rest, size_t base);
static void open_all(struct parser *, struct str *rest, size_t base);
static bool open_one(struct parser *);
static bool is_elsewhere(const struct mime_part *);
static bool default_is_message(const struct parser *);
static void read_parts(struct parser *, struct str rest, size_t base);
static bool next_hit(struct parser *, struct str, size_t base, struct hit *);
static void skip_nothing(
    struct parser *, struct str text, size_t base, struct hit *);
static bool is_hit(struct parser *, struct str line, size_t base, struct hit *);
static bool next_part(struct parser *, struct hit *);
static const char *without_line_end(const char *from, const char *to);
static void close_to(struct parser *, size_t level, const char *end);
static void close_one(struct parser *);
static void look_inside(struct parser *, size_t at);
static void look_decoded(struct parser *, size_t at);
static bool decode(struct parser *, size_t at, struct str *text, uint32_t *odd);
static void look_for_blocks(struct parser *, size_t at, bool encoded);
static void set_type(struct mime_part *, struct str type);
static struct mime *link_parts(struct parser *);
static void mark_twice(struct mime *, struct arena *);
static int by_boundary(const void *, const void *);

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

const struct mime *
mime_of(struct msg *m, struct arena *mem)
{
	if (m->mime == NULL)
		m->mime = mime_parse(m->header, m->body, mem);
	return m->mime;
}

struct mime *
mime_parse(struct str header, struct str body, struct arena *mem)
{
	struct parser ps = { .mem = mem, .copied_max = 2 * body.n };
	struct mime_part *p = add_part(&ps);
	struct str rest = header;
	struct mime *m;

	ps.stack[ps.n_open++] = (struct open_part){ .at = 0 };
	read_header(&ps, &rest, 1);
	p = &ps.v[0];
	if (rest.n > 0 || (!str_ends_nocase(header, STR("\n\r\n")) &&
			      !str_is(header, "\r\n") && body.n > 0))
		p->odd |= MIME_BAD_FIELD;
	p->header = header;
	p->body = (struct str){ body.p != NULL ? body.p : "", body.n };
	read_parts(&ps, p->body, 0);
	m = link_parts(&ps);
	free(ps.v);
	return m;
}

const struct mime_part *
mime_next_leaf(const struct mime *m, const struct mime_part *p)
{
	for (size_t i = p != NULL ? p->index + 1 : 0; i < m->n; i++) {
		p = &m->parts[i];
		if (p->child == NULL ||
		    (p->role != MIME_CONTAINER && !mime_is_message(p)))
			return p;
	}
	return NULL;
}

static struct mime_part *
add_part(struct parser *ps)
{
	struct mime_part *p;

	ps->v = mem_room(ps->v, &ps->cap, ps->n, sizeof(*ps->v));
	p = &ps->v[ps->n++];
	*p = (struct mime_part){ .type = STR("text"),
		.subtype = STR("plain"),
		.charset = STR(""),
		.boundary = STR(""),
		.name = STR(""),
		.other_name = STR(""),
		.header = STR(""),
		.body = STR("") };
	return p;
}

/* The header of the part on top of the stack; it ends with the empty line,
 * before a boundary, or before what is no field. */
static void
read_header(struct parser *ps, struct str *rest, size_t base)
{
	struct mime_part *p = &ps->v[ps->stack[ps->n_open - 1].at];
	struct header_field f;
	const char *from = rest->p;
	unsigned seen = 0;
	struct hit hit;
	bool end;

	*rest = str_sub(*rest, mime_mbox_line(*rest), rest->n);
	while (!(end = is_hit(ps, *rest, base, &hit)) && header_next(rest, &f))
		mime_take_field(p, &f, &seen, ps->mem);
	if (str_starts(*rest, STR("\r\n")))
		*rest = str_sub(*rest, 2, rest->n);
	else if (str_starts(*rest, STR("\n")))
		*rest = str_sub(*rest, 1, rest->n);
	else if (rest->n > 0 && !end)
		p->odd |= MIME_BAD_FIELD;
	p->header = (struct str){ from, (size_t)(rest->p - from) };
}

/* The text behind the header of the part on top: all parts of it that are
 * above base on the stack. It is closed at the end. */
static void
read_parts(struct parser *ps, struct str rest, size_t base)
{
	const char *end = rest.p + rest.n;
	struct hit hit;

	open_all(ps, &rest, base);
	while (next_hit(ps, rest, base, &hit) && next_part(ps, &hit)) {
		rest = (struct str){ hit.behind, (size_t)(end - hit.behind) };
		if (hit.closing)
			continue;
		read_header(ps, &rest, base);
		ps->v[ps->n - 1].body = rest;
		open_all(ps, &rest, base);
	}
	close_to(ps, base, end);
}

/* A message begins with the header of its only part at once. */
static void
open_all(struct parser *ps, struct str *rest, size_t base)
{
	while (open_one(ps)) {
		struct mime_part *p = add_part(ps);

		p->depth = (uint32_t)ps->n_open;
		ps->stack[ps->n_open++] = (struct open_part){ .at = ps->n - 1 };
		read_header(ps, rest, base);
		ps->v[ps->n - 1].body = *rest;
	}
}

/* True: the part on top is a message, to be taken apart. */
static bool
open_one(struct parser *ps)
{
	struct open_part *o = &ps->stack[ps->n_open - 1];
	struct mime_part *p = &ps->v[o->at];
	bool multipart;

	if (!p->typed && default_is_message(ps)) {
		p->type = STR("message");
		p->subtype = STR("rfc822");
	}
	if (is_elsewhere(p))
		p->odd |= MIME_ELSEWHERE;
	multipart = mime_is_multipart(p);
	if (!multipart && !mime_is_message(p))
		return false;
	if (p->encoding > MIME_BINARY)
		p->odd |= MIME_BAD_ENCODING;
	if (multipart && p->boundary.n == 0)
		p->odd |= MIME_NO_BOUNDARY;
	else if (p->depth == MIME_DEPTH_MAX)
		p->odd |= MIME_TOO_DEEP;
	else if (multipart)
		o->boundary = p->boundary;
	else if (ps->n == MIME_PARTS_MAX)
		p->odd |= MIME_TOO_MANY;
	else if (p->encoding <= MIME_BINARY ||
		 p->encoding == MIME_ENCODING_UNKNOWN || o->inside)
		return o->parts = true;
	return false;
}

/* RFC 2046 5.2.2, 5.2.3: the text is in other messages too, or in none. */
static bool
is_elsewhere(const struct mime_part *p)
{
	return str_is(p->type, "message") &&
	       (str_is(p->subtype, "partial") ||
		   str_is(p->subtype, "external-body"));
}

/* RFC 2046 5.1.5 */
static bool
default_is_message(const struct parser *ps)
{
	const struct mime_part *above;

	if (ps->n_open < 2)
		return false;
	above = &ps->v[ps->stack[ps->n_open - 2].at];
	return mime_is_multipart(above) && str_is(above->subtype, "digest");
}

/* --- boundaries --- */

static bool
next_hit(struct parser *ps, struct str rest, size_t base, struct hit *hit)
{
	bool any = false;

	for (size_t i = base; i < ps->n_open; i++)
		any |= ps->stack[i].boundary.n > 0;
	while (any && rest.n > 0) {
		if (is_hit(ps, rest, base, hit)) {
			skip_nothing(ps, rest, base, hit);
			return true;
		}
		str_cut(&rest, '\n');
	}
	return false;
}

/* Of boundaries with nothing between them, not even an empty line, only the
 * last begins a part. text: from the first one on. */
static void
skip_nothing(struct parser *ps, struct str text, size_t base, struct hit *hit)
{
	struct hit next;

	while (!hit->closing) {
		text = str_sub(text, (size_t)(hit->behind - text.p), text.n);
		if (!is_hit(ps, text, base, &next) || next.level > hit->level)
			return;
		next.before = hit->before;
		*hit = next;
	}
}

/* Is the first line a boundary of something that is open? Of equal ones the
 * innermost that was not closed yet. */
static bool
is_hit(struct parser *ps, struct str text, size_t base, struct hit *hit)
{
	struct str line;
	bool found = false;

	if (text.n < 2 || text.p[0] != '-' || text.p[1] != '-')
		return false;
	line = str_sub(text, 2, str_find(text, '\n') - 2);
	hit->behind = line.p + line.n + (line.p + line.n < text.p + text.n);
	while (line.n > 0 && is_blank(line.p[line.n - 1]))
		line.n--;
	for (size_t i = ps->n_open; i > base; i--) {
		const struct open_part *o = &ps->stack[i - 1];
		bool closing = line.n == o->boundary.n + 2;

		if (o->boundary.n == 0 || (found && o->closed) ||
		    (line.n != o->boundary.n && !closing) ||
		    memcmp(line.p, o->boundary.p, o->boundary.n) != 0 ||
		    (closing && memcmp(line.p + line.n - 2, "--", 2) != 0))
			continue;
		hit->level = i - 1;
		hit->closing = closing;
		found = true;
		if (!o->closed)
			break;
	}
	hit->before = text.p;
	return found;
}

/* Closes what the boundary ends and begins what it begins. False: there are
 * too many parts; what is left stays of the one that is open. */
static bool
next_part(struct parser *ps, struct hit *hit)
{
	struct open_part *o = &ps->stack[hit->level];
	struct mime_part *p = &ps->v[o->at];

	if (!hit->closing && ps->n >= MIME_PARTS_MAX) {
		p->odd |= MIME_TOO_MANY;
		return false;
	}
	if (ps->n_open > hit->level + 1)
		hit->before = without_line_end(
		    ps->v[ps->stack[ps->n_open - 1].at].header.p, hit->before);
	close_to(ps, hit->level + 1, hit->before);
	p = &ps->v[o->at];
	if (hit->closing) {
		o->closed = true;
		return true;
	}
	if (o->closed)
		p->odd |= MIME_AFTER_CLOSE;
	o->parts = true;
	p = add_part(ps);
	p->depth = (uint32_t)ps->n_open;
	ps->stack[ps->n_open++] = (struct open_part){ .at = ps->n - 1 };
	return true;
}

/* The line end before a boundary belongs to it, unless to one before. */
static const char *
without_line_end(const char *from, const char *to)
{
	if (to > from && to[-1] == '\n')
		to--;
	if (to > from && to[-1] == '\r')
		to--;
	return to;
}

/* --- the end of parts --- */

static void
close_to(struct parser *ps, size_t level, const char *end)
{
	while (ps->n_open > level) {
		struct mime_part *p = &ps->v[ps->stack[ps->n_open - 1].at];

		if (end < p->body.p) {
			/* the line end of its header was the boundary's */
			p->header.n = (size_t)(end - p->header.p);
			p->body.p = end;
		}
		p->body.n = (size_t)(end - p->body.p);
		close_one(ps);
	}
}

static void
close_one(struct parser *ps)
{
	struct open_part o = ps->stack[--ps->n_open];
	struct mime_part *p = &ps->v[o.at];

	if (o.boundary.n > 0 && !o.parts)
		p->odd |= MIME_BOUNDARY_UNUSED;
	else if (o.boundary.n > 0 && !o.closed)
		p->odd |= MIME_BOUNDARY_OPEN;
	if (o.parts || o.inside || p->depth == MIME_DEPTH_MAX)
		return;
	ps->stack[ps->n_open++] = o;
	look_inside(ps, o.at);
	ps->n_open--;
}

/* What the pass over the lines did not show: parts behind an encoding that
 * a multipart or a message must not have, blocks in a text. */
static void
look_inside(struct parser *ps, size_t at)
{
	struct mime_part *p = &ps->v[at];
	bool encoded = p->encoding == MIME_QUOTED || p->encoding == MIME_BASE64;

	if (mime_is_multipart(p) || mime_is_message(p)) {
		if (encoded)
			look_decoded(ps, at);
	} else if (mime_is_text(p) && p->encoding != MIME_UUENCODE)
		look_for_blocks(ps, at, encoded);
}

static void
look_decoded(struct parser *ps, size_t at)
{
	size_t n = ps->n, base = ps->n_open - 1;
	struct str raw = ps->v[at].body, text;
	uint32_t odd = 0;

	if (!decode(ps, at, &text, &odd))
		return;
	/* it says that it is encoded, but nobody did it */
	if (odd != 0 && mime_is_message(&ps->v[at]))
		text = raw;
	ps->stack[base].inside = true;
	ps->v[at].body = text;
	read_parts(ps, text, base);
	ps->v[at].body = raw;
	ps->n_open = base + 1;
	if (text.p == raw.p)
		return;
	for (; n < ps->n; n++)
		ps->v[n].decoded = true;
}

/* The decoded bytes, unless what was decoded to be looked into would be far
 * more than the message is. */
static bool
decode(struct parser *ps, size_t at, struct str *text, uint32_t *odd)
{
	struct mime_part *p = &ps->v[at];

	if (p->body.n > ps->copied_max - ps->copied) {
		p->odd |= MIME_TOO_DEEP;
		return false;
	}
	*text = mime_decode(p, SIZE_MAX, ps->mem, odd);
	ps->copied += text->n;
	return true;
}

static void
look_for_blocks(struct parser *ps, size_t at, bool encoded)
{
	struct str text = ps->v[at].body;
	struct mime_uu uu = { .foreign = false };
	size_t from = 0;
	uint32_t odd = 0;

	if (encoded && !decode(ps, at, &text, &odd))
		return;
	while (mime_uu_next(text, &from, &uu)) {
		struct mime_part *p;

		if (ps->n >= MIME_PARTS_MAX) {
			ps->v[at].odd |= MIME_TOO_MANY;
			return;
		}
		p = add_part(ps);
		p->depth = ps->v[at].depth + 1;
		p->body = uu.block;
		p->encoding = MIME_UUENCODE;
		p->is_attachment = true;
		p->decoded = encoded;
		p->name = mime_words(uu.name, STR(""), ps->mem, NULL);
		set_type(p, mime_type_of_name(p->name));
	}
	if (uu.foreign)
		ps->v[at].odd |= MIME_FOREIGN;
}

static void
set_type(struct mime_part *p, struct str type)
{
	if (type.n == 0)
		type = STR("application/octet-stream");
	p->type = str_cut(&type, '/');
	p->subtype = type;
}

/* --- the tree --- */

static struct mime *
link_parts(struct parser *ps)
{
	struct mime *m = arena_alloc(ps->mem, sizeof(*m));
	struct mime_part *last[MIME_DEPTH_MAX + 2] = { NULL };

	m->n = ps->n;
	m->parts = arena_array(ps->mem, m->n, sizeof(*m->parts));
	memcpy(m->parts, ps->v, m->n * sizeof(*m->parts));
	for (size_t i = 0; i < m->n; i++) {
		struct mime_part *p = &m->parts[i];

		p->index = (uint32_t)i;
		m->odd |= p->odd;
		if (p->depth > 0) {
			p->parent = last[p->depth - 1];
			if (p->parent->child == NULL)
				p->parent->child = p;
			else
				last[p->depth]->next = p;
		}
		last[p->depth] = p;
	}
	mark_twice(m, ps->mem);
	mime_set_roles(m);
	return m;
}

/* Boundaries that more than one multipart declares. */
static void
mark_twice(struct mime *m, struct arena *mem)
{
	struct mime_part **v;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->parts[i].boundary.n > 0;
	if (n < 2)
		return;
	v = arena_array(mem, n, sizeof(*v));
	n = 0;
	for (size_t i = 0; i < m->n; i++)
		if (m->parts[i].boundary.n > 0)
			v[n++] = &m->parts[i];
	qsort(v, n, sizeof(*v), by_boundary);
	for (size_t i = 1; i < n; i++)
		if (str_eq(v[i - 1]->boundary, v[i]->boundary)) {
			v[i - 1]->odd |= MIME_BOUNDARY_TWICE;
			v[i]->odd |= MIME_BOUNDARY_TWICE;
			m->odd |= MIME_BOUNDARY_TWICE;
		}
}

static int
by_boundary(const void *a, const void *b)
{
	struct str x = (*(struct mime_part *const *)a)->boundary,
		   y = (*(struct mime_part *const *)b)->boundary;

	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return memcmp(x.p, y.p, x.n);
}
