/*
 * session.h - one connection to a server: socket, time limits, content
 *
 * A session is made by qmgr's SESSION message, feeds a dialogue (dialog.h)
 * with what the socket brings, sends what the dialogue says, and reports to
 * qmgr: SESSION_UP, JOB_DONE for each job, SESSION_DOWN at the end. All that
 * is said in one turn of the loop leaves in one system call at its end; by
 * then everything that was readable has been read, so that a stray reply is
 * noticed before the next command leaves.
 *
 * A session frees itself at its end, after SESSION_DOWN.
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "base/loop.h"
#include "base/map.h"
#include "ipc/ipc.h"
#include "smtp/reply.h"
#include "smtp/signing.h"
#include "stats/stats.h"

/*
 * Somebody who looks on, an admin tool: there is no qmgr then, and of each
 * session he is told what qmgr would be, and more. What is pointed to is good
 * for the call. Secrets are not said.
 */
struct tls_conn;
struct tls_peer;
struct session_watch {
	void (*connected)(void *arg, const struct ip *source);
	void (*said)(void *arg, struct str line); /* to the server */
	void (*heard)(void *arg, const struct reply *);
	/* The handshake is done. */
	void (*secured)(
	    void *arg, const struct tls_conn *, const struct tls_peer *);
	void (*up)(void *arg, const struct session_up *);
	void (*done)(void *arg, const struct job_done *);
	void (*down)(void *arg, const struct session_down *);
};

/* What all sessions of a worker share. */
struct sessions {
	struct loop *loop;
	struct loop_wheel *wheel;
	struct ipc *qmgr;       /* NULL: gone */
	struct ipc *keyd;       /* NULL: gone; keyd.h */
	struct tls_client *tls; /* for those that want it; not ours */
	struct map by_txn;
	struct map by_asked; /* those that wait for keyd */
	uint32_t last_asked;
	size_t n, max;
	const struct session_watch *watch; /* NULL: nobody */
	void *watch_arg;
	/* For signatures of DKIM; NULL: nothing is signed. */
	struct config *const *config; /* in force */
	struct stats *stats;
	struct signed_kept signed_kept;
	bool one_by_one; /* each command waits for the reply before it */
	bool asks_only;  /* as in dialog.h */
	void (*empty)(void *arg); /* the last one has gone */
	void *arg;
};

struct smtp_session;
struct tls_client;

void sessions_init(struct sessions *, struct loop *, size_t max);
void sessions_fini(struct sessions *); /* kills those left */

/* Begins to connect. Fails, if it does, by a SESSION_DOWN. */
void session_open(struct sessions *, uint32_t txn, const struct session *);
struct smtp_session *session_find(struct sessions *, uint32_t txn);

/* A JOB frame for this session; its descriptor is taken. */
int session_job(struct smtp_session *, struct ipc_frame *, struct err *);
void session_quit(struct smtp_session *); /* when the jobs here are done */
void session_kill(struct smtp_session *); /* now */
/* Greeting and EHLO are done: there may be a transaction under way. */
bool session_is_up(const struct smtp_session *);
/* The wheel's: what was waited for has not come. */
void session_expired(struct loop_deadline *);

/* For all of them. A session that is not up has nothing to finish: both end
 * it at once. */
void sessions_quit(struct sessions *);
void sessions_kill(struct sessions *);
/* keyd is gone: those that wait for it end. */
void sessions_keyless(struct sessions *);

#endif
