/* cmd_bounceconfig.c - `bounceconfig` (spec delivery-admin 1.7.5) */
#include "admin/bounce.h"
#include "admin/commands.h"
#include "admin/objects.h"

static const struct objects_form form = {
	.list = "bounce_profiles",
	.what = "profile",
	.title = "Current bounce profiles:",
	.none = "There are no bounce profiles.",
	.ask_name = "Please create a name for the profile:",
	.op_help = { "Create a new profile.", "Modify a profile.",
	    "Remove a profile." },
	.inherits = true,
	.keys = {
		{ "max_retries", "Maximum number of retries:", NULL, NULL },
		{ "max_queue_time",
		    "Maximum seconds in the queue before a hard bounce:",
		    NULL, NULL },
		{ "initial_retry", "Seconds to wait before the first retry:",
		    NULL, NULL },
		{ "max_retry", "Maximum seconds between retries:", NULL, NULL },
		{ "notify", "Send a message for each hard bounce?", NULL, NULL },
		{ "dsn_format", "Use DSN format?", "notify", NULL },
		{ "delay_warning", "Send delay warnings?", NULL, NULL },
		{ "warning_interval", "Minimum seconds between warnings:",
		    "delay_warning", NULL },
		{ "warning_count", "Maximum warnings per recipient:",
		    "delay_warning", NULL },
		{ "alternate", "Enter the alternate address:", NULL,
		    "Send bounces and warnings to an alternate address?" },
		{ "sign", "Sign these messages?", NULL, NULL },
		{ "language", "Language of these messages:", NULL, NULL },
	},
};

const struct tool_command cmd_bounceconfig = {
	.name = "bounceconfig",
	.usage = "[" OBJECTS_USAGE "]",
	.summary = "Create, change and remove bounce profiles",
	.help = "Changes the bounce profiles in the working copy of the "
		"configuration: how long mail is tried, and who is told when "
		"it fails. KEY is one of postern.yaml(5); \"default\" as VALUE "
		"follows the profile Default. Nothing is in force before a "
		"commit.",
	.edits = &objects_edits,
	.form = &form,
};

bool
bounce_new(struct editing *ed, char *name, size_t size)
{
	return objects_new(ed, &form, name, size);
}
