/*
 * store.h - writing folders of files so that they are whole or not there
 *
 * Used by the files of lib/config only. All names are single components below a
 * descriptor; no link is ever followed.
 */
#ifndef CONFIG_STORE_H
#define CONFIG_STORE_H

#include "base/bounds.h"
#include "config/bundle.h"

/* The folder of revisions, made if need be. lock: wait for nobody, -1 when
 * somebody else is writing; the lock goes with the descriptor. */
int store_open(const char *state, bool lock, struct err *err);
/* Nobody else changes the working copy as long as this descriptor is open;
 * -1: somebody does already. */
int store_lock(const char *etc, struct err *err);
/* Writes one file as a whole: new, synced, renamed, folder synced. mode_of:
 * mode and owner are those of the file that is replaced, if there is one. */
int store_file(
    int dir, const char *name, struct str text, bool mode_of, struct err *err);
/* The same; a new one is for its owner's eyes only. */
int store_secret(int dir, const char *name, struct str text, struct err *err);
/* A new folder `name` with the files of the bundle and some more; whole once
 * it has its name. */
struct store_extra {
	char name[2 * NAME_MAX_LEN]; /* "commit.json", "tables/x.txt.db" */
	struct str text;
	const char *same_in; /* a folder beside it that has this very file,
			      * or NULL: it is linked, not written again */
};
int store_folder(int dir, const char *name, const struct bundle *,
    const struct store_extra *, size_t n_extra, struct err *err);
/* One name and all below it. What is not there is removed already. */
int store_remove(int dir, const char *name, struct err *err);
/* A folder in dir, made if need be, opened; -1: err says why not. */
int store_subfolder(int dir, const char *name, struct err *err);
/* Makes the files of an existing folder those of the bundle: replaces what
 * differs, removes what is ours and not in it. */
int store_replace(const char *folder, const struct bundle *, struct err *err);

#endif
