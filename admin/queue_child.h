/*
 * queue_child.h - the process that looks at the queue, and mends it
 *
 * Queue files may be anybody's work, so they are read by a child that is
 * caged as the queue manager is: its account, its system calls, no file but
 * the spool. It says what it finds, a line of JSON each:
 *
 *	{"fault": {"file", "mid", "fault", "what", "would"}}
 *	{"mended": {"file", "mid", "done"}}, or "error" instead of "done"
 *	{"sums": {...}}		the survey is over
 *	{"failed": "..."}	it cannot go on
 *
 * and does what it is told in a line: "mend", or "mend FOLDER" to copy what
 * it will change to corrupt/FOLDER first. Then it surveys again.
 */
#ifndef ADMIN_QUEUE_CHILD_H
#define ADMIN_QUEUE_CHILD_H

#include <jansson.h>
#include <sys/types.h>

#include "admin/tool.h"
#include "queue/survey.h"

/* What it is given. */
struct queue_given {
	const char *path; /* the spool */
	int root;         /* the same, open */
	int counters;     /* the recorder's file; -1: none */
	int lock;         /* of the spool; -1: none. It holds it, too */
	bool running;     /* the gateway is at work */
	struct survey_accounts accounts;
};

struct queue_child {
	pid_t pid;
	int fd;
	struct buf in;
};

/* Starts it with a survey. -1: err. */
int queue_child_start(
    struct queue_child *, const struct queue_given *, struct err *err);
/* What it says next; the caller's. NULL: nothing any more, err. */
json_t *queue_child_next(struct queue_child *, struct err *);
/* folder NULL: no copies. */
int queue_child_mend(struct queue_child *, const char *folder, struct err *);
void queue_child_end(struct queue_child *);

#endif
