/*
 * dialog.h - the conversation with an SMTP server, without the network
 *
 * A state machine: bytes of the server go in, bytes for the server come out
 * in `out`, what happened comes out through the hooks. It does no I/O and
 * knows no clock, so that a test can play every server, cut into pieces in
 * every way.
 *
 *	GREETING --220--> EHLO --250--> up --jobs--> ... --QUIT--> over
 *	                  ^  `--5xx--> HELO --250--^
 *	                  `--secured-- STARTTLS <-- EHLO
 *
 * with AUTH in front of "up" where we have to log in (dialog_login.c).
 *
 * Up to DIALOG_JOBS transactions wait here and run one after another. When
 * the server knows PIPELINING, each is said in one go (MAIL, every RCPT,
 * DATA), and the next one right behind the end of the content of the one
 * before (RFC 2920). Otherwise each command waits for the reply before it.
 *
 * The order of commands said is the order of replies expected, kept in a
 * queue. A reply that is not expected, comes before its command has left, or
 * is of a class that its command cannot have (354 to MAIL, 250 to DATA) ends
 * the dialogue: nothing counts as delivered but by a 2xx to its own final
 * dot (threats OUT-02, OUT-09).
 */
#ifndef SMTP_DIALOG_H
#define SMTP_DIALOG_H

#include <stdbool.h>

#include "base/buf.h"
#include "ipc/messages.h"
#include "smtp/features.h"
#include "smtp/reply.h"
#include "smtp/transaction.h"
#include "tls/scram.h"

#define DIALOG_JOBS 8 /* more than qmgr gives at a time */

struct dialog_hooks {
	/* Greeting and EHLO are done; see features. */
	void (*up)(void *arg);
	/* STARTTLS was agreed upon: begin, then call dialog_secured. What
	 * the server says until then is not for the dialogue. */
	void (*starttls)(void *arg);
	/* login.mechanism, nonce and challenge are there: what have we to
	 * say? dialog_login_answer follows. */
	void (*login)(void *arg);
	/* MAIL of this transaction was said. */
	void (*started)(void *arg, struct transaction *);
	/*
	 * The content goes now: put it into out and call
	 * dialog_content_done, now or later. Until then no more is said.
	 */
	void (*content)(void *arg, struct transaction *);
	/* All results are there; the transaction is yours, free it.
	 * possible: the connection was lost between dot and reply. */
	void (*done)(void *arg, struct transaction *, bool possible);
	/* Who looks on (NULL: nobody): a command, without its end, the final
	 * dot as "."; and a reply, before it is acted upon. */
	void (*said)(void *arg, struct str line);
	void (*heard)(void *arg, const struct reply *);
};

/* What the server is being waited for; each has a time limit of its own. */
enum dialog_wait {
	WAIT_NONE,  /* idle, or over */
	WAIT_REPLY, /* greeting, EHLO, MAIL, RCPT, RSET */
	WAIT_TLS,   /* the end of the handshake */
	WAIT_DATA,  /* 354 */
	WAIT_BLOCK, /* that it takes the content */
	WAIT_DOT,
	WAIT_QUIT
};

/* Logging in (RFC 4954), behind TLS and before the first transaction. */
struct dialog_login {
	/* To be set before the greeting comes: whether we must, and may also
	 * in the clear; and for SCRAM something random. */
	bool wanted, in_clear;
	char nonce[SCRAM_OUR_NONCE + 1];

	bool asking; /* login() was called, its answer has not come */
	bool done, proven;
	unsigned step; /* lines that the server has asked for */
	enum login_mechanism mechanism;
	struct str challenge;
	struct str first, second; /* as of LOGIN_DONE */
	struct str said;          /* what must not come back into a log */
};

struct expect;
struct dialog {
	const struct dialog_hooks *hooks;
	void *arg;
	const char *helo;

	struct buf out;        /* to be sent; report with dialog_sent */
	uint64_t sent;         /* bytes of out that have left, ever */
	uint64_t told;         /* of all of out, what was told to said */
	struct reply reply;    /* the one being read ... */
	bool early;            /* ... began before its command had left */
	struct expect *expect; /* replies to come are expect[at .. n - 1] */
	size_t expect_at, expect_n, expect_cap;
	uint64_t progress; /* grows with every reply: time for a new limit */

	struct features features;
	bool up, quit_wanted, quit_said;
	/* Whether STARTTLS is said where it is offered; whether all ends where
	 * it is not, or is refused. To be set before the greeting comes. */
	bool tls_wanted, tls_needed;
	bool requiretls; /* all ends where it is not offered (RFC 8689) */
	bool tls_starting, secured;
	/* Recipients are only asked about: what is said to RCPT is the result,
	 * DATA never follows. To be set before the first job. */
	bool asks_only;
	struct dialog_login login;
	bool need_rset;  /* a transaction was left open at the server */
	uint32_t n_mail; /* transactions begun */
	struct transaction *jobs[DIALOG_JOBS]; /* the oldest first */
	size_t n_jobs;

	/* Once over: why. Nothing is said or read any more. */
	bool over;
	enum session_end end;
	unsigned end_code;
	char end_status[12];
	struct str end_text;
	struct arena mem; /* of end_text */
};

/* helo must outlive the dialogue. The greeting is expected first. */
void dialog_init(
    struct dialog *, const char *helo, const struct dialog_hooks *, void *arg);
/* Frees jobs that are left: they have no results. */
void dialog_fini(struct dialog *);

/* Takes the job over; false: DIALOG_JOBS are here already, or it is over. */
bool dialog_add_job(struct dialog *, struct transaction *);
/* No more jobs: say QUIT when those that are here are done. */
void dialog_quit(struct dialog *);

void dialog_input(struct dialog *, struct str in);
/* The handshake is done: EHLO again, nothing of before counts. */
void dialog_secured(struct dialog *);
/* What keyd says to hooks.login. */
void dialog_login_answer(struct dialog *, const struct login_done *);
const char *dialog_login_name(const struct dialog *); /* of the mechanism */
/* Does a text of the server repeat what must not get into a log? Until what
 * it says about our login has been acted upon. */
bool dialog_login_tells(const struct dialog *, struct str text);
/* n bytes of out have left. */
void dialog_sent(struct dialog *, size_t n);
/* Call after changing anything: says all that can be said now. */
void dialog_talk(struct dialog *);
/* The whole content of the transaction was put into out, or sent. */
void dialog_content_done(struct dialog *);

/*
 * The dialogue ends from our side or by the network: time-out, reset, end of
 * file, killed. Transactions of which something is known (a reply to RCPT, a
 * dot that left) are done, with code 0 for what is not known; the others
 * stay in jobs: nothing was done for them.
 */
void dialog_end(struct dialog *, enum session_end, struct str text);

enum dialog_wait dialog_wait(const struct dialog *);
/* "RCPT", "final dot": what the oldest reply to come is to. */
const char *dialog_waits_for(const struct dialog *);
bool dialog_is_idle(const struct dialog *); /* up, nothing to do */

#endif
