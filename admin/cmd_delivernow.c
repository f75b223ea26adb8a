/* cmd_delivernow.c - `delivernow` (delivery-admin 1.14) */
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "base/bounds.h"

static int run(struct tool *, int argc, char **argv);
static bool ask(struct tool *, char *scope, size_t size);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_delivernow = {
	.name = "delivernow",
	.usage = "all | DOMAIN",
	.summary = "Try waiting messages at once",
	.help = "Makes all waiting recipients of one domain, or of all, due "
		"now, and tries hosts again that were down. Does not lift a "
		"suspension; an attempt counts as any other.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char scope[DOMAIN_MAX + 1];
	const char *words[] = { "delivernow", scope, NULL };

	if (argc > 2 || (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	if (argc == 1) {
		if (!ask(t, scope, sizeof(scope)))
			return tool_abandoned(t);
	} else if (!str_copy(scope, sizeof(scope), str_of(argv[1]))) {
		return tool_usage(t, "the name is too long");
	}
	return control_show(t, PROGRAM_QMGR, words, render);
}

static bool
ask(struct tool *t, char *scope, size_t size)
{
	static const char *const items[] = { "By recipient domain",
		"All messages" };
	size_t choice;

	if (!dialogue_choice(&t->dialogue,
		"Please choose an option for scheduling immediate delivery.",
		items, 2, 0, &choice))
		return false;
	if (choice == 1)
		return str_copy(scope, size, STR("all"));
	return dialogue_needed(&t->dialogue,
	    "Please enter the domain to schedule delivery for.", scope, size);
}

static void
render(const json_t *answer, struct buf *out)
{
	const char *scope = fields_text(answer, "scope");

	if (strcmp(scope, "all") == 0) {
		buf_puts(out, "Scheduling all messages for delivery.\n");
		return;
	}
	buf_puts(out, "Scheduling all messages to ");
	fields_show(out, scope, DOMAIN_MAX);
	buf_puts(out, " for delivery.\n");
}
