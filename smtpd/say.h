/*
 * say.h - replies to the client
 *
 * What they look like is the protocol's. Of SMTP each line is "code status
 * text" (RFC 5321 4.2, RFC 2034); status "" for those that have none: the
 * greeting, and the answers to HELO and EHLO. Replies are gathered in
 * session.out.
 */
#ifndef SMTPD_SAY_H
#define SMTPD_SAY_H

#include "smtpd/session.h"

void say(struct smtp_session *, int code, const char *status, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
/* Text of several lines, parted by \n: a reply of several lines. */
void say_text(
    struct smtp_session *, int code, const char *status, struct str text);
void say_reply(struct smtp_session *, const struct reply *);

/* How SMTP says it (struct protocol). */
void say_smtp(
    struct smtp_session *, int code, const char *status, struct str text);

/* Lists: all lines but the last with "-". */
void say_line(struct smtp_session *, int code, bool last, struct str text);

#endif
