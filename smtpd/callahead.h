/*
 * callahead.h - the answers of call-ahead that are kept
 *
 * Answers that say yes, and refusals with 5xx, are kept for a while, of each
 * profile so many as it wants; then the one that was not used for the longest
 * time goes. A new configuration begins with none.
 */
#ifndef SMTPD_CALLAHEAD_H
#define SMTPD_CALLAHEAD_H

#include "base/map.h"
#include "config/config.h"
#include "fact/facts.h"

struct callahead_cache { /* of one worker; zero: empty */
	struct map profiles;
};
/* Returns how many there were. */
size_t callahead_flush(struct callahead_cache *);

/* The kept answer; what it points to is valid until the next call. now:
 * monotonic ms. */
bool callahead_get(struct callahead_cache *, const struct callahead_profile *,
    struct str addr, int64_t now, struct fact_answer *out);
void callahead_put(struct callahead_cache *, const struct callahead_profile *,
    struct str addr, int64_t now, const struct fact_answer *);

#endif
