/*
 * rat_index.h - the entry of a recipient access table for an address
 *
 * The table's keys, hashed: built once, when a configuration is loaded, so
 * that it does not matter how many there are.
 */
#ifndef CONFIG_RAT_INDEX_H
#define CONFIG_RAT_INDEX_H

#include "config/config.h"

/* For a table that is whole and will not move. */
void rat_index_make(struct rat *);
void rat_index_free(struct rat *);

/* The first entry that fits, all in lower case: addr is user@domain; domain
 * empty: there is none. NULL: only in a table without ALL. */
const struct rat_entry *rat_index_find(
    const struct rat *, struct str addr, struct str user, struct str domain);

#endif
