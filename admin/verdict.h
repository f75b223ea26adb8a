/*
 * verdict.h - what delivery does with a server's TLS, and by whose order
 *
 * The destination controls of a domain, the TLSA records of its hosts and its
 * MTA-STS policy each may demand something. Here delivery is asked what comes
 * of them, by connecting as it would (attempt.h).
 */
#ifndef ADMIN_VERDICT_H
#define ADMIN_VERDICT_H

#include "admin/attempt.h"

enum verdict_how {
	VERDICT_NONE,  /* mail would wait */
	VERDICT_CLEAR, /* it would go, without TLS */
	VERDICT_TLS
};

struct tls_verdict {
	struct attempt attempt;
	bool taken_for_granted; /* the host, as by a route */
	bool resolved;
	enum verdict_how how;
	const struct attempt_conn *conn; /* the one that decides; may be NULL */
	struct err err;                  /* not resolved: why */
};

/*
 * Mail to the domain, by way of that host (name "": any; when it is none of
 * the domain's, as if a route led there). -1: the configuration cannot be
 * read; verdict_free all the same.
 */
int verdict_find(struct tls_verdict *, struct tool *,
    const struct attempt_how *, struct str domain, const struct attempt_host *,
    struct err *);
void verdict_free(struct tls_verdict *);

/* The settings in force, what DANE and MTA-STS add to them, and what comes
 * of it: a paragraph, or the keys "policy", "delivery", "delivery_reason". */
void verdict_show(struct buf *, const struct tls_verdict *);
void verdict_json(json_t *, const struct tls_verdict *);

#endif
