/*
 * retry.h - when to try again, and when to give up: arithmetic only
 *
 * Times that are compared run on the monotonic clock. The wall clock is read
 * when a message arrives and when it is loaded, and nowhere else, so that a
 * clock that jumps neither expires the queue nor stalls it (threats DUR-12).
 *
 * Spec delivery-admin 1.7.3. The second of its documented cases (initial 60,
 * maximum 120: attempts at 0, 60 and then 120) means that doubling begins
 * with the third interval: 60, 60, 120, 240, ...
 */
#ifndef QMGR_RETRY_H
#define QMGR_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

#define RETRY_JITTER 1000 /* jitter is within -RETRY_JITTER..RETRY_JITTER */

/* ms from attempt number `attempts` (1: the first) to the next. jitter: a
 * random number; it moves all but the first interval by up to 5 per cent. */
int64_t retry_interval(
    const struct bounce_profile *, uint32_t attempts, int32_t jitter);

/* ms until a host that failed `failures` times in a row is tried again;
 * of the Default profile. */
int64_t retry_host_interval(const struct bounce_profile *, uint32_t failures);

/* Was that the last attempt? */
bool retry_exhausted(const struct bounce_profile *, uint32_t attempts);

/* Monotonic time of arrival, as learned from the wall clock now; may be
 * negative. An arrival in the future counts as now. */
int64_t retry_born(int64_t arrival, int64_t wall, int64_t now);

/* Monotonic time of an attempt that was due at `next` on the wall clock of
 * the process that planned it: never later than the longest interval. */
int64_t retry_resume(
    const struct bounce_profile *, int64_t next, int64_t wall, int64_t now);

/*
 * Too old to be tried again? born: from retry_born; loaded: when this process
 * learned of it. A great age alone proves nothing, the clock may have been
 * wrong at load: an attempt was made, or the time was spent running.
 */
bool retry_expired(const struct bounce_profile *, int64_t born, int64_t loaded,
    int64_t now, uint32_t attempts);

/* May delay warning number `warned` + 1 be sent after this attempt? */
bool retry_may_warn(const struct bounce_profile *, int64_t age,
    uint32_t attempts, uint32_t warned);

#endif
