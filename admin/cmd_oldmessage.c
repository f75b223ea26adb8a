/* cmd_oldmessage.c - `oldmessage` (delivery-admin 3.6) */
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/message.h"
#include "base/clock.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_oldmessage = {
	.name = "oldmessage",
	.usage = "",
	.summary = "Show the oldest message in the queue",
	.help = "Shows the message id, the age and the header of the oldest "
		"message in the delivery queue; internal destinations do not "
		"count.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "oldmessage", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;
	char age[CLOCK_TEXT];
	int status = TOOL_DONE;

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	if (control_ask(t, PROGRAM_QMGR, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	if (t->json) {
		tool_print_json(t, answer.json);
	} else {
		fprintf(t->dialogue.out, "MID %lld: %s old\n",
		    (long long)fields_num(answer.json, "mid"),
		    clock_age(fields_num(answer.json, "age"), age));
		if (answer.fd != -1 &&
		    message_print(t, &answer, true, &err) == -1)
			status = tool_fail(t, &err);
	}
	control_answer_fini(&answer);
	return status;
}
