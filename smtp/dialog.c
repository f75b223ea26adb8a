/* dialog.c - the conversation with an SMTP server, without the network */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "smtp/dialog_inside.h"

/* Two envelopes of a frame each, every byte of them encoded as three. */
#define OUT_MAX (16 * 1024 * 1024)

static void answer_rset(struct dialog *, const struct expect *);
static void answer_mail(struct dialog *, const struct expect *);
static void answer_rcpt(struct dialog *, const struct expect *);
static void answer_data(struct dialog *, const struct expect *);
static void answer_dot(struct dialog *, const struct expect *);
static void answer_quit(struct dialog *, const struct expect *);

/* Replies of class 3 are right for DATA and AUTH only, and checked before
 * answer(). */
static const struct {
	const char *name;
	enum dialog_wait wait;
	enum job_stage stage;
	void (*answer)(struct dialog *, const struct expect *);
} kinds[] = {
	[X_GREETING] = { "greeting", WAIT_REPLY, 0, dialog_answer_greeting },
	[X_EHLO] = { "EHLO", WAIT_REPLY, 0, dialog_answer_ehlo },
	[X_HELO] = { "HELO", WAIT_REPLY, 0, dialog_answer_helo },
	[X_STARTTLS] = { "STARTTLS", WAIT_REPLY, 0, dialog_answer_starttls },
	[X_AUTH] = { "AUTH", WAIT_REPLY, 0, dialog_answer_auth },
	[X_RSET] = { "RSET", WAIT_REPLY, 0, answer_rset },
	[X_MAIL] = { "MAIL", WAIT_REPLY, JOB_MAIL, answer_mail },
	[X_RCPT] = { "RCPT", WAIT_REPLY, JOB_RCPT, answer_rcpt },
	[X_DATA] = { "DATA", WAIT_DATA, JOB_DATA, answer_data },
	[X_DOT] = { "final dot", WAIT_DOT, JOB_DOT, answer_dot },
	[X_QUIT] = { "QUIT", WAIT_QUIT, 0, answer_quit },
};

static void tell(struct dialog *, enum expect_kind);
static struct expect *expected(const struct dialog *);
static void take_reply(struct dialog *);
static bool may_go_on(const struct expect *);
static void unexpected(struct dialog *);
static void closing(struct dialog *);
static bool say_next(struct dialog *);
static bool is_asked(const struct transaction *);
static struct transaction *speaker(const struct dialog *);
static bool is_full(const struct dialog *);
static void begin(struct dialog *, struct transaction *);
static void envelope(struct dialog *, struct transaction *);
static bool wants_quit(const struct dialog *);
static void finish(struct dialog *, struct transaction *, bool possible);
static enum job_stage stage_of(
    const struct dialog *, const struct transaction *);
static bool is_known(const struct transaction *);
static bool dot_has_left(const struct dialog *, const struct transaction *);

void
dialog_init(struct dialog *d, const char *helo,
    const struct dialog_hooks *hooks, void *arg)
{
	*d = (struct dialog){ .hooks = hooks, .arg = arg, .helo = helo };
	buf_init(&d->out, OUT_MAX);
	reply_init(&d->reply);
	arena_init(&d->mem, 64 * 1024);
	dialog_expect(d, X_GREETING, NULL, 0);
}

void
dialog_fini(struct dialog *d)
{
	for (size_t i = 0; i < d->n_jobs; i++)
		transaction_free(&d->jobs[i]);
	dialog_login_forget(d);
	free(d->expect);
	buf_fini(&d->out);
	reply_fini(&d->reply);
	arena_free(&d->mem);
	*d = (struct dialog){ 0 };
}

bool
dialog_add_job(struct dialog *d, struct transaction *t)
{
	if (d->over || d->n_jobs == DIALOG_JOBS)
		return false;
	d->jobs[d->n_jobs++] = t;
	return true;
}

void
dialog_quit(struct dialog *d)
{
	d->quit_wanted = true;
}

void
dialog_input(struct dialog *d, struct str in)
{
	while (in.n > 0 && !d->over) {
		const struct expect *x = expected(d);

		/* Said in the clear, it would be heard as if it came under
		 * TLS (threats TLS-02). */
		if (d->tls_starting) {
			dialog_end(d, SESSION_PROTOCOL,
			    STR("input behind the reply to STARTTLS"));
			break;
		}

		if (!reply_is_partial(&d->reply))
			d->early = x == NULL || x->end > d->sent;
		switch (reply_feed(&d->reply, &in)) {
		case REPLY_MORE:
			break;
		case REPLY_DONE:
			if (d->hooks->heard != NULL)
				d->hooks->heard(d->arg, &d->reply);
			take_reply(d);
			d->progress++;
			reply_begin(&d->reply);
			break;
		case REPLY_BAD:
			dialog_end(
			    d, SESSION_PROTOCOL, STR("reply is not SMTP"));
			break;
		}
	}
	dialog_talk(d);
}

void
dialog_sent(struct dialog *d, size_t n)
{
	buf_consume(&d->out, n);
	d->sent += n;
}

void
dialog_talk(struct dialog *d)
{
	if (!d->up)
		return;
	while (!d->over && say_next(d))
		continue;
	if (!d->over && wants_quit(d)) {
		buf_puts(&d->out, "QUIT\r\n");
		dialog_expect(d, X_QUIT, NULL, 0);
		d->quit_said = true;
	}
	assert(!d->out.failed);
}

void
dialog_content_done(struct dialog *d)
{
	struct transaction *t = speaker(d);

	assert(t != NULL && t->state == TX_CONTENT);
	buf_puts(&d->out, ".\r\n");
	dialog_expect(d, X_DOT, t, 0);
	t->state = TX_DOT;
	dialog_talk(d);
}

void
dialog_end(struct dialog *d, enum session_end end, struct str text)
{
	/* After a reply out of order the dot may have been refused. */
	bool maybe = end != SESSION_PROTOCOL;

	if (d->over)
		return;
	/* To hang up on a handshake, or to be silent, is to fail it. */
	if (d->tls_starting && (end == SESSION_RESET || end == SESSION_TIMEOUT))
		end = SESSION_TLS;
	d->over = true;
	d->end = end;
	d->end_text = arena_str(&d->mem, str_sub(text, 0, REPLY_TEXT_MAX));
	for (size_t i = 0; i < d->n_jobs;) {
		struct transaction *t = d->jobs[i];
		bool possible = maybe && t->n_open > 0 && dot_has_left(d, t);

		if (!is_known(t)) {
			i++;
			continue;
		}
		transaction_fail_all(t, stage_of(d, t), 0, "", d->end_text);
		finish(d, t, possible);
	}
}

enum dialog_wait
dialog_wait(const struct dialog *d)
{
	const struct expect *x = expected(d);
	const struct transaction *t = speaker(d);

	if (d->over)
		return WAIT_NONE;
	if (d->tls_starting)
		return WAIT_TLS;
	if (d->login.asking)
		return WAIT_REPLY;
	if (d->out.len > 0 || (t != NULL && t->state == TX_CONTENT))
		return WAIT_BLOCK;
	return x != NULL ? kinds[x->kind].wait : WAIT_NONE;
}

const char *
dialog_waits_for(const struct dialog *d)
{
	const struct expect *x = expected(d);

	if (d->tls_starting)
		return "TLS handshake";
	if (d->login.asking)
		return "keyd";
	return x != NULL ? kinds[x->kind].name : "content";
}

bool
dialog_is_idle(const struct dialog *d)
{
	return d->up && !d->over && d->n_jobs == 0 && expected(d) == NULL;
}

/* --- replies --- */

void
dialog_expect(
    struct dialog *d, enum expect_kind kind, struct transaction *t, size_t rcpt)
{
	if (d->expect_at == d->expect_n)
		d->expect_at = d->expect_n = 0;
	d->expect = mem_room(
	    d->expect, &d->expect_cap, d->expect_n, sizeof(*d->expect));
	d->expect[d->expect_n++] =
	    (struct expect){ kind, t, rcpt, d->sent + d->out.len };
	tell(d, kind);
}

/* The command is the last that was put into out. */
static void
tell(struct dialog *d, enum expect_kind kind)
{
	uint64_t begin = d->told > d->sent ? d->told - d->sent : 0;
	struct str line = str_sub(buf_str(&d->out), begin, d->out.len);

	d->told = d->sent + d->out.len;
	if (d->hooks->said == NULL || kind == X_GREETING)
		return;
	if (kind == X_DOT)
		line = STR(".");
	else if (kind == X_AUTH)
		line = dialog_login_masked(d, line);
	d->hooks->said(d->arg, str_trim(line));
}

static struct expect *
expected(const struct dialog *d)
{
	return d->expect_at < d->expect_n ? &d->expect[d->expect_at] : NULL;
}

static void
take_reply(struct dialog *d)
{
	struct expect x;

	if (d->reply.code == 421 && d->up) {
		closing(d);
		return;
	}
	if (d->early || (dialog_is_class(d, 3) && !may_go_on(expected(d)))) {
		unexpected(d);
		return;
	}
	x = *expected(d);
	d->expect_at++;
	kinds[x.kind].answer(d, &x);
}

static bool
may_go_on(const struct expect *x)
{
	return x->kind == X_DATA || x->kind == X_AUTH;
}

static void
unexpected(struct dialog *d)
{
	struct str line = reply_line(&d->reply, &d->mem);
	char *text = arena_printf(
	    &d->mem, "unexpected reply: %u %.*s", d->reply.code, STR_ARG(line));

	dialog_end(d, SESSION_PROTOCOL, str_of(text));
}

/*
 * 421: the server closes the connection, whatever it was asked. That is an
 * answer to the transaction under way, unless it had just begun on a
 * connection that served others: there it means "enough on this one".
 */
static void
closing(struct dialog *d)
{
	struct transaction *t = d->n_jobs > 0 ? d->jobs[0] : NULL;

	if (t != NULL && t->state != TX_NEW && (t->mail_ok || d->n_mail == 1)) {
		transaction_answer_all(t, stage_of(d, t), &d->reply);
		finish(d, t, false);
	}
	dialog_end_with_reply(d, SESSION_CLOSED);
}

static void
answer_rset(struct dialog *d, const struct expect *x)
{
	(void)x;
	if (!dialog_is_class(d, 2))
		unexpected(d);
}

static void
answer_mail(struct dialog *d, const struct expect *x)
{
	if (dialog_is_class(d, 2))
		x->t->mail_ok = true;
	else
		transaction_answer_all(x->t, JOB_MAIL, &d->reply);
}

/* When MAIL was refused all recipients have their result already. */
static void
answer_rcpt(struct dialog *d, const struct expect *x)
{
	struct transaction *t = x->t;

	if (!t->mail_ok)
		return;
	t->rcpt_answered = true;
	if (dialog_is_class(d, 2) && !d->asks_only)
		t->n_ok++;
	else
		transaction_answer(t, x->rcpt, JOB_RCPT, &d->reply);
}

/*
 * A server may say 354 though it has refused everybody: then it gets an
 * empty content, and what it says to that concerns no one.
 */
static void
answer_data(struct dialog *d, const struct expect *x)
{
	struct transaction *t = x->t;

	if (dialog_is_class(d, 2)) {
		unexpected(d);
	} else if (!dialog_is_class(d, 3)) {
		transaction_answer_all(t, JOB_DATA, &d->reply);
		d->need_rset = t->mail_ok;
		finish(d, t, false);
	} else {
		t->state = TX_CONTENT;
		if (t->n_ok > 0)
			d->hooks->content(d->arg, t);
		else
			dialog_content_done(d);
	}
}

static void
answer_dot(struct dialog *d, const struct expect *x)
{
	transaction_answer_all(x->t, JOB_DOT, &d->reply);
	finish(d, x->t, false);
}

static void
answer_quit(struct dialog *d, const struct expect *x)
{
	(void)x;
	dialog_end(d, SESSION_CLOSED, STR(""));
}

/* --- commands --- */

/* Says one command, if one may be said. */
static bool
say_next(struct dialog *d)
{
	struct transaction *t = speaker(d);

	if (t == NULL || d->quit_said)
		return false;
	if (t->state == TX_DATA || t->state == TX_CONTENT)
		return false;
	if (expected(d) != NULL && !(d->features.bits & FEATURE_PIPELINING))
		return false;
	if (t->state == TX_NEW && is_full(d))
		return false;
	if (t->state == TX_ENVELOPE && d->asks_only && is_asked(t) &&
	    expected(d) != NULL)
		return false;
	if (t->state == TX_NEW)
		begin(d, t);
	else
		envelope(d, t);
	return true;
}

/* Every RCPT was said. */
static bool
is_asked(const struct transaction *t)
{
	size_t i = t->cursor;

	while (i < t->n_rcpts && !t->open[i])
		i++;
	return i == t->n_rcpts;
}

/* Whose turn it is to talk: the oldest that has not said its final dot. */
static struct transaction *
speaker(const struct dialog *d)
{
	for (size_t i = 0; i < d->n_jobs; i++)
		if (d->jobs[i]->state != TX_DOT)
			return d->jobs[i];
	return NULL;
}

/* RFC 9422: the server takes no more transactions on this connection. */
static bool
is_full(const struct dialog *d)
{
	return d->features.mail_max > 0 && d->n_mail >= d->features.mail_max;
}

static void
begin(struct dialog *d, struct transaction *t)
{
	transaction_check(t, &d->features);
	if (t->n_open == 0) {
		finish(d, t, false);
		return;
	}
	if (d->need_rset) {
		d->need_rset = false;
		buf_puts(&d->out, "RSET\r\n");
		dialog_expect(d, X_RSET, NULL, 0);
		return;
	}
	transaction_say_mail(t, &d->features, &d->out);
	dialog_expect(d, X_MAIL, t, 0);
	t->state = TX_ENVELOPE;
	d->n_mail++;
	d->hooks->started(d->arg, t);
}

/* Next RCPT, or DATA, or, when all replies are there and bad, the end. */
static void
envelope(struct dialog *d, struct transaction *t)
{
	while (t->cursor < t->n_rcpts && !t->open[t->cursor])
		t->cursor++;
	if (t->cursor < t->n_rcpts) {
		transaction_say_rcpt(t, t->cursor, &d->features, &d->out);
		dialog_expect(d, X_RCPT, t, t->cursor);
		t->cursor++;
	} else if (expected(d) == NULL && t->n_ok == 0) {
		d->need_rset = t->mail_ok;
		finish(d, t, false);
	} else {
		buf_puts(&d->out, "DATA\r\n");
		dialog_expect(d, X_DATA, t, 0);
		t->state = TX_DATA;
	}
}

static bool
wants_quit(const struct dialog *d)
{
	if (d->quit_said || expected(d) != NULL)
		return false;
	if (d->n_jobs == 0)
		return d->quit_wanted || is_full(d);
	return d->jobs[0]->state == TX_NEW && is_full(d);
}

/* --- ends --- */

static void
finish(struct dialog *d, struct transaction *t, bool possible)
{
	size_t i = 0;

	assert(t->n_open == 0);
	while (d->jobs[i] != t)
		i++;
	for (d->n_jobs--; i < d->n_jobs; i++)
		d->jobs[i] = d->jobs[i + 1];
	t->state = TX_OVER;
	d->hooks->done(d->arg, t, possible);
}

/* How far the transaction has come: what would be answered next. */
static enum job_stage
stage_of(const struct dialog *d, const struct transaction *t)
{
	const struct expect *x = expected(d);

	if (x != NULL && x->t == t)
		return kinds[x->kind].stage;
	return t->state >= TX_DATA ? JOB_DATA : JOB_RCPT;
}

/* Did the server say anything that must not be forgotten? */
static bool
is_known(const struct transaction *t)
{
	return t->rcpt_answered || (t->state != TX_NEW && t->n_open == 0);
}

static bool
dot_has_left(const struct dialog *d, const struct transaction *t)
{
	for (size_t i = d->expect_at; i < d->expect_n; i++)
		if (d->expect[i].kind == X_DOT && d->expect[i].t == t)
			return d->expect[i].end <= d->sent;
	return false;
}

void
dialog_end_with_reply(struct dialog *d, enum session_end end)
{
	if (d->over)
		return;
	d->end_code = d->reply.code;
	str_copy(d->end_status, sizeof(d->end_status), str_of(d->reply.status));
	dialog_end(d, end, reply_line(&d->reply, &d->mem));
}

bool
dialog_is_class(const struct dialog *d, unsigned class)
{
	return d->reply.code / 100 == class;
}
