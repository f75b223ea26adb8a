/*
 * selection.h - which recipients of the queue a command is about
 *
 * Those at one host, of one envelope sender, of one message, or all
 * (delivery-admin 3.1 to 3.4): as words of a line, or asked for.
 */
#ifndef ADMIN_SELECTION_H
#define ADMIN_SELECTION_H

#include "admin/control.h"
#include "base/bounds.h"

#define SELECTION_USAGE "host HOST | sender ADDRESS | mid MID | all"

struct selection {
	const char *word; /* host, sender, mid, all */
	char what[ADDR_MAX + 3];
};

/* From the words of a line, argv[0] the first of them. False: not these. */
bool selection_take(struct selection *, int argc, char **argv);
/* Asks; verb: "show". False: the input ended. */
bool selection_ask(struct tool *, const char *verb, struct selection *);
/* Puts them behind the n words of a question, which has room for three more
 * and NULL. */
void selection_add(const struct selection *, const char **words, size_t n);

/* A command that does something to them: "delete", "deleted", ... */
struct selection_verb {
	const char *command; /* of the queue manager */
	const char *verb, *doing, *done;
};
/* The whole of it, with confirmation where a person is asked. */
int selection_run(
    struct tool *, const struct selection_verb *, int argc, char **argv);
/* Asks the queue manager and prints what became of it: so many of the unit,
 * "message" or "recipient", are done. */
int selection_carry_out(struct tool *, const char *const *words,
    const char *unit, const char *done);

#endif
