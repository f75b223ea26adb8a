/*
 * charset_jis.c - ISO-2022-JP and its kin, and ISO-2022-KR
 *
 * Escapes say which set the bytes behind them are of. Each such set has an
 * EUC form: the same bytes with their eighth bit set, and a converter. What
 * mail calls ISO-2022-JP is CP50221 more often than not: rows of NEC and IBM,
 * half-width katakana by escape, by SO or as bytes with eight bits.
 */
#include "mail/charset_inner.h"

/* Where the bytes go: into which EUC form, behind which single shift. */
struct set {
	int id;
	char shift; /* 0: none */
	uint8_t width;
};

static const struct set ascii = { CHARSET_EUC_JP, 0, 0 },
			katakana = { CHARSET_EUC_JP, '\x8e', 1 },
			ks = { CHARSET_EUC_KR, 0, 2 };

static const struct {
	struct str escape;
	struct set set;
} escapes[] = {
	{ { "(B", 2 }, { CHARSET_EUC_JP, 0, 0 } },
	{ { "(J", 2 }, { CHARSET_EUC_JP, 0, 0 } },
	{ { "(H", 2 }, { CHARSET_EUC_JP, 0, 0 } }, /* meant as (J */
	{ { "(I", 2 }, { CHARSET_EUC_JP, '\x8e', 1 } },
	{ { "$B", 2 }, { CHARSET_EUC_JP, 0, 2 } },
	{ { "$@", 2 }, { CHARSET_EUC_JP, 0, 2 } },
	{ { "$(B", 3 }, { CHARSET_EUC_JP, 0, 2 } },
	{ { "$(@", 3 }, { CHARSET_EUC_JP, 0, 2 } },
	{ { "$(D", 3 }, { CHARSET_EUC_JP, '\x8f', 2 } },
	{ { "$A", 2 }, { CHARSET_GB, 0, 2 } },
	{ { "$(A", 3 }, { CHARSET_GB, 0, 2 } },
	{ { "$(C", 3 }, { CHARSET_EUC_KR, 0, 2 } },
	{ { "$(O", 3 }, { CHARSET_EUC_JISX0213, 0, 2 } },
	{ { "$(Q", 3 }, { CHARSET_EUC_JISX0213, 0, 2 } },
	{ { "$(P", 3 }, { CHARSET_EUC_JISX0213, '\x8f', 2 } },
	/* ISO-2022-KR says once that SO leads to KS C 5601 */
	{ { "$)C", 3 }, { -1, 0, 0 } },
};

struct jis {
	struct buf euc; /* not yet converted; all of one set.id */
	int id;
	struct set set, shifted;
	bool so, good;
	struct buf *out;
};

static size_t escape(struct jis *, struct str rest);
static size_t character(struct jis *, struct str rest);
static void flush(struct jis *);
static void bad(struct jis *);
static size_t put_euc(struct str euc, char *mode, struct buf *out);

#define ESC '\x1b'
#define SO  '\x0e'
#define SI  '\x0f'

static inline bool
is_trail(unsigned char c)
{
	return c > ' ' && c < 0x7f;
}

bool
charset_jis_read(int id, struct str in, struct buf *out)
{
	struct jis j = { .set = ascii,
		.shifted = id == CHARSET_KR ? ks : katakana,
		.id = CHARSET_EUC_JP,
		.good = true,
		.out = out };

	buf_init(&j.euc, in.n * 3 + 1);
	while (in.n > 0) {
		size_t n = 1;

		if (in.p[0] == ESC)
			n = escape(&j, in);
		else if (in.p[0] == SO || in.p[0] == SI)
			j.so = in.p[0] == SO;
		else
			n = character(&j, in);
		in = str_sub(in, n, in.n);
	}
	flush(&j);
	buf_fini(&j.euc);
	return j.good;
}

static size_t
escape(struct jis *j, struct str rest)
{
	struct str what = str_sub(rest, 1, 3);

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (!str_starts(what, escapes[i].escape))
			continue;
		if (escapes[i].set.id != -1) {
			j->set = escapes[i].set;
			j->so = false;
		}
		return 1 + escapes[i].escape.n;
	}
	bad(j);
	return 1;
}

/* One character of the set that is on; blanks and line ends are of all. */
static size_t
character(struct jis *j, struct str rest)
{
	const struct set *s = j->so ? &j->shifted : &j->set;
	unsigned char c = (unsigned char)rest.p[0];

	if (c >= 0xa1 && c <= 0xdf)
		s = &katakana;
	else if (c >= 0x80 || (s->width == 2 && c > ' ' && rest.n < 2)) {
		bad(j);
		return 1;
	} else if (c <= ' ' || c == 0x7f)
		s = &ascii;
	if ((s->width == 2 && !is_trail((unsigned char)rest.p[1])) ||
	    (s->width == 1 && c > 0x5f && c < 0x80)) {
		bad(j);
		return 1;
	}
	if (s->id != j->id && s->width != 0) {
		flush(j);
		j->id = s->id;
	}
	if (s->shift != 0)
		buf_putc(&j->euc, s->shift);
	for (size_t i = 0; i < s->width; i++)
		buf_putc(&j->euc, (char)(rest.p[i] | '\x80'));
	if (s->width == 0)
		buf_putc(&j->euc, rest.p[0]);
	return s->width == 0 ? 1 : s->width;
}

static void
flush(struct jis *j)
{
	j->good &= charset_read(j->id, buf_str(&j->euc), j->out);
	buf_reset(&j->euc);
}

static void
bad(struct jis *j)
{
	flush(j);
	buf_puts(j->out, CHARSET_FFFD);
	j->good = false;
}

/* --- writing --- */

/* JIS X 0208 with the rows of NEC and IBM, and half-width katakana. */
bool
charset_jis_write(struct str text, struct buf *out)
{
	struct buf euc;
	struct str rest;
	char mode = 'B';
	bool good;

	buf_init(&euc, text.n * 2 + 64);
	good = charset_write(CHARSET_EUC_JP, text, &euc);
	for (rest = buf_str(&euc); good && rest.n > 0;) {
		size_t n = put_euc(rest, &mode, out);

		good = n != 0;
		rest = str_sub(rest, n, rest.n);
	}
	if (good && mode != 'B')
		buf_puts(out, "\x1b(B");
	buf_fini(&euc);
	return good && !out->failed;
}

/* One character; mode: the last letter of the escape that is on. 0: it has
 * no place in ISO-2022-JP. */
static size_t
put_euc(struct str euc, char *mode, struct buf *out)
{
	static const struct {
		char mode;
		const char *escape;
		uint8_t skip, width;
	} forms[] = {
		{ 'B', "\x1b(B", 0, 1 },
		{ 'I', "\x1b(I", 1, 1 },
		{ '$', "\x1b$B", 0, 2 },
	};
	unsigned char c = (unsigned char)euc.p[0];
	size_t f = c < 0x80 ? 0 : c == 0x8e ? 1 : 2;

	if (c == 0x8f || euc.n < (size_t)forms[f].skip + forms[f].width)
		return 0;
	if (*mode != forms[f].mode)
		buf_puts(out, forms[f].escape);
	*mode = forms[f].mode;
	for (size_t i = 0; i < forms[f].width; i++)
		buf_putc(out, (char)(euc.p[forms[f].skip + i] & '\x7f'));
	return (size_t)forms[f].skip + forms[f].width;
}
