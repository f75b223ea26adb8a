/* cmd_outbreakconfig.c - `outbreakconfig` (spec workqueue 8.1, 8.4) */
#include "admin/commands.h"
#include "admin/settings.h"

static void show(struct editing *);

static const struct objects_question keys[] = {
	{ "enabled", "Would you like to use Outbreak Filters?", NULL, NULL },
	{ "adaptive", "Would you like to enable Adaptive Rules?", "enabled",
	    NULL },
	{ "max_size",
	    "What is the largest size message Outbreak Filters should scan, "
	    "in bytes (such as 512k)?",
	    "enabled", NULL },
	{ "url",
	    "Enter the address of the rules (\"none\": without): "
	    "https://host/path",
	    "enabled", NULL },
	{ "public_key",
	    "Enter the key of whoever signs the rules, Ed25519 in base64:",
	    "enabled", NULL },
	{ "authorities",
	    "Enter the file below tables/ with certificates of authorities "
	    "for the server (\"none\": those of the system):",
	    "enabled", NULL },
	{ "file",
	    "Enter the file below tables/ with rules of your own (\"none\": "
	    "without):",
	    "enabled", NULL },
	{ "interval", "How often shall the rules be fetched, in seconds?",
	    "enabled", NULL },
	{ "rewrite", "How shall links in suspicious messages be rewritten?",
	    "enabled", NULL },
	{ "rewrite_text",
	    "Enter what takes the place of a link, or what a link that is "
	    "redirected stands behind:",
	    "rewrite!=defang", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct settings_form form = {
	.section = "outbreak_filters",
	.help = "Change Outbreak Filters settings.",
	.keys = keys,
	.show = show,
};

const struct tool_command cmd_outbreakconfig = {
	.name = "outbreakconfig",
	.usage = "[" SETTINGS_USAGE "]",
	.summary = "Outbreak filters, and where their rules come from",
	.help = "Changes in the working copy of the configuration whether "
		"outbreak filters look at messages, and where their rules "
		"come from. What becomes of suspicious messages is said by "
		"mail policies: policyconfig. KEY is one of those below "
		"outbreak_filters in postern.yaml(5). Nothing is in force "
		"before a commit.",
	.edits = &settings_edits,
	.form = &form,
};

static void
show(struct editing *ed)
{
	const struct outbreak_global *o = &ed->w->config->work.outbreak;
	FILE *out = ed->t->dialogue.out;

	fprintf(
	    out, "Outbreak Filters: %s\n", o->enabled ? "Enabled" : "Disabled");
	if (!o->enabled)
		return;
	fprintf(
	    out, "Adaptive Rules: %s\n", o->adaptive ? "Enabled" : "Disabled");
	if (o->url.n > 0)
		fprintf(out, "Rules: %.*s, every %u seconds\n", STR_ARG(o->url),
		    (unsigned)o->interval);
	else
		fputs("Rules: none are fetched\n", out);
	if (o->file.n > 0)
		fprintf(out, "Own Rules: tables/%.*s\n", STR_ARG(o->file));
}
