/*
 * recorder_metrics.h - counters and gauges in the text format of Prometheus
 *
 * Counters are those of the lifetime, so that a restart is no reset. Names
 * follow the convention of that world: base units, counters end in _total.
 */
#ifndef MASTER_RECORDER_METRICS_H
#define MASTER_RECORDER_METRICS_H

#include "base/buf.h"
#include "master/recorder_status.h"

#define RECORDER_METRICS_MAX ((size_t)256 * 1024)

void recorder_metrics(const struct recorder_status *, struct buf *out);

#endif
