/*
 * capture_parts.h - the files that captures are made of, in their folder
 *
 * For admin tools, with the caller's rights, and for the master.
 */
#ifndef ADMIN_CAPTURE_PARTS_H
#define ADMIN_CAPTURE_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define PARTS_FILE_HEADER 24 /* bytes that each part begins with */

struct part {
	char *name; /* of the file; the capture's without the last digits */
	size_t n;   /* bytes of the capture's name */
	uint64_t size;
	int64_t modified; /* wall ms */
};

struct parts {
	int dir;
	struct part *v; /* in order of name */
	size_t n, cap;
};

/* -1: err. */
int parts_read(struct parts *, const char *folder, struct err *err);
void parts_free(struct parts *);
bool parts_has(const struct parts *, const char *name, struct err *err);
bool part_is_of(const struct part *, const char *name);
/* [{ "file", "size", "parts", "modified" }], oldest first. */
json_t *parts_list(const struct parts *);
/* One for reading, a regular file without a second name. -1: errno. */
int part_open(const struct parts *, const struct part *);
/* All of a capture. -1: err. */
int parts_delete(const struct parts *, const char *name, struct err *err);

#endif
