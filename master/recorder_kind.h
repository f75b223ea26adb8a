/*
 * recorder_kind.h - which events a log of a type takes, and in what form
 *
 *	mail		everything but what is for one of those below
 *	bounces		recipients refused or put off (delivery-admin 7.5)
 *	delivery	deliveries and bounces, as XML (7.6)
 *	status		counters and gauges, now and then (7.9)
 *	domain_debug, injection_debug
 *			what is for that very log (7.7, 7.8)
 *
 * A log in JSON takes the same events as one in text.
 */
#ifndef MASTER_RECORDER_KIND_H
#define MASTER_RECORDER_KIND_H

#include "config/config.h"
#include "event/event.h"

#define RECORDER_NO_MESSAGE_ID 1u /* what mail logs leave out */
#define RECORDER_NO_SUBJECT    2u
#define RECORDER_NO_RESPONSE   4u

struct recorder_kind {
	enum log_type type;
	const char *name; /* of the log */
	unsigned left_out;
};
bool recorder_kind_takes(
    const struct recorder_kind *, enum event_id, const void *fields);
/*
 * Appends the text of an event: a line without its end, to stand behind time
 * and level; for delivery logs, where these stand in the record, all of it.
 */
void recorder_kind_text(enum log_type, enum event_id, int64_t when_us,
    const void *fields, struct buf *out);
/* Does the text have time and level of its own? */
bool recorder_kind_is_whole(enum log_type);

#endif
