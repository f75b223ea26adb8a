/*
 * lookupd_policies.h - lookupd's part that has the policies of MTA-STS
 *
 * They outlive a restart: the master keeps what there is, some seconds after
 * there is something new. One that cannot be had is said in the log, and
 * counted for reports.
 */
#ifndef MASTER_LOOKUPD_POLICIES_H
#define MASTER_LOOKUPD_POLICIES_H

#include "lookup/sts.h"
#include "program/program.h"

struct policies;

/* Before the sandbox. */
struct policies *policies_new(struct daemon *, struct lookups *);
struct sts *policies_sts(struct policies *);
/* As on_policies of program.h. */
void policies_kept(struct policies *, int fd);

#endif
