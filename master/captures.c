/*
 * captures.c - packet captures: one at a time, each a process of its own
 *
 * The master starts postern-capture with what an admin tool asked for, and
 * hands other tools to it. A capture that is attached ends when the tool that
 * started it hangs up; who that is stays connected to the master.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"
#include "master/master.h"
#include "sandbox/sandbox.h"

#define CHANNEL  3
#define ARGS_MAX 40
#define ARG_MAX_ 4200

struct captures {
	pid_t pid; /* 0: none runs */
	struct ipc *ipc;
	struct ipc *owner; /* who started it, and is told; NULL: gone */
	bool attached;     /* ends with the owner */
	bool begun;
	bool web;     /* a page started it, and pages alone see it */
	time_t named; /* of the last */
	char name[160];
};

struct arguments {
	char *v[ARGS_MAX];
	size_t n;
};

static void answer_state(const struct master *, struct ipc *, bool web);
static bool fits(const struct master *, uint64_t size, struct err *);
static uint64_t used(const struct master *);
static int spawn(struct master *, const struct arguments *, struct err *);
static void begin(const struct arguments *, const struct master *, int channel)
    __attribute__((noreturn));
static void name_it(struct captures *, const struct master *);
static bool is_there(const struct master *, const char *name);
static void gather(struct arguments *, const struct master *,
    const struct captures *, const struct str *words, size_t n);
static void add(struct arguments *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static int capture_frame(
    void *, struct ipc *, struct ipc_frame *, struct err *);
static void capture_closed(void *, struct ipc *, const struct err *);
static void tell_log(const struct captures *, const char *what);
static void tell_owner(struct captures *, unsigned status, const char *error);

static const struct ipc_handler handler = {
	.frame = capture_frame,
	.closed = capture_closed,
};

/* Without words: does one run? attached|detached SIZE rotate|stop SECONDS
 * FILTER NAME=DEVICE ...; of a page: interfaces by their names. */
void
captures_start(struct master *m, struct ipc *admin, const struct str *words,
    size_t n, bool web)
{
	struct captures *c = m->captures;
	struct capture_words checked;
	struct arguments args = { .n = 0 };
	struct err err = ERR_INIT;
	uint64_t number, size = 0;

	if (c == NULL)
		c = m->captures = mem_alloc(sizeof(*c));
	if (n == 0) {
		answer_state(m, admin, web);
		return;
	}
	if (web) {
		if (captures_web(m, words, n, &checked, &err) == -1) {
			program_answer(admin, NULL, RESULT_USAGE, err.text);
			return;
		}
		words = checked.v;
		n = checked.n;
	}
	if (n < 6 || n > ARGS_MAX / 2 || !str_u64(words[1], INT64_MAX, &size) ||
	    !str_u64(words[3], INT32_MAX, &number)) {
		program_answer(admin, NULL, RESULT_USAGE,
		    "packetcapture attached|detached SIZE rotate|stop SECONDS "
		    "FILTER NAME=DEVICE ...");
		return;
	}
	if (c->pid != 0) {
		program_answer(admin, NULL, RESULT_NEGATIVE,
		    c->web == web ? "A packet capture is already running."
		    : c->web      ? "A packet capture is already running: it "
				    "was started by the web pages."
				  : "A packet capture is already running: it "
				    "was started on the command line.");
		return;
	}
	if (!fits(m, size, &err)) {
		program_answer(admin, NULL, RESULT_NEGATIVE, err.text);
		return;
	}
	name_it(c, m);
	gather(&args, m, c, words, n);
	c->owner = admin;
	c->attached = str_is(words[0], "attached");
	c->begun = false;
	c->web = web;
	if (spawn(m, &args, &err) == -1) {
		c->owner = NULL;
		program_answer(admin, NULL, RESULT_FAILED, err.text);
	}
	for (size_t i = 0; i < args.n; i++)
		free(args.v[i]);
}

static void
answer_state(const struct master *m, struct ipc *admin, bool web)
{
	const struct captures *c = m->captures;
	bool runs = c->pid != 0 && c->begun;
	char json[160];

	snprintf(json, sizeof(json),
	    "{\"running\":%s,\"other_way\":%s,\"used\":%llu,"
	    "\"quota\":%llu}",
	    runs && c->web == web ? "true" : "false",
	    runs && c->web != web ? "true" : "false",
	    (unsigned long long)used(m),
	    (unsigned long long)m->self.config->capture.quota);
	program_answer(admin, json, RESULT_DONE, NULL);
}

/* Beside those that are there (spec delivery-admin 6.3). */
static bool
fits(const struct master *m, uint64_t size, struct err *err)
{
	uint64_t quota = m->self.config->capture.quota, taken = used(m);

	if (taken <= quota && size <= quota - taken)
		return true;
	err_set(err, ERR_PERM,
	    "Captures take %llu of %llu MB, and this one may take %llu: delete "
	    "some, or raise their quota (diskquotaconfig).",
	    (unsigned long long)(taken >> 20),
	    (unsigned long long)(quota >> 20),
	    (unsigned long long)(size >> 20));
	return false;
}

static uint64_t
used(const struct master *m)
{
	DIR *d = opendir(m->paths.captures);
	const struct dirent *e;
	uint64_t sum = 0;
	struct stat st;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	if (d != NULL)
		closedir(d);
	return sum;
}

const char *
captures_name(const struct master *m)
{
	const struct captures *c = m->captures;

	return c != NULL && c->pid != 0 ? c->name : NULL;
}

bool
captures_hand(struct master *m, const struct admin_msg *who, int fd, bool web)
{
	struct captures *c = m->captures;

	if (c == NULL || c->ipc == NULL || !c->begun || c->web != web)
		return false;
	ipc_send_fds(c->ipc, IPC_ADMIN, 0, who, &fd, 1);
	return true;
}

void
captures_admin_gone(struct master *m, const struct ipc *admin)
{
	struct captures *c = m->captures;

	if (c == NULL || c->owner != admin)
		return;
	c->owner = NULL;
	if (c->attached)
		captures_stop(m);
}

/* It writes what it has, and ends. */
void
captures_stop(struct master *m)
{
	struct stop now = { .wait = 0 };

	if (m->captures != NULL && m->captures->ipc != NULL)
		ipc_send(m->captures->ipc, IPC_STOP, 0, &now);
}

bool
captures_reaped(struct master *m, pid_t pid, int status)
{
	struct captures *c = m->captures;
	char why[80] = "";

	if (c == NULL || c->pid != pid)
		return false;
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "capture was ended by signal %d",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(why, sizeof(why), "capture ended with status %d",
		    WEXITSTATUS(status));
	if (*why != '\0')
		fprintf(stderr, "postern-master: %s\n", why);
	c->pid = 0;
	ipc_free(&c->ipc);
	if (c->begun)
		tell_log(c, *why != '\0' ? why : "ended");
	c->begun = false;
	tell_owner(c, *why != '\0' ? RESULT_FAILED : RESULT_DONE,
	    *why != '\0' ? why : NULL);
	return true;
}

/* --- the process --- */

static int
spawn(struct master *m, const struct arguments *args, struct err *err)
{
	struct captures *c = m->captures;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return err_sys(err, ERR_TEMP, "channel to capture");
	c->pid = fork();
	if (c->pid == 0)
		begin(args, m, pair[1]);
	close(pair[1]);
	if (c->pid == -1) {
		c->pid = 0;
		close(pair[0]);
		return err_sys(err, ERR_TEMP, "start capture");
	}
	c->ipc = ipc_new(m->self.loop, pair[0], "capture", &handler, c);
	ipc_accept(c->ipc, IPC_RESULT);
	return 0;
}

static void
begin(const struct arguments *args, const struct master *m, int channel)
{
	static const char *const passed[] = { "TZ", "ASAN_OPTIONS" };
	char path[PATH_MAX + 32], *envp[NELEM(passed) + 1] = { NULL };
	sigset_t none;
	size_t n = 0;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	snprintf(path, sizeof(path), "%s/postern-capture", m->bin);
	for (size_t i = 0; i < NELEM(passed); i++) {
		char *value = getenv(passed[i]);

		if (value != NULL)
			envp[n++] = value - strlen(passed[i]) - 1;
	}
	if (channel == CHANNEL)
		fcntl(channel, F_SETFD, 0);
	else if (dup2(channel, CHANNEL) == -1)
		_exit(126);
	execve(path, args->v, envp);
	fprintf(stderr, "postern-master: %s: %s\n", path, strerror(errno));
	_exit(127);
}

/* mail3.example.com-20250304-111533.cap; two of one second have different
 * names all the same. */
static void
name_it(struct captures *c, const struct master *m)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct str host = str_sub(m->self.config->hostname, 0, 60);
	char when[32];
	struct tm tm;

	if (now <= c->named)
		now = c->named + 1;
	/* the last may be one of an earlier life of ours */
	do {
		c->named = now++;
		localtime_r(&c->named, &tm);
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
		snprintf(c->name, sizeof(c->name), "%.*s-%s.cap", STR_ARG(host),
		    when);
	} while (is_there(m, c->name));
}

/* Its first part may be gone; there is another then. */
static bool
is_there(const struct master *m, const char *name)
{
	DIR *d = opendir(m->paths.captures);
	const struct dirent *e;
	bool there = false;

	while (d != NULL && !there && (e = readdir(d)) != NULL)
		there = str_starts(str_of(e->d_name), str_of(name));
	if (d != NULL)
		closedir(d);
	return there;
}

static void
gather(struct arguments *a, const struct master *m, const struct captures *c,
    const struct str *words, size_t n)
{
	unsigned uid, gid;

	add(a, "postern-capture");
	add(a, "--folder=%s", m->paths.captures);
	add(a, "--name=%s", c->name);
	add(a, "--size=%.*s", STR_ARG(words[1]));
	if (str_is(words[2], "stop"))
		add(a, "--full-stops");
	add(a, "--duration=%.*s", STR_ARG(words[3]));
	add(a, "--filter=%.*s", STR_ARG(words[4]));
	if (m->sandbox_log)
		add(a, "--sandbox-log");
	if (m->root) {
		sandbox_account(sandbox_profile("capture"), &uid, &gid);
		add(a, "--chroot=%s", m->paths.chroot);
		add(a, "--uid=%u", uid);
		add(a, "--gid=%u", gid);
	}
	add(a, "--");
	for (size_t i = 5; i < n; i++)
		add(a, "%.*s", STR_ARG(words[i]));
}

static void
add(struct arguments *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n == ARGS_MAX - 1)
		return;
	a->v[a->n] = mem_alloc(ARG_MAX_);
	va_start(ap, fmt);
	vsnprintf(a->v[a->n++], ARG_MAX_, fmt, ap);
	va_end(ap);
}

/* It has begun, or says why not. */
static int
capture_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct captures *c = arg;
	struct result r;
	char why[TEXT_MAX + 1], *text;
	json_t *j;

	(void)ipc;
	if (ipc_decode(f, &r, NULL, err) == -1)
		return -1;
	if (r.status != RESULT_DONE) {
		str_copy(why, sizeof(why), r.error);
		tell_owner(c, r.status, why);
		return 0;
	}
	c->begun = true;
	tell_log(c, "begins");
	if (c->owner == NULL)
		return 0;
	j = json_pack("{s:s, s:b}", "file", c->name, "attached", c->attached);
	text = json_dumps(j, JSON_COMPACT);
	if (text == NULL)
		panic("json");
	program_answer(c->owner, text, RESULT_DONE, NULL);
	free(text);
	json_decref(j);
	if (!c->attached)
		c->owner = NULL;
	return 0;
}

static void
capture_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	struct captures *c = arg;

	(void)ipc, (void)err;
	c->ipc = NULL;
	if (c->pid != 0)
		kill(c->pid, SIGTERM); /* should it still be there */
}

static void
tell_log(const struct captures *c, const char *what)
{
	char text[300];

	snprintf(text, sizeof(text), "Packet capture %s: %s", c->name, what);
	EMIT(NOTICE, .text = str_of(text));
}

/* The last word: that there is no capture, or no more. */
static void
tell_owner(struct captures *c, unsigned status, const char *error)
{
	if (c->owner != NULL)
		program_answer(c->owner, NULL, status, error);
	c->owner = NULL;
}
