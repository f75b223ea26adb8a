/*
 * diagnostic.h - the parts of `diagnostic` (delivery-admin 5.2) that take words
 *
 * argv[0] is the operation. Without more, a person is asked. Each returns the
 * exit status.
 */
#ifndef ADMIN_DIAGNOSTIC_H
#define ADMIN_DIAGNOSTIC_H

#include "admin/tool.h"

/* How full the disk is, and of what. */
int diagnostic_disk(struct tool *, int argc, char **argv);
/* NAME status | [--yes] NAME restart, or status: all. */
int diagnostic_services(struct tool *, int argc, char **argv);
/* RELOAD [commit]: the configuration of a new installation. */
int diagnostic_reload(struct tool *, int argc, char **argv);
/* [count=N] [time=TIME] [interface=NAME] [FILTER ...]: packets as text. */
int diagnostic_tcpdump(struct tool *, int argc, char **argv);

#endif
