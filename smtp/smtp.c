/*
 * NAME
 *	postern-smtp - deliver messages to other servers
 * SYNOPSIS
 *	started by postern-master
 * DESCRIPTION
 *	qmgr => SMTP => the next hop. qmgr says to which address a connection
 *	is to be made and which jobs (a message to some recipients) run on it;
 *	this program speaks SMTP, and says what became of each recipient. It
 *	keeps nothing: no queue, no host states, no retries.
 *
 *		sessions.c	all connections
 *		session.c	one: socket, time limits, reports to qmgr
 *		session_tls.c	... under TLS
 *		session_watch.c	... to an admin tool, which has it in it
 *		dialog.c	the conversation, without the network
 *		dialog_open.c	... and how it begins
 *		dialog_login.c	... how we log in
 *		keyd.c		whom we ask what to say there
 *		transaction.c	one job: its commands, its results
 *		content.c	the bytes of the message
 * RIGHTS
 *	No files: each message arrives as a read-only descriptor, and the
 *	system's authorities are read before it gives its rights up. Connects
 *	out. Asks keyd for what it has to say where it logs in. Runs as
 *	several workers.
 * CONFIGURATION
 *	None of its own: time limits and addresses come with each session.
 * DIAGNOSTICS
 *	NEW_DCID, DELIVERY_START, CONNECTION_ERROR, DCID_KILLED, DCID_CLOSE,
 *	DCID_TLS_*, DCID_AUTH_*.
 * SEE ALSO
 *	postern-qmgr(8), postern-master(8)
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "program/program.h"
#include "smtp/keyd.h"
#include "smtp/session.h"
#include "tls/client.h"

/* Descriptors of a session: its socket and two jobs; of the process: the
 * channels, the loop, standard input and output. */
#define SESSION_FDS 3
#define PROCESS_FDS 64
/* What a SESSION message says, in lists. */
#define SESSION_MEM 65536

struct smtp {
	struct daemon *daemon;
	struct sessions sessions;
	struct tls_client *tls;
	struct loop_timer *stop;
};

static int setup(struct daemon *, struct err *);
static void start(struct daemon *);
static int on_config(struct daemon *, struct config *, struct err *);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static void on_stop(struct daemon *, uint32_t wait);
static void stop_now(void *arg);
static void all_gone(void *arg);
static int qmgr_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void qmgr_closed(void *, struct ipc *, const struct err *);
static int take_session(struct smtp *, struct ipc_frame *, struct err *);
static int take_job(struct smtp *, struct ipc_frame *, struct err *);
static int take_quit(struct smtp *, struct ipc_frame *, struct err *);
static int take_kill(struct smtp *, struct ipc_frame *, struct err *);

static const struct program smtp = {
	.kind = PROGRAM_SMTP,
	.brief = true,
	.setup = setup,
	.start = start,
	.on_config = on_config,
	.on_peer = on_peer,
	.on_stop = on_stop,
};

static const struct ipc_handler qmgr_handler = {
	.frame = qmgr_frame,
	.closed = qmgr_closed,
};

static const struct {
	enum ipc_type type;
	int (*take)(struct smtp *, struct ipc_frame *, struct err *);
} from_qmgr[] = {
	{ IPC_SESSION, take_session },
	{ IPC_JOB, take_job },
	{ IPC_JOB_INLINE, take_job },
	{ IPC_SESSION_QUIT, take_quit },
	{ IPC_SESSION_KILL, take_kill },
};

int
main(int argc, char **argv)
{
	return program_main(&smtp, argc, argv);
}

static int
setup(struct daemon *d, struct err *err)
{
	struct smtp *self = mem_alloc(sizeof(*self));

	(void)err;
	self->daemon = d;
	d->self = self;
	/* Without that file nobody is trusted. */
	tls_setup();
	self->tls = tls_client_new(tls_authorities());
	return 0;
}

static void
start(struct daemon *d)
{
	struct smtp *self = d->self;
	struct rlimit fds = { 1024, 1024 };
	size_t max;

	getrlimit(RLIMIT_NOFILE, &fds);
	max = ((size_t)fds.rlim_cur - PROCESS_FDS) / SESSION_FDS;
	sessions_init(&self->sessions, d->loop, max);
	self->sessions.empty = all_gone;
	self->sessions.arg = self;
	self->sessions.tls = self->tls;
	self->sessions.config = &d->config;
	self->sessions.stats = d->stats;
	self->stop = loop_timer(d->loop, stop_now, self);
}

/* Signatures are made by what holds from now on. */
static int
on_config(struct daemon *d, struct config *next, struct err *err)
{
	struct smtp *self = d->self;

	(void)next;
	(void)err;
	signed_forget(&self->sessions.signed_kept);
	return 0;
}

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	struct smtp *self = d->self;

	(void)worker;
	if (kind == PROGRAM_KEYD)
		return keyd_peer(&self->sessions, ipc, arg);
	if (kind != PROGRAM_QMGR)
		return NULL;
	/* The end of the former one may be heard of later than this. */
	sessions_kill(&self->sessions);
	self->sessions.qmgr = ipc;
	*arg = self;
	return &qmgr_handler;
}

/* Transactions under way may end; no new ones begin. */
static void
on_stop(struct daemon *d, uint32_t wait)
{
	struct smtp *self = d->self;

	if (self->sessions.n == 0) {
		loop_stop(d->loop);
		return;
	}
	sessions_quit(&self->sessions);
	loop_timer_in(self->stop, (int64_t)wait * 1000);
}

static void
stop_now(void *arg)
{
	struct smtp *self = arg;

	sessions_kill(&self->sessions);
}

static void
all_gone(void *arg)
{
	struct smtp *self = arg;

	if (self->daemon->stopping)
		loop_stop(self->daemon->loop);
}

/* --- qmgr --- */

static int
qmgr_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	const struct smtp *self = arg;

	if (self->sessions.qmgr != ipc)
		return err_set(err, ERR_PROTO, "there is a newer qmgr");
	for (size_t i = 0; i < NELEM(from_qmgr); i++)
		if (from_qmgr[i].type == f->type)
			return from_qmgr[i].take(arg, f, err);
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

/*
 * Nobody is left to hear results. The new qmgr takes up every message whose
 * end it does not know, so going on here would only make more copies.
 */
static void
qmgr_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct smtp *self = arg;

	(void)err;
	if (self->sessions.qmgr != ipc)
		return;
	self->sessions.qmgr = NULL;
	sessions_kill(&self->sessions);
}

static int
take_session(struct smtp *self, struct ipc_frame *f, struct err *err)
{
	struct session_down gone = { .reason = SESSION_CLOSED,
		.text = STR("this process is being stopped") };
	struct session req;
	struct arena mem;
	int rc;

	arena_init(&mem, SESSION_MEM);
	rc = ipc_decode(f, &req, &mem, err);
	if (rc == 0 && session_find(&self->sessions, f->txn) != NULL)
		rc = err_set(err, ERR_PROTO, "session %u is open", f->txn);
	if (rc == 0 && self->daemon->stopping)
		ipc_send(self->sessions.qmgr, IPC_SESSION_DOWN, f->txn, &gone);
	else if (rc == 0)
		session_open(&self->sessions, f->txn, &req);
	arena_free(&mem);
	return rc;
}

/*
 * For a session that is not there any more: qmgr will read, or has read, of
 * its end, and takes the job as one that comes back.
 */
static int
take_job(struct smtp *self, struct ipc_frame *f, struct err *err)
{
	struct smtp_session *s = session_find(&self->sessions, f->txn);

	return s != NULL ? session_job(s, f, err) : 0;
}

static int
take_quit(struct smtp *self, struct ipc_frame *f, struct err *err)
{
	struct smtp_session *s = session_find(&self->sessions, f->txn);

	(void)err;
	if (s != NULL)
		session_quit(s);
	return 0;
}

static int
take_kill(struct smtp *self, struct ipc_frame *f, struct err *err)
{
	struct smtp_session *s = session_find(&self->sessions, f->txn);

	(void)err;
	if (s != NULL)
		session_kill(s);
	return 0;
}
