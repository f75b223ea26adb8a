/*
 * auth.h - AUTH: who is it? (RFC 4954; PLAIN, LOGIN, SCRAM-SHA-256)
 *
 *	READY --AUTH--> AUTH <--334-- line --> PROVE --answer--> READY
 *
 * The engine decodes what the client says and asks whoever knows, by
 * session_ops.authenticate: keyd for local users, another server for those of
 * a profile that forwards. Nothing of a password is logged, or kept longer
 * than the exchange. What comes of success is the behaviour RELAY until
 * STARTTLS or the end of the connection (threats REL-11).
 *
 * Guessing (threats LIM-15): the third failure of a connection ends it, and
 * an address or a user with failures in the last hour waits before each
 * further attempt is looked at, whatever it is worth.
 */
#ifndef SMTPD_AUTH_H
#define SMTPD_AUTH_H

#include "smtpd/session.h"

#define AUTH_FAILURES_MAX 3 /* of one connection */

enum auth_ask {
	AUTH_ASK_PASSWORD,
	AUTH_ASK_SALT, /* SCRAM: local profiles only */
	AUTH_ASK_PROOF
};
struct auth_question {
	enum auth_ask kind;
	const struct auth_profile *profile;
	struct str user;
	struct str password;            /* PASSWORD */
	struct str auth_message, proof; /* PROOF */
};
struct auth_answer {
	bool broken;          /* nobody can say now */
	bool ok;              /* PASSWORD, PROOF */
	struct str salt;      /* SALT */
	uint32_t iterations;  /* SALT */
	struct str signature; /* PROOF, when ok */
};

/* What EHLO says, "PLAIN LOGIN SCRAM-SHA-256"; NULL: it is not offered as
 * things stand. */
const char *auth_offer(const struct smtp_session *);
/* May MAIL have the parameter AUTH (RFC 4954 5)? */
bool auth_has_parameter(const struct smtp_session *);
/* Is AUTH allowed now, with these arguments? code 0: it is. */
struct reply auth_judge(const struct smtp_session *, struct str args);
void auth_begin(struct smtp_session *, struct str args);
/* A line in PH_AUTH; text n 0 with bad: it was none. */
void auth_line(struct smtp_session *, struct str text, bool bad);
/* PH_PROVE: until when, and that it is time. */
int64_t auth_due(const struct smtp_session *);
void auth_expire(struct smtp_session *);
/* What was said before counts no more: STARTTLS. */
void auth_forget(struct smtp_session *);
/* The exchange is over, however. */
void auth_end(struct smtp_session *);

#endif
