/*
 * access_text.h - lines of access tables as text, and nodes made of them
 *
 * Used by hat_text.c and rat_text.c. The text becomes a tree of the same
 * shape as that below the keys hat: and rat: of postern.yaml, so both are
 * read by the same loader; what is wrong with a line is said of that line.
 */
#ifndef CONFIG_ACCESS_TEXT_H
#define CONFIG_ACCESS_TEXT_H

#include "config/loader.h"

struct lines {
	struct load *ld;
	struct str left;
	struct str text;   /* of the current line, without blanks around it */
	const char *begin; /* of the current line */
	int number;
	bool indented;
	bool keep_hash; /* indented lines with # are no comments */
	bool again;     /* lines_next() gives the current one once more */
	bool ended;
};

void lines_begin(struct lines *, struct load *, struct str text);
/* The next line that is neither empty nor a comment; false: the end. */
bool lines_next(struct lines *);
void lines_back(struct lines *);
/* Passes over what is left of an item: all lines that are indented. */
void lines_skip(struct lines *);
/* at: a part of the current line. */
void lines_error(struct lines *, struct str at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A list or map that grows. */
struct grow {
	struct node *node, **tail;
};

/* Nodes stand where `at`, a part of the current line, begins. */
struct node *node_make(struct lines *, enum node_kind, struct str at);
struct node *node_text(struct lines *, struct str at, struct str text);
struct grow grow_begin(struct lines *, enum node_kind, struct str at);
void grow_add(struct grow *, struct node *item);
void grow_put(struct grow *, const char *key, struct node *value);

/*
 * Lines "key = value" up to one that begins with "}"; what stands behind
 * that is *rest. They become keys of map. False, reported: there is no such
 * line.
 */
bool block_read(struct lines *, struct grow *map, struct str *rest);
/* Such a line. */
void block_print(struct buf *, const char *margin, const struct schema_key *,
    const void *object);

/* The inside of "(...)", trimmed; false: that is not what it is. */
bool parenthesized(struct str, struct str *inside);
/* \n, \" and \\ stand for a line end, a quote, a backslash; other backslashes
 * for themselves. */
struct str unescape(struct lines *, struct str);
void print_escaped(struct buf *, struct str);
/* Comments have no such signs: control bytes become blanks. */
void print_comment(struct buf *, struct str);

#endif
