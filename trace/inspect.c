/*
 * inspect.c - asks a program of our own what a part of a message is
 *
 * What the master does for the suite is done here for one program: it is
 * started, set up and given one peer, as if that were cleanup. A part that
 * ends it is tried again as often as cleanup would.
 */
#include "trace/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/bundle.h"
#include "lookup/part.h"
#include "program/program.h"
#include "sandbox/sandbox.h"
#include "trace/fetch.h"

#define CHANNEL 3    /* of a program to its master */
#define GRACE   5000 /* ms over the time that a part may take */

/* The one that runs, for all parts of all messages. */
static struct {
	struct loop *loop; /* NULL: never started */
	struct loop_timer *late;
	pid_t pid; /* 0: none */
	char cage[40];
	struct ipc *channel, *peer;
	/* the question that is open */
	struct part_told *told;
	struct fact_answer *fact;
	struct arena *mem;
	bool answered, too_late;
} inspect;

static bool ask(const struct config *, const struct trace_want *,
    uint64_t together, struct fact_answer *, struct arena *mem);
static bool start(void);
static bool spawn(int *channel);
static void run_program(int channel) __attribute__((noreturn));
static bool set_up(void);
static bool connect_peer(void);
static void stop(void);
static int ready(void *, struct ipc *, struct ipc_frame *, struct err *);
static int frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void lost(void *, struct ipc *, const struct err *);
static void late(void *);

static const struct ipc_handler as_master = { .frame = ready, .closed = lost };
static const struct ipc_handler as_cleanup = { .frame = frame, .closed = lost };

void
trace_inspect(
    struct trace_input *in, const struct trace_want *x, struct arena *mem)
{
	struct fact_answer fact = { .id = FACT_PART,
		.meta = { FACT_FAILED, FACT_LOOKED_UP } };
	struct str key = arena_str(mem, x->key);
	static uint32_t run;
	bool done = false, first = true;

	for (const struct fact_answer *a = in->facts.answers; a != NULL;
	     a = a->next)
		first &= a->id != FACT_PART;
	run += first;
	for (int i = 0; i < PART_TRIES && !done; i++)
		done = ask(in->config, x, part_together(run, key), &fact, mem);
	if (!done || fact.meta.state != FACT_KNOWN)
		fact_fail(&in->facts, mem, FACT_PART, key);
	else
		fact_put(&in->facts, mem, FACT_PART, key, fact.meta)->detail =
		    fact.detail;
}

/* False: it ended over that. */
static bool
ask(const struct config *c, const struct trace_want *x, uint64_t together,
    struct fact_answer *fact, struct arena *mem)
{
	struct inspect_msg msg = part_question(c, x->body.n, together);
	int fd;

	if (inspect.pid == 0 && !start())
		return true;
	fd = trace_content(x);
	if (fd == -1)
		return true;
	inspect.fact = fact;
	inspect.mem = mem;
	inspect.answered = inspect.too_late = false;
	ipc_send_fds(inspect.peer, IPC_INSPECT, 0, &msg, &fd, 1);
	loop_timer_in(inspect.late, part_time(c) + GRACE);
	loop_run(inspect.loop);
	if (!inspect.answered)
		stop();
	return inspect.answered || inspect.too_late;
}

/* --- the program --- */

static bool
start(void)
{
	int channel;

	if (inspect.loop == NULL) {
		inspect.loop = loop_new();
		inspect.late = loop_timer(inspect.loop, late, NULL);
	}
	if (!spawn(&channel))
		return false;
	inspect.channel =
	    ipc_new(inspect.loop, channel, "inspect", &as_master, NULL);
	ipc_accept(inspect.channel, IPC_READY);
	inspect.answered = false;
	if (set_up()) {
		loop_timer_in(inspect.late, GRACE);
		loop_run(inspect.loop);
	}
	/* it is in there, or gone */
	if (inspect.cage[0] != '\0')
		rmdir(inspect.cage);
	if (inspect.answered && connect_peer())
		return true;
	stop();
	return false;
}

static bool
spawn(int *channel)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return false;
	inspect.pid = fork();
	if (inspect.pid == 0)
		run_program(pair[1]);
	close(pair[1]);
	*channel = pair[0];
	if (inspect.pid != -1)
		return true;
	inspect.pid = 0;
	close(pair[0]);
	return false;
}

/* It stands beside this one. */
static void
run_program(int channel)
{
	char path[PATH_MAX + 32];
	char *argv[2] = { (char[]){ "postern-inspect" }, NULL };
	char *envp[2] = { NULL, NULL };
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	char *asan = getenv("ASAN_OPTIONS"), *slash;

	if (n <= 0)
		_exit(126);
	path[n] = '\0';
	slash = strrchr(path, '/');
	snprintf(slash, 32, "/%s", argv[0]);
	if (asan != NULL)
		envp[0] = asan - strlen("ASAN_OPTIONS=");
	if (channel == CHANNEL)
		fcntl(channel, F_SETFD, 0);
	else if (dup2(channel, CHANNEL) == -1)
		_exit(126);
	execve(path, argv, envp);
	fprintf(stderr, "postern: %s: %s\n", path, strerror(errno));
	_exit(127);
}

/* It has no configuration of its own and counts nothing, but wants both. */
static bool
set_up(void)
{
	const struct sandbox_profile *profile = sandbox_profile("inspect");
	struct setup s = {
		.n_workers = 1, .folder = STR(""), .chroot = STR("")
	};
	struct err err = ERR_INIT;
	struct stats *stats;
	struct bundle none;
	int fds[2];

	inspect.cage[0] = '\0';
	if (geteuid() == 0) {
		str_copy(inspect.cage, sizeof(inspect.cage),
		    STR("/tmp/postern-trace.XXXXXX"));
		if (mkdtemp(inspect.cage) == NULL) {
			inspect.cage[0] = '\0';
			return false;
		}
		sandbox_account(profile, &s.uid, &s.gid);
		s.chroot = str_of(inspect.cage);
	}
	bundle_from_text(
	    &none, "postern.yaml", STR("hostname: trace.invalid\n"));
	fds[0] = bundle_to_fd(&none, &err);
	bundle_free(&none);
	stats = stats_create(&fds[1], &err);
	if (stats != NULL)
		stats_unmap(&stats);
	if (fds[0] == -1 || fds[1] == -1)
		return false;
	ipc_send_fds(inspect.channel, IPC_SETUP, 0, &s, fds, 2);
	return true;
}

static bool
connect_peer(void)
{
	static const enum ipc_type said[] = { IPC_INSPECT_TEXT,
		IPC_INSPECT_MEMBER, IPC_INSPECTED };
	struct peer_msg msg = { .kind = PROGRAM_CLEANUP };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return false;
	inspect.peer =
	    ipc_new(inspect.loop, pair[0], "inspect", &as_cleanup, NULL);
	for (size_t i = 0; i < NELEM(said); i++)
		ipc_accept(inspect.peer, said[i]);
	ipc_send_fds(inspect.channel, IPC_PEER, 0, &msg, &pair[1], 1);
	return true;
}

static void
stop(void)
{
	loop_timer_stop(inspect.late);
	part_forget(&inspect.told);
	ipc_free(&inspect.peer);
	ipc_free(&inspect.channel);
	kill(inspect.pid, SIGKILL);
	waitpid(inspect.pid, NULL, 0);
	inspect.pid = 0;
}

/* --- what it says --- */

/* Later ones are signs of life. */
static int
ready(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg, (void)ipc, (void)f, (void)err;
	if (inspect.peer == NULL) {
		inspect.answered = true;
		loop_stop(inspect.loop);
	}
	return 0;
}

static int
frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	int rc = part_take(&inspect.told, f, inspect.fact, inspect.mem, err);

	(void)arg, (void)ipc;
	if (rc == 1) {
		inspect.answered = true;
		loop_stop(inspect.loop);
	}
	return rc == -1 ? -1 : 0;
}

/* The channel is freed behind this. */
static void
lost(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg, (void)err;
	if (ipc == inspect.peer)
		inspect.peer = NULL;
	else
		inspect.channel = NULL;
	loop_stop(inspect.loop);
}

static void
late(void *arg)
{
	(void)arg;
	inspect.too_late = true;
	loop_stop(inspect.loop);
}
