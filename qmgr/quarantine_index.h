/*
 * quarantine_index.h - held messages in memory (private to quarantine.c)
 */
#ifndef QMGR_QUARANTINE_INDEX_H
#define QMGR_QUARANTINE_INDEX_H

#include "qmgr/quarantine.h"

/* Without entries. */
struct stored *index_new(struct quarantines *, const struct stored_info *);
void index_free(struct quarantines *, struct stored *);
/* By name, made when it is new; its config is NULL if there is none. */
struct box *index_box(struct quarantines *, struct str name);
void index_config(struct quarantines *); /* each box finds its own anew */
enum held_pool index_pool(const struct box *);
/* In a quarantine that is not configured; NULL: none. */
struct entry *index_homeless(const struct quarantines *);
struct entry *index_entry(const struct stored *, const struct box *);
/* A new one, HELD_IN, in no heap yet. */
struct entry *index_add(struct stored *, struct box *);
/* Into the heaps and counts, if it is HELD_IN; out of them, if it is there. */
void index_enter(struct quarantines *, struct entry *);
void index_leave(struct quarantines *, struct entry *);

#endif
