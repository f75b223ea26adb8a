/* keyd.c - the channel to keyd, who has our passphrases and private keys */
#include "smtp/keyd.h"

#include "base/mem.h"
#include "event/event.h"
#include "smtp/session_inside.h"

static uint32_t number(struct smtp_session *);
static struct smtp_session *answered(struct sessions *, uint32_t number);
static int keyd_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void keyd_closed(void *, struct ipc *, const struct err *);
static int take_login(struct sessions *, struct ipc_frame *, struct err *);
static int take_signed(struct sessions *, struct ipc_frame *, struct err *);
static int take_certs(struct sessions *, struct ipc_frame *, struct err *);

static const struct ipc_handler handler = {
	.frame = keyd_frame,
	.closed = keyd_closed,
};

static const struct {
	enum ipc_type type;
	int (*take)(struct sessions *, struct ipc_frame *, struct err *);
} answers[] = {
	{ IPC_LOGIN_DONE, take_login },
	{ IPC_SIGNED, take_signed },
	{ IPC_CERTS, take_certs },
};

const struct ipc_handler *
keyd_peer(struct sessions *all, struct ipc *ipc, void **arg)
{
	/* The one before is gone, which we are about to hear. */
	if (all->keyd != NULL)
		sessions_keyless(all);
	all->keyd = ipc;
	*arg = all;
	return &handler;
}

void
keyd_login(struct smtp_session *s)
{
	const struct dialog_login *l = &s->dialog.login;
	struct login_msg msg = { .profile = str_of(s->auth),
		.mechanism = (uint8_t)l->mechanism,
		.nonce = str_of(l->nonce),
		.challenge = l->challenge };

	if (s->all->keyd == NULL) {
		session_keyless(s);
		return;
	}
	ipc_send(s->all->keyd, IPC_LOGIN, number(s), &msg);
}

void
keyd_sign(struct smtp_session *s)
{
	struct sign msg;

	if (s->all->keyd == NULL) {
		session_keyless(s);
		return;
	}
	tls_conn_request(s->tls->conn, &msg);
	ipc_send(s->all->keyd, IPC_SIGN, number(s), &msg);
}

void
keyd_dkim(struct smtp_session *s, const struct dkim_sign *msg)
{
	if (s->all->keyd == NULL)
		session_keyless(s);
	else
		ipc_send(s->all->keyd, IPC_DKIM_SIGN, number(s), msg);
}

void
keyd_forget(struct smtp_session *s)
{
	if (s->asked != 0)
		map_remove_u64(&s->all->by_asked, s->asked);
	s->asked = 0;
}

static uint32_t
number(struct smtp_session *s)
{
	struct sessions *all = s->all;

	keyd_forget(s);
	do
		s->asked = ++all->last_asked;
	while (s->asked == 0 || map_get_u64(&all->by_asked, s->asked) != NULL);
	map_put_u64(&all->by_asked, s->asked, s);
	return s->asked;
}

static int
keyd_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct sessions *all = arg;

	if (all->keyd != ipc)
		return err_set(err, ERR_PROTO, "there is a newer keyd");
	for (size_t i = 0; i < NELEM(answers); i++)
		if (answers[i].type == f->type)
			return answers[i].take(all, f, err);
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

static void
keyd_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct sessions *all = arg;

	(void)err;
	if (all->keyd != ipc)
		return;
	all->keyd = NULL;
	sessions_keyless(all);
}

/* The session that asked; it may have ended meanwhile. */
static struct smtp_session *
answered(struct sessions *all, uint32_t number)
{
	struct smtp_session *s = map_get_u64(&all->by_asked, number);

	if (s != NULL)
		keyd_forget(s);
	return s;
}

static int
take_login(struct sessions *all, struct ipc_frame *f, struct err *err)
{
	struct smtp_session *s;
	struct login_done msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	s = answered(all, f->txn);
	if (s != NULL)
		session_login(s, &msg);
	return 0;
}

static int
take_signed(struct sessions *all, struct ipc_frame *f, struct err *err)
{
	struct smtp_session *s;
	struct signed_msg msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	s = answered(all, f->txn);
	if (s != NULL)
		session_signed(s, msg.signature);
	return 0;
}

static int
take_certs(struct sessions *all, struct ipc_frame *f, struct err *err)
{
	struct err why = ERR_INIT;
	struct arena mem;
	struct certs msg;
	int rc;

	arena_init(&mem, 2 * IPC_FRAME_MAX);
	rc = ipc_decode(f, &msg, &mem, err);
	if (rc == 0 && all->tls != NULL &&
	    tls_client_certs(all->tls, &msg, &why) == -1)
		EMIT(WARNING, .text = str_of(why.text));
	arena_free(&mem);
	return rc;
}
