/*
 * pipeline.h - the order of the stages, and the one loop that runs them
 *
 * The order stands in a table in pipeline.c; smtpd, cleanup and qmgr each run
 * their points of it, trace runs all. The runner keeps a cursor so that a
 * run which stopped for a fact goes on with the stage that asked.
 */
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include "pipeline/stage.h"

struct pipeline_run {
	enum stage_point point;
	size_t at;     /* next stage in the table */
	bool finished; /* all done, or a refusal ended it */
	bool replied;  /* reply is valid: 2xx a greeting or custom text, all
			* stages ran; 4xx, 5xx, refuse: ended there */
	struct reply reply;
};

enum pipeline_answer {
	PIPELINE_DONE, /* run->replied, and what, tells whether to go on */
	PIPELINE_NEEDS /* set these facts, call again */
};

void pipeline_begin(struct pipeline_run *, enum stage_point);

/*
 * Runs stages until the point is done or a fact is missing. Each stage's
 * effects are applied to *subject (rewrites, policy) and handed to applied
 * with its notes, stage by stage; applied may be NULL. Expanded recipients
 * are the caller's to take up (EFFECT_EXPAND).
 */
enum pipeline_answer pipeline_run(struct pipeline_run *, struct subject *,
    const struct facts *, struct arena *mem, bool explain,
    void (*applied)(void *arg, const struct stage *, const struct stage_out *),
    void *arg, struct needs *needs);

/* The name of a sender group for people: empty ("None") for a single entry,
 * and for ALL, which is nobody's group (spec receiving 8.8). */
struct str pipeline_group_name(const struct hat_group *);

/* Will a stage of AT_WORK look at the header of this message? */
bool pipeline_reads_header(const struct subject *);

/* The name that the client is told: the policy's, once there is one, else
 * that of the interface; empty: the policy wants none. */
struct str pipeline_hostname(const struct subject *);

/* AUTH (receiving 8.3): may the client authenticate, as things stand? */
enum auth_chance { AUTH_NOT_OFFERED, AUTH_WANTS_TLS, AUTH_OFFERED };
enum auth_chance pipeline_auth(const struct subject *, const struct facts *);
/* It has. The policy stays, its limits hold on. */
void pipeline_authenticated(struct subject *, struct facts *, struct str user);

/* The table, for trace, docs and tests. */
const struct stage *pipeline_stages(size_t *n);

/* Which facts (but keyed ones) a listener's tables can ask for at connect;
 * smtpd fetches them in one go instead of one after another. Looks at the whole
 * table: ask once per configuration. */
bool pipeline_may_need(const struct listener *, enum fact_id);
/* The DNS lists, likewise: FACT_DNSLIST of each of these zones. */
size_t pipeline_dnslists(const struct listener *, const struct str **zones);

#endif
