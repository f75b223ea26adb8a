/*
 * decide.h - runs the stages of one point and gathers what they decided
 */
#ifndef SMTPD_DECIDE_H
#define SMTPD_DECIDE_H

#include "pipeline/pipeline.h"
#include "smtpd/session.h"

#define DROPS_MAX 2 /* stages that may drop recipients */

struct decided {
	struct needs needs; /* n 0: decided */
	struct reply reply; /* code 0: none was given */
	bool refused;       /* 4xx, 5xx, TCPREFUSE */
	const char *by;     /* name of the stage that gave the reply */
	struct str given;   /* the address as the client gave it, canonical */
	bool expanded;      /* the recipient became these */
	struct str *rcpts;  /* in the arena */
	size_t n_rcpts;
	struct { /* but not these: of one stage each */
		struct str *v;
		size_t n;
		const char *by; /* to the log */
	} dropped[DROPS_MAX];
	size_t n_dropped;
	unsigned bypass;  /* BYPASS_* */
	enum limit limit; /* which one refuses */
	struct str gateway, bounce_profile;
	struct str warning; /* for the log; n 0: none */
};

/*
 * subject comes back as the stages made it. False: facts are missing, needs
 * says which, and nothing else is decided. Results live in mem.
 */
bool decide(const struct smtp_session *, enum stage_point, struct subject *,
    struct arena *mem, struct decided *);

/* The stages of AT_DATA, which need no facts that can be waited for: what is
 * not known there cannot be had. */
void decide_data(const struct smtp_session *, struct subject *,
    struct arena *mem, struct decided *);

#endif
