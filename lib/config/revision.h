/*
 * revision.h - the working copy and the numbered revisions, to look at
 *
 *	etc/postern.yaml ...		the working copy
 *	etc/.base			"N\n": the revision it was made from
 *	etc/.edits			who changed it since (edits.h)
 *	state/revisions/N/		copy of the files of revision N, and
 *					its tables compiled
 *	state/revisions/N/commit.json	who, when, why, what
 *	state/revisions/current		"N\n", replaced atomically
 *
 * Making revisions is commit.h's. Only the caller's rights count: the master
 * and `postern` use it.
 */
#ifndef CONFIG_REVISION_H
#define CONFIG_REVISION_H

#include <stdint.h>

#include "config/load.h"

struct revision_info {
	uint64_t number;
	int64_t when; /* wall ms */
	char user[64];
	char comment[1024];
	bool forget; /* not to go back to: gone when another replaces it */
};

/* 0: there is none yet. False: err says why it cannot be told. */
bool revision_current(const char *state, uint64_t *number, struct err *err);
/* Makes a stored one the current one, durably. */
int revision_make_current(const char *state, uint64_t number, struct err *err);
/* The revision that the working copy was made from: by the last commit,
 * clearing, going back or merging. 0: not known. */
bool revision_base(const char *etc, uint64_t *number, struct err *err);

int revision_bundle(
    struct bundle *b, const char *state, uint64_t number, struct err *err);
/* Its compiled tables alone. */
int revision_tables(
    struct bundle *b, const char *state, uint64_t number, struct err *err);
/* With its compiled tables: for config_load, which then need not compile. */
int revision_compiled(
    struct bundle *b, const char *state, uint64_t number, struct err *err);
/* A revision as programs get it: a sealed memory file (bundle_to_fd), and the
 * configuration that was loaded from there. */
int revision_load(const char *state, uint64_t number, struct config **, int *fd,
    struct err *err);
/* ERR_USAGE with sys ENOENT: there is no such revision. */
int revision_info(const char *state, uint64_t number, struct revision_info *,
    struct err *err);
/* What it changed (config/objects.h), one name a line. */
int revision_objects(
    const char *state, uint64_t number, struct buf *out, struct err *err);
/* The numbers of those that are kept, the current one and older, newest
 * first. Returns how many. */
size_t revision_list(const char *state, uint64_t *out, size_t max);

/* Puts the files of a revision, current or former, into the working copy,
 * whatever is there. */
int revision_restore(
    const char *etc, const char *state, uint64_t number, struct err *err);
/* Unified difference between a revision (0: the current one) and the working
 * copy, in that direction; empty: none. Secrets are masked. */
int revision_diff(const char *etc, const char *state, uint64_t number,
    struct buf *out, struct err *err);

#endif
