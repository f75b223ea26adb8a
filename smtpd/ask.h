/*
 * ask.h - facts that a session lacks, and the command that waits for them
 *
 * When stages lack facts, ask_for() gets them: counts at once, from the
 * shared memory; others by asking whoever runs the session (session_ops.ask).
 * Then the request is kept, the session waits in PH_ASK, and with the last
 * answer, or none, the stages of the command run on where they stopped. Of
 * many questions some are under way, and the others wait for their turn.
 *
 * What is known about keys (struct fact_answer) lives in the session only as
 * long as somebody may look at it: while the command runs or waits, and while
 * there is a transaction when it is about that. A session that waits for its
 * client has nothing here.
 */
#ifndef SMTPD_ASK_H
#define SMTPD_ASK_H

#include "smtpd/request.h"
#include "smtpd/session.h"

/*
 * Gets these facts. True: one or more were asked for, and are open until
 * session_answer; false: all are known now, or cannot be had.
 */
bool ask_for(
    struct smtp_session *, const struct subject *, const struct needs *);
/* At connect: the reverse name, and if the table may ask for them all DNS
 * lists of it, so that nobody waits for one after the other. Nothing of that
 * is known or asked for yet. */
void ask_client(struct smtp_session *, bool lists);

/* A recipient is accepted: counts it. False: a limit was met in the meantime,
 * and the counts that its stages asked for say so now. */
bool ask_count(struct smtp_session *, const struct subject *);

/* That limit was met. True: for the first time in its window. */
bool ask_limit_met(struct smtp_session *, const struct subject *, enum limit);

bool ask_is_open(const struct smtp_session *); /* an answer is waited for */
int64_t ask_due(const struct smtp_session *);  /* and until when */

/* An answer. False: nobody had asked. */
bool ask_answered(struct smtp_session *, const struct fact_answer *);
/* No answer comes any more: what is open cannot be had. */
void ask_give_up(struct smtp_session *);
/* Nobody waits for the answers any more. */
void ask_drop(struct smtp_session *);

/* Forgets what is known of that scope and of smaller ones. */
void ask_forget(struct smtp_session *, enum fact_scope);

/* What waits, and is here until it is taken back or the facts are forgotten;
 * take: NULL: nothing. */
void ask_keep(struct smtp_session *, struct request *);
struct request *ask_take(struct smtp_session *);

#endif
