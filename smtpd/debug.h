/*
 * debug.h - a session, for injection debug logs (delivery-admin 7.8)
 *
 * Only sessions of clients that such a log names have one; the others pay one
 * comparison a call. Every byte both ways is told, a line at a time, but no
 * credentials: behind AUTH only the mechanism is shown, and of the lines that
 * follow it nothing until a command comes.
 */
#ifndef SMTPD_DEBUG_H
#define SMTPD_DEBUG_H

#include "smtpd/session.h"

/* The client has an ICID: is it looked for? Counts it for those logs. */
void debug_begin(struct smtp_session *);
void debug_end(struct smtp_session *);

/* What was in s->out already is not said again. */
void debug_mark(struct smtp_session *);
/* What was put into s->out since then. */
void debug_sent(struct smtp_session *);
/* What the client has sent, up to where the session has used it; in which
 * phase. */
void debug_received(struct smtp_session *, struct str, unsigned phase);

#endif
