/*
 * charset.h - character sets, through iconv
 *
 * Names are those of the IANA registry and what mail really says in their
 * place ("x-sjis", "ks_c_5601-1987", "iso-2022-jp" with half-width katakana:
 * read as CP50221). UTF-8 is what everything becomes.
 */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Text in that charset as UTF-8; what cannot be is U+FFFD each, and *bad set
 * (may be NULL). Unknown charset: *bad, and read as UTF-8 or Latin-1. */
struct str charset_to_utf8(
    struct str bytes, struct str charset, struct arena *mem, bool *bad);
/* UTF-8 text in that charset; false: some character is not in it. */
bool charset_from_utf8(
    struct str text, struct str charset, struct arena *mem, struct str *out);
bool charset_known(struct str name);
/* Converters read files of the system when they are first needed. A process
 * that is going to be caged calls this before. */
void charset_open_all(void);

/* RFC 2047 words in place of what is not ASCII: each of at most 75
 * characters, folded at 78 columns; column: where the text begins on its
 * line. Q, as the spec wants, unless B is much shorter, as it is for Japanese.
 * charset: tried first; else UTF-8. Empty: UTF-8. Line ends become blanks. */
struct str charset_encode_words(
    struct str text, struct str charset, size_t column, struct arena *mem);

#endif
