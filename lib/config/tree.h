/*
 * tree.h - the box around a struct config: its memory, count and indexes
 *
 * Used by the files of lib/config only.
 */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "base/arena.h"
#include "config/bundle.h"
#include "config/config.h"
#include "config/table.h"

/* Far more than files of CONFIG_FILE_MAX with NODES_MAX values can need. */
#define TREE_MAX ((size_t)1 << 31)

struct config *tree_new(uint64_t revision); /* empty, one reference */
struct arena *tree_arena(struct config *);
void tree_index(struct config *); /* once it is whole: for the look-ups */
struct load;
void tree_compile(struct config *, struct load *); /* its filters */

/* Tables go with it, and the memory of the bundle that they may stand in.
 * tree_table: NULL: no such table yet. */
void tree_own_table(struct config *, struct table *);
void tree_hold_bundle(struct config *, const struct bundle *);
struct table *tree_table(const struct config *, const char *file);
size_t tree_tables(const struct config *, struct table *const **);

#endif
