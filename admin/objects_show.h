/*
 * objects_show.h - what lists of things with names look like
 *
 * Used by objects.c; see objects.h.
 */
#ifndef ADMIN_OBJECTS_SHOW_H
#define ADMIN_OBJECTS_SHOW_H

#include "admin/objects.h"

#define OBJECTS_PATH 300 /* room for the path of one */

/* The list's key of the schema; the k-th of its objects. */
const struct schema_key *objects_key(const struct objects_form *);
const char *objects_id(const struct objects_form *);
const void *objects_at(
    const struct editing *, const struct objects_form *, size_t k);
/* Several words, whether the schema reads them itself or not. */
bool objects_is_list(const struct schema_key *);

/* All by name; one with all that it says. With --json: objects with the keys
 * of postern.yaml(5), times in seconds, sizes in bytes. */
void objects_list(struct editing *, const struct objects_form *);
void objects_print(struct editing *, const struct objects_form *, size_t k);

#endif
