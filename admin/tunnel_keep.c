/* tunnel_keep.c - the process that keeps a tunnel */
#include "admin/tunnel_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_SIZE 512
#define PAUSE_MAX 60 /* seconds between two attempts */
#define LOG_MAX   (1 << 20)
#define ALLOCATED "Allocated port "

struct keeper {
	const struct tunnel_job *job;
	int64_t end; /* monotonic ms */
	int log;
	bool was; /* connected, once */
	bool is;
	char line[LINE_SIZE]; /* of ssh, as far as it came */
	size_t n;
};

static int become(const struct tunnel_job *);
static bool session(struct keeper *);
static pid_t start(const struct keeper *, int *out);
static void follow(struct keeper *, int from);
static void take(struct keeper *, const char *part, size_t n);
static void take_line(struct keeper *);
static bool pause_for(struct keeper *, int64_t ms, int fd);
static void on_signal(int);

static volatile sig_atomic_t told_to_end;
static char *const environment[] = { (char *)"PATH=/usr/bin:/bin",
	(char *)"LC_ALL=C", NULL };

void
tunnel_keep(const struct tunnel_job *job)
{
	struct keeper k = { .job = job };
	struct sigaction on = { .sa_handler = on_signal };
	int64_t pause = 1;

	if (become(job) == -1)
		_exit(1);
	k.log = open(TUNNEL_LOG,
	    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	k.end = clock_mono_ms() + job->seconds * 1000;
	sigaction(SIGTERM, &on, NULL);
	while (session(&k) || k.was) {
		if (k.is)
			pause = 1;
		k.is = false;
		(void)unlink(TUNNEL_PORT);
		if (told_to_end || !pause_for(&k, pause * 1000, -1))
			break;
		pause = pause < PAUSE_MAX / 2 ? pause * 2 : PAUSE_MAX;
	}
	(void)unlink(TUNNEL_PORT);
	(void)unlink(TUNNEL_KEY);
	_exit(k.was ? 0 : 1);
}

/* What there was of a person's terminal is gone; so are all rights. */
static int
become(const struct tunnel_job *job)
{
	sigset_t none;
	int null;

	(void)close_range(3, ~0U, 0);
	(void)setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	umask(077);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1 || dup2(null, 0) == -1 || dup2(null, 1) == -1 ||
	    dup2(null, 2) == -1 || chdir(job->folder) == -1)
		return -1;
	if (job->uid != 0 &&
	    (setgroups(0, NULL) == -1 ||
		setresgid(job->gid, job->gid, job->gid) == -1 ||
		setresuid(job->uid, job->uid, job->uid) == -1))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* One connection, to its end. False: there was none. */
static bool
session(struct keeper *k)
{
	int from = -1, status;
	pid_t pid = start(k, &from);

	if (pid == -1)
		return false;
	k->n = 0;
	follow(k, from);
	close(from);
	(void)kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return k->is;
}

/* It ends with us, however we do. */
static pid_t
start(const struct keeper *k, int *out)
{
	int fds[2];
	pid_t pid, self = getpid();

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)signal(SIGTERM, SIG_DFL);
		if (getppid() == self && dup2(fds[1], 2) != -1)
			execve(k->job->argv[0], (char *const *)k->job->argv,
			    environment);
		_exit(127);
	}
	close(fds[1]);
	if (pid == -1)
		close(fds[0]);
	*out = fds[0];
	return pid;
}

/* Until it says no more, the time is over, or we are told to end. */
static void
follow(struct keeper *k, int from)
{
	char part[LINE_SIZE];
	ssize_t n;

	while (pause_for(k, INT64_MAX, from)) {
		n = read(from, part, sizeof(part));
		if (n <= 0)
			break;
		take(k, part, (size_t)n);
	}
}

static void
take(struct keeper *k, const char *part, size_t n)
{
	off_t size = k->log != -1 ? lseek(k->log, 0, SEEK_END) : LOG_MAX;

	if (size >= 0 && size < LOG_MAX)
		(void)!write(k->log, part, n);
	for (size_t i = 0; i < n; i++) {
		if (part[i] == '\n') {
			k->line[k->n] = '\0';
			take_line(k);
			k->n = 0;
		} else if (k->n < LINE_SIZE - 1) {
			k->line[k->n++] = part[i];
		}
	}
}

/* "Allocated port 43211 for remote forward to localhost:22" */
static void
take_line(struct keeper *k)
{
	const char *at = strstr(k->line, ALLOCATED);
	unsigned port;
	int fd;

	if (at == NULL || sscanf(at + strlen(ALLOCATED), "%5u", &port) != 1)
		return;
	fd = open(TUNNEL_PORT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	dprintf(fd, "%u\n", port);
	close(fd);
	k->was = k->is = true;
}

/* Waits that long, or until there is something to read. False: it is over. */
static bool
pause_for(struct keeper *k, int64_t ms, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = k->end - clock_mono_ms();
	struct timespec t;
	sigset_t before, term;
	int rc = -1;

	if (left <= 0)
		return false;
	if (left < ms)
		ms = left;
	t = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	if (!told_to_end)
		rc = ppoll(&p, 1, &t, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !told_to_end && (fd == -1 ? clock_mono_ms() < k->end : rc > 0);
}

static void
on_signal(int signal)
{
	(void)signal;
	told_to_end = 1;
}
