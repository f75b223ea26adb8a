/*
 * value.h - values as they stand in logs; inside lib/event only
 */
#ifndef EVENT_VALUE_H
#define EVENT_VALUE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/codec.h"

/*
 * Appends text so that it stays on its line: escaped and cut as by
 * base/str.h. Those of the bytes in `also` get a backslash before them.
 */
void value_string(struct str s, const char *also, struct buf *out);
/* Bytes as they were sent: what is not printable ASCII as \ooo, a backslash
 * and what is in `also` too. Not cut. */
void value_octal(struct str, const char *also, struct buf *out);
void value_u64(uint64_t v, struct buf *out);
void value_i64(int64_t v, struct buf *out);

#endif
