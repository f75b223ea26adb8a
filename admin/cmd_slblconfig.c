/* cmd_slblconfig.c - `slblconfig`: safelists and blocklists of people (spec
 * workqueue 5.3) */
#include "admin/commands.h"
#include "admin/tables.h"

static const struct tables_form form = {
	.kind = TABLE_LISTS,
	.key = "safelist_blocklist",
	.suffix = "safelist_blocklist",
	.arrow = ": ",
	.gap = "\t",
	.title = "End-User Safelist/Blocklist",
	.ask_left = "Enter the address of the recipient:",
	.ask_right = "Enter safe or block and a sender, several separated by "
		     "commas:\n"
		     "(Ex: safe friend@example.net, block example.org, block "
		     ".example.org)",
	.created = { "Lists of ", ": ", " saved." },
	.can_edit = true,
};

const struct tool_command cmd_slblconfig = {
	.name = "slblconfig",
	.usage = "[new RECIPIENT ITEMS | edit RECIPIENT ITEMS | delete "
		 "RECIPIENT | print | import FILE | export FILE | clear]",
	.summary = "Safelists and blocklists of recipients",
	.help = "Changes the lists in the working copy of the configuration: "
		"whom a recipient wants mail from, which is then not scanned "
		"for spam, and whom not. ITEMS are safe or block and a "
		"sender, separated by commas; a sender is user@example.com, "
		"user@, example.com or .example.com (all below). The first "
		"item that fits counts. What becomes of blocked mail is "
		"blocklist_action in postern.yaml(5). Nothing is in force "
		"before a commit.",
	.edits = &tables_edits,
	.form = &form,
};
