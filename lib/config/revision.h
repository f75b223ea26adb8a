/*
 * revision.h - working copy and numbered revisions
 *
 *	etc/postern.yaml ...		the working copy
 *	state/revisions/N/		copy of the files of revision N
 *	state/revisions/N/commit.json	who, when, why
 *	state/revisions/current		text file "N\n", replaced atomically
 *
 * Revision 1 is made from the working copy when there is none at start.
 * Only the caller's rights count: the master and `postern commit` use it.
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
};

/* 0: there is none yet. -1 in *err's sense: returns false. */
bool revision_current(const char *state, uint64_t *number, struct err *err);
int revision_bundle(
    struct bundle *b, const char *state, uint64_t number, struct err *err);
int revision_info(const char *state, uint64_t number, struct revision_info *,
    struct err *err);
/* Checks the working copy, stores it as the next revision durably (write
 * new, fsync, rename, fsync folder), makes it current. Fills problems; -1
 * and err when it has errors or cannot be written; nothing changed then.
 * 0 in *number with return 0: there was nothing to commit. */
int revision_commit(const char *etc, const char *state, const char *user,
    const char *comment, struct config_problems *, uint64_t *number,
    struct err *err);
/* Makes an older revision current again (it gets a new number). */
int revision_rollback(const char *etc, const char *state, uint64_t number,
    const char *user, uint64_t *out, struct err *err);
/* Puts the files of the current revision back into the working copy. */
int revision_clear(const char *etc, const char *state, struct err *err);
/* Unified difference between current revision and working copy; empty: no
 * difference. Secrets masked. */
int revision_diff(
    const char *etc, const char *state, struct buf *out, struct err *err);

#endif
