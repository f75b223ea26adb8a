/* cmd_showconfig.c - `showconfig` (delivery-admin 4.2) */
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "base/bounds.h"
#include "base/mem.h"
#include "config/revision.h"

static int run(struct tool *, int argc, char **argv);
static int load(struct tool *, bool working, struct config **);
static int print(struct tool *, const struct config *, bool defaults);
static int print_manual(void);

const struct tool_command cmd_showconfig = { "showconfig",
	"[--working] [--defaults] | --manual",
	"Show the configuration in normal form",
	"Shows the configuration in force as one file that can be used as "
	"postern.yaml; --working shows the working copy instead, --defaults "
	"also what was not set. Secrets stand in files of their own and are "
	"not shown. --manual prints, instead of a configuration, the list of "
	"all keys that postern.yaml(5) is made from.",
	run };

static int
run(struct tool *t, int argc, char **argv)
{
	bool working = false, defaults = false, manual = false;
	const struct tool_option options[] = {
		{ "--working", NULL, &working },
		{ "--defaults", NULL, &defaults },
		{ "--manual", NULL, &manual },
	};
	struct config *cf = NULL;
	int status;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_usage(t, NULL);
	if (manual)
		return print_manual();
	status = load(t, working, &cf);
	if (status != TOOL_DONE)
		return status;
	status = print(t, cf, defaults);
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
print(struct tool *t, const struct config *cf, bool defaults)
{
	struct buf text;
	json_t *json;

	buf_init(&text, CONFIG_FILE_MAX);
	config_print(cf, defaults, &text);
	if (t->json) {
		json = json_pack("{s:I, s:s%}", "revision",
		    (json_int_t)cf->revision, "config", buf_str(&text).p,
		    text.len);
		tool_print_json(t, json);
		json_decref(json);
	} else {
		tool_print(t, &text);
	}
	buf_fini(&text);
	return TOOL_DONE;
}

/* Not through tool_print: this is for a file, not for a person. */
static int
print_manual(void)
{
	struct buf text;
	bool written;

	buf_init(&text, CONFIG_FILE_MAX);
	config_schema_manual(&text);
	written = fwrite(text.data, 1, text.len, stdout) == text.len &&
		  fflush(stdout) == 0;
	buf_fini(&text);
	return written ? TOOL_DONE : TOOL_NEGATIVE;
}
