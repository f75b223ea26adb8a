/*
 * recorder_track.h - keeping the tracking store (track/store.h)
 *
 * Takes the events that the logs take, in the same order and at the same
 * time, and appends them to the file of the day with one write for all that
 * the logs write at a time: what a crash costs the logs it costs the store.
 * A new file is begun each day (UTC), and when the present one has an eighth
 * of the share of the disk; when the share is full, the oldest file goes.
 *
 * What could not be kept is written down as a gap when writing goes on. The
 * store never stops anybody.
 */
#ifndef MASTER_RECORDER_TRACK_H
#define MASTER_RECORDER_TRACK_H

#include <jansson.h>

#include "config/config.h"
#include "event/event.h"

struct recorder_track;

/* logs: the folder of all logs. again: the same run of the suite goes on, so
 * it says itself how many events were lost meanwhile. */
struct recorder_track *recorder_track_new(int logs, bool again);
/* In order: nothing is missing behind it. */
void recorder_track_free(struct recorder_track **, int64_t now_us);

/* Begins, ends, or goes on otherwise. */
void recorder_track_config(
    struct recorder_track *, const struct config *, int64_t now_us);
/* An event as it came (body) and taken apart. */
void recorder_track_take(void *track, enum event_id, int64_t when_us,
    const void *fields, struct str body);
void recorder_track_flush(struct recorder_track *, int64_t now_us);

/* Measures; removes what is too much, and raises alerts near the limit. */
void recorder_track_look(struct recorder_track *);
/* {"enabled", "used", "quota", "oldest", "lost"} */
json_t *recorder_track_show(const struct recorder_track *);

#endif
