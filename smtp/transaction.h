/*
 * transaction.h - one message to some recipients at one server
 *
 * A job of qmgr: the envelope, the message as a descriptor, and what became
 * of each recipient. This says what a command looks like and what an answer
 * means; when which command is sent is the dialogue's affair (dialog.h).
 * No I/O here but the closing of the descriptor.
 *
 * A recipient is open until it has its result. Results that need no server
 * (too large, an address the server cannot take) are made by
 * transaction_check, before anything is sent.
 */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ipc/ipc.h"
#include "smtp/features.h"
#include "smtp/reply.h"

/*
 *	NEW --MAIL--> ENVELOPE --DATA--> DATA --354--> CONTENT --dot--> DOT
 *
 * and OVER from any of them, when all results are known.
 */
enum transaction_state {
	TX_NEW,
	TX_ENVELOPE, /* MAIL was said, some RCPT or DATA was not yet */
	TX_DATA,     /* DATA was said */
	TX_CONTENT,  /* 354 was read */
	TX_DOT,      /* the end of the content was said */
	TX_OVER
};

struct transaction {
	struct arena mem; /* owns what the job and the results point to */
	struct job job;
	int fd; /* the message, read-only; -1: none */

	enum transaction_state state;
	struct job_result *results; /* one for each of job.rcpts */
	bool *open;                 /* no result yet */
	size_t n_rcpts, n_open;
	size_t cursor; /* recipient whose RCPT comes next */
	size_t n_ok;   /* RCPTs that were accepted */
	bool mail_ok;
	bool utf8;          /* SMTPUTF8 is to be said at MAIL */
	bool rcpt_answered; /* the server has answered some RCPT */
	bool dirty;         /* an address is unfit for SMTP (HDR-02) */
};

/* Takes over the descriptor of the JOB frame. */
int transaction_new(struct transaction **, struct ipc_frame *, struct err *);
void transaction_free(struct transaction **); /* closes the message */

const struct job_rcpt *transaction_rcpt(const struct transaction *, size_t i);
/* Bytes the content takes on the wire, without the final dot. */
uint64_t transaction_size(const struct transaction *);

/* Gives results to the recipients for whom the server need not be asked. */
void transaction_check(struct transaction *, const struct features *);

void transaction_say_mail(
    const struct transaction *, const struct features *, struct buf *out);
void transaction_say_rcpt(const struct transaction *, size_t i,
    const struct features *, struct buf *out);

/* This reply is the result of recipient i; ... of all that are open. */
void transaction_answer(
    struct transaction *, size_t i, enum job_stage, const struct reply *);
void transaction_answer_all(
    struct transaction *, enum job_stage, const struct reply *);
/* The same with words of our own; code 0: there was no reply. */
void transaction_fail_all(struct transaction *, enum job_stage, unsigned code,
    const char *status, struct str text);

/* JOB_DONE for qmgr; views into the transaction. */
struct job_done transaction_done(const struct transaction *, bool possible);

#endif
