/* cmd_antispamupdate.c - `antispamupdate` (spec workqueue 5.5) */
#include "admin/commands.h"
#include "admin/engines.h"
#include "admin/fields.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_antispamupdate = {
	.name = "antispamupdate",
	.usage = "",
	.summary = "Say how the rules of the spam scanner are updated",
	.help = "The spam scanners that Postern uses update their rules "
		"themselves; nothing can be done for them here. It names the "
		"engine.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	json_t *answer;
	struct buf out;
	int status;

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	status = engines_ask(t, "antispamstatus", &answer);
	if (status != TOOL_DONE)
		return status;
	buf_init(&out, 4096);
	if (t->json) {
		tool_print_json(t, answer);
	} else if (!fields_has(answer, "engine")) {
		buf_puts(&out, "No engine is configured.\n");
	} else {
		fields_show(&out, fields_text(answer, "engine"), 200);
		buf_puts(
		    &out, " updates its rules itself: nothing was done.\n");
	}
	tool_print(t, &out);
	buf_fini(&out);
	json_decref(answer);
	return TOOL_DONE;
}
