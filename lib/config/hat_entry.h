/*
 * hat_entry.h - one entry of a host access table, from its text
 *
 * The forms are those of spec receiving 4.2; behind the entry a comment may
 * stand in parentheses: "192.0.2.7 (the old relay)".
 */
#ifndef CONFIG_HAT_ENTRY_H
#define CONFIG_HAT_ENTRY_H

#include "base/arena.h"
#include "config/config.h"

/* Fills everything but where; texts are copied into mem. -1 with ERR_USAGE:
 * "Invalid sender entry: ..." and what would be right. */
int hat_entry_parse(
    struct hat_entry *, struct str text, struct arena *mem, struct err *err);

#endif
