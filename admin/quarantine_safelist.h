/*
 * quarantine_safelist.h - spam that was none: let go, and its sender listed
 *
 * Whom it is released for is asked before; their safelists
 * (postern-slblconfig(1)) get its sender as their first item, in the working
 * copy of the configuration.
 */
#ifndef ADMIN_QUARANTINE_SAFELIST_H
#define ADMIN_QUARANTINE_SAFELIST_H

#include "admin/tool.h"

#define QUARANTINE_SPAM_NAME "Spam Quarantine" /* as qmgr has it */

/* The words of the line up to, without, the last one: quarantine release NAME
 * MID|all [rcpt=ADDRESS]. Returns the exit status. */
int quarantine_safelist(struct tool *, int argc, char **argv);

#endif
