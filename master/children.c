/*
 * children.c - the processes: how they start, what happens when one dies
 *
 *	DOWN --spawn--> STARTING --first READY--> READY
 *	  ^                |                        |
 *	  +------death: restart after a delay-------+
 *
 * A program that lived for a while is started again at once. One that dies
 * soon after its start is started ever more slowly, and shouts: it must not
 * eat the machine while the others serve.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/alert.h"
#include "lookup/overrun.h"
#include "master/master.h"
#include "program/events.h"
#include "sandbox/sandbox.h"

#define QUICK_DEATH   1000  /* ms of life below which a death is "quick" */
#define DELAY_MAX     60000 /* ms */
#define ALERT_AT      3     /* quick deaths */
#define SOON          1000  /* ms to the start: worth to wait for */
#define SILENCE_MAX   60000 /* ms without a sign of life */
#define HEALTH_EVERY  5000  /* ms */
#define RESTART_WAIT  5     /* s for what is under way, when told to end */
#define CHILD_CHANNEL 3

/* In the order in which they start. per_core: one per worker. */
static const struct {
	enum program_kind kind;
	bool per_core;
} suite[] = {
	{ PROGRAM_RECORDER, false }, { PROGRAM_LOOKUPD, false },
	{ PROGRAM_KEYD, false }, { PROGRAM_INSPECT, false },
	{ PROGRAM_QMGR, false }, { PROGRAM_CLEANUP, true },
	{ PROGRAM_SMTP, true }, { PROGRAM_SMTPD, true },
	{ PROGRAM_QMQPD, true }, /* when there is a listener for it */
	{ PROGRAM_WEBD, false }, /* when it is enabled */
};

static bool is_wanted(const struct child *);
static bool is_meant(
    const struct child *, enum program_kind kind, uint32_t worker);
static void say_down(const struct child *, enum program_kind kind, int64_t now,
    char why[WHY_DOWN]);
static void child_start(void *arg);
static void start_in(struct child *, int64_t ms);
static int child_spawn(struct child *, int *channel, struct err *err);
static void child_exec(struct child *, int channel) __attribute__((noreturn));
static int child_setup(struct child *, struct err *err);
static const char *child_folder(const struct child *);
static void child_died(struct child *, int status);
static void alert_dying(const struct child *);
static int child_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void child_lost(void *, struct ipc *, const struct err *);
static void child_ready(struct child *);

static const struct ipc_handler child_handler = {
	.frame = child_frame,
	.closed = child_lost,
};

void
children_make(struct master *m, uint32_t workers)
{
	m->workers = workers;
	m->children = mem_array(NELEM(suite) * workers, sizeof(struct child));
	for (size_t i = 0; i < NELEM(suite); i++) {
		uint32_t n = suite[i].per_core ? workers : 1;

		for (uint32_t w = 0; w < n; w++) {
			struct child *c = &m->children[m->n_children++];

			*c = (struct child){
				.master = m,
				.kind = suite[i].kind,
				.worker = w,
				.slot = (uint32_t)m->n_children,
			};
			c->restart = loop_timer(m->self.loop, child_start, c);
		}
	}
}

/* The recorder restores the ids: nobody may ask for one before that. */
void
children_start(struct master *m)
{
	bool recorded = m->children[0].state == CHILD_READY;

	for (size_t i = 0; i < m->n_children; i++) {
		struct child *c = &m->children[i];

		if (c->pid == 0 && is_wanted(c) &&
		    (recorded || c->kind == PROGRAM_RECORDER))
			child_start(c);
	}
	if (m->health == NULL) {
		m->health = loop_timer(m->self.loop, children_health, m);
		m->health_at = loop_now(m->self.loop);
		loop_timer_in(m->health, HEALTH_EVERY);
	}
}

void
children_reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (captures_reaped(m, pid, status))
			continue;
		for (size_t i = 0; i < m->n_children; i++)
			if (m->children[i].pid == pid)
				child_died(&m->children[i], status);
	}
}

void
children_kill(struct master *m, int signo)
{
	for (size_t i = 0; i < m->n_children; i++)
		if (m->children[i].pid != 0)
			kill(m->children[i].pid, signo);
}

size_t
children_restart(struct master *m, enum program_kind kind)
{
	struct stop msg = { .wait = RESTART_WAIT };
	int64_t now = loop_now(m->self.loop);
	size_t n = 0;

	for (size_t i = 0; i < m->n_children && m->stop_step == 0; i++) {
		struct child *c = &m->children[i];

		if (c->kind != kind || c->pid == 0)
			continue;
		n++;
		if (c->end_by == 0 && c->ipc != NULL && c->state == CHILD_READY)
			ipc_send(c->ipc, IPC_STOP, 0, &msg);
		c->end_by = now + 2 * RESTART_WAIT * 1000;
	}
	return n;
}

bool
children_all_ready(const struct master *m)
{
	for (size_t i = 0; i < m->n_children; i++)
		if (is_wanted(&m->children[i]) &&
		    m->children[i].state != CHILD_READY)
			return false;
	return true;
}

size_t
children_running(const struct master *m, enum program_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_children; i++)
		n += m->children[i].kind == kind && m->children[i].pid != 0;
	return n;
}

struct child *
children_ready(const struct master *m, enum program_kind kind, uint32_t worker)
{
	for (size_t i = 0; i < m->n_children; i++)
		if (is_meant(&m->children[i], kind, worker) &&
		    m->children[i].state == CHILD_READY)
			return &m->children[i];
	return NULL;
}

bool
children_expected(const struct master *m, enum program_kind kind,
    uint32_t worker, char why[WHY_DOWN])
{
	int64_t now = loop_now(m->self.loop);
	const struct child *first = NULL; /* to be started */

	for (size_t i = 0; i < m->n_children && m->stop_step == 0; i++) {
		const struct child *c = &m->children[i];

		if (!is_meant(c, kind, worker) || !is_wanted(c))
			continue;
		if (c->pid != 0 || c->restart_at - now <= SOON)
			return true;
		if (first == NULL || c->restart_at < first->restart_at)
			first = c;
	}
	say_down(first, kind, now, why);
	return false;
}

void
children_health(void *arg)
{
	struct master *m = arg;
	int64_t now = loop_now(m->self.loop);
	int64_t late = now - m->health_at - HEALTH_EVERY;

	for (size_t i = 0; i < m->n_children; i++) {
		struct child *c = &m->children[i];

		/* while we stood still ourselves, a machine that was paused
		 * perhaps, nobody could be heard */
		if (late > 0)
			c->alive += late;
		if (c->pid != 0 && c->end_by != 0 && now >= c->end_by) {
			kill(c->pid, SIGKILL);
			continue;
		}
		if (c->pid == 0 || now - c->alive < SILENCE_MAX)
			continue;
		EMIT(PROGRAM_DIED, .program = str_of(program_name(c->kind)),
		    .worker = c->worker, .pid = (uint32_t)c->pid,
		    .text = STR("gave no sign of life for a minute: ended"));
		kill(c->pid, SIGKILL);
	}
	m->health_at = now;
	loop_timer_in(m->health, HEALTH_EVERY);
}

/* Those that die again and again have a timer. */
void
children_start_wanted(struct master *m)
{
	for (size_t i = 0; i < m->n_children; i++) {
		struct child *c = &m->children[i];

		if (c->pid == 0 && c->quick == 0 && is_wanted(c))
			child_start(c);
	}
}

/* --- one process --- */

/* qmqpd and webd, once started, stay until the end, or until they die. */
static bool
is_wanted(const struct child *c)
{
	const struct config *cf = c->master->self.config;

	if (c->kind == PROGRAM_WEBD)
		return cf->web.on;
	if (c->kind != PROGRAM_QMQPD)
		return true;
	for (size_t i = 0; i < cf->n_listeners; i++)
		if (listener_is_qmqp(&cf->listeners[i]))
			return true;
	return false;
}

static bool
is_meant(const struct child *c, enum program_kind kind, uint32_t worker)
{
	return c->kind == kind && (worker == 0 || c->worker == worker - 1);
}

/* c: the one that is started next; NULL: none is. */
static void
say_down(const struct child *c, enum program_kind kind, int64_t now,
    char why[WHY_DOWN])
{
	const char *name = program_name(kind);
	long long seconds;

	if (c == NULL) {
		snprintf(why, WHY_DOWN, "%s is not running", name);
		return;
	}
	seconds = (c->restart_at - now + 999) / 1000;
	if (c->quick > 1)
		snprintf(why, WHY_DOWN,
		    "%s is not running: it died soon after its start, %u times "
		    "in a row; it starts again in %lld s",
		    name, c->quick, seconds);
	else
		snprintf(why, WHY_DOWN,
		    "%s is not running; it starts again in %lld s", name,
		    seconds);
}

static void
child_start(void *arg)
{
	struct child *c = arg;
	struct master *m = c->master;
	struct err err = ERR_INIT;
	int channel = -1;

	if (m->stop_step != 0 || c->pid != 0 || !is_wanted(c))
		return;
	c->started = c->alive = loop_now(m->self.loop);
	if (child_spawn(c, &channel, &err) == -1) {
		alert_raise(ALERT_FAILURE, STR(""), str_of(err.text));
		start_in(c, DELAY_MAX);
		return;
	}
	c->state = CHILD_STARTING;
	c->ipc = ipc_new(
	    m->self.loop, channel, program_name(c->kind), &child_handler, c);
	ipc_accept(c->ipc, IPC_READY);
	ipc_accept(c->ipc, IPC_CONFIG_DONE);
	if (c->kind == PROGRAM_LOOKUPD) {
		ipc_accept(c->ipc, IPC_FEED);
		ipc_accept(c->ipc, IPC_FEED_WHOLE);
	}
	if (c->kind == PROGRAM_WEBD)
		ipc_accept(c->ipc, IPC_CALL);
	if (child_setup(c, &err) == -1) {
		alert_raise(ALERT_FAILURE, STR(""), str_of(err.text));
		kill(c->pid, SIGKILL);
	}
}

static void
start_in(struct child *c, int64_t ms)
{
	c->restart_at = loop_now(c->master->self.loop) + ms;
	loop_timer_in(c->restart, ms);
}

static int
child_spawn(struct child *c, int *channel, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return err_sys(
		    err, ERR_TEMP, "channel to %s", program_name(c->kind));
	c->pid = fork();
	if (c->pid == 0)
		child_exec(c, pair[1]);
	close(pair[1]);
	if (c->pid == -1) {
		c->pid = 0;
		close(pair[0]);
		return err_sys(
		    err, ERR_TEMP, "start %s", program_name(c->kind));
	}
	*channel = pair[0];
	return 0;
}

static void
child_exec(struct child *c, int channel)
{
	char path[PATH_MAX + 32], title[48];
	char *argv[2] = { title, NULL };
	/* also where a system keeps its authorities, if it says so */
	static const char *const passed[] = { "TZ", "ASAN_OPTIONS",
		"SSL_CERT_FILE" };
	char *envp[NELEM(passed) + 1] = { NULL };
	size_t n = 0;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* a group of its own: a terminal's Ctrl-C is for the master alone */
	setpgid(0, 0);
	snprintf(path, sizeof(path), "%s/postern-%s", c->master->bin,
	    program_name(c->kind));
	snprintf(title, sizeof(title), "postern-%s", program_name(c->kind));
	for (size_t i = 0; i < NELEM(passed); i++) {
		char *value = getenv(passed[i]);

		if (value != NULL)
			envp[n++] = value - strlen(passed[i]) - 1;
	}
	if (channel == CHILD_CHANNEL)
		fcntl(channel, F_SETFD, 0);
	else if (dup2(channel, CHILD_CHANNEL) == -1)
		_exit(126);
	execve(path, argv, envp);
	fprintf(stderr, "postern-master: %s: %s\n", path, strerror(errno));
	_exit(127);
}

static int
child_setup(struct child *c, struct err *err)
{
	struct master *m = c->master;
	struct setup s = {
		.worker = c->worker,
		.n_workers = (uint32_t)(c->kind == PROGRAM_CLEANUP ||
						c->kind == PROGRAM_SMTP ||
						c->kind == PROGRAM_SMTPD ||
						c->kind == PROGRAM_QMQPD ||
						c->kind == PROGRAM_QMGR
					    ? m->workers
					    : 1),
		.slot = c->slot,
		.revision = m->self.config->revision,
		.folder = str_of(child_folder(c)),
		.chroot = STR(""),
		.sandbox_log = m->sandbox_log,
	};
	int fds[2];

	if (m->root) {
		sandbox_account(
		    sandbox_profile(program_name(c->kind)), &s.uid, &s.gid);
		s.chroot = str_of(m->paths.chroot);
	}
	fds[0] = reload_bundle(m, err);
	fds[1] = fcntl(m->stats_fd, F_DUPFD_CLOEXEC, 0);
	if (fds[0] == -1 || fds[1] == -1)
		return -1;
	c->revision = s.revision;
	ipc_send_fds(c->ipc, IPC_SETUP, 0, &s, fds, 2);
	return 0;
}

/* The one folder that a program works in. */
static const char *
child_folder(const struct child *c)
{
	switch (c->kind) {
	case PROGRAM_RECORDER:
		return c->master->paths.log;
	case PROGRAM_CLEANUP:
	case PROGRAM_QMGR:
		return c->master->paths.spool;
	default:
		return "";
	}
}

static void
child_died(struct child *c, int status)
{
	struct master *m = c->master;
	int64_t lived = loop_now(m->self.loop) - c->started, delay = 0;
	char why[80];

	if (c->end_by != 0)
		snprintf(why, sizeof(why), "was told to restart");
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "was ended by signal %d",
		    WTERMSIG(status));
	else if (c->kind == PROGRAM_LOOKUPD &&
		 WEXITSTATUS(status) == OVERRUN_STATUS)
		snprintf(why, sizeof(why),
		    "was at one answer for too long, and ended itself");
	else
		snprintf(why, sizeof(why), "ended with status %d",
		    WEXITSTATUS(status));
	if (c->kind == PROGRAM_RECORDER)
		program_events_to(&m->self, NULL);
	ipc_free(&c->ipc);
	stats_slot_died(m->self.stats, c->slot);
	c->state = CHILD_DOWN;
	if (m->stop_step == 0) {
		EMIT(PROGRAM_DIED, .program = str_of(program_name(c->kind)),
		    .worker = c->worker, .pid = (uint32_t)c->pid,
		    .text = str_of(why));
		fprintf(stderr, "postern-master: %s %u (pid %d) %s\n",
		    program_name(c->kind), c->worker, (int)c->pid, why);
		c->quick =
		    lived < QUICK_DEATH && c->end_by == 0 ? c->quick + 1 : 0;
		c->restarts++;
		if (c->quick > 0)
			delay = 1000LL << (c->quick < 7 ? c->quick - 1 : 6);
		start_in(c, delay < DELAY_MAX ? delay : DELAY_MAX);
	}
	if (c->quick == ALERT_AT)
		alert_dying(c);
	c->pid = 0;
	c->end_by = 0;
	reload_child_died(m, c);
	control_again();
	master_progress(m);
}

static void
alert_dying(const struct child *c)
{
	char text[120];

	snprintf(text, sizeof(text),
	    "%s %u keeps dying; it is started ever more slowly",
	    program_name(c->kind), c->worker);
	alert_raise(
	    ALERT_APP_DYING, str_of(program_name(c->kind)), str_of(text));
}

static int
child_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct child *c = arg;
	struct config_done done;
	struct ready ready;

	(void)ipc;
	c->alive = loop_now(c->master->self.loop);
	if (f->type == IPC_CONFIG_DONE) {
		if (ipc_decode(f, &done, NULL, err) == -1)
			return -1;
		reload_answer(c->master, c, &done);
	} else if (f->type == IPC_FEED) {
		rules_piece(c->master, f->body);
	} else if (f->type == IPC_FEED_WHOLE) {
		struct feed_whole end;

		if (ipc_decode(f, &end, NULL, err) == -1)
			return -1;
		rules_end(c->master, end.what, end.size);
	} else if (f->type == IPC_CALL) {
		struct call_msg msg;

		if (ipc_decode(f, &msg, NULL, err) == -1)
			return -1;
		control_call(c, f->txn, &msg);
	} else if (ipc_decode(f, &ready, NULL, err) == -1) {
		return -1;
	} else if (c->state == CHILD_STARTING && !ready.starting) {
		child_ready(c);
	}
	return 0;
}

/* It closed its end or broke the protocol: either way it must go. */
static void
child_lost(void *arg, struct ipc *ipc, const struct err *err)
{
	struct child *c = arg;

	(void)ipc, (void)err;
	c->ipc = NULL;
	c->state = CHILD_DOWN;
	reload_child_died(c->master, c);
	/* one that was told to end has things to finish */
	if (c->pid != 0 && c->master->stop_step == 0 && c->end_by == 0)
		kill(c->pid, SIGKILL);
}

static void
child_ready(struct child *c)
{
	struct master *m = c->master;

	c->state = CHILD_READY;
	reload_child_ready(m, c);
	if (c->kind == PROGRAM_KEYD)
		secrets_hand(
		    m, m->self.config); /* before it has peers to serve */
	rules_hand(m, c);
	wiring_connect(m, c);
	if (c->kind == PROGRAM_RECORDER)
		children_start(m);
	if (m->ready)
		listeners_hand(m, c);
	control_again();
	master_progress(m);
}
