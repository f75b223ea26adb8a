/*
 * session_inside.h - what the files of a session share
 */
#ifndef SMTP_SESSION_INSIDE_H
#define SMTP_SESSION_INSIDE_H

#include "config/config.h"
#include "smtp/content.h"
#include "smtp/dialog.h"
#include "smtp/session.h"
#include "tls/client.h"

/* Of a session under TLS. What was encrypted leaves as a whole before more
 * is: so it is known what has left. */
struct session_tls {
	struct tls_conn *conn;
	struct buf wire;   /* encrypted, to be sent */
	size_t plain;      /* bytes of the dialogue's output that are in it */
	size_t n_received; /* during the handshake */
	bool up;
	bool signing;    /* keyd is asked; what comes meanwhile waits */
	struct buf held; /* here */
};

struct smtp_session {
	struct sessions *all;
	uint32_t txn;
	uint64_t dcid;
	char domain[DOMAIN_MAX + 1];
	char helo[DOMAIN_MAX + 1];
	struct endpoint peer;
	struct ip source; /* to bind to, then what the connection has */
	uint32_t connect_ms, reply_ms;

	enum tls_level level;
	char *host, *names[TLS_NAMES]; /* for TLS; NULL where it is off */
	char *certificate;             /* ours; likewise */
	enum tls_policy policy;        /* of the recipient's side */
	bool counted;                  /* its TLS was told for reports */
	struct str *tlsas;             /* DANE; copies */
	size_t n_tlsas;
	struct session_tls *tls; /* NULL: in the clear */

	char **debug_logs; /* NULL: nobody is told what is said */
	size_t n_debug_logs;
	bool secret; /* what is said is part of an AUTH exchange */

	int fd;
	bool connected;
	struct loop_watch *watch;
	struct loop_job flush; /* at the end of the turn */
	struct dialog dialog;
	char auth[NAME_MAX_LEN + 1]; /* profile that we log in as; "": none */
	uint32_t asked;              /* of keyd, no answer yet; 0: nothing */
	struct content content;      /* that is being sent piecemeal */
	struct signing *signing;     /* of what goes next; NULL: none */
	size_t block;                /* bytes since the last new limit */

	struct loop_deadline deadline;
	enum dialog_wait armed; /* what for, and at which progress */
	uint64_t armed_at;
};

/* session_end.c */
void session_fail(struct smtp_session *, int sys, const char *what);
enum session_end session_end_of(int sys); /* an errno */
/* The last touch of it. Jobs without results go back to qmgr with this. */
void session_down(struct smtp_session *);

/* session.c */
void session_count_sent(struct smtp_session *, size_t n);
/* Its signature is there: now the content goes, if it is its turn. */
void session_content(struct smtp_session *, struct transaction *);
/* What keyd says. */
void session_login(struct smtp_session *, const struct login_done *);
void session_signed(struct smtp_session *, struct str signature);
/* It is gone, and that was asked of it. */
void session_keyless(struct smtp_session *);

/* session_watch.c */
void session_watch_init(struct smtp_session *, const struct session *);
void session_watch_fini(struct smtp_session *);
/* Hooks of the dialogue. */
void session_said(void *session, struct str line);
void session_heard(void *session, const struct reply *);

/* session_tls.c */
void session_tls_init(struct smtp_session *, const struct session *);
void session_tls_fini(struct smtp_session *);
void session_tls_begin(struct smtp_session *);
/* What the socket brought. */
void session_tls_input(struct smtp_session *, struct str in);
/* What keyd signed; empty: it did not. */
void session_tls_signed(struct smtp_session *, struct str signature);
/* One step of sending; false: nothing more can be sent now. */
bool session_tls_send(struct smtp_session *);
bool session_tls_wants_send(const struct smtp_session *);
/* As good as can be: the last words of TLS. */
void session_tls_close(struct smtp_session *);

/* session_count.c: for TLS reports, what was worth telling of each session,
 * once: its certificate, or that it has come up; that it ends. */
void session_count_peer(struct smtp_session *, const struct tls_peer *);
void session_count_up(struct smtp_session *);
void session_count_end(struct smtp_session *);

#endif
