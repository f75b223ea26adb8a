/*
 * quarantines.h - the table of quarantines (spec workqueue 10.5)
 *
 *	Quarantine Name    Size (MB)  % full  Messages  Retention  Policy
 *	Policy                 1,024     0.1        12  10d        Delete
 *
 * Size is what a quarantine takes of the room that all of them share, in full
 * megabytes, so that only an empty one has 0.
 */
#ifndef ADMIN_QUARANTINES_H
#define ADMIN_QUARANTINES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

struct quarantine_row {
	struct str name;
	int64_t retention; /* s; 0: by mail policy */
	bool release;
};

/* The first line; names are `width` wide. */
void quarantines_heading(struct buf *out, int width);
/* list: the answer to `quarantine list` (qmgr/commands.h); NULL, or without
 * this quarantine: what it holds is not known. */
void quarantines_row(struct buf *out, int width, const struct quarantine_row *,
    const json_t *list);
/* "10d", "by policy" */
void quarantines_time(struct buf *out, int64_t seconds);

#endif
