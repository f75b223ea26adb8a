/*
 * shell.h - `postern` without a command: a prompt
 */
#ifndef ADMIN_SHELL_H
#define ADMIN_SHELL_H

#include "admin/tool.h"
#include "base/err.h"

/*
 * For a person: prompt, history, completion; Ctrl-C abandons the command
 * that runs. Otherwise one command per line of standard input. Returns the
 * status of the last command.
 */
int shell_run(struct tool *);

#define SHELL_WORDS_MAX 100
/*
 * Splits a line into words, in place: blanks separate, "..." and '...' and
 * backslash keep them, # at the start of a word begins a comment. argv has
 * room for SHELL_WORDS_MAX + 1 and ends in NULL. Returns how many, or -1.
 */
int shell_words(char *line, char **argv, struct err *err);

#endif
