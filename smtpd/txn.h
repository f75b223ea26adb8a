/*
 * txn.h - one message on its way from a client to cleanup
 *
 * Begun by MAIL, filled by RCPT, opened at cleanup by DATA or the first
 * BDAT; by QMQP opened first, and then filled. It ends with every end of data,
 * with RSET, EHLO and the connection; with it goes everything that was decided
 * about this message.
 */
#ifndef SMTPD_TXN_H
#define SMTPD_TXN_H

#include "base/arena.h"
#include "smtp/data.h"
#include "smtp/param.h"
#include "smtpd/session.h"

struct txn {
	struct arena mem; /* owns the texts of envelope and rcpts */
	struct envelope envelope;
	struct rcpt *rcpts; /* heap: grows */
	size_t n_rcpts, cap_rcpts;
	uint32_t n_taken;   /* RCPT that were accepted, whatever became of it */
	uint32_t n_limited; /* of them, those that count for the limit */
	uint64_t declared;  /* SIZE= */
	bool open;          /* cleanup has a part of it */
	bool begun;         /* content may come: DATA or BDAT was taken */
	bool late;          /* content came before the envelope */
	struct data data;
	uint64_t taken;       /* bytes of content that the client sent */
	struct reply refused; /* code 0: nothing is wrong with it yet */
};

/* What MAIL brought: after address parsing and the stages of that point. */
struct txn_sender {
	struct str addr, orig;
	const struct mail_params *params;
};
/* The client's envelope, made from the session's facts. Allocates the MID,
 * but for hosts that may send nothing (delayed rejection). */
void txn_begin(struct smtp_session *, const struct txn_sender *);
/* QMQP: the message begins, and so it does at cleanup. The sender follows by
 * txn_begin. False: refused, and the transaction is over. */
bool txn_begin_late(struct smtp_session *);

/* Room for n more recipients in one message? */
bool txn_has_room(const struct smtp_session *, size_t n);
/* A RCPT is accepted; bypass: it does not count for limits. */
void txn_take_rcpt(struct smtp_session *, bool bypass);
/* ... and makes the message a bounce without a valid tag. */
void txn_mark_bounce(struct smtp_session *);
/* What it became: these, */
void txn_add_rcpt(struct smtp_session *, const struct rcpt *);
/* or nothing: an alias leads to /dev/null. */
void txn_drop_rcpt(struct smtp_session *, struct str addr);

/* DATA or the first BDAT: runs the stages of that point, begins at cleanup.
 * False: refused, and the transaction is over. */
bool txn_open(struct smtp_session *);

/* Content in PH_BODY and PH_CHUNK. Take from the front of *in. */
void txn_body(struct smtp_session *, struct str *in);
void txn_chunk(struct smtp_session *, struct str *in);
/* QMQP: a piece of lines that end in LF; last: the rest of it. */
void txn_lines(struct smtp_session *, struct str piece, bool last);
/* The message is whole: session_accepted follows, or it is over. */
void txn_finish(struct smtp_session *);
/* Counts the n bytes of a chunk that is about to come; false: it is so far
 * beyond the limit that it is not worth reading to its end. */
bool txn_chunk_fits(const struct smtp_session *, uint64_t n);

/* Cleanup's answer. */
void txn_accepted(struct smtp_session *, const struct accepted *);

/*
 * Over; why: for the log. While cleanup makes the message durable it is
 * cleanup that says what became of it: then nothing is said here, and the
 * answer that is still to come finds nobody.
 */
void txn_drop(struct smtp_session *, const char *why);

#endif
