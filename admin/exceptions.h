/*
 * exceptions.h - entries of the domain exception table while they are edited
 * (spec receiving 4.10)
 *
 * An entry is an item of the list exception_table in postern.yaml: it may
 * have several patterns.
 */
#ifndef ADMIN_EXCEPTIONS_H
#define ADMIN_EXCEPTIONS_H

#include "admin/ask.h"

#define EXCEPTIONS_LIST "exception_table"

struct exception {
	char patterns[DIALOGUE_LINE]; /* separated by ", " */
	bool allow;
	char reply[DIALOGUE_LINE]; /* "553 text"; empty: the usual one */
};

size_t exceptions_count(const struct editing *);
void exceptions_read(const struct editing *, size_t k, struct exception *);
/* In place of the k-th; as a new one when k is the count. */
void exceptions_put(struct editing *, size_t k, const struct exception *);
/* All of a list; err is about the first that is wrong. */
bool exceptions_patterns_ok(const char *list, struct err *);
/* One that could be a sender, as far as patterns look at it. */
bool exceptions_address_ok(const char *text);

#endif
