/* cmd_clearchanges.c - `clearchanges` (delivery-admin 4.2) */
#include <stdio.h>

#include "admin/commands.h"
#include "base/clock.h"
#include "config/revision.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_clearchanges = {
	.name = "clearchanges",
	.usage = "[--yes]",
	.summary = "Drop what was changed since the last commit",
	.help = "Puts the configuration in force back into the working copy. "
		"What was changed there and not committed is lost, so it asks "
		"before, unless --yes is said.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	bool yes = false;
	const struct tool_option options[] = { { "--yes", NULL, &yes } };
	struct err err = ERR_INIT;
	char text[CLOCK_TEXT];
	uint64_t number;
	int64_t now;

	if (!tool_options(t, options, 1, &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_usage(t, NULL);
	if (!yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (!yes &&
	    !dialogue_yes(&t->dialogue,
		"Are you sure you want to clear all changes since the last "
		"commit?",
		true, &yes))
		return tool_abandoned(t);
	if (!yes)
		return TOOL_NEGATIVE;
	if (!revision_current(t->paths.state, &number, &err) ||
	    revision_restore(t->paths.etc, t->paths.state, number, &err) == -1)
		return tool_fail(t, &err);
	now = clock_wall_ms();
	if (t->json)
		fprintf(t->dialogue.out, "{\n  \"changes_cleared\": %lld\n}\n",
		    (long long)now);
	else
		fprintf(t->dialogue.out, "Changes cleared: %s\n",
		    clock_status(now, text));
	return TOOL_DONE;
}
