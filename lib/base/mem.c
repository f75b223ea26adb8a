/* mem.c - memory that is there or ends the process */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

void *
mem_alloc(size_t n)
{
	return mem_array(1, n);
}

void *
mem_array(size_t n, size_t size)
{
	/* calloc may answer NULL to 0 bytes: that is no lack of memory */
	void *p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		panic("out of memory: %zu * %zu bytes", n, size);
	return p;
}

void *
mem_grow(void *p, size_t n)
{
	void *q = realloc(p, n != 0 ? n : 1);

	if (q == NULL)
		panic("out of memory: %zu bytes", n);
	return q;
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *
mem_strndup(const char *s, size_t n)
{
	char *copy = mem_array(n + 1, 1);

	memcpy(copy, s, strnlen(s, n));
	return copy;
}

void *
mem_dup(const void *p, size_t n)
{
	void *copy = mem_grow(NULL, n);

	if (n != 0)
		memcpy(copy, p, n);
	return copy;
}

void *
mem_room(void *v, size_t *cap, size_t n, size_t size)
{
	if (n < *cap)
		return v;
	if (*cap > SIZE_MAX / 2 / size)
		panic("array of %zu elements cannot grow", *cap);
	*cap = *cap != 0 ? *cap * 2 : 8;
	return mem_grow(v, *cap * size);
}
