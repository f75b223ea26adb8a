/*
 * dsn_inner.h - what the writers of a notice share
 */
#ifndef MAIL_DSN_INNER_H
#define MAIL_DSN_INNER_H

#include "mail/dsn.h"

/* Of the header, in UTF-8. */
struct str dsn_subject(const struct dsn *);
struct str dsn_from_name(const struct dsn *);
/* Content-Language; empty: nobody knows. */
struct str dsn_content_language(const struct dsn *);
/* The part for people: UTF-8, CRLF lines. */
void dsn_human(const struct dsn *, struct buf *out);
/* Between that and the original, where both are one text. */
struct str dsn_rest(const struct dsn *);

/*
 * At most REPLY_TEXT_MAX bytes of printable text; where a line gets longer
 * than 72 columns, fold replaces a blank (or stands in a word without end).
 * fold empty: no folding. Without utf8, what is not ASCII is "?".
 */
void dsn_put_clean(
    struct buf *out, struct str s, size_t column, const char *fold, bool utf8);

#endif
