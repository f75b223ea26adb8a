/*
 * keyd_outgoing.h - what smtp has to say to log in at other servers (LOGIN)
 *
 * The passphrase of an outgoing profile is the first line of a file below
 * secrets/, which comes like the keys do. PLAIN and LOGIN cannot but tell it
 * to smtp; with SCRAM smtp never sees it. The answer to a challenge of SCRAM
 * takes as long as the other server wants, so that is done on a thread.
 */
#ifndef MASTER_KEYD_OUTGOING_H
#define MASTER_KEYD_OUTGOING_H

#include "base/worker.h"
#include "ipc/ipc.h"
#include "master/keyd_keys.h"

struct outgoing;
struct asked {
	struct ipc *ipc; /* where the answer goes */
	struct ipc_frame *frame;
	bool refused; /* it has asked too often */
};

struct outgoing *outgoing_new(struct worker *);
int outgoing_login(struct outgoing *, const struct config *,
    const struct keys *, const struct asked *, struct err *);
/* That peer is gone: it gets no more answers. */
void outgoing_forget(struct outgoing *, const struct ipc *);

#endif
