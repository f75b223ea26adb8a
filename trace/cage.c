/* cage.c - a child process that can look at things and do nothing else */
#include "trace/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mail/charset.h"
#include "sandbox/sandbox.h"

#define RESULT_FD 3
#define SPARE_FD  10 /* out of the way of these two */

/* What the first byte of a result says. */
enum { CAGE_DONE, CAGE_FAILED };

static void child(void (*work)(void *arg, struct buf *out), void *arg,
    const char *cage, int pipe, int fd) __attribute__((noreturn));
static void arrange(int pipe, int fd);
static int enter(const char *cage, struct err *);
static void send_all(int fd, struct str bytes);
static int receive_all(int fd, struct buf *in, struct err *);
static int understand(struct buf *result, int status, struct err *);

int
cage_run(void (*work)(void *arg, struct buf *out), void *arg, int fd,
    struct buf *result, struct err *err)
{
	char cage[] = "/tmp/postern-trace.XXXXXX";
	bool root = geteuid() == 0;
	int fds[2], status = 0, rc;
	pid_t pid;

	if (root && mkdtemp(cage) == NULL)
		return err_sys(err, ERR_TEMP, "make a folder in /tmp");
	if (pipe2(fds, O_CLOEXEC) == -1) {
		err_sys(err, ERR_TEMP, "pipe");
		if (root)
			rmdir(cage);
		return -1;
	}
	/* what the child would read from files is read now */
	tzset();
	json_object_seed(0);
	charset_open_all();
	pid = fork();
	if (pid == 0)
		child(work, arg, root ? cage : NULL, fds[1], fd);
	rc = pid == -1 ? err_sys(err, ERR_TEMP, "fork") : 0;
	close(fds[1]);
	if (rc == 0)
		rc = receive_all(fds[0], result, err);
	close(fds[0]);
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (root)
		rmdir(cage);
	return rc == -1 ? -1 : understand(result, status, err);
}

static void
child(void (*work)(void *arg, struct buf *out), void *arg, const char *cage,
    int pipe, int fd)
{
	struct err err = ERR_INIT;
	struct buf out;

	arrange(pipe, fd);
	buf_init(&out, CAGE_RESULT_MAX);
	if (enter(cage, &err) == -1) {
		buf_putc(&out, CAGE_FAILED);
		buf_puts(&out, err.text);
	} else {
		buf_putc(&out, CAGE_DONE);
		work(arg, &out);
	}
	if (out.failed) {
		buf_reset(&out);
		buf_putc(&out, CAGE_FAILED);
		buf_puts(&out, "there is too much to show");
	}
	send_all(RESULT_FD, buf_str(&out));
	_exit(0);
}

/* Nothing else that the parent has open. */
static void
arrange(int pipe, int fd)
{
	int result = fcntl(pipe, F_DUPFD, SPARE_FD);
	int given = fd != -1 ? fcntl(fd, F_DUPFD, SPARE_FD) : -1;

	if (result == -1 || dup2(result, RESULT_FD) == -1 ||
	    (fd != -1 && (given == -1 || dup2(given, CAGE_FD) == -1)))
		_exit(1);
	close_range((fd != -1 ? CAGE_FD : RESULT_FD) + 1, ~0U, 0);
}

static int
enter(const char *cage, struct err *err)
{
	const struct sandbox_profile *profile = sandbox_profile("trace");
	struct sandbox_options options = { .chroot = cage };

	if (cage != NULL)
		sandbox_account(profile, &options.uid, &options.gid);
	return sandbox_enter(profile, &options, err);
}

static void
send_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n == -1 && errno != EINTR)
			_exit(1);
		if (n > 0)
			bytes = str_sub(bytes, (size_t)n, bytes.n);
	}
}

static int
receive_all(int fd, struct buf *in, struct err *err)
{
	for (;;) {
		char *room = buf_room(in, 65536);
		ssize_t n;

		if (room == NULL)
			return err_set(err, ERR_PERM, "the report is too long");
		n = read(fd, room, 65536);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_TEMP, "read the report");
		if (n == 0)
			return 0;
		buf_grew(in, (size_t)n);
	}
}

static int
understand(struct buf *result, int status, struct err *err)
{
	if (WIFSIGNALED(status))
		return err_set(err, ERR_TEMP,
		    "the process that looked at the message died: %s",
		    strsignal(WTERMSIG(status)));
	if (result->len == 0)
		return err_set(err, ERR_TEMP, "the report is damaged");
	if (result->data[0] != CAGE_DONE) {
		buf_consume(result, 1);
		return err_set(err, ERR_PERM, "%.*s", STR_ARG(buf_str(result)));
	}
	buf_consume(result, 1);
	return 0;
}
