/*
 * filters.h - the list of message filters in the working copy
 *
 * The file filters/message_filters holds them in order. People may edit it as
 * well: comments that stand alone keep their place when filters come, go and
 * move; those right above a filter go with it.
 */
#ifndef ADMIN_FILTERS_H
#define ADMIN_FILTERS_H

#include "admin/editing.h"
#include "filter/filter.h"

struct filters_list {
	struct arena mem;
	struct str source;
	struct filter_info *v; /* in order */
	size_t n;
};
/* As changed so far; end it in any case. */
void filters_begin(struct filters_list *, const struct editing *);
void filters_end(struct filters_list *);

/* A number, a name, "2-5", "2-", "-5", "all": sets chosen[i] of each. False:
 * err says what is wrong. */
bool filters_select(
    const struct filters_list *, struct str which, bool *chosen, struct err *);
/* Where something goes: a number of 1..n+1, a name, "last"; *at from 0. */
bool filters_position(
    const struct filters_list *, struct str where, size_t *at, struct err *);

/* Each writes the file and saves: the exit status. Without those chosen ... */
int filters_delete(struct editing *, struct filters_list *, const bool *chosen);
/* ... with these before the one at ... */
int filters_insert(struct editing *, struct filters_list *, size_t at,
    const struct filter_info *, size_t n);
/* ... with those chosen moved, so that the first of them is the one at.
 * *moved false: they are there already, nothing was done. */
int filters_move(struct editing *, struct filters_list *, const bool *chosen,
    size_t at, bool *moved);
int filters_set(
    struct editing *, struct filters_list *, const bool *chosen, bool active);
/* ... with nothing but these. */
int filters_replace(struct editing *, const struct filter_info *, size_t n);

#endif
