/* result.c - classification of replies and failures */
#include "qmgr/result.h"

#include <stdio.h>

#include "base/mem.h"

/* The first line that fits; lo..hi are both included. */
static const struct {
	uint32_t lo, hi;
	enum outcome outcome;
	const char *status, *reason;
} replies[] = {
	{ 421, 421, OUTCOME_SOFT, "4.3.2",
	    "Not accepting messages at this time" },
	{ 452, 452, OUTCOME_SOFT, "4.2.2", "Mailbox full" },
	{ 400, 499, OUTCOME_SOFT, "4.1.0", "Unknown address error" },
	{ 552, 552, OUTCOME_HARD, "5.2.2", "Mailbox full" },
	{ 553, 553, OUTCOME_HARD, "5.1.1", "Bad destination email address" },
	{ 500, 599, OUTCOME_HARD, "5.1.0", "Unknown address error" },
	/* No reply, or one that does not belong there (threats OUT-02). */
	{ 0, UINT32_MAX, OUTCOME_SOFT, "4.4.0", "Other network problem" },
};

static const struct {
	enum outcome outcome;
	enum hard_class hard;
	const char *status, *reason;
} causes[] = {
	[CAUSE_NO_HOST] = { OUTCOME_HARD, HARD_DNS, "5.1.2",
	    "Bad destination host" },
	[CAUSE_NULL_MX] = { OUTCOME_HARD, HARD_DNS, "5.1.10",
	    "Recipient address has null MX" },
	[CAUSE_UNROUTABLE] = { OUTCOME_HARD, HARD_DNS, "5.1.2",
	    "Bad destination host" },
	[CAUSE_LOOP] = { OUTCOME_HARD, HARD_OTHER, "5.4.6",
	    "Routing loop detected" },
	[CAUSE_EXPIRED] = { OUTCOME_HARD, HARD_EXPIRED, "5.4.7",
	    "Delivery expired (message too old)" },
	[CAUSE_FILTER] = { OUTCOME_HARD, HARD_FILTER, "5.7.1",
	    "Message refused by a filter" },
	[CAUSE_UNSUBSCRIBED] = { OUTCOME_HARD, HARD_OTHER, "5.7.1",
	    "Global unsubscribe" },
	[CAUSE_ADMIN] = { OUTCOME_HARD, HARD_OTHER, "5.0.0",
	    "Bounced by an administrator" },
	[CAUSE_REQUIRETLS] = { OUTCOME_HARD, HARD_OTHER, "5.7.30",
	    "REQUIRETLS support required" },
	[CAUSE_NETWORK] = { OUTCOME_SOFT, HARD_OTHER, "4.4.0",
	    "Other network problem" },
};

static struct verdict of_code(uint32_t code);

struct verdict
result_of_reply(const struct job_result *r, bool possible, bool believe)
{
	struct verdict v = of_code(r->code);

	if (r->stage == JOB_DOT && r->code >= 200 && r->code <= 299) {
		v.outcome = OUTCOME_DELIVERED;
	} else if (r->code == 0 && possible && believe) {
		v.outcome = OUTCOME_DELIVERED;
		v.possible = true;
	} else if (r->code == 0 && r->stage <= JOB_MAIL) {
		v.outcome = OUTCOME_CONNECTION;
	}
	return v;
}

struct verdict
result_of_greeting(uint32_t code)
{
	return of_code(code);
}

struct verdict
result_of_cause(enum cause c)
{
	return (struct verdict){ .outcome = causes[c].outcome,
		.hard = causes[c].hard,
		.status = causes[c].status,
		.reason = causes[c].reason,
		.code = "000" };
}

static struct verdict
of_code(uint32_t code)
{
	struct verdict v = { .hard = HARD_5XX };
	size_t i = 0;

	while (code < replies[i].lo || code > replies[i].hi)
		i++;
	v.outcome = replies[i].outcome;
	v.status = replies[i].status;
	v.reason = replies[i].reason;
	snprintf(v.code, sizeof(v.code), "%03u", code <= 999 ? code : 0);
	return v;
}
