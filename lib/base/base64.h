/*
 * base64.h - base64 as RFC 4648 section 4 has it, strictly
 *
 * The decoder takes what the encoder of anybody honest writes: groups of
 * four, padding only at the end, unused bits zero, no blanks. Anything else
 * is not base64 (threats STM-08).
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Bytes that encoding or decoding of n bytes takes at most, without NUL. */
#define BASE64_ENCODED(n) (((n) + 2) / 3 * 4)
#define BASE64_DECODED(n) ((n) / 4 * 3)

void base64_encode(struct str bytes, struct buf *out);
/* False, and nothing added: it is not base64. */
bool base64_decode(struct str text, struct buf *out);

#endif
