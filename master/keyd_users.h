/*
 * keyd_users.h - questions about passwords (PASSWORD, SCRAM, SCRAM_PROOF)
 *
 * The users of a profile stand in a file below secrets/ (tls/users.h), which
 * comes like the keys do, again whenever it has changed; a file with a mistake
 * in it leaves the users in force who were there before. A password is
 * checked on a thread, because that takes long on purpose; meanwhile keyd
 * signs.
 */
#ifndef MASTER_KEYD_USERS_H
#define MASTER_KEYD_USERS_H

#include "base/worker.h"
#include "ipc/ipc.h"
#include "master/keyd_keys.h"

struct logins;

/* Checks run on the threads of the worker. */
struct logins *logins_new(struct worker *);
/* Looks at the files of all profiles. complain: say what is wrong with them.
 * True: something is. */
bool logins_refresh(
    struct logins *, const struct config *, const struct keys *, bool complain);

/* Frames of smtpd; the answers go back the same way. */
int logins_password(
    struct logins *, struct ipc *, struct ipc_frame *, struct err *);
int logins_scram(
    struct logins *, struct ipc *, struct ipc_frame *, struct err *);
int logins_proof(
    struct logins *, struct ipc *, struct ipc_frame *, struct err *);
/* That peer is gone: it gets no more answers. */
void logins_forget(struct logins *, const struct ipc *);

#endif
