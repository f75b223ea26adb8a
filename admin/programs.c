/* programs.c - other programs of this system, run by tools */
#include "admin/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/control.h"

#define INPUT_MAX 4096 /* fits into a pipe: nobody waits */
#define PROC_MAX  1024

static char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:"
					     "/bin",
	(char *)"LC_ALL=C", NULL };

static const char *stat_of(pid_t, char text[PROC_MAX]);
static bool read_proc(pid_t, const char *name, char text[PROC_MAX]);
static int feed(const char *in);
static void become(const char *const argv[], int in, int out)
    __attribute__((noreturn));
static void last_line(const struct buf *, char out[200]);

bool
programs_find(const struct tool *t, const char *installed, char out[PATH_MAX])
{
	int n = t->root == NULL ? snprintf(out, PATH_MAX, "%s", installed)
				: snprintf(out, PATH_MAX, "%s/bin%s", t->root,
				      strrchr(installed, '/'));

	return n > 0 && n < PATH_MAX && access(out, X_OK) == 0;
}

int
programs_run(
    const char *const argv[], const char *in, struct buf *out, struct err *err)
{
	int from = feed(in), fds[2], status;
	char line[200];
	ssize_t n;
	pid_t pid;

	if (from == -1)
		return err_sys(err, ERR_TEMP, "a pipe");
	if (pipe2(fds, O_CLOEXEC) == -1) {
		close(from);
		return err_sys(err, ERR_TEMP, "a pipe");
	}
	pid = fork();
	if (pid == 0)
		become(argv, from, fds[1]);
	close(from);
	close(fds[1]);
	while (pid != -1) {
		char part[4096];

		n = read(fds[0], part, sizeof(part));
		if (n == 0 || (n == -1 && errno != EINTR))
			break;
		if (n > 0) /* what is too much is dropped */
			buf_add(out, part, (size_t)n);
	}
	close(fds[0]);
	if (pid == -1)
		return err_sys(err, ERR_TEMP, "run %s", argv[0]);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return err_sys(err, ERR_TEMP, "wait for %s", argv[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	last_line(out, line);
	return err_set(err, ERR_TEMP, "%s failed: %s", argv[0],
	    *line != '\0' ? line : "it does not say why");
}

/* The 22nd field of /proc/PID/stat. */
int64_t
programs_began(pid_t pid)
{
	char text[PROC_MAX], state;
	const char *p = pid > 1 ? stat_of(pid, text) : NULL;
	int64_t ticks = 0;

	if (p == NULL ||
	    sscanf(p,
		" %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		"%*s %*s %*s %*s %" SCNd64,
		&state, &ticks) != 2 ||
	    state == 'Z')
		return 0;
	return ticks;
}

/* The 14th and 15th field; of statm all that is resident, and shared. */
bool
programs_use(pid_t pid, struct programs_use *use)
{
	char text[PROC_MAX];
	const char *p = stat_of(pid, text);
	int64_t user, system, resident, shared;

	if (p == NULL ||
	    sscanf(p,
		" %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNd64
		" %" SCNd64,
		&user, &system) != 2)
		return false;
	if (!read_proc(pid, "statm", text) ||
	    sscanf(text, "%*s %" SCNd64 " %" SCNd64, &resident, &shared) != 2)
		return false;
	use->cpu_ms = (user + system) * 1000 / sysconf(_SC_CLK_TCK);
	use->memory = (resident - shared) * sysconf(_SC_PAGESIZE);
	return true;
}

void
programs_note(struct tool *t, const char *word)
{
	const char *words[] = { "note", word, NULL };
	struct control_answer answer = { .fd = -1 };
	struct err err = ERR_INIT;

	if (control_ask(t, PROGRAM_MASTER, words, &answer, &err) == -1)
		fprintf(stderr, "Not in the logs: %s\n", err.text);
	control_answer_fini(&answer);
}

/* /proc/PID/stat behind the name, which may hold anything up to the last
 * parenthesis. NULL: there is no such process. */
static const char *
stat_of(pid_t pid, char text[PROC_MAX])
{
	const char *p =
	    read_proc(pid, "stat", text) ? strrchr(text, ')') : NULL;

	return p != NULL ? p + 1 : NULL;
}

static bool
read_proc(pid_t pid, const char *name, char text[PROC_MAX])
{
	char path[40];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, text, PROC_MAX - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* The end to read from, with all of it in. */
static int
feed(const char *in)
{
	size_t n = in != NULL ? strlen(in) : 0;
	int fds[2];

	if (n > INPUT_MAX || pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	if (n > 0 && write(fds[1], in, n) != (ssize_t)n) {
		close(fds[0]);
		fds[0] = -1;
	}
	close(fds[1]);
	return fds[0];
}

/* Our descriptors are closed on exec; these three are not. */
static void
become(const char *const argv[], int in, int out)
{
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	if (dup2(in, 0) != -1 && dup2(out, 1) != -1 && dup2(out, 2) != -1)
		execve(argv[0], (char *const *)argv, environment);
	_exit(127);
}

static void
last_line(const struct buf *b, char out[200])
{
	struct str rest = str_trim(buf_str(b)), line = STR("");

	while (rest.n > 0)
		line = str_trim(str_cut(&rest, '\n'));
	str_escape(out, 200, line, 150);
}
