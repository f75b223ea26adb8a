/* cmd_reload.c - `reload`: put the committed configuration in force again */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"

static int run(struct tool *, int argc, char **argv);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_reload = {
	.name = "reload",
	.usage = "",
	.summary = "Use the committed configuration",
	.help = "Tells the running programs to use the configuration committed "
		"last. commit does this by itself; it is needed after a commit "
		"that could not reach them. New connections see the new "
		"configuration, running ones go on.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "reload", NULL };

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	return control_show(t, PROGRAM_MASTER, words, render);
}

static void
render(const json_t *answer, struct buf *out)
{
	buf_printf(out, "Revision %lld is in force.\n",
	    (long long)fields_num(answer, "revision"));
}
