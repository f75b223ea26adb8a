/*
 * tables.h - dialogues for tables that are files below tables/
 *
 * Domain map and masquerading of a listener, aliases, altsrchost: entries of
 * a left and a right side, in the order of the file (config/table.h). The
 * first entry makes the file; postern.yaml then names it.
 */
#ifndef ADMIN_TABLES_H
#define ADMIN_TABLES_H

#include "admin/ask.h"
#include "config/table.h"

struct tables_form {
	enum table_kind kind;
	/* Where its name stands: "listeners[%zu].domain_map", or for the
	 * whole system "aliases". */
	const char *key;
	bool of_listener;
	const char *inner;  /* key below, if that is a map: "table" */
	const char *suffix; /* of a new file: LISTENER-domainmap, aliases */
	const char *arrow;  /* between the sides, as shown: " --> " */
	const char *gap;    /* ... as written: "\t" */
	const char *title;  /* "Domain mapping is:" for the state */
	const char *ask_left, *ask_right;
	/* Said of a new entry, around its sides: "Entry mapping ", " to ",
	 * " created." */
	const char *created[3];
	bool can_edit;
	/* NEW in its own way; NULL: asks for both sides. */
	bool (*ask_new)(struct editing *, size_t i);
	int (*take_new)(struct editing *, struct args *, size_t i);
	/* Asks for the right side; NULL: any text. */
	bool (*right)(
	    struct editing *, const char *dflt, char *out, size_t size);
	/* One more operation: CONFIG of masquerading. */
	struct dialogue_op more;
	bool (*ask_more)(struct editing *, size_t i);
	int (*take_more)(struct editing *, struct args *, size_t i);
	/* What is shown above the menu besides the number of entries. */
	void (*show)(struct editing *, size_t i);
};

/* i: the listener, if it is of one. False: the input ended. */
bool tables_ask(struct editing *, const struct tables_form *, size_t i);
/* new LEFT RIGHT | edit LEFT RIGHT | delete LEFT | print | import FILE |
 * export FILE | clear. Of aliases, context= says which one is meant. With
 * --json print says from, to and line of each. The exit status. */
int tables_take(
    struct editing *, struct args *, const struct tables_form *, size_t i);

/* A command for a table of the whole system: edits = &tables_edits, form = the
 * form. */
extern const struct editing_form tables_edits;

/* For forms with operations of their own: */
const struct table *tables_now(
    const struct editing *, const struct tables_form *, size_t i);
/* The text as it is in the working copy; empty: there is none. */
struct str tables_text(
    const struct editing *, const struct tables_form *, size_t i);
/* Another text: checked and saved; makes postern.yaml name it. The exit
 * status; what is wrong was said. */
int tables_save(
    struct editing *, const struct tables_form *, size_t i, struct str text);

#endif
