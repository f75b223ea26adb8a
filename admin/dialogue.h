/*
 * dialogue.h - questions to a person
 *
 * A question is one or more lines, then "[default]> ". An empty answer takes
 * the default. A wrong answer prints one line and is asked again. Every
 * function returns false when the input ends: then the command is abandoned
 * and nothing was changed. (Ctrl-C ends the process of the command.)
 */
#ifndef ADMIN_DIALOGUE_H
#define ADMIN_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/str.h"

#define DIALOGUE_LINE 4096 /* longest answer: what a terminal line can hold */

struct dialogue {
	FILE *in, *out;
	/* Hears all answers; NULL: nobody. answer NULL: a secret. */
	void (*heard)(void *arg, const char *prompt, const char *answer);
	void *arg;
	const char *prompt; /* of the question that is open; NULL: unknown */
	bool secret;        /* the answer to it is */
};

/* Free text; dflt "" lets the answer be empty. What does not fit is asked for
 * again. */
bool dialogue_text(struct dialogue *, const char *question, const char *dflt,
    char *out, size_t size);
/* Asked again while empty. */
bool dialogue_needed(
    struct dialogue *, const char *question, char *out, size_t size);
/* "Question? [N]> " */
bool dialogue_yes(
    struct dialogue *, const char *question, bool dflt, bool *out);
bool dialogue_number(struct dialogue *, const char *question, uint64_t lo,
    uint64_t hi, uint64_t dflt, uint64_t *out);
/* A numbered list; *out is the index of the one chosen, from 0. question
 * NULL: the list says it all. */
bool dialogue_choice(struct dialogue *, const char *question,
    const char *const *items, size_t n, size_t dflt, size_t *out);
/* ... of which several may be chosen, separated by commas. */
bool dialogue_choices(struct dialogue *, const char *question,
    const char *const *items, size_t n, size_t dflt, bool *chosen);
/* ... where those that are chosen are the default. */
bool dialogue_choices_of(struct dialogue *, const char *question,
    const char *const *items, size_t n, bool *chosen);

struct dialogue_op {
	const char *word; /* "PAUSE" */
	const char *help; /* "Pause the work queue" */
};
/* A menu of operations, by word or unique beginning. An empty answer leaves
 * the menu: *out is n. */
bool dialogue_menu(
    struct dialogue *, const struct dialogue_op *, size_t n, size_t *out);

/* ... which may have words behind it: *rest, "" for none. */
bool dialogue_menu_words(struct dialogue *, const struct dialogue_op *,
    size_t n, size_t *out, char *rest, size_t size);

/* One line of input without its end; what does not fit is dropped. */
bool dialogue_line(struct dialogue *, char *out, size_t size);
/* Lines as they are, up to one that is a dot: a text. What is more than out
 * can hold makes it fail. */
bool dialogue_lines(struct dialogue *, struct buf *out);

#endif
