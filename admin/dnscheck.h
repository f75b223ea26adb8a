/*
 * dnscheck.h - the four tests of `dnscheck`, from what the DNS answered
 *
 * Pure: answers of lookupd (master/lookupd_answer.h) in, verdicts out.
 */
#ifndef ADMIN_DNSCHECK_H
#define ADMIN_DNSCHECK_H

#include <jansson.h>

struct dnscheck {
	const char *address, *helo;
	/* "ptr" of the address, "a" or "aaaa" of the first name there, "mx"
	 * and "domain" of the name in HELO; what was not asked is absent */
	const json_t *found;
};

/* [ { "test": "ptr" | "a" | "helo" | "mx", "passed": bool,
 *     "reason": text }, ... ], all four in that order */
json_t *dnscheck_judge(const struct dnscheck *);

#endif
