/*
 * health.h - the verdict of `healthcheck` (delivery-admin 2.16)
 *
 * Pure: what the services answered in, verdict and text out.
 */
#ifndef ADMIN_HEALTH_H
#define ADMIN_HEALTH_H

#include <jansson.h>

#include "base/buf.h"

/*
 * To the recorder's answer (master/recorder_health.h), with "asked", the
 * minutes that were asked for, "system_status" and "work_queue" of `status`
 * and the master's "programs", it adds
 *	"healthy": bool, "problems": [ { "problem": text, "see": the commands
 *	  that tell more, or help } ]
 */
void health_judge(json_t *);
void health_render(const json_t *, struct buf *out);

#endif
