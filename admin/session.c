/* session.c - the connection by which the master knows of us */
#include "admin/session.h"

#include <string.h>

#include "admin/control.h"

#define WAIT_MS   1000
#define STARS     "******"
#define LOG_INPUT 1000 /* of an answer, of a prompt */

static void heard(void *arg, const char *prompt, const char *answer);
static void tell(const struct tool *, const char *what, const char *input,
    const char *prompt);

/* Commands that take a secret as a word, behind this one. */
static const struct {
	const char *command, *word;
} secrets[] = {
	{ "bvconfig", "key" },
};

void
session_begin(struct tool *t, bool shell)
{
	const char *words[] = { "session", shell ? "shell" : "command", NULL };

	t->session = control_keep(t, PROGRAM_MASTER, WAIT_MS);
	if (t->session == -1)
		return;
	control_tell(t->session, words);
	if (!t->asks)
		return;
	t->dialogue.heard = heard;
	t->dialogue.arg = t;
}

void
session_line(struct tool *t, int argc, char **argv, const char *prompt)
{
	struct buf line;
	bool secret = false;

	if (t->session == -1)
		return;
	buf_init(&line, 4 * DIALOGUE_LINE);
	for (int i = 0; i < argc; i++) {
		buf_printf(
		    &line, "%s%s", i > 0 ? " " : "", secret ? STARS : argv[i]);
		for (size_t k = 0; k < sizeof(secrets) / sizeof(*secrets); k++)
			secret |= i == 1 &&
				  strcmp(argv[0], secrets[k].command) == 0 &&
				  strcmp(argv[1], secrets[k].word) == 0;
	}
	tell(t, "entered", line.len > 0 ? line.data : "", prompt);
	buf_fini(&line);
}

static void
heard(void *arg, const char *prompt, const char *answer)
{
	tell(arg, "answered", answer != NULL ? answer : STARS, prompt);
}

static void
tell(const struct tool *t, const char *what, const char *input,
    const char *prompt)
{
	char text[2][LOG_INPUT];
	const char *words[] = { what, text[0], text[1], NULL };

	str_copy(text[0], sizeof(text[0]), str_of(input));
	str_copy(text[1], sizeof(text[1]), str_of(prompt));
	control_tell(t->session, words);
}
