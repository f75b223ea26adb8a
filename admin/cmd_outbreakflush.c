/* cmd_outbreakflush.c - `outbreakflush` (spec workqueue 8.4) */
#include "admin/commands.h"
#include "admin/control.h"

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_outbreakflush = {
	.name = "outbreakflush",
	.usage = "",
	.summary = "Drop the outbreak rules of the feed",
	.help = "Drops the rules that were fetched, in the running gateway and "
		"where they are kept, with the serial below which none are "
		"taken. The next update fetches them again. Rules of your own "
		"and those that come with Postern stay.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "outbreakflush", NULL };

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	return control_show(t, PROGRAM_LOOKUPD, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	(void)answer;
	buf_puts(out, "The rules of the feed were dropped.\n");
}
