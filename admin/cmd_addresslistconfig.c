/* cmd_addresslistconfig.c - `addresslistconfig` (spec receiving 4.10) */
#include "admin/commands.h"
#include "admin/objects.h"

static void describe(const struct editing *, const void *, struct buf *);

static const struct objects_form form = {
	.list = "address_lists",
	.what = "address list",
	.title = "Currently configured address lists:",
	.none = "No address lists configured.",
	.ask_name = "Enter a name for the address list:",
	.op_help = { "Create a new address list.", "Modify an address list.",
	    "Remove an address list." },
	.keys = {
		{ "description", "Enter a description for the address list "
				 "(\"none\": without):",
		    NULL, NULL },
		{ "full_addresses_only",
		    "Do you want to enter only full email addresses?", NULL,
		    NULL },
		{ "entries",
		    "Enter a comma separated list of addresses:\n"
		    "(Ex: user@example.com, user@, @example.com, "
		    "@.example.com, @[192.0.2.1])",
		    NULL, NULL },
	},
	.describe = describe,
};

const struct tool_command cmd_addresslistconfig = {
	.name = "addresslistconfig",
	.usage = "[" OBJECTS_USAGE "]",
	.summary = "Create, change and remove address lists",
	.help = "Changes the address lists in the working copy of the "
		"configuration: senders that policies name together. KEY is "
		"one of description, full_addresses_only, entries, "
		"entries_add, entries_remove; addresses are separated by "
		"commas. Nothing is in force before a commit.",
	.edits = &objects_edits,
	.form = &form,
};

static void
describe(const struct editing *ed, const void *object, struct buf *out)
{
	const struct addr_list *list = object;

	(void)ed;
	buf_printf(out, " (%zu entries)", list->n);
	if (list->description.n > 0)
		buf_printf(out, ": %.*s", STR_ARG(list->description));
}
