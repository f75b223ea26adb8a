/*
 * logfiles.h - log subscriptions, and their files, for those who look at them
 *
 * Files are read where the recorder writes them: that goes without a running
 * gateway, too, and asks for no more rights than to see them. One that is
 * rolled over while it is read stays open; the next one is found by the time
 * in its name.
 */
#ifndef ADMIN_LOGFILES_H
#define ADMIN_LOGFILES_H

#include <stdio.h>

#include "admin/tool.h"
#include "config/config.h"

/* What is in force; the caller drops it with config_unref(). NULL: err. */
struct config *logfiles_config(const struct tool *, struct err *);
/* "Text Mail Logs" */
const char *logfiles_type(enum log_type);

/*
 * The subscription of that name; name NULL: a person is asked for one, after
 * a list of all with this question, else there is none. NULL: *status is what
 * to return, the reason was said.
 */
const struct log_subscription *logfiles_pick(struct tool *,
    const struct config *, const char *name, const char *question, int *status);

/* Names of the files, oldest first. */
struct logfiles {
	char folder[PATH_MAX];
	char **names;
	size_t n;
};
/* -1: err. A subscription that has no files yet has none. */
int logfiles_list(
    struct logfiles *, const struct tool *, struct str log, struct err *);
void logfiles_free(struct logfiles *);
FILE *logfiles_open(const struct logfiles *, size_t i, struct err *);
/* The time in a name, as text: "20250304T104008". */
struct str logfiles_stamp(const char *name);

/* Calls line() for each line of all these files, without its end; false: it
 * wants no more. -1: err. */
int logfiles_read(const struct logfiles *, size_t from,
    bool (*line)(void *arg, struct str), void *arg, struct err *);

/*
 * Waits for more: calls line() for whatever is added to the last of the files
 * from offset `at` on (-1: what comes from now on), and to those that come
 * after it. Ends when line() wants no more.
 */
int logfiles_follow(const struct tool *, struct str log, const char *name,
    long at, bool (*line)(void *arg, struct str), void *arg, struct err *);

#endif
