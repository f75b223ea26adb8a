/* charset.c - character sets, through iconv */
#include "mail/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/mem.h"
#include "mail/charset_inner.h"

#define SETS_MAX  64
#define GROWTH    8 /* room for the most that one byte can become */
#define SCRAP_MAX 1024

/* Converters stay open once they were needed: to open one reads files, which
 * a process in its cage cannot. */
static struct {
	iconv_t cd[2];
	bool tried[2];
} opened[SETS_MAX];
enum direction { READ, WRITE };

static int by_mark(int id, struct str *bytes);
static iconv_t converter(int id, enum direction);
static bool has_yen(struct str text);
static bool read_utf8(struct str bytes, struct buf *out);
static bool read_ascii(struct str bytes, struct buf *out);
static bool read_latin1(struct str bytes, struct buf *out);
static bool convert(iconv_t, struct str in, struct buf *out, bool lenient);
static bool step(iconv_t, struct str *in, struct buf *out);
static bool is_superset(int id);

void
charset_open_all(void)
{
	for (int id = 0; id < SETS_MAX; id++) {
		if (charset_converter(id) == NULL)
			continue;
		converter(id, READ);
		converter(id, WRITE);
	}
}

bool
charset_known(struct str name)
{
	return charset_find(name) != -1;
}

struct str
charset_to_utf8(
    struct str bytes, struct str charset, struct arena *mem, bool *bad)
{
	int id = charset_find(charset);
	bool known = id != -1, good;
	struct str text = bytes;
	struct buf out;

	if (!known)
		id = CHARSET_UTF8;
	if (bytes.n == 0 || (is_superset(id) && str_ascii(bytes) == bytes.n) ||
	    (id == CHARSET_UTF8 && str_valid_utf8(bytes))) {
		if (bad != NULL)
			*bad |= !known;
		return bytes;
	}
	buf_init(&out, bytes.n * GROWTH + SCRAP_MAX);
	good = known ? charset_read(id, bytes, &out)
		     : (read_latin1(bytes, &out), false);
	text = arena_str(mem, buf_str(&out));
	buf_fini(&out);
	if (bad != NULL)
		*bad |= !good;
	return text;
}

bool
charset_from_utf8(
    struct str text, struct str charset, struct arena *mem, struct str *out)
{
	int id = charset_find(charset);
	struct buf b;
	bool good;

	if (id == -1)
		return false;
	if (is_superset(id) && str_ascii(text) == text.n) {
		*out = text;
		return true;
	}
	buf_init(&b, text.n * GROWTH + SCRAP_MAX);
	good = charset_write(id, text, &b);
	if (good)
		*out = arena_str(mem, buf_str(&b));
	buf_fini(&b);
	return good;
}

bool
charset_read(int id, struct str bytes, struct buf *out)
{
	iconv_t cd;

	switch (id) {
	case CHARSET_ASCII:
		return read_ascii(bytes, out);
	case CHARSET_UTF8:
		return read_utf8(bytes, out);
	case CHARSET_JIS:
	case CHARSET_KR:
		return charset_jis_read(id, bytes, out);
	}
	id = by_mark(id, &bytes);
	cd = converter(id, READ);
	if (cd == (iconv_t)-1)
		return read_latin1(bytes, out), false;
	return convert(cd, bytes, out, true);
}

/*
 * Which end comes first: the mark says, which is then no part of the text;
 * without one it is the little one, as browsers have it. The converter that
 * looks for the mark itself goes by that of an earlier text if there is none.
 */
static int
by_mark(int id, struct str *bytes)
{
	static const struct {
		const char *name, *ordered;
		struct str mark;
	} rows[] = {
		{ "UTF-16", "utf-16be", STR("\xfe\xff") },
		{ "UTF-16", "utf-16le", STR("\xff\xfe") },
		{ "UTF-16", "utf-16le", STR("") },
		{ "UTF-32", "utf-32be", { "\0\0\xfe\xff", 4 } },
		{ "UTF-32", "utf-32le", { "\xff\xfe\0\0", 4 } },
		{ "UTF-32", "utf-32le", STR("") },
	};
	const char *name = charset_converter(id);

	for (size_t i = 0; name != NULL && i < NELEM(rows); i++) {
		if (strcmp(name, rows[i].name) != 0 ||
		    !str_starts(*bytes, rows[i].mark))
			continue;
		*bytes = str_sub(*bytes, rows[i].mark.n, bytes->n);
		return charset_find(str_of(rows[i].ordered));
	}
	return id;
}

bool
charset_write(int id, struct str text, struct buf *out)
{
	iconv_t cd;

	switch (id) {
	case CHARSET_ASCII:
		return str_ascii(text) == text.n && buf_add_str(out, text);
	case CHARSET_UTF8:
		return buf_add_str(out, text);
	case CHARSET_JIS:
		return charset_jis_write(text, out);
	case CHARSET_EUC_JP:
	case CHARSET_SHIFT_JIS:
		if (has_yen(text))
			return false;
	}
	cd = converter(id, WRITE);
	return cd != (iconv_t)-1 && convert(cd, text, out, false);
}

static iconv_t
converter(int id, enum direction d)
{
	const char *name = charset_converter(id);

	if (name == NULL)
		return (iconv_t)-1;
	if (!opened[id].tried[d]) {
		opened[id].tried[d] = true;
		opened[id].cd[d] = d == READ ? iconv_open("UTF-8", name)
					     : iconv_open(name, "UTF-8");
	}
	return opened[id].cd[d];
}

/* Yen and overline: the converters make backslash and tilde of them. */
static bool
has_yen(struct str text)
{
	return str_search(text, STR("\xc2\xa5")) < text.n ||
	       str_search(text, STR("\xe2\x80\xbe")) < text.n;
}

/* What is no UTF-8 is U+FFFD, as long as a sequence could have gone on. */
static bool
read_utf8(struct str in, struct buf *out)
{
	bool good = true;
	uint32_t code;

	while (in.n > 0) {
		size_t n = str_ascii(in);

		if (n == 0)
			n = str_utf8(in, &code);
		if (n == 0) {
			good = false;
			buf_puts(out, CHARSET_FFFD);
			for (n = 1; n < in.n && n < 3; n++)
				if (((unsigned char)in.p[n] & 0xc0) != 0x80)
					break;
		} else
			buf_add(out, in.p, n);
		in = str_sub(in, n, in.n);
	}
	return good;
}

static bool
read_ascii(struct str in, struct buf *out)
{
	bool good = true;

	while (in.n > 0) {
		size_t n = str_ascii(in);

		buf_add(out, in.p, n);
		if (n < in.n) {
			buf_puts(out, CHARSET_FFFD);
			good = false;
			n++;
		}
		in = str_sub(in, n, in.n);
	}
	return good;
}

/* The last resort: every byte is a character. */
static bool
read_latin1(struct str in, struct buf *out)
{
	char c[4];

	for (size_t i = 0; i < in.n; i++)
		buf_add(out, c, str_utf8_put((unsigned char)in.p[i], c));
	return true;
}

/* lenient: what cannot be is U+FFFD; else it ends there. */
static bool
convert(iconv_t cd, struct str in, struct buf *out, bool lenient)
{
	bool good = true;

	iconv(cd, NULL, NULL, NULL, NULL);
	while (!step(cd, &in, out)) {
		if (!lenient)
			return false;
		good = false;
		buf_puts(out, CHARSET_FFFD);
		in = str_sub(in, 1, in.n);
	}
	return good && !out->failed;
}

/* Up to the end, or to what cannot be. */
static bool
step(iconv_t cd, struct str *in, struct buf *out)
{
	char *from = (char *)(uintptr_t)in->p, *to;
	size_t room, left;
	bool done = false;

	while (!done) {
		room = left = in->n + in->n / 2 + 64;
		to = buf_room(out, room);
		if (to == NULL)
			return true; /* the buffer says that it failed */
		if (in->n == 0) {
			iconv(cd, NULL, NULL, &to, &left);
			done = true;
		} else if (iconv(cd, &from, &in->n, &to, &left) == (size_t)-1 &&
			   errno != E2BIG) {
			buf_grew(out, room - left);
			in->p = from;
			return false;
		}
		buf_grew(out, room - left);
		in->p = from;
	}
	return true;
}

/* Is ASCII text the same in it? */
static bool
is_superset(int id)
{
	const char *name = charset_converter(id);

	return id == CHARSET_ASCII || id == CHARSET_UTF8 ||
	       (name != NULL && strncmp(name, "UTF-", 4) != 0);
}
