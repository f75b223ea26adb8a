/* cmd_antivirusstatus.c - `antivirusstatus` (spec workqueue 6.6) */
#include "admin/commands.h"
#include "admin/engines.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_antivirusstatus = {
	.name = "antivirusstatus",
	.usage = "",
	.summary = "Show version and rules of the virus scanner",
	.help =
	    "Asks the virus scanner itself: which engine and version it is, "
	    "and how old its signatures are, as far as it tells; and when it "
	    "last answered.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	return engines_status(t, argc, argv[0]);
}
