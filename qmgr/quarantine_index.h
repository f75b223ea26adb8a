/*
 * quarantine_index.h - held messages in memory (private to quarantine*.c)
 */
#ifndef QMGR_QUARANTINE_INDEX_H
#define QMGR_QUARANTINE_INDEX_H

#include "qmgr/quarantine.h"

#define UNCLASSIFIED "Unclassified"

/* Without entries. */
struct stored *index_new(struct quarantines *, const struct stored_info *);
void index_free(struct quarantines *, struct stored *);
/* By name, made when it is new; its config is NULL if there is none. */
struct box *index_box(struct quarantines *, struct str name);
void index_config(struct quarantines *); /* each box finds its own anew */
enum held_pool index_pool(const struct box *);
/* ms that a message stays there; h: what was said when it was put there. */
int64_t index_retention(const struct hold_rec *h, const struct box *);
/* In a quarantine that is not configured; NULL: none. */
struct entry *index_homeless(const struct quarantines *);
struct entry *index_entry(const struct stored *, const struct box *);
/* A new one, HELD_IN, in no heap yet. */
struct entry *index_add(struct stored *, struct box *);
/* It is that recipient's; they are added in order. */
void index_rcpt(struct entry *, uint32_t rid);
void index_state(struct entry *, enum held_state);
void index_dirty(struct entry *, bool);
/* Into the heaps and counts, if it is HELD_IN; out of them, if it is there. */
void index_enter(struct quarantines *, struct entry *);
void index_leave(struct quarantines *, struct entry *);

/* The room that it takes, and what is shown of it. */
void index_occupy(struct quarantines *, const struct stored *, bool in);
/* What the pseudo hosts of the spam quarantine show of it (10.6). */
void index_show(struct quarantines *, struct stored *);
/* n recipients went through one of them. */
void index_passed(struct quarantines *, const char *host, uint64_t n);

/* quarantine.c: what is next for it; it may be gone afterwards. */
void quarantine_step(struct quarantines *, struct stored *);

/* quarantine_room.c */
bool room_admit(struct quarantines *, struct stored *);
void room_alert(struct quarantines *); /* that little is left */

/* quarantine_leave.c: released or deleted, as its quarantine has it. */
void leave_by_default(struct quarantines *, struct entry *, enum leave_why);

#endif
