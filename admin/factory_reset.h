/*
 * factory_reset.h - going back to the configuration of a new installation
 */
#ifndef ADMIN_FACTORY_RESET_H
#define ADMIN_FACTORY_RESET_H

#include "admin/tool.h"

/* It becomes the working copy, but for the name of the host; what lies below
 * secrets/ stays. now: and is committed. Returns the exit status; what went
 * wrong has been said. */
int factory_reset(struct tool *, bool now);

#endif
