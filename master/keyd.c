/*
 * NAME
 *	postern-keyd - keep private keys
 * SYNOPSIS
 *	started by postern-master
 * DESCRIPTION
 *	smtpd, smtp, webd => KEYD => qmgr. Holds the private keys of TLS, the
 *	passwords of those who may authenticate, and the keys of DKIM and of
 *	bounce verification; no other program has them. Tells each smtpd which
 *	certificates there are (CERTS), signs digests of handshakes (SIGN),
 *	makes the secrets that session tickets are sealed with (TICKETS),
 *	judges passwords (PASSWORD), proofs of SCRAM (SCRAM, SCRAM_PROOF) and
 *	the tags of bounces (JUDGE_TAG), and for webd the passphrases of
 *	administrators (ADMIN_LOGIN). Signs mail for smtp (DKIM_SIGN), and
 *	says what to say where we log in (LOGIN). Tells qmgr every day what
 *	senders are tagged with on that day (TAG_KEY).
 * RIGHTS
 *	Its channels, nothing else. The files come from the master as
 *	descriptors, again whenever they have changed.
 * CONFIGURATION
 *	certificates, tls.client_ca, auth_profiles, dkim_keys,
 *	bounce_verification, administrators
 * DIAGNOSTICS
 *	Alerts about files that cannot be used; warnings two weeks before a
 *	certificate expires, once a day.
 * SEE ALSO
 *	postern-master(8), postern-smtpd(8), postern.yaml(5)
 */
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/alert.h"
#include "event/event.h"
#include "master/keyd_admins.h"
#include "master/keyd_dkim.h"
#include "master/keyd_outgoing.h"
#include "master/keyd_tags.h"
#include "master/keyd_users.h"
#include "program/program.h"
#include "tls/sign.h"

#define SETTLE_MS    200 /* files of one renewal come together */
#define SOON_MS      1000
#define DAY_MS       INT64_C(86400000)
#define TICKET_MS    (DAY_MS / 2)   /* threats TLS-06 */
#define LOOK_MS      INT64_C(60000) /* whether another day has begun */
#define N_TICKETS    2              /* one seals, the one before opens */
#define SIGN_PER_SEC 2000           /* of one peer: KEY-02 */
#define THREADS      2              /* for passwords */
#define LARGE        (1 << 20)      /* bytes: goes back when it is freed */

struct client {
	struct keyd *keyd;
	struct client *next, **prev;
	struct ipc *ipc;
	enum program_kind kind;
	int64_t second; /* whose signatures are counted */
	unsigned n;
	bool told; /* that it asks for too much */
};

struct keyd {
	struct daemon *daemon;
	const struct config *config; /* keys has a reference */
	struct keys *keys;
	struct logins *logins;
	struct admins *admins;
	struct outgoing *outgoing;
	struct tags *tags;
	struct signer *signer;
	struct client *clients;
	struct loop_timer *settle, *complain, *daily, *rotate, *look;
	bool stale;  /* files have come since the last look at them */
	bool looked; /* at all: from then on something may be in use */
	char tickets[N_TICKETS][32];
};

static int setup(struct daemon *, struct err *);
static void start(struct daemon *);
static int on_config(struct daemon *, struct config *, struct err *);
static void on_secret(struct daemon *, struct str name, int fd, struct str);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static void settle(void *arg);
static void complain(void *arg);
static void refresh(struct keyd *, bool complain);
static int64_t patience(const struct config *);
static void tell_all(struct keyd *);
static void tell(struct keyd *, struct ipc *);
static struct str the_one(const struct client *);
static void tell_one(struct keyd *, const struct client *);
static void daily(void *arg);
static void rotate(void *arg);
static void send_tickets(struct keyd *, struct ipc *);
static void look(void *arg);
static void send_tag_key(struct keyd *, struct ipc *);
static int peer_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void peer_closed(void *, struct ipc *, const struct err *);
static int on_sign(struct client *, struct ipc_frame *, struct err *);
static int on_password(struct client *, struct ipc_frame *, struct err *);
static int on_scram(struct client *, struct ipc_frame *, struct err *);
static int on_proof(struct client *, struct ipc_frame *, struct err *);
static int on_dkim(struct client *, struct ipc_frame *, struct err *);
static int on_judge_tag(struct client *, struct ipc_frame *, struct err *);
static int on_login(struct client *, struct ipc_frame *, struct err *);
static int on_admin_login(struct client *, struct ipc_frame *, struct err *);
static void on_command(
    struct daemon *, struct ipc *, const struct command *, const char *user);
static bool too_many(struct client *);
static bool is_wished(const struct keyd *, uint8_t algorithm);

static const struct program keyd = {
	.kind = PROGRAM_KEYD,
	.brief = true,
	.setup = setup,
	.start = start,
	.on_config = on_config,
	.on_secret = on_secret,
	.on_peer = on_peer,
	.on_command = on_command,
};

static const struct ipc_handler peer_handler = {
	.frame = peer_frame,
	.closed = peer_closed,
};

static const struct {
	enum ipc_type type;
	int (*take)(struct client *, struct ipc_frame *, struct err *);
} requests[] = {
	{ IPC_SIGN, on_sign },
	{ IPC_PASSWORD, on_password },
	{ IPC_SCRAM, on_scram },
	{ IPC_SCRAM_PROOF, on_proof },
	{ IPC_DKIM_SIGN, on_dkim },
	{ IPC_JUDGE_TAG, on_judge_tag },
	{ IPC_LOGIN, on_login },
	{ IPC_ADMIN_LOGIN, on_admin_login },
};

int
main(int argc, char **argv)
{
	return program_main(&keyd, argc, argv);
}

static int
setup(struct daemon *d, struct err *err)
{
	struct keyd *self = mem_alloc(sizeof(*self));
	struct worker *worker;

	/* before the sandbox says it for all */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return err_sys(err, ERR_TEMP, "PR_SET_DUMPABLE");
	/* else malloc learns from the first one, and keeps what comes next */
	mallopt(M_MMAP_THRESHOLD, LARGE);
	d->self = self;
	self->daemon = d;
	/* OpenSSL reads its own configuration now or never */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	self->keys = keys_new();
	keys_config(self->keys, d->config);
	self->config = d->config;
	worker = worker_new(d->loop, THREADS);
	self->logins = logins_new(worker);
	self->admins = admins_new(worker);
	self->outgoing = outgoing_new(worker);
	self->tags = tags_new();
	self->signer = signer_new(d->loop);
	self->settle = loop_timer(d->loop, settle, self);
	self->complain = loop_timer(d->loop, complain, self);
	self->daily = loop_timer(d->loop, daily, self);
	self->rotate = loop_timer(d->loop, rotate, self);
	self->look = loop_timer(d->loop, look, self);
	return 0;
}

static void
start(struct daemon *d)
{
	struct keyd *self = d->self;

	for (size_t i = 0; i < N_TICKETS; i++)
		rotate(self);
	/* when the files have come */
	loop_timer_in(self->daily, SOON_MS);
	loop_timer_in(self->look, LOOK_MS);
}

static int
on_config(struct daemon *d, struct config *next, struct err *err)
{
	struct keyd *self = d->self;

	(void)err;
	keys_config(self->keys, next);
	self->config = next;
	refresh(self, true);
	/* smtpd has a new configuration too, and looks for its names in it */
	tell_all(self);
	return 0;
}

/* --- files --- */

static void
on_secret(struct daemon *d, struct str name, int fd, struct str error)
{
	struct keyd *self = d->self;

	keys_file(self->keys, name, fd, error);
	self->stale = true;
	loop_timer_in(self->settle, SETTLE_MS);
}

static void
settle(void *arg)
{
	struct keyd *self = arg;

	if (self->stale)
		refresh(self, false);
}

static void
complain(void *arg)
{
	refresh(arg, true);
}

static void
refresh(struct keyd *self, bool say)
{
	bool broken, bad;

	say = say || !self->looked;
	self->stale = false;
	self->looked = true;
	if (keys_refresh(self->keys, say, &broken)) {
		tell_all(self);
		loop_timer_in(self->daily, SOON_MS);
	}
	bad = logins_refresh(self->logins, self->config, self->keys, say);
	bad |= admins_refresh(self->admins, self->config, self->keys, say);
	bad |= tags_refresh(self->tags, self->config, self->keys, say);
	bad |= signer_refresh(self->signer, self->config, self->keys, say);
	look(self);
	if ((broken || bad) && !say)
		loop_timer_in(self->complain, patience(self->config));
	else
		loop_timer_stop(self->complain);
}

/* What does not fit by then is wrong: ms. */
static int64_t
patience(const struct config *config)
{
	return 3 * INT64_C(1000) * config->secrets_interval + SOON_MS;
}

static void
tell_all(struct keyd *self)
{
	for (struct client *c = self->clients; c != NULL; c = c->next)
		if (c->kind == PROGRAM_SMTPD)
			tell(self, c->ipc);
		else if (c->kind == PROGRAM_SMTP || c->kind == PROGRAM_WEBD)
			tell_one(self, c);
}

/* The one certificate that it shows: smtp to servers, webd to browsers. */
static struct str
the_one(const struct client *c)
{
	const struct config *cf = c->keyd->config;

	return c->kind == PROGRAM_WEBD ? cf->web.certificate
				       : cf->out_certificate;
}

static void
tell_one(struct keyd *self, const struct client *c)
{
	struct cert room[100];
	struct codec_list all = keys_certs(self->keys, room);
	struct certs certs = { .certs = { 0, NULL } };

	for (size_t i = 0; i < all.n; i++)
		if (str_eq(room[i].name, the_one(c)))
			certs.certs = (struct codec_list){ 1, &room[i] };
	ipc_send(c->ipc, IPC_CERTS, 0, &certs);
}

static void
tell(struct keyd *self, struct ipc *ipc)
{
	struct client_ca ca = { .pem = keys_client_ca(self->keys) };
	struct cert room[100];
	struct certs certs = { .certs = keys_certs(self->keys, room) };

	ipc_send(ipc, IPC_CLIENT_CA, 0, &ca);
	ipc_send(ipc, IPC_CERTS, 0, &certs);
}

static void
daily(void *arg)
{
	struct keyd *self = arg;

	keys_warn(self->keys, clock_wall_ms());
	loop_timer_in(self->daily, DAY_MS);
}

/* --- tickets --- */

static void
rotate(void *arg)
{
	struct keyd *self = arg;

	memmove(self->tickets[1], self->tickets[0],
	    sizeof(self->tickets) - sizeof(self->tickets[0]));
	if (RAND_priv_bytes((unsigned char *)self->tickets[0],
		sizeof(self->tickets[0])) != 1)
		panic("no random numbers");
	for (struct client *c = self->clients; c != NULL; c = c->next)
		if (c->kind == PROGRAM_SMTPD)
			send_tickets(self, c->ipc);
	loop_timer_in(self->rotate, TICKET_MS);
}

static void
send_tickets(struct keyd *self, struct ipc *ipc)
{
	struct ticket v[N_TICKETS];
	struct tickets msg = { .tickets = { N_TICKETS, v } };

	for (size_t i = 0; i < N_TICKETS; i++)
		v[i].secret =
		    (struct str){ self->tickets[i], sizeof(self->tickets[i]) };
	ipc_send(ipc, IPC_TICKETS, 0, &msg);
}

/* --- bounce verification --- */

static void
look(void *arg)
{
	struct keyd *self = arg;

	loop_timer_in(self->look, LOOK_MS);
	if (!tags_look(self->tags, clock_wall_ms()))
		return;
	for (struct client *c = self->clients; c != NULL; c = c->next)
		if (c->kind == PROGRAM_QMGR)
			send_tag_key(self, c->ipc);
}

static void
send_tag_key(struct keyd *self, struct ipc *ipc)
{
	struct tag_key_msg msg;

	tags_look(self->tags, clock_wall_ms());
	tags_say(self->tags, &msg);
	ipc_send(ipc, IPC_TAG_KEY, 0, &msg);
}

/* --- peers --- */

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	struct keyd *self = d->self;
	struct client *c;

	(void)worker;
	if (kind != PROGRAM_SMTPD && kind != PROGRAM_SMTP &&
	    kind != PROGRAM_QMGR && kind != PROGRAM_WEBD)
		return NULL;
	if (self->stale)
		refresh(self, false);
	c = mem_alloc(sizeof(*c));
	c->keyd = self;
	c->ipc = ipc;
	c->kind = kind;
	c->next = self->clients;
	if (c->next != NULL)
		c->next->prev = &c->next;
	c->prev = &self->clients;
	self->clients = c;
	if (kind == PROGRAM_QMGR) {
		send_tag_key(self, ipc);
	} else if (kind == PROGRAM_SMTPD) {
		send_tickets(self, ipc);
		tell(self, ipc);
	} else {
		tell_one(self, c);
	}
	if (kind == PROGRAM_WEBD)
		admins_tell(self->admins, ipc);
	*arg = c;
	return &peer_handler;
}

static void
peer_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct client *c = arg;

	(void)err;
	logins_forget(c->keyd->logins, ipc);
	admins_forget(c->keyd->admins, ipc);
	outgoing_forget(c->keyd->outgoing, ipc);
	signer_forget(c->keyd->signer, ipc);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	free(c);
}

static int
peer_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)ipc;
	for (size_t i = 0; i < NELEM(requests); i++)
		if (requests[i].type == f->type)
			return requests[i].take(arg, f, err);
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

/* A request that cannot be met is refused; the certificate may have gone
 * while it was on its way. */
static int
on_sign(struct client *c, struct ipc_frame *f, struct err *err)
{
	unsigned char signature[SIGN_SIGNATURE_MAX];
	struct signed_msg done = { .signature = STR("") };
	struct err why = ERR_INIT;
	struct sign msg;
	EVP_PKEY *key;
	size_t n;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	key = keys_find(c->keyd->keys, msg.name);
	if (c->kind != PROGRAM_SMTPD && !str_eq(msg.name, the_one(c)))
		key = NULL; /* it shows no other: KEY-02 */
	if (key != NULL && !too_many(c) && is_wished(c->keyd, msg.algorithm)) {
		n = sign_digest(
		    key, msg.algorithm, msg.digest, signature, &why);
		done.signature = (struct str){ (const char *)signature, n };
		if (n == 0)
			EMIT(WARNING, .text = str_of(why.text));
	}
	ipc_send(c->ipc, IPC_SIGNED, f->txn, &done);
	return 0;
}

/* Old signatures only where some listener is to take old clients. */
static bool
is_wished(const struct keyd *k, uint8_t algorithm)
{
	if (!sign_is_old(algorithm))
		return true;
	for (size_t i = 0; i < k->config->n_listeners; i++)
		if (k->config->listeners[i].tls_least < TLS_1_2)
			return true;
	return false;
}

static int
on_password(struct client *c, struct ipc_frame *f, struct err *err)
{
	return logins_password(c->keyd->logins, c->ipc, f, err);
}

static int
on_scram(struct client *c, struct ipc_frame *f, struct err *err)
{
	return logins_scram(c->keyd->logins, c->ipc, f, err);
}

static int
on_proof(struct client *c, struct ipc_frame *f, struct err *err)
{
	return logins_proof(c->keyd->logins, c->ipc, f, err);
}

/* Not counted as others are: mail is sent faster than that. */
static int
on_dkim(struct client *c, struct ipc_frame *f, struct err *err)
{
	if (c->kind != PROGRAM_SMTP)
		return err_set(err, ERR_PROTO, "only smtp has mail to sign");
	return signer_sign(c->keyd->signer, c->ipc, f, err);
}

static int
on_judge_tag(struct client *c, struct ipc_frame *f, struct err *err)
{
	struct tag_judged done;
	struct judge_tag msg;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	done.verdict =
	    (uint8_t)tags_judge(c->keyd->tags, msg.addr, clock_wall_ms());
	ipc_send(c->ipc, IPC_TAG_JUDGED, f->txn, &done);
	return 0;
}

static int
on_login(struct client *c, struct ipc_frame *f, struct err *err)
{
	const struct keyd *k = c->keyd;

	return outgoing_login(k->outgoing, k->config, k->keys,
	    &(struct asked){ c->ipc, f, too_many(c) }, err);
}

static int
on_admin_login(struct client *c, struct ipc_frame *f, struct err *err)
{
	return admins_login(c->keyd->admins, c->ipc, f, err);
}

static void
on_command(struct daemon *d, struct ipc *admin, const struct command *command,
    const char *user)
{
	const struct keyd *self = d->self;

	(void)user;
	admins_command(self->admins, admin, command);
}

/* Threats KEY-02: nobody with honest business asks as often. */
static bool
too_many(struct client *c)
{
	int64_t second = loop_now(c->keyd->daemon->loop) / 1000;

	if (second != c->second)
		c->n = 0;
	c->second = second;
	if (c->n++ < SIGN_PER_SEC)
		return false;
	if (!c->told)
		alert_raise(ALERT_APP_FAILURE, STR(""),
		    STR("smtpd or smtp asks for more than 2000 "
			"signatures a second: the rest are "
			"refused"));
	c->told = true;
	return true;
}
