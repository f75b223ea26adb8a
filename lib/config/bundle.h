/*
 * bundle.h - the files of one configuration revision as one descriptor
 *
 * The master reads the committed revision (it alone may read the folder) and
 * hands it to each program as a sealed memory file: for each file its name,
 * its length, its bytes. Programs read it without any file system.
 */
#ifndef CONFIG_BUNDLE_H
#define CONFIG_BUNDLE_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct bundle_file {
	struct str name; /* "postern.yaml", "tables/..." */
	struct str text;
};

struct bundle {
	struct bundle_file *files;
	size_t n;
	void *map; /* what the views point into */
	size_t map_len;
};

/* Reads postern.yaml, filters, tables, texts below folder (never secrets);
 * names as threats ADM-03; total within CONFIG_FILE_MAX per file. Without
 * following links out of the folder. */
int bundle_read_folder(struct bundle *b, const char *folder, struct err *err);
/* A sealed memfd holding it; returns the descriptor, or -1. */
int bundle_to_fd(const struct bundle *b, struct err *err);
int bundle_from_fd(struct bundle *b, int fd, struct err *err);
/* One file from memory: tests, fuzzing. */
void bundle_from_text(struct bundle *b, const char *name, struct str text);
const struct bundle_file *bundle_find(const struct bundle *b, const char *name);
const struct bundle_file *bundle_get(const struct bundle *b, struct str name);
void bundle_free(struct bundle *b);

#endif
