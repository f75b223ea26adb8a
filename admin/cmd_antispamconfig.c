/* cmd_antispamconfig.c - `antispamconfig` (spec workqueue 5.1, 5.5) */
#include "admin/commands.h"
#include "admin/settings.h"
#include "config/route_dest.h"

static void show(struct editing *);
static bool narrow(struct schema_key *, const void *);

static const struct objects_question keys[] = {
	{ "engine", "Choose the anti-spam engine:", NULL, NULL },
	{ "servers",
	    "Enter the servers of the engine, with :port where it is not the "
	    "usual one, separated by commas. (None: 127.0.0.1)",
	    "engine!=off", NULL },
	{ "always_scan_up_to",
	    "Always scan messages up to this size, in bytes (such as 512k):",
	    "engine!=off", NULL },
	{ "never_scan_above",
	    "Never scan messages above this size, in bytes (such as 1M):",
	    "engine!=off", NULL },
	{ "timeout", "Enter the timeout for the scan of a message, in seconds:",
	    "engine!=off", NULL },
	{ "on_failure",
	    "What to do with messages while the engine does not answer:",
	    "engine!=off", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct settings_form form = {
	.section = "anti_spam",
	.help = "Edit anti-spam settings.",
	.keys = keys,
	.show = show,
	.narrow = narrow,
};

const struct tool_command cmd_antispamconfig = {
	.name = "antispamconfig",
	.usage = "[" SETTINGS_USAGE "]",
	.summary = "The spam scanner, and what it gets",
	.help = "Changes in the working copy of the configuration which spam "
		"scanner is asked, and about which messages. What becomes of "
		"spam is said by mail policies: policyconfig. KEY is one of "
		"those below anti_spam in postern.yaml(5). Nothing is in "
		"force before a commit.",
	.edits = &settings_edits,
	.form = &form,
};

static void
show(struct editing *ed)
{
	static const char *const engines[] = {
		[SPAM_SPAMD] = "spamd",
		[SPAM_RSPAMD] = "rspamd",
	};
	const struct scanner *s = &ed->w->config->work.spam;
	FILE *out = ed->t->dialogue.out;
	struct buf text;

	if (s->engine == SPAM_OFF) {
		fputs("Anti-spam scanning: Disabled\n", out);
		return;
	}
	buf_init(&text, 65536);
	route_dests_text(s->servers, s->n_servers, &text);
	fprintf(out, "Anti-spam scanning: Enabled, %s at %s\n",
	    engines[s->engine], text.data);
	buf_reset(&text);
	buf_puts(&text, "Always scan up to ");
	value_size.print(
	    ask_key_named(&schema_top, "anti_spam.always_scan_up_to"),
	    &s->always_up_to, &text);
	buf_puts(&text, ", never above ");
	value_size.print(
	    ask_key_named(&schema_top, "anti_spam.never_scan_above"),
	    &s->never_above, &text);
	fprintf(out, "%s\nTimeout: %u seconds; without an answer: %s\n",
	    text.data, (unsigned)s->timeout,
	    s->requeue ? "try again later" : "deliver unscanned");
	buf_fini(&text);
}

static bool
narrow(struct schema_key *key, const void *object)
{
	const struct config *c = object;

	if (str_is(str_of(key->name), "never_scan_above"))
		key->min = c->work.spam.always_up_to;
	return true;
}
