/* cmd_commit.c - `commit` (delivery-admin 4.2) */
#include <stdio.h>

#include "admin/commands.h"
#include "admin/revise.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "config/revision.h"

#define COMMENT_MAX 1024

static int run(struct tool *, int argc, char **argv);
static int pending(struct tool *, bool *some);
static int commit(struct tool *, const char *comment);
static int done(struct tool *, uint64_t number, const struct config_problems *);

const struct tool_command cmd_commit = { "commit", "COMMENT",
	"Put the changed configuration in force",
	"Checks the working copy of the configuration, stores it as the next "
	"revision and tells the running programs to use it. When something "
	"is wrong every error is shown with its place, and nothing changes. "
	"Every revision is kept; rollbackconfig goes back to one.",
	run };

static int
run(struct tool *t, int argc, char **argv)
{
	char comment[COMMENT_MAX];
	bool some;
	int status;

	if (argc == 1 && !t->asks)
		return tool_usage(t, NULL);
	tool_join(comment, sizeof(comment), argc, argv, 1);
	if (argc == 1) {
		status = pending(t, &some);
		if (status != TOOL_DONE || !some)
			return status;
		if (!dialogue_text(&t->dialogue,
			"Please enter some comments describing your changes:",
			"", comment, sizeof(comment)))
			return tool_abandoned(t);
	}
	return commit(t, comment);
}

/* Nobody should describe changes that there are not. */
static int
pending(struct tool *t, bool *some)
{
	struct err err = ERR_INIT;
	struct buf diff;
	int status = TOOL_DONE;

	buf_init(&diff, CONFIG_FILE_MAX);
	if (revision_diff(t->paths.etc, t->paths.state, &diff, &err) == -1)
		status = tool_fail(t, &err);
	*some = diff.len != 0 || diff.failed;
	if (status == TOOL_DONE && !*some)
		fputs("No changes to commit.\n", t->dialogue.out);
	buf_fini(&diff);
	return status;
}

static int
commit(struct tool *t, const char *comment)
{
	struct config_problems problems = { 0 };
	struct err err = ERR_INIT;
	char user[64];
	uint64_t number;
	int status;

	tool_user(user, sizeof(user));
	if (revision_commit(t->paths.etc, t->paths.state, user, comment,
		&problems, &number, &err) == 0) {
		status = done(t, number, &problems);
	} else {
		revise_report(&problems);
		tool_fail(t, &err);
		status = TOOL_NEGATIVE; /* asked rightly, answered with no */
	}
	config_problems_free(&problems);
	return status;
}

/* There may be warnings all the same. */
static int
done(struct tool *t, uint64_t number, const struct config_problems *problems)
{
	char text[CLOCK_TEXT];
	int64_t now = clock_wall_ms();
	int status;
	json_t *json;

	revise_report(problems);
	status = number != 0 ? revise_activate(t) : TOOL_DONE;
	if (t->json) {
		json = json_pack("{s:I, s:b, s:I, s:o}", "revision",
		    (json_int_t)number, "changed", number != 0, "committed",
		    (json_int_t)now, "problems",
		    revise_problems_json(problems));
		tool_print_json(t, json);
		json_decref(json);
	} else if (number == 0) {
		fputs("No changes to commit.\n", t->dialogue.out);
	} else if (status == TOOL_DONE) {
		fprintf(t->dialogue.out, "Changes committed: %s\n",
		    clock_status(now, text));
	}
	return status;
}
