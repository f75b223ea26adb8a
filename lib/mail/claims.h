/*
 * claims.h - fields that speak for a gateway
 *
 * What such a field says is believed further on: that a scanner found the
 * message clean, that SPF passed, who its sender was. So from outside they
 * count for nothing (threats IDT-03).
 */
#ifndef MAIL_CLAIMS_H
#define MAIL_CLAIMS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum claim {
	CLAIM_NONE,
	CLAIM_RESULTS,  /* Authentication-Results (RFC 8601) */
	CLAIM_RETURN,   /* Return-Path: who delivers in the end writes it */
	CLAIM_OURS,     /* X-Postern-... */
	CLAIM_IRONPORT, /* X-IronPort-...: ours, where they are wished for */
};

/* Of the field's name, or as much as CLAIM_NAME bytes of it. */
#define CLAIM_NAME 24
enum claim claim_of_candidate(struct str name);

static inline enum claim
claim_of(struct str name)
{
	/* most names begin with other letters, and end here */
	switch (name.n > 2 ? name.p[2] | 0x20 : 0) {
	case 'p': /* X-Postern- */
	case 'i': /* X-IronPort- */
	case 't': /* Authentication-Results, Return-Path */
		return claim_of_candidate(name);
	default:
		return CLAIM_NONE;
	}
}

/*
 * Who says so: the authserv-id of an Authentication-Results field, lower
 * case, A-labels, without a dot at its end, where it is a domain. False: the
 * field is malformed, or of a version that is not 1; nobody knows what others
 * read in it.
 */
bool claim_results_by(struct str value, struct str *by, struct arena *mem);

#endif
