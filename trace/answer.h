/*
 * answer.h - is this a right answer to that question?
 *
 * Each returns false with what to say in err.
 */
#ifndef TRACE_ANSWER_H
#define TRACE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

bool answer_ip(const char *text, struct err *);
bool answer_name(const char *text, struct err *);    /* or empty */
bool answer_owner(const char *text, struct err *);   /* a number, N/A, empty */
bool answer_score(const char *text, struct err *);   /* N/A, none, empty */
bool answer_country(const char *text, struct err *); /* XX, N/A, empty */

/* The parts between commas, but not those in quotes or a source route; in
 * mem. */
struct str *answer_list(struct str list, size_t *n, struct arena *mem);

/* Seconds east of UTC at that time. */
int32_t answer_zone(int64_t wall_ms);

#endif
