/*
 * html.h - writing HTML: what is inserted is escaped, always
 *
 * The format is ours, a literal; everything that a conversion inserts is text
 * and cannot become markup, neither between tags nor in a quoted attribute
 * (threats ADM-09). There is no conversion that does not escape. Known are
 * %s, %.*s, and those of whole numbers.
 */
#ifndef ADMIN_WEB_HTML_H
#define ADMIN_WEB_HTML_H

#include "base/buf.h"

void html(struct buf *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same of one text. Bytes that are no UTF-8, and characters that control
 * a screen or the direction of text, are shown as U+FFFD. */
void html_text(struct buf *, struct str);

#endif
