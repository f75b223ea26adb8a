/*
 * lookupd_outbreak.h - lookupd's part that fetches outbreak rules
 *
 * The commands outbreakstatus, outbreakupdate [force] and outbreakflush.
 */
#ifndef MASTER_LOOKUPD_OUTBREAK_H
#define MASTER_LOOKUPD_OUTBREAK_H

#include "lookup/feed.h"
#include "program/program.h"

struct outbreak;

/* Before the sandbox. */
struct outbreak *outbreak_new(struct daemon *, struct lookups *);
void outbreak_config(struct outbreak *, const struct config *next);
/* As on_rules of program.h. */
void outbreak_kept(struct outbreak *, int fd);
void outbreak_admin_gone(struct outbreak *, struct ipc *);

typedef void outbreak_command(
    struct outbreak *, struct ipc *, const struct word *, size_t n);
outbreak_command outbreak_status, outbreak_update, outbreak_flush;

#endif
