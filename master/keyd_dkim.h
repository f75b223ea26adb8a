/*
 * keyd_dkim.h - the keys of DKIM, and signing with them (DKIM_SIGN)
 *
 * They stand in files of their own below secrets/, serve nothing else, and no
 * other key signs mail (threats KEY-02). A file that cannot be used leaves
 * the key in force that was there before. An RSA signature takes a good part
 * of a millisecond, so that is done on threads, beside handshakes.
 */
#ifndef MASTER_KEYD_DKIM_H
#define MASTER_KEYD_DKIM_H

#include "base/worker.h"
#include "ipc/ipc.h"
#include "master/keyd_keys.h"

struct signer;

struct signer *signer_new(struct loop *);
/* Looks at the files. complain: say what is wrong. True: something is. */
bool signer_refresh(
    struct signer *, const struct config *, const struct keys *, bool complain);
/* Answers with SIGNED; without a signature when there is no such key. */
int signer_sign(
    struct signer *, struct ipc *, struct ipc_frame *, struct err *);
/* That peer is gone: it gets no more answers. */
void signer_forget(struct signer *, const struct ipc *);

#endif
