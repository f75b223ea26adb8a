/*
 * keyd.c - the channel to keyd, who has the private keys and the passwords
 */
#include "base/mem.h"
#include "smtpd/smtpd.h"

static int keyd_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void keyd_closed(void *, struct ipc *, const struct err *);
static int ignore(struct smtpd *, struct ipc_frame *, struct err *);

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
	{ IPC_CERTS, ignore },
	{ IPC_CLIENT_CA, ignore },
	{ IPC_TICKETS, ignore },
};

const struct ipc_handler *
keyd_peer(struct smtpd *sm, struct ipc *ipc, void **arg)
{
	*arg = sm;
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
	(void)err;
	passwords_lost(arg, ipc);
}

static int
ignore(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	union {
		struct certs certs;
		struct client_ca ca;
		struct tickets tickets;
	} msg;
	struct arena mem;
	int rc;

	(void)sm;
	arena_init(&mem, 2 * IPC_FRAME_MAX);
	rc = ipc_decode(f, &msg, &mem, err);
	arena_free(&mem);
	return rc;
}
