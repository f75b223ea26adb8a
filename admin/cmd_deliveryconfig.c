/* cmd_deliveryconfig.c - `deliveryconfig` (spec delivery-admin 1.9) */
#include "admin/commands.h"
#include "admin/settings.h"

static void show(struct editing *);

static const struct objects_question keys[] = {
	{ "interface", "Choose the default interface to deliver mail.", NULL,
	    NULL },
	{ "possible_delivery", "Enable \"Possible Delivery\"?", NULL, NULL },
	{ "max_connections",
	    "Please enter the default system wide maximum outbound message "
	    "delivery concurrency",
	    NULL, NULL },
	{ "tls_alert", "Send an alert when a required TLS connection fails?",
	    NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct settings_form form = {
	.section = "delivery",
	.help = "Configure mail delivery.",
	.keys = keys,
	.show = show,
};

const struct tool_command cmd_deliveryconfig = {
	.name = "deliveryconfig",
	.usage = "[" SETTINGS_USAGE "]",
	.summary = "What holds for all deliveries",
	.help = "Changes in the working copy of the configuration which "
		"interface mail leaves by, how many connections are opened, "
		"and how long the other side may take. KEY is one of those "
		"below delivery in postern.yaml(5). Nothing is in force before "
		"a commit.",
	.edits = &settings_edits,
	.form = &form,
};

static void
show(struct editing *ed)
{
	const struct config *c = ed->w->config;
	FILE *out = ed->t->dialogue.out;

	fprintf(out, "Default interface: %s\n",
	    c->out_interface.n > 0 ? c->out_interface.p : "Auto");
	fprintf(out, "Possible Delivery: %s\n",
	    c->possible_delivery ? "Enabled" : "Disabled");
	fprintf(out, "Maximum outbound concurrency: %u\n",
	    (unsigned)c->max_out_connections);
}
