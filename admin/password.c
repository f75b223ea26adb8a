/* password.c - asking for what nobody may see */
#include "admin/password.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/secrets.h"

/* What ends a process while it asks, and must not leave the terminal dark. */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static struct {
	int fd;
	struct termios was;
	struct sigaction old[NELEM(signals)];
} terminal;

enum read_end { READ_DONE, READ_TOO_LONG, READ_NOTHING };

static enum read_end read_line(struct tool *, char out[PASSWORD_MAX]);
static void darken(void);
static void lighten(void);
static void on_signal(int signo);

bool
password_ask(struct tool *t, char out[PASSWORD_MAX])
{
	char again[PASSWORD_MAX];
	bool same;

	if (!isatty(fileno(t->dialogue.in)))
		return read_line(t, out) == READ_DONE;
	do {
		if (!password_line(t, "Password: ", false, out) ||
		    !password_line(t, "Again: ", false, again))
			return false;
		same = strcmp(out, again) == 0;
		if (!same)
			fputs("They differ.\n", t->dialogue.out);
	} while (!same);
	explicit_bzero(again, sizeof(again));
	return true;
}

bool
password_line(
    struct tool *t, const char *question, bool stars, char out[PASSWORD_MAX])
{
	enum read_end end;

	do {
		terminal.fd = fileno(t->dialogue.in);
		if (tcgetattr(terminal.fd, &terminal.was) == -1)
			return false;
		/* before it is asked: no answer is shown, and none lost */
		darken();
		fputs(question, t->dialogue.out);
		fflush(t->dialogue.out);
		t->dialogue.prompt = question;
		end = read_line(t, out);
		lighten();
		/* their number says nothing of what was typed */
		fputs(end == READ_DONE && stars && *out != '\0' ? "********\n"
								: "\n",
		    t->dialogue.out);
	} while (end == READ_TOO_LONG);
	return end == READ_DONE;
}

bool
password_next(struct tool *t, char out[PASSWORD_MAX])
{
	return read_line(t, out) == READ_DONE;
}

int
password_to_file(struct tool *t, struct str name)
{
	char password[PASSWORD_MAX + 2], file[FILE_NAME_MAX + 10];
	struct err err = ERR_INIT;
	size_t n;
	int rc;

	if (!password_ask(t, password))
		return tool_abandoned(t);
	n = strlen(password);
	password[n] = '\n';
	snprintf(file, sizeof(file), "secrets/%.*s", STR_ARG(name));
	rc = n == 0 ? err_set(&err, ERR_USAGE, "the passphrase is empty")
		    : secrets_write(t->paths.etc, str_of(file),
			  (struct str){ password, n + 1 }, &err);
	explicit_bzero(password, sizeof(password));
	return rc == -1 ? tool_fail(t, &err) : TOOL_DONE;
}

/* Half of it would be another one. */
static enum read_end
read_line(struct tool *t, char out[PASSWORD_MAX])
{
	char line[DIALOGUE_LINE];
	enum read_end end = READ_DONE;
	bool there;

	t->dialogue.secret = true;
	there = dialogue_line(&t->dialogue, line, sizeof(line));
	t->dialogue.secret = false;
	if (!there)
		return READ_NOTHING;
	if (!str_copy(out, PASSWORD_MAX, str_of(line))) {
		fprintf(stderr, "That is too long: %d bytes at most.\n",
		    PASSWORD_MAX - 1);
		explicit_bzero(out, PASSWORD_MAX);
		end = READ_TOO_LONG;
	}
	explicit_bzero(line, sizeof(line));
	return end;
}

static void
darken(void)
{
	struct sigaction sa = { .sa_handler = on_signal,
		.sa_flags = (int)SA_RESETHAND };
	struct termios dark = terminal.was;

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < NELEM(signals); i++)
		sigaction(signals[i], &sa, &terminal.old[i]);
	dark.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(terminal.fd, TCSAFLUSH, &dark);
}

static void
lighten(void)
{
	tcsetattr(terminal.fd, TCSAFLUSH, &terminal.was);
	for (size_t i = 0; i < NELEM(signals); i++)
		sigaction(signals[i], &terminal.old[i], NULL);
}

/* It ends the process when this returns. */
static void
on_signal(int signo)
{
	tcsetattr(terminal.fd, TCSANOW, &terminal.was);
	raise(signo);
}
