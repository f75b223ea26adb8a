/* cmd_quarantineconfig.c - `quarantineconfig` (spec workqueue 10.1, 10.5) */
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/objects.h"
#include "admin/outbreakmanage.h"
#include "admin/quarantines.h"

#define TABLE_MAX ((size_t)1 << 20) /* a thousand of them */

static void show(struct editing *);
static bool narrow(struct schema_key *, const void *);
static void system_ones(const struct editing *, struct str name, struct buf *);
static bool ask_rules(struct editing *, size_t which);
static int take_rules(struct editing *, struct args *, size_t which);
static int parse_retention(const struct schema_key *, struct str, void *,
    struct arena *, struct err *);
static void print_retention(
    const struct schema_key *, const void *, struct buf *);

static const struct value_type retention = { "time", parse_retention,
	print_retention };

static const struct objects_form form = {
	.list = "quarantines",
	.what = "quarantine",
	.ask_name = "Please enter the name for this quarantine:",
	.op_help = { "Create a new quarantine.", "Modify a quarantine.",
	    "Remove a quarantine." },
	.keys = {
		{ "retention",
		    "Retention period for this quarantine. (Use 'd' for days, "
		    "'h' for hours or 'm' for minutes: 15d, 12h, 30m):",
		    NULL, NULL },
		{ "action",
		    "Enter the default action for messages whose retention "
		    "period is over:",
		    NULL, NULL },
		{ "free_space",
		    "Free up space by applying the default action to messages "
		    "when the quarantines are full?",
		    NULL, NULL },
		{ "subject",
		    "Modify the subject of messages that are released because "
		    "the quarantines are full?",
		    "action=release", NULL },
		{ "subject_text",
		    "Enter the text to add to the subject (in double quotes "
		    "to keep blanks at its ends):",
		    "subject!=none", NULL },
		{ "header", "Enter the name of the header:", "action=release",
		    "Add a custom header to messages that are released because "
		    "the quarantines are full?" },
		{ "header_value",
		    "Enter the value of the custom header (\"none\": "
		    "without):",
		    "header!=", NULL },
		{ "strip_attachments",
		    "Strip all attachments from messages that are released "
		    "because the quarantines are full?",
		    "action=release", NULL },
	},
	.show = show,
	.narrow = narrow,
	.users = system_ones,
	.more = { { "OUTBREAKMANAGE",
	    "Release or delete what an outbreak rule holds." } },
	.ask_more = ask_rules,
	.take_more = take_rules,
};

const struct tool_command cmd_quarantineconfig = {
	.name = "quarantineconfig",
	.usage = "[" OBJECTS_USAGE " | outbreakmanage list | "
		 "outbreakmanage release RULE | outbreakmanage delete RULE]",
	.summary = "Create, change and remove quarantines",
	.help = "Changes the quarantines in the working copy of the "
		"configuration: how long messages are held, and what becomes "
		"of them then. Policy, Virus, Outbreak, Unclassified and "
		"Unprocessable are always there. KEY is one of "
		"postern.yaml(5). Nothing is in "
		"force before a commit. outbreakmanage is the command of that "
		"name, and done at once.",
	.edits = &objects_edits,
	.form = &form,
};

/* What they hold is asked of the queue manager; it need not be running. */
static void
show(struct editing *ed)
{
	static const char *const words[] = { "quarantine", "list", NULL };
	const struct work_config *w = &ed->w->config->work;
	struct control_answer held = { NULL, -1 };
	size_t width = strlen("Quarantine Name");
	struct buf out;

	(void)control_ask(ed->t, PROGRAM_QMGR, words, &held, NULL);
	for (size_t i = 0; i < w->n_quarantines; i++)
		if (w->quarantines[i].name.n > width)
			width = w->quarantines[i].name.n;
	buf_init(&out, TABLE_MAX);
	buf_printf(&out, "%-3s", "#");
	quarantines_heading(&out, (int)width);
	for (size_t i = 0; i < w->n_quarantines; i++) {
		const struct quarantine *q = &w->quarantines[i];
		const struct quarantine_row row = { q->name,
			q->kind == QUARANTINE_OUTBREAK ? 0 : q->retention,
			q->release };

		buf_printf(&out, "%-3zu", i + 1);
		quarantines_row(&out, (int)width, &row, held.json);
	}
	fwrite(out.data, 1, out.len, ed->t->dialogue.out);
	buf_fini(&out);
	control_answer_fini(&held);
}

/* That of Outbreak is not its own. */
static bool
narrow(struct schema_key *key, const void *object)
{
	const struct quarantine *q = object;

	if (!str_is(str_of(key->name), "retention"))
		return true;
	key->type = &retention;
	key->min = 60;
	return q->kind != QUARANTINE_OUTBREAK;
}

static void
system_ones(const struct editing *ed, struct str name, struct buf *out)
{
	static const char *const always[] = { "Policy", "Virus", "Outbreak",
		"Unclassified", "Unprocessable" };

	(void)ed;
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (str_is(name, always[i]))
			buf_printf(
			    out, "%sPostern itself", out->len > 0 ? ", " : "");
}

/* Nothing of the configuration: it is done at once. */
static bool
ask_rules(struct editing *ed, size_t which)
{
	(void)which;
	tool_space(ed->t);
	return outbreakmanage_ask(ed->t);
}

static int
take_rules(struct editing *ed, struct args *a, size_t which)
{
	const char *word = args_next(a);
	const char *rule = args_next(a);

	(void)which;
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (word == NULL)
		return tool_usage(ed->t, NULL);
	return outbreakmanage_do(ed->t, word, rule);
}

/* With its unit: 15 could be days as well. */
static int
parse_retention(const struct schema_key *key, struct str text, void *field,
    struct arena *mem, struct err *err)
{
	char last = text.n > 0 ? text.p[text.n - 1] : '0';

	if (last >= '0' && last <= '9')
		return err_set(err, ERR_USAGE,
		    "must be a number with d, h or m behind it, such as 15d");
	return value_time.parse(key, text, field, mem, err);
}

static void
print_retention(
    const struct schema_key *key, const void *field, struct buf *out)
{
	value_time.print(key, field, out);
	if (out->data[out->len - 1] >= '0' && out->data[out->len - 1] <= '9')
		buf_putc(out, 's');
}
