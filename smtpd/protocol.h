/*
 * protocol.h - what is spoken on a connection: SMTP, or QMQP
 *
 * A session (session.h) is the same for both: facts, policy, transaction,
 * time. What differs is how it is greeted, how input is read, and what an
 * answer looks like. The listener says which.
 */
#ifndef SMTPD_PROTOCOL_H
#define SMTPD_PROTOCOL_H

#include "smtpd/decide.h"
#include "smtpd/session.h"

struct protocol {
	const char *name; /* in the log */
	/* To the client before it has a session: no descriptors are left. */
	const char *busy;
	bool client_first; /* nobody is greeted, nobody speaks early */
	bool one_request;  /* who has no more to say may still listen */
	/* The connection has been decided; not TCPREFUSE. */
	void (*greet)(struct smtp_session *, const struct decided *);
	/* Takes something from the front of *in, which is not empty. */
	void (*input)(struct smtp_session *, struct str *in);
	void (*say)(struct smtp_session *, int code, const char *status,
	    struct str text);
	/* After each call from outside; NULL: nothing to do. */
	void (*rest)(struct smtp_session *);
	/* The session is about to enter CLOSING; NULL: nothing to do. */
	void (*close)(struct smtp_session *);
	void (*fini)(struct smtp_session *);
};

extern const struct protocol protocol_smtp; /* session.c, commands.c */
extern const struct protocol protocol_qmqp; /* qmqp.c */

const struct protocol *protocol_for(const struct listener *);

#endif
