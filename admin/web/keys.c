/*
 * keys.c - the channel to keyd: certificate, signatures, administrators
 *
 * As smtpd has it (smtpd/keys.c), with one certificate. Without a keyd nobody
 * can sign, so handshakes under way fail.
 */
#include <stdlib.h>

#include "admin/web/request.h"
#include "base/mem.h"
#include "event/event.h"

static int on_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void on_closed(void *, struct ipc *, const struct err *);
static int on_certs(struct web *, struct ipc_frame *, struct err *);
static int on_signed(struct web *, struct ipc_frame *, struct err *);
static int on_judged(struct web *, struct ipc_frame *, struct err *);
static int on_admins(struct web *, struct ipc_frame *, struct err *);
static bool is_still(const struct admins_msg *, const struct login *);
static void lost(struct web *);

static const struct ipc_handler handler = {
	.frame = on_frame,
	.closed = on_closed,
};

static const struct {
	enum ipc_type type;
	int (*take)(struct web *, struct ipc_frame *, struct err *);
} answers[] = {
	{ IPC_CERTS, on_certs },
	{ IPC_SIGNED, on_signed },
	{ IPC_ADMIN_JUDGED, on_judged },
	{ IPC_ADMINS, on_admins },
};

void
keys_setup(struct web *w)
{
	tls_setup();
	w->store = tls_store_new();
	w->server_generation = UINT64_MAX;
	map_init(&w->signing);
	map_init(&w->logins);
}

const struct ipc_handler *
keys_peer(struct web *w, struct ipc *ipc, void **arg)
{
	/* the one before is gone, which we are about to hear */
	if (w->keyd != NULL)
		lost(w);
	w->keyd = ipc;
	*arg = w;
	return &handler;
}

struct tls_server *
keys_server(struct web *w)
{
	const struct config *cf = w->daemon->config;
	uint64_t now = tls_store_generation(w->store);

	if (w->server_generation == now && w->server_revision == cf->revision)
		return w->server;
	tls_server_unref(&w->server);
	/* what is wrong with it keyd says */
	w->server = tls_server_new(
	    w->store, cf->web.certificate, STR("web"), TLS_1_2, NULL);
	w->server_generation = now;
	w->server_revision = cf->revision;
	return w->server;
}

uint32_t
keys_sign(struct web *w, struct conn *c, const struct sign *msg)
{
	uint32_t number;

	if (w->keyd == NULL)
		return 0;
	number = keys_number(w, &w->signing);
	map_put_u64(&w->signing, number, c);
	ipc_send(w->keyd, IPC_SIGN, number, msg);
	return number;
}

uint32_t
keys_judge(struct web *w, struct request *r, struct str user, struct str pass)
{
	struct admin_login msg = {
		.name = user, .passphrase = pass, .remote = r->client
	};
	uint32_t number;

	if (w->keyd == NULL)
		return 0;
	number = keys_number(w, &w->logins);
	map_put_u64(&w->logins, number, r);
	ipc_send(w->keyd, IPC_ADMIN_LOGIN, number, &msg);
	return number;
}

uint32_t
keys_number(struct web *w, struct map *m)
{
	do
		w->last++;
	while (w->last == 0 || map_get_u64(m, w->last) != NULL);
	return w->last;
}

static int
on_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)ipc;
	for (size_t i = 0; i < NELEM(answers); i++)
		if (answers[i].type == f->type)
			return answers[i].take(arg, f, err);
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

static void
on_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct web *w = arg;

	(void)err;
	if (w->keyd == ipc)
		lost(w);
}

static int
on_certs(struct web *w, struct ipc_frame *f, struct err *err)
{
	struct err why = ERR_INIT;
	struct arena mem;
	struct certs msg;
	int rc;

	arena_init(&mem, 2 * IPC_FRAME_MAX);
	rc = ipc_decode(f, &msg, &mem, err);
	if (rc == 0 && tls_store_certs(w->store, &msg, &why) == -1)
		EMIT(WARNING, .text = str_of(why.text));
	arena_free(&mem);
	return rc;
}

static int
on_signed(struct web *w, struct ipc_frame *f, struct err *err)
{
	struct signed_msg msg;
	struct conn *c;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	c = map_remove_u64(&w->signing, f->txn);
	if (c != NULL)
		conn_signed(c, msg.signature);
	return 0;
}

static int
on_judged(struct web *w, struct ipc_frame *f, struct err *err)
{
	struct admin_judged msg;
	struct request *r;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	r = map_remove_u64(&w->logins, f->txn);
	if (r != NULL)
		request_judged(r, &msg);
	return 0;
}

/* Whoever is not in it as he was is logged in no longer. */
static int
on_admins(struct web *w, struct ipc_frame *f, struct err *err)
{
	struct admins_msg msg;
	struct arena mem;
	int rc;

	arena_init(&mem, IPC_FRAME_MAX);
	rc = ipc_decode(f, &msg, &mem, err);
	for (size_t i = 0; i < NELEM(w->sessions.v) && rc == 0; i++)
		if (*w->sessions.v[i].id != '\0' &&
		    !is_still(&msg, &w->sessions.v[i]))
			sessions_end(&w->sessions.v[i]);
	arena_free(&mem);
	return rc;
}

static bool
is_still(const struct admins_msg *msg, const struct login *s)
{
	const struct admin_rec *v = msg->admins.v;

	for (size_t i = 0; i < msg->admins.n; i++)
		if (str_is(v[i].name, s->user))
			return v[i].stamp == s->stamp;
	return false;
}

/* What was asked has no answer. Ends of connections change the map. */
static void
lost(struct web *w)
{
	w->keyd = NULL;
	while (w->signing.n > 0) {
		struct map_iter it = { 0 };
		struct conn *c;

		map_next(&w->signing, &it);
		c = it.value;
		map_remove(&w->signing, it.key);
		conn_signed(c, STR(""));
	}
	while (w->logins.n > 0) {
		static const struct admin_judged busy = { .verdict =
							      ADMIN_BUSY };
		struct map_iter it = { 0 };
		struct request *r;

		map_next(&w->logins, &it);
		r = it.value;
		map_remove(&w->logins, it.key);
		request_judged(r, &busy);
	}
}
