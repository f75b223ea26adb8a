/*
 * bundle.h - the files of one configuration revision as one descriptor
 *
 * The master reads the committed revision (it alone may read the folder) and
 * hands it to each program as a sealed memory file: for each file its name,
 * its length, its bytes. Programs read it without any file system; as nobody
 * can change it any more, they all look at the same memory.
 *
 * In a program's bundle a table of addresses stands compiled, as NAME.db in
 * place of NAME (bundle_tables.h).
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

struct bundle_memory;
struct bundle {
	struct bundle_file *files;
	size_t n;
	const char *map; /* what the views point into */
	size_t map_len;
	struct bundle_memory *memory; /* counted: bundle_hold */
};

/* Reads postern.yaml, filters, tables, texts below folder (never secrets, no
 * compiled tables); names as threats ADM-03; each file within
 * bundle_file_max. Without following links out of the folder. */
int bundle_read_folder(struct bundle *b, const char *folder, struct err *err);
/* A sealed memfd holding it; returns the descriptor, or -1. */
int bundle_to_fd(const struct bundle *b, struct err *err);
int bundle_from_fd(struct bundle *b, int fd, struct err *err);
/* One file from memory: tests, fuzzing. */
void bundle_from_text(struct bundle *b, const char *name, struct str text);
const struct bundle_file *bundle_find(const struct bundle *b, const char *name);
const struct bundle_file *bundle_get(const struct bundle *b, struct str name);
void bundle_free(struct bundle *b);
/* to becomes a bundle without files that keeps the memory of b: what points
 * into it stays valid until to is freed as well. */
void bundle_hold(struct bundle *to, const struct bundle *b);
/* The most bytes that a file of this name may have. */
size_t bundle_file_max(struct str name);

#endif
