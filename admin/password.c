/* password.c - asking for what nobody may see */
#include "admin/password.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

/* What ends a process while it asks, and must not leave the terminal dark. */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static struct {
	int fd;
	struct termios was;
	struct sigaction old[NELEM(signals)];
} terminal;

static void darken(void);
static void lighten(void);
static void on_signal(int signo);

bool
password_ask(struct tool *t, char out[PASSWORD_MAX])
{
	char again[PASSWORD_MAX];
	bool same;

	if (!isatty(fileno(t->dialogue.in)))
		return dialogue_line(&t->dialogue, out, PASSWORD_MAX);
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
	bool ok;

	fputs(question, t->dialogue.out);
	fflush(t->dialogue.out);
	terminal.fd = fileno(t->dialogue.in);
	if (tcgetattr(terminal.fd, &terminal.was) == -1)
		return false;
	darken();
	ok = dialogue_line(&t->dialogue, out, PASSWORD_MAX);
	lighten();
	/* their number says nothing of what was typed */
	fputs(
	    ok && stars && *out != '\0' ? "********\n" : "\n", t->dialogue.out);
	return ok;
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
