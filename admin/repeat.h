/*
 * repeat.h - commands that print a line every so many seconds
 *
 * `rate`, `hostrate`, `workqueue rate`: until Ctrl-C, or so many times. The
 * heading comes again after 20 lines.
 */
#ifndef ADMIN_REPEAT_H
#define ADMIN_REPEAT_H

#include "admin/tool.h"

#define REPEAT_SECONDS 10 /* if nothing else is said */
#define REPEAT_RANGE   "SECONDS is within 1..3600, COUNT 1 or more"

struct repeat {
	uint64_t every; /* seconds */
	uint64_t count; /* lines; 0: without end */
	/* Adds one line, and the heading if that is wanted, as text; or gives
	 * the same as *json. -1: err. first: there was none before. */
	int (*line)(struct tool *, void *arg, bool first, bool heading,
	    struct buf *text, json_t **json, struct err *err);
	void *arg;
};

/* SECONDS [COUNT] from argv[0] on. False: they are not that. */
bool repeat_take(struct repeat *, int argc, char **argv);
/* Asks for the seconds, and says how it ends. False: the input ended. */
bool repeat_ask(struct tool *, struct repeat *);
int repeat_run(struct tool *, const struct repeat *);

#endif
