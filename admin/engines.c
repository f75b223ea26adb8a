/* engines.c - what scanners say of themselves */
#include "admin/engines.h"

#include "admin/control.h"
#include "admin/fields.h"

static void render(const json_t *, struct buf *);

int
engines_status(struct tool *t, int argc, const char *command)
{
	json_t *answer;
	struct buf out;
	int status;
	bool fine;

	if (argc > 1)
		return tool_usage(t, NULL);
	status = engines_ask(t, command, &answer);
	if (status != TOOL_DONE)
		return status;
	fine = fields_bool(answer, "answers") || !fields_has(answer, "engine");
	if (t->json) {
		tool_print_json(t, answer);
	} else {
		buf_init(&out, 8192);
		render(answer, &out);
		tool_print(t, &out);
		buf_fini(&out);
	}
	json_decref(answer);
	return fine ? TOOL_DONE : TOOL_NEGATIVE;
}

int
engines_ask(struct tool *t, const char *command, json_t **answer)
{
	const char *words[] = { command, NULL };
	struct control_answer got;
	struct err err = ERR_INIT;

	*answer = NULL;
	if (control_ask(t, PROGRAM_LOOKUPD, words, &got, &err) == -1)
		return tool_fail(t, &err);
	*answer = json_incref(got.json);
	control_answer_fini(&got);
	return TOOL_DONE;
}

static void
render(const json_t *j, struct buf *out)
{
	if (!fields_has(j, "engine")) {
		buf_puts(out, "No engine is configured.\n");
		return;
	}
	buf_puts(out, "Engine:        ");
	fields_show(out, fields_text(j, "engine"), 200);
	buf_puts(out, "\nRules:         ");
	if (!fields_bool(j, "answers"))
		buf_puts(out, "not known");
	else if (fields_has(j, "rules"))
		fields_show(out, fields_text(j, "rules"), 200);
	else
		buf_puts(out, "the engine does not tell");
	buf_puts(out, "\nLast contact:  ");
	fields_time(out, j, "last_contact", "Never");
	if (!fields_bool(j, "answers")) {
		buf_puts(out, "\nIt does not answer: ");
		fields_show(out, fields_text(j, "error"), 300);
	}
	buf_puts(out, "\n");
}
