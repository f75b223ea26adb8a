/* cmd_callaheadconfig.c - `callaheadconfig` (spec receiving 8.7) */
#include "admin/commands.h"
#include "admin/objects.h"

static int run(struct tool *, int argc, char **argv);
static void describe(const struct editing *, const void *, struct buf *);
static void users(const struct editing *, struct str name, struct buf *);

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
	.users = users,
};

const struct tool_command cmd_callaheadconfig = { "callaheadconfig",
	"[list | print NAME | new NAME [KEY=VALUE ...] | "
	"edit NAME [KEY=VALUE ...] | delete NAME]",
	"Create, change and remove call-ahead profiles",
	"Changes the profiles of SMTP call-ahead in the working copy of the "
	"configuration: public listeners that name one ask another server "
	"whether a recipient exists. KEY is one of postern.yaml(5). Nothing "
	"is in force before a commit.",
	run };

static int
run(struct tool *t, int argc, char **argv)
{
	return objects_run(&form, t, argc, argv);
}

static void
describe(const struct editing *ed, const void *object, struct buf *out)
{
	const struct callahead_profile *p = object;

	(void)ed;
	buf_puts(out, p->n_servers == 0 ? " (delivery host" : " (");
	for (size_t k = 0; k < p->n_servers; k++)
		buf_printf(out, "%s%.*s", k > 0 ? ", " : "",
		    STR_ARG(p->servers[k].text));
	buf_putc(out, ')');
}

static void
users(const struct editing *ed, struct str name, struct buf *out)
{
	const struct config *c = ed->w->config;

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct listener *l = &c->listeners[i];

		if (l->call_ahead != NULL && str_eq(l->call_ahead->name, name))
			buf_printf(out, "%slistener \"%.*s\"",
			    out->len > 0 ? ", " : "", STR_ARG(l->name));
	}
}
