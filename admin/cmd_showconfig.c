/* cmd_showconfig.c - `showconfig` (delivery-admin 4.2) */
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "admin/saving.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/revision.h"
#include "filter/manual.h"

static int run(struct tool *, int argc, char **argv);
static int show_whole(struct tool *, struct saving *);
static void print_escaped(struct tool *, struct str);
static int show_normal(struct tool *, bool working, bool defaults);
static int load(struct tool *, bool working, struct config **);
static int print_json(struct tool *, uint64_t revision, const struct buf *);
static int print_manual(const struct tool *, const char *what);

const struct tool_command cmd_showconfig = {
	.name = "showconfig",
	.usage = "[--working] [mask|plain] | [--working] --normal [--defaults] "
		 "| --manual [rules|actions|filetypes]",
	.summary = "Show the configuration",
	.help = "Shows the configuration in force, with --working the working "
		"copy, as one text of all its files, which loadconfig can "
		"read. Files below secrets/ are masked, so that it cannot be "
		"loaded, unless plain is said. --normal shows postern.yaml "
		"alone, in normal form, --defaults also what was not set. "
		"--manual prints, instead of a configuration, the list of all "
		"keys that postern.yaml(5) is made from, or what "
		"postern-filters(5) is made from.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct saving sv = { .how = SAVED_MASK };
	bool normal = false, defaults = false, manual = false, plain = false;
	const struct tool_option options[] = {
		{ "--working", NULL, &sv.working },
		{ "--normal", NULL, &normal },
		{ "--defaults", NULL, &defaults },
		{ "--manual", NULL, &manual },
	};

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (manual && argc <= 2)
		return print_manual(t, argc == 2 ? argv[1] : "keys");
	if (manual || argc > 2 ||
	    (argc == 2 &&
		(!saving_word(argv[1], &sv.how) || sv.how == SAVED_ENCRYPT)))
		return tool_usage(t, NULL);
	if (normal || defaults)
		return show_normal(t, sv.working, defaults);
	if (argc == 1 && t->asks && !t->json) {
		if (!dialogue_yes(&t->dialogue,
			"Do you want to include passphrases? A file without "
			"passphrases cannot be loaded with loadconfig.",
			false, &plain))
			return tool_abandoned(t);
		sv.how = plain ? SAVED_PLAIN : SAVED_MASK;
	}
	return show_whole(t, &sv);
}

static int
show_whole(struct tool *t, struct saving *sv)
{
	struct err err = ERR_INIT;
	struct buf text;
	int status = TOOL_DONE;

	buf_init(&text, SAVED_MAX);
	if (saving_make(t, sv, &text, &err) == -1)
		status = tool_fail(t, &err);
	else if (t->json)
		status = print_json(t, sv->revision, &text);
	else if (t->asks)
		print_escaped(t, buf_str(&text));
	else
		tool_print(t, &text);
	buf_fini(&text);
	return status;
}

/* Whoever may write a table may not write to my terminal. */
static void
print_escaped(struct tool *t, struct str text)
{
	struct buf out;

	buf_init(&out, 4 * SAVED_MAX);
	while (text.n != 0)
		fields_show_line(&out, str_cut(&text, '\n'));
	tool_print(t, &out);
	buf_fini(&out);
}

static int
show_normal(struct tool *t, bool working, bool defaults)
{
	struct config *cf;
	struct buf text;
	int status = load(t, working, &cf);

	if (status != TOOL_DONE)
		return status;
	buf_init(&text, CONFIG_FILE_MAX);
	config_print(cf, defaults, &text);
	if (t->json)
		status = print_json(t, cf->revision, &text);
	else
		tool_print(t, &text);
	buf_fini(&text);
	config_unref(&cf);
	return status;
}

static int
load(struct tool *t, bool working, struct config **cf)
{
	struct config_problems problems = { 0 };
	struct err err = ERR_INIT;
	struct bundle b = { 0 };
	uint64_t number = 0;

	if (!working && !revision_current(t->paths.state, &number, &err))
		return tool_fail(t, &err);
	if (!working && number == 0) {
		fputs("Nothing was committed yet; --working shows what would "
		      "be.\n",
		    stderr);
		return TOOL_NEGATIVE;
	}
	if ((working ? bundle_read_folder(&b, t->paths.etc, &err)
		     : revision_compiled(&b, t->paths.state, number, &err)) ==
	    -1)
		return tool_fail(t, &err);
	*cf = config_load(&b, number, &problems);
	revise_report(&problems);
	config_problems_free(&problems);
	bundle_free(&b);
	return *cf != NULL ? TOOL_DONE : TOOL_NEGATIVE;
}

static int
print_json(struct tool *t, uint64_t revision, const struct buf *text)
{
	json_t *json = json_pack("{s:I, s:s%}", "revision",
	    (json_int_t)revision, "config", buf_str(text).p, text->len);

	tool_print_json(t, json);
	json_decref(json);
	return TOOL_DONE;
}

/* Not through tool_print: this is for a file, not for a person. */
static int
print_manual(const struct tool *t, const char *what)
{
	static const struct {
		const char *word;
		void (*print)(struct buf *);
	} parts[] = {
		{ "keys", config_schema_manual },
		{ "rules", filter_manual_rules },
		{ "actions", filter_manual_actions },
		{ "filetypes", filter_manual_filetypes },
	};
	struct buf text;
	bool written;
	size_t i = 0;

	while (i < NELEM(parts) && strcmp(parts[i].word, what) != 0)
		i++;
	if (i == NELEM(parts))
		return tool_unknown(t, what);
	buf_init(&text, CONFIG_FILE_MAX);
	parts[i].print(&text);
	written = fwrite(text.data, 1, text.len, stdout) == text.len &&
		  fflush(stdout) == 0;
	buf_fini(&text);
	return written ? TOOL_DONE : TOOL_NEGATIVE;
}
