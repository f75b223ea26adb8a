/* cmd_rollbackconfig.c - `rollbackconfig` (delivery-admin 4.2) */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "config/revision.h"

#define SHOWN_MAX 10

/* Former revisions, newest first. */
struct former {
	struct revision_info v[SHOWN_MAX];
	size_t n;
	uint64_t current;
};

static int run(struct tool *, int argc, char **argv);
static int former_find(struct tool *, struct former *);
static void former_print(struct tool *, const struct former *);
static json_t *former_json(const struct former *);
static int revert(struct tool *, uint64_t number);

const struct tool_command cmd_rollbackconfig = { "rollbackconfig",
	"[--yes] REVISION | list", "Go back to an earlier configuration",
	"Makes an earlier revision of the configuration the current one, as a "
	"new revision, and puts it in force. Working copy included: changes "
	"that were not committed are lost, so it asks before, unless --yes is "
	"said. \"list\" shows the last revisions; in the dialogue they are "
	"numbered from the newest.",
	run };

static int
run(struct tool *t, int argc, char **argv)
{
	bool yes = false;
	const struct tool_option options[] = { { "--yes", NULL, &yes } };
	struct former f = { .n = 0 };
	uint64_t number;
	int status;

	if (!tool_options(t, options, 1, &argc, argv))
		return TOOL_USAGE;
	if (argc > 2 || (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	status = former_find(t, &f);
	if (status != TOOL_DONE)
		return status;
	if (argc == 2 && str_is(str_of(argv[1]), "list")) {
		former_print(t, &f);
		return TOOL_DONE;
	}
	if (argc == 2 && !tool_mid(str_of(argv[1]), &number))
		return tool_usage(t, argv[1]);
	if (argc == 2 && !yes && !t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (argc == 1) {
		former_print(t, &f);
		if (f.n == 0)
			return TOOL_NEGATIVE;
		if (!dialogue_number(&t->dialogue,
			"Enter the number of the config to revert to.", 1, f.n,
			f.n > 1 ? 2 : 1, &number))
			return tool_abandoned(t);
		number = f.v[number - 1].number;
	}
	if (!yes && !dialogue_yes(&t->dialogue,
			"Are you sure you want to roll back the configuration?",
			false, &yes))
		return tool_abandoned(t);
	return yes ? revert(t, number) : TOOL_NEGATIVE;
}

static int
former_find(struct tool *t, struct former *f)
{
	struct err err = ERR_INIT;

	if (!revision_current(t->paths.state, &f->current, &err))
		return tool_fail(t, &err);
	/* One that is gone or cannot be read is passed over. */
	for (uint64_t n = f->current; n > 0 && f->n < SHOWN_MAX; n--)
		if (revision_info(t->paths.state, n, &f->v[f->n], NULL) == 0)
			f->n++;
	return TOOL_DONE;
}

static void
former_print(struct tool *t, const struct former *f)
{
	char when[CLOCK_TEXT];
	struct buf out;
	json_t *json;

	if (t->json) {
		json = former_json(f);
		tool_print_json(t, json);
		json_decref(json);
		return;
	}
	buf_init(&out, 1024 * 1024);
	buf_puts(&out,
	    "Previous commits:\n"
	    "     Committed On               User       Description\n"
	    "-------------------------------------------------------------\n");
	for (size_t i = 0; i < f->n; i++) {
		size_t from;

		buf_printf(&out, "%2zu. %s    ", i + 1,
		    revise_time(f->v[i].when, when));
		from = out.len;
		fields_show(&out, f->v[i].user, NAME_MAX_LEN);
		from = out.len - from;
		buf_printf(&out, "%*s", from < 10 ? (int)(11 - from) : 1, "");
		fields_show(&out, f->v[i].comment, NAME_MAX_LEN);
		buf_printf(&out, " (revision %" PRIu64 ")\n", f->v[i].number);
	}
	tool_print(t, &out);
	buf_fini(&out);
}

static json_t *
former_json(const struct former *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(
		    list, json_pack("{s:I, s:I, s:s, s:s}", "revision",
			      (json_int_t)f->v[i].number, "committed",
			      (json_int_t)f->v[i].when, "user", f->v[i].user,
			      "comment", f->v[i].comment));
	return json_pack(
	    "{s:I, s:o}", "current", (json_int_t)f->current, "revisions", list);
}

static int
revert(struct tool *t, uint64_t number)
{
	struct revision_info info;
	struct err err = ERR_INIT;
	char user[64], when[CLOCK_TEXT];
	uint64_t made;
	struct buf out;
	json_t *json;

	tool_user(user, sizeof(user));
	if (revision_info(t->paths.state, number, &info, &err) == -1 &&
	    err.sys == ENOENT)
		err_set(&err, ERR_PERM, "There is no revision %" PRIu64 ".",
		    number);
	if (err.text[0] != '\0' ||
	    revision_rollback(
		t->paths.etc, t->paths.state, number, user, &made, &err) == -1)
		return tool_fail(t, &err);
	buf_init(&out, 1024 * 1024);
	if (t->json) {
		json = json_pack("{s:I, s:I}", "revision", (json_int_t)made,
		    "reverted_to", (json_int_t)number);
		tool_print_json(t, json);
		json_decref(json);
	} else {
		buf_printf(
		    &out, "Reverted to %s ", revise_time(info.when, when));
		fields_show(&out, info.user, NAME_MAX_LEN);
		buf_putc(&out, ' ');
		fields_show(&out, info.comment, LOG_VALUE_MAX);
		buf_puts(&out, "\nCommitted the changes successfully.\n");
	}
	tool_print(t, &out);
	buf_fini(&out);
	return revise_activate(t);
}
