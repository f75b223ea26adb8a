/*
 * recorder_line.h - the line of status logs (spec delivery-admin 7.9)
 */
#ifndef MASTER_RECORDER_LINE_H
#define MASTER_RECORDER_LINE_H

#include "event/event.h"
#include "master/recorder_status.h"

#define RECORDER_AVAIL_MAX 16

/*
 * Counters since they were reset, gauges as they are. What is measured of
 * other makers' engines, and what belongs to services that are not there, is
 * 0. avail: room for a text that the event refers to.
 */
void recorder_line(const struct recorder_status *, struct event_STATUS *,
    char avail[RECORDER_AVAIL_MAX]);

#endif
