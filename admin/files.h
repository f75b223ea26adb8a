/*
 * files.h - files that tables are imported from and exported to
 *
 * They stand in the folder of the configuration, beside postern.yaml, and
 * have plain names: letters, digits, _ . and -, not beginning with . or -.
 * They are no part of the configuration. What may be read and written there
 * is decided by the rights of the caller.
 */
#ifndef ADMIN_FILES_H
#define ADMIN_FILES_H

#include "admin/args.h"
#include "admin/editing.h"

/* A table that can be shown, written to a file, and replaced from one. */
struct files_table {
	/* exported: with the line that a file begins with. */
	void (*print)(struct editing *, const void *what, size_t i,
	    bool exported, struct buf *);
	/* Replaces the whole or changes nothing; the exit status. */
	int (*import)(struct editing *, const void *what, size_t i,
	    const char *name, struct str text);
	const void *what; /* for both */
};
enum files_op { FILES_PRINT, FILES_IMPORT, FILES_EXPORT };

/* Asks for what is needed; false: the input ended. i: for the functions. */
bool files_ask(
    struct editing *, const struct files_table *, enum files_op, size_t i);
/* The rest of a batch line: nothing, or the name of a file. */
int files_take(struct editing *, struct args *, const struct files_table *,
    enum files_op, size_t i);

/* The same as operations of a menu (struct editing_op), about the table that
 * tool_command.files is. */
bool files_ask_print(struct editing *);
bool files_ask_import(struct editing *);
bool files_ask_export(struct editing *);
int files_take_import(struct editing *, struct args *);
int files_take_export(struct editing *, struct args *);

/* One such file; -1: err says why. */
int files_read(
    const struct editing *, const char *name, struct buf *out, struct err *err);
int files_write(
    const struct editing *, const char *name, struct str text, struct err *err);
/* Asks for the name of one until it can be read; empty: nothing is to be.
 * False: the input ended. */
bool files_ask_read(struct editing *, const char *question, char *name,
    size_t size, struct buf *);

/* "Error in line 3: ..." for each, then that nothing was changed. Returns
 * TOOL_NEGATIVE. */
int files_bad_lines(struct editing *, const struct config_problems *);

#endif
