/*
 * session.h - one SMTP conversation: bytes in, bytes out
 *
 * The engine does no I/O and owns no socket: whoever runs it (conn.c, a
 * test) feeds it what the client sent, sends what it puts into `out`, tells
 * it the time, and carries its messages to cleanup through session_ops.
 *
 *	CONNECT --facts--> GREETED --EHLO--> READY --MAIL--> ENVELOPE
 *	                                       ^                |
 *	             +--------accepted---------+         DATA   |  BDAT
 *	             |                         |           v    v
 *	            WAIT <----end of data---- BODY       CHUNK <-> CHUNKED
 *
 * RSET, EHLO and every end of data, good or bad, lead to READY with nothing
 * left of the transaction (threats STM-01). A command whose stages lack facts
 * waits in ASK and then goes on (smtpd/ask.h). By QMQP content comes first
 * (GREETED, BODY, LATE, ENVELOPE, WAIT; qmqp.h). SWALLOW is a chunk that
 * nobody wants; TLS is a handshake; CLOSING says no more than what is in `out`.
 * session_enter() is the only writer of phase.
 *
 * The order of calls: session_init, session_start, then any of the others;
 * session_fini at the end. Each may leave the session in PH_CLOSING; none
 * frees it.
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include "config/config.h"
#include "fact/facts.h"
#include "ipc/messages.h"
#include "pipeline/stage.h"
#include "smtp/line.h"
#include "smtpd/limits.h"
#include "stats/stats.h"

#define PH_CONNECT  (1u << 0) /* facts are being fetched; nothing said yet */
#define PH_GREETED  (1u << 1)
#define PH_READY    (1u << 2)
#define PH_ENVELOPE (1u << 3) /* there is a sender */
#define PH_CHUNKED  (1u << 4) /* between two BDAT */
#define PH_BODY     (1u << 5)
#define PH_CHUNK    (1u << 6)
#define PH_SWALLOW  (1u << 7)
#define PH_WAIT     (1u << 8) /* for cleanup's answer */
#define PH_CLOSING  (1u << 9)
#define PH_ASK      (1u << 10) /* a command waits for facts */
#define PH_AUTH     (1u << 11) /* a line of an AUTH exchange is expected */
#define PH_PROVE    (1u << 12) /* who it is, is being asked */
#define PH_TLS      (1u << 13) /* between the 220 to STARTTLS and TLS */
#define PH_LATE     (1u << 14) /* QMQP: content is here, no sender yet */

#define PH_COMMAND (PH_GREETED | PH_READY | PH_ENVELOPE | PH_CHUNKED | PH_LATE)
#define PH_TXN                                                                 \
	(PH_ENVELOPE | PH_CHUNKED | PH_BODY | PH_CHUNK | PH_WAIT | PH_LATE)

struct smtp_session;
struct txn;
struct ask;
struct auth;
struct auth_question;
struct auth_answer;
struct qmqp;
struct session_debug;
struct protocol;

enum starttls {
	STARTTLS_READY,
	STARTTLS_UNAVAILABLE, /* no certificate at hand, or no key */
	STARTTLS_FULL,
	STARTTLS_PENDING /* the client has sent more already */
};

/* What the session needs others for. */
struct session_ops {
	/* Before the greeting: has the client spoken, or gone? Then that was
	 * said (session_early_talker, session_lost). NULL: never mind. */
	bool (*spoke)(struct smtp_session *);
	/* A message begins. False: nobody can take it now. */
	bool (*open)(struct smtp_session *, const struct envelope *);
	void (*content)(struct smtp_session *, struct str stored);
	/* After all content: the envelope, when that of open was ENV_LATE. */
	void (*envelope)(struct smtp_session *, const struct envelope *);
	/* All content was given; answered by session_accepted. */
	void (*end)(struct smtp_session *, const struct end_msg *);
	void (*abort)(struct smtp_session *);
	/* Asks for a fact, which need.key, the session's, names until then;
	 * session_answer follows, not from within. False: *now says it at
	 * once; as it is given, that it cannot be had. */
	bool (*ask)(struct smtp_session *, const struct need *,
	    struct fact_answer *now);
	void (*forget)(struct smtp_session *); /* all that was asked */
	/* Is it who it says (smtpd/auth.h)? session_authenticated follows, not
	 * from within. False: nobody can be asked. NULL: never mind. */
	bool (*authenticate)(
	    struct smtp_session *, const struct auth_question *);
	/* May TLS be offered? NULL: never. */
	bool (*tls_ready)(const struct smtp_session *);
	/* STARTTLS_READY: when the 220 is on its way the handshake begins;
	 * session_tls_up or _failed follows, not from within. */
	enum starttls (*tls_begin)(struct smtp_session *);
};

struct smtp_session {
	const struct session_ops *ops;
	struct stats *stats;
	struct config *config; /* a reference: a reload does not touch us */
	struct facts facts;
	struct subject subject; /* listener, group, policy, behaviour */
	struct buf *out;        /* replies; the caller's, empty at each call */
	const struct protocol *protocol;
	struct qmqp *qmqp; /* NULL: it is SMTP, or has not begun */
	struct line line;
	struct txn *txn;   /* only in PH_TXN, and PH_ASK */
	struct ask *ask;   /* NULL: nothing is asked and known about keys */
	struct auth *auth; /* only in PH_AUTH, PH_PROVE */
	struct session_debug *debug; /* NULL: no debug log wants it */
	struct tally tally;
	uint64_t icid; /* 0: nothing was said and nothing is logged */
	unsigned phase;
	char *host; /* owns facts.host */
	char *helo; /* owns facts.helo */
	char *user; /* owns facts.user */
	uint8_t auth_failures;
	bool esmtp;      /* EHLO, not HELO */
	bool held;       /* cleanup is behind: take no more content */
	bool leaving;    /* no new transactions: 421 */
	bool lost;       /* the client went without QUIT */
	bool lingers;    /* CLOSING: input may be on its way */
	bool quit;       /* CLOSING: because the client says so */
	uint8_t limited; /* bits of enum limit that the log knows of */
	bool refused;    /* CLOSING: TCPREFUSE; reset, say nothing */
	struct {
		uint64_t left;
		bool last;
		unsigned back;      /* SWALLOW: phase to go back to, */
		struct reply reply; /* and what to say then; code 0: none */
	} chunk;
	struct {
		bool allowed;      /* this client may say XCLIENT */
		bool taken;        /* it has: the facts are what it said */
		bool pending;      /* the caller: session_start again */
		bool helo;         /* EHLO does not change the name */
		const char *proto; /* "": as the client speaks */
	} xclient;
	char tls[80];        /* "version=TLSv1.3 cipher=..."; "": none */
	int64_t quiet_until; /* nothing is said or read before; 0: any time */
	int64_t now; /* monotonic ms; the caller sets it before each call */
	int64_t started;
	int64_t since;  /* start of the wait for a line, a block, an answer */
	uint32_t block; /* bytes since then */
};

/* facts.client, .client_port, .local must be set. Takes a reference. */
void session_init(struct smtp_session *, const struct session_ops *,
    struct stats *, struct config *, const struct listener *);
void session_fini(struct smtp_session *);

/* A connection was made, or XCLIENT made it another (xclient.pending, when
 * any of the calls returns: then the facts are set again). counts: of the
 * shared table, this one included. Greets, at once or when the facts for that
 * are there. */
void session_start(
    struct smtp_session *, const struct stats_conn_counts *counts);
/* In PH_CONNECT: the client spoke before it was greeted. */
void session_early_talker(struct smtp_session *);

/* The answer to what was asked; of FACT_HOST: number is the class, text the
 * name. One that nobody waits for any more is nothing. */
void session_answer(struct smtp_session *, const struct fact_answer *);
/* No answers will come. */
void session_unanswered(struct smtp_session *);

/* What became of authenticate; nobody may wait for it any more. */
void session_authenticated(struct smtp_session *, const struct auth_answer *);

/* Takes what it can use now from the front of *in; what is left must be
 * given again when session_reads says so. */
void session_input(struct smtp_session *, struct str *in);
bool session_reads(const struct smtp_session *);

/* The client is gone. */
void session_lost(struct smtp_session *);
/* Cleanup's answer: at any time after open, once. */
void session_accepted(struct smtp_session *, const struct accepted *);

/* The end of a handshake; the session begins anew, or is over. */
void session_tls_up(
    struct smtp_session *, const char *version, const char *cipher);
void session_tls_failed(struct smtp_session *, const char *reason);

/* When time is up, on the clock of `now`; and that it is. */
int64_t session_due(const struct smtp_session *);
void session_expire(struct smtp_session *);
/* The program or the listener stops: when is there something to finish? */
bool session_is_idle(const struct smtp_session *);
void session_leave(struct smtp_session *); /* no new transaction; 421 if idle */
void session_cut(struct smtp_session *);   /* 421 now */

/* --- inside smtpd: for commands.c, txn.c, auth.c --- */

/* Resources run low (delivery-admin 6.2): what is said now waits. */
void session_tarpit(struct smtp_session *);
/* So low that no mail is accepted? */
bool session_is_full(const struct smtp_session *);
/* Between two things: has the session been asked to end? */
void session_rest(struct smtp_session *);
void session_enter(struct smtp_session *, unsigned phase);
/* Says no more and reads no more. lingers: there may be more input. */
void session_close(struct smtp_session *, bool lingers);
/* Reads n bytes that nobody wants, then gives that reply (NULL: none). Its
 * texts must be literals. */
void session_swallow(struct smtp_session *, uint64_t n, const struct reply *);
/* For replies that begin with our name; never empty: where the policy wants
 * none it is the word that the greeting begins with. */
struct str session_hostname(const struct smtp_session *);

#endif
