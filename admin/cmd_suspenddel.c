/* cmd_suspenddel.c - `suspenddel`, `resumedel` (delivery-admin 3.5) */
#include "admin/commands.h"
#include "admin/suspend.h"

static int run_suspend(struct tool *, int argc, char **argv);
static int run_resume(struct tool *, int argc, char **argv);

const struct tool_command cmd_suspenddel = {
	.name = "suspenddel",
	.usage = "[SECONDS]",
	.summary = "Stop delivering",
	.help = "Stops outgoing delivery. Connections that are open may finish "
		"within SECONDS (30 if not given), then they are cut. "
		"Receiving goes on. Stays so over a restart, until resumedel.",
	.run = run_suspend,
};

const struct tool_command cmd_resumedel = {
	.name = "resumedel",
	.usage = "",
	.summary = "Deliver again",
	.help = "Ends what suspenddel began.",
	.run = run_resume,
};

static int
run_suspend(struct tool *t, int argc, char **argv)
{
	uint64_t seconds;
	int status;

	if (argc > 2)
		return tool_usage(t, NULL);
	status = suspend_wait(t, argv[1], &seconds);
	return status == TOOL_DONE ? suspend_delivery(t, seconds) : status;
}

static int
run_resume(struct tool *t, int argc, char **argv)
{
	(void)argv;
	return argc > 1 ? tool_usage(t, NULL) : suspend_resume_delivery(t);
}
