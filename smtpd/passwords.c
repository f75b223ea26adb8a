/*
 * passwords.c - questions about users: to keyd, or to another mail server
 *
 * Answers find their connection by the number of the question. keyd gone is
 * an answer that cannot be had now (454), never a client that waits.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "fact/facts.h"
#include "smtpd/smtpd.h"

static bool ask_keyd(struct conn *, const struct auth_question *);
static bool ask_server(struct conn *, const struct auth_question *);
static void give_up(struct smtpd *, bool keyd);

bool
passwords_ask(struct smtp_session *s, const struct auth_question *q)
{
	struct conn *c = (struct conn *)s;
	struct smtpd *sm = c->smtpd;

	if (c->password != 0)
		map_remove_u64(&sm->passwords, c->password);
	c->password = 0;
	if (q == NULL)
		return false;
	do
		c->password = ++sm->last_password;
	while (c->password == 0 ||
	       map_get_u64(&sm->passwords, c->password) != NULL);
	if (q->profile->kind == AUTH_LOCAL ? !ask_keyd(c, q)
					   : !ask_server(c, q)) {
		c->password = 0;
		return false;
	}
	c->asked_keyd = q->profile->kind == AUTH_LOCAL;
	map_put_u64(&sm->passwords, c->password, c);
	return true;
}

int
passwords_done(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	struct password_done msg;
	struct conn *c;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	c = map_get_u64(&sm->passwords, f->txn);
	if (c != NULL)
		conn_authenticated(
		    c, &(struct auth_answer){ .broken = msg.broken != 0,
			   .ok = msg.ok != 0,
			   .signature = msg.signature });
	return 0;
}

int
passwords_salt(struct smtpd *sm, struct ipc_frame *f, struct err *err)
{
	struct scram_salt msg;
	struct conn *c;

	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	c = map_get_u64(&sm->passwords, f->txn);
	if (c != NULL)
		conn_authenticated(
		    c, &(struct auth_answer){ .broken = msg.iterations == 0,
			   .salt = msg.salt,
			   .iterations = msg.iterations });
	return 0;
}

void
passwords_probed(struct smtpd *sm, uint32_t txn, const struct probe_done *d)
{
	struct conn *c = map_get_u64(&sm->passwords, txn);

	if (c != NULL)
		conn_authenticated(
		    c, &(struct auth_answer){
			   .broken = d->answer != RECIPIENT_OK &&
				     d->answer != RECIPIENT_UNKNOWN,
			   .ok = d->answer == RECIPIENT_OK });
}

void
passwords_lost(struct smtpd *sm, const struct ipc *ipc)
{
	if (ipc == sm->keyd) {
		sm->keyd = NULL;
		give_up(sm, true);
	} else {
		give_up(sm, false);
	}
}

static bool
ask_keyd(struct conn *c, const struct auth_question *q)
{
	struct ipc *keyd = c->smtpd->keyd;
	struct str profile = q->profile->name;

	if (keyd == NULL)
		return false;
	switch (q->kind) {
	case AUTH_ASK_PASSWORD:
		ipc_send(keyd, IPC_PASSWORD, c->password,
		    &(struct password){ profile, q->user, q->password });
		break;
	case AUTH_ASK_SALT:
		ipc_send(keyd, IPC_SCRAM, c->password,
		    &(struct scram_query){ profile, q->user });
		break;
	case AUTH_ASK_PROOF:
		ipc_send(keyd, IPC_SCRAM_PROOF, c->password,
		    &(struct scram_proof){
			profile, q->user, q->auth_message, q->proof });
		break;
	}
	return true;
}

static bool
ask_server(struct conn *c, const struct auth_question *q)
{
	const struct auth_profile *a = q->profile;
	struct ipc *lookupd = c->smtpd->lookupd;
	struct probe_host *hosts;
	struct probe p = { .kind = PROBE_AUTH,
		.timeout_ms = a->timeout * 1000,
		.helo = session_hostname(&c->session),
		.sender = STR(""),
		.rcpt = STR(""),
		.user = q->user,
		.password = q->password,
		.tls = a->tls };

	if (lookupd == NULL)
		return false;
	hosts = mem_array(a->n_servers, sizeof(*hosts));
	for (size_t i = 0; i < a->n_servers; i++)
		hosts[i] = (struct probe_host){ a->servers[i].host,
			a->servers[i].port, a->servers[i].no_mx };
	p.hosts = (struct codec_list){ a->n_servers, hosts };
	ipc_send(lookupd, IPC_PROBE, c->password, &p);
	free(hosts);
	return true;
}

/* Nobody answers any more: those who wait hear so. */
static void
give_up(struct smtpd *sm, bool keyd)
{
	static const struct auth_answer nobody = { .broken = true };

	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->password != 0 && c->asked_keyd == keyd)
			conn_authenticated(c, &nobody);
	}
}
