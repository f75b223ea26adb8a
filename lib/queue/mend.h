/*
 * mend.h - one fault while it is mended (private to mend.c, mend_slots.c and
 * backup.c)
 */
#ifndef QUEUE_MEND_H
#define QUEUE_MEND_H

#include "queue/survey_in.h"

struct mending {
	struct survey *survey;
	struct fault f; /* as it is by now */
	struct judged j;
	struct arena mem; /* of j */
	bool over;        /* nothing is to be looked at any more */
	char *done;       /* MENDED_MAX */
	struct err *err;
};

/* The folder that the fault is in. */
int mend_dir(const struct mending *);
void mend_say(struct mending *, const char *what, const char *name);
/* Moves that name to corrupt, under a free one that begins with `as`; a link,
 * a pipe is removed. */
int mend_aside(struct mending *, int dir, const char *name, const char *as);
int mend_free_name(
    struct survey *, const char *as, char out[ASIDE_NAME], struct err *);
/* Copies a part of the file into corrupt under that name, durable. */
int mend_copy(
    struct mending *, int fd, uint64_t at, uint64_t len, const char *name);
/* MID.new of corrupt gets the name of that MID; *taken: there is one already,
 * in that place, and MID.new is gone. */
int mend_place_new(
    struct mending *, enum queue_place to, uint64_t mid, const char **taken);

/* mend_slots.c: FAULT_SLOT, FAULT_SLOTS, and a slot whose message is
 * elsewhere. */
int mend_slot(struct mending *);
int mend_slots(struct mending *);
int mend_said(struct mending *);

#endif
