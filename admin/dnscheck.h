/*
 * dnscheck.h - the four tests of `dnscheck`, from what the DNS answered
 *
 * Answers of lookupd (master/lookupd_answer.h) in, verdicts out; pure, but for
 * the last function.
 */
#ifndef ADMIN_DNSCHECK_H
#define ADMIN_DNSCHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "admin/tool.h"
#include "config/config.h"

struct dnscheck {
	const char *address, *helo;
	/* "ptr" of the address, "a" or "aaaa" of the first name there, "mx"
	 * and "domain" of the name in HELO; what was not asked is absent */
	const json_t *found;
};

/* [ { "test": "ptr" | "a" | "helo" | "mx", "passed": bool,
 *     "reason": text }, ... ], all four in that order */
json_t *dnscheck_judge(const struct dnscheck *);

/* --- cmd_dnscheck.c --- */

/* Asks lookupd about an interface, and adds what render_dnscheck
 * (admin/render.h) shows of it to the list. False: err. */
bool dnscheck_ask(struct tool *, const struct config *,
    const struct interface *, json_t *list, struct err *);

#endif
