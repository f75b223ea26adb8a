/* edit_wrap.c - a message becomes a part of another one */
#include <string.h>

#include "mail/edit_inside.h"
#include "mail/header.h"

enum field_group { FIELDS_CONTENT, FIELDS_OTHER };
enum boundary_kind { BOUNDARY_FIRST, BOUNDARY_NEXT, BOUNDARY_LAST };

static struct str boundary_for(const struct msg *, struct arena *mem);
static void put_fields_of(struct str header, enum field_group, struct buf *out);
static void put_text_part(const struct written *, struct buf *out);
static bool insert_part(
    struct msg *, const struct written *, bool last, struct arena *mem);
static size_t closing_line(struct str body, struct str boundary, size_t from);
static void begin_mixed(
    struct str header, struct str boundary, struct buf *out);
static void put_boundary(struct str boundary, enum boundary_kind, struct buf *);

void
edit_add_text_part(struct msg *m, struct str text, bool last, struct arena *mem)
{
	struct written w = edit_write_text(text, STR(""), MIME_7BIT, mem);
	struct str boundary, header = m->header;
	struct buf out;

	if (insert_part(m, &w, last, mem))
		return;
	boundary = boundary_for(m, mem);
	buf_init(&out, SIZE_MAX / 4);
	begin_mixed(m->header, boundary, &out);
	edit_set_header(m, &out, mem);
	put_boundary(boundary, BOUNDARY_FIRST, &out);
	if (!last) {
		put_text_part(&w, &out);
		put_boundary(boundary, BOUNDARY_NEXT, &out);
	}
	put_fields_of(header, FIELDS_CONTENT, &out);
	buf_puts(&out, "\r\n");
	buf_add_str(&out, m->body);
	if (last) {
		put_boundary(boundary, BOUNDARY_NEXT, &out);
		put_text_part(&w, &out);
	}
	put_boundary(boundary, BOUNDARY_LAST, &out);
	edit_set_body(m, &out, mem);
	buf_fini(&out);
}

void
edit_wrap(struct msg *m, struct str text, struct arena *mem)
{
	struct written w = edit_write_text(text, STR(""), MIME_7BIT, mem);
	struct str boundary = boundary_for(m, mem), was = m->header;
	struct buf out;

	buf_init(&out, SIZE_MAX / 4);
	begin_mixed(was, boundary, &out);
	edit_set_header(m, &out, mem);
	put_boundary(boundary, BOUNDARY_FIRST, &out);
	put_text_part(&w, &out);
	put_boundary(boundary, BOUNDARY_NEXT, &out);
	buf_puts(&out, "Content-Type: message/rfc822\r\n"
		       "Content-Disposition: attachment\r\n\r\n");
	buf_add_str(&out, was);
	buf_add_str(&out, m->body);
	put_boundary(boundary, BOUNDARY_LAST, &out);
	edit_set_body(m, &out, mem);
	buf_fini(&out);
}

/* One that does not occur: nothing here knows chance. */
static struct str
boundary_for(const struct msg *m, struct arena *mem)
{
	for (unsigned i = 0;; i++) {
		struct str b = str_of(arena_printf(mem, "=_postern_%u", i));

		if (memmem(m->body.p, m->body.n, b.p, b.n) == NULL &&
		    memmem(m->header.p, m->header.n, b.p, b.n) == NULL)
			return b;
	}
}

/* Of a header those that tell about the content, or all others. */
static void
put_fields_of(struct str header, enum field_group which, struct buf *out)
{
	struct header_field f;

	while (header_next(&header, &f)) {
		bool content = str_starts_nocase(f.name, STR("Content-"));

		if (str_is_nocase(f.name, "MIME-Version"))
			continue;
		if (content == (which == FIELDS_CONTENT))
			buf_add_str(out, f.all);
	}
}

static void
put_text_part(const struct written *w, struct buf *out)
{
	buf_printf(out,
	    "Content-Type: text/plain; charset=%.*s\r\n"
	    "Content-Transfer-Encoding: %s\r\n"
	    "Content-Disposition: inline\r\n\r\n",
	    (int)w->charset.n, w->charset.p, w->encoding);
	buf_add_str(out, w->body);
}

/* Into a message that is multipart/mixed; false: it is not, or its
 * boundaries are not in order. */
static bool
insert_part(
    struct msg *m, const struct written *w, bool last, struct arena *mem)
{
	const struct mime_part *top = mime_of(m, mem)->parts, *end;
	struct str boundary = top->boundary;
	struct buf out;
	size_t from, to;

	if (!str_is(top->type, "multipart") || !str_is(top->subtype, "mixed") ||
	    top->child == NULL)
		return false;
	for (end = top->child; last && end->next != NULL;)
		end = end->next;
	if (!edit_range(m, end, &from, &to))
		return false;
	if (last)
		from = closing_line(m->body, boundary, to);
	if (from == m->body.n)
		return false;
	buf_init(&out, SIZE_MAX / 4);
	if (last)
		put_boundary(boundary, BOUNDARY_NEXT, &out);
	put_text_part(w, &out);
	if (!last)
		put_boundary(boundary, BOUNDARY_NEXT, &out);
	edit_splice(m, from, from, buf_str(&out), mem);
	buf_fini(&out);
	return true;
}

/* The line end before the closing boundary; the end of the body: none. */
static size_t
closing_line(struct str body, struct str boundary, size_t from)
{
	while (from + 4 + boundary.n + 2 <= body.n) {
		const char *p = body.p + from;

		if (memcmp(p, "\r\n--", 4) == 0 &&
		    memcmp(p + 4, boundary.p, boundary.n) == 0 &&
		    memcmp(p + 4 + boundary.n, "--", 2) == 0)
			return from;
		from += 1 + str_find(str_sub(body, from + 1, body.n), '\r');
	}
	return body.n;
}

/* The header of a message with these fields and new content. */
static void
begin_mixed(struct str header, struct str boundary, struct buf *out)
{
	put_fields_of(header, FIELDS_OTHER, out);
	buf_printf(out,
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"%.*s\"\r\n\r\n",
	    (int)boundary.n, boundary.p);
}

/* The line end before it is its own: what it follows ends without one. */
static void
put_boundary(struct str boundary, enum boundary_kind kind, struct buf *out)
{
	if (kind != BOUNDARY_FIRST)
		buf_puts(out, "\r\n");
	buf_printf(out, "--%.*s%s\r\n", (int)boundary.n, boundary.p,
	    kind == BOUNDARY_LAST ? "--" : "");
}
