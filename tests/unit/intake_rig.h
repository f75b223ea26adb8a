/*
 * intake_rig.h - cleanup without its program
 *
 * Both ends of each channel are in this process: a smtpd that may lie, and a
 * qmgr that notes what it gets.
 */
#ifndef TESTS_INTAKE_RIG_H
#define TESTS_INTAKE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>

#include "cleanup/ask.h"
#include "cleanup/intake.h"
#include "cleanup/workqueue.h"
#include "config/load.h"
#include "event/event.h"
#include "mail/scan.h"
#include "queue_kit.h"

#define NOTED 16

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: In, type: public, interface: Net, rat: [example.org]}\n"
    "- {name: Bare, type: public, interface: Net, port: 2525,\n"
    "   received_header: no, rat: [example.org]}\n";

/* One end of a channel, and what came out of it. */
struct end {
	struct ipc *ipc;
	bool closed;
	unsigned n;
	uint32_t code[NOTED], txn[NOTED]; /* of the first answers */
	uint64_t mid, last_mid;
	uint32_t n_rcpts, n_listed;
	bool ordered, prepended, readable;
};

static struct rig {
	struct kit kit;
	struct daemon daemon;
	struct cleanup cleanup;
	struct intake *intake;
	struct end smtpd, qmgr; /* the test's ends */
	struct ipc *from_smtpd, *to_qmgr;
	struct loop_timer *limit;
	enum event_id events[NOTED];
	unsigned n_events;
} rig;

/* --- the ends --- */

static void
came(struct end *e)
{
	e->n++;
	loop_stop(rig.kit.loop);
}

static int
at_smtpd(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct end *e = arg;
	struct accepted a;

	(void)ipc;
	if (ipc_decode(f, &a, NULL, err) == -1)
		return -1;
	if (e->n < NOTED) {
		e->code[e->n] = a.code;
		e->txn[e->n] = f->txn;
	}
	came(e);
	return 0;
}

static int
at_qmgr(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct end *e = arg;
	struct message m;
	struct arena mem;
	char c;

	(void)ipc;
	arena_init(&mem, 1 << 24);
	if (ipc_decode(f, &m, &mem, err) == -1)
		return -1;
	e->ordered = e->n == 0 ? true : e->ordered && m.mid > e->last_mid;
	e->last_mid = m.mid;
	e->n_rcpts = m.n_rcpts;
	e->n_listed = (uint32_t)m.rcpts.n;
	e->prepended = str_starts(m.prepend, STR("Received: from unknown"));
	e->readable = pread(f->fds[0], &c, 1, m.content_off) == 1 && c == 'S' &&
		      (fcntl(f->fds[0], F_GETFL) & O_ACCMODE) == O_RDONLY;
	arena_free(&mem);
	came(e);
	return 0;
}

static void
end_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct end *e = arg;

	(void)ipc;
	(void)err;
	e->closed = true;
	e->ipc = NULL;
	loop_stop(rig.kit.loop);
}

static int
at_cleanup(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg;
	(void)ipc;
	return intake_frame(rig.intake, f, err);
}

static void
cleanup_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg;
	(void)ipc;
	(void)err;
	intake_lost(&rig.intake);
	rig.from_smtpd = NULL;
	loop_stop(rig.kit.loop);
}

static int
nothing_comes(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg;
	(void)ipc;
	return err_set(err, ERR_PROTO, "message %u", f->type);
}

static void
qmgr_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg;
	(void)err;
	workqueue_lost(rig.cleanup.workqueue, ipc);
	rig.to_qmgr = NULL;
	loop_stop(rig.kit.loop);
}

static const struct ipc_handler smtpd_end = { at_smtpd, end_closed, NULL };
static const struct ipc_handler qmgr_end = { at_qmgr, end_closed, NULL };
static const struct ipc_handler intake_end = { at_cleanup, cleanup_closed,
	NULL };
static const struct ipc_handler outlet_end = { nothing_comes, qmgr_closed,
	NULL };

static void
note_event(void *arg, enum event_id id, const void *fields)
{
	(void)arg;
	(void)fields;
	if (rig.n_events < NOTED)
		rig.events[rig.n_events++] = id;
}

/* --- the rig --- */

static void
connect_qmgr(void)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	rig.qmgr = (struct end){ 0 };
	rig.qmgr.ipc =
	    ipc_new(rig.kit.loop, fd[0], "cleanup", &qmgr_end, &rig.qmgr);
	ipc_accept(rig.qmgr.ipc, IPC_MESSAGE);
	rig.to_qmgr = ipc_new(rig.kit.loop, fd[1], "qmgr", &outlet_end, NULL);
	workqueue_connect(rig.cleanup.workqueue, rig.to_qmgr);
}

static void
out_of_time(void *arg)
{
	(void)arg;
	fail_msg("waited in vain");
}

static void
connect_smtpd(enum program_kind kind)
{
	static const enum ipc_type types[] = { IPC_ENVELOPE, IPC_RCPT_MORE,
		IPC_DATA, IPC_END, IPC_ABORT };
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	rig.smtpd = (struct end){ 0 };
	rig.smtpd.ipc =
	    ipc_new(rig.kit.loop, fd[0], "cleanup", &smtpd_end, &rig.smtpd);
	ipc_accept(rig.smtpd.ipc, IPC_ACCEPTED);
	rig.from_smtpd =
	    ipc_new(rig.kit.loop, fd[1], "smtpd", &intake_end, NULL);
	for (size_t i = 0; i < NELEM(types); i++)
		ipc_accept(rig.from_smtpd, types[i]);
	rig.intake = intake_new(&rig.cleanup, rig.from_smtpd, kind);
}

static int
set_up(void **state)
{
	static const struct event_sink sink = { note_event, NULL };
	struct err err = ERR_INIT;
	struct bundle b;
	int fd;

	(void)state;
	memset(&rig, 0, sizeof(rig));
	kit_open(&rig.kit, "/dev/shm");
	bundle_from_text(&b, "postern.yaml", str_of(yaml));
	rig.daemon.loop = rig.kit.loop;
	rig.daemon.config = config_load_simple(&b, 1, &err);
	bundle_free(&b);
	rig.daemon.stats = stats_create(&fd, &err);
	if (rig.daemon.config == NULL || rig.daemon.stats == NULL)
		fail_msg("%s", err.text);
	close(fd);
	stats_use_slot(rig.daemon.stats, 1);
	rig.daemon.n_workers = 1;
	event_set_sink(&sink);
	rig.cleanup = (struct cleanup){ .daemon = &rig.daemon,
		.spool = rig.kit.spool,
		.committer = rig.kit.committer };
	rig.cleanup.workqueue = workqueue_new(&rig.cleanup);
	rig.cleanup.asker = asker_new(&rig.cleanup);
	rig.limit = loop_timer(rig.kit.loop, out_of_time, NULL);
	connect_smtpd(PROGRAM_SMTPD);
	connect_qmgr();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (rig.intake != NULL)
		intake_lost(&rig.intake);
	ipc_free(&rig.smtpd.ipc);
	ipc_free(&rig.from_smtpd);
	ipc_free(&rig.qmgr.ipc);
	ipc_free(&rig.to_qmgr);
	committer_free(&rig.kit.committer);
	workqueue_free(&rig.cleanup.workqueue);
	asker_free(&rig.cleanup.asker);
	loop_timer_free(&rig.limit);
	event_set_sink(NULL);
	stats_unmap(&rig.daemon.stats);
	config_unref(&rig.daemon.config);
	kit_close(&rig.kit);
	return 0;
}

/* Runs the loop until it is so; everything that happens stops the loop. */
#define UNTIL(what)                                                            \
	do {                                                                   \
		loop_timer_in(rig.limit, 20000);                               \
		while (!(what))                                                \
			loop_run(rig.kit.loop);                                \
		loop_timer_stop(rig.limit);                                    \
	} while (0)

/* --- what a smtpd says --- */

static struct envelope
envelope(uint64_t mid)
{
	struct envelope e = kit_envelope(mid);

	e.listener = STR("In");
	return e;
}

static void
say_content(uint32_t txn, const char *content)
{
	struct end_msg end = { .size = strlen(content) };

	for (size_t i = 0; i < end.size; i += 7)
		ipc_send_raw(rig.smtpd.ipc, IPC_DATA, txn, content + i,
		    end.size - i < 7 ? end.size - i : 7);
	ipc_send(rig.smtpd.ipc, IPC_END, txn, &end);
}

static void
say_message(uint64_t mid, const char *content)
{
	struct envelope e = envelope(mid);

	ipc_send(rig.smtpd.ipc, IPC_ENVELOPE, (uint32_t)mid, &e);
	say_content((uint32_t)mid, content);
}

static int
files_in_incoming(void)
{
	char cmd[128];
	FILE *f;
	int n;

	snprintf(
	    cmd, sizeof(cmd), "find %s/incoming -type f | wc -l", rig.kit.path);
	f = popen(cmd, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &n), 1);
	pclose(f);
	return n;
}

static uint64_t
counter(enum stats_counter c)
{
	return stats_sum(rig.daemon.stats, c);
}

#endif
