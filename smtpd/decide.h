/*
 * decide.h - runs the stages of one point and gathers what they decided
 */
#ifndef SMTPD_DECIDE_H
#define SMTPD_DECIDE_H

#include "pipeline/pipeline.h"
#include "smtpd/session.h"

struct decided {
	struct reply reply; /* code 0: none was given */
	bool refused;       /* 4xx, 5xx, TCPREFUSE */
	const char *by;     /* name of the stage that gave the reply */
	struct str given;   /* the address as the client gave it, canonical */
	bool expanded;      /* the recipient became these */
	struct str *rcpts;  /* in the arena */
	size_t n_rcpts;
	unsigned bypass; /* BYPASS_* */
	struct str gateway, bounce_profile;
	struct str warning; /* for the log; n 0: none */
};

/*
 * subject comes back as the stages made it. A fact that is not known cannot
 * be had: it counts as failed. Results live in mem.
 */
void decide(const struct smtp_session *, enum stage_point, struct subject *,
    struct arena *mem, struct decided *);

/* As decide, but false when a fact is missing: then nothing is decided. */
bool decide_now(const struct smtp_session *, enum stage_point, struct subject *,
    struct arena *mem, struct decided *);

#endif
