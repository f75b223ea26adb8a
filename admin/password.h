/*
 * password.h - asking for what nobody may see
 */
#ifndef ADMIN_PASSWORD_H
#define ADMIN_PASSWORD_H

#include "admin/tool.h"

#define PASSWORD_MAX 1024

/* A person says it twice; elsewhere it is the first line of standard input.
 * False: the input ended. Whoever has it forgets it (explicit_bzero). */
bool password_ask(struct tool *, char out[PASSWORD_MAX]);
/* One line without an echo; question as it is to stand there. stars: shown in
 * the place of what was typed. */
bool password_line(
    struct tool *, const char *question, bool stars, char out[PASSWORD_MAX]);

/* The next line of standard input, where nobody is asked. */
bool password_next(struct tool *, char out[PASSWORD_MAX]);

/* Asks for it, and makes it the line of a file below secrets/. TOOL_DONE, or
 * why not: that has been said. */
int password_to_file(struct tool *, struct str file);

#endif
