/*
 * quarantine_dialogue.h - `quarantine` as a dialogue
 */
#ifndef ADMIN_QUARANTINE_DIALOGUE_H
#define ADMIN_QUARANTINE_DIALOGUE_H

#include "admin/tool.h"

/* do_it: runs a line of the command, its words. Returns the exit status. */
int quarantine_dialogue(
    struct tool *, int (*do_it)(struct tool *, int argc, char **argv));

#endif
