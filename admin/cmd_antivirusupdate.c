/* cmd_antivirusupdate.c - `antivirusupdate` (spec workqueue 6.6) */
#include "admin/commands.h"
#include "admin/engines.h"
#include "admin/fields.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_antivirusupdate = {
	.name = "antivirusupdate",
	.usage = "",
	.summary = "Have the virus scanner read its signatures anew",
	.help = "Tells clamd to load what freshclam has fetched. New "
		"signatures are fetched by the engine's own means. Other "
		"engines cannot be told.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	json_t *answer;
	struct buf out;
	int status;

	if (argc > 1)
		return tool_usage(t, NULL);
	status = engines_ask(t, argv[0], &answer);
	if (status != TOOL_DONE)
		return status;
	buf_init(&out, 4096);
	if (t->json) {
		tool_print_json(t, answer);
	} else {
		fields_show(&out, fields_text(answer, "engine"), 200);
		buf_puts(&out, " reads its signatures anew.\n");
	}
	tool_print(t, &out);
	buf_fini(&out);
	json_decref(answer);
	return TOOL_DONE;
}
