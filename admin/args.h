/*
 * args.h - the words of a batch line that changes the configuration
 *
 * First come words whose place says what they are, then options "key=value"
 * in any order: `listenerconfig new Out private Inside SMTP 587 relay=10.1.`
 * Lists are one word with commas. Whoever takes words says at the end that
 * nothing may be left over.
 */
#ifndef ADMIN_ARGS_H
#define ADMIN_ARGS_H

#include "admin/tool.h"

struct args {
	const struct tool *t;
	char **v;
	int n, at;
	bool *used; /* of the options */
};

/* Begins at argv[from]. */
void args_begin(
    struct args *, const struct tool *, int argc, char **argv, int from);
void args_end(struct args *);

/* The next word; NULL: none, or options begin. */
const char *args_next(struct args *);
/* The value of an option; NULL: not given. */
const char *args_option(struct args *, const char *key);
/* The next option that was not asked for: its key, without the value. False:
 * none. */
bool args_left(struct args *, struct str *key, struct str *value);
/* Nothing may be left over. TOOL_DONE, or TOOL_USAGE, which has been said. */
int args_finish(struct args *);

/* A list with commas, trimmed, empty ones dropped. The caller frees it. */
struct str *args_list(const char *text, size_t *n);
/* Cuts off the first of such a list; commas in brackets do not count:
 * country[DE,JP]. */
struct str args_cut(struct str *list);

#endif
