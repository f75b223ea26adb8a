/*
 * show.h - values of the programs' JSON in pages
 */
#ifndef ADMIN_WEB_SHOW_H
#define ADMIN_WEB_SHOW_H

#include <jansson.h>

#include "admin/web/request.h"

/* With thousands separators. */
void show_number(struct buf *, int64_t);
/* A cell of a table with a number, <td class="n">. */
void show_cell(struct buf *, const json_t *, const char *key);
/* Wall ms as a date; absent or null: the word given. */
void show_time(
    struct buf *, const json_t *, const char *key, const char *absent);
/* ms as "2 hours 5 mins 10 secs" */
void show_age(
    struct buf *, const json_t *, const char *key, const char *absent);
/* "12.3 MB" */
void show_size(struct buf *, int64_t bytes);
/* A badge: up, down, anything else. */
void show_state(struct buf *, const char *state);

/* What a program has answered to ask i: its JSON. NULL: it has not done what
 * was asked; then the request is answered with the reason, and is gone. */
const json_t *show_answer(struct request *, size_t i);
/* After a change: to path, with done at its top, or why it failed; into the
 * log in both cases. */
void show_outcome(
    struct request *, size_t i, const char *path, const char *done);

#endif
