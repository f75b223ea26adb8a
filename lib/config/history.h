/*
 * history.h - what was ever committed
 *
 *	state/history/log	one line of JSON per commit: number, when, user,
 *				comment, objects; never shortened
 *	state/history/N.conf	the whole configuration (config/saved.h),
 *				secrets masked
 *
 * The files beyond HISTORY_FILES, or beyond HISTORY_BYTES together, go,
 * oldest first; the newest stays.
 */
#ifndef CONFIG_HISTORY_H
#define CONFIG_HISTORY_H

#include <stdint.h>

#include "config/bundle.h"

#define HISTORY_FILES 1000
#define HISTORY_BYTES ((uint64_t)256 << 20)

/* A revision that has come into force. Again is fine: it is there once. */
int history_add(const char *state, uint64_t number, const struct bundle *files,
    struct err *err);
/* Wall ms of the first commit; 0: there is none. */
int64_t history_first(const char *state);

#endif
