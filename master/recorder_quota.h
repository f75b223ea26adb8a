/*
 * recorder_quota.h - the disk that logs may take (spec delivery-admin 6.3)
 *
 * What lies below the log folder, but for the tracking store, is counted once
 * a minute. Near the quota
 * (75 and 90 %) and above it there is an alert; above it the oldest closed
 * files of log subscriptions are removed until it is at most 90 % full. Files
 * being written, archives and the state of the recorder are never removed.
 */
#ifndef MASTER_RECORDER_QUOTA_H
#define MASTER_RECORDER_QUOTA_H

#include "config/config.h"

struct recorder_quota {
	uint64_t used, quota; /* bytes, as of the last look */
	unsigned level;       /* per cent that was told of */
};

/* logs: the folder of all logs. */
void recorder_quota_look(
    struct recorder_quota *, int logs, const struct config *);

#endif
