/*
 * enclose.h - a message of our own that brings files
 *
 * From the null sender, through the queue like any message: for mailconfig and
 * supportrequest. Begin, any number of files, end.
 */
#ifndef ADMIN_ENCLOSE_H
#define ADMIN_ENCLOSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define ENCLOSE_RCPTS 100

struct enclosing {
	struct buf *out; /* the message, CRLF */
	struct str boundary;
};

/* Addresses with commas between them, as they are to be written; their texts
 * in mem. False: shown is the one that is no address, "" when there is none. */
bool enclose_addresses(struct str list, struct str rcpts[ENCLOSE_RCPTS],
    size_t *n, struct arena *mem, char shown[200]);

/* subject, text: UTF-8; text: lines with LF. mem must live to the end. */
struct enclosing enclose_begin(struct buf *out, const char *hostname,
    const struct str *rcpts, size_t n, const char *subject, struct str text,
    struct arena *mem);
/* type: "text/plain; charset=utf-8" */
void enclose_file(
    struct enclosing *, const char *name, const char *type, struct str bytes);
void enclose_end(struct enclosing *);

#endif
