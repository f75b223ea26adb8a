/*
 * edits.h - who changed the working copy since the last commit
 *
 * etc/.edits has a line for each user and command: when it wrote last. All
 * administrators share the working copy, so whoever commits should know that
 * he commits the changes of somebody else as well. Of editors nothing is
 * known here; the file is gone when the working copy is committed or cleared.
 */
#ifndef CONFIG_EDITS_H
#define CONFIG_EDITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define EDITS_MAX 64 /* the oldest go */

struct edits {
	struct edit_note {
		int64_t at; /* wall ms */
		char user[65], command[33];
	} v[EDITS_MAX]; /* oldest first */
	size_t n;
};

/* What is damaged is as if it had not been written. */
void edits_read(const char *etc, struct edits *);
int edits_add(
    const char *etc, const char *user, const char *command, struct err *err);
int edits_forget(const char *etc, struct err *err);

#endif
