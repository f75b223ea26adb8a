/* cmd_callaheadconfig.c - `callaheadconfig` (spec receiving 8.7) */
#include "admin/commands.h"
#include "admin/objects.h"
#include "config/route_dest.h"

static void describe(const struct editing *, const void *, struct buf *);

static const struct objects_form form = {
	.list = "callahead_profiles",
	.what = "profile",
	.title = "Currently configured SMTP call-ahead profiles:",
	.none = "No SMTP call-ahead profiles configured.",
	.ask_name = "Enter a name for this profile:",
	.op_help = { "Create a new profile.", "Modify a profile.",
	    "Delete a profile." },
	.keys = {
		{ "servers",
		    "Enter the servers to ask, separated by commas. (None: "
		    "those that the mail would be delivered to.)",
		    NULL, NULL },
		{ "sender", "Enter the MAIL FROM address (\"none\": <>):", NULL,
		    NULL },
		{ "timeout",
		    "Enter the validation request timeout, in seconds:", NULL,
		    NULL },
		{ "failure_code",
		    "Enter the SMTP code for recipients that cannot be "
		    "validated (250: accept):",
		    NULL, NULL },
		{ "temporary_code",
		    "Enter the SMTP code for temporary failures (250: "
		    "accept):",
		    NULL, NULL },
		{ "max_connections",
		    "Enter the maximum number of connections per server:",
		    NULL, NULL },
		{ "cache_size", "Enter the number of cached responses:", NULL,
		    NULL },
		{ "cache_ttl", "Enter how long they are kept, in seconds:",
		    NULL, NULL },
	},
	.describe = describe,
};

const struct tool_command cmd_callaheadconfig = {
	.name = "callaheadconfig",
	.usage = "[" OBJECTS_USAGE "]",
	.summary = "Create, change and remove call-ahead profiles",
	.help = "Changes the profiles of SMTP call-ahead in the working copy "
		"of the configuration: public listeners that name one ask "
		"another server whether a recipient exists. KEY is one of "
		"postern.yaml(5). Nothing is in force before a commit.",
	.edits = &objects_edits,
	.form = &form,
};

static void
describe(const struct editing *ed, const void *object, struct buf *out)
{
	const struct callahead_profile *p = object;

	(void)ed;
	buf_puts(out, p->n_servers == 0 ? " (delivery host" : " (");
	route_dests_text(p->servers, p->n_servers, out);
	buf_putc(out, ')');
}
