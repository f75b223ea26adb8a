/*
 * dialog_inside.h - what dialog.c, dialog_open.c and dialog_login.c share
 */
#ifndef SMTP_DIALOG_INSIDE_H
#define SMTP_DIALOG_INSIDE_H

#include "smtp/dialog.h"

enum expect_kind {
	X_GREETING,
	X_EHLO,
	X_HELO,
	X_STARTTLS,
	X_AUTH,
	X_RSET,
	X_MAIL,
	X_RCPT,
	X_DATA,
	X_DOT,
	X_QUIT
};

/* A command that was said: its reply is due. */
struct expect {
	enum expect_kind kind;
	struct transaction *t; /* NULL: of the session */
	size_t rcpt;           /* X_RCPT: of whom */
	uint64_t end;          /* it has left when this many bytes were sent */
};

/* The reply to what was just put into out. */
void dialog_expect(
    struct dialog *, enum expect_kind, struct transaction *, size_t rcpt);
bool dialog_is_class(const struct dialog *, unsigned class);
/* The reply that was just read is the reason. */
void dialog_end_with_reply(struct dialog *, enum session_end);

/* dialog_open.c */
void dialog_answer_greeting(struct dialog *, const struct expect *);
void dialog_answer_ehlo(struct dialog *, const struct expect *);
void dialog_answer_helo(struct dialog *, const struct expect *);
void dialog_answer_starttls(struct dialog *, const struct expect *);
/* Secured or not, logged in or not, as far as must be: jobs may come. */
void dialog_come_up(struct dialog *);

/* dialog_login.c */
void dialog_login_begin(struct dialog *);
void dialog_answer_auth(struct dialog *, const struct expect *);
void dialog_login_forget(struct dialog *);
/* A line of the exchange, for whoever looks on. */
struct str dialog_login_masked(struct dialog *, struct str line);

#endif
