/*
 * session.h - the connection by which the master knows of us
 *
 * Open as long as the process: the master lists shells for `who`, and puts
 * what was entered into the logs of the type cli_audit. Nobody waits for that:
 * where the gateway does not run, or is busy, nothing is told.
 */
#ifndef ADMIN_SESSION_H
#define ADMIN_SESSION_H

#include "admin/tool.h"

void session_begin(struct tool *, bool shell);
/* prompt "": a line of its own. Known secrets among the words of a line become
 * stars. */
void session_line(struct tool *, int argc, char **argv, const char *prompt);

#endif
