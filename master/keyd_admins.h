/*
 * keyd_admins.h - who of the administrators may log in (ADMIN_LOGIN)
 *
 * They stand in secrets/administrators (tls/administrators.h), which comes
 * like the keys do, again whenever it has changed; a file with a mistake in it
 * leaves those in force who were there before. Passphrases are checked on a
 * thread, one at a time, for each takes long and 32 MB on purpose; a few may
 * wait, fewer of one address. How often one may try, says tls/holds.h. Every
 * check becomes an event; who is refused without one, one a second.
 */
#ifndef MASTER_KEYD_ADMINS_H
#define MASTER_KEYD_ADMINS_H

#include "base/worker.h"
#include "ipc/ipc.h"
#include "master/keyd_keys.h"

struct admins;

struct admins *admins_new(struct worker *);
/* Looks at the file, and tells those who are to know. complain: say what is
 * wrong with it. True: something is. */
bool admins_refresh(
    struct admins *, const struct config *, const struct keys *, bool complain);
/* This peer is told who may log in, now and whenever that changes. */
void admins_tell(struct admins *, struct ipc *);
/* Frames of webd; the answers go back the same way. */
int admins_login(
    struct admins *, struct ipc *, struct ipc_frame *, struct err *);
/* That peer is gone: it gets no more answers. */
void admins_forget(struct admins *, const struct ipc *);

/* "unlock NAME" of an administrator at the control socket. */
void admins_command(struct admins *, struct ipc *, const struct command *);

#endif
