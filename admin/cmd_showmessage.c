/* cmd_showmessage.c - `showmessage` (delivery-admin 3.6) */
#include "admin/commands.h"
#include "admin/message.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_showmessage = {
	.name = "showmessage",
	.usage = "MID",
	.summary = "Show a message of the queue",
	.help = "Shows header and body of a message, by its message id. On a "
		"terminal control characters are shown escaped. With --json, "
		"what the queue knows of the message instead of its text.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct control_answer answer;
	struct err err = ERR_INIT;
	uint64_t mid;
	int status;

	if (argc > 2)
		return tool_usage(t, NULL);
	status = message_mid(t, argv[1], "Enter the MID to show.", &mid);
	if (status != TOOL_DONE)
		return status;
	if (message_fetch(t, mid, &answer, &err) == -1)
		return tool_fail(t, &err);
	if (t->json)
		tool_print_json(t, answer.json);
	else if (message_print(t, &answer, false, &err) == -1)
		status = tool_fail(t, &err);
	control_answer_fini(&answer);
	return status;
}
