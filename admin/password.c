/* password.c - asking for what nobody may see */
#include "admin/password.h"

#include <string.h>
#include <termios.h>
#include <unistd.h>

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
	int fd = fileno(t->dialogue.in);
	struct termios was, dark;
	bool ok;

	fputs(question, t->dialogue.out);
	fflush(t->dialogue.out);
	if (tcgetattr(fd, &was) == -1)
		return false;
	dark = was;
	dark.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &dark);
	ok = dialogue_line(&t->dialogue, out, PASSWORD_MAX);
	tcsetattr(fd, TCSAFLUSH, &was);
	/* their number says nothing of what was typed */
	fputs(
	    ok && stars && *out != '\0' ? "********\n" : "\n", t->dialogue.out);
	return ok;
}
