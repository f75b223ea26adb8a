/*
 * names.h - how names of rules and actions are compared
 *
 * Used by the files of lib/filter that have the tables.
 */
#ifndef FILTER_NAMES_H
#define FILTER_NAMES_H

#include <stdbool.h>

#include "base/str.h"

/* The same in any case, and with _ for -; canonical NULL: no. */
bool name_is(struct str name, const char *canonical);
/* How many letters differ, likewise: str_distance(). */
size_t name_distance(struct str name, const char *canonical);

/* In the order of the bits of enum macro_type. */
extern const char *const filter_macro_types[];

#endif
