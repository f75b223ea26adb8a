/*
 * programs.h - other programs of this system, run by tools
 *
 * They are called by fixed paths with a vector of arguments; no shell is ever
 * between. Installed, they are those of the system; with --root DIR those in
 * DIR/bin, and no others: such an installation changes nothing outside.
 */
#ifndef ADMIN_PROGRAMS_H
#define ADMIN_PROGRAMS_H

#include <sys/types.h>

#include "admin/tool.h"

/* Where "/usr/bin/NAME" is here. False: there is no such program. */
bool programs_find(
    const struct tool *, const char *installed, char out[PATH_MAX]);

/*
 * Runs it: argv[0] is such a path, in its standard input (NULL: nothing); out
 * has what it printed on both outputs. 0: its exit status was 0; else err
 * says what it said last, or why it could not be run.
 */
int programs_run(
    const char *const argv[], const char *in, struct buf *out, struct err *);

/* When a process began, in ticks since the boot; 0: it is gone. A number is
 * given anew some day: with this it is known whose it is. */
int64_t programs_began(pid_t);

/* What a process has used of the processors since it began, and memory of its
 * own: neither the page cache nor what it shares. */
struct programs_use {
	int64_t cpu_ms, memory; /* bytes */
};
/* False: it is gone, or this system does not show it. */
bool programs_use(pid_t, struct programs_use *);

/* Puts a note of the master's table into the logs; where nothing runs, this is
 * said, and no more. */
void programs_note(struct tool *, const char *word);

#endif
