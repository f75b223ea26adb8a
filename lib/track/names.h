/*
 * names.h - events of a tracking file made by another version
 *
 * Events and fields are found by name. What we do not know is left out; what
 * a file does not have is empty or 0.
 */
#ifndef TRACK_NAMES_H
#define TRACK_NAMES_H

#include "event/event.h"

struct track_names;

/* NULL: it is none of ours, nothing can be read with it. Of our own version
 * nothing is translated. */
struct track_names *track_names_new(struct str begin);
void track_names_free(struct track_names **); /* NULL is fine */
/* Our id of an event of the file; EVENT_NONE: we have none such. */
enum event_id track_names_id(const struct track_names *, uint16_t id);
/* Its fields, into EVENT_FIELDS_MAX bytes, lists into mem. -1: malformed. */
int track_names_decode(const struct track_names *, uint16_t id,
    struct str fields, void *out, struct arena *mem, struct err *);
/* Do its numbers stand where ours do (track_ids)? */
bool track_names_same(const struct track_names *);

#endif
