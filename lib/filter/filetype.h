/*
 * filetype.h - names of file types and their groups (spec workqueue 2.8.2)
 *
 * Types are what the content looks like, never what a name ends in. Names are
 * compared in any case.
 */
#ifndef FILTER_FILETYPE_H
#define FILTER_FILETYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* A type or a group of that name can be asked for. */
bool filetype_known(struct str name);
/* Is a part of this type (a fact: "pdf"; empty: unknown) what `wanted`, a
 * type or a group, stands for? */
bool filetype_matches(struct str wanted, struct str type);
/* The next best names, "exe, Executable"; empty: nothing is near. */
void filetype_near(struct str name, char *out, size_t size);

/* For the manual: name of group i and its types; NULL: no more. */
const char *filetype_group(size_t i, const char **types);

#endif
