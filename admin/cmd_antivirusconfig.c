/* cmd_antivirusconfig.c - `antivirusconfig` (spec workqueue 6.1, 6.6) */
#include "admin/commands.h"
#include "admin/settings.h"
#include "config/route_dest.h"

static void show(struct editing *);

static const struct objects_question keys[] = {
	{ "engine", "Choose the anti-virus engine:", NULL, NULL },
	{ "servers",
	    "Enter the servers of the engine, with :port where it is not the "
	    "usual one, separated by commas. (None: 127.0.0.1)",
	    "engine!=off", NULL },
	{ "service", "Enter the name of the ICAP service:", "engine=icap",
	    NULL },
	{ "timeout", "Enter the timeout for the scan of a message, in seconds:",
	    "engine!=off", NULL },
	{ "max_size",
	    "Enter the maximum size of a message to scan, in bytes (such as "
	    "100M):",
	    "engine!=off", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct settings_form form = {
	.section = "anti_virus",
	.help = "Configure anti-virus scanning.",
	.keys = keys,
	.show = show,
};

const struct tool_command cmd_antivirusconfig = {
	.name = "antivirusconfig",
	.usage = "[" SETTINGS_USAGE "]",
	.summary = "The virus scanner",
	.help = "Changes in the working copy of the configuration which virus "
		"scanner is asked. What becomes of infected messages is said "
		"by mail policies: policyconfig. KEY is one of those below "
		"anti_virus in postern.yaml(5). Nothing is in force before a "
		"commit.",
	.edits = &settings_edits,
	.form = &form,
};

static void
show(struct editing *ed)
{
	static const char *const engines[] = {
		[VIRUS_CLAMD] = "clamd",
		[VIRUS_ICAP] = "ICAP",
	};
	const struct scanner *s = &ed->w->config->work.virus;
	FILE *out = ed->t->dialogue.out;
	struct buf text;

	if (s->engine == VIRUS_OFF) {
		fputs("Anti-virus scanning: Disabled\n", out);
		return;
	}
	buf_init(&text, 65536);
	route_dests_text(s->servers, s->n_servers, &text);
	fprintf(out, "Anti-virus scanning: Enabled, %s at %s\n",
	    engines[s->engine], text.data);
	buf_reset(&text);
	value_size.print(ask_key_named(&schema_top, "anti_virus.max_size"),
	    &s->never_above, &text);
	fprintf(out, "Timeout: %u seconds; messages up to %s\n",
	    (unsigned)s->timeout, text.data);
	buf_fini(&text);
}
