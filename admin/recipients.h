/*
 * recipients.h - entries of a recipient access table while they are edited
 *
 * An entry is an item of the list `rat` in postern.yaml: it may have several
 * patterns. What the listener's type adds (ALL, rejected) is no item.
 */
#ifndef ADMIN_RECIPIENTS_H
#define ADMIN_RECIPIENTS_H

#include "admin/ask.h"

struct recipients {
	char patterns[DIALOGUE_LINE]; /* separated by ", " */
	bool accept;
	char reply[DIALOGUE_LINE]; /* "550 text"; empty: the usual one */
	bool bypass[3];            /* recipients_bypass */
};

/* Keys of postern.yaml, and what is asked. */
extern const struct recipients_bypass {
	const char *key, *question;
} recipients_bypass[3];

size_t recipients_count(const struct editing *, size_t listener);
void recipients_read(
    const struct editing *, size_t listener, size_t k, struct recipients *);
/* The entry that has this pattern; the count: none. */
size_t recipients_find(
    const struct editing *, size_t listener, struct str pattern);
bool recipients_is_all(const struct recipients *);
/* Patterns and the reply fit together; duplicates are taken out, with a
 * note, `own` being the entry that may have them. */
bool recipients_check(struct editing *, size_t listener, size_t own,
    struct recipients *, struct err *);
/* As a new item, before a written ALL; or in place of the item k. */
void recipients_add(
    struct editing *, size_t listener, const struct recipients *);
void recipients_replace(
    struct editing *, size_t listener, size_t k, const struct recipients *);

#endif
