/* mime_text.c - the text of a part: decoded, UTF-8, LF */
#include <string.h>

#include "mail/charset.h"
#include "mail/mime_inner.h"

static struct str without_blocks(
    const struct mime_part *, struct str text, struct arena *mem);
static struct str with_lf(struct str text, struct arena *mem);
static struct str clip(struct str text, size_t limit);

struct str
mime_text(const struct mime_part *p, struct str default_charset, size_t limit,
    struct arena *mem, uint32_t *odd)
{
	struct str text = mime_decode(p, limit, mem, odd);
	bool bad = false;

	if (p->child != NULL)
		text = without_blocks(p, text, mem);
	text = charset_to_utf8(
	    text, p->charset.n > 0 ? p->charset : default_charset, mem, &bad);
	if (bad && odd != NULL)
		*odd |= MIME_BAD_CHARSET;
	return clip(with_lf(text, mem), limit);
}

/* The text around as many uuencoded blocks as have become parts. */
static struct str
without_blocks(const struct mime_part *p, struct str text, struct arena *mem)
{
	char *out = arena_alloc(mem, text.n + 1);
	const struct mime_part *c;
	size_t n = 0, done = 0, at = 0;
	struct mime_uu uu = { .foreign = false };

	for (c = p->child; c != NULL && c->encoding == MIME_UUENCODE;
	     c = c->next) {
		size_t from;

		if (!mime_uu_next(text, &at, &uu))
			break;
		from = (size_t)(uu.block.p - text.p);
		memcpy(out + n, text.p + done, from - done);
		n += from - done;
		done = at;
	}
	memcpy(out + n, text.p + done, text.n - done);
	return (struct str){ out, n + text.n - done };
}

static struct str
with_lf(struct str text, struct arena *mem)
{
	struct str rest = text;
	char *out;
	size_t n = 0;

	if (str_search(text, STR("\r\n")) == text.n)
		return text;
	out = arena_alloc(mem, text.n + 1);
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');
		bool end = rest.n > 0 || text.p[text.n - 1] == '\n';

		if (end && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		memcpy(out + n, line.p, line.n);
		n += line.n;
		if (end)
			out[n++] = '\n';
	}
	return (struct str){ out, n };
}

/* No character is cut in two. */
static struct str
clip(struct str text, size_t limit)
{
	if (text.n <= limit)
		return text;
	while (limit > 0 && ((unsigned char)text.p[limit] & 0xc0) == 0x80)
		limit--;
	return str_sub(text, 0, limit);
}
