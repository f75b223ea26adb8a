/* cmd_resetconfig.c - `resetconfig` (delivery-admin 4.2) */
#include <errno.h>
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "admin/suspend.h"
#include "config/edit.h"
#include "config/factory.h"

static int run(struct tool *, int argc, char **argv);
static int is_offline(struct tool *, bool *offline, struct err *err);
static int reset(struct tool *);
static int factory_files(
    const struct commit *, struct bundle *out, struct err *err);

const struct tool_command cmd_resetconfig = {
	.name = "resetconfig",
	.usage = "[--yes]",
	.summary = "Go back to the configuration that was installed",
	.help = "Makes the configuration that comes with Postern the working "
		"copy and commits it. Only the name of the host stays, and "
		"files below secrets/ are left alone. Receiving and delivery "
		"must have been suspended before (suspend), and stay so. It "
		"asks, unless --yes is said; rollbackconfig brings back what "
		"was in force.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	bool yes = false, offline;
	const struct tool_option options[] = { { "--yes", NULL, &yes } };
	struct err err = ERR_INIT;

	if (!tool_options(t, options, 1, &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_usage(t, NULL);
	if (is_offline(t, &offline, &err) == -1)
		return tool_fail(t, &err);
	if (!offline) {
		fputs("Receiving and delivery must be suspended first; use "
		      "\"suspend\".\n",
		    stderr);
		return TOOL_NEGATIVE;
	}
	if (!yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (!yes && !dialogue_yes(&t->dialogue,
			"Are you sure you want to reset all configuration "
			"values?",
			false, &yes))
		return tool_abandoned(t);
	return yes ? reset(t) : TOOL_NEGATIVE;
}

/* What does not run is as good as suspended. */
static int
is_offline(struct tool *t, bool *offline, struct err *err)
{
	static const char *const words[] = { "queue", NULL };
	struct control_answer answer;
	json_t *open = suspend_listeners(t, false, err);

	*offline = err->sys == ECONNREFUSED;
	if (open == NULL)
		return *offline ? 0 : -1;
	*offline = json_array_size(open) == 0;
	json_decref(open);
	if (!*offline)
		return 0;
	if (control_ask(t, PROGRAM_QMGR, words, &answer, err) == -1)
		return -1;
	*offline =
	    str_is(str_of(fields_text(answer.json, "delivery")), "suspended");
	control_answer_fini(&answer);
	return 0;
}

static int
reset(struct tool *t)
{
	struct config_problems problems = { 0 };
	char user[64];
	const struct commit_note note = { user, "Factory values", false };
	struct bundle files = { 0 };
	struct err err = ERR_INIT;
	struct commit c;
	int status = TOOL_DONE;

	tool_user(user, sizeof(user));
	if (commit_begin(&c, t->paths.etc, t->paths.state, &err) == -1)
		return tool_fail(t, &err);
	if (factory_files(&c, &files, &err) == -1 ||
	    commit_replace(&c, &files, &err) == -1)
		status = tool_fail(t, &err);
	else if (!commit_is_empty(&c))
		status = revise_commit(t, &c, &note, &problems);
	commit_end(&c);
	bundle_free(&files);
	config_problems_free(&problems);
	if (status == TOOL_DONE && t->json)
		fputs("{\n  \"reset\": true\n}\n", t->dialogue.out);
	else if (status == TOOL_DONE)
		fputs("All settings have been restored to the factory "
		      "defaults.\n",
		    t->dialogue.out);
	return status;
}

static int
factory_files(const struct commit *c, struct bundle *out, struct err *err)
{
	struct config_problems ignored = { 0 };
	struct config *now = config_load_simple(&c->now, 0, NULL);
	struct edit *yaml =
	    edit_new("postern.yaml", factory_config(), &ignored);
	int rc = 0;

	/* The name belongs to the machine. */
	if (now != NULL)
		rc = edit_set_text(yaml, "hostname", now->hostname, err);
	if (rc == 0)
		bundle_from_text(out, "postern.yaml", edit_text(yaml));
	edit_free(&yaml);
	config_unref(&now);
	config_problems_free(&ignored);
	return rc;
}
