/*
 * charset_inner.h - what the files of charset.h share
 */
#ifndef MAIL_CHARSET_INNER_H
#define MAIL_CHARSET_INNER_H

#include "base/buf.h"
#include "mail/charset.h"

/* The sets that there are. A set is read and written by a converter of the
 * system, whose name is ours: no name from mail is ever given to it. */
enum charset_id {
	CHARSET_ASCII, /* without a converter */
	CHARSET_UTF8,
	CHARSET_JIS, /* ISO-2022-JP and all its kin: charset_jis.c */
	CHARSET_KR,  /* ISO-2022-KR */
	CHARSET_EUC_JP,
	CHARSET_EUC_JISX0213,
	CHARSET_SHIFT_JIS,
	CHARSET_GB,
	CHARSET_BIG5,
	CHARSET_EUC_KR,
	CHARSET_OTHERS /* those that no code asks for by name follow */
};

/* The set of that name, or -1. */
int charset_find(struct str name);
/* The system's name of a set; NULL: it has no converter, or there are no
 * more. */
const char *charset_converter(int id);

/* Appends the text as UTF-8; true: all of it was of the set. */
bool charset_read(int id, struct str bytes, struct buf *out);
/* Appends the UTF-8 text in that set; false: something is not in it. */
bool charset_write(int id, struct str text, struct buf *out);

bool charset_jis_read(int id, struct str bytes, struct buf *out);
bool charset_jis_write(struct str text, struct buf *out);

#define CHARSET_FFFD "\xef\xbf\xbd"

#endif
