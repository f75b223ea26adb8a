/* cmd_removemessage.c - `removemessage` (delivery-admin 3.6) */
#include <inttypes.h>
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/message.h"
#include "base/clock.h"

static int run(struct tool *, int argc, char **argv);
static int confirm(struct tool *, uint64_t mid, bool *yes);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_removemessage = {
	.name = "removemessage",
	.usage = "[--yes] MID",
	.summary = "Remove a message from the queue",
	.help = "Shows age and header of a message and asks whether to remove "
		"it; its remaining recipients then count as deleted and nobody "
		"is notified. --yes does not ask. A message that is being "
		"delivered right now is not removed.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	bool yes = false;
	const struct tool_option options[] = { { "--yes", NULL, &yes } };
	char text[32];
	const char *words[] = { "removemessage", text, NULL };
	uint64_t mid;
	int status;

	if (!tool_options(t, options, 1, &argc, argv))
		return TOOL_USAGE;
	if (argc > 2)
		return tool_usage(t, NULL);
	status = message_mid(t, argv[1], "Enter the MID to remove.", &mid);
	if (status != TOOL_DONE)
		return status;
	if (!yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (!yes) {
		status = confirm(t, mid, &yes);
		if (status != TOOL_DONE || !yes)
			return status != TOOL_DONE ? status : TOOL_NEGATIVE;
	}
	snprintf(text, sizeof(text), "%" PRIu64, mid);
	return control_show(t, PROGRAM_QMGR, words, render);
}

static int
confirm(struct tool *t, uint64_t mid, bool *yes)
{
	struct control_answer answer;
	struct err err = ERR_INIT;
	char age[CLOCK_TEXT];
	int status = TOOL_DONE;

	if (message_fetch(t, mid, &answer, &err) == -1)
		return tool_fail(t, &err);
	fprintf(t->dialogue.out, "MID %" PRIu64 ": %s old\n", mid,
	    clock_age(fields_num(answer.json, "age"), age));
	if (message_print(t, &answer, true, &err) == -1)
		status = tool_fail(t, &err);
	control_answer_fini(&answer);
	if (status == TOOL_DONE &&
	    !dialogue_yes(&t->dialogue, "Remove this message?", false, yes))
		status = tool_abandoned(t);
	return status;
}

static void
render(const json_t *answer, struct buf *out)
{
	buf_printf(out, "MID %lld has been removed (recipients: %lld).\n",
	    (long long)fields_num(answer, "mid"),
	    (long long)fields_num(answer, "deleted_recipients"));
}
