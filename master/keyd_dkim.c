/* keyd_dkim.c - the keys of DKIM, and signing with them */
#include "master/keyd_dkim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/alert.h"
#include "tls/cert.h"
#include "tls/sign.h"

#define THREADS     2
#define WAITING_MAX 20000 /* more than all sessions of smtp want */

struct dkim_pair {
	struct str name; /* heap */
	enum dkim_algorithm algorithm;
	EVP_PKEY *key;  /* NULL: not in use */
	char told[480]; /* the last complaint */
};

struct signer {
	struct worker *worker;
	struct dkim_pair *pairs;
	size_t n;
	struct sign_job *jobs; /* under way */
};

struct sign_job {
	struct worker_job job;
	struct sign_job *next, **prev;
	struct ipc *ipc; /* NULL: it has gone */
	uint32_t txn;
	EVP_PKEY *key; /* a reference */
	enum dkim_algorithm algorithm;
	unsigned char digest[DKIM_DIGEST];
	unsigned char signature[SIGN_SIGNATURE_MAX];
	size_t n;
};

static void load(struct dkim_pair *, const struct dkim_key *,
    const struct keys *, struct err *);
static void complain_about(struct dkim_pair *, const struct err *);
static struct dkim_pair *find(
    const struct dkim_pair *, size_t n, struct str name);
static void free_pairs(struct dkim_pair *, size_t n);
static struct sign_job *new_job(
    struct signer *, const struct dkim_pair *, struct str digest);
static void run(struct worker_job *);
static void done(struct worker_job *);

struct signer *
signer_new(struct loop *loop)
{
	struct signer *s = mem_alloc(sizeof(*s));

	s->worker = worker_new(loop, THREADS);
	return s;
}

bool
signer_refresh(struct signer *s, const struct config *c,
    const struct keys *keys, bool complain)
{
	struct dkim_pair *old = s->pairs, *was;
	size_t n_old = s->n;
	bool broken = false;

	s->n = c->n_dkim_keys;
	s->pairs = mem_array(s->n + 1, sizeof(*s->pairs));
	for (size_t i = 0; i < s->n; i++) {
		const struct dkim_key *k = &c->dkim_keys[i];
		struct dkim_pair *p = &s->pairs[i];
		struct err err = ERR_INIT;

		was = find(old, n_old, k->name);
		if (was != NULL && was->algorithm == k->algorithm) {
			*p = *was;
			was->key = NULL;
		}
		p->name = (struct str){ mem_strndup(k->name.p, k->name.n),
			k->name.n };
		p->algorithm = k->algorithm;
		load(p, k, keys, &err);
		broken |= err.kind != ERR_NONE;
		if (err.kind == ERR_NONE)
			p->told[0] = '\0';
		else if (complain)
			complain_about(p, &err);
	}
	free_pairs(old, n_old);
	return broken;
}

int
signer_sign(
    struct signer *s, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct signed_msg none = { .signature = STR("") };
	const struct dkim_pair *p;
	struct dkim_sign msg;
	struct sign_job *j;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	p = find(s->pairs, s->n, msg.key);
	if (p == NULL || p->key == NULL || p->algorithm != msg.algorithm ||
	    msg.digest.n != DKIM_DIGEST ||
	    worker_pending(s->worker) >= WAITING_MAX) {
		ipc_send(ipc, IPC_SIGNED, f->txn, &none);
		return 0;
	}
	j = new_job(s, p, msg.digest);
	j->ipc = ipc;
	j->txn = f->txn;
	worker_do(s->worker, &j->job);
	return 0;
}

void
signer_forget(struct signer *s, const struct ipc *ipc)
{
	for (struct sign_job *j = s->jobs; j != NULL; j = j->next)
		if (j->ipc == ipc)
			j->ipc = NULL;
}

/* --- keys --- */

static void
load(struct dkim_pair *p, const struct dkim_key *k, const struct keys *keys,
    struct err *err)
{
	EVP_PKEY *key;
	struct str text;

	if (!keys_text(keys, k->file, &text, err))
		return;
	key = cert_read_key(text, err);
	if (key != NULL && !sign_dkim_ok(key, k->algorithm, err)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	if (key == NULL) {
		err_in(err, "secrets/%.*s", STR_ARG(k->file));
		return;
	}
	EVP_PKEY_free(p->key);
	p->key = key;
}

static void
complain_about(struct dkim_pair *p, const struct err *err)
{
	char text[700];

	if (strcmp(p->told, err->text) == 0)
		return;
	str_copy(p->told, sizeof(p->told), str_of(err->text));
	snprintf(text, sizeof(text), "DKIM key %.*s: %s; %s", STR_ARG(p->name),
	    err->text,
	    p->key != NULL ? "the one before it stays in use"
			   : "mail is not signed with it");
	alert_raise(ALERT_CERTIFICATE, p->name, str_of(text));
}

static struct dkim_pair *
find(const struct dkim_pair *v, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].name, name))
			return (struct dkim_pair *)&v[i];
	return NULL;
}

static void
free_pairs(struct dkim_pair *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		EVP_PKEY_free(v[i].key);
		free((char *)v[i].name.p);
	}
	free(v);
}

/* --- signing --- */

static struct sign_job *
new_job(struct signer *s, const struct dkim_pair *p, struct str digest)
{
	struct sign_job *j = mem_alloc(sizeof(*j));

	j->job.run = run;
	j->job.done = done;
	j->algorithm = p->algorithm;
	j->key = p->key;
	if (EVP_PKEY_up_ref(j->key) != 1)
		panic("a key without references");
	memcpy(j->digest, digest.p, sizeof(j->digest));
	j->next = s->jobs;
	if (j->next != NULL)
		j->next->prev = &j->next;
	j->prev = &s->jobs;
	s->jobs = j;
	return j;
}

static void
run(struct worker_job *job)
{
	struct sign_job *j = (struct sign_job *)job;
	struct err err = ERR_INIT;

	j->n = sign_dkim(j->key, j->algorithm,
	    (struct str){ (const char *)j->digest, sizeof(j->digest) },
	    j->signature, &err);
}

static void
done(struct worker_job *job)
{
	struct sign_job *j = (struct sign_job *)job;
	struct signed_msg msg = { .signature = {
				      (const char *)j->signature, j->n } };

	if (j->ipc != NULL)
		ipc_send(j->ipc, IPC_SIGNED, j->txn, &msg);
	*j->prev = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	EVP_PKEY_free(j->key);
	free(j);
}
