/* cmd_addresslistconfig.c - `addresslistconfig` (spec receiving 4.10) */
#include "admin/commands.h"
#include "admin/objects.h"

static int run(struct tool *, int argc, char **argv);
static void describe(const struct editing *, const void *, struct buf *);
static void users(const struct editing *, struct str name, struct buf *);
static bool names_it(const struct policy_params *, struct str name);

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
	.users = users,
};

const struct tool_command cmd_addresslistconfig = { "addresslistconfig",
	"[list | print NAME | new NAME [KEY=VALUE ...] | "
	"edit NAME [KEY=VALUE ...] | delete NAME]",
	"Create, change and remove address lists",
	"Changes the address lists in the working copy of the configuration: "
	"senders that policies name together. KEY is one of description, "
	"full_addresses_only, entries, entries_add, entries_remove; "
	"addresses are separated by commas. Nothing is in force before a "
	"commit.",
	run };

static int
run(struct tool *t, int argc, char **argv)
{
	return objects_run(&form, t, argc, argv);
}

static void
describe(const struct editing *ed, const void *object, struct buf *out)
{
	const struct addr_list *list = object;

	(void)ed;
	buf_printf(out, " (%zu entries)", list->n);
	if (list->description.n > 0)
		buf_printf(out, ": %.*s", STR_ARG(list->description));
}

static void
users(const struct editing *ed, struct str name, struct buf *out)
{
	const struct config *c = ed->w->config;

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct hat *hat = &c->listeners[i].hat;
		bool used = names_it(&hat->defaults, name);

		for (size_t k = 0; k < hat->n_policies; k++)
			used = used || names_it(&hat->policies[k].p, name);
		for (size_t k = 0; k < hat->n_groups; k++)
			used =
			    used || names_it(&hat->groups[k].policy->p, name);
		if (used)
			buf_printf(out, "%slistener \"%.*s\"",
			    out->len > 0 ? ", " : "",
			    STR_ARG(c->listeners[i].name));
	}
}

static bool
names_it(const struct policy_params *p, struct str name)
{
	return str_eq(p->sender_exceptions, name) ||
	       str_eq(p->tls_mandatory_list, name);
}
