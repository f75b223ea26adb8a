/*
 * intake.c - messages on their way to cleanup
 *
 * Each worker has a cleanup of its own choice and takes another when that is
 * gone. A message whose cleanup dies was not acknowledged: its client hears
 * 451 and keeps it.
 */
#include "smtpd/conn_tls.h"
#include "smtpd/smtpd.h"

/* Recipients in one frame, by their bytes: half of what a frame may hold. */
#define FRAME_RCPTS (IPC_FRAME_MAX / 2)
#define RCPT_EXTRA  32 /* lengths and flags of one, encoded */

static bool intake_open(struct smtp_session *, const struct envelope *);
static void intake_content(struct smtp_session *, struct str stored);
static void intake_envelope(struct smtp_session *, const struct envelope *);
static void intake_end(struct smtp_session *, const struct end_msg *);
static void intake_abort(struct smtp_session *);
static int intake_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void intake_closed(void *, struct ipc *, const struct err *);
static void intake_drained(void *, struct ipc *);
static struct ipc *choose(const struct smtpd *);
static void send_envelope(struct conn *);
static size_t fitting(const struct rcpt *, size_t n);
static struct conn *conn_of(struct smtp_session *);

const struct session_ops intake_ops = {
	.spoke = conn_spoke,
	.open = intake_open,
	.content = intake_content,
	.envelope = intake_envelope,
	.end = intake_end,
	.abort = intake_abort,
	.ask = lookups_ask,
	.forget = lookups_forget,
	.authenticate = passwords_ask,
	.tls_ready = conn_tls_ready,
	.tls_begin = conn_tls_take,
};

static const struct ipc_handler handler = {
	.frame = intake_frame,
	.closed = intake_closed,
	.drained = intake_drained,
};

const struct ipc_handler *
intake_peer(struct smtpd *sm, uint32_t worker, struct ipc *ipc, void **arg)
{
	*arg = sm;
	if (worker < WORKERS_MAX)
		sm->cleanup[worker] = ipc;
	return &handler;
}

void
intake_forget(struct conn *c)
{
	if (c->txn == 0)
		return;
	map_remove_u64(&c->smtpd->txns, c->txn);
	c->txn = 0;
	c->cleanup = NULL;
	c->envelope = NULL;
}

/*
 * The envelope goes with the first of the content: one send, and cleanup is
 * woken once; who goes away after 354 was never there.
 */
static bool
intake_open(struct smtp_session *s, const struct envelope *envelope)
{
	struct conn *c = conn_of(s);
	struct smtpd *sm = c->smtpd;

	c->cleanup = choose(sm);
	if (c->cleanup == NULL)
		return false;
	do
		c->txn = ++sm->last_txn;
	while (c->txn == 0 || map_get_u64(&sm->txns, c->txn) != NULL);
	map_put_u64(&sm->txns, c->txn, c);
	c->envelope = envelope;
	return true;
}

static void
intake_content(struct smtp_session *s, struct str stored)
{
	struct conn *c = conn_of(s);

	send_envelope(c);
	ipc_send_raw(c->cleanup, IPC_DATA, c->txn, stored.p, stored.n);
	s->held = ipc_busy(c->cleanup);
}

/* When nothing was sent yet, it was not late at all. */
static void
intake_envelope(struct smtp_session *s, const struct envelope *envelope)
{
	conn_of(s)->envelope = envelope;
}

static void
intake_end(struct smtp_session *s, const struct end_msg *end)
{
	struct conn *c = conn_of(s);

	send_envelope(c);
	ipc_send(c->cleanup, IPC_END, c->txn, end);
}

static void
intake_abort(struct smtp_session *s)
{
	struct conn *c = conn_of(s);
	static const struct abort_msg msg = { 0 };

	if (c->envelope == NULL)
		ipc_send(c->cleanup, IPC_ABORT, c->txn, &msg);
	intake_forget(c);
	s->held = false;
}

/* ACCEPTED is all that cleanup may send. An answer that nobody waits for is
 * normal: the client has gone in the meantime. */
static int
intake_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct smtpd *sm = arg;
	struct accepted a;
	struct conn *c;

	if (ipc_decode(f, &a, NULL, err) == -1)
		return -1;
	c = map_get_u64(&sm->txns, f->txn);
	if (c == NULL || c->cleanup != ipc)
		return 0;
	intake_forget(c);
	conn_accepted(c, &a);
	return 0;
}

static void
intake_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	static const struct accepted lost = { .code = 451,
		.status = { "4.3.0", 5 },
		.text = { "queue was interrupted, try again", 32 } };
	struct smtpd *sm = arg;

	(void)err;
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (sm->cleanup[i] == ipc)
			sm->cleanup[i] = NULL;
	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->cleanup != ipc)
			continue;
		intake_forget(c);
		c->session.held = false;
		conn_accepted(c, &lost);
	}
}

static void
intake_drained(void *arg, struct ipc *ipc)
{
	struct smtpd *sm = arg;

	for (struct conn *c = sm->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->cleanup == ipc && c->session.held)
			conn_resume(c);
	}
}

/* The one of our own number, so that the load spreads; else the next. */
static struct ipc *
choose(const struct smtpd *sm)
{
	for (uint32_t i = 0; i < WORKERS_MAX; i++) {
		uint32_t at = (sm->daemon->worker + i) % WORKERS_MAX;

		if (sm->cleanup[at] != NULL)
			return sm->cleanup[at];
	}
	return NULL;
}

/* Unless it has gone. Of many recipients some follow in frames of their own. */
static void
send_envelope(struct conn *c)
{
	struct envelope head;
	struct rcpt_more more;
	struct rcpt *rcpts;
	size_t n, at;

	if (c->envelope == NULL)
		return;
	head = *c->envelope;
	c->envelope = NULL;
	rcpts = head.rcpts.v;
	n = head.rcpts.n;
	head.rcpts.n = at = fitting(rcpts, n);
	if (at < n)
		head.flags |= ENV_MORE_RCPTS;
	ipc_send(c->cleanup, IPC_ENVELOPE, c->txn, &head);
	for (; at < n; at += more.rcpts.n) {
		more.rcpts.n = fitting(rcpts + at, n - at);
		more.rcpts.v = rcpts + at;
		ipc_send(c->cleanup, IPC_RCPT_MORE, c->txn, &more);
	}
}

/* How many of them one frame holds; at least one. */
static size_t
fitting(const struct rcpt *rcpts, size_t n)
{
	size_t bytes = 0, i;

	for (i = 0; i < n; i++) {
		bytes += rcpts[i].addr.n + rcpts[i].orig.n + rcpts[i].orcpt.n +
			 RCPT_EXTRA;
		if (bytes > FRAME_RCPTS)
			return i;
	}
	return n;
}

static struct conn *
conn_of(struct smtp_session *s)
{
	return (struct conn *)s;
}
