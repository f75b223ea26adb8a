/* cmd_rollovernow.c - `rollovernow`: close log files, begin new ones */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "base/bounds.h"

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_rollovernow = {
	.name = "rollovernow",
	.usage = "[all|NAME]",
	.summary = "Close log files and begin new ones",
	.help =
	    "Rolls the log files of one log subscription, or of all, at "
	    "once: the current file is closed and kept, a new one is begun.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "rollovernow", argc > 1 ? argv[1] : "all",
		NULL };

	if (argc > 2)
		return tool_usage(t, NULL);
	return control_show(t, PROGRAM_RECORDER, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "rolled"), i, one)
	{
		buf_puts(out, "Log files successfully rolled over: ");
		fields_show(out, json_string_value(one), NAME_MAX_LEN);
		buf_puts(out, "\n");
	}
}
