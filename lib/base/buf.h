/*
 * buf.h - the one growing byte buffer; every buffer has a limit
 *
 * The limit is given at init. Going over it sets `failed` and adds nothing:
 * append freely, look once at the end. There is always a NUL after the data
 * once something was added. Consuming from the front is cheap.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct buf {
	char *data;  /* first live byte */
	size_t len;  /* live bytes */
	size_t cap;  /* bytes allocated, counted from base */
	size_t off;  /* data == base + off */
	size_t max;  /* limit of len, never 0 */
	bool failed; /* sticky until buf_reset or buf_fini */
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);    /* frees; b may be initialised again */
void buf_reset(struct buf *b);   /* empties, keeps the memory, clears failed */
void buf_release(struct buf *b); /* empties and gives the memory back */

bool buf_add(struct buf *b, const void *p, size_t n);
bool buf_add_str(struct buf *b, struct str s);
/* Here, so that the length of a literal is known when it is compiled. */
static inline bool
buf_puts(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}
bool buf_putc(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for n bytes at the end, to be filled and then counted by buf_grew. */
char *buf_room(struct buf *b, size_t n); /* NULL: over the limit */
void buf_grew(struct buf *b, size_t n);

void buf_consume(struct buf *b, size_t n); /* drop n bytes at the front */
struct str buf_str(const struct buf *b);   /* view; dies with any change */
char *buf_take(struct buf *b); /* NUL-ended heap copy; b is empty after */

#endif
