/*
 * html.c - the text of HTML, as its reader sees it
 *
 * One pass, no tree, no recursion. Where browsers hide everything up to the
 * end because something is never closed, the text is shown instead: a rule
 * rather sees too much than too little.
 */
#include <string.h>

#include "base/mem.h"
#include "mail/html_inner.h"
#include "mail/mime_inner.h"

enum kind {
	INLINE,
	BLOCK, /* begins and ends a line */
	BREAK, /* a line end */
	CELL,  /* a blank */
	PRE,   /* a block whose blanks stand */
	RAW    /* what is in it is not shown */
};

static const struct {
	const char *name;
	enum kind kind;
} elements[] = {
	{ "p", BLOCK },
	{ "div", BLOCK },
	{ "br", BREAK },
	{ "td", CELL },
	{ "tr", BLOCK },
	{ "table", BLOCK },
	{ "li", BLOCK },
	{ "style", RAW },
	{ "script", RAW },
	{ "h1", BLOCK },
	{ "h2", BLOCK },
	{ "h3", BLOCK },
	{ "h4", BLOCK },
	{ "h5", BLOCK },
	{ "h6", BLOCK },
	{ "hr", BLOCK },
	{ "ul", BLOCK },
	{ "ol", BLOCK },
	{ "dl", BLOCK },
	{ "dt", BLOCK },
	{ "dd", BLOCK },
	{ "th", CELL },
	{ "pre", PRE },
	{ "textarea", PRE },
	{ "listing", PRE },
	{ "xmp", PRE },
	{ "body", BLOCK },
	{ "head", BLOCK },
	{ "html", BLOCK },
	{ "title", BLOCK },
	{ "center", BLOCK },
	{ "blockquote", BLOCK },
	{ "address", BLOCK },
	{ "article", BLOCK },
	{ "aside", BLOCK },
	{ "caption", BLOCK },
	{ "details", BLOCK },
	{ "dir", BLOCK },
	{ "fieldset", BLOCK },
	{ "figcaption", BLOCK },
	{ "figure", BLOCK },
	{ "footer", BLOCK },
	{ "form", BLOCK },
	{ "header", BLOCK },
	{ "legend", BLOCK },
	{ "main", BLOCK },
	{ "menu", BLOCK },
	{ "nav", BLOCK },
	{ "option", BLOCK },
	{ "section", BLOCK },
	{ "summary", BLOCK },
	{ "tbody", BLOCK },
	{ "tfoot", BLOCK },
	{ "thead", BLOCK },
};

struct strip {
	struct str rest;
	char *out;
	size_t n;
	bool blank; /* one is due before the next character */
	size_t pre; /* how many <pre> are open */
	/* What was looked for once and is nowhere behind. */
	bool no_comment, no_quote[2], no_raw;
};

static void text_up_to_mark(struct strip *);
static void entity(struct strip *);
static void mark(struct strip *);
static size_t comment(struct strip *);
static size_t to_close(struct strip *, size_t from);
static size_t quote(struct strip *, size_t at);
static void element(struct strip *, struct str name, bool ends);
static void skip_raw(struct strip *, struct str name);
static void put_code(struct strip *, uint32_t code);
static void put(struct strip *, const char *p, size_t n);
static void end_line(struct strip *, bool always);

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
mime_strip_html(struct str html, struct arena *mem)
{
	/* nothing becomes longer: "&lt" is the shortest of its kind, and a
	 * line end comes for three bytes at least */
	struct strip s = { .rest = html, .out = arena_alloc(mem, html.n + 2) };

	while (s.rest.n > 0) {
		if (s.rest.p[0] == '<')
			mark(&s);
		else if (s.rest.p[0] == '&')
			entity(&s);
		else
			text_up_to_mark(&s);
	}
	return (struct str){ s.out, s.n };
}

static void
text_up_to_mark(struct strip *s)
{
	size_t i = 0, from;

	while (i < s->rest.n && s->rest.p[i] != '<' && s->rest.p[i] != '&') {
		if (s->pre > 0 || !is_space(s->rest.p[i])) {
			for (from = i; i < s->rest.n && s->rest.p[i] != '<' &&
				       s->rest.p[i] != '&' &&
				       (s->pre > 0 || !is_space(s->rest.p[i]));
			     i++)
				continue;
			put(s, s->rest.p + from, i - from);
		} else {
			s->blank = true;
			i++;
		}
	}
	s->rest = str_sub(s->rest, i, s->rest.n);
}

static void
entity(struct strip *s)
{
	struct str text = str_sub(s->rest, 1, s->rest.n);
	uint32_t code;
	size_t n = text.n > 0 && text.p[0] == '#' ? html_number(text, &code)
						  : html_entity(text, &code);

	if (n == 0)
		put(s, "&", 1);
	else
		put_code(s, code);
	s->rest = str_sub(text, n, text.n);
}

size_t
html_number(struct str text, uint32_t *code)
{
	bool hex = text.n > 1 && (text.p[1] == 'x' || text.p[1] == 'X');
	size_t i = hex ? 2 : 1, from = i;

	*code = 0;
	for (; i < text.n; i++) {
		char c = text.p[i];
		uint32_t digit = 16;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (hex && is_letter(c))
			digit = (uint32_t)((c | 0x20) - 'a' + 10);
		if (digit >= (hex ? 16u : 10u))
			break;
		if (*code <= 0x10ffff)
			*code = *code * (hex ? 16 : 10) + digit;
	}
	if (i == from)
		return 0;
	return i < text.n && text.p[i] == ';' ? i + 1 : i;
}

/* "<": a tag, a comment, or just that. */
static void
mark(struct strip *s)
{
	struct str t = s->rest, name;
	char c = t.n > 1 ? t.p[1] : ' ';
	bool ends = c == '/' && t.n > 2 && is_letter(t.p[2]);
	size_t from = ends ? 2 : 1, n = from;

	if (c == '!' || c == '?' || (c == '/' && !ends)) {
		n = comment(s);
		s->rest = str_sub(t, n, t.n);
		return;
	}
	if (!ends && !is_letter(c)) {
		put(s, "<", 1);
		s->rest = str_sub(t, 1, t.n);
		return;
	}
	while (n < t.n && !is_space(t.p[n]) && t.p[n] != '/' && t.p[n] != '>')
		n++;
	name = str_sub(t, from, n - from);
	n = to_close(s, n);
	s->rest = str_sub(t, n, t.n);
	element(s, name, ends);
}

/* Length of "<!-- ... -->", or of "<! ... >". */
static size_t
comment(struct strip *s)
{
	struct str t = s->rest;
	size_t end = t.n;

	if (str_starts(t, STR("<!-->")))
		return 5;
	if (str_starts(t, STR("<!--->")))
		return 6;
	if (str_starts(t, STR("<!--")) && !s->no_comment) {
		end = str_search(t, STR("-->"));
		s->no_comment = end == t.n;
	}
	if (end != t.n)
		return end + 3;
	return str_find(t, '>') + 1;
}

/* Behind the ">" of a tag; those in quotes are not. */
static size_t
to_close(struct strip *s, size_t i)
{
	struct str t = s->rest;

	for (; i < t.n && t.p[i] != '>'; i++) {
		if (t.p[i] != '=')
			continue;
		while (i + 1 < t.n && is_space(t.p[i + 1]))
			i++;
		if (i + 1 < t.n && (t.p[i + 1] == '"' || t.p[i + 1] == '\''))
			i = quote(s, i + 1);
	}
	return i < t.n ? i + 1 : t.n;
}

/* Where the quote that opens there is closed; or there. */
static size_t
quote(struct strip *s, size_t at)
{
	struct str in = str_sub(s->rest, at + 1, s->rest.n);
	char q = s->rest.p[at];
	size_t n;

	if (s->no_quote[q == '"'])
		return at;
	n = str_find(in, q);
	if (n < in.n)
		return at + 1 + n;
	s->no_quote[q == '"'] = true;
	return at;
}

static void
element(struct strip *s, struct str name, bool ends)
{
	enum kind kind = INLINE;

	for (size_t i = 0; i < NELEM(elements); i++)
		if (elements[i].name[0] == (name.p[0] | 0x20) &&
		    str_is_nocase(name, elements[i].name))
			kind = elements[i].kind;
	switch (kind) {
	case INLINE:
		break;
	case CELL:
		s->blank = true;
		break;
	case BREAK:
		end_line(s, true);
		break;
	case PRE:
		if (!ends)
			s->pre++;
		else if (s->pre > 0)
			s->pre--;
		end_line(s, false);
		break;
	case BLOCK:
		end_line(s, false);
		break;
	case RAW:
		if (!ends)
			skip_raw(s, name);
		break;
	}
}

static void
skip_raw(struct strip *s, struct str name)
{
	struct str t = s->rest;

	while (!s->no_raw) {
		t = str_sub(t, str_find(t, '<'), t.n);
		if (t.n < name.n + 2) {
			s->no_raw = true;
			break;
		}
		if (t.p[1] == '/' &&
		    str_starts_nocase(str_sub(t, 2, t.n), name)) {
			s->rest = t;
			return;
		}
		t = str_sub(t, 1, t.n);
	}
}

/* What is invisible is left out; what HTML means by numbers of C1. */
static void
put_code(struct strip *s, uint32_t code)
{
	static const uint16_t c1[32] = { 0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e,
		0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152,
		0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d,
		0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153,
		0xfffd, 0x017e, 0x0178 };
	char c[4];

	if (code == 0xad || (code >= 0x200b && code <= 0x200f) ||
	    code == 0x2060 || code == 0xfeff)
		return;
	if (code >= 0x80 && code < 0xa0)
		code = c1[code - 0x80];
	if (code == 0)
		code = 0xfffd;
	if (code == ' ' || code == '\n' || code == '\r' || code == '\t')
		s->blank = true;
	else if (code == 0xa0)
		put(s, " ", 1);
	else
		put(s, c, str_utf8_put(code, c));
}

static void
put(struct strip *s, const char *p, size_t n)
{
	if (s->blank && s->n > 0 && s->out[s->n - 1] != '\n')
		s->out[s->n++] = ' ';
	s->blank = false;
	memcpy(s->out + s->n, p, n);
	s->n += n;
}

static void
end_line(struct strip *s, bool always)
{
	s->blank = false;
	if (always || (s->n > 0 && s->out[s->n - 1] != '\n'))
		s->out[s->n++] = '\n';
}
