/* cmd_showchanges.c - `showchanges` (delivery-admin 4.2) */
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "base/bounds.h"

static int run(struct tool *, int argc, char **argv);
static int print(struct tool *, struct buf *diff);
static int print_escaped(struct tool *, struct str diff);

const struct tool_command cmd_showchanges = {
	.name = "showchanges",
	.usage = "[REVISION]",
	.summary = "Show what was changed since the last commit",
	.help = "Shows the difference between the configuration in force, or a "
		"kept revision, and the working copy, as lines that go and "
		"lines that come. On a terminal, says before it who "
		"changed that with commands.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct err err = ERR_INIT;
	uint64_t number = 0;
	struct buf diff;
	int status;

	if (argc > 2)
		return tool_usage(t, NULL);
	if (argc == 2 && !tool_mid(str_of(argv[1]), &number))
		return tool_no_revision(t, argv[1]);
	buf_init(&diff, 16ul * CONFIG_FILE_MAX);
	if (revision_diff(t->paths.etc, t->paths.state, number, &diff, &err) ==
	    -1)
		status = tool_fail(t, &err);
	else
		status = print(t, &diff);
	buf_fini(&diff);
	return status;
}

static int
print(struct tool *t, struct buf *diff)
{
	json_t *json;

	if (!t->json && diff->len == 0) {
		fputs("There are no changes.\n", t->dialogue.out);
		return TOOL_DONE;
	}
	if (!t->json && !t->asks)
		return tool_print(t, diff);
	if (!t->json)
		return print_escaped(t, buf_str(diff));
	json = json_pack("{s:b, s:s%, s:o}", "changed", diff->len != 0, "diff",
	    buf_str(diff).p, diff->len, "edits", revise_edits_json(t));
	if (json == NULL) /* not UTF-8 */
		json = json_pack("{s:b}", "changed", true);
	tool_print_json(t, json);
	json_decref(json);
	return TOOL_DONE;
}

/* Whoever may write a table may not write to my terminal. */
static int
print_escaped(struct tool *t, struct str diff)
{
	struct buf out;

	buf_init(&out, 64ul * CONFIG_FILE_MAX);
	revise_edits(t, NULL, &out);
	while (diff.n != 0)
		fields_show_line(&out, str_cut(&diff, '\n'));
	tool_print(t, &out);
	buf_fini(&out);
	return TOOL_DONE;
}
