/* cmd_resetconfig.c - `resetconfig` (delivery-admin 4.2) */
#include <errno.h>
#include <stdio.h>

#include "admin/commands.h"
#include "admin/factory_reset.h"
#include "admin/fields.h"
#include "admin/suspend.h"

static int run(struct tool *, int argc, char **argv);
static int is_offline(struct tool *, bool *offline, struct err *err);
static int reset(struct tool *);

const struct tool_command cmd_resetconfig = {
	.name = "resetconfig",
	.usage = "[--yes]",
	.summary = "Go back to the configuration that was installed",
	.help = "Makes the configuration that comes with Postern the working "
		"copy and commits it. Only the name of the host stays, and "
		"files below secrets/ are left alone. Receiving and delivery "
		"must have been suspended before (suspend), and stay so. It "
		"asks, unless --yes is said; rollbackconfig brings back what "
		"was in force.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	bool yes = false, offline;
	const struct tool_option options[] = { { "--yes", NULL, &yes } };
	struct err err = ERR_INIT;

	if (!tool_options(t, options, 1, &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_usage(t, NULL);
	if (is_offline(t, &offline, &err) == -1)
		return tool_fail(t, &err);
	if (!offline) {
		fputs("Receiving and delivery must be suspended first; use "
		      "\"suspend\".\n",
		    stderr);
		return TOOL_NEGATIVE;
	}
	if (!yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (!yes && !dialogue_yes(&t->dialogue,
			"Are you sure you want to reset all configuration "
			"values?",
			false, &yes))
		return tool_abandoned(t);
	return yes ? reset(t) : TOOL_NEGATIVE;
}

/* What does not run is as good as suspended. */
static int
is_offline(struct tool *t, bool *offline, struct err *err)
{
	static const char *const words[] = { "queue", NULL };
	struct control_answer answer;
	json_t *open = suspend_listeners(t, false, err);

	*offline = err->sys == ECONNREFUSED;
	if (open == NULL)
		return *offline ? 0 : -1;
	*offline = json_array_size(open) == 0;
	json_decref(open);
	if (!*offline)
		return 0;
	if (control_ask(t, PROGRAM_QMGR, words, &answer, err) == -1)
		return -1;
	*offline =
	    str_is(str_of(fields_text(answer.json, "delivery")), "suspended");
	control_answer_fini(&answer);
	return 0;
}

static int
reset(struct tool *t)
{
	int status = factory_reset(t, true);

	if (status == TOOL_DONE && t->json)
		fputs("{\n  \"reset\": true\n}\n", t->dialogue.out);
	else if (status == TOOL_DONE)
		fputs("All settings have been restored to the factory "
		      "defaults.\n",
		    t->dialogue.out);
	return status;
}
