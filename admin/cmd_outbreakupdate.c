/* cmd_outbreakupdate.c - `outbreakupdate` (spec workqueue 8.4) */
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_outbreakupdate = {
	.name = "outbreakupdate",
	.usage = "[force]",
	.summary = "Fetch the outbreak rules of the feed now",
	.help = "Fetches the rules now, beside the times that outbreakconfig "
		"says, and waits for the end. With \"force\" they are fetched "
		"even if the server would say that they have not changed. "
		"Rules that are older than those that are there are not "
		"taken; see outbreakflush.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "outbreakupdate", argc > 1 ? argv[1] : NULL,
		NULL };

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "force") != 0))
		return tool_usage(t, NULL);
	return control_show(t, PROGRAM_LOOKUPD, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	buf_puts(out, json_is_true(json_object_get(answer, "updated"))
			  ? "The rules were updated.\n"
			  : "The rules have not changed.\n");
}
