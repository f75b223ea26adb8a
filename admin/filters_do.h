/*
 * filters_do.h - what `filters` does, for a person and for a line
 *
 * Each says what became of it and returns the exit status. Words are as they
 * were typed: which filters (filters_select), a position
 * (filters_position).
 */
#ifndef ADMIN_FILTERS_DO_H
#define ADMIN_FILTERS_DO_H

#include "admin/filters_show.h"

size_t filters_do_count(const struct editing *);
int filters_do_add(struct editing *, struct str script, const char *position);
/* name "-": what is read on standard input. */
int filters_do_add_file(
    struct editing *, const char *name, const char *position);
int filters_do_delete(struct editing *, const char *which);
int filters_do_import(struct editing *, const char *name, const char *encoding);
int filters_do_export(struct editing *, const char *name, const char *which,
    const char *encoding);
int filters_do_move(struct editing *, const char *which, const char *position);
int filters_do_set(struct editing *, const char *which, const char *state);
int filters_do_show(struct editing *, const char *which, bool detail);
/* The logs of archive(); name NULL: the only one there is. */
int filters_do_logs(struct editing *);
int filters_do_roll(struct editing *, const char *name);

#endif
