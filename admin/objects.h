/*
 * objects.h - dialogues for lists of things with names
 *
 * Bounce profiles, interfaces, address lists and their like are items of a
 * list of postern.yaml: keys of a section of the schema. A form says which
 * keys are asked for, and how; the rest (types, ranges, errors) is the
 * schema's. Every form works as a batch line, too:
 *
 *	list | print NAME | new NAME [KEY=VALUE ...] |
 *	edit NAME [KEY=VALUE ...] | delete NAME
 *
 * A command of its own is such a form and nothing else: see
 * cmd_callaheadconfig.c.
 */
#ifndef ADMIN_OBJECTS_H
#define ADMIN_OBJECTS_H

#include "admin/ask.h"

#define OBJECTS_KEYS 24

struct objects_question {
	const char *key, *text; /* text NULL: from the schema */
	const char *when;       /* asked if ask_is_so() */
	const char *maybe;      /* a question before: no empties the text */
};

struct objects_form {
	const char *list;  /* key of postern.yaml: "bounce_profiles" */
	const char *id;    /* key that names one; NULL: "name" */
	const char *what;  /* "profile", "interface" */
	const char *title; /* "Current bounce profiles:" */
	const char *none;  /* said instead when there are none */
	const char *ask_name;
	const char *op_help[3]; /* of NEW, EDIT, DELETE */
	struct objects_question keys[OBJECTS_KEYS];
	bool in_units; /* times as "14d", not in seconds */
	bool inherits; /* what is not said follows the first, Default */
	/* What stands behind the name in the list; NULL: nothing. */
	void (*describe)(
	    const struct editing *, const void *object, struct buf *);
	void (*show)(struct editing *); /* instead of the list; NULL: it */
	/* The range or type of a key of this object, which the schema cannot
	 * know; false: it is not asked for. NULL: as the schema says. */
	bool (*narrow)(struct schema_key *, const void *object);
	/* Who uses it besides those that the schema knows of (config/uses.h),
	 * with commas: then it cannot be deleted. NULL: nobody. */
	void (*users)(const struct editing *, struct str name, struct buf *);
	/* A new one, the last, was saved. The exit status; NULL: nothing more
	 * is to be done. */
	int (*made)(struct editing *);
	/* More operations of the menu; what is left of a batch line. */
	struct dialogue_op more[8];
	bool (*ask_more)(struct editing *, size_t which);
	int (*take_more)(struct editing *, struct args *, size_t which);
};

/* A command that is such a form: edits = &objects_edits, form = the form. Its
 * usage begins with OBJECTS_USAGE. */
extern const struct editing_form objects_edits;
#define OBJECTS_USAGE                                                          \
	"list | print NAME | new NAME [KEY=VALUE ...] | "                      \
	"edit NAME [KEY=VALUE ...] | delete NAME"

/* For those who need only a part of it: the dialogue (false: the input
 * ended), the rest of a batch line. */
bool objects_ask(struct editing *, const struct objects_form *);
int objects_take(struct editing *, const struct objects_form *, struct args *);
/* Of the k-th one: the questions of EDIT; the keys of a batch line. */
bool objects_edit(struct editing *, const struct objects_form *, size_t k);
int objects_take_edit(
    struct editing *, const struct objects_form *, struct args *, size_t k);
size_t objects_count(const struct editing *, const struct objects_form *);
struct str objects_name(
    const struct editing *, const struct objects_form *, size_t k);
/* Asks for a new one and saves it; name is empty when that failed. False:
 * the input ended. */
bool objects_new(
    struct editing *, const struct objects_form *, char *name, size_t size);

#endif
