/*
 * outcome.h - what is to become of a message, when its stages have run
 *
 * Its one result stays in its queue file, if only its header was changed.
 * Whatever else came out of it, each part of a split, a message that was
 * rewritten, each copy, is a child: a message of its own, with a queue file
 * and a MID. Nothing is done here but that MIDs are used up.
 */
#ifndef CLEANUP_OUTCOME_H
#define CLEANUP_OUTCOME_H

#include "base/bounds.h"
#include "cleanup/task.h"

#define COPIES_MAX      100 /* of one message: threats FLT-06 */
#define GENERATIONS_MAX 25  /* of copies of copies: threats LOP-05 */

/* A header that was changed stays with its file up to this size: ROUTE has
 * room for it, the Received line and dots that are doubled. */
#define HEADER_STAYS_MAX (PREPEND_MAX / 2 - 4096)

struct child {
	struct child *next;
	uint64_t mid;
	const struct work *work;      /* a result of the run; or */
	const struct work_copy *copy; /* made by it */
	struct mail *mail;            /* once it is written */
	struct outcome *outcome;
};

/* A note, with the MID that the message had at that time. */
struct outcome_step {
	const struct work_note *note;
	uint64_t mid, other;          /* the MID that it began; 0: none */
	enum work_end end;            /* of the result it is about */
	const struct work *part;      /* WN_SPLIT */
	const struct work_copy *copy; /* WN_COPY; NULL: it is not made */
};

struct outcome {
	struct task *task;
	const struct work *kept; /* what stays in the file; NULL: nothing */
	struct child *children;  /* in the order of time */
	struct outcome_step *steps;
	size_t n_steps, n_copies;
	size_t n_dropped;           /* results */
	bool too_many, bad_address; /* some copies are not made */
	unsigned pending;           /* settle.c: files being made durable */
	bool failed;
	struct err why;
};

struct outcome *outcome_of(struct task *); /* in the task's memory */

#endif
