/*
 * groups.h - inside lib/sandbox: groups of system calls, the steps
 */
#ifndef SANDBOX_GROUPS_H
#define SANDBOX_GROUPS_H

#include "sandbox/sandbox.h"

struct sandbox_group {
	unsigned flag;            /* SB_*; 0: every program */
	const char *const *calls; /* names, NULL-ended */
};
extern const struct sandbox_group sandbox_groups[]; /* ends with calls NULL */

/* Place in the table of the first profile with that account; the one at a
 * place, NULL behind the last. */
unsigned sandbox_place(const struct sandbox_profile *);
const struct sandbox_profile *sandbox_at(unsigned place);

/* File and signal confinement as far as the kernel can; a kernel without
 * Landlock is no error. folder: NULL, or what may be used below it. */
int sandbox_landlock(
    const struct sandbox_profile *, const char *folder, struct err *err);

/* The last step. */
int sandbox_seccomp(
    const struct sandbox_profile *, bool log_only, struct err *err);

#endif
