/* buf.c - the one growing byte buffer; every buffer has a limit */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#define BUF_FIRST 256

static inline char *room(struct buf *, size_t n);
static inline void grew(struct buf *, size_t n);
static char *more_room(struct buf *, size_t n);
static void compact(struct buf *);
static void reserve(struct buf *, size_t n);

void
buf_init(struct buf *b, size_t max)
{
	if (max == 0)
		panic("buf: limit 0");
	*b = (struct buf){ .max = max };
}

void
buf_fini(struct buf *b)
{
	size_t max = b->max;

	if (b->data != NULL)
		free(b->data - b->off);
	*b = (struct buf){ .max = max };
}

void
buf_reset(struct buf *b)
{
	if (b->data != NULL) {
		b->data -= b->off;
		b->data[0] = '\0';
	}
	b->off = b->len = 0;
	b->failed = false;
}

void
buf_release(struct buf *b)
{
	bool failed = b->failed;

	buf_fini(b);
	b->failed = failed;
}

bool
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = room(b, n);

	if (to == NULL)
		return false;
	if (n != 0)
		memcpy(to, p, n);
	grew(b, n);
	return true;
}

bool
buf_add_str(struct buf *b, struct str s)
{
	return buf_add(b, s.p, s.n);
}

bool
buf_putc(struct buf *b, char c)
{
	char *to = room(b, 1);

	if (to == NULL)
		return false;
	*to = c;
	grew(b, 1);
	return true;
}

bool
buf_printf(struct buf *b, const char *fmt, ...)
{
	char line[512], *to;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0)
		panic("buf: format '%s'", fmt);
	if ((size_t)n < sizeof(line))
		return buf_add(b, line, (size_t)n);
	to = buf_room(b, (size_t)n);
	if (to == NULL)
		return false;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_grew(b, (size_t)n);
	return true;
}

char *
buf_room(struct buf *b, size_t n)
{
	return room(b, n);
}

void
buf_grew(struct buf *b, size_t n)
{
	grew(b, n);
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n > b->len)
		panic("buf: consume %zu of %zu bytes", n, b->len);
	if (n == 0)
		return;
	b->data += n;
	b->off += n;
	b->len -= n;
	if (b->len == 0)
		compact(b);
}

struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->data != NULL ? b->data : "", b->len };
}

char *
buf_take(struct buf *b)
{
	char *text;

	if (b->data == NULL)
		return mem_strdup("");
	compact(b);
	text = b->data;
	b->data = NULL;
	buf_fini(b);
	return text;
}

/* All is made of these two, some hundred times a message and mostly for a
 * few bytes that fit. One byte is the NUL's. */
static inline char *
room(struct buf *b, size_t n)
{
	if (b->failed || n > b->max - b->len || n >= b->cap - b->off - b->len)
		return more_room(b, n);
	return b->data + b->len;
}

static inline void
grew(struct buf *b, size_t n)
{
	if (n > b->max - b->len || n >= b->cap - b->off - b->len)
		panic("buf: grew by more than there was room for");
	b->len += n;
	b->data[b->len] = '\0';
}

static char *
more_room(struct buf *b, size_t n)
{
	if (b->failed || n > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	reserve(b, n);
	return b->data + b->len;
}

/* Moves the live bytes to the start of the memory. */
static void
compact(struct buf *b)
{
	char *base = b->data - b->off;

	if (b->off == 0)
		return;
	memmove(base, b->data, b->len);
	base[b->len] = '\0';
	b->data = base;
	b->off = 0;
}

/*
 * Makes room for n more bytes and the NUL. What was consumed is reused only
 * when it is at least half of the memory: then every byte moved was paid for
 * by one consumed, and a long queue is not shifted again and again.
 */
static void
reserve(struct buf *b, size_t n)
{
	size_t need = b->len + n + 1, cap;

	if (b->data != NULL && b->off + need <= b->cap)
		return;
	if (b->data != NULL && need <= b->cap && b->off >= b->cap / 2) {
		compact(b);
		return;
	}
	cap = b->cap != 0 ? b->cap * 2 : BUF_FIRST;
	if (cap < need)
		cap = need;
	if (b->data != NULL)
		compact(b);
	b->data = mem_grow(b->data, cap);
	b->cap = cap;
	b->data[b->len] = '\0';
}
