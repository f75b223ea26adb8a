/*
 * NAME
 *	postern-master - start and supervise Postern
 * SYNOPSIS
 *	postern-master [--root DIR] [--sandbox=log] [--hints]
 * DESCRIPTION
 *	Reads the committed configuration, binds the listeners, starts every
 *	program, wires them together, restarts what dies. Stays in the
 *	foreground. HUP: the current revision again. TERM, INT: stop when what
 *	is in progress is finished; a second one: stop at once.
 * RIGHTS
 *	Whatever it was started with. It parses the configuration and what
 *	administrators say on the control socket, and nothing else.
 */
#include "master/master.h"

#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/commit.h"
#include "config/load.h"
#include "config/revision.h"
#include "event/alert.h"
#include "filter/filter.h"
#include "master/hints.h"

static const struct option long_options[] = {
	{ "root", required_argument, NULL, 'r' },
	{ "sandbox", required_argument, NULL, 's' },
	{ "hints", no_argument, NULL, 'H' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage_text[] =
    "usage: postern-master [--root DIR] [--sandbox=log] [--hints]\n"
    "  --root DIR     keep configuration, spool, log and state below DIR\n"
    "                 (default: /etc/postern, /var/spool/postern, ...)\n"
    "  --sandbox=log  report forbidden system calls instead of killing\n"
    "  --hints        say what to try next when ready\n";

static void options(struct master *, int argc, char **argv);
static void raise_limits(void);
static void find_programs(struct master *);
static void first_revision(struct master *);
static void announce(struct master *);
static void on_term(void *arg);
static void on_hup(void *arg);
static void on_child(void *arg);
static void hup_done(void *arg, const struct err *err);
static void stop_next(void *arg);
static bool is_in_step(int step, enum program_kind kind);

/*
 * The order of a graceful stop: who brings work in goes first, who writes
 * down what happened goes last. Seconds for what is in progress, or is to be
 * saved; a while later the stragglers are killed: on a busy machine, too,
 * nobody shall die over his last lines.
 */
#define STOP_MORE_MS 3000
static const struct {
	enum program_kind kinds[3];
	size_t n;
	uint32_t wait;
} stop_steps[] = {
	{ { PROGRAM_SMTPD, PROGRAM_QMQPD, PROGRAM_WEBD }, 3, 5 },
	{ { PROGRAM_CLEANUP, PROGRAM_SMTP }, 2, 2 },
	{ { PROGRAM_QMGR }, 1, 1 },
	{ { PROGRAM_LOOKUPD, PROGRAM_KEYD, PROGRAM_INSPECT }, 3, 1 },
	{ { PROGRAM_RECORDER }, 1, 3 },
};

int
main(int argc, char **argv)
{
	struct master m = { .lock_fd = -1, .control_fd = -1, .bundle_fd = -1 };
	struct socket_plan sockets;
	struct err err = ERR_INIT;
	err_program("postern-master");
	options(&m, argc, argv);
	umask(0077);
	tzset();
	raise_limits();
	m.root = geteuid() == 0;
	if (paths_set(&m.paths, m.root_dir) == -1)
		fatal("root folder %s: no such folder", m.root_dir);
	find_programs(&m);
	/* cleanup could not start with filters that are wrong */
	filters_install();
	if (folders_prepare(&m, &err) == -1)
		fatal("%s", err.text);
	first_revision(&m);
	if (reload_first(&m, &err) == -1)
		fatal("%s", err.text);
	m.self.loop = loop_new();
	m.self.stats = stats_create(&m.stats_fd, &err);
	if (m.self.stats == NULL ||
	    listeners_plan(&m, m.self.config, &sockets, &err) == -1 ||
	    control_open(&m, &err) == -1)
		fatal("%s", err.text);
	listeners_use(&m, &sockets, 0);
	stats_use_slot(m.self.stats, 0);
	stats_set_started(m.self.stats, clock_wall_ms());
	loop_signal(m.self.loop, SIGTERM, on_term, &m);
	loop_signal(m.self.loop, SIGINT, on_term, &m);
	loop_signal(m.self.loop, SIGHUP, on_hup, &m);
	loop_signal(m.self.loop, SIGCHLD, on_child, &m);
	signal(SIGPIPE, SIG_IGN);
	children_make(&m, m.self.config->workers != 0 ? m.self.config->workers
						      : (uint32_t)get_nprocs());
	children_start(&m);
	resources_watch(&m);
	notify_watchdog(m.self.loop);
	loop_run(m.self.loop);
	control_close(&m);
	return 0;
}

void
master_progress(struct master *m)
{
	if (m->stop_step != 0) {
		stop_next(m);
	} else if (!m->ready && children_all_ready(m)) {
		m->ready = true;
		listeners_open(m);
		announce(m);
	}
}

void
master_stop(struct master *m)
{
	if (m->stop_step != 0) {
		children_kill(m, SIGKILL);
		return;
	}
	notify_send("STOPPING=1");
	EMIT(NOTICE, .text = STR("SMTP server shut down"));
	listeners_close(m, stop_steps[0].wait);
	captures_stop(m);
	m->stop_timer = loop_timer(m->self.loop, stop_next, m);
	m->stop_step = 1;
	for (size_t i = 0; i < m->n_children; i++)
		loop_timer_stop(m->children[i].restart);
	stop_next(m);
}

/* --- start --- */

static void
options(struct master *m, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case 'r':
			m->root_dir = optarg;
			break;
		case 's':
			if (strcmp(optarg, "log") != 0)
				fatal("--sandbox: only \"log\" is known");
			m->sandbox_log = true;
			break;
		case 'H':
			m->hints = true;
			break;
		case 'V':
			printf("postern-master %s\n", POSTERN_VERSION);
			exit(0);
		case 'h':
			fputs(usage_text, stdout);
			exit(0);
		default:
			fputs(usage_text, stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fputs(usage_text, stderr);
		exit(2);
	}
}

/* As many descriptors as we may have: channels between many workers, and what
 * the programs are given is taken from ours. */
static void
raise_limits(void)
{
	struct rlimit fds;

	if (getrlimit(RLIMIT_NOFILE, &fds) == -1)
		return;
	fds.rlim_cur = fds.rlim_max;
	setrlimit(RLIMIT_NOFILE, &fds);
}

/* The programs stand beside the master. */
static void
find_programs(struct master *m)
{
	ssize_t n = readlink("/proc/self/exe", m->bin, sizeof(m->bin) - 1);
	char *slash;

	if (n <= 0)
		fatal("cannot tell where the programs are: no /proc");
	m->bin[n] = '\0';
	slash = strrchr(m->bin, '/');
	if (slash != NULL)
		*slash = '\0';
}

/* A new installation: what stands in the configuration folder is revision 1,
 * if it is right. */
static void
first_revision(struct master *m)
{
	const struct commit_note note = { "system", "first start", false };
	struct config_problems problems = { 0 };
	struct err err = ERR_INIT;
	struct buf text;
	uint64_t number;

	if (!revision_current(m->paths.state, &number, &err))
		fatal("%s", err.text);
	if (number != 0)
		return;
	if (commit_all(m->paths.etc, m->paths.state, &note, &problems, &number,
		&err) == 0)
		return;
	for (size_t i = 0; i < problems.n; i++) {
		buf_init(&text, IPC_FRAME_MAX);
		config_problem_print(&problems.v[i], &text);
		fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&text)));
		buf_fini(&text);
	}
	fatal("%s", err.text);
}

static void
announce(struct master *m)
{
	notify_send("READY=1");
	EMIT(NOTICE, .text = STR("SMTP server starting"));
	if (m->hints)
		hints_print(m, stdout);
	printf("ready\n");
	fflush(stdout);
}

/* --- signals --- */

static void
on_term(void *arg)
{
	master_stop(arg);
}

static void
on_hup(void *arg)
{
	reload_start(arg, 0, hup_done, arg);
}

static void
hup_done(void *arg, const struct err *err)
{
	(void)arg;
	if (err != NULL)
		alert_raise(ALERT_FAILURE, STR(""), str_of(err->text));
}

static void
on_child(void *arg)
{
	children_reap(arg);
}

/*
 * Goes on with the stop as far as it can: a step is over when none of its
 * programs runs; the timer ends those that do not.
 */
static void
stop_next(void *arg)
{
	static int told; /* the last step whose programs were told */
	static int64_t deadline;
	struct master *m = arg;

	while (m->stop_step <= (int)NELEM(stop_steps)) {
		int step = m->stop_step - 1;
		struct stop msg = { .wait = stop_steps[step].wait };
		bool late = told == m->stop_step && clock_mono_ms() >= deadline;
		size_t running = 0;

		for (size_t i = 0; i < m->n_children; i++) {
			struct child *c = &m->children[i];

			if (c->pid == 0 || !is_in_step(step, c->kind))
				continue;
			running++;
			if (late || c->state == CHILD_STARTING)
				kill(c->pid, SIGKILL);
			else if (told != m->stop_step && c->ipc != NULL)
				ipc_send(c->ipc, IPC_STOP, 0, &msg);
		}
		if (running > 0) {
			if (told == m->stop_step)
				return;
			told = m->stop_step;
			deadline =
			    clock_mono_ms() + msg.wait * 1000 + STOP_MORE_MS;
			loop_timer_in(
			    m->stop_timer, msg.wait * 1000 + STOP_MORE_MS + 50);
			return;
		}
		m->stop_step++;
	}
	loop_stop(m->self.loop);
}

static bool
is_in_step(int step, enum program_kind kind)
{
	for (size_t i = 0; i < stop_steps[step].n; i++)
		if (stop_steps[step].kinds[i] == kind)
			return true;
	return false;
}
