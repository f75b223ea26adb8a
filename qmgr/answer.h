/*
 * answer.h - the admin commands, by group; see commands.h for their JSON
 *
 * A command gets its words (argument 0 is its name) and fills in an answer.
 */
#ifndef QMGR_ANSWER_H
#define QMGR_ANSWER_H

#include <jansson.h>

#include "qmgr/world.h"

struct ask {
	struct world *world;
	struct ipc *admin;
	const char *user;
	struct str words[8]; /* those not given have n 0 */
	size_t n_words;
};

struct reply_to {
	json_t *json;    /* NULL: none */
	unsigned status; /* 0 done, 1 negative, 2 wrong use */
	char error[TEXT_MAX];
	bool later; /* nothing yet: program_answer will be called */
};

/* hosts.c */
void answer_tophosts(const struct ask *, struct reply_to *);
void answer_hoststatus(const struct ask *, struct reply_to *);
void answer_delivernow(const struct ask *, struct reply_to *);
void answer_resetcounters(const struct ask *, struct reply_to *);
/* messages.c */
void answer_showmessage(const struct ask *, struct reply_to *);
void answer_oldmessage(const struct ask *, struct reply_to *);
void answer_removemessage(const struct ask *, struct reply_to *);
/* What showrecipients says of one; only NULL: all its recipients. */
json_t *answer_mail(
    const struct world *, const struct mail *, const struct dest *only);
/* orders.c: showrecipients, countrecipients, deleterecipients, ... */
void answer_recipients(const struct ask *, struct reply_to *);
/* quarantine_answer.c */
void answer_quarantine(const struct ask *, struct reply_to *);
/* Where it is held, and for what text. */
json_t *answer_held(const struct world *, const struct qmessage *);
/* commands.c */
json_t *answer_text(struct str); /* what is not UTF-8 becomes "?" */
json_t *answer_age(const struct world *, const struct mail *);
/* The oldest message but those of internal destinations; NULL: none. */
struct mail *answer_oldest(const struct world *);

#endif
