/*
 * load_warn.h - what loads, and is hardly meant
 *
 * Warnings at commit: each says why, and what to do. Nobody reads those of
 * the programs, so they do not look for them (config_load_simple).
 *
 * Used by the files of lib/config only.
 */
#ifndef CONFIG_LOAD_WARN_H
#define CONFIG_LOAD_WARN_H

#include "config/loader.h"

/* All of them. */
void load_warn(struct load *);

/* Entries and groups that groups before them leave nothing for. */
void load_warn_hat(struct load *, const struct listener *);
/* Entries that one before them leaves nothing for. */
void load_warn_rat(struct load *, const struct listener *);

#endif
