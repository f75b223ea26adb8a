/*
 * counts.h - counts of recipients as facts, and the counting
 *
 * What FACT_RATE_HOST, FACT_RATE_SENDER and FACT_DHAP mean for a subject is
 * in lib/pipeline/control.h; the counts are those of lib/stats/rates.h.
 */
#ifndef SMTPD_COUNTS_H
#define SMTPD_COUNTS_H

#include "pipeline/stage.h"
#include "stats/stats.h"

/* Who counts. */
struct counts {
	struct stats *stats;
	const struct subject *subject; /* at RCPT: policy, sender */
	struct ip client;
	int64_t now; /* monotonic ms */
};

bool counts_has(enum fact_id);
/* The fact, now; out->key is the caller's. A recipient that does not exist is
 * counted by asking for FACT_DHAP: it stays refused. */
void counts_fact(const struct counts *, enum fact_id, struct fact_answer *out);
/*
 * The recipient is accepted: counts it, if the limits still hold. False: they
 * do not; host and sender are what the facts would be now, 0: not limited.
 */
bool counts_take(const struct counts *, uint64_t *host, uint64_t *sender);
/* That limit was met. True: for the first time in its window. */
bool counts_met(const struct counts *, enum limit);

#endif
