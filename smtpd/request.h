/*
 * request.h - one command while it is judged, and the two that bring
 * addresses
 *
 * A check fills the request; if it is not refused, apply works with what
 * stands there. decided.needs: it could not be judged yet; the request waits
 * (ask.h) and request_go_on runs on where the stages stopped. Everything in
 * it lives in mem, until the command is done; but for `text`, which is the
 * caller's. Whoever connects is one too, that has no line.
 */
#ifndef SMTPD_REQUEST_H
#define SMTPD_REQUEST_H

#include "smtp/command.h"
#include "smtp/param.h"
#include "smtpd/decide.h"
#include "smtpd/session.h"

enum request_log { /* what a refusal is to the log */
	LOG_NONE,
	LOG_UNKNOWN,
	LOG_SYNTAX,
	LOG_SENDER, /* not an address */
	LOG_RCPT,
	LOG_SENDER_REFUSED, /* by a stage */
	LOG_REFUSED,        /* a recipient, whatever it was, */
	LOG_BOUNCE,         /* or because it has no valid tag */
	LOG_TLS,            /* policy wants TLS first */
	LOG_FAILED          /* receiving failed: a limit */
};

struct request {
	struct str text; /* the whole line; empty once it has waited */
	struct command_line line;
	bool more;     /* there is input behind the line */
	unsigned back; /* while it waits: the phase to go back to */
	struct arena mem;

	enum request_log log;
	const char *by; /* who refused the recipient; which limit */

	struct str path;        /* MAIL, RCPT: as the client wrote it */
	struct subject subject; /* after the stages */
	struct decided decided;
	struct mail_params mail;
	struct rcpt_params rcpt;
	uint64_t chunk; /* BDAT */
	bool last;
};

struct reply request_no(
    int code, const char *status, const char *text, bool close);

/* On the heap, because it has to wait; the other one is empty. */
struct request *request_keep(struct request *);
void request_free(struct request **);

/* The facts that were lacking are there, or cannot be had. */
struct reply request_go_on(const struct smtp_session *, struct request *);
/* As it was when only the line was taken apart. */
void request_begin_anew(struct request *);

struct reply request_check_mail(const struct smtp_session *, struct request *);
void request_apply_mail(struct smtp_session *, struct request *);
struct reply request_check_rcpt(const struct smtp_session *, struct request *);
/* Counts one that is not refused. False: a limit was met in the meantime, by
 * others; judge it again. */
bool request_count_rcpt(struct smtp_session *, const struct request *);
void request_apply_rcpt(struct smtp_session *, struct request *);
/* For the log: whom a limit refuses, once per connection and limit. */
void request_log_limit(struct smtp_session *, struct request *);

#endif
