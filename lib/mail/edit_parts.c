/* edit_parts.c - parts of a message: replaced, rewritten, converted */
#include <string.h>

#include "mail/charset.h"
#include "mail/edit_inside.h"
#include "mail/encode.h"
#include "mail/header.h"

#define TEXT_MAX_BYTES (64u << 20) /* of a part that is rewritten */

static struct str header_of(const struct msg *, const struct mime_part *);
static struct str charset_param(struct str value);
static void put_type(struct str field, struct str charset, struct buf *out);
static struct str plain_header(
    struct str header, const struct written *, struct arena *mem);
static void end_header(struct msg *, struct buf *, struct arena *mem);
static struct str taken(struct buf *, struct arena *mem);
static bool is_html_body(const struct mime_part *);
static bool has_plain_sibling(const struct mime_part *);
static bool remove_part(
    struct msg *, const struct mime_part *, struct arena *mem);
static void html_to_plain(
    struct msg *, const struct mime_part *, struct arena *mem);

void
edit_replace_part(struct msg *m, const struct mime_part *p, struct str text,
    struct arena *mem)
{
	struct written w;
	size_t from, to;

	while (p->parent != NULL && !edit_range(m, p, &from, &to))
		p = p->parent;
	if (p->encoding == MIME_UUENCODE && edit_range(m, p, &from, &to)) {
		/* lines among others, of whatever charset those have */
		w = edit_write_text(text, p->parent->charset, MIME_7BIT, mem);
		edit_splice(m, from, to, w.body, mem);
		return;
	}
	w = edit_write_text(text, STR(""), MIME_7BIT, mem);
	edit_put(m, p, plain_header(header_of(m, p), &w, mem), w.body, mem);
}

bool
edit_part_text(struct msg *m, const struct mime_part *p, struct str text,
    struct arena *mem)
{
	struct written w = edit_write_text(text, p->charset, p->encoding, mem);

	return edit_put(m, p,
	    edit_part_header(p->parent == NULL ? m->header : p->header, &w,
		p->parent == NULL, mem),
	    w.body, mem);
}

bool
edit_html_convert(struct msg *m, struct arena *mem)
{
	bool found = false;

	/* From the end: what is changed moves nothing before it. */
	for (size_t i = mime_of(m, mem)->n; i-- > 0;) {
		const struct mime *mime = mime_of(m, mem);
		const struct mime_part *p = &mime->parts[i];

		if (!is_html_body(p))
			continue;
		found = true;
		if (!has_plain_sibling(p) || !remove_part(m, p, mem))
			html_to_plain(m, p, mem);
	}
	return found;
}

/* --- shared --- */

struct written
edit_write(struct str bytes, struct str charset, enum mime_encoding was,
    struct arena *mem)
{
	bool nul = memchr(bytes.p, '\0', bytes.n) != NULL;
	struct written w = { .charset = charset };
	struct buf out;

	buf_init(&out, SIZE_MAX / 4);
	if (was == MIME_BASE64 || nul) {
		w.encoding = "base64";
		encode_base64(bytes, &out);
	} else if (encode_is_7bit(bytes)) {
		w.encoding = "7bit";
		buf_add_str(&out, bytes);
	} else {
		w.encoding = "quoted-printable";
		encode_quoted(bytes, &out);
	}
	w.body = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	if (w.body.n >= 2 && w.body.p[w.body.n - 1] == '\n')
		w.body.n -= 2;
	return w;
}

struct written
edit_write_text(struct str text, struct str wanted, enum mime_encoding was,
    struct arena *mem)
{
	struct str lines, bytes;
	struct buf out;

	buf_init(&out, SIZE_MAX / 4);
	encode_crlf(text, &out);
	lines = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	if (wanted.n == 0)
		wanted = STR("us-ascii");
	if (!charset_from_utf8(lines, wanted, mem, &bytes)) {
		wanted = STR("utf-8");
		bytes = lines;
	}
	return edit_write(bytes, wanted, was, mem);
}

struct str
edit_part_header(
    struct str header, const struct written *w, bool top, struct arena *mem)
{
	bool typed = false, encoded = false, version = !top;
	struct header_field f;
	struct buf out;

	buf_init(&out, SIZE_MAX / 4);
	while (header_next(&header, &f)) {
		if (str_is_nocase(f.name, "Content-Type") && !typed) {
			put_type(f.all, w->charset, &out);
			typed = true;
		} else if (str_is_nocase(f.name, "Content-Transfer-Encoding")) {
			if (!encoded)
				buf_printf(&out, "%.*s: %s\r\n", (int)f.name.n,
				    f.name.p, w->encoding);
			encoded = true;
		} else {
			version |= str_is_nocase(f.name, "MIME-Version");
			buf_add_str(&out, f.all);
		}
	}
	if (!version)
		buf_puts(&out, "MIME-Version: 1.0\r\n");
	if (!typed)
		buf_printf(&out, "Content-Type: text/plain; charset=%.*s\r\n",
		    (int)w->charset.n, w->charset.p);
	if (!encoded)
		buf_printf(
		    &out, "Content-Transfer-Encoding: %s\r\n", w->encoding);
	buf_puts(&out, "\r\n");
	return taken(&out, mem);
}

bool
edit_put(struct msg *m, const struct mime_part *p, struct str header,
    struct str body, struct arena *mem)
{
	bool top = p->parent == NULL;
	struct buf out;
	size_t from, to;

	if (!top &&
	    (p->encoding == MIME_UUENCODE || !edit_range(m, p, &from, &to)))
		return false;
	buf_init(&out, SIZE_MAX / 4);
	buf_add_str(&out, header);
	if (top)
		edit_set_header(m, &out, mem);
	buf_add_str(&out, body);
	if (top) {
		buf_puts(&out, "\r\n");
		edit_set_body(m, &out, mem);
	} else {
		edit_splice(m, from, to, buf_str(&out), mem);
	}
	buf_fini(&out);
	return true;
}

void
edit_set_body(struct msg *m, struct buf *out, struct arena *mem)
{
	m->body = arena_str(mem, buf_str(out));
	m->body_changed = true;
	m->version++;
	m->mime = NULL;
	buf_reset(out);
}

void
edit_set_header(struct msg *m, struct buf *out, struct arena *mem)
{
	m->header = arena_str(mem, buf_str(out));
	m->header_changed = true;
	m->version++;
	m->mime = NULL;
	buf_reset(out);
}

bool
edit_range(
    const struct msg *m, const struct mime_part *p, size_t *from, size_t *to)
{
	const char *start = p->header.n > 0 ? p->header.p : p->body.p;
	const char *end = p->body.p + p->body.n;
	uintptr_t at = (uintptr_t)start, body = (uintptr_t)m->body.p;

	if (at < body || (uintptr_t)end > body + m->body.n ||
	    at > (uintptr_t)end)
		return false;
	*from = (size_t)(start - m->body.p);
	*to = (size_t)(end - m->body.p);
	return true;
}

void
edit_splice(
    struct msg *m, size_t from, size_t to, struct str in, struct arena *mem)
{
	struct str body = m->body;
	struct buf out;

	buf_init(&out, SIZE_MAX / 4);
	end_header(m, &out, mem);
	buf_add_str(&out, str_sub(body, 0, from));
	buf_add_str(&out, in);
	buf_add_str(&out, str_sub(body, to, body.n));
	edit_set_body(m, &out, mem);
	buf_fini(&out);
}

/* What ended with a line that is no field has no empty line: the new body may
 * well begin with what looks like one. */
static void
end_header(struct msg *m, struct buf *out, struct arena *mem)
{
	struct str h = m->header;

	if (h.n == 0 || str_is(h, "\r\n") ||
	    str_is(str_sub(h, h.n >= 4 ? h.n - 4 : 0, 4), "\r\n\r\n"))
		return;
	buf_add_str(out, h);
	buf_puts(out, "\r\n");
	edit_set_header(m, out, mem);
}

/* --- fields of parts --- */

/* What of its header outlives its content: of a part, nothing. */
static struct str
header_of(const struct msg *m, const struct mime_part *p)
{
	return p->parent == NULL ? m->header : STR("");
}

/* The value of the parameter, with its quotes; n 0 and p NULL: not there. */
static struct str
charset_param(struct str value)
{
	static const struct str name = STR("charset=");
	bool quoted = false;
	size_t i = 0, end;

	for (; i < value.n; i++) {
		if (value.p[i] == '\\' && quoted)
			i++;
		else if (value.p[i] == '"')
			quoted = !quoted;
		else if (value.p[i] == ';' && !quoted &&
			 str_starts_nocase(
			     str_trim(str_sub(value, i + 1, value.n)), name))
			break;
	}
	if (i >= value.n)
		return (struct str){ NULL, 0 };
	i += str_find(str_sub(value, i, value.n), '=') + 1;
	for (end = i, quoted = false; end < value.n; end++) {
		if (value.p[end] == '"')
			quoted = !quoted;
		else if (!quoted &&
			 (value.p[end] == ';' || value.p[end] == '\r' ||
			     value.p[end] == '\n' || value.p[end] == ' ' ||
			     value.p[end] == '\t'))
			break;
	}
	return str_sub(value, i, end - i);
}

/* Content-Type with another charset, and all else as it was. */
static void
put_type(struct str field, struct str charset, struct buf *out)
{
	struct str old = charset_param(field);
	size_t at = old.p == NULL ? 0 : (size_t)(old.p - field.p);

	if (old.p == NULL) {
		while (field.n > 0 && strchr("\r\n", field.p[field.n - 1]))
			field.n--;
		buf_add_str(out, field);
		buf_printf(
		    out, "; charset=%.*s\r\n", (int)charset.n, charset.p);
		return;
	}
	buf_add(out, field.p, at);
	buf_add_str(out, charset);
	buf_add_str(out, str_sub(field, at + old.n, field.n));
}

/* The header for a part that is nothing but that text: of a message with its
 * other fields. */
static struct str
plain_header(struct str header, const struct written *w, struct arena *mem)
{
	bool version = header.n == 0;
	struct header_field f;
	struct buf out;

	buf_init(&out, SIZE_MAX / 4);
	while (header_next(&header, &f)) {
		if (str_starts_nocase(f.name, STR("Content-")))
			continue;
		version |= str_is_nocase(f.name, "MIME-Version");
		buf_add_str(&out, f.all);
	}
	if (!version)
		buf_puts(&out, "MIME-Version: 1.0\r\n");
	buf_printf(&out,
	    "Content-Type: text/plain; charset=%.*s\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    (int)w->charset.n, w->charset.p, w->encoding);
	return taken(&out, mem);
}

static struct str
taken(struct buf *b, struct arena *mem)
{
	struct str s = arena_str(mem, buf_str(b));

	buf_fini(b);
	return s;
}

/* --- HTML --- */

static bool
is_html_body(const struct mime_part *p)
{
	return p->role == MIME_BODY && str_is(p->type, "text") &&
	       str_is(p->subtype, "html");
}

static bool
has_plain_sibling(const struct mime_part *p)
{
	const struct mime_part *up = p->parent;

	if (up == NULL || !str_is(up->type, "multipart") ||
	    !str_is(up->subtype, "alternative"))
		return false;
	for (const struct mime_part *c = up->child; c != NULL; c = c->next)
		if (c->role == MIME_BODY && str_is(c->type, "text") &&
		    str_is(c->subtype, "plain"))
			return true;
	return false;
}

/* With the boundary before it; false: what stands around it is not plain
 * boundaries. */
static bool
remove_part(struct msg *m, const struct mime_part *p, struct arena *mem)
{
	struct str body = m->body;
	size_t from, to, line;

	if (!edit_range(m, p, &from, &to) || from < 2 ||
	    body.p[from - 1] != '\n' || to + 4 > body.n ||
	    memcmp(body.p + to, "\r\n--", 4) != 0)
		return false;
	line = str_rfind(str_sub(body, 0, from - 1), '\n');
	line = line == from - 1 ? 0 : line + 1;
	if (line + 2 > from || memcmp(body.p + line, "--", 2) != 0)
		return false;
	edit_splice(m, line, to + 2, STR(""), mem);
	return true;
}

static void
html_to_plain(struct msg *m, const struct mime_part *p, struct arena *mem)
{
	struct str html =
	    mime_text(p, STR("us-ascii"), TEXT_MAX_BYTES, mem, NULL);
	struct written w = edit_write_text(
	    mime_strip_html(html, mem), p->charset, p->encoding, mem);

	edit_put(m, p, plain_header(header_of(m, p), &w, mem), w.body, mem);
}
