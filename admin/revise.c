/* revise.c - what the commands of the configuration share */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/control.h"
#include "admin/revise.h"
#include "base/clock.h"

#define REPORT_MAX (1024u * 1024)

_Static_assert(CLOCK_TEXT == 48, "revise_time: size of out");

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
revise_activate(struct tool *t)
{
	const char *words[] = { "reload", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;

	/* A socket is there as long as a master is. */
	if (access(t->paths.control, F_OK) == -1) {
		fputs("Postern is not running; it will use this configuration "
		      "when it starts.\n",
		    stderr);
		return TOOL_DONE;
	}
	if (control_ask(t, PROGRAM_MASTER, words, &answer, &err) == -1) {
		err_in(&err, "stored, but not in force");
		return tool_fail(t, &err);
	}
	control_answer_fini(&answer);
	return TOOL_DONE;
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
