/*
 * workcopy.h - changing the working copy from a command
 *
 *	workcopy_open		read and check what is there
 *	edit_set(w->yaml, ...)	change postern.yaml in memory,
 *	workcopy_put(w, ...)	and files below tables/
 *	workcopy_save		check the whole; write it
 *
 * One that has errors is not opened: whoever wrote them corrects them first,
 * since a command could not tell its own mistakes from those. Changes that
 * lead to errors are taken back and nothing is written. Files keep mode and
 * owner; each is replaced atomically. Who may do this is decided by the
 * rights of the folder.
 */
#ifndef CONFIG_WORKCOPY_H
#define CONFIG_WORKCOPY_H

#include "config/edit.h"

struct workcopy_file {
	char *name; /* "tables/aliases" */
	char *text; /* NULL: to be removed */
	size_t n;
};

struct workcopy {
	struct edit *yaml;     /* to be changed */
	struct config *config; /* as saved or read last */
	/* the rest is for workcopy.c */
	char *etc;
	struct bundle bundle; /* as on disk */
	struct workcopy_file *files;
	size_t n_files, cap_files;
};

/* -1: err; problems has errors too when that is the reason. Warnings are
 * there on success as well. */
int workcopy_open(struct workcopy **, const char *etc, struct config_problems *,
    struct err *);
void workcopy_free(struct workcopy **);

/* A file below filters/, tables/ or texts/ as changed so far; false: there
 * is none. Good until the next change. */
bool workcopy_file(const struct workcopy *, const char *name, struct str *);
void workcopy_put(struct workcopy *, const char *name, struct str text);
void workcopy_remove(struct workcopy *, const char *name);

/* Nothing was changed since the last save: nothing to do. -1: err, and
 * perhaps problems; the changes are undone. */
int workcopy_save(struct workcopy *, struct config_problems *, struct err *);
void workcopy_undo(struct workcopy *);

#endif
