/* cmd_euqconfig.c - `euqconfig`: the spam quarantine (spec workqueue 10.6) */
#include "admin/commands.h"
#include "admin/settings.h"

static void show(struct editing *);

static const struct objects_question keys[] = {
	{ "enabled", "Would you like to use the Spam Quarantine?", NULL, NULL },
	{ "max_size",
	    "Enter the maximum size of the quarantine, in bytes (such as 1G):",
	    "enabled", NULL },
	{ "delete_oldest",
	    "When the quarantine is full, delete the oldest messages?",
	    "enabled", NULL },
	{ "retention",
	    "Enter how long messages are kept before they are deleted (such "
	    "as 14d):",
	    "enabled", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct settings_form form = {
	.section = "spam_quarantine",
	.help = "Configure the Spam Quarantine.",
	.keys = keys,
	.show = show,
	.in_units = true,
};

const struct tool_command cmd_euqconfig = {
	.name = "euqconfig",
	.usage = "[" SETTINGS_USAGE "]",
	.summary = "The spam quarantine",
	.help = "Changes the settings of the spam quarantine in the working "
		"copy of the configuration. Without it, what mail policies "
		"put there is delivered. KEY is one of those below "
		"spam_quarantine in postern.yaml(5). Nothing is in force "
		"before a commit.",
	.edits = &settings_edits,
	.form = &form,
};

static void
show(struct editing *ed)
{
	const struct spam_quarantine *q = &ed->w->config->work.spam_quarantine;
	const struct schema_section *s =
	    ask_key_named(&schema_top, "spam_quarantine")->section;
	FILE *out = ed->t->dialogue.out;
	struct buf text;

	fprintf(
	    out, "Spam Quarantine: %s\n", q->enabled ? "Enabled" : "Disabled");
	if (!q->enabled)
		return;
	buf_init(&text, 1000);
	ask_present(ask_key_named(s, "max_size"), ed->w->config, &text);
	buf_puts(&text, q->delete_oldest
			    ? "; when it is full the oldest are deleted\n"
			    : "; when it is full spam waits in the queue\n");
	buf_puts(&text, "Messages are deleted after: ");
	ask_present(ask_key_named(s, "retention"), ed->w->config, &text);
	fprintf(out, "Maximum size: %s\n", text.data);
	buf_fini(&text);
}
