/* cmd_localeconfig.c - `localeconfig` (spec workqueue 3.4) */
#include "admin/commands.h"
#include "admin/settings.h"

static void show(struct editing *);

static const struct objects_question keys[] = {
	{ "header_in_body_charset",
	    "If a header is modified, encode it in the character set of the "
	    "message body?",
	    NULL, NULL },
	{ "impose_body_charset",
	    "If a non-ASCII header names no character set, impose that of the "
	    "message body?",
	    NULL, NULL },
	{ "try_footer_charset",
	    "If the character set of the body does not have a footer or "
	    "heading, try to encode the body in that of the footer or "
	    "heading?",
	    NULL, NULL },
	{ "stamp_signed",
	    "What to do with footers and headings of signed messages:", NULL,
	    NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct settings_form form = {
	.section = "locale",
	.help = "Configure multi-lingual settings.",
	.keys = keys,
	.show = show,
};

const struct tool_command cmd_localeconfig = {
	.name = "localeconfig",
	.usage = "[" SETTINGS_USAGE "]",
	.summary = "Character sets of what is changed in messages",
	.help = "Changes in the working copy of the configuration which "
		"character sets header fields, headings and footers are "
		"written in. KEY is one of those below locale in "
		"postern.yaml(5). Nothing is in force before a commit.",
	.edits = &settings_edits,
	.form = &form,
};

static void
show(struct editing *ed)
{
	static const char *const signed_mail[] = { "Not stamped", "Wrapped",
		"Stamped" };
	const struct locale_settings *l = &ed->w->config->work.locale;
	FILE *out = ed->t->dialogue.out;

	fprintf(out, "Behavior when modifying headers: %s\n",
	    l->header_in_body_charset ? "Use encoding of message body"
				      : "Use US-ASCII or UTF-8");
	fprintf(out, "Behavior for untagged non-ASCII headers: %s\n",
	    l->impose_body_charset ? "Impose encoding of message body"
				   : "Impose no encoding");
	fprintf(out, "Behavior for mismatched footer or heading encoding: %s\n",
	    l->try_footer_charset
		? "Try encoding from message body, then from footer or heading"
		: "Only try encoding from message body");
	fprintf(out, "Behavior for footer or heading of signed messages: %s\n",
	    signed_mail[l->stamp_signed]);
}
