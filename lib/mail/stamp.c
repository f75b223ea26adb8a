/*
 * stamp.c - a heading or a footer in a message (spec workqueue 9.2)
 *
 * The text goes into the part that people read, in the charset that part has.
 * The bytes that are there already are never converted but when the charset
 * has to change; where nothing fits, the stamp is a part of its own.
 */
#include <string.h>

#include "mail/charset.h"
#include "mail/edit_inside.h"
#include "mail/encode.h"

#define TARGETS_MAX    16
#define PART_BYTES_MAX (256u << 20)

struct targets { /* parts that get the stamp, by index */
	uint32_t v[TARGETS_MAX];
	size_t n;
};

static bool is_type(
    const struct mime_part *, const char *type, const char *subtype);
static bool is_signed(const struct mime_part *);
static bool is_report(const struct mime_part *);
static void find_targets(const struct mime_part *, struct targets *);
static void add_leaf(const struct mime_part *, struct targets *);
static bool stamp_part(struct msg *, const struct mime_part *,
    const struct stamp *, struct arena *mem);
static bool fit_text(const struct mime_part *, struct str bytes,
    const struct stamp *, struct str *stamp, struct str *all,
    struct str *charset, struct arena *mem);
static struct str html_of(
    const struct stamp *, struct str charset, struct arena *mem);
static struct str escape_html(struct str text, struct arena *mem);
static size_t html_place(struct str html, bool footer);
static size_t find_tag(struct str html, const char *tag, bool last);
static struct str join(
    struct str a, struct str b, struct str c, struct arena *);
static struct str as_lines(struct str text, struct arena *mem);

enum stamp_end
edit_stamp(struct msg *m, const struct stamp *st, struct arena *mem)
{
	const struct mime_part *top = mime_of(m, mem)->parts;
	struct targets t = { .n = 0 };
	bool done = false;

	if (is_report(top))
		return STAMP_REPORT;
	if (is_signed(top) && st->signed_mode == 0)
		return STAMP_SIGNED;
	if (!is_signed(top) || st->signed_mode == 2)
		find_targets(top, &t);
	/* Stamps change no structure: an index stays what it is. */
	for (size_t i = 0; i < t.n; i++) {
		const struct mime *mime = mime_of(m, mem);

		done |= stamp_part(m, &mime->parts[t.v[i]], st, mem);
	}
	if (!done)
		edit_add_text_part(m, st->text, st->footer, mem);
	return STAMP_DONE;
}

static bool
is_type(const struct mime_part *p, const char *type, const char *subtype)
{
	return str_is(p->type, type) &&
	       (subtype == NULL || str_is(p->subtype, subtype));
}

/* Signed, or encrypted: RFC 1847, 8551, 3156. */
static bool
is_signed(const struct mime_part *p)
{
	return is_type(p, "multipart", "signed") ||
	       is_type(p, "multipart", "encrypted") ||
	       is_type(p, "application", "pkcs7-mime") ||
	       is_type(p, "application", "x-pkcs7-mime");
}

static bool
is_report(const struct mime_part *p)
{
	return is_type(p, "multipart", "report") || is_type(p, "message", NULL);
}

static void
find_targets(const struct mime_part *p, struct targets *t)
{
	while (is_type(p, "multipart", NULL) &&
	       !is_type(p, "multipart", "alternative") && p->child != NULL)
		p = p->child;
	if (!is_type(p, "multipart", "alternative")) {
		add_leaf(p, t);
		return;
	}
	for (p = p->child; p != NULL; p = p->next) {
		const struct mime_part *q = p;

		while (is_type(q, "multipart", NULL) && q->child != NULL)
			q = q->child;
		add_leaf(q, t);
	}
}

static void
add_leaf(const struct mime_part *p, struct targets *t)
{
	bool text = is_type(p, "text", "plain") || is_type(p, "text", "html");

	if (text && p->role == MIME_BODY && !p->is_attachment &&
	    t->n < TARGETS_MAX)
		t->v[t->n++] = p->index;
}

static bool
stamp_part(struct msg *m, const struct mime_part *p, const struct stamp *st,
    struct arena *mem)
{
	struct str bytes = mime_decode(p, PART_BYTES_MAX, mem, NULL);
	struct str charset = p->charset.n > 0 ? p->charset : STR("us-ascii");
	struct str text, all;
	struct written w;
	size_t at;

	if (is_type(p, "text", "html")) {
		text = html_of(st, charset, mem);
		at = html_place(bytes, st->footer);
		all = join(str_sub(bytes, 0, at), text,
		    str_sub(bytes, at, bytes.n), mem);
	} else if (!fit_text(p, bytes, st, &text, &all, &charset, mem)) {
		return false;
	} else if (st->footer) {
		all = join(all, as_lines(STR("\n"), mem), text, mem);
	} else {
		all = join(text, as_lines(STR("\n"), mem), all, mem);
	}
	w = edit_write(all, charset, p->encoding, mem);
	return edit_put(m, p,
	    edit_part_header(p->parent == NULL ? m->header : p->header, &w,
		p->parent == NULL, mem),
	    w.body, mem);
}

/*
 * The charset that holds both, the stamp in it, and the part in it. In that
 * of the part, if that has the stamp's characters; else all in UTF-8, if that
 * is allowed and every byte of the part can be read.
 */
static bool
fit_text(const struct mime_part *p, struct str bytes, const struct stamp *st,
    struct str *stamp, struct str *all, struct str *charset, struct arena *mem)
{
	struct str text = as_lines(st->text, mem), end = STR("");
	bool bad = false;

	if (bytes.n > 0 && bytes.p[bytes.n - 1] != '\n')
		end = STR("\r\n");
	*all = join(bytes, end, STR(""), mem);
	if (charset_from_utf8(text, *charset, mem, stamp))
		return true;
	/* ASCII is UTF-8 already */
	if (str_is_nocase(*charset, "us-ascii") && str_valid_utf8(bytes)) {
		*stamp = text;
		*charset = STR("utf-8");
		return true;
	}
	if (!st->try_stamp_charset)
		return false;
	*all = charset_to_utf8(*all, p->charset, mem, &bad);
	*stamp = text;
	*charset = STR("utf-8");
	return !bad;
}

/* In that charset; what it has not is written as character references. */
static struct str
html_of(const struct stamp *st, struct str charset, struct arena *mem)
{
	struct str html = st->html.n > 0 ? as_lines(st->html, mem)
					 : escape_html(st->text, mem);
	struct str out;
	struct buf b;

	if (charset_from_utf8(html, charset, mem, &out))
		return out;
	buf_init(&b, SIZE_MAX / 4);
	for (size_t i = 0; i < html.n;) {
		unsigned char c = (unsigned char)html.p[i];
		size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		uint32_t u = c & (0xff >> (n == 1 ? 1 : n + 1));

		for (size_t k = 1; k < n && i + k < html.n; k++)
			u = u << 6 | ((unsigned char)html.p[i + k] & 0x3f);
		if (n == 1)
			buf_putc(&b, (char)c);
		else
			buf_printf(&b, "&#%u;", u);
		i += n;
	}
	out = arena_str(mem, buf_str(&b));
	buf_fini(&b);
	return out;
}

static struct str
escape_html(struct str text, struct arena *mem)
{
	struct str lines = as_lines(text, mem);
	struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	buf_puts(&b, "<p>");
	for (size_t i = 0; i < lines.n; i++) {
		switch (lines.p[i]) {
		case '<':
			buf_puts(&b, "&lt;");
			break;
		case '>':
			buf_puts(&b, "&gt;");
			break;
		case '&':
			buf_puts(&b, "&amp;");
			break;
		case '\r':
			if (i + 2 < lines.n)
				buf_puts(&b, "<br>\r");
			break;
		case '\n':
			if (i + 1 < lines.n)
				buf_putc(&b, '\n');
			break;
		default:
			buf_putc(&b, lines.p[i]);
		}
	}
	buf_puts(&b, "</p>\r\n");
	lines = arena_str(mem, buf_str(&b));
	buf_fini(&b);
	return lines;
}

/* Behind <body ...>, before </body>; without them where the part begins, and
 * where it ends. */
static size_t
html_place(struct str html, bool footer)
{
	size_t at = find_tag(html, footer ? "</body" : "<body", footer);

	if (at == html.n)
		return footer ? html.n : 0;
	return footer ? at : at + str_find(str_sub(html, at, html.n), '>') + 1;
}

static size_t
find_tag(struct str html, const char *tag, bool last)
{
	struct str t = str_of(tag);
	size_t found = html.n;

	for (size_t i = 0; i + t.n < html.n && (last || found == html.n); i++) {
		char c = html.p[i + t.n];

		if (html.p[i] == '<' &&
		    str_starts_nocase(str_sub(html, i, html.n), t) &&
		    (c == '>' || c == ' ' || c == '\t' || c == '\r' ||
			c == '\n'))
			found = i;
	}
	return found;
}

static struct str
join(struct str a, struct str b, struct str c, struct arena *mem)
{
	struct buf out;
	struct str s;

	buf_init(&out, SIZE_MAX / 4);
	buf_add_str(&out, a);
	buf_add_str(&out, b);
	buf_add_str(&out, c);
	s = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return s;
}

/* CRLF lines, the last one too. */
static struct str
as_lines(struct str text, struct arena *mem)
{
	struct buf out;
	struct str s;

	buf_init(&out, SIZE_MAX / 4);
	encode_crlf(text, &out);
	if (out.len > 0 && out.data[out.len - 1] != '\n')
		buf_puts(&out, "\r\n");
	s = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	return s;
}
