/* cmd_antispamstatus.c - `antispamstatus` (spec workqueue 5.5) */
#include "admin/commands.h"
#include "admin/engines.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_antispamstatus = {
	.name = "antispamstatus",
	.usage = "",
	.summary = "Show version and rules of the spam scanner",
	.help = "Asks the spam scanner itself: which engine and version it is, "
		"and how old its rules are, as far as it tells; and when it "
		"last answered.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	return engines_status(t, argc, argv[0]);
}
