/* revise.c - what the commands of the configuration share */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/control.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config/edits.h"

#define REPORT_MAX (1024u * 1024)

_Static_assert(CLOCK_TEXT == 48, "revise_time: size of out");

/* What programs look at only once. */
static const char *const at_start[] = { "system.workers",
	"system.sync_threads" };

static void tell_restart(struct tool *, uint64_t number);
static int put_in_force(struct tool *, uint64_t number, struct err *);

void
revise_report(const struct config_problems *problems)
{
	struct buf out;

	buf_init(&out, REPORT_MAX);
	for (size_t i = 0; i < problems->n; i++) {
		config_problem_print(&problems->v[i], &out);
		buf_putc(&out, '\n');
	}
	fwrite(buf_str(&out).p, 1, out.len, stderr);
	buf_fini(&out);
}

json_t *
revise_problems_json(const struct config_problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->n; i++) {
		const struct config_problem *p = &problems->v[i];

		json_array_append_new(
		    list, json_pack("{s:s?, s:i, s:i, s:s?, s:s?, s:b}", "file",
			      p->where.file, "line", p->where.line, "column",
			      p->column, "path", p->path, "text", p->text,
			      "warning", p->warning));
	}
	return list;
}

int
revise_commit(struct tool *t, struct commit *c, const struct commit_note *note,
    struct config_problems *problems)
{
	struct err err = ERR_INIT, after = ERR_INIT;
	int rc = commit_check(c, problems, &err);

	revise_report(problems);
	if (rc == 0)
		rc = commit_store(c, note, &err);
	if (rc == 0)
		rc = put_in_force(t, c->number, &err);
	if (rc == 0) {
		/* It is in force: what is untidy is told, no more. */
		if (commit_finish(c, &after) == -1)
			tool_fail(t, &after);
		tell_restart(t, c->number);
		return TOOL_DONE;
	}
	if (commit_drop(c, &after) == -1)
		tool_fail(t, &after);
	return tool_refuse(t, &err);
}

int
revise_list(struct tool *t, uint64_t after, struct revise_list *list)
{
	uint64_t numbers[REVISE_LIST];
	struct err err = ERR_INIT;
	size_t n;

	list->n = 0;
	if (!revision_current(t->paths.state, &list->current, &err))
		return tool_fail(t, &err);
	n = revision_list(t->paths.state, numbers, REVISE_LIST);
	for (size_t i = 0; i < n && numbers[i] > after; i++) {
		struct revision_info *info = &list->v[list->n];

		/* One that cannot be read is passed over. */
		if (revision_info(t->paths.state, numbers[i], info, NULL) ==
			0 &&
		    (!info->forget || info->number == list->current))
			list->n++;
	}
	return TOOL_DONE;
}

void
revise_list_print(struct buf *out, const struct revise_list *list, bool numbers)
{
	char when[CLOCK_TEXT];

	buf_puts(out,
	    "     Committed On               User       Description\n"
	    "-------------------------------------------------------------\n");
	for (size_t i = 0; i < list->n; i++) {
		const struct revision_info *v = &list->v[i];
		size_t from;

		buf_printf(
		    out, "%2zu. %s    ", i + 1, revise_time(v->when, when));
		from = out->len;
		fields_show(out, v->user, NAME_MAX_LEN);
		from = out->len - from;
		buf_printf(out, "%*s", from < 10 ? (int)(11 - from) : 1, "");
		fields_show(out, v->comment, NAME_MAX_LEN);
		if (numbers)
			buf_printf(out, " (revision %" PRIu64 ")", v->number);
		buf_putc(out, '\n');
	}
}

void
revise_edited(const struct tool *t)
{
	char user[64];

	tool_user(user, sizeof(user));
	/* The change itself is written; this is only told of it. */
	edits_add(t->paths.etc, user, t->command->name, NULL);
}

void
revise_edits(const struct tool *t, const char * not, struct buf *out)
{
	struct edits e;
	char when[48];

	edits_read(t->paths.etc, &e);
	for (size_t i = 0; i < e.n; i++) {
		const struct edit_note *note = &e.v[i];

		if (not != NULL && strcmp(note->user, not ) == 0)
			continue;
		buf_puts(out, "Changed by ");
		fields_show(out, note->user, NAME_MAX_LEN);
		buf_puts(out, " with ");
		fields_show(out, note->command, NAME_MAX_LEN);
		buf_printf(out, ": %s\n", revise_time(note->at, when));
	}
}

json_t *
revise_edits_json(const struct tool *t)
{
	json_t *all = json_array();
	struct edits e;

	edits_read(t->paths.etc, &e);
	for (size_t i = 0; i < e.n; i++) {
		json_t *one = json_pack("{s:s, s:s, s:I}", "user", e.v[i].user,
		    "command", e.v[i].command, "at", (json_int_t)e.v[i].at);

		if (one != NULL) /* UTF-8 */
			json_array_append_new(all, one);
	}
	return all;
}

const char *
revise_time(int64_t wall_ms, char out[48])
{
	char *zone;

	clock_status(wall_ms, out);
	zone = strrchr(out, ' ');
	if (zone != NULL)
		*zone = '\0';
	return out;
}

static void
tell_restart(struct tool *t, uint64_t number)
{
	struct buf objects;
	struct str rest;

	buf_init(&objects, REPORT_MAX);
	(void)revision_objects(t->paths.state, number, &objects, NULL);
	rest = buf_str(&objects);
	while (rest.n > 0) {
		struct str one = str_cut(&rest, '\n');

		for (size_t i = 0; i < NELEM(at_start); i++)
			if (str_is(one, at_start[i]))
				fprintf(stderr,
				    "%s takes effect when Postern is started "
				    "again.\n",
				    at_start[i]);
	}
	buf_fini(&objects);
}

/* The master makes it the current one when all programs have it; without a
 * master that is for us to do. */
static int
put_in_force(struct tool *t, uint64_t number, struct err *err)
{
	char text[24];
	const char *words[] = { "reload", text, NULL };
	struct control_answer answer;
	struct err why = ERR_INIT;
	uint64_t current;

	snprintf(text, sizeof(text), "%" PRIu64, number);
	if (control_ask(t, PROGRAM_MASTER, words, &answer, &why) == 0) {
		control_answer_fini(&answer);
		return 0;
	}
	if (why.sys == ECONNREFUSED) {
		fputs("Postern is not running; it will use this configuration "
		      "when it starts.\n",
		    stderr);
		return revision_make_current(t->paths.state, number, err);
	}
	/* The answer may have got lost on its way. */
	if (revision_current(t->paths.state, &current, NULL) &&
	    current == number)
		return 0;
	*err = why;
	return err_in(err, "not in force, and nothing was changed");
}
