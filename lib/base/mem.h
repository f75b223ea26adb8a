/*
 * mem.h - memory that is there or ends the process
 *
 * Running out of memory cannot be handled sensibly in the middle of a mail
 * transaction: nothing unacknowledged may be lost, so the process ends
 * (panic) and the master starts it again.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

void *mem_alloc(size_t n);              /* zeroed; pair with free() */
void *mem_array(size_t n, size_t size); /* zeroed, overflow checked */
void *mem_grow(void *p, size_t n);      /* realloc; new bytes undefined */
char *mem_strdup(const char *s);
/* Up to a NUL; n + 1 bytes all the same, the rest of them zero: whoever goes
 * on with n stays in it. */
char *mem_strndup(const char *s, size_t n);
void *mem_dup(const void *p, size_t n);

/*
 * Room for one more element in a heap array: grows *cap by doubling.
 * v = mem_room(v, &cap, n, sizeof(*v)); v[n++] = x;
 */
void *mem_room(void *v, size_t *cap, size_t n, size_t size);

#endif
