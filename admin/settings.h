/*
 * settings.h - dialogues for what is there once: the keys of a section
 *
 * Scanners, character sets and their like are a section of postern.yaml. A
 * form says which keys are asked for, and how; the rest is the schema's. The
 * command shows what is set, and its operations:
 *
 *	print | setup [KEY=VALUE ...]
 *
 * A command of its own is such a form: see cmd_localeconfig.c. What one of
 * many has, such as a mail policy, is asked for by the same functions.
 */
#ifndef ADMIN_SETTINGS_H
#define ADMIN_SETTINGS_H

#include "admin/objects.h"

#define SETTINGS_PATH 300
#define SETTINGS_MORE 8

struct settings_form {
	const char *section;                 /* key of postern.yaml: "locale" */
	const char *help;                    /* of SETUP */
	const struct objects_question *keys; /* the last has no key */
	void (*show)(struct editing *);      /* above the menu */
	bool in_units; /* times as "14d", not in seconds */
	bool (*narrow)(struct schema_key *, const void *object);
	struct editing_op more[SETTINGS_MORE];
};
extern const struct editing_form settings_edits;
#define SETTINGS_USAGE "print | setup [KEY=VALUE ...]"

/* Keys of a section that stands at path; object has their values. */
struct settings {
	const struct schema_section *section;
	const void *object;
	const char *path;
	bool in_units;
	/* The range of a key that others limit, false: it is not asked for;
	 * NULL: none does. object has what was answered so far. */
	bool (*narrow)(struct schema_key *, const void *object);
};
/* Asks for them; what a section in the section has is "section.key". False:
 * the input ended. Nothing is saved. */
bool settings_ask(
    struct editing *, const struct settings *, const struct objects_question *);
/* The options of a batch line, lists with KEY_add= and KEY_remove= too. */
int settings_take(struct editing *, struct args *, const struct settings *);
/* Both, and what was said is saved. */
bool settings_ask_setup(
    struct editing *, const struct settings *, const struct objects_question *);
int settings_take_setup(
    struct editing *, struct args *, const struct settings *);
/* All keys with their values: a line for each, or with --json an object;
 * sections in it as "section_key", or objects. TOOL_DONE. */
int settings_print(struct editing *, const struct settings *);
json_t *settings_json(const struct editing *, const struct settings *);

#endif
