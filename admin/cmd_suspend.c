/* cmd_suspend.c - `suspend`, `resume`: receiving and delivery at once
 * (delivery-admin 3.5) */
#include "admin/commands.h"
#include "admin/suspend.h"

static int run_suspend(struct tool *, int argc, char **argv);
static int run_resume(struct tool *, int argc, char **argv);
static int both(struct tool *, bool suspend, uint64_t seconds);

const struct tool_command cmd_suspend = {
	.name = "suspend",
	.usage = "[SECONDS]",
	.summary = "Stop receiving and delivering",
	.help = "Does what suspendlistener does for all listeners, and what "
		"suspenddel does.",
	.run = run_suspend,
};

const struct tool_command cmd_resume = {
	.name = "resume",
	.usage = "",
	.summary = "Receive and deliver again",
	.help = "Does what resumelistener does for all listeners, and what "
		"resumedel does.",
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
	return status == TOOL_DONE ? both(t, true, seconds) : status;
}

static int
run_resume(struct tool *t, int argc, char **argv)
{
	(void)argv;
	return argc > 1 ? tool_usage(t, NULL) : both(t, false, 0);
}

/* Half of it may have been done before: that is no failure. */
static int
both(struct tool *t, bool suspend, uint64_t seconds)
{
	struct err err = ERR_INIT;
	json_t *names = suspend_listeners(t, !suspend, &err);
	int status = TOOL_DONE;

	if (names == NULL)
		return tool_fail(t, &err);
	if (json_array_size(names) != 0)
		status = suspend ? suspend_receiving(t, names, seconds)
				 : suspend_resume_receiving(t, names);
	json_decref(names);
	if (status != TOOL_DONE)
		return status;
	return suspend ? suspend_delivery(t, seconds)
		       : suspend_resume_delivery(t);
}
