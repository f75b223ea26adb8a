/*
 * parts.h - rules and actions of the filter language, as dialogues ask for
 * them
 *
 * What the tables of the language (filter/ast.h) say of a rule or an action,
 * as far as somebody who is asked for its arguments must know.
 */
#ifndef ADMIN_PARTS_H
#define ADMIN_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define PARTS_ARGS 5

enum part_form {
	PART_TEXT,
	PART_NUMBER, /* stands without quotes */
	PART_WORD,   /* one of words */
	PART_NAME    /* of an entry of list */
};
struct part_arg {
	enum part_form form;
	const char *name; /* "regex" */
	const char *const *words;
	const char *list; /* "dictionaries" */
	bool optional;    /* may be left out */
	bool may_empty;   /* may be the empty text */
	bool threshold;   /* a minimum; 1 if it is left out */
};
struct part {
	const char *name, *help;
	struct part_arg args[PARTS_ARGS];
	size_t n_args;
	/* Rules: how many of ==, !=, <, <=, >, >= compare it, with right;
	 * alone: it may stand without, too. */
	size_t n_signs;
	struct part_arg right;
	bool alone;
	bool final; /* actions: nothing runs behind it */
};

/* False: there is none of that name, or this version has it not. */
bool part_of_rule(const char *name, struct part *);
bool part_of_action(const char *name, struct part *);
/* Is it one that nothing runs behind? "drop()". */
bool part_is_final(struct str action);

#endif
