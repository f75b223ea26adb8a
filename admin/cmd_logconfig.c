/* cmd_logconfig.c - `logconfig` (spec delivery-admin 7.1 to 7.3) */
#include <string.h>

#include "admin/commands.h"
#include "admin/logfiles.h"
#include "admin/objects.h"
#include "admin/settings.h"
#include "admin/wordlist.h"

static void describe(const struct editing *, const void *, struct buf *);
static bool ask_more(struct editing *, size_t which);
static int take_more(struct editing *, struct args *, size_t which);
static bool ask_setup(struct editing *);
static bool ask_headers(struct editing *);

enum { SETUP, LOGHEADERS };
#define SETTINGS "log_settings"
#define HEADERS  SETTINGS ".headers"

static const struct objects_form form = {
	.list = "logs",
	.what = "log",
	.title = "Currently configured logs:\n"
		 "#  Log Name            Log Type              Retrieval"
		 "        Interval",
	.none = "There are no logs.",
	.ask_name = "Please enter the name for the log:",
	.op_help = { "Create a new log.", "Modify a log subscription.",
	    "Remove a log subscription." },
	.keys = {
		{ "type", "Choose the log file type for this subscription:",
		    NULL, NULL },
		{ "domain",
		    "Enter the domain to record sessions for (.domain: all "
		    "below it):",
		    "type=domain_debug", NULL },
		{ "hosts",
		    "Enter the clients to record sessions of: addresses, "
		    "ranges, hosts or .domains, separated by commas.",
		    "type=injection_debug", NULL },
		{ "sessions", "Enter the number of SMTP sessions to record:",
		    "type=domain_debug", NULL },
		{ "sessions", "Enter the number of SMTP sessions to record:",
		    "type=injection_debug", NULL },
		{ "bytes",
		    "Enter the number of bytes of the message to log:",
		    "type=bounces", NULL },
		{ "level", "Log level:", NULL, NULL },
		{ "format", "Lines of text, or JSON?", NULL, NULL },
		{ "max_size", "Enter the maximum file size:", NULL, NULL },
		{ "max_files", "Enter the maximum number of saved files:", NULL,
		    NULL },
		{ "rollover_every",
		    "Begin a new file after so many seconds (0: by size "
		    "only):",
		    NULL, NULL },
		{ "rollover_at",
		    "Begin a new file at these times (00:00, Mon 00:00), "
		    "separated by commas:",
		    NULL, NULL },
	},
	.describe = describe,
	.more = { { "SETUP", "General settings." },
	    { "LOGHEADERS", "Configure headers to log." } },
	.ask_more = ask_more,
	.take_more = take_more,
};

static const struct objects_question setup_keys[] = {
	{ "status_interval", "Seconds between two lines of status logs:", NULL,
	    NULL },
	{ "message_id", "Log the Message-ID of messages in mail logs?", NULL,
	    NULL },
	{ "subject", "Log the subject of messages in mail logs?", NULL, NULL },
	{ "remote_response",
	    "Log what servers say when they take a message in mail logs?", NULL,
	    NULL },
	{ NULL, NULL, NULL, NULL },
};

const struct tool_command cmd_logconfig = {
	.name = "logconfig",
	.usage = "[" OBJECTS_USAGE " | setup [KEY=VALUE ...] | "
		 "logheaders [print | add HEADER,... | remove HEADER,...]]",
	.summary = "Create, change and remove log subscriptions",
	.help = "Changes in the working copy of the configuration what is "
		"written down, each log subscription in files of its own, and "
		"what holds for all logs. KEY is one of postern.yaml(5). "
		"Nothing is in force before a commit.",
	.edits = &objects_edits,
	.form = &form,
};

/* "  Text Mail Logs  Manual Download  None" */
static void
describe(const struct editing *ed, const void *object, struct buf *out)
{
	const struct log_subscription *log = object;
	int pad = log->name.n < 20 ? 20 - (int)log->name.n : 1;

	(void)ed;
	buf_printf(out, "%*s%-21s Manual Download  ", pad, "",
	    logfiles_type(log->type));
	if (log->rollover_every == 0 && log->n_rollover_at == 0)
		buf_puts(out, "None");
	if (log->rollover_every != 0)
		buf_printf(out, "every %u s", (unsigned)log->rollover_every);
	for (size_t i = 0; i < log->n_rollover_at; i++) {
		if (i > 0 || log->rollover_every != 0)
			buf_puts(out, ", ");
		buf_add_str(out, log->rollover_at[i]);
	}
}

static struct settings
settings_of(const struct editing *ed)
{
	return (struct settings){ .section = &schema_log_settings,
		.object = ed->w->config,
		.path = SETTINGS };
}

static bool
ask_more(struct editing *ed, size_t which)
{
	return which == SETUP ? ask_setup(ed) : ask_headers(ed);
}

static bool
ask_setup(struct editing *ed)
{
	const struct settings s = settings_of(ed);

	return settings_ask_setup(ed, &s, setup_keys);
}

static bool
ask_headers(struct editing *ed)
{
	char words[DIALOGUE_LINE];

	tool_space(ed->t);
	wordlist_show(ed, HEADERS);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter the headers to log, separated by commas. Which shall "
		"be added?",
		"", words, sizeof(words)))
		return false;
	wordlist_add(ed, HEADERS, words);
	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue, "Which shall be removed?", "",
		words, sizeof(words)))
		return false;
	wordlist_remove(ed, HEADERS, words);
	editing_save(ed);
	return true;
}

static int
take_more(struct editing *ed, struct args *a, size_t which)
{
	const struct settings s = settings_of(ed);
	const char *word, *list;

	if (which == SETUP)
		return settings_take_setup(ed, a, &s);
	word = args_next(a);
	list = word != NULL ? args_next(a) : NULL;
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (word == NULL || strcmp(word, "print") == 0) {
		wordlist_show(ed, HEADERS);
		return TOOL_DONE;
	}
	if (list == NULL ||
	    (strcmp(word, "add") != 0 && strcmp(word, "remove") != 0))
		return tool_unknown(ed->t, word);
	if (strcmp(word, "add") == 0)
		wordlist_add(ed, HEADERS, list);
	else
		wordlist_remove(ed, HEADERS, list);
	return editing_done(ed);
}
