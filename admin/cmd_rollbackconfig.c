/* cmd_rollbackconfig.c - `rollbackconfig` (delivery-admin 4.2) */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"

#define REPORT_MAX (1024u * 1024)

static int run(struct tool *, int argc, char **argv);
static int choose(struct tool *, const struct revise_list *, uint64_t *number);
static void print_list(struct tool *, const struct revise_list *, bool numbers);
static json_t *list_json(const struct revise_list *);
static int sure(struct tool *);
static int revert(struct tool *, uint64_t number, bool dialogue, bool commit);
static void say_reverted(struct tool *, const struct revision_info *);
static int commit(struct tool *, const struct revision_info *);

const struct tool_command cmd_rollbackconfig = {
	.name = "rollbackconfig",
	.usage = "[--yes] [--no-commit] REVISION | list",
	.summary = "Go back to an earlier configuration",
	.help = "Puts an earlier revision of the configuration into the "
		"working copy and commits it as a new revision; --no-commit "
		"leaves that to you. Changes that were not committed are lost, "
		"so it asks before, unless --yes is said. Secrets are no part "
		"of a revision and stay as they are. \"list\" shows the "
		"revisions that are kept; in the dialogue they are numbered "
		"from the newest.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	bool yes = false, no_commit = false;
	const struct tool_option options[] = {
		{ "--yes", NULL, &yes },
		{ "--no-commit", NULL, &no_commit },
	};
	static struct revise_list list;
	uint64_t number;
	int status;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc > 2 || (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	status = revise_list(t, 0, &list);
	if (status != TOOL_DONE)
		return status;
	if (argc == 2 && str_is(str_of(argv[1]), "list")) {
		print_list(t, &list, true);
		return TOOL_DONE;
	}
	if (argc == 2 && !tool_mid(str_of(argv[1]), &number))
		return tool_no_revision(t, argv[1]);
	if (argc == 2 && !yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (argc == 1) {
		print_list(t, &list, false);
		status = choose(t, &list, &number);
	}
	if (status == TOOL_DONE && !yes)
		status = sure(t);
	return status == TOOL_DONE ? revert(t, number, argc == 1, !no_commit)
				   : status;
}

/* An empty answer leaves. */
static int
choose(struct tool *t, const struct revise_list *list, uint64_t *number)
{
	char line[DIALOGUE_LINE];
	uint64_t n;

	for (;;) {
		if (!dialogue_text(&t->dialogue,
			"Enter the number of the config to revert to.", "",
			line, sizeof(line)))
			return tool_abandoned(t);
		if (*line == '\0')
			return TOOL_NEGATIVE;
		if (str_u64(str_of(line), list->n, &n) && n > 0)
			break;
		fprintf(t->dialogue.out,
		    "Please enter a number between 1 and %zu.\n", list->n);
	}
	*number = list->v[n - 1].number;
	return TOOL_DONE;
}

static int
sure(struct tool *t)
{
	bool yes;

	if (!dialogue_yes(&t->dialogue,
		"Are you sure you want to roll back the configuration?", false,
		&yes))
		return tool_abandoned(t);
	return yes ? TOOL_DONE : TOOL_NEGATIVE;
}

static void
print_list(struct tool *t, const struct revise_list *list, bool numbers)
{
	struct buf out;
	json_t *json;

	if (t->json) {
		json = list_json(list);
		tool_print_json(t, json);
		json_decref(json);
		return;
	}
	buf_init(&out, REPORT_MAX);
	buf_puts(&out, "Previous commits:\n");
	revise_list_print(&out, list, numbers);
	tool_print(t, &out);
	buf_fini(&out);
}

static json_t *
list_json(const struct revise_list *list)
{
	json_t *all = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(
		    all, json_pack("{s:I, s:I, s:s, s:s}", "revision",
			     (json_int_t)list->v[i].number, "committed",
			     (json_int_t)list->v[i].when, "user",
			     list->v[i].user, "comment", list->v[i].comment));
	return json_pack("{s:I, s:o}", "current", (json_int_t)list->current,
	    "revisions", all);
}

static int
revert(struct tool *t, uint64_t number, bool dialogue, bool yes)
{
	struct revision_info info;
	struct err err = ERR_INIT;

	if (revision_info(t->paths.state, number, &info, &err) == -1 &&
	    err.sys == ENOENT)
		err_set(&err, ERR_PERM, "There is no revision %" PRIu64 ".",
		    number);
	if (err.text[0] != '\0' ||
	    revision_restore(t->paths.etc, t->paths.state, number, &err) == -1)
		return tool_fail(t, &err);
	revise_edited(t);
	if (!t->json)
		say_reverted(t, &info);
	if (dialogue &&
	    !dialogue_yes(&t->dialogue,
		"Do you want to commit this configuration now?", false, &yes))
		return TOOL_DONE; /* what was asked for is done */
	if (yes)
		return commit(t, &info);
	if (t->json)
		fprintf(t->dialogue.out,
		    "{\n  \"reverted_to\": %" PRIu64 "\n}\n", number);
	return TOOL_DONE;
}

static void
say_reverted(struct tool *t, const struct revision_info *info)
{
	char when[CLOCK_TEXT];
	struct buf out;

	buf_init(&out, REPORT_MAX);
	buf_printf(&out, "Reverted to %s ", revise_time(info->when, when));
	fields_show(&out, info->user, NAME_MAX_LEN);
	buf_putc(&out, ' ');
	fields_show(&out, info->comment, LOG_VALUE_MAX);
	buf_putc(&out, '\n');
	tool_print(t, &out);
	buf_fini(&out);
}

/* It may be what is in force already; then there is nothing to do. */
static int
commit(struct tool *t, const struct revision_info *info)
{
	struct config_problems problems = { 0 };
	char user[64], comment[sizeof(info->comment) + 64];
	const struct commit_note note = { user, comment, false };
	struct err err = ERR_INIT;
	struct commit c;
	int status = TOOL_DONE;

	tool_user(user, sizeof(user));
	snprintf(comment, sizeof(comment), "Reverted to %" PRIu64 ": %s",
	    info->number, info->comment);
	if (commit_begin(&c, t->paths.etc, t->paths.state, &err) == -1)
		return tool_fail(t, &err);
	if (!commit_is_empty(&c))
		status = revise_commit(t, &c, &note, &problems);
	if (status == TOOL_DONE && t->json)
		fprintf(t->dialogue.out,
		    "{\n  \"revision\": %" PRIu64
		    ",\n  \"reverted_to\": %" PRIu64 "\n}\n",
		    c.current, info->number);
	else if (status == TOOL_DONE)
		fputs("Committed the changes successfully.\n", t->dialogue.out);
	commit_end(&c);
	config_problems_free(&problems);
	return status;
}
