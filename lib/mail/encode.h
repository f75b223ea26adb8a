/*
 * encode.h - transfer encodings, written (RFC 2045 6.7, 6.8)
 *
 * Lines are CRLF, at most 76 characters. The input has CRLF lines as well.
 */
#ifndef MAIL_ENCODE_H
#define MAIL_ENCODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Text as it is: ASCII, and no line is longer than the wire allows. */
bool encode_is_7bit(struct str text);
void encode_quoted(struct str text, struct buf *out);
void encode_base64(struct str bytes, struct buf *out);
/* Lines that end in LF, CR or CRLF get CRLF. */
void encode_crlf(struct str text, struct buf *out);

#endif
