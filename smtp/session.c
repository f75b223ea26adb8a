/* session.c - one connection to a server: socket, time limits, content */
#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "event/event.h"
#include "mail/addr.h"
#include "smtp/keyd.h"
#include "smtp/session_inside.h"

#define READ_SIZE 16384
/* Out buffers that grew over this are given back when empty. */
#define OUT_KEEP 16384
/* This much content taken by the server earns it a new WAIT_BLOCK. */
#define BLOCK_SIZE 65536
/* Sent in one go before other sessions get their turn. */
#define TURN_SIZE (1024 * 1024)

static int start_connect(struct smtp_session *, struct err *);
static void on_ready(void *arg, int ready);
static void on_connected(struct smtp_session *);
static void on_readable(struct smtp_session *);
static void on_flush(void *arg);
static void flush(struct smtp_session *);
static bool wants_send(const struct smtp_session *);
static bool send_some(struct smtp_session *);
static bool send_out(struct smtp_session *);
static bool send_content(struct smtp_session *);
static void settle(struct smtp_session *);
static void arm(struct smtp_session *);
static int64_t limit_of(const struct smtp_session *, enum dialog_wait);
static void on_up(void *arg);
static void on_starttls(void *arg);
static void on_login(void *arg);
static void want_login(struct smtp_session *, const struct session *);
static void on_started(void *arg, struct transaction *);
static void on_content(void *arg, struct transaction *);
static void on_done(void *arg, struct transaction *, bool possible);
static void list_rids(
    const struct transaction *, struct codec_list *, struct arena *);

static const struct dialog_hooks hooks = {
	.up = on_up,
	.starttls = on_starttls,
	.login = on_login,
	.started = on_started,
	.content = on_content,
	.done = on_done,
	.said = session_said,
	.heard = session_heard,
};

void
session_open(struct sessions *all, uint32_t txn, const struct session *req)
{
	struct smtp_session *s = mem_alloc(sizeof(*s));
	struct err err = ERR_INIT;

	s->all = all;
	s->txn = txn;
	s->dcid = req->dcid;
	str_copy(s->domain, sizeof(s->domain), req->domain);
	str_copy(s->helo, sizeof(s->helo), req->helo);
	s->peer = (struct endpoint){ req->ip, req->port };
	s->source = req->source;
	s->connect_ms = req->connect_ms != 0 ? req->connect_ms : 30000;
	s->reply_ms = req->reply_ms != 0 ? req->reply_ms : 300000;
	s->fd = -1;
	s->flush.cb = on_flush;
	s->flush.arg = s;
	dialog_init(&s->dialog, s->helo, &hooks, s);
	s->dialog.asks_only = all->asks_only;
	session_tls_init(s, req);
	session_watch_init(s, req);
	want_login(s, req);
	map_put_u64(&all->by_txn, txn, s);
	all->n++;
	if (all->n > all->max)
		dialog_end(&s->dialog, SESSION_LOCAL,
		    STR("too many sessions in this process"));
	else if (!addr_is_clean(req->helo))
		dialog_end(&s->dialog, SESSION_LOCAL,
		    STR("the name for EHLO is not fit for SMTP"));
	else if (start_connect(s, &err) == -1)
		dialog_end(
		    &s->dialog, session_end_of(err.sys), str_of(err.text));
	settle(s);
}

int
session_job(struct smtp_session *s, struct ipc_frame *frame, struct err *err)
{
	struct transaction *t;

	if (transaction_new(&t, frame, err) == -1)
		return -1;
	if (!dialog_add_job(&s->dialog, t)) {
		transaction_free(&t);
		return err_set(err, ERR_PROTO, "too many jobs for a session");
	}
	loop_defer(s->all->loop, &s->flush);
	return 0;
}

void
session_quit(struct smtp_session *s)
{
	dialog_quit(&s->dialog);
	loop_defer(s->all->loop, &s->flush);
}

void
session_kill(struct smtp_session *s)
{
	EMIT(DCID_KILLED, .dcid = s->dcid);
	dialog_end(&s->dialog, SESSION_CLOSED, STR("killed"));
	settle(s);
}

bool
session_is_up(const struct smtp_session *s)
{
	return s->dialog.up;
}

void
session_expired(struct loop_deadline *deadline)
{
	struct smtp_session *s =
	    (struct smtp_session *)((char *)deadline -
				    offsetof(struct smtp_session, deadline));
	char text[80];

	if (!s->connected)
		snprintf(text, sizeof(text), "connect timed out");
	else
		snprintf(text, sizeof(text), "timed out waiting for %s",
		    dialog_waits_for(&s->dialog));
	dialog_end(&s->dialog,
	    s->dialog.quit_said ? SESSION_CLOSED : SESSION_TIMEOUT,
	    str_of(text));
	settle(s);
}

/* --- the socket --- */

static int
start_connect(struct smtp_session *s, struct err *err)
{
	struct endpoint source = { s->source, 0 };
	struct sockaddr_storage sa;
	socklen_t len = ip_to_sockaddr(&s->peer, &sa);
	int on = 1;

	s->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd == -1)
		return err_sys(err, ERR_TEMP, "socket");
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!ip_is_unset(&s->source)) {
		struct sockaddr_storage from;
		socklen_t from_len = ip_to_sockaddr(&source, &from);

		if (bind(s->fd, (struct sockaddr *)&from, from_len) == -1) {
			err_sys(err, ERR_TEMP, "bind");
			err->sys = EADDRNOTAVAIL; /* ours, whatever it says */
			return -1;
		}
	}
	if (connect(s->fd, (struct sockaddr *)&sa, len) == -1 &&
	    errno != EINPROGRESS)
		return err_sys(err, ERR_TEMP, "connect");
	/* Now, since a connection that fails is asked for it, too. */
	len = sizeof(sa);
	if (ip_is_unset(&s->source) &&
	    getsockname(s->fd, (struct sockaddr *)&sa, &len) == 0)
		ip_from_sockaddr(&s->source, NULL, &sa);
	s->watch = loop_watch(s->all->loop, s->fd, LOOP_WRITE, on_ready, s);
	return 0;
}

static void
on_ready(void *arg, int ready)
{
	struct smtp_session *s = arg;

	if (!s->connected)
		on_connected(s);
	else if (ready & LOOP_READ)
		on_readable(s);
	if (ready & LOOP_WRITE)
		loop_defer(s->all->loop, &s->flush);
	settle(s);
}

static void
on_connected(struct smtp_session *s)
{
	socklen_t err_len = sizeof(int);
	char source[IP_TEXT];
	int sys = 0;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &sys, &err_len) == -1)
		sys = errno;
	if (sys != 0) {
		session_fail(s, sys, "connect");
		return;
	}
	s->connected = true;
	loop_want(s->watch, LOOP_READ);
	EMIT(NEW_DCID, .dcid = s->dcid,
	    .source = str_of(ip_text(&s->source, source)), .ip = s->peer.ip,
	    .port = s->peer.port);
	if (s->all->watch != NULL)
		s->all->watch->connected(s->all->watch_arg, &s->source);
}

/* One read per event: what does not fit in comes with the next turn. */
static void
on_readable(struct smtp_session *s)
{
	static char in[READ_SIZE];
	ssize_t n = recv(s->fd, in, sizeof(in), 0);

	if (n > 0) {
		if (s->tls != NULL)
			session_tls_input(s, (struct str){ in, (size_t)n });
		else
			dialog_input(&s->dialog, (struct str){ in, (size_t)n });
		loop_defer(s->all->loop, &s->flush);
	} else if (n == 0) {
		bool wanted = s->dialog.quit_said || dialog_is_idle(&s->dialog);

		dialog_end(&s->dialog, wanted ? SESSION_CLOSED : SESSION_RESET,
		    STR("connection closed by the server"));
	} else if (errno != EAGAIN && errno != EINTR) {
		session_fail(s, errno, "receive");
	}
}

static void
on_flush(void *arg)
{
	struct smtp_session *s = arg;

	dialog_talk(&s->dialog);
	if (s->connected && !s->dialog.over)
		flush(s);
	settle(s);
}

/* --- sending --- */

static void
flush(struct smtp_session *s)
{
	size_t budget = TURN_SIZE;
	uint64_t before;
	int want = LOOP_READ;

	while (wants_send(s)) {
		before = s->dialog.sent + s->content.sent;
		if (!send_some(s))
			break;
		before = s->dialog.sent + s->content.sent - before;
		if (before >= budget)
			break;
		budget -= before;
	}
	if (s->dialog.over)
		return;
	if (wants_send(s))
		want |= LOOP_WRITE;
	else if (s->dialog.out.cap > OUT_KEEP)
		buf_release(&s->dialog.out);
	loop_want(s->watch, want);
}

static bool
wants_send(const struct smtp_session *s)
{
	if (s->tls != NULL)
		return session_tls_wants_send(s);
	return s->dialog.out.len > 0 || s->content.left > 0;
}

/* False: nothing more can be sent now. */
static bool
send_some(struct smtp_session *s)
{
	if (s->tls != NULL)
		return session_tls_send(s);
	return s->dialog.out.len > 0 ? send_out(s) : send_content(s);
}

static bool
send_out(struct smtp_session *s)
{
	int more = s->content.left > 0 ? MSG_MORE : 0;
	ssize_t n = send(
	    s->fd, s->dialog.out.data, s->dialog.out.len, MSG_NOSIGNAL | more);

	if (n > 0) {
		dialog_sent(&s->dialog, (size_t)n);
		session_count_sent(s, (size_t)n);
		return true;
	}
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		session_fail(s, errno, "send");
	return false;
}

static bool
send_content(struct smtp_session *s)
{
	struct err err = ERR_INIT;
	size_t n = 0;

	switch (content_send(&s->content, s->fd, &n, &err)) {
	case CONTENT_SENT:
		session_count_sent(s, n);
		if (s->content.left == 0)
			dialog_content_done(&s->dialog);
		return true;
	case CONTENT_WAIT:
		return false;
	case CONTENT_UNREADABLE:
		dialog_end(&s->dialog, SESSION_LOCAL, str_of(err.text));
		return false;
	case CONTENT_REFUSED:
		session_fail(s, err.sys, "send");
		return false;
	}
	return false;
}

void
session_count_sent(struct smtp_session *s, size_t n)
{
	s->block += n;
	if (s->block >= BLOCK_SIZE) {
		s->block = 0;
		s->dialog.progress++;
	}
}

/* --- after every callback --- */

static void
settle(struct smtp_session *s)
{
	if (s->dialog.over)
		session_down(s);
	else
		arm(s);
}

/*
 * A limit runs from when the thing waited for became the next one, and is
 * not moved by single bytes (threats OUT-03).
 */
static void
arm(struct smtp_session *s)
{
	enum dialog_wait wait = dialog_wait(&s->dialog);

	if (!s->connected) {
		if (s->deadline.at == 0)
			loop_deadline_in(
			    s->all->wheel, &s->deadline, s->connect_ms);
		return;
	}
	if (wait == s->armed && s->armed_at == s->dialog.progress)
		return;
	s->armed = wait;
	s->armed_at = s->dialog.progress;
	if (wait == WAIT_NONE)
		loop_deadline_stop(&s->deadline);
	else
		loop_deadline_in(
		    s->all->wheel, &s->deadline, limit_of(s, wait));
}

/* Spec delivery-admin 1.5: with the 300 s of a reply, DATA has 120, a block
 * 180, the final dot 600. Another limit changes all of them alike. */
static int64_t
limit_of(const struct smtp_session *s, enum dialog_wait wait)
{
	static const int tenths[] = {
		[WAIT_NONE] = 0,
		[WAIT_REPLY] = 10,
		[WAIT_DATA] = 4,
		[WAIT_BLOCK] = 6,
		[WAIT_DOT] = 20,
	};

	if (wait == WAIT_QUIT)
		return 10000;
	if (wait == WAIT_TLS) /* threats TLS-05 */
		return s->reply_ms < 30000 ? s->reply_ms : 30000;
	return (int64_t)s->reply_ms * tenths[wait] / 10;
}

/* --- what the dialogue says --- */

static void
on_up(void *arg)
{
	struct smtp_session *s = arg;
	struct session_up up = { .features = s->dialog.features.bits,
		.size_limit = s->dialog.features.size,
		.tls = s->tls != NULL };

	session_count_up(s);
	if (s->dialog.login.done)
		EMIT(DCID_AUTH_SUCCESS, .dcid = s->dcid,
		    .mechanism = str_of(dialog_login_name(&s->dialog)),
		    .profile = str_of(s->auth));
	if (s->all->one_by_one)
		s->dialog.features.bits &= ~(uint32_t)FEATURE_PIPELINING;
	if (s->all->watch != NULL)
		s->all->watch->up(s->all->watch_arg, &up);
	else
		ipc_send(s->all->qmgr, IPC_SESSION_UP, s->txn, &up);
}

static void
on_starttls(void *arg)
{
	session_tls_begin(arg);
}

static void
on_login(void *arg)
{
	keyd_login(arg);
}

static void
want_login(struct smtp_session *s, const struct session *req)
{
	struct dialog_login *l = &s->dialog.login;
	char random[SCRAM_OUR_NONCE / 4 * 3];
	struct buf nonce;

	if (req->auth.n == 0)
		return;
	str_copy(s->auth, sizeof(s->auth), req->auth);
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		panic("no random numbers");
	buf_init(&nonce, SCRAM_OUR_NONCE);
	base64_encode((struct str){ random, sizeof(random) }, &nonce);
	str_copy(l->nonce, sizeof(l->nonce), buf_str(&nonce));
	buf_fini(&nonce);
	l->wanted = true;
	l->in_clear = req->auth_clear;
}

void
session_login(struct smtp_session *s, const struct login_done *answer)
{
	dialog_login_answer(&s->dialog, answer);
	loop_defer(s->all->loop, &s->flush);
	settle(s);
}

void
session_signed(struct smtp_session *s, struct str signature)
{
	if (signing_asks(s))
		signing_signed(s, signature);
	else
		session_tls_signed(s, signature);
	loop_defer(s->all->loop, &s->flush);
	settle(s);
}

void
session_keyless(struct smtp_session *s)
{
	keyd_forget(s);
	dialog_end(&s->dialog, SESSION_LOCAL,
	    STR("postern-keyd, who has the keys, is not there"));
	loop_defer(s->all->loop, &s->flush);
}

static void
on_started(void *arg, struct transaction *t)
{
	struct smtp_session *s = arg;
	struct codec_list rids;

	list_rids(t, &rids, &t->mem);
	EMIT(DELIVERY_START, .dcid = s->dcid, .mid = t->job.mid, .rids = rids);
	if ((t->job.flags & ENV_DKIM) && s->all->config != NULL)
		signing_begin(s, t);
}

static void
on_content(void *arg, struct transaction *t)
{
	if (!signing_waits(arg, t))
		session_content(arg, t);
}

void
session_content(struct smtp_session *s, struct transaction *t)
{
	struct str signature = signing_field(s, t);
	struct err err = ERR_INIT;

	if (signature.n > 0)
		stats_add(s->all->stats, STATS_dkim_signed_msgs, 1);
	if (t->fd == -1)
		content_begin_given(&s->content, t->job.content);
	else
		content_begin(
		    &s->content, t->fd, t->job.content_off, t->job.content_len);
	buf_add_str(&s->dialog.out, signature);
	buf_add_str(&s->dialog.out, t->job.prepend);
	if (content_load(&s->content, &s->dialog.out, &err) == -1)
		dialog_end(&s->dialog, SESSION_LOCAL, str_of(err.text));
	else if (s->content.left == 0)
		dialog_content_done(&s->dialog);
	loop_defer(s->all->loop, &s->flush);
}

static void
on_done(void *arg, struct transaction *t, bool possible)
{
	struct smtp_session *s = arg;
	struct job_done done = transaction_done(t, possible);

	signing_end(s, t);
	if (t->dirty) {
		char text[100];

		snprintf(text, sizeof(text),
		    "MID %llu has an address that is not fit for SMTP",
		    (unsigned long long)t->job.mid);
		EMIT(WARNING, .text = str_of(text));
	}
	if (s->all->watch != NULL)
		s->all->watch->done(s->all->watch_arg, &done);
	else if (s->all->qmgr != NULL)
		ipc_send(s->all->qmgr, IPC_JOB_DONE, s->txn, &done);
	transaction_free(&t);
}

static void
list_rids(
    const struct transaction *t, struct codec_list *list, struct arena *mem)
{
	struct ev_rid *v = arena_array(mem, t->n_rcpts, sizeof(*v));

	list->n = 0;
	list->v = v;
	for (size_t i = 0; i < t->n_rcpts; i++)
		if (t->open[i])
			v[list->n++].rid = transaction_rcpt(t, i)->rid;
}
