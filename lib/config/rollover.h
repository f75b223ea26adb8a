/*
 * rollover.h - when a new log file is begun by the clock
 *
 * "HH:MM" is every day, "Mon HH:MM" every week; local time.
 */
#ifndef CONFIG_ROLLOVER_H
#define CONFIG_ROLLOVER_H

#include "config/config.h"

/* False: err says what would be right. */
bool rollover_ok(struct str, struct err *err);
/* The first time after `begun` that the file which was begun then ends by.
 * Wall ms; INT64_MAX: never. */
int64_t rollover_next(const struct log_subscription *, int64_t begun);

#endif
