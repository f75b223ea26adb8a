/*
 * private.h - are the files below secrets/ for nobody else? (threats KEY-03)
 *
 * Looked at when a configuration is about to be committed. Names and modes
 * count, not contents: those keyd looks at, which also hears of changes that
 * come later.
 */
#ifndef CONFIG_PRIVATE_H
#define CONFIG_PRIVATE_H

#include "config/load.h"

/* Adds an error for each that others may use, a warning for each that is not
 * there. Says nothing of what the caller may not see. */
void private_check(
    const char *etc, const struct config *, struct config_problems *);

#endif
