/*
 * suspend.h - stopping and resuming receiving and delivery: what
 * suspendlistener, suspenddel, suspend and their opposites share
 */
#ifndef ADMIN_SUSPEND_H
#define ADMIN_SUSPEND_H

#include "admin/control.h"

#define SUSPEND_WAIT     30
#define SUSPEND_WAIT_MAX 86400

/* The seconds of a command: its argument, or asked for, else the default.
 * Returns TOOL_DONE, or the exit status. */
int suspend_wait(struct tool *, const char *arg, uint64_t *seconds);

/*
 * Names of listeners, each once: those that are (not) suspended now.
 * Returns the JSON list, the caller's; NULL: err.
 */
json_t *suspend_listeners(struct tool *, bool suspended, struct err *err);

/* These do it, and say so. names: a JSON list. Return the exit status. */
int suspend_receiving(struct tool *, const json_t *names, uint64_t seconds);
int suspend_resume_receiving(struct tool *, const json_t *names);
int suspend_delivery(struct tool *, uint64_t seconds);
int suspend_resume_delivery(struct tool *);

#endif
