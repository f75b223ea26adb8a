/*
 * conn.c - one client's socket: reading, writing, time-outs
 *
 * All connections share one buffer to read into and one to reply in. What
 * cannot be used or sent at once is copied to the connection; so one that
 * waits for its client owns no buffer. Every way into the engine is
 *
 *	begin(c); session_...(&c->session, ...); settle(c);
 *
 * and settle() is the last touch of c: it uses left-over input, sends what
 * was said in one write, sets what to wait for, and frees c when it is over.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "smtpd/conn_tls.h"
#include "smtpd/debug.h"
#include "smtpd/protocol.h"
#include "smtpd/proxy.h"
#include "smtpd/smtpd.h"

#define READ_MAX    65536
#define OUT_ROOM    65536 /* over SMTP_OUT_MAX: one command's replies */
#define DISCARD_MAX (16 * 1024 * 1024) /* read after our last word */

static char read_buf[READ_MAX];
static struct buf reply_buf;

static void conn_event(void *arg, int ready);
static void conn_expired(struct loop_deadline *);
static void begin(struct conn *);
static void start(struct conn *);
static void read_header(struct conn *);
static void settle(struct conn *);
static void read_input(struct conn *);
static void use_left_over(struct conn *);
static bool is_quiet(const struct conn *);
static bool takes_input(const struct conn *);
static void read_early(struct conn *);
static void read_end(struct conn *);
static void read_nothing(struct conn *);
static bool send_replies(struct conn *);
static bool write_some(struct conn *, struct buf *);
static bool over(struct conn *);
static void wait_for(struct conn *);

void
conn_setup(struct smtpd *sm)
{
	buf_init(&reply_buf, SMTP_OUT_MAX + OUT_ROOM);
	sm->wheel = loop_wheel(sm->daemon->loop, conn_expired);
}

void
conn_new(struct smtpd *sm, int fd, const struct conn_origin *from)
{
	struct conn *c = mem_alloc(sizeof(*c));
	struct smtp_session *s = &c->session;

	c->smtpd = sm;
	c->fd = fd;
	c->port = from->port;
	c->listener_index = from->listener_index;
	c->next = sm->conns;
	if (c->next != NULL)
		c->next->prev = &c->next;
	c->prev = &sm->conns;
	sm->conns = c;
	sm->n_conns++;
	buf_init(&c->in, READ_MAX);
	buf_init(&c->out, SMTP_OUT_MAX + OUT_ROOM);
	session_init(
	    s, &intake_ops, sm->daemon->stats, from->config, from->listener);
	s->facts.client = from->client;
	s->facts.client_port = from->client_port;
	s->facts.local = from->local;
	stats_gauge_add(s->stats, STATS_GAUGE_inbound_conn, 1);
	c->watch = loop_watch(sm->daemon->loop, fd, 0, conn_event, c);
	c->proxied = balancer_sent(from);
	if (c->proxied) {
		loop_want(c->watch, LOOP_READ);
		loop_deadline_in(sm->wheel, &c->deadline, PROXY_WAIT);
		return;
	}
	begin(c);
	start(c);
	settle(c);
}

/* Our last words leave with the end of the connection, in one packet; not
 * those to a client who may have something in our way unread that would cut
 * them off. */
int
conn_send_flags(const struct conn *c)
{
	const struct smtp_session *s = &c->session;
	bool last = s->phase == PH_CLOSING && (s->lingers || s->quit);

	return MSG_NOSIGNAL | (last ? MSG_MORE : 0);
}

bool
conn_spoke(struct smtp_session *s)
{
	struct conn *c = (struct conn *)s;
	bool public = c->session.subject.listener->type == LISTENER_PUBLIC &&
		      !c->session.protocol->client_first;
	ssize_t n;

	if (!public || c->session.phase != PH_CONNECT ||
	    c->session.xclient.taken)
		return false;
	n = recv(c->fd, read_buf, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n > 0)
		session_early_talker(&c->session);
	else
		session_lost(&c->session);
	return true;
}

void
conn_answer(struct conn *c, const struct fact_answer *a)
{
	begin(c);
	session_answer(&c->session, a);
	settle(c);
}

void
conn_unanswered(struct conn *c)
{
	begin(c);
	session_unanswered(&c->session);
	settle(c);
}

void
conn_authenticated(struct conn *c, const struct auth_answer *a)
{
	begin(c);
	session_authenticated(&c->session, a);
	settle(c);
}

void
conn_signed(struct conn *c, struct str signature)
{
	begin(c);
	conn_tls_signed(c, signature);
	settle(c);
}

void
conn_accepted(struct conn *c, const struct accepted *a)
{
	begin(c);
	session_accepted(&c->session, a);
	settle(c);
}

void
conn_resume(struct conn *c)
{
	begin(c);
	c->session.held = false;
	c->session.since = c->session.now;
	settle(c);
}

void
conn_leave(struct conn *c)
{
	if (c->proxied) {
		conn_free(c);
		return;
	}
	begin(c);
	session_leave(&c->session);
	settle(c);
}

void
conn_cut(struct conn *c)
{
	if (c->proxied) {
		conn_free(c);
		return;
	}
	begin(c);
	session_cut(&c->session);
	settle(c);
}

void
conn_free(struct conn *c)
{
	struct smtpd *sm = c->smtpd;
	static const struct linger reset = { .l_onoff = 1 };

	begin(c);
	session_fini(&c->session);
	intake_forget(c);
	lookups_forget(&c->session);
	conn_tls_free(c);
	loop_deadline_stop(&c->deadline);
	loop_unwatch(&c->watch);
	if (c->session.refused)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(c->fd);
	stats_conn_leave(sm->daemon->stats, &c->counted);
	stats_gauge_add(sm->daemon->stats, STATS_GAUGE_inbound_conn, -1);
	listener_left(sm, c->port);
	buf_fini(&c->in);
	buf_fini(&c->out);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	sm->n_conns--;
	if (sm->n_conns == 0 && sm->daemon->stopping)
		loop_timer_in(sm->stop, 0); /* there is nobody to wait for */
	free(c);
}

/* --- what the loop calls --- */

static void
conn_event(void *arg, int ready)
{
	struct conn *c = arg;

	if (c->proxied) {
		read_header(c);
		return;
	}
	begin(c);
	if (ready & LOOP_READ) {
		if (c->shut)
			read_nothing(c);
		else if (c->session.phase == PH_CONNECT)
			read_early(c);
		else if (takes_input(c))
			read_input(c);
		else if (c->session.phase & (PH_ASK | PH_TLS))
			read_end(c);
		else
			c->parked = true;
	}
	settle(c);
}

static void
conn_expired(struct loop_deadline *d)
{
	struct conn *c =
	    (struct conn *)((char *)d - offsetof(struct conn, deadline));

	if (c->proxied) {
		balancer_late(c);
		conn_free(c);
		return;
	}
	begin(c);
	if (c->session.quiet_until != 0 && !is_quiet(c)) {
		/* only now the client may speak: its time begins anew */
		c->session.quiet_until = 0;
		c->session.since = c->session.now;
		settle(c);
	} else if (session_due(&c->session) > c->session.now) {
		settle(c); /* it was moved away */
	} else if (c->session.phase == PH_CLOSING) {
		conn_free(c);
	} else {
		session_expire(&c->session);
		settle(c);
	}
}

/* --- into the engine and out of it --- */

static void
begin(struct conn *c)
{
	c->session.now = loop_now(c->smtpd->daemon->loop);
	buf_reset(&reply_buf);
	c->session.out = c->out.len > 0 ? &c->out : &reply_buf;
	debug_mark(&c->session);
}

/* Who the client is, is known now: for the first time, or anew. */
static void
start(struct conn *c)
{
	struct smtp_session *s = &c->session;
	struct stats_conn_counts counts;

	stats_conn_leave(s->stats, &c->counted);
	counts = stats_conn_enter(
	    s->stats, &s->facts.client, c->listener_index, &c->counted);
	stats_add(s->stats, STATS_connections_in, 1);
	session_start(s, &counts);
}

static void
read_header(struct conn *c)
{
	switch (balancer_read(c)) {
	case BALANCER_WAITS:
		break;
	case BALANCER_GONE:
		conn_free(c);
		break;
	case BALANCER_DONE:
		c->proxied = false;
		loop_deadline_stop(&c->deadline);
		begin(c);
		start(c);
		settle(c);
	}
}

static void
settle(struct conn *c)
{
	do {
		use_left_over(c);
		if (c->session.xclient.pending)
			start(c);
		debug_sent(&c->session);
		if (!send_replies(c)) {
			conn_free(c);
			return;
		}
		debug_mark(&c->session);
	} while ((c->in.len > 0 || conn_tls_holds_input(c)) &&
		 c->out.len == 0 && session_reads(&c->session));
	if (c->txn != 0 && c->session.txn == NULL)
		intake_forget(c);
	if (c->session.phase == PH_CLOSING && over(c)) {
		conn_free(c);
		return;
	}
	wait_for(c);
}

static void
read_input(struct conn *c)
{
	ssize_t n = recv(c->fd, read_buf, sizeof(read_buf), 0);
	struct str in = { read_buf, n > 0 ? (size_t)n : 0 };

	if (n > 0 && c->tls != NULL) {
		conn_tls_input(c, in);
	} else if (n > 0) {
		session_input(&c->session, &in);
		buf_add_str(&c->in, in);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		session_lost(&c->session);
	}
}

/* Input that came with a command that had to be waited for. */
static void
use_left_over(struct conn *c)
{
	struct str in = buf_str(&c->in);
	size_t n = in.n;

	if (n > 0 && session_reads(&c->session)) {
		session_input(&c->session, &in);
		buf_consume(&c->in, n - in.n);
		if (c->in.len == 0)
			buf_release(&c->in);
	}
	if (c->in.len == 0 && conn_tls_holds_input(c) &&
	    session_reads(&c->session))
		conn_tls_input(c, STR(""));
}

/* Resources run low: the client has to wait for what was said. */
static bool
is_quiet(const struct conn *c)
{
	return c->session.quiet_until > c->session.now;
}

/* Is there a use for input now? */
static bool
takes_input(const struct conn *c)
{
	if (c->session.phase == PH_TLS)
		return conn_tls_shakes_hands(c) && c->out.len == 0;
	return session_reads(&c->session) && !is_quiet(c) && c->in.len == 0 &&
	       !conn_tls_holds_input(c);
}

/* Before the greeting a public client has nothing to say (SMG-07). */
static void
read_early(struct conn *c)
{
	if (!conn_spoke(&c->session))
		c->parked = true;
}

/* While a command waits for facts its client may go; nobody needs to wait
 * for the answers then. Input is left where it is. */
static void
read_end(struct conn *c)
{
	ssize_t n = recv(c->fd, read_buf, 1, MSG_PEEK | MSG_DONTWAIT);
	bool said_all = n == 0 && c->session.protocol->one_request;

	if (!said_all &&
	    (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)))
		session_lost(&c->session);
	else
		c->parked = true;
}

/* All is said. Closing now would take our last words back (TCP resets the
 * connection when there is unread input), so read to the client's end. */
static void
read_nothing(struct conn *c)
{
	ssize_t n = recv(c->fd, read_buf, sizeof(read_buf), 0);

	if (n > 0)
		c->discarded += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->discarded = DISCARD_MAX;
}

/* --- output --- */

/* False: the connection is broken. */
static bool
send_replies(struct conn *c)
{
	if (c->out.failed || reply_buf.failed)
		return false;
	if (is_quiet(c)) {
		if (c->session.out != &c->out)
			buf_add_str(&c->out, buf_str(&reply_buf));
		buf_reset(&reply_buf);
		return true;
	}
	if (conn_tls_holds_output(c) && !conn_tls_flush(c))
		return false;
	if (c->out.len > 0 && !write_some(c, &c->out))
		return false;
	if (c->session.out == &c->out) {
		if (c->out.len == 0)
			buf_release(&c->out);
		return true;
	}
	if (reply_buf.len > 0 && !write_some(c, &reply_buf))
		return false;
	buf_add_str(&c->out, buf_str(&reply_buf));
	buf_reset(&reply_buf);
	return true;
}

static bool
write_some(struct conn *c, struct buf *b)
{
	ssize_t n;

	if (conn_tls_is_up(c))
		return conn_tls_write(c, b);
	n = send(c->fd, b->data, b->len, conn_send_flags(c));
	if (n >= 0)
		buf_consume(b, (size_t)n);
	else if (errno == EAGAIN || errno == EINTR)
		return true;
	else
		session_lost(&c->session);
	return n >= 0;
}

/* CLOSING: is there nothing left to do? */
static bool
over(struct conn *c)
{
	if (c->out.len > 0)
		return false;
	conn_tls_close(c);
	if (conn_tls_holds_output(c))
		return false;
	if (!c->session.lingers || c->discarded >= DISCARD_MAX)
		return true;
	if (!c->shut && shutdown(c->fd, SHUT_WR) == -1)
		return true;
	c->shut = true;
	return false;
}

static void
wait_for(struct conn *c)
{
	bool wanted = takes_input(c);
	int64_t due = session_due(&c->session), now = c->session.now;
	int64_t quiet = c->session.quiet_until;
	int want = 0;

	if (wanted)
		c->parked = false;
	/* Interest in input stays while a message waits for its answer: asking
	 * the kernel costs more than hearing once what we do not want. */
	if (c->shut || (!c->parked && c->session.phase != PH_CLOSING))
		want |= LOOP_READ;
	if ((c->out.len > 0 || conn_tls_holds_output(c)) && !is_quiet(c))
		want |= LOOP_WRITE;
	loop_want(c->watch, want);
	if (quiet != 0 && quiet < due)
		due = quiet;
	/* A deadline that moved away is looked at when it rings. */
	if (c->deadline.at == 0 || due < c->deadline.at)
		loop_deadline_in(c->smtpd->wheel, &c->deadline, due - now);
}
