/*
 * ask.h - asking for what the configuration has keys for
 *
 * What may be answered, and what is said about a wrong answer, comes from the
 * schema (config/schema.h): types, ranges, words. A question that is not
 * given is made of the key's name and its help text.
 */
#ifndef ADMIN_ASK_H
#define ADMIN_ASK_H

#include "admin/args.h"
#include "admin/editing.h"
#include "config/schema.h"

/* "receiving.max_connections": the key of the schema; panics without. */
const struct schema_key *ask_key_named(
    const struct schema_section *, const char *name);

/* The present value as a person would write it; a secret is masked, so that an
 * empty answer keeps it and nobody reads it on the screen. */
void ask_present(const struct schema_key *, const void *object, struct buf *);

/* ... for programs: times in seconds, sizes in bytes. */
json_t *ask_json(const struct schema_key *, const void *object);

/* Of an object: "flag" is yes, "key=word" is that word, "key!=word" is not. */
bool ask_is_so(
    const struct schema_section *, const void *object, const char *when);
/* Puts an answer there, for what is asked next; of texts only whether there
 * is one. */
void ask_note(const struct schema_key *, struct str answer, void *object);
/* Whether the text is a value of the key, in its normal form in *normal
 * (a buffer of the caller); err says what would be right. */
bool ask_check(const struct schema_key *, struct str text, struct buf *normal,
    struct err *err);

struct question {
	const struct schema_key *key;
	const char *text;   /* NULL: from the key */
	const void *object; /* holds the present value */
	/* It may be left to somebody else, whose value is shown: "default" is
	 * an answer too, and what is shown changes nothing. */
	bool can_default, is_default;
	bool absent; /* there is no present value */
	/* Of a key that refers to a list, of which one is chosen: the line
	 * for nothing; NULL: "None". */
	const char *none;
	bool seconds; /* times as a number of seconds, not as "3d" */
};
/*
 * Asks until the answer is right; writes it to PATH.key when it is another
 * one than before. False: the input ended.
 */
bool ask_set(struct editing *, const struct question *, const char *path);
/* As ask_set, without writing: *answer (a buffer of the caller) is the normal
 * form, empty and *dflt for "default"; *changed. */
bool ask_value(struct editing *, const struct question *, struct buf *answer,
    bool *dflt, bool *changed);

/* All options that are left, as keys of the section or of a section in it
 * (section_key where several have such a key);
 * "key=default" takes a key away. TOOL_DONE, or the exit status. */
int ask_options(struct editing *, struct args *, const struct schema_section *,
    const char *path);

/* The names of a list at the top of the configuration; the caller frees
 * them. */
struct str *ask_names(const struct config *, const char *list, size_t *n);
/* A list of names, of which one is chosen by number; dflt: its index. False:
 * the input ended. */
bool ask_name(struct editing *, const char *question, const struct str *names,
    size_t n, size_t dflt, size_t *out);

/* One of these by name or number; an empty answer: *out is n. what: for "There
 * is no WHAT "name"." False: the input ended. */
bool ask_which(struct editing *, const char *question, const char *what,
    const struct str *names, size_t n, size_t *out);
/* Whether a new thing may have this name: is it as the key wants it, and not
 * taken? Otherwise says what is wrong: TOOL_USAGE, TOOL_NEGATIVE. */
int ask_name_check(
    struct editing *, const struct schema_key *, const char *name, bool taken);
/* A name as the key wants it that nothing else has. False: the input ended. */
bool ask_new_name(struct editing *, const char *question,
    const struct schema_key *, char *out, size_t size,
    bool (*taken)(const struct editing *, struct str));
/* The index of a name; n: there is none. */
size_t ask_find(const struct str *names, size_t n, struct str name);

#endif
