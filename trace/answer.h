/*
 * answer.h - is this a right answer to that question?
 *
 * Each returns false with what to say in err.
 */
#ifndef TRACE_ANSWER_H
#define TRACE_ANSWER_H

#include <stdbool.h>

#include "base/err.h"

bool answer_ip(const char *text, struct err *);
bool answer_name(const char *text, struct err *);  /* or empty */
bool answer_owner(const char *text, struct err *); /* a number, N/A, empty */
bool answer_score(const char *text, struct err *); /* N/A, none, empty */

#endif
