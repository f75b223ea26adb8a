/*
 * filters_show.h - message filters for people and for programs
 */
#ifndef ADMIN_FILTERS_SHOW_H
#define ADMIN_FILTERS_SHOW_H

#include "admin/filters.h"

/* The table of those chosen, or as JSON; detail: with their source. Returns
 * the exit status. */
int filters_show(struct editing *, const struct filters_list *,
    const bool *chosen, bool detail);
/* "Syntax error in filter ...", each with its place. */
void filters_problems_show(struct editing *, const struct filter_problems *);
/* The source of those chosen, as a file has it. */
void filters_source(
    const struct filters_list *, const bool *chosen, struct buf *out);

/* Character sets that a file may be in, for a menu and by name: the name, or
 * NULL after the last. */
const char *filters_encoding(size_t i);

#endif
