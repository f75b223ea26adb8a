/* cmd_displayalerts.c - `displayalerts`: the last alerts (spec delivery-admin
 * 6.1) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"

#define TEXT_SHOWN 2000

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_displayalerts = {
	.name = "displayalerts",
	.usage = "",
	.summary = "Show the last alerts",
	.help = "Shows the last 50 alerts, the newest first, whether or not "
		"somebody gets them by mail (alertconfig). Equal ones that "
		"were not sent because they came too soon after each other "
		"are counted with the one after them.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "displayalerts", NULL };

	(void)argv;
	return argc > 1 ? tool_usage(t, NULL)
			: control_show(t, PROGRAM_RECORDER, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	const json_t *alerts = json_object_get(answer, "alerts"), *one;
	int64_t waiting = fields_num(answer, "waiting");
	size_t i;

	if (json_array_size(alerts) == 0)
		buf_puts(out, "There were no alerts.\n");
	else
		buf_puts(out, "Date and Time Stamp           Description\n"
			      "------------------------------------------"
			      "------------------------------------\n");
	json_array_foreach(alerts, i, one)
	{
		int64_t held = fields_num(one, "held");

		fields_time(out, one, "time", "");
		buf_printf(out, "  %s <%s> ", fields_text(one, "severity"),
		    fields_text(one, "class"));
		fields_show(out, fields_text(one, "text"), TEXT_SHOWN);
		if (held > 0)
			buf_printf(
			    out, " (%lld equal before)", (long long)held);
		buf_puts(out, "\n");
	}
	if (waiting > 0)
		buf_printf(out, "\n%lld mails about alerts wait to be sent.\n",
		    (long long)waiting);
}
