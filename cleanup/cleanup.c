/*
 * NAME
 *	postern-cleanup - take messages in, commit them, run the work queue
 * SYNOPSIS
 *	Started by postern-master(8).
 * DESCRIPTION
 *	smtpd -> CLEANUP => spool/incoming -> work queue -> qmgr
 *
 *	Content comes in pieces and goes to a queue file; when its end is
 *	reached, the file and its folder are made durable on threads beside
 *	the loop, and only then the sender hears 250. After the work queue the
 *	message is handed to qmgr with a read-only descriptor of its file.
 *	Notices that qmgr writes come in the same way.
 *
 *	In the work queue the stages of lib/pipeline/work.h decide what is to
 *	become of a message. What they cannot know is asked of lookupd and
 *	inspect, while others go on. A message that is split, rewritten or
 *copied becomes several, all at once: a crash finds it as it came, or them.
 *
 *	At start each worker removes the drafts of the dead and takes up the
 *	messages that the worker of its number left without ROUTE. What had been
 *	made of these already is removed.
 * RIGHTS
 *	Creates, appends to and removes files in spool/incoming. No network,
 *	no keys, no other folder.
 * CONFIGURATION
 *	resources.reserve, resources.sync_threads; of a listener: its Received
 *	header and its interface's host name.
 * DIAGNOSTICS
 *	Problems with the disk are answered 451 or 452 and told as an alert,
 *	once a minute at most.
 * SEE ALSO
 *	postern-smtpd(8), postern-qmgr(8), docs/decisions/0001
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cleanup/ask.h"
#include "cleanup/disk.h"
#include "cleanup/intake.h"
#include "cleanup/recover.h"
#include "cleanup/rescore.h"
#include "cleanup/rules.h"
#include "cleanup/workqueue.h"
#include "event/event.h"
#include "filter/filter.h"
#include "mail/charset.h"

#define TICK 1000

static int setup(struct daemon *, struct err *);
static void start(struct daemon *);
static const struct ipc_handler *on_peer(struct daemon *, enum program_kind,
    uint32_t worker, struct ipc *, void **arg);
static void on_command(
    struct daemon *, struct ipc *, const struct command *, const char *user);
static int on_admin_frame(
    struct daemon *, struct ipc *, struct ipc_frame *, struct err *);
static void on_admin_gone(struct daemon *, struct ipc *);
static struct sender **find_sender(const struct ipc *);
static void on_rules(struct daemon *, int fd);
static int on_config(struct daemon *, struct config *, struct err *);
static void on_stop(struct daemon *, uint32_t wait);
static void idle(struct cleanup *);
static int smtpd_frame(
    void *arg, struct ipc *, struct ipc_frame *, struct err *);
static void smtpd_closed(void *arg, struct ipc *, const struct err *);
static int qmgr_frame(
    void *arg, struct ipc *, struct ipc_frame *, struct err *);
static void qmgr_closed(void *arg, struct ipc *, const struct err *);
static void qmgr_drained(void *arg, struct ipc *);
static void tick(void *arg);
static void give_up(void *arg);

static const struct program program = {
	.kind = PROGRAM_CLEANUP,
	.setup = setup,
	.start = start,
	.on_peer = on_peer,
	.on_command = on_command,
	.on_admin_frame = on_admin_frame,
	.on_admin_gone = on_admin_gone,
	.on_rules = on_rules,
	.on_config = on_config,
	.on_stop = on_stop,
};

static const struct ipc_handler smtpd_handler = {
	.frame = smtpd_frame,
	.closed = smtpd_closed,
};
static const struct ipc_handler qmgr_handler = {
	.frame = qmgr_frame,
	.closed = qmgr_closed,
	.drained = qmgr_drained,
};

/* An administrator's tool that sends messages. */
struct sender {
	struct sender *next;
	struct ipc *ipc;
	struct intake *intake;
};
static struct sender *senders;

/* What a channel belongs to. */
struct peer {
	struct cleanup *cleanup;
	struct intake *intake;
};

int
main(int argc, char **argv)
{
	filters_install();
	return program_main(&program, argc, argv);
}

static int
setup(struct daemon *d, struct err *err)
{
	struct cleanup *c = mem_alloc(sizeof(*c));

	c->daemon = d;
	c->idle = idle;
	d->self = c;
	charset_open_all();
	c->rules = rules_new(c);
	c->rescores = rescores_new(c);
	return spool_open(&c->spool, d->folder, 1u << QUEUE_INCOMING, err);
}

static void
start(struct daemon *d)
{
	struct cleanup *c = d->self;
	struct err err = ERR_INIT;

	spool_writer(c->spool, d->worker);
	if (spool_use_slots(c->spool, &err) == -1)
		fatal("%s", err.text);
	if (err.kind != ERR_NONE)
		EMIT(CORRUPT, .text = str_of(err.text));
	c->committer = committer_new(d->loop, d->config->sync_threads);
	c->workqueue = workqueue_new(c);
	c->asker = asker_new(c);
	c->give_up = loop_timer(d->loop, give_up, c);
	c->tick = loop_timer(d->loop, tick, c);
	recover(c);
	tick(c);
}

static const struct ipc_handler *
on_peer(struct daemon *d, enum program_kind kind, uint32_t worker,
    struct ipc *ipc, void **arg)
{
	struct cleanup *c = d->self;
	struct peer *p;

	(void)worker;
	if (kind == PROGRAM_LOOKUPD)
		return asker_connect(c->asker, ipc, arg);
	if (kind == PROGRAM_INSPECT)
		return asker_inspect(c->asker, ipc, arg);
	p = mem_alloc(sizeof(*p));
	p->cleanup = c;
	p->intake = intake_new(c, ipc, kind);
	*arg = p;
	if (kind != PROGRAM_QMGR)
		return &smtpd_handler;
	workqueue_connect(c->workqueue, ipc);
	rescores_connect(c->rescores, ipc);
	return &qmgr_handler;
}

static void
on_rules(struct daemon *d, int fd)
{
	struct cleanup *c = d->self;

	rules_take(c->rules, fd);
	rescores_tell(c->rescores, d->config);
}

/* It is in force when qmgr asks. */
static int
on_config(struct daemon *d, struct config *next, struct err *err)
{
	struct cleanup *c = d->self;

	(void)err;
	rescores_tell(c->rescores, next);
	return 0;
}

/* What is open is finished, for as long as we are given. */
static void
on_stop(struct daemon *d, uint32_t wait)
{
	struct cleanup *c = d->self;

	loop_timer_in(c->give_up, (int64_t)wait * 1000);
	if (c->n_open == 0)
		idle(c);
}

static void
idle(struct cleanup *c)
{
	if (c->daemon->stopping)
		loop_stop(c->daemon->loop);
}

/* --- channels --- */

static int
smtpd_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct peer *p = arg;

	(void)ipc;
	return intake_frame(p->intake, f, err);
}

static void
smtpd_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct peer *p = arg;

	(void)ipc;
	(void)err;
	intake_lost(&p->intake);
	free(p);
}

static int
qmgr_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct peer *p = arg;
	struct workqueue msg;

	if (f->type == IPC_RESCORE)
		return rescore_take(p->cleanup->rescores, ipc, f, err);
	if (f->type != IPC_WORKQUEUE)
		return intake_frame(p->intake, f, err);
	if (ipc_decode(f, &msg, NULL, err) == -1)
		return -1;
	/* a qmgr that died may still be heard after a new one's first words */
	if (workqueue_sends_to(p->cleanup->workqueue, ipc))
		workqueue_pause(p->cleanup->workqueue, msg.paused != 0);
	return 0;
}

static void
qmgr_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct peer *p = arg;

	workqueue_lost(p->cleanup->workqueue, ipc);
	rescores_lost(p->cleanup->rescores, ipc);
	smtpd_closed(arg, ipc, err);
}

static void
qmgr_drained(void *arg, struct ipc *ipc)
{
	struct peer *p = arg;

	(void)ipc;
	workqueue_run(p->cleanup->workqueue);
}

/* --- messages of administrators --- */

/* "submit": from now on the tool speaks as smtpd does. */
static void
on_command(struct daemon *d, struct ipc *ipc, const struct command *cmd,
    const char *user)
{
	static const enum ipc_type types[] = { IPC_ENVELOPE, IPC_RCPT_MORE,
		IPC_DATA, IPC_END, IPC_ABORT };
	const struct word *words = cmd->words.v;
	struct sender *s;

	(void)user;
	if (cmd->words.n != 1 || !str_is(words[0].text, "submit") ||
	    *find_sender(ipc) != NULL) {
		program_answer(ipc, NULL, 2, "no such command here");
		return;
	}
	s = mem_alloc(sizeof(*s));
	s->ipc = ipc;
	s->intake = intake_new(d->self, ipc, PROGRAM_MASTER);
	s->next = senders;
	senders = s;
	for (size_t i = 0; i < NELEM(types); i++)
		ipc_accept(ipc, types[i]);
	program_answer(ipc, NULL, 0, NULL);
}

static int
on_admin_frame(
    struct daemon *d, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)d;
	return intake_frame((*find_sender(ipc))->intake, f, err);
}

static void
on_admin_gone(struct daemon *d, struct ipc *ipc)
{
	struct sender **at = find_sender(ipc), *s = *at;

	(void)d;
	if (s == NULL)
		return;
	*at = s->next;
	intake_lost(&s->intake);
	free(s);
}

static struct sender **
find_sender(const struct ipc *ipc)
{
	struct sender **at = &senders;

	while (*at != NULL && (*at)->ipc != ipc)
		at = &(*at)->next;
	return at;
}

/* --- time --- */

/* Unlinked sinkhole messages stay unlinked (DUR-06). */
static void
tick(void *arg)
{
	struct cleanup *c = arg;
	struct err err = ERR_INIT;

	if (spool_sync_folders(c->spool, &err) == -1)
		disk_alert(c, &err);
	asker_tick(c->asker, loop_now(c->daemon->loop));
	loop_timer_in(c->tick, TICK);
}

static void
give_up(void *arg)
{
	struct cleanup *c = arg;

	loop_stop(c->daemon->loop);
}
