/*
 * tracking.h - what `tracking` asks of the store, and how it shows what it
 * found
 */
#ifndef ADMIN_TRACKING_H
#define ADMIN_TRACKING_H

#include "admin/tool.h"
#include "track/search.h"

/* The folder of the store, the caller's to close. -1: err. */
int tracking_folder(const struct tool *, struct err *);

/* --- tracking_query.c --- */

/* What was given as options; NULL: not given. */
struct tracking_words {
	const char *from, *to, *subject, *begins, *is, *since, *until, *last,
	    *ip, *host, *group, *mid, *message_id, *event, *limit;
};
/* The query says with the words' own memory. -1: err says what is wrong. */
int tracking_query(
    struct track_query *, const struct tracking_words *, struct err *);
/* us; -1: err. Local time, unless a zone is given. */
int tracking_time(const char *text, int64_t *out, struct err *);
/* "delivered", ...; what each means, for a dialogue */
extern const char *const tracking_kinds[TRACK_N_KINDS];
extern const char *const tracking_kind_titles[TRACK_N_KINDS];

/* --- tracking_show.c --- */

void tracking_list(const struct track_found *, struct buf *);
/* Bytes that are no UTF-8 as the text shows them. */
json_t *tracking_text(struct str);
json_t *tracking_json(const struct track_found *);
void tracking_csv(const struct track_found *, struct buf *);
/* Where something is missing; nothing when nothing is. */
void tracking_gaps(const struct track_found *, struct buf *);
/* All but the lines of the story. */
void tracking_details(const struct track_message *, struct buf *);
json_t *tracking_details_json(const struct track_message *);
void tracking_line(int64_t when, struct str text, struct buf *);

#endif
