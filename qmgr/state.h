/*
 * state.h - what an administrator said and a restart must not forget
 *
 * Delivery suspended, work queue paused, by whom and why: a small JSON file
 * in the folder of deferred mail, replaced atomically (threats DUR-16).
 */
#ifndef QMGR_STATE_H
#define QMGR_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define STATE_TEXT 201

struct state {
	int folder; /* descriptor of spool/deferred */
	bool suspended;
	int64_t suspended_since; /* wall ms */
	char suspended_by[65];
	bool paused;
	char paused_by[65];
	char reason[STATE_TEXT];
};

/* Opens the folder and reads the file; no file: nothing was said. A file
 * that cannot be understood counts as none, err says why. */
int state_open(struct state *, const char *spool, struct err *err);
int state_write(const struct state *, struct err *err);
void state_close(struct state *);
/* Makes `content` the file of that name in a folder: it is there as it was
 * or as it is to be, never in part, and durable. On any thread. */
int state_replace(
    int folder, const char *name, struct str content, struct err *err);
/* All of the file of that name; nothing when there is none. -1: err. */
int state_read(int folder, const char *name, struct buf *out, struct err *err);

#endif
