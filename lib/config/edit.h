/*
 * edit.h - changing a YAML file without touching the rest of it
 *
 * Commands change postern.yaml for people who also edit it by hand. So an
 * edit works on the text: only the lines of the value that changes are
 * written anew; comments, order, blank lines, quotes and alignment of
 * everything else stay byte by byte. Comments that stand right above a key or
 * item, or below it and deeper, go where it goes.
 *
 * After each operation the new text is read again and compared with the tree
 * as it should be. If some rare form of YAML was not understood, the
 * operation fails and the text is as it was.
 *
 * A path is keys and positions: "listeners[2].hat.groups[0].policy". A key
 * that is not letters, digits, _ and - is written in double quotes, with \
 * before a " or \ in it (edit_path_key): routes.".example.com". A value that
 * stands where a list could be counts as a list of one.
 *
 * Values are given as YAML, block or flow style; comments in them are lost.
 * They are written in the style of the place: as blocks with the indentation
 * that the file has, or on one line where they stand inside of [] or {}.
 */
#ifndef CONFIG_EDIT_H
#define CONFIG_EDIT_H

#include "base/buf.h"
#include "config/load.h"

struct edit;

#define EDIT_END SIZE_MAX

/* NULL: the text is not YAML as postern.yaml may be; problems say why. file:
 * for messages. The text is copied. */
struct edit *edit_new(
    const char *file, struct str text, struct config_problems *);
void edit_free(struct edit **);
/* As it is now; good until the next change. */
struct str edit_text(const struct edit *);

/*
 * All return 0, or -1 with err and nothing changed.
 */
/* Replaces a value, or adds the key behind the others; maps on the way that
 * are missing are made. */
int edit_set(struct edit *, const char *path, struct str yaml, struct err *);
/* A single value, which is put in quotes if need be. */
int edit_set_text(
    struct edit *, const char *path, struct str value, struct err *);
/* A new item of a list, which is made if it is missing, so that its position
 * is `at`; EDIT_END: the last. */
int edit_insert(
    struct edit *, const char *path, size_t at, struct str yaml, struct err *);
int edit_insert_text(
    struct edit *, const char *path, size_t at, struct str value, struct err *);
/* Removes a key or an item. A map that has no more keys goes too when it is
 * the value of a key; an empty list stays as []. */
int edit_delete(struct edit *, const char *path, struct err *);
/* The item `from` of a list gets the position `to`. */
int edit_move(
    struct edit *, const char *path, size_t from, size_t to, struct err *);
/* Another name for a key. */
int edit_rename(struct edit *, const char *path, struct str key, struct err *);

/* Looking. */
bool edit_has(const struct edit *, const char *path);
/* The single value there; false: none. Good until the next change. */
bool edit_get(const struct edit *, const char *path, struct str *value);
/* Items of a list, keys of a map; 1 for a single value; 0. */
size_t edit_count(const struct edit *, const char *path);
/* The item of a list of maps whose key has this value. */
bool edit_find(const struct edit *, const char *path, const char *key,
    struct str value, size_t *index);
/* A key as it is written in a path. */
void edit_path_key(struct buf *path, struct str key);
/* A single value as it is written in YAML. */
void edit_quote(struct buf *yaml, struct str value);

#endif
