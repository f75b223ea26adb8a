/*
 * revise.h - what the commands of the configuration share
 */
#ifndef ADMIN_REVISE_H
#define ADMIN_REVISE_H

#include "admin/tool.h"
#include "config/commit.h"
#include "config/revision.h"

/* Prints every problem, one a line, to stderr. */
void revise_report(const struct config_problems *);

/* The problems as JSON: [ { "file", "line", "column", "path", "text",
 * "warning" } ]. The caller's. */
json_t *revise_problems_json(const struct config_problems *);

/*
 * Checks, stores and puts in force what the commit has as its working copy.
 * The running programs take it all together or not at all; when nothing runs
 * it waits for the next start. Returns the exit status; what failed has been
 * said, and then nothing has changed. The commit stays the caller's to end.
 */
int revise_commit(struct tool *, struct commit *, const struct commit_note *,
    struct config_problems *);

/* Revisions that can be gone back to, newest first, the current one
 * included. */
#define REVISE_LIST 100
struct revise_list {
	struct revision_info v[REVISE_LIST];
	size_t n;
	uint64_t current;
};
/* after: only those newer than it. Returns the exit status. */
int revise_list(struct tool *, uint64_t after, struct revise_list *);
/* As a table with head lines, numbered from 1; numbers: with the number of
 * each revision as well. */
void revise_list_print(
    struct buf *out, const struct revise_list *, bool numbers);

/* Remembers that the command that runs changed the working copy. */
void revise_edited(const struct tool *);
/* Who did since the last commit, one a line; not: the name of one who is left
 * out, or NULL. */
void revise_edits(const struct tool *, const char * not, struct buf *out);
/* The same: [ { "user", "command", "at" } ]. The caller's. */
json_t *revise_edits_json(const struct tool *);

/* "Tue Mar 04 11:02:10 2025": without the zone. */
const char *revise_time(int64_t wall_ms, char out[48]);

#endif
