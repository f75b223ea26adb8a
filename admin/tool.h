/*
 * tool.h - one run of a command of `postern`
 *
 * A command is an entry of the table in commands.c and one file cmd_NAME.c.
 * It works as a line with everything said (batch), and asks for what is
 * missing when a person sits there (tool.asks). It prints text, or with
 * --json the answer of the service as it came.
 */
#ifndef ADMIN_TOOL_H
#define ADMIN_TOOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "admin/dialogue.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/paths.h"
#include "ipc/result.h"

/* Exit statuses (spec delivery-admin 0.3). */
enum {
	TOOL_DONE = RESULT_DONE,         /* done, yes */
	TOOL_NEGATIVE = RESULT_NEGATIVE, /* refused; the answer is no */
	TOOL_USAGE = RESULT_USAGE,       /* wrongly asked */
	TOOL_DENIED = RESULT_DENIED,     /* the caller may not */
	TOOL_FAILED = RESULT_FAILED      /* not running, disk, network */
};

struct tool_command;
struct editing_form;

struct tool {
	struct paths paths;
	const char *root; /* --root; NULL: installed */
	bool json;        /* --json: for programs */
	bool asks;        /* a person is there: ask for what is missing */
	int memory;       /* file of what trace remembers in a shell; -1 */
	int kept[2];      /* descriptors that live as long as a shell; -1 */
	int session;      /* to the master (admin/session.h); -1 */
	struct dialogue dialogue;
	const struct tool_command *command; /* the one running */
};

/* An option that help explains on a line of its own; option NULL: text is the
 * heading of those that follow. */
struct tool_about {
	const char *option; /* "--from ADDRESS" */
	const char *text;
};

struct tool_command {
	const char *name;
	const char *usage;   /* arguments, as in a manual page; "" none */
	const char *summary; /* one line for the list */
	const char *help;    /* one paragraph */
	/* Of a command with many options, up to one without text; else NULL. */
	const struct tool_about *about;
	/* argv[0] is the name; --json and --help are gone already. */
	int (*run)(struct tool *, int argc, char **argv);
	/* Instead of run, of a command that changes the configuration: how
	 * (admin/editing.h), and the table that it works by. */
	const struct editing_form *edits;
	const void *form;
	const void *files; /* what files_ask_import and the like are about */
};

/*
 * Options of a command, taken out of argv wherever they stand before "--":
 * "--name value", "--name=value", or "--name" for a flag. A value is given
 * once; there are 64 options at most. False: one was not understood, which has
 * been said (return TOOL_USAGE).
 */
struct tool_option {
	const char *name;   /* "--from" */
	const char **value; /* one of these two */
	bool *flag;
};
bool tool_options(struct tool *, const struct tool_option *, size_t n,
    int *argc, char **argv);

/* Prints why, and how the command is used; returns TOOL_USAGE. */
int tool_usage(const struct tool *, const char *why);
/* The same of a word that means nothing there; NULL: one is missing. */
int tool_unknown(const struct tool *, const char *word);
/* Prints the error; returns the status of its kind. */
int tool_fail(const struct tool *, const struct err *);
/* The same of what was asked rightly: TOOL_NEGATIVE instead of TOOL_USAGE. */
int tool_refuse(const struct tool *, const struct err *);
/* The input ended in the middle of a dialogue; returns TOOL_NEGATIVE. */
int tool_abandoned(const struct tool *);

/* The empty line between a person's command and what it says. */
void tool_space(const struct tool *);
/* Prints text (already escaped); long ones page by page for a person.
 * Returns TOOL_DONE. */
int tool_print(struct tool *, struct buf *text);
/* As JSON, for --json; returns TOOL_DONE. */
int tool_print_json(const struct tool *, const json_t *);
/* What was asked for, in the form that was asked for; frees both. Returns
 * TOOL_DONE. */
int tool_show(struct tool *, json_t *, struct buf *text);

/* In a shell: the descriptor stays open until it ends, in the place of the one
 * before; the caller may close his. False: there is no shell. */
bool tool_keep(const struct tool *, int fd);

/* A message id: decimal, 1..2^63-1 (threats ADM-02). */
bool tool_mid(struct str text, uint64_t *mid);
/* As tool_unknown, of a word that should be one. */
int tool_no_mid(const struct tool *, const char *word);
/* ... or the number of a revision. */
int tool_no_revision(const struct tool *, const char *word);
/* Login name of the caller, for audit. */
void tool_user(char *out, size_t size);
/* argv[from..] joined by blanks; cut behind a letter when it is too long. */
void tool_join(char *out, size_t size, int argc, char **argv, int from);

#endif
