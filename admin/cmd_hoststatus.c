/* cmd_hoststatus.c - `hoststatus` (delivery-admin 2.10) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/render.h"
#include "base/bounds.h"

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_hoststatus = {
	.name = "hoststatus",
	.usage = "HOST",
	.summary = "Show one destination: counters, addresses, last error",
	.help = "Shows what is known of one destination domain: whether it is "
		"up, its counters since the last resetcounters, waiting "
		"recipients, when it is tried next, its addresses and MX "
		"records, the route that is used for it, and the last error it "
		"answered.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char host[DOMAIN_MAX + 1];
	const char *words[] = { "hoststatus", host, NULL };

	if (argc > 2 || (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	if (argc == 1) {
		if (!dialogue_needed(
			&t->dialogue, "Recipient host:", host, sizeof(host)))
			return tool_abandoned(t);
	} else if (!str_copy(host, sizeof(host), str_of(argv[1]))) {
		return tool_usage(t, "the name is too long");
	}
	tool_space(t);
	return control_show(t, PROGRAM_QMGR, words, render_hoststatus);
}
