/* arena.c - memory with one common end of life */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"

/*
 * Chunks grow with the arena, so that a small transaction costs one small
 * malloc and a big configuration few big ones. The newest chunk is first;
 * only it has room.
 */
#define CHUNK_FIRST 1024
#define CHUNK_LAST  65536
#define ALIGN       _Alignof(max_align_t)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, cap;
	_Alignas(max_align_t) char data[];
};

static struct arena_chunk *chunk_add(struct arena *, size_t n);
static void *take(struct arena *, size_t n, size_t align);

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){ .max = max };
}

void
arena_free(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	a->chunks = NULL;
	a->used = 0;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	return memset(take(a, n, ALIGN), 0, n);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		panic("arena: array of %zu * %zu bytes", n, size);
	return arena_alloc(a, n * size);
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strz(a, str_of(s));
}

char *
arena_strz(struct arena *a, struct str s)
{
	char *copy = take(a, s.n + 1, 1);

	if (s.n != 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

struct str
arena_str(struct arena *a, struct str s)
{
	return (struct str){ arena_strz(a, s), s.n };
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	char line[256], *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0)
		panic("arena: format '%s'", fmt);
	text = take(a, (size_t)n + 1, 1);
	if ((size_t)n < sizeof(line))
		return memcpy(text, line, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

struct str
arena_join(struct arena *a, const struct str *parts, size_t n)
{
	size_t len = 0, at = 0;
	char *text;

	for (size_t i = 0; i < n; i++)
		len += parts[i].n;
	text = take(a, len + 1, 1);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].n != 0)
			memcpy(text + at, parts[i].p, parts[i].n);
		at += parts[i].n;
	}
	text[len] = '\0';
	return (struct str){ text, len };
}

/* n bytes as they are; text needs no alignment and packs tightly. */
static void *
take(struct arena *a, size_t n, size_t align)
{
	struct arena_chunk *c = a->chunks;
	size_t from = 0;

	if (n > a->max - a->used)
		panic("arena: %zu bytes over the limit of %zu", n, a->max);
	if (c != NULL)
		from = (c->used + align - 1) & ~(align - 1);
	if (c == NULL || from > c->cap || n > c->cap - from) {
		c = chunk_add(a, n);
		from = 0;
	}
	c->used = from + n;
	a->used += n;
	return c->data + from;
}

static struct arena_chunk *
chunk_add(struct arena *a, size_t n)
{
	size_t cap = a->chunks == NULL ? CHUNK_FIRST : a->chunks->cap * 2;
	struct arena_chunk *c;

	if (cap > CHUNK_LAST)
		cap = CHUNK_LAST;
	if (n > cap)
		cap = n;
	c = mem_grow(NULL, sizeof(*c) + cap);
	c->used = 0;
	c->cap = cap;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}
