/*
 * smtpd.h - the state of one smtpd worker, and what its files share
 *
 *	listener.c   sockets that listen: accepting, full tables, the end
 *	conn.c	     one client's socket: reading, writing, time-outs
 *	conn_tls.c   the same under TLS
 *	keys.c	     certificates and signatures of keyd
 *	balancer.c   who is behind a load balancer
 *	session.c    the conversation, without any I/O
 *	intake.c     messages on their way to cleanup
 *	lookups.c    questions to lookupd
 *	passwords.c  questions about users, to keyd or through lookupd
 *	keyd.c	     the channel to keyd
 *	topin.c	     who is connected, for the command of that name
 */
#ifndef SMTPD_SMTPD_H
#define SMTPD_SMTPD_H

#include "base/map.h"
#include "program/program.h"
#include "smtpd/auth.h"
#include "smtpd/callahead.h"
#include "smtpd/session.h"

struct port;
struct question;
struct keys_client;
struct conn_tls;

struct smtpd {
	struct daemon *daemon;
	struct loop_wheel *wheel; /* deadlines of connections */
	struct conn *conns;       /* all of them */
	size_t n_conns;
	struct port *ports;
	struct ipc *cleanup[WORKERS_MAX]; /* NULL: not there */
	struct ipc *lookupd;
	struct ipc *keyd;
	struct keys_client *keys;
	struct map txns;      /* transaction number -> conn */
	struct map passwords; /* question number -> conn */
	struct map queries;   /* question number -> question */
	struct callahead_cache callahead;
	uint32_t last_txn, last_query, last_password;
	struct loop_timer *stop;
};

/* One client. The session is first, so that what the engine hands to its
 * operations leads back here. */
struct conn {
	struct smtp_session session;
	struct smtpd *smtpd;
	struct conn *next, **prev;
	struct port *port;
	int fd;
	bool proxied; /* its PROXY header is not here yet */
	bool parked;  /* there is input that nobody wants now */
	bool shut;    /* we have said all; waiting for the client's end */
	struct loop_watch *watch;
	struct loop_deadline deadline;
	struct buf in;        /* read, not used yet */
	struct buf out;       /* said, not sent yet */
	struct conn_tls *tls; /* NULL: in the clear */
	uint32_t listener_index;
	struct stats_conn counted;
	size_t discarded;
	struct question *questions;      /* at lookupd */
	uint32_t txn;                    /* at cleanup; 0: none */
	uint32_t password;               /* asked about; 0: none */
	bool asked_keyd;                 /* ... keyd, else a server */
	struct ipc *cleanup;             /* who has it, or will have it */
	const struct envelope *envelope; /* not sent yet; the session's */
};

/* --- smtpd.c --- */

/* kind: PROGRAM_SMTPD, PROGRAM_QMQPD. What is spoken is the listeners'. */
int smtpd_main(enum program_kind kind, int argc, char **argv);

/* --- listener.c --- */

void listener_setup(struct smtpd *); /* before the sandbox */
void listener_add(struct smtpd *, const char *name, int fd);
/* Closes the socket; after `wait` seconds its connections too. */
void listener_remove(struct smtpd *, const char *name, uint32_t wait);
void listener_remove_all(struct smtpd *);
void listener_config(struct smtpd *, struct config *next);
/* A connection of that port has ended. */
void listener_left(struct smtpd *, struct port *);

/* --- conn.c --- */

void conn_setup(struct smtpd *);
struct conn_origin { /* where a connection came from */
	struct port *port;
	const struct listener *listener;
	struct config *config;
	uint32_t listener_index;
	struct ip client, local;
	uint16_t client_port;
};
void conn_new(struct smtpd *, int fd, const struct conn_origin *);
bool conn_spoke(struct smtp_session *); /* session_ops.spoke */
int conn_send_flags(const struct conn *);
/* Each of these may be the last that is heard of the connection. */
void conn_answer(struct conn *, const struct fact_answer *);
void conn_unanswered(struct conn *); /* lookupd is gone */
void conn_authenticated(struct conn *, const struct auth_answer *);
void conn_signed(struct conn *, struct str signature); /* "": refused */
void conn_accepted(struct conn *, const struct accepted *);
void conn_resume(struct conn *); /* cleanup takes content again */
void conn_leave(struct conn *);  /* finish what is begun, then go */
void conn_cut(struct conn *);    /* 421 now */
void conn_free(struct conn *);   /* not a word more */

/* --- balancer.c --- */

/* Is it of a balancer, which has a PROXY header to send first? */
bool balancer_sent(const struct conn_origin *);
enum balancer_end { BALANCER_WAITS, BALANCER_DONE, BALANCER_GONE };
/* There is input. DONE: the facts say who the client is. */
enum balancer_end balancer_read(struct conn *);
void balancer_late(const struct conn *);

/* --- intake.c --- */

extern const struct session_ops intake_ops; /* lookups.c has a part in it */
const struct ipc_handler *intake_peer(
    struct smtpd *, uint32_t worker, struct ipc *, void **arg);
void intake_forget(struct conn *); /* its transaction is nobody's now */

/* --- passwords.c --- */

/* session_ops.authenticate; conn_authenticated follows. */
bool passwords_ask(struct smtp_session *, const struct auth_question *);
/* Frames of keyd; what lookupd heard of another server. */
int passwords_done(struct smtpd *, struct ipc_frame *, struct err *);
int passwords_salt(struct smtpd *, struct ipc_frame *, struct err *);
void passwords_probed(struct smtpd *, uint32_t txn, const struct probe_done *);
/* keyd (which is forgotten) or lookupd is gone: it answers nobody any more. */
void passwords_lost(struct smtpd *, const struct ipc *);

/* --- topin.c --- */

/*
 *	connections
 *	{ "connections": [ { "host": text, "ip": text, "listener": text,
 *	    "connections": n } ] }	of this worker; host "": not verified
 *	callaheadflush
 *	{ "flushed": n }	answers of call-ahead that this worker had kept
 */
void topin_command(struct daemon *, struct ipc *admin, const struct command *,
    const char *user);

/* --- keyd.c --- */

const struct ipc_handler *keyd_peer(struct smtpd *, struct ipc *, void **arg);

/* --- lookups.c --- */

/* session_ops.ask and .forget; conn_answer follows. */
bool lookups_ask(
    struct smtp_session *, const struct need *, struct fact_answer *now);
void lookups_forget(struct smtp_session *);
/* Answers of keyd about tags; keyd is gone. */
int lookups_tag_judged(struct smtpd *, struct ipc_frame *, struct err *);
void lookups_keyd_lost(struct smtpd *);
const struct ipc_handler *lookups_peer(
    struct smtpd *, struct ipc *, void **arg);

#endif
