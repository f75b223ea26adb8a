/* keyd_outgoing.c - what smtp has to say to log in at other servers */
#include "master/keyd_outgoing.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tls/scram.h"

#define WAITING_MAX 1000
#define SECRET_MAX  1000
#define JOB_MEM     ((size_t)64 * 1024)

struct outgoing {
	struct worker *worker;
	struct job_scram *jobs; /* under way */
};

struct job_scram {
	struct worker_job job;
	struct job_scram *next, **prev;
	struct ipc *ipc; /* NULL: it has gone */
	uint32_t txn;
	struct arena mem; /* of all this */
	struct scram_client client;
	struct str secret, challenge;
	struct str answer, proof;
	bool ok;
};

static void plain(
    const struct auth_profile *, struct str secret, struct ipc *, uint32_t txn);
static void login(
    const struct auth_profile *, struct str secret, struct ipc *, uint32_t txn);
static void scram(struct outgoing *, const struct auth_profile *,
    struct str secret, const struct login_msg *, const struct asked *);
static bool find_secret(const struct keys *, const struct auth_profile *,
    struct str *, struct err *);
static void refuse(struct ipc *, uint32_t txn, const char *why);
static void run(struct worker_job *);
static void done(struct worker_job *);

struct outgoing *
outgoing_new(struct worker *worker)
{
	struct outgoing *o = mem_alloc(sizeof(*o));

	o->worker = worker;
	return o;
}

int
outgoing_login(struct outgoing *o, const struct config *config,
    const struct keys *keys, const struct asked *q, struct err *err)
{
	const struct auth_profile *a;
	struct err why = ERR_INIT;
	struct login_msg msg;
	uint32_t txn = q->frame->txn;
	struct str secret;

	if (ipc_decode(q->frame, &msg, NULL, err) == -1)
		return -1;
	a = config_auth_profile(config, msg.profile);
	if (a == NULL || a->kind != AUTH_OUTGOING || q->refused)
		refuse(q->ipc, txn, "there is no such profile");
	else if (!find_secret(keys, a, &secret, &why))
		refuse(q->ipc, txn, why.text);
	else if (msg.mechanism == LOGIN_PLAIN)
		plain(a, secret, q->ipc, txn);
	else if (msg.mechanism == LOGIN_LOGIN)
		login(a, secret, q->ipc, txn);
	else if (msg.mechanism == LOGIN_SCRAM)
		scram(o, a, secret, &msg, q);
	else
		refuse(q->ipc, txn, "no such mechanism");
	return 0;
}

void
outgoing_forget(struct outgoing *o, const struct ipc *ipc)
{
	for (struct job_scram *j = o->jobs; j != NULL; j = j->next)
		if (j->ipc == ipc)
			j->ipc = NULL;
}

static bool
find_secret(const struct keys *keys, const struct auth_profile *a,
    struct str *secret, struct err *err)
{
	struct str text;

	if (!keys_text(keys, a->secret_file, &text, err))
		return false;
	*secret = str_cut(&text, '\n');
	if (secret->n > 0 && secret->p[secret->n - 1] == '\r')
		secret->n--;
	if (secret->n > 0 && secret->n <= SECRET_MAX &&
	    memchr(secret->p, '\0', secret->n) == NULL)
		return true;
	err_set(err, ERR_USAGE,
	    "secrets/%.*s: its first line is no passphrase of 1 to %d bytes",
	    STR_ARG(a->secret_file), SECRET_MAX);
	return false;
}

/* RFC 4616: nobody to act for, the name, the passphrase. */
static void
plain(const struct auth_profile *a, struct str secret, struct ipc *ipc,
    uint32_t txn)
{
	struct login_done answer = { .error = STR("") };
	struct buf b;

	buf_init(&b, 2 * SECRET_MAX);
	buf_putc(&b, '\0');
	buf_add_str(&b, a->user);
	buf_putc(&b, '\0');
	buf_add_str(&b, secret);
	answer.first = buf_str(&b);
	ipc_send(ipc, IPC_LOGIN_DONE, txn, &answer);
	OPENSSL_cleanse(b.data, b.len);
	buf_fini(&b);
}

static void
login(const struct auth_profile *a, struct str secret, struct ipc *ipc,
    uint32_t txn)
{
	struct login_done answer = { .first = a->user, .second = secret };

	ipc_send(ipc, IPC_LOGIN_DONE, txn, &answer);
}

static void
scram(struct outgoing *o, const struct auth_profile *a, struct str secret,
    const struct login_msg *msg, const struct asked *q)
{
	struct login_done answer = { .error = STR("") };
	struct job_scram *j;

	if (worker_pending(o->worker) >= WAITING_MAX) {
		refuse(q->ipc, q->frame->txn, "too many passwords at a time");
		return;
	}
	j = mem_alloc(sizeof(*j));
	arena_init(&j->mem, JOB_MEM);
	j->client.user = arena_str(&j->mem, a->user);
	j->client.nonce = arena_str(&j->mem, msg->nonce);
	if (msg->challenge.n == 0) {
		answer.first = scram_hello(&j->client, &j->mem);
		ipc_send(q->ipc, IPC_LOGIN_DONE, q->frame->txn, &answer);
		arena_free(&j->mem);
		free(j);
		return;
	}
	j->secret = arena_str(&j->mem, secret);
	j->challenge = arena_str(&j->mem, msg->challenge);
	j->job.run = run;
	j->job.done = done;
	j->ipc = q->ipc;
	j->txn = q->frame->txn;
	j->next = o->jobs;
	if (j->next != NULL)
		j->next->prev = &j->next;
	j->prev = &o->jobs;
	o->jobs = j;
	worker_do(o->worker, &j->job);
}

static void
run(struct worker_job *job)
{
	struct job_scram *j = (struct job_scram *)job;

	j->ok = scram_answer(&j->client, j->secret, j->challenge, &j->answer,
	    &j->proof, &j->mem);
}

static void
done(struct worker_job *job)
{
	struct job_scram *j = (struct job_scram *)job;
	struct login_done answer = { .first = j->answer, .second = j->proof };

	if (j->ipc != NULL && j->ok)
		ipc_send(j->ipc, IPC_LOGIN_DONE, j->txn, &answer);
	else if (j->ipc != NULL)
		refuse(j->ipc, j->txn,
		    "AUTH SCRAM-SHA-256: remote host does not keep to it");
	*j->prev = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	OPENSSL_cleanse((char *)j->secret.p, j->secret.n);
	arena_free(&j->mem);
	free(j);
}

static void
refuse(struct ipc *ipc, uint32_t txn, const char *why)
{
	struct login_done answer = { .error = str_of(why) };

	ipc_send(ipc, IPC_LOGIN_DONE, txn, &answer);
}
