/*
 * tagkeys.h - the file of the keys of bounce verification, as commands
 * change it
 *
 * secrets/bounce.keys below the configuration folder (tls/tag.h). keyd reads
 * it again when it has changed; no commit is needed. No key is ever shown.
 */
#ifndef ADMIN_TAGKEYS_H
#define ADMIN_TAGKEYS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

/* The new one is in use; those that were are retired now. */
int tagkeys_add(
    const char *etc, struct str file, struct str text, struct err *);
/* Removes keys that were retired that many days ago, or before; -1: all keys.
 * *n: how many. */
int tagkeys_purge(
    const char *etc, struct str file, int days, size_t *n, struct err *);

/* A line for each: when it was made, whether it is in use. */
int tagkeys_text(
    const char *etc, struct str file, struct buf *out, struct err *);
/* [ { "created": wall ms, "retired": wall ms or null, "status": "current",
 * "retired", or "expired", which vouches for nothing more } ]; NULL: err */
json_t *tagkeys_json(const char *etc, struct str file, struct err *);

#endif
