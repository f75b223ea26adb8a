/* shell.c - `postern` without a command: a prompt */
#include <editline/readline.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/session.h"
#include "admin/shell.h"
#include "base/bounds.h"
#include "config/revision.h"

#define HISTORY_MAX 500

static volatile sig_atomic_t interrupted;

static int interactive(struct tool *);
static int batch(struct tool *);
static bool run_line(
    struct tool *, char *line, const char *prompt, int *status);
static int run_apart(struct tool *, int argc, char **argv);
static void on_interrupt(int signo);
static void catch_interrupts(void (*handler)(int));
static void make_prompt(const struct tool *, char *out, size_t size);
static char **complete(const char *text, int start, int end);
static char *next_command(const char *text, int state);

int
shell_run(struct tool *t)
{
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, t->kept) == -1)
		t->kept[0] = t->kept[1] = -1;
	session_begin(t, t->asks);
	return t->asks ? interactive(t) : batch(t);
}

static int
interactive(struct tool *t)
{
	char prompt[DOMAIN_MAX + 3], name[] = "postern";
	int status = TOOL_DONE;
	bool more = true;

	printf("Postern %s for Email\n"
	       "Welcome to the Postern mail gateway\n",
	    POSTERN_VERSION);
	/* Commands are processes of their own; what one shall find again, the
	 * next time, stands in a file without a name. */
	t->memory = memfd_create("postern shell", MFD_CLOEXEC);
	make_prompt(t, prompt, sizeof(prompt));
	rl_readline_name = name;
	rl_attempted_completion_function = complete;
	using_history();
	stifle_history(HISTORY_MAX);
	while (more) {
		char *line;

		interrupted = 0;
		catch_interrupts(on_interrupt);
		line = readline(prompt);
		if (line == NULL) {
			putchar('\n');
			more = interrupted;
			continue;
		}
		if (*line != '\0')
			add_history(line);
		more = run_line(t, line, prompt, &status);
		free(line);
	}
	return status;
}

static int
batch(struct tool *t)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int status = TOOL_DONE;

	while ((n = getline(&line, &cap, t->dialogue.in)) != -1) {
		if (n != 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (!run_line(t, line, NULL, &status))
			break;
	}
	free(line);
	return status;
}

/* prompt: a person saw that; NULL: nobody. False: the shell shall end. */
static bool
run_line(struct tool *t, char *line, const char *prompt, int *status)
{
	char *argv[SHELL_WORDS_MAX + 1];
	struct err err = ERR_INIT;
	int argc = shell_words(line, argv, &err);

	if (argc == -1) {
		*status = tool_fail(t, &err);
		return true;
	}
	if (argc == 0)
		return true;
	session_line(t, argc, argv, prompt != NULL ? prompt : "");
	if (strcmp(argv[0], "exit") == 0 || strcmp(argv[0], "quit") == 0)
		return false;
	*status = prompt != NULL ? run_apart(t, argc, argv)
				 : commands_run(t, argc, argv);
	return true;
}

/*
 * In a process of its own: Ctrl-C ends it wherever it is, with nothing half
 * entered left over, and the shell goes on.
 */
static int
run_apart(struct tool *t, int argc, char **argv)
{
	int status;
	pid_t pid;

	fflush(NULL);
	catch_interrupts(SIG_IGN);
	pid = fork();
	if (pid == -1) {
		perror("fork");
		return TOOL_FAILED;
	}
	if (pid == 0) {
		catch_interrupts(SIG_DFL);
		status = commands_run(t, argc, argv);
		fflush(NULL);
		_exit(status);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return TOOL_FAILED;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGINT)
		putchar('\n');
	else
		fprintf(stderr, "%s ended: %s\n", argv[0],
		    strsignal(WTERMSIG(status)));
	return TOOL_NEGATIVE;
}

static void
on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

/* Without SA_RESTART, so that reading the line ends. */
static void
catch_interrupts(void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
}

/* The name of the gateway as configured; else that of the machine. */
static void
make_prompt(const struct tool *t, char *out, size_t size)
{
	char host[DOMAIN_MAX + 1] = "";
	struct config *cf = NULL;
	struct bundle b = { 0 };
	uint64_t n = 0;

	if (revision_current(t->paths.state, &n, NULL) && n != 0 &&
	    revision_compiled(&b, t->paths.state, n, NULL) == 0) {
		cf = config_load_simple(&b, n, NULL);
		bundle_free(&b);
	}
	if (cf != NULL && cf->hostname.n != 0)
		str_copy(host, sizeof(host), cf->hostname);
	else if (gethostname(host, sizeof(host) - 1) == -1)
		str_copy(host, sizeof(host), STR("postern"));
	if (cf != NULL)
		config_unref(&cf);
	snprintf(out, size, "%s> ", host);
}

/* Names of commands, as the first word and after "help". */
static char **
complete(const char *text, int start, int end)
{
	struct str before =
	    str_trim(str_sub(str_of(rl_line_buffer), 0, (size_t)start));

	(void)end;
	rl_attempted_completion_over = 1;
	if (before.n != 0 && !str_is(before, "help") && !str_is(before, "?"))
		return NULL;
	return rl_completion_matches(text, next_command);
}

static char *
next_command(const char *text, int state)
{
	static size_t at;
	size_t n = strlen(text);

	if (state == 0)
		at = 0;
	while (commands[at] != NULL)
		if (strncmp(commands[at++]->name, text, n) == 0)
			return strdup(commands[at - 1]->name);
	return NULL;
}
