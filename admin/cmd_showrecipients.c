/* cmd_showrecipients.c - `showrecipients` (delivery-admin 3.1) */
#include <stdio.h>

#include "admin/commands.h"
#include "admin/render.h"
#include "admin/selection.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_showrecipients = {
	.name = "showrecipients",
	.usage = SELECTION_USAGE,
	.summary = "List messages and recipients in the queue",
	.help = "Lists the messages in the delivery queue with their "
		"recipients, oldest first: those to one destination, those of "
		"one envelope sender (\"<>\" is the null sender), one message, "
		"or all. The number in brackets after a recipient's id says "
		"how often delivery was tried.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[4] = { "showrecipients" };
	struct selection s;

	if (argc == 1 && t->asks) {
		if (!selection_ask(t, "show", &s))
			return tool_abandoned(t);
		fputs("Showing messages, please wait.\n\n", t->dialogue.out);
	} else if (!selection_take(&s, argc - 1, argv + 1)) {
		return tool_usage(t, NULL);
	}
	selection_add(&s, words, 1);
	return control_show(t, PROGRAM_QMGR, words, render_recipients);
}
