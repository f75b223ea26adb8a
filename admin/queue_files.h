/*
 * queue_files.h - what the queue manager keeps beside its messages: orders,
 * suspension
 */
#ifndef ADMIN_QUEUE_FILES_H
#define ADMIN_QUEUE_FILES_H

#include "base/err.h"

struct queue_files_fault {
	const char *file; /* "deferred/.orders" */
	const char *word, *cure;
	char what[200];
};

/* Looks at them; found is called for what is wrong. folder: deferred. */
void queue_files_check(int folder,
    void (*found)(void *arg, const struct queue_files_fault *), void *arg);
/* Puts the one of that name right; *done: what was done. -1: err. */
int queue_files_mend(
    int folder, const char *file, const char **done, struct err *);

#endif
