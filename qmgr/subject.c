/* subject.c - the beginning of a subject, as people read it */
#include "qmgr/subject.h"

#include <string.h>

#include "mail/mime.h"

#define RAW_MAX 400 /* what holds so much, however it is encoded */
#define MEM     (UINT64_C(1) << 20)
#define DOTS    "..."

static struct str beginning(struct str raw);
static bool is_plain(struct str);
static struct str shorten(struct str text, bool more, char out[SUBJECT_SHORT]);

struct str
subject_short(struct str raw, char out[SUBJECT_SHORT])
{
	struct str begin;
	struct arena mem;

	raw = str_trim(raw);
	begin = beginning(raw);
	/* most: nothing is to be decoded, and nothing is allocated */
	if (is_plain(begin))
		return shorten(begin, begin.n < raw.n, out);
	arena_init(&mem, MEM);
	raw = shorten(
	    mime_field_text(begin, STR(""), &mem), begin.n < raw.n, out);
	if (raw.p != out && raw.n > 0)
		raw = (struct str){ memcpy(out, raw.p, raw.n), raw.n };
	arena_free(&mem);
	return raw;
}

/* Up to a blank, for an encoded word has none. */
static struct str
beginning(struct str raw)
{
	size_t n = RAW_MAX;

	if (raw.n <= RAW_MAX)
		return raw;
	while (n > 0 && raw.p[n] != ' ' && raw.p[n] != '\t')
		n--;
	return str_sub(raw, 0, n > 0 ? n : RAW_MAX);
}

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~' ||
		    (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
			return false;
	return true;
}

static struct str
shorten(struct str text, bool more, char out[SUBJECT_SHORT])
{
	size_t n = SUBJECT_SHORT - strlen(DOTS);

	if (text.n <= SUBJECT_SHORT && !more)
		return text;
	if (n > text.n)
		n = text.n;
	/* not in the middle of a character */
	while (n > 0 && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	memcpy(out, text.p, n);
	memcpy(out + n, DOTS, strlen(DOTS));
	return (struct str){ out, n + strlen(DOTS) };
}
