/*
 * dictionary.h - the terms of a dictionary, as dictionaryconfig changes them
 *
 * The file below tables/ is edited, not written anew: comments stay. k: its
 * number in the configuration. All return an exit status and have said what
 * was wrong. dictionary.c has the text, dictionary_edit.c the dialogue.
 */
#ifndef ADMIN_DICTIONARY_H
#define ADMIN_DICTIONARY_H

#include "admin/editing.h"

/* "tables/names.txt" */
void dictionary_file(const struct editing *, size_t k, char *out, size_t size);
/* Lines of terms behind those that are there, which must be right; an
 * expression that does not compile is refused. Nothing is saved. */
int dictionary_add(struct editing *, size_t k, struct str lines);
/* The term in that line of the file. */
int dictionary_remove(struct editing *, size_t k, int line);
/* A text in that character set takes the place of all terms. */
int dictionary_replace(
    struct editing *, size_t k, struct str text, const char *charset);
/* All of them as lines. */
void dictionary_text(const struct editing *, size_t k, struct buf *out);
/* Whether all lines are right; the first lines that are not are said. */
bool dictionary_check(struct editing *, struct str lines);

/* The menu of one; false: the input ended. */
bool dictionary_edit(struct editing *, size_t k);
/* The same on a line: word is the operation. */
int dictionary_take(
    struct editing *, struct args *, size_t k, const char *word);
/* Its place in the list of postern.yaml. */
size_t dictionary_place(const struct editing *, size_t k);
/* Questions that a new one has as well. */
bool dictionary_ask_flag(
    struct editing *, const char *question, bool dflt, bool *flag);
bool dictionary_ask_charset(struct editing *, char *out, size_t size);
bool dictionary_ask_terms(struct editing *, struct buf *lines);

#endif
