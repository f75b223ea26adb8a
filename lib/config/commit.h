/*
 * commit.h - from the working copy to the next revision
 *
 *	begin	lock, read working copy and current revision
 *	check	is it right? (problems tell)
 *	store	it stands as revision N, whole and durable, not yet current
 *	  ...	whoever runs the programs puts N in force and makes it the
 *		current one (revision_make_current), or says why not
 *	finish	the working copy is based on N now; what is too old goes
 *	drop	or: N is removed, everything is as before
 *	end
 *
 * One at a time: the lock is held from begin to end, and goes with the
 * process. A crash leaves either a draft, or an N that is not current: the
 * next one removes both (threats DUR-16).
 */
#ifndef CONFIG_COMMIT_H
#define CONFIG_COMMIT_H

#include "config/load.h"

#define REVISIONS_KEPT 10 /* spec delivery-admin 4.2; the current is one */

struct commit {
	const char *etc, *state;
	int dir;               /* of the revisions, locked; -1: none */
	int lock;              /* of the working copy */
	uint64_t current;      /* 0: there is none yet */
	uint64_t base;         /* of the working copy; 0: not known */
	uint64_t number;       /* what was stored; 0: nothing */
	struct bundle work;    /* the working copy */
	struct bundle now;     /* the current revision */
	struct config *config; /* of the working copy, once it was checked */
};

struct commit_note {
	const char *user, *comment;
	bool forget; /* do not keep it to go back to */
};

/* -1: nothing to end. */
int commit_begin(
    struct commit *, const char *etc, const char *state, struct err *err);
/* The working copy is what the current revision is. */
bool commit_is_empty(const struct commit *);
/* Others committed since the working copy was made: it does not have what
 * they changed, and would undo it. */
bool commit_is_behind(const struct commit *);
/* Tables whose text is that of the current revision are not compiled anew. */
int commit_check(struct commit *, struct config_problems *, struct err *err);
/* After commit_check. */
int commit_store(struct commit *, const struct commit_note *, struct err *err);
int commit_finish(struct commit *, struct err *err);
int commit_drop(struct commit *, struct err *err);
void commit_end(struct commit *);

/*
 * Puts what both sides changed since the base together, writes it to the
 * working copy, which is then based on the current revision; the commit goes
 * on with it. ERR_USAGE: both touched the same object (the text says which),
 * or what they were made from is not kept any more; nothing was changed.
 */
int commit_merge(struct commit *, struct err *err);
/* Would it? False: err says why not. Changes nothing. */
bool commit_can_merge(const struct commit *, struct err *err);
/* The current revision is put back into the working copy: nothing is left to
 * commit. */
int commit_clear(struct commit *, struct err *err);
/* These files become the working copy. */
int commit_replace(
    struct commit *, const struct bundle *files, struct err *err);

/* All steps at once, where nothing runs that had to be told. 0 in *number
 * with return 0: there was nothing to commit. */
int commit_all(const char *etc, const char *state, const struct commit_note *,
    struct config_problems *, uint64_t *number, struct err *err);

#endif
