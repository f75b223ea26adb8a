/* talk_ops.c - what the engine needs others for, in a captured conversation */
#include "base/mem.h"
#include "smtpd/auth.h"
#include "trace/talk_inside.h"

#define NEEDS_MAX    10000
#define NEED_KEY_MAX 2000

static bool open_mail(struct smtp_session *, const struct envelope *);
static void take_stored(struct smtp_session *, struct str stored);
static void take_envelope(struct smtp_session *, const struct envelope *);
static void take_end(struct smtp_session *, const struct end_msg *);
static void take_abort(struct smtp_session *);
static bool ask(
    struct smtp_session *, const struct need *, struct fact_answer *now);
static bool ask_known(struct talk *, const struct need *, struct fact_answer *);
static void want(struct talk *, const struct need *);
static void forget(struct smtp_session *);
static bool authenticate(struct smtp_session *, const struct auth_question *);
static bool tls_ready(const struct smtp_session *);
static enum starttls tls_begin(struct smtp_session *);
static bool spoke(struct smtp_session *);

const struct session_ops talk_ops = {
	.spoke = spoke,
	.open = open_mail,
	.content = take_stored,
	.envelope = take_envelope,
	.end = take_end,
	.abort = take_abort,
	.ask = ask,
	.forget = forget,
	.authenticate = authenticate,
	.tls_ready = tls_ready,
	.tls_begin = tls_begin,
};

/* Had the client heard the greeting when it began to speak? */
static bool
spoke(struct smtp_session *s)
{
	const struct talk *t = (const struct talk *)s;

	if (t->qmqp || s->subject.listener->type != LISTENER_PUBLIC ||
	    s->xclient.taken || t->n_bursts == 0 || t->n_theirs == 0 ||
	    t->bursts[0].bytes.n == 0 || t->bursts[0].heard > 0)
		return false;
	session_early_talker(s);
	return true;
}

static bool
open_mail(struct smtp_session *s, const struct envelope *e)
{
	struct talk *t = (struct talk *)s;

	(void)e;
	buf_reset(&t->content);
	t->ended = false;
	return true;
}

static void
take_stored(struct smtp_session *s, struct str stored)
{
	buf_add_str(&((struct talk *)s)->content, stored);
}

/* QMQP: what stands in it was in the request. */
static void
take_envelope(struct smtp_session *s, const struct envelope *e)
{
	(void)s;
	(void)e;
}

static void
take_end(struct smtp_session *s, const struct end_msg *end_of_it)
{
	(void)end_of_it;
	((struct talk *)s)->ended = true;
}

static void
take_abort(struct smtp_session *s)
{
	buf_reset(&((struct talk *)s)->content);
}

static bool
ask(struct smtp_session *s, const struct need *need, struct fact_answer *now)
{
	struct talk *t = (struct talk *)s;

	if (ask_known(t, need, now))
		return false;
	if (need->id == FACT_CALLAHEAD && !t->in->call_ahead) {
		now->meta = (struct fact){ FACT_KNOWN, FACT_FROM_DEFAULT };
		now->number = RECIPIENT_OK;
		return false;
	}
	want(t, need);
	return false;
}

static bool
ask_known(struct talk *t, const struct need *need, struct fact_answer *now)
{
	const struct facts *known = t->in->known;
	const struct fact_answer *a;
	struct facts given = { .answers = NULL };

	if (need->id == FACT_HOST) {
		if (fact_is_open(known, FACT_HOST))
			return false;
		now->meta = known->meta[FACT_HOST];
		now->number = known->host_class;
		now->text = known->host;
		return true;
	}
	a = fact_find(known, need->id, need->key);
	if (a == NULL && given_fact(t->in->given, need, &given, &t->mem))
		a = fact_find(&given, need->id, need->key);
	if (a == NULL)
		return false;
	now->meta = a->meta;
	now->number = a->number;
	now->code = a->code;
	now->text = a->text;
	return true;
}

static void
want(struct talk *t, const struct need *need)
{
	for (size_t i = 0; i < t->done.needs.n; i++)
		if (t->needs[i].id == need->id &&
		    str_eq(t->needs[i].key, need->key))
			return;
	if (t->done.needs.n == NEEDS_MAX || need->key.n > NEED_KEY_MAX)
		return;
	t->needs = mem_room(
	    t->needs, &t->cap_needs, t->done.needs.n, sizeof(*t->needs));
	t->needs[t->done.needs.n++] = (struct talk_need){ (uint8_t)need->id,
		arena_str(&t->mem, need->key) };
}

static void
forget(struct smtp_session *s)
{
	(void)s;
}

static bool
authenticate(struct smtp_session *s, const struct auth_question *q)
{
	struct talk *t = (struct talk *)s;

	t->asked_who = q != NULL && q->kind == AUTH_ASK_PASSWORD;
	return t->asked_who;
}

static bool
tls_ready(const struct smtp_session *s)
{
	return s->subject.listener->certificate != NULL;
}

static enum starttls
tls_begin(struct smtp_session *s)
{
	(void)s;
	return STARTTLS_READY;
}
