/*
 * commands.h - the commands of a client: where each is allowed, what is
 * checked, what it does
 */
#ifndef SMTPD_COMMANDS_H
#define SMTPD_COMMANDS_H

#include "smtpd/session.h"

/* One whole line. more: the client sent further bytes behind it. */
void commands_line(struct smtp_session *, struct str line, bool more);
/* In PH_ASK: the facts are there, or cannot be had. */
void commands_again(struct smtp_session *);
/* The line was no line (smtp/line.h): LINE_BAD, LINE_LONG. */
void commands_bad_line(struct smtp_session *, enum line_end);

#endif
