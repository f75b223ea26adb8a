/*
 * recorder_status.h - the answer to `status`, as JSON
 *
 * admin/render.h says what the keys are. The queue manager knows the rest;
 * the tool puts both together.
 */
#ifndef MASTER_RECORDER_STATUS_H
#define MASTER_RECORDER_STATUS_H

#include "master/recorder_counts.h"

struct recorder_status {
	int64_t now, up_since; /* wall ms */
	const struct stats *stats;
	const struct recorder_counts *counts;
	const struct recorder_rates *rates;
	/* Percent of all processors, of late; below 0: there is no such
	 * feature. */
	int cpu[CPU_N];
	int logs; /* folder, for its disk */
};

/* JSON text; the caller frees it. */
char *recorder_status_json(const struct recorder_status *);

#endif
