/* keyd_users.c - questions about passwords */
#include "master/keyd_users.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/alert.h"
#include "event/event.h"
#include "tls/users.h"

#define WAITING_MAX 1000 /* checks; more are put off */
#define ASKED_MEM   ((size_t)64 * 1024)

/* The users of one file, as long as anybody works with them. */
struct book {
	struct users *users;
	unsigned refs;
};

struct profile {
	struct str name; /* heap */
	struct book *book;
	char *text; /* what the book was made of */
	size_t n;
	char told[480]; /* the last complaint */
};

struct logins {
	struct worker *worker;
	struct profile *profiles;
	size_t n;
	struct check *checks; /* under way */
};

struct check { /* of one password */
	struct worker_job job;
	struct logins *logins;
	struct check *next, **prev;
	struct ipc *ipc; /* NULL: it has gone */
	uint32_t txn;
	struct book *book;
	char *user, *password;
	size_t n_password;
	bool right;
};

static struct profile *find(const struct logins *, struct str name);
static void refresh(
    struct profile *, const struct keys *, struct str file, struct err *);
static struct str first_line(struct str text);
static void release(struct book **);
static void profile_fini(struct profile *);
static void run(struct worker_job *);
static void done(struct worker_job *);
static void broken(struct ipc *, uint32_t txn);

struct logins *
logins_new(struct worker *worker)
{
	struct logins *l = mem_alloc(sizeof(*l));

	l->worker = worker;
	return l;
}

bool
logins_refresh(struct logins *l, const struct config *c,
    const struct keys *keys, bool complain)
{
	struct profile *next = mem_array(c->n_auth_profiles + 1, sizeof(*next));
	bool bad = false;
	size_t n = 0;

	for (size_t i = 0; i < c->n_auth_profiles; i++) {
		const struct auth_profile *a = &c->auth_profiles[i];
		struct profile *was = find(l, a->name), *p = &next[n];
		struct err err = ERR_INIT;

		if (a->kind != AUTH_LOCAL)
			continue;
		n++;
		if (was != NULL) {
			*p = *was;
			*was = (struct profile){ 0 };
		} else {
			p->name =
			    (struct str){ mem_strndup(a->name.p, a->name.n),
				    a->name.n };
		}
		refresh(p, keys, a->users_file, &err);
		bad = bad || err.kind != ERR_NONE;
		if (complain && err.kind != ERR_NONE &&
		    strcmp(p->told, err.text) != 0) {
			alert_raise(ALERT_USERS, STR(""), str_of(err.text));
			str_copy(p->told, sizeof(p->told), str_of(err.text));
		}
	}
	for (size_t i = 0; i < l->n; i++)
		profile_fini(&l->profiles[i]);
	free(l->profiles);
	l->profiles = next;
	l->n = n;
	return bad;
}

int
logins_password(
    struct logins *l, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct password msg;
	struct profile *p;
	struct check *c;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	p = find(l, msg.profile);
	if (p == NULL || p->book == NULL ||
	    worker_pending(l->worker) >= WAITING_MAX) {
		broken(ipc, f->txn);
		return 0;
	}
	c = mem_alloc(sizeof(*c));
	c->job.run = run;
	c->job.done = done;
	c->logins = l;
	c->ipc = ipc;
	c->txn = f->txn;
	c->book = p->book;
	c->book->refs++;
	c->user = mem_strndup(msg.user.p, msg.user.n);
	c->password = mem_strndup(msg.password.p, msg.password.n);
	c->n_password = msg.password.n;
	c->next = l->checks;
	if (c->next != NULL)
		c->next->prev = &c->next;
	c->prev = &l->checks;
	l->checks = c;
	worker_do(l->worker, &c->job);
	return 0;
}

int
logins_scram(
    struct logins *l, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct scram_salt answer = { .salt = STR("") };
	struct scram_query msg;
	struct scram_keys k;
	struct profile *p;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	p = find(l, msg.profile);
	if (p != NULL && p->book != NULL) {
		users_scram(p->book->users, msg.user, &k);
		answer.salt = (struct str){ (const char *)k.salt, k.n_salt };
		answer.iterations = k.iterations;
	}
	ipc_send(ipc, IPC_SCRAM_SALT, f->txn, &answer);
	return 0;
}

int
logins_proof(
    struct logins *l, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct password_done answer = { .signature = STR("") };
	unsigned char signature[SCRAM_KEY];
	struct scram_proof msg;
	struct scram_keys k;
	struct profile *p;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	p = find(l, msg.profile);
	if (p == NULL || p->book == NULL) {
		broken(ipc, f->txn);
		return 0;
	}
	users_scram(p->book->users, msg.user, &k);
	if (scram_judge(&k, msg.auth_message, msg.proof, signature)) {
		answer.ok = 1;
		answer.signature =
		    (struct str){ (const char *)signature, SCRAM_KEY };
	}
	OPENSSL_cleanse(&k, sizeof(k));
	ipc_send(ipc, IPC_PASSWORD_DONE, f->txn, &answer);
	return 0;
}

void
logins_forget(struct logins *l, const struct ipc *ipc)
{
	for (struct check *c = l->checks; c != NULL; c = c->next)
		if (c->ipc == ipc)
			c->ipc = NULL;
}

/* --- profiles --- */

static struct profile *
find(const struct logins *l, struct str name)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->profiles[i].name.p != NULL &&
		    str_eq(l->profiles[i].name, name))
			return &l->profiles[i];
	return NULL;
}

static void
refresh(struct profile *p, const struct keys *keys, struct str file,
    struct err *err)
{
	char name[400];
	struct book *book;
	struct users *u;
	struct str text;

	if (!keys_text(keys, file, &text, err)) {
		err_in(err, "users of profile %.*s", STR_ARG(p->name));
		return;
	}
	if (p->text != NULL && text.n == p->n &&
	    memcmp(text.p, p->text, text.n) == 0)
		return;
	snprintf(name, sizeof(name), "secrets/%.*s", STR_ARG(file));
	u = users_parse(text, name, first_line(text), err);
	if (u == NULL)
		return;
	book = mem_alloc(sizeof(*book));
	book->users = u;
	book->refs = 1;
	release(&p->book);
	p->book = book;
	snprintf(name, sizeof(name), "users of profile %.*s: %zu",
	    STR_ARG(p->name), users_count(u));
	EMIT(NOTICE, .text = str_of(name));
	if (p->text != NULL)
		OPENSSL_cleanse(p->text, p->n);
	free(p->text);
	p->text = mem_dup(text.p, text.n);
	p->n = text.n;
	p->told[0] = '\0';
}

/* Hardly ever changes, and nobody else knows it: from this the salts of those
 * come who are not in the file. */
static struct str
first_line(struct str text)
{
	struct str line = STR("");

	while (text.n > 0 && (line.n == 0 || line.p[0] == '#'))
		line = str_trim(str_cut(&text, '\n'));
	return line;
}

static void
release(struct book **bp)
{
	struct book *b = *bp;

	*bp = NULL;
	if (b == NULL || --b->refs > 0)
		return;
	users_free(&b->users);
	free(b);
}

static void
profile_fini(struct profile *p)
{
	release(&p->book);
	if (p->text != NULL)
		OPENSSL_cleanse(p->text, p->n);
	free(p->text);
	free((char *)p->name.p);
}

/* --- checks --- */

static void
run(struct worker_job *job)
{
	struct check *c = (struct check *)job;

	c->right = users_check(c->book->users, str_of(c->user),
	    (struct str){ c->password, c->n_password });
}

static void
done(struct worker_job *job)
{
	struct check *c = (struct check *)job;
	struct password_done answer = { .ok = c->right, .signature = STR("") };

	if (c->ipc != NULL)
		ipc_send(c->ipc, IPC_PASSWORD_DONE, c->txn, &answer);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	release(&c->book);
	OPENSSL_cleanse(c->password, c->n_password);
	free(c->password);
	free(c->user);
	free(c);
}

static void
broken(struct ipc *ipc, uint32_t txn)
{
	static const struct password_done answer = { .broken = 1,
		.signature = { "", 0 } };

	ipc_send(ipc, IPC_PASSWORD_DONE, txn, &answer);
}
