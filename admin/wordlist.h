/*
 * wordlist.h - lists of words in postern.yaml: adding to and taking from them
 *
 * path leads to the list. words: separated by commas.
 */
#ifndef ADMIN_WORDLIST_H
#define ADMIN_WORDLIST_H

#include "admin/ask.h"

/* Those that are not there yet, at the end. */
void wordlist_add(struct editing *, const char *path, const char *words);
void wordlist_remove(struct editing *, const char *path, const char *words);
/* One a line. */
void wordlist_show(struct editing *, const char *path);
/* ... as an array. */
json_t *wordlist_json(const struct editing *, const char *path);
/* Its position, in any case of letters; SIZE_MAX: it is not there. */
size_t wordlist_find(const struct editing *, const char *path, struct str word);

#endif
