/*
 * maptext.h - the lines of a table's text while one entry is changed
 *
 * Comments, contexts and the other entries stay as they are. An entry begins
 * at a line and goes on in lines that begin with a blank.
 */
#ifndef ADMIN_MAPTEXT_H
#define ADMIN_MAPTEXT_H

#include "base/buf.h"
#include "base/str.h"

/* The text without the entry at this line (from 1), or with another one in
 * its place (by n 0: none). */
void maptext_replace(struct buf *out, struct str text, int line, struct str by);
/* A new line at the end; before it an empty text gets none. */
void maptext_append(struct buf *out, struct str text, struct str line);

/* Contexts of an alias table, "[ example.com, .example.net ]": how many there
 * are; the k-th, without brackets; the one that holds for a line (empty: none
 * yet). */
size_t maptext_contexts(struct str text);
struct str maptext_context(struct str text, size_t k);
struct str maptext_context_at(struct str text, int line);
/* A new line at the end of the k-th context; SIZE_MAX: before the first. */
void maptext_append_in(
    struct buf *out, struct str text, size_t k, struct str line);

#endif
