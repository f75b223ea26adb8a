/*
 * keyd.c - the channel to keyd, who has private keys and passwords
 */
#include "base/mem.h"
#include "smtpd/conn_tls.h"

static int keyd_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void keyd_closed(void *, struct ipc *, const struct err *);
static void lost(struct smtpd *);

static const struct ipc_handler handler = {
	.frame = keyd_frame,
	.closed = keyd_closed,
};

static const struct {
	enum ipc_type type;
	int (*take)(struct smtpd *, struct ipc_frame *, struct err *);
} answers[] = {
	{ IPC_PASSWORD_DONE, passwords_done },
	{ IPC_SCRAM_SALT, passwords_salt },
	{ IPC_CERTS, keys_certs },
	{ IPC_CLIENT_CA, keys_client_ca },
	{ IPC_TICKETS, keys_tickets },
	{ IPC_SIGNED, keys_signed },
	{ IPC_TAG_JUDGED, lookups_tag_judged },
};

const struct ipc_handler *
keyd_peer(struct smtpd *sm, struct ipc *ipc, void **arg)
{
	*arg = sm;
	/* the one before is gone, which we are about to hear */
	if (sm->keyd != NULL)
		lost(sm);
	sm->keyd = ipc;
	return &handler;
}

static int
keyd_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)ipc;
	for (size_t i = 0; i < NELEM(answers); i++)
		if (answers[i].type == f->type)
			return answers[i].take(arg, f, err);
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

static void
keyd_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct smtpd *sm = arg;

	(void)err;
	if (sm->keyd == ipc)
		lost(sm);
}

/* What was asked has no answer. */
static void
lost(struct smtpd *sm)
{
	passwords_lost(sm, sm->keyd);
	keys_lost(sm);
	lookups_keyd_lost(sm);
}
