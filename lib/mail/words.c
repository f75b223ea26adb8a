/*
 * words.c - text of header fields: RFC 2047 words, and what stands in their
 * place
 *
 * As mail programs read it: words stand anywhere, may be of any length and
 * have blanks in them. The bytes of neighbours of one charset and encoding
 * are put together before they are converted, for many programs cut a
 * character in two.
 */
#include <string.h>

#include "mail/charset_inner.h"
#include "mail/mime_inner.h"

struct word {
	struct str charset, text;
	char encoding; /* 'B', 'Q' */
	const char *end;
};

struct reader {
	struct str rest;
	struct word run; /* charset and encoding of what is in encoded */
	struct buf encoded;
	struct str charset; /* of what is in no word */
	struct buf *out;
	bool bad;
};

static struct str unfold(struct str value, struct arena *mem);
static bool is_plain(struct str text);
static void read_all(struct reader *);
static bool word_at(struct str text, struct word *);
static bool parse_word(struct str text, struct word *);
static void take_word(struct reader *, const struct word *);
static void flush(struct reader *);
static struct str decode_q(struct str text, char *out);
static void take_literal(struct reader *, struct str text);
static void as_charset(struct reader *, struct str bytes, struct str charset);

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

struct str
mime_field_text(struct str value, struct str charset, struct arena *mem)
{
	return str_trim(mime_words(str_trim(value), charset, mem, NULL));
}

struct str
mime_words(struct str value, struct str charset, struct arena *mem, bool *bad)
{
	struct reader r = { .charset = charset };
	struct buf out;
	struct str text = unfold(value, mem);

	if (is_plain(text))
		return text;
	buf_init(&out, text.n * 8 + 64);
	buf_init(&r.encoded, text.n + 1);
	r.rest = text;
	r.out = &out;
	read_all(&r);
	text = arena_str(mem, buf_str(&out));
	buf_fini(&r.encoded);
	buf_fini(&out);
	if (bad != NULL)
		*bad |= r.bad;
	return text;
}

static struct str
unfold(struct str v, struct arena *mem)
{
	size_t n = 0;
	char *out;

	if (str_find(v, '\n') == v.n && str_find(v, '\r') == v.n)
		return v;
	out = arena_alloc(mem, v.n + 1);
	for (size_t i = 0; i < v.n; i++) {
		size_t k = i;

		if (v.p[i] == '\r' && i + 1 < v.n && v.p[i + 1] == '\n')
			k++;
		if (v.p[k] != '\n') {
			out[n++] = v.p[i] == '\r' ? ' ' : v.p[i];
			continue;
		}
		i = k;
		if (i + 1 < v.n && !is_space(v.p[i + 1]))
			out[n++] = ' ';
	}
	return (struct str){ out, n };
}

static bool
is_plain(struct str text)
{
	return text.n == 0 || (str_ascii(text) == text.n &&
				  memchr(text.p, '\x1b', text.n) == NULL &&
				  memmem(text.p, text.n, "=?", 2) == NULL);
}

static void
read_all(struct reader *r)
{
	struct str literal = { r->rest.p, 0 };
	struct word w;

	while (r->rest.n > 0) {
		r->rest =
		    str_sub(r->rest, str_search(r->rest, STR("=?")), r->rest.n);
		literal.n = (size_t)(r->rest.p - literal.p);
		if (r->rest.n == 0)
			break;
		if (!word_at(r->rest, &w)) {
			r->rest = str_sub(r->rest, 2, r->rest.n);
			literal.n += 2;
			continue;
		}
		take_literal(r, literal);
		take_word(r, &w);
		r->rest =
		    str_sub(r->rest, (size_t)(w.end - r->rest.p), r->rest.n);
		literal = (struct str){ r->rest.p, 0 };
	}
	if (r->encoded.len > 0)
		flush(r);
	take_literal(r, literal);
}

/* A word ends before the next one begins. So the text is looked through once,
 * even when nothing in it is ever closed. */
static bool
word_at(struct str text, struct word *w)
{
	size_t next, end;

	if (!parse_word(text, w) || w->text.n < 2)
		return false;
	text = w->text;
	next = str_search(text, STR("=?"));
	if (text.n - next > 3)
		text.n = next + 3; /* "=?=" is an end */
	end = str_search(text, STR("?="));
	if (end == text.n)
		return false;
	w->text.n = end;
	w->end = text.p + end + 2;
	return true;
}

/* "=?charset*language?B?"; text is all that follows. */
static bool
parse_word(struct str text, struct word *w)
{
	struct str rest = str_sub(text, 2, text.n);
	size_t n = 0;

	while (n < rest.n && n < 64 && rest.p[n] > ' ' && rest.p[n] != '?')
		n++;
	if (n == 0 || n + 2 >= rest.n || rest.p[n] != '?' ||
	    rest.p[n + 2] != '?' || strchr("BbQq", rest.p[n + 1]) == NULL ||
	    rest.p[n + 1] == '\0')
		return false;
	w->encoding = (char)(rest.p[n + 1] & ~0x20);
	w->charset = str_sub(rest, 0, str_find(str_sub(rest, 0, n), '*'));
	w->text = str_sub(rest, n + 3, rest.n);
	return true;
}

static void
take_word(struct reader *r, const struct word *w)
{
	if (r->encoded.len > 0 &&
	    (r->run.encoding != w->encoding ||
		!str_eq_nocase(r->run.charset, w->charset)))
		flush(r);
	r->run = *w;
	buf_add_str(&r->encoded, w->text);
}

static void
flush(struct reader *r)
{
	struct str in = buf_str(&r->encoded), bytes;
	struct buf decoded;
	bool padded = false; /* as each word of several may be */
	char *to;

	buf_init(&decoded, in.n + 4);
	to = buf_room(&decoded, in.n + 3);
	if (r->run.encoding == 'B')
		bytes = (struct str){ to, mime_base64(in, to, in.n, &padded) };
	else
		bytes = decode_q(in, to);
	as_charset(r, bytes, r->run.charset);
	buf_fini(&decoded);
	buf_reset(&r->encoded);
}

static struct str
decode_q(struct str text, char *out)
{
	static const char digits[] = "0123456789ABCDEF0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *hi, *lo;

		if (text.p[i] == '=' && i + 2 < text.n &&
		    (hi = memchr(digits, text.p[i + 1], 32)) != NULL &&
		    (lo = memchr(digits, text.p[i + 2], 32)) != NULL) {
			out[n++] = (char)((hi - digits) % 16 * 16 +
					  (lo - digits) % 16);
			i += 2;
		} else
			out[n++] = text.p[i] == '_' ? ' ' : text.p[i];
	}
	return (struct str){ out, n };
}

/* What stands between words, before and behind them. Blanks between two
 * words are not of the text. */
static void
take_literal(struct reader *r, struct str text)
{
	bool blank = true;

	for (size_t i = 0; i < text.n && blank; i++)
		blank = is_space(text.p[i]);
	if (blank && r->encoded.len > 0)
		return;
	if (r->encoded.len > 0)
		flush(r);
	if (str_find(text, '\x1b') < text.n)
		as_charset(r, text, STR("iso-2022-jp"));
	else if (str_valid_utf8(text))
		buf_add_str(r->out, text);
	else
		as_charset(
		    r, text, r->charset.n > 0 ? r->charset : STR("iso-8859-1"));
}

/* No line end comes out of a word. */
static void
as_charset(struct reader *r, struct str bytes, struct str charset)
{
	int id = charset_find(charset);
	size_t from = r->out->len;

	if (id == -1)
		r->bad = true;
	if (id == -1 || (id == CHARSET_ASCII && str_ascii(bytes) < bytes.n))
		id = str_valid_utf8(bytes) ? CHARSET_UTF8
					   : charset_find(STR("latin1"));
	if (!charset_read(id, bytes, r->out))
		r->bad = true;
	for (size_t i = from; i < r->out->len; i++)
		if (r->out->data[i] == '\n' || r->out->data[i] == '\r')
			r->out->data[i] = ' ';
}
