/*
 * fuzz_talk.h - a whole conversation with a client that says anything
 *
 * The first bytes choose the listener, the size of the pieces and what
 * cleanup answers; the rest is what the client sends. The engine's own
 * invariants panic; what was opened at cleanup must be ended or aborted, and
 * content must be in stored form. A target gives the configuration.
 */
#ifndef TESTS_FUZZ_TALK_H
#define TESTS_FUZZ_TALK_H

#include <stdint.h>
#include <stdlib.h>

#include "fuzz_gateway.h"
#include "mail/wire.h"
#include "smtpd/auth.h"
#include "smtpd/protocol.h"

struct talk {
	struct smtp_session s;
	struct wire_check check;
	unsigned n_open; /* 1 while cleanup has one */
	bool late;       /* ... whose envelope is to come */
	size_t said;     /* bytes of answers */
	bool whole;
	struct need asked; /* FACT_N: nothing is */
	unsigned n_asked;
	unsigned n_proofs;
	bool proving, right;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const char fuzz_yaml[]; /* the target's */

static bool
fuzz_open(struct smtp_session *s, const struct envelope *e)
{
	struct talk *t = (struct talk *)s;

	t->late = (e->flags & ENV_LATE) != 0;
	if ((e->rcpts.n == 0) != t->late || t->n_open++ != 0)
		abort();
	t->check = (struct wire_check){ 0 };
	return true;
}

static void
fuzz_content(struct smtp_session *s, struct str stored)
{
	struct talk *t = (struct talk *)s;

	if (t->n_open != 1 || !wire_check(&t->check, stored, false))
		abort();
}

static void
fuzz_envelope(struct smtp_session *s, const struct envelope *e)
{
	struct talk *t = (struct talk *)s;

	if (t->n_open != 1 || !t->late || e->rcpts.n == 0 ||
	    (e->flags & ENV_LATE))
		abort();
	t->late = false;
}

static void
fuzz_end(struct smtp_session *s, const struct end_msg *end)
{
	struct talk *t = (struct talk *)s;

	if (t->n_open != 1 || t->late ||
	    !wire_check(&t->check, STR(""), true) || t->check.size != end->size)
		abort();
	t->n_open = 0;
	t->whole = true;
}

static void
fuzz_abort(struct smtp_session *s)
{
	struct talk *t = (struct talk *)s;

	if (t->n_open-- != 1)
		abort();
}

/* The answer to every second question is that there is none. */
static bool
fuzz_ask(
    struct smtp_session *s, const struct need *need, struct fact_answer *now)
{
	struct talk *t = (struct talk *)s;

	(void)now;

	if (need->id != FACT_HOST && t->n_asked++ % 2 == 1)
		return false;
	t->asked = *need;
	return true;
}

static void
fuzz_forget(struct smtp_session *s)
{
	((struct talk *)s)->asked.id = FACT_N;
}

/* The password is right when its first byte is even; now and then nobody can
 * say. */
static bool
fuzz_authenticate(struct smtp_session *s, const struct auth_question *q)
{
	struct talk *t = (struct talk *)s;

	t->proving = q != NULL && t->n_proofs++ % 5 != 4;
	if (t->proving)
		t->right = q->password.n > 0 && q->password.p[0] % 2 == 0;
	return t->proving;
}

static void
prove(struct talk *t)
{
	static const char key[32];
	struct auth_answer a = { .ok = t->right,
		.salt = STR("salt of them"),
		.iterations = 4096,
		.signature = { key, sizeof(key) } };

	if (!t->proving)
		return;
	t->proving = false;
	session_authenticated(&t->s, &a);
}

static bool
fuzz_tls_ready(const struct smtp_session *s)
{
	(void)s;
	return true;
}

static enum starttls
fuzz_tls_begin(struct smtp_session *s)
{
	(void)s;
	return STARTTLS_READY;
}

static void
answer(struct talk *t)
{
	struct fact_answer a = { .id = t->asked.id,
		.key = t->asked.key,
		.meta = { FACT_KNOWN, FACT_LOOKED_UP },
		.number = t->asked.id == FACT_HOST ? HOST_VERIFIED : 0,
		.text = STR("c.test") };

	t->asked.id = FACT_N;
	if (a.id != FACT_N)
		session_answer(&t->s, &a);
	session_unanswered(&t->s);
}

static void
start(struct talk *t)
{
	static const struct stats_conn_counts one = { 1, 1, 1 };

	session_start(&t->s, &one);
}

static void
converse(struct talk *t, struct str in, size_t step, unsigned code)
{
	struct accepted a = { code, STR("4.3.0"), STR("text") };

	while (in.n > 0 && t->s.phase != PH_CLOSING) {
		struct str piece = str_sub(in, 0, step), rest = piece;

		t->said += t->s.out->len;
		buf_reset(t->s.out);
		session_input(&t->s, &rest);
		if (t->s.xclient.pending)
			start(t);
		answer(t);
		prove(t);
		session_tls_up(&t->s, "TLSv1.3", "TLS_AES_256_GCM_SHA384");
		in = str_sub(in, piece.n - rest.n, in.n);
		if (t->whole)
			session_accepted(&t->s, &a);
		t->whole = false;
		t->s.now += 100;
		if (session_due(&t->s) <= t->s.now)
			session_expire(&t->s);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct session_ops ops = { NULL, fuzz_open, fuzz_content,
		fuzz_envelope, fuzz_end, fuzz_abort, fuzz_ask, fuzz_forget,
		fuzz_authenticate, fuzz_tls_ready, fuzz_tls_begin };
	static const unsigned codes[] = { 250, 451, 554, 0 };
	struct talk t = { .asked = { .id = FACT_N } };
	struct buf out;

	if (size < 3)
		return 0;
	if (config == NULL)
		prepare(fuzz_yaml);
	buf_init(&out, 1 << 20);
	session_init(&t.s, &ops, stats, config,
	    &config->listeners[data[0] % config->n_listeners]);
	ip_parse(&t.s.facts.client, STR("192.0.2.1"));
	t.s.out = &out;
	t.s.now = 1;
	start(&t);
	answer(&t);
	converse(&t, (struct str){ (const char *)data + 3, size - 3 },
	    data[1] + 1u, codes[data[2] % 4]);
	session_lost(&t.s);
	session_fini(&t.s);
	if (t.n_open != 0)
		abort();
	buf_fini(&out);
	return 0;
}

#endif
