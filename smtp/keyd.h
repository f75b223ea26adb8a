/*
 * keyd.h - the channel to keyd, who has our passphrases and private keys
 *
 * A session asks one thing at a time. Questions have numbers of their own:
 * those of sessions begin anew with each qmgr, and an answer that comes late
 * must not be taken for another's. The answer
 * comes to session_login, session_signed (session_inside.h). When keyd goes,
 * whoever waits for it hears that. What it tells of our certificate goes to
 * sessions.tls.
 */
#ifndef SMTP_KEYD_H
#define SMTP_KEYD_H

#include "ipc/ipc.h"

struct sessions;
struct smtp_session;

const struct ipc_handler *keyd_peer(struct sessions *, struct ipc *, void **);
/* The dialogue wants to log in. */
void keyd_login(struct smtp_session *);
/* The handshake needs a signature. */
void keyd_sign(struct smtp_session *);
/* The message that goes next does. */
void keyd_dkim(struct smtp_session *, const struct dkim_sign *);
/* It wants to hear no answer any more. */
void keyd_forget(struct smtp_session *);

#endif
