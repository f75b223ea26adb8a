/* cmd_altsrchost.c - `altsrchost`: virtual gateways (spec receiving 6.5,
 * delivery-admin 1.10) */
#include <stdlib.h>

#include "admin/commands.h"
#include "admin/tables.h"
#include "base/mem.h"

static bool ask_interface(
    struct editing *, const char *now, char *out, size_t size);

static const struct tables_form form = {
	.kind = TABLE_GATEWAYS,
	.key = "altsrchost",
	.suffix = "altsrchost",
	.arrow = " --> ",
	.gap = "\t",
	.title = "Virtual Gateways",
	.ask_left = "Enter the Envelope From address or client IP address for "
		    "which you want to set up a Virtual Gateway mapping.\n"
		    "Partial addresses such as \"@example.com\", "
		    "\"@.example.com\" or \"user@\" are allowed.",
	.created = { "Mapping for ", " on interface ", " created." },
	.can_edit = true,
	.right = ask_interface,
};

const struct tool_command cmd_altsrchost = {
	.name = "altsrchost",
	.usage = "[new SOURCE INTERFACE | edit SOURCE INTERFACE | delete "
		 "SOURCE | print | import FILE | export FILE | clear]",
	.summary = "Change which interface mail leaves by",
	.help = "Changes the virtual gateways in the working copy of the "
		"configuration. SOURCE is the address of a client, or of the "
		"sender: user@example.com, user@, @example.com or "
		"@.example.com. INTERFACE is an interface or a group of "
		"interfaces, which are taken in turn. \"add\" is another word "
		"for \"new\". Nothing is in force before a commit.",
	.edits = &tables_edits,
	.form = &form,
};

static bool
ask_interface(struct editing *ed, const char *now, char *out, size_t size)
{
	const struct config *c = ed->w->config;
	size_t n = c->n_interfaces + c->n_interface_groups, dflt = 0, chosen;
	struct str *names = mem_array(n + 1, sizeof(*names));
	bool answered;

	for (size_t k = 0; k < n; k++) {
		names[k] = k < c->n_interfaces
			       ? c->interfaces[k].name
			       : c->interface_groups[k - c->n_interfaces].name;
		if (str_is(names[k], now))
			dflt = k;
	}
	answered =
	    ask_name(ed, "Which interface do you want to send messages from?",
		names, n, dflt, &chosen);
	if (answered)
		str_copy(out, size, names[chosen]);
	free(names);
	return answered;
}
