/* mime_fields.c - what the fields of a header say about a part */
#include <string.h>

#include "base/mem.h"
#include "mail/mime_inner.h"

static void take_type(struct mime_part *, struct str value, struct arena *);
static void take_encoding(struct mime_part *, struct str, struct arena *);
static void take_disposition(struct mime_part *, struct str, struct arena *);
static void add_names(
    struct mime_part *, const struct mime_readings *, bool best);
static void add_name(struct mime_part *, struct str name, bool best);
static struct str token(struct str *rest);
static struct str lower(struct str s, struct arena *mem);
static bool is_clean(const struct header_field *);

static const struct {
	const char *name;
	unsigned seen;
	void (*take)(struct mime_part *, struct str value, struct arena *);
} fields[] = {
	{ "content-type", MIME_SEEN_TYPE, take_type },
	{ "content-transfer-encoding", MIME_SEEN_ENCODING, take_encoding },
	{ "content-disposition", MIME_SEEN_DISPOSITION, take_disposition },
};

void
mime_take_field(struct mime_part *p, const struct header_field *f,
    unsigned *seen, struct arena *mem)
{
	if (!str_starts_nocase(f->name, STR("content-")))
		return;
	for (size_t i = 0; i < NELEM(fields); i++) {
		if (!str_is_nocase(f->name, fields[i].name))
			continue;
		if (!is_clean(f))
			p->odd |= MIME_BAD_HEADER;
		if (*seen & fields[i].seen)
			p->odd |= MIME_DOUBLE_HEADER;
		else
			fields[i].take(p, f->value, mem);
		*seen |= fields[i].seen;
	}
}

size_t
mime_mbox_line(struct str header)
{
	size_t n;

	if (!str_starts(header, STR("From ")) &&
	    !str_starts(header, STR(">From ")))
		return 0;
	n = str_find(header, '\n');
	return n < header.n ? n + 1 : n;
}

bool
mime_field(
    struct str header, struct str name, size_t nth, struct header_field *f)
{
	struct str rest = str_sub(header, mime_mbox_line(header), header.n);

	while (header_next(&rest, f))
		if (str_eq_nocase(f->name, name) && nth-- == 0)
			return true;
	return false;
}

static void
take_type(struct mime_part *p, struct str rest, struct arena *mem)
{
	struct mime_params params = { 0 };
	struct str type, subtype = { "", 0 };

	p->typed = true;
	mime_skip(&rest);
	type = token(&rest);
	mime_skip(&rest);
	if (rest.n > 0 && rest.p[0] == '/') {
		rest = str_sub(rest, 1, rest.n);
		mime_skip(&rest);
		subtype = token(&rest);
		mime_skip(&rest);
	}
	if (type.n == 0 || subtype.n == 0)
		p->odd |= MIME_BAD_HEADER; /* RFC 2045 5.2: plain text */
	else {
		p->type = lower(type, mem);
		p->subtype = lower(subtype, mem);
	}
	if (rest.n > 0 && rest.p[0] != ';')
		p->odd |= MIME_BAD_HEADER;
	mime_read_params(rest, &params, &p->odd, mem);
	if (params.charset.n > 0)
		p->charset = str_trim(params.charset.v[0]);
	if (params.boundary.n > 0)
		p->boundary = params.boundary.v[0];
	while (p->boundary.n > 0 &&
	       strchr(" \t\r\n", p->boundary.p[p->boundary.n - 1]))
		p->boundary.n--;
	add_names(p, &params.name, false);
	add_names(p, &params.filename, false);
}

static void
take_encoding(struct mime_part *p, struct str rest, struct arena *mem)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} encodings[] = {
		{ "7bit", MIME_7BIT },
		{ "8bit", MIME_8BIT },
		{ "binary", MIME_BINARY },
		{ "quoted-printable", MIME_QUOTED },
		{ "base64", MIME_BASE64 },
		{ "uuencode", MIME_UUENCODE },
		{ "x-uuencode", MIME_UUENCODE },
		{ "x-uue", MIME_UUENCODE },
		{ "uue", MIME_UUENCODE },
	};
	struct str name;

	(void)mem;
	if (mime_skip(&rest))
		p->odd |= MIME_BAD_ENCODING;
	if (rest.n > 0 && rest.p[0] == '"') {
		p->odd |= MIME_BAD_ENCODING;
		rest = str_sub(rest, 1, rest.n);
	}
	name = token(&rest);
	if (mime_skip(&rest) || rest.n > 0)
		p->odd |= MIME_BAD_ENCODING;
	p->encoding = MIME_ENCODING_UNKNOWN;
	for (size_t i = 0; i < NELEM(encodings); i++)
		if (str_is_nocase(name, encodings[i].name))
			p->encoding = encodings[i].encoding;
	if (p->encoding == MIME_ENCODING_UNKNOWN)
		p->odd |= MIME_BAD_ENCODING;
}

/* What is not shown in the text is attached (RFC 2183 2.8). */
static void
take_disposition(struct mime_part *p, struct str rest, struct arena *mem)
{
	struct mime_params params = { 0 };
	struct str kind, from;

	mime_skip(&rest);
	from = rest;
	kind = token(&rest);
	mime_skip(&rest);
	if (kind.n == 0 || (rest.n > 0 && rest.p[0] != ';'))
		p->odd |= MIME_BAD_HEADER;
	if (rest.n > 0 && rest.p[0] == '=') /* it begins with a parameter */
		rest = from;
	else
		p->is_attachment = kind.n > 0 && !str_is_nocase(kind, "inline");
	mime_read_params(rest, &params, &p->odd, mem);
	add_names(p, &params.filename, true);
	add_names(p, &params.name, params.filename.n == 0);
}

static void
add_names(struct mime_part *p, const struct mime_readings *r, bool best)
{
	for (size_t i = 0; i < r->n; i++)
		add_name(p, r->v[i], best && i == 0);
}

/* best: it is the name, as that of Content-Disposition is, and what was the
 * name becomes the other one. For more than two there is only a mark. */
static void
add_name(struct mime_part *p, struct str name, bool best)
{
	struct str other = name;

	if (name.n == 0 || str_eq(name, p->name))
		return;
	if (p->name.n == 0 || best) {
		other = p->name;
		p->name = name;
	}
	if (other.n == 0 || str_eq(other, p->other_name))
		return;
	if (p->other_name.n > 0 && !str_eq(p->other_name, p->name))
		p->odd |= MIME_DOUBLE_HEADER;
	else
		p->other_name = other;
}

/* Up to a blank, or a character that ends one here. */
static struct str
token(struct str *rest)
{
	size_t n = 0;
	struct str t;

	while (n < rest->n && rest->p[n] != '\0' &&
	       strchr("/;=\"( \t\n\v\f\r", rest->p[n]) == NULL)
		n++;
	t = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->n);
	return t;
}

static struct str
lower(struct str s, struct arena *mem)
{
	char *text = arena_strz(mem, s);

	str_lower(text);
	return (struct str){ text, s.n };
}

/* No blank before the colon, no control character, no line of blanks: not
 * all programs agree on what those mean. */
static bool
is_clean(const struct header_field *f)
{
	struct str rest = f->value;

	if (f->all.p[f->name.n] != ':')
		return false;
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.p != f->value.p && str_trim(line).n == 0)
			return false;
		for (size_t i = 0; i < line.n; i++)
			if (((unsigned char)line.p[i] < ' ' &&
				line.p[i] != '\t') ||
			    line.p[i] == 0x7f)
				return false;
	}
	return true;
}
