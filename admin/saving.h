/*
 * saving.h - a whole configuration as one text: for files, screens, mail
 */
#ifndef ADMIN_SAVING_H
#define ADMIN_SAVING_H

#include "admin/tool.h"
#include "config/saved.h"

#define SAVING_SUFFIX ".conf"

struct saving {
	enum saved_secrets how;
	const char *key_file; /* NULL: the key of the machine */
	bool working;         /* the working copy; else what is in force */
	uint64_t revision;    /* filled in; 0: the working copy */
	char hostname[256];   /* filled in */
};

/* mask, encrypt, plain. */
bool saving_word(const char *word, enum saved_secrets *);
/* Appends it to out. -1: err says why not. */
int saving_make(
    struct tool *, struct saving *, struct buf *out, struct err *err);
/* "PST-V-5254001A2B3C-20250304T110412.conf" */
void saving_name(const struct tool *, char *out, size_t size);
/* The key in a file, or that of the machine. */
int saving_key(
    struct tool *, const char *key_file, struct seal *, struct err *err);

/* The folder of saved configurations, made if need be; a descriptor. */
int saving_folder(const struct tool *, struct err *err);
void saving_path(const struct tool *, const char *name, char *out, size_t);

#endif
