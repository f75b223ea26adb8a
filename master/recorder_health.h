/*
 * recorder_health.h - how the last day was, minute by minute
 *
 * Averages of each minute of a day are kept, so that whoever is woken up sees
 * what it was that passed a threshold, and when (spec delivery-admin 2.16).
 * What passes one in a minute is an alert, when the configuration says so.
 * Bookkeeping: times are wall clock ms and are given by the caller.
 */
#ifndef MASTER_RECORDER_HEALTH_H
#define MASTER_RECORDER_HEALTH_H

#include <jansson.h>

#include "config/config.h"
#include "stats/stats.h"

#define HEALTH_MINUTES 1440 /* kept */

struct recorder_health;

/* dir: where the file is, which is read here. What cannot be read begins
 * anew. */
struct recorder_health *recorder_health_open(int dir, int64_t now);
void recorder_health_free(struct recorder_health **); /* nothing is saved */
/* Once a second or so: looks, and now and then saves. */
void recorder_health_tick(struct recorder_health *, const struct stats *,
    const struct health_config *, int64_t now);
void recorder_health_keep(struct recorder_health *); /* saves */

/* What there is now; below 0: not measured. */
struct health_sample {
	int64_t now[HEALTH_N]; /* swap: pages since the boot */
	int64_t conserving;    /* conserve.h: the degree */
};
/* True: a minute has ended. */
bool recorder_health_take(struct recorder_health *,
    const struct health_sample *, const struct health_config *, int64_t now);

/*
 * The last minutes that have ended:
 *	{ "status_as_of": t, "since": t or null (of the oldest that is known),
 *	  "minutes": how many are known, "checks": [ { "check":
 *	  "workqueue"|"cpu"|"swap"|"conservation", "threshold": n or null (off),
 *	  "now": n or null, "highest": n or null, "highest_at": t or null,
 *	  "over": minutes, "over_now": bool, "last_over": t or null } ] }
 * now is the present value, of swap the last minute's. The threshold of
 * conservation is 0, and its values are the most within a minute.
 */
json_t *recorder_health_show(const struct recorder_health *,
    const struct health_config *, unsigned minutes, int64_t now);

#endif
