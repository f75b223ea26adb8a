/*
 * decide.h - runs the stages of one point and gathers what they decided
 */
#ifndef SMTPD_DECIDE_H
#define SMTPD_DECIDE_H

#include "pipeline/pipeline.h"
#include "smtpd/session.h"

#define DROPS_MAX 2 /* stages that may drop recipients */

struct decided {
	struct pipeline_run run;
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
	bool invalid_bounce; /* of this recipient: the message is one */
	struct str warning;  /* for the log; n 0: none */
};

void decide_begin(struct decided *, enum stage_point);
/*
 * subject comes back as the stages made it. False: a stage lacks facts, needs
 * says which. When they are known, or cannot be had, it is called again, with
 * all as it is, and goes on with that stage. Results live in mem.
 */
bool decide(const struct smtp_session *, struct subject *, struct arena *mem,
    struct decided *);

/* The stages of AT_DATA, which need no facts that can be waited for: what is
 * not known there cannot be had. */
void decide_data(const struct smtp_session *, struct subject *,
    struct arena *mem, struct decided *);

#endif
