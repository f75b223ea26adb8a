/*
 * editing.h - what the dialogues that change the configuration share
 *
 * Such a command opens the working copy, lets a person or the words of its
 * line change it, and saves after each operation: what was done so far stays
 * when the dialogue is left in the middle. The running programs see nothing
 * of it before `commit`.
 *
 * The changes of one operation are collected: after one that fails the others
 * do nothing, and editing_save says why.
 */
#ifndef ADMIN_EDITING_H
#define ADMIN_EDITING_H

#include "admin/args.h"
#include "config/workcopy.h"

struct editing {
	struct tool *t;
	struct workcopy *w;
	struct err err; /* of the operation so far */
	bool changed;   /* something was saved */
	bool done;      /* something that needs no commit was changed */
};

/* TOOL_DONE; else the exit status, and what is wrong was said. */
int editing_begin(struct editing *, struct tool *);
/*
 * The whole of a command (tool_command.edits, .form): opens; without words on
 * its line asks (false: the input ended), else takes what they say (an exit
 * status); ends. Without a terminal and without words: how it is used.
 */
struct editing_form {
	bool (*ask)(struct editing *, const void *form);
	int (*take)(struct editing *, struct args *, const void *form);
};
int editing_run(struct tool *, int argc, char **argv);

/* A command that is a menu of operations: edits = &editing_menus, form = one
 * of these. What is shown above the menu, then the operations by word. */
struct editing_op {
	struct dialogue_op op;
	bool (*ask)(struct editing *); /* NULL: on a line only */
	int (*take)(struct editing *, struct args *);
};
struct editing_menu {
	void (*show)(struct editing *); /* NULL: nothing */
	const struct editing_op *ops;
	size_t n; /* EDITING_OPS at most */
};
#define EDITING_OPS 16
extern const struct editing_form editing_menus;
/* Says that a commit is needed when something was changed. Returns status. */
int editing_end(struct editing *, int status);
/* The input ended in the middle of a dialogue; returns TOOL_NEGATIVE. */
int editing_abandoned(struct editing *);

/* Checks and writes. False: all that was changed since the last time is
 * undone, and the reason was said. */
bool editing_save(struct editing *);
/* As editing_save, for a batch line: the exit status. */
int editing_done(struct editing *);

/* Asks whether to, and removes all that stands at path. */
bool editing_ask_clear(
    struct editing *, const char *question, const char *path);
int editing_take_clear(struct editing *, struct args *, const char *path);

/* Says what is wrong with a batch line, whatever the configuration has;
 * returns TOOL_USAGE. */
int editing_refuse(struct editing *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The line is right, the configuration is not so: there is no such thing, or
 * it is there already, or in use. Returns TOOL_NEGATIVE. */
int editing_deny(struct editing *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Paths are made as by printf. */
void editing_text(struct editing *, struct str value, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
void editing_yaml(struct editing *, struct str yaml, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
void editing_insert(struct editing *, size_t at, struct str yaml,
    const char *path, ...) __attribute__((format(printf, 4, 5)));
void editing_insert_text(struct editing *, size_t at, struct str value,
    const char *path, ...) __attribute__((format(printf, 4, 5)));
/* What is not there is deleted already. */
void editing_delete(struct editing *, const char *path, ...)
    __attribute__((format(printf, 2, 3)));
void editing_move(struct editing *, size_t from, size_t to, const char *path,
    ...) __attribute__((format(printf, 4, 5)));

/* YAML for the above: one line "LEADkey: value", one "LEAD- value". */
void yaml_pair(
    struct buf *, const char *lead, const char *key, struct str value);
void yaml_item(struct buf *, const char *lead, struct str value);

#endif
