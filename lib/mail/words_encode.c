/* words_encode.c - RFC 2047 words: text that is going into a header field */
#include <string.h>

#include "base/base64.h"
#include "mail/charset_inner.h"

#define WORD_MAX 75 /* RFC 2047 2 */
#define LINE_MAX 78 /* RFC 5322 2.1.1 */

struct writer {
	struct str charset;
	int id;
	size_t column;
	bool q; /* the encoding of what is being written */
	struct buf *out;
};

static struct str without_line_ends(struct str text, struct arena *mem);
static bool is_usable(struct str charset, int id);
static struct str next_piece(struct str text, bool *encoded);
static size_t word_length(struct str text);
static bool must_encode(struct str word);
static void put_plain(struct writer *, struct str piece);
static void put_encoded(struct writer *, struct str piece);
static void fold(struct writer *);
static bool choose_q(const struct writer *, struct str text);
static size_t put_word(struct writer *, struct str text, size_t room);
static size_t char_before(struct str text, size_t n);
static bool encode(
    const struct writer *, struct str text, size_t room, struct buf *out);
static size_t q_length(struct str bytes);
static void put_q(struct str bytes, struct buf *out);

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool
is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!*+-/", c) != NULL);
}

struct str
charset_encode_words(
    struct str text, struct str charset, size_t column, struct arena *mem)
{
	struct writer w = { .charset = charset,
		.id = charset_find(charset),
		.column = column };
	struct str in, out;
	struct buf b;

	text = in = without_line_ends(text, mem);
	if (!is_usable(charset, w.id) ||
	    !charset_from_utf8(text, charset, mem, &out)) {
		w.charset = STR("utf-8");
		w.id = CHARSET_UTF8;
	}
	buf_init(&b, text.n * 24 + 1024);
	w.out = &b;
	while (in.n > 0) {
		bool encoded;
		struct str piece = next_piece(in, &encoded);

		if (encoded)
			put_encoded(&w, piece);
		else
			put_plain(&w, piece);
		in = str_sub(in, piece.n, in.n);
	}
	out = arena_str(mem, buf_str(&b));
	buf_fini(&b);
	return out;
}

/* A line end would be one of the message (threats HDR-01). */
static struct str
without_line_ends(struct str text, struct arena *mem)
{
	char *out;

	if (str_find(text, '\n') == text.n && str_find(text, '\r') == text.n)
		return text;
	out = arena_strz(mem, text);
	for (size_t i = 0; i < text.n; i++)
		if (out[i] == '\r' || out[i] == '\n')
			out[i] = ' ';
	return (struct str){ out, text.n };
}

/* A name that may stand in a word, of a set that headers are written in. */
static bool
is_usable(struct str charset, int id)
{
	const char *converter = charset_converter(id);

	if (id == -1 || charset.n == 0 || charset.n > 40 ||
	    (converter != NULL && strncmp(converter, "UTF-", 4) == 0))
		return false;
	for (size_t i = 0; i < charset.n; i++)
		if (!is_safe(charset.p[i]) && charset.p[i] != '_')
			return false;
	return true;
}

/*
 * A word with the blanks before it, as it is; or all words that follow each
 * other and must be encoded, with the blanks between them, for those between
 * encoded words do not count. Blanks before the first stand as they are.
 */
static struct str
next_piece(struct str text, bool *encoded)
{
	size_t blanks = 0, n = 0;

	while (blanks < text.n && is_blank(text.p[blanks]))
		blanks++;
	*encoded = false;
	if (blanks > 0)
		return str_sub(text, 0, blanks);
	for (;;) {
		struct str rest = str_sub(text, n + blanks, text.n);
		struct str word = str_sub(rest, 0, word_length(rest));

		if (word.n == 0 || !must_encode(word))
			break;
		*encoded = true;
		n += blanks + word.n;
		for (blanks = 0;
		     n + blanks < text.n && is_blank(text.p[n + blanks]);
		     blanks++)
			continue;
	}
	return str_sub(text, 0, *encoded ? n : word_length(text));
}

static size_t
word_length(struct str text)
{
	size_t n = 0;

	while (n < text.n && !is_blank(text.p[n]))
		n++;
	return n;
}

static bool
must_encode(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] <= ' ' || word.p[i] >= 0x7f ||
		    (word.p[i] == '=' && i + 1 < word.n &&
			word.p[i + 1] == '?'))
			return true;
	return false;
}

/* A word, or blanks. A line may be folded before blanks that a word follows:
 * when the word comes, it is known that it must be. */
static void
put_plain(struct writer *w, struct str piece)
{
	struct buf *out = w->out;

	if (!is_blank(piece.p[0]) && out->len > 0 &&
	    w->column + piece.n > LINE_MAX && is_blank(out->data[out->len - 1]))
		fold(w);
	buf_add_str(out, piece);
	w->column += piece.n;
}

static void
put_encoded(struct writer *w, struct str piece)
{
	size_t least = w->charset.n + 7 + 24; /* a few characters at least */

	w->q = choose_q(w, piece);
	while (piece.n > 0) {
		size_t n, room;

		if (w->column + least > LINE_MAX && w->out->len > 0)
			fold(w);
		room = w->column + least > LINE_MAX ? WORD_MAX
						    : LINE_MAX - w->column;
		n = put_word(w, piece, room < WORD_MAX ? room : WORD_MAX);
		piece = str_sub(piece, n, piece.n);
		if (piece.n > 0) {
			buf_puts(w->out, "\r\n ");
			w->column = 1;
		}
	}
}

/* Before the last blank, or where a word follows a word. */
static void
fold(struct writer *w)
{
	char blank = ' ';

	if (is_blank(w->out->data[w->out->len - 1]))
		blank = w->out->data[--w->out->len];
	buf_puts(w->out, "\r\n");
	buf_putc(w->out, blank);
	w->column = 1;
}

/* Q can be read by people: it may be half as long again as B. ISO-2022-JP
 * is written in B by everybody, and not all can read it in Q. */
static bool
choose_q(const struct writer *w, struct str text)
{
	struct buf bytes;
	bool q;

	if (w->id == CHARSET_JIS)
		return false;
	buf_init(&bytes, text.n * 8 + 64);
	charset_write(w->id, text, &bytes);
	q = 2 * q_length(buf_str(&bytes)) <= 3 * BASE64_ENCODED(bytes.len);
	buf_fini(&bytes);
	return q;
}

/* As much of the text as a word of that length takes; one character in any
 * case. Returns how many bytes that were. */
static size_t
put_word(struct writer *w, struct str text, size_t room)
{
	size_t n = text.n <= room ? text.n : char_before(text, room + 1);
	size_t before = w->out->len;

	while (!encode(w, str_sub(text, 0, n), room, w->out)) {
		size_t less = char_before(text, n);

		if (less == 0) {
			encode(w, str_sub(text, 0, n), SIZE_MAX, w->out);
			break;
		}
		n = less;
	}
	w->column += w->out->len - before;
	return n;
}

/* Where the last character begins of those that begin before n. */
static size_t
char_before(struct str text, size_t n)
{
	while (n > 0 && ((unsigned char)text.p[--n] & 0xc0) == 0x80)
		continue;
	return n;
}

/* False, and nothing is added: it would be longer. */
static bool
encode(const struct writer *w, struct str text, size_t room, struct buf *out)
{
	struct buf bytes;
	bool fits;

	buf_init(&bytes, text.n * 8 + 64);
	charset_write(w->id, text, &bytes);
	fits = w->charset.n + 7 +
		   (w->q ? q_length(buf_str(&bytes))
			 : BASE64_ENCODED(bytes.len)) <=
	       room;
	if (fits) {
		buf_printf(
		    out, "=?%.*s?%c?", STR_ARG(w->charset), w->q ? 'Q' : 'B');
		if (w->q)
			put_q(buf_str(&bytes), out);
		else
			base64_encode(buf_str(&bytes), out);
		buf_puts(out, "?=");
	}
	buf_fini(&bytes);
	return fits;
}

static size_t
q_length(struct str bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.n; i++)
		n += is_safe(bytes.p[i]) || bytes.p[i] == ' ' ? 1 : 3;
	return n;
}

static void
put_q(struct str bytes, struct buf *out)
{
	for (size_t i = 0; i < bytes.n; i++) {
		if (is_safe(bytes.p[i]))
			buf_putc(out, bytes.p[i]);
		else if (bytes.p[i] == ' ')
			buf_putc(out, '_');
		else
			buf_printf(out, "=%02X", (unsigned char)bytes.p[i]);
	}
}
