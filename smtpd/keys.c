/*
 * keys.c - certificates and signatures, from keyd
 *
 * Certificates are kept when keyd is gone: a new one has the same. Without a
 * keyd nobody can sign, so handshakes under way fail and STARTTLS is put off
 * until it is back. Sessions that are resumed need no signature.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/event.h"
#include "smtpd/conn_tls.h"

/* Servers of listeners that were used last, in this revision. */
#define SERVERS_MAX 64

struct kept {
	char listener[NAME_MAX_LEN + 1];
	uint64_t revision, generation;
	struct tls_server *server; /* NULL: there can be none */
};

struct keys_client {
	struct tls_store *store;
	struct kept kept[SERVERS_MAX];
	size_t n_kept, next;
	struct map requests; /* number -> conn */
	uint32_t last;
};

static struct kept *keep(struct keys_client *, const struct conn *);
static void make_server(
    struct keys_client *, struct kept *, const struct conn *);

void
keys_setup(struct smtpd *sm)
{
	tls_setup();
	sm->keys = mem_alloc(sizeof(*sm->keys));
	sm->keys->store = tls_store_new();
	map_init(&sm->keys->requests);
}

struct tls_server *
keys_server(struct conn *c)
{
	struct keys_client *k = c->smtpd->keys;
	uint64_t now = tls_store_generation(k->store);
	struct kept *kept;

	if (c->session.subject.listener->certificate == NULL)
		return NULL;
	kept = keep(k, c);
	if (kept->generation != now) {
		make_server(k, kept, c);
		kept->generation = now;
	}
	return kept->server;
}

bool
keys_can_sign(const struct smtpd *sm)
{
	return sm->keyd != NULL;
}

uint32_t
keys_sign(struct conn *c, const struct sign *msg)
{
	struct keys_client *k = c->smtpd->keys;

	if (c->smtpd->keyd == NULL)
		return 0;
	do
		k->last++;
	while (k->last == 0 || map_get_u64(&k->requests, k->last) != NULL);
	map_put_u64(&k->requests, k->last, c);
	ipc_send(c->smtpd->keyd, IPC_SIGN, k->last, msg);
	return k->last;
}

void
keys_forget(struct smtpd *sm, uint32_t number)
{
	map_remove_u64(&sm->keys->requests, number);
}

/* --- servers --- */

static struct kept *
keep(struct keys_client *k, const struct conn *c)
{
	struct str name = c->session.subject.listener->name;
	uint64_t revision = c->session.config->revision;
	struct kept *kept;

	for (size_t i = 0; i < k->n_kept; i++)
		if (k->kept[i].revision == revision &&
		    str_is(name, k->kept[i].listener))
			return &k->kept[i];
	kept = &k->kept[k->next];
	k->next = (k->next + 1) % SERVERS_MAX;
	if (k->n_kept < SERVERS_MAX)
		k->n_kept++;
	tls_server_unref(&kept->server);
	*kept = (struct kept){ .revision = revision, .generation = UINT64_MAX };
	str_copy(kept->listener, sizeof(kept->listener), name);
	return kept;
}

static void
make_server(struct keys_client *k, struct kept *kept, const struct conn *c)
{
	const struct listener *l = c->session.subject.listener;
	char scope[NAME_MAX_LEN + 32];

	snprintf(scope, sizeof(scope), "%s %ju", kept->listener,
	    (uintmax_t)kept->revision);
	tls_server_unref(&kept->server);
	/* What is wrong with a certificate keyd says. */
	kept->server = tls_server_new(
	    k->store, l->certificate->name, str_of(scope), l->tls_least, NULL);
}

/* --- what keyd says --- */

int
keys_certs(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	struct err why = ERR_INIT;
	struct arena mem;
	struct certs msg;
	int rc;

	arena_init(&mem, 2 * IPC_FRAME_MAX);
	rc = ipc_decode(f, &msg, &mem, err);
	if (rc == 0 && tls_store_certs(sm->keys->store, &msg, &why) == -1)
		EMIT(WARNING, .text = str_of(why.text));
	arena_free(&mem);
	return rc;
}

int
keys_client_ca(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	struct err why = ERR_INIT;
	struct client_ca msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	if (tls_store_client_ca(sm->keys->store, msg.pem, &why) == -1)
		EMIT(WARNING, .text = str_of(why.text));
	return 0;
}

int
keys_tickets(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	struct tickets msg;
	struct arena mem;
	int rc;

	arena_init(&mem, IPC_FRAME_MAX);
	rc = ipc_decode(f, &msg, &mem, err);
	if (rc == 0)
		tls_store_tickets(sm->keys->store, &msg);
	arena_free(&mem);
	return rc;
}

int
keys_signed(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	struct signed_msg msg;
	struct conn *c;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	c = map_get_u64(&sm->keys->requests, f->txn);
	if (c != NULL)
		conn_signed(c, msg.signature);
	return 0;
}

void
keys_lost(struct smtpd *sm)
{
	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->tls != NULL && conn_tls_waits_for_key(c))
			conn_signed(c, STR(""));
	}
}
