/* cmd_resetcounters.c - `resetcounters` (delivery-admin 2.15) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_resetcounters = {
	.name = "resetcounters",
	.usage = "",
	.summary = "Begin the Reset column of all counters anew",
	.help = "Sets the counters since the last reset to zero, those of "
		"hoststatus and tophosts included. Counters since the start "
		"and since installation, gauges and ids stay.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "resetcounters", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	if (control_ask(t, PROGRAM_QMGR, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	control_answer_fini(&answer);
	return control_show(t, PROGRAM_RECORDER, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	buf_puts(out, "Counters reset: ");
	fields_time(out, answer, "counters_reset", "Never");
	buf_putc(out, '\n');
}
