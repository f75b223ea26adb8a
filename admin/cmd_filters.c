/* cmd_filters.c - `filters`: message filters (spec workqueue 2.14) */
#include <string.h>

#include "admin/commands.h"
#include "admin/filters_do.h"
#include "base/mem.h"

#define WHICH     "Enter the filter name, number, or range:"
#define WORD      256
#define ENCODINGS 32

typedef bool ask_fn(struct editing *, char *rest);
static ask_fn ask_new, ask_delete, ask_import, ask_export, ask_move, ask_set,
    ask_list, ask_detail, ask_logs, ask_roll;
typedef int take_fn(struct editing *, struct args *);
static take_fn take_new, take_delete, take_import, take_export, take_move,
    take_set, take_list, take_detail, take_logs, take_roll;

static bool ask(struct editing *, const void *form);
static int take(struct editing *, struct args *, const void *form);
static bool ask_word(
    struct editing *, char *rest, const char *question, char *out);
static bool ask_script(struct editing *, struct buf *);
static bool ask_encoding(struct editing *, const char **);

static const struct {
	struct dialogue_op op;
	ask_fn *ask; /* rest: what was written behind the word */
	take_fn *take;
	bool always; /* offered when there is no filter as well */
} ops[] = {
	{ { "NEW", "Create a new filter." }, ask_new, take_new, true },
	{ { "DELETE", "Remove a filter." }, ask_delete, take_delete, false },
	{ { "IMPORT", "Import a filter script from a file." }, ask_import,
	    take_import, true },
	{ { "EXPORT", "Export filters to a file." }, ask_export, take_export,
	    false },
	{ { "MOVE", "Move a filter to a different position." }, ask_move,
	    take_move, false },
	{ { "SET", "Set a filter attribute." }, ask_set, take_set, false },
	{ { "LIST", "List the filters." }, ask_list, take_list, false },
	{ { "DETAIL", "Get detailed information on the filters." }, ask_detail,
	    take_detail, false },
	{ { "LOGCONFIG", "List the logs that filters archive to." }, ask_logs,
	    take_logs, false },
	{ { "ROLLOVERNOW", "Roll over a filter log file." }, ask_roll,
	    take_roll, false },
};
static const struct editing_form edits = { ask, take };

const struct tool_command cmd_filters = {
	.name = "filters",
	.usage = "[new FILE|- [POSITION] | delete WHICH | import FILE "
		 "[encoding=CHARSET] | export FILE [WHICH] "
		 "[encoding=CHARSET] | move WHICH POSITION | set WHICH "
		 "active|inactive | list [WHICH] | detail [WHICH] | "
		 "logconfig | rollovernow [LOG]]",
	.summary = "Change the message filters",
	.help = "Changes the message filters in the working copy of the "
		"configuration: the file filters/message_filters. WHICH is a "
		"number, a name, a range (2-5, 2-, -5) or all; POSITION is a "
		"number, a name or last. Files stand beside postern.yaml; "
		"\"new -\" reads the script from standard input. The "
		"language is described in postern-filters(5). Nothing is in "
		"force before a commit.",
	.edits = &edits,
};

static bool
ask(struct editing *ed, const void *form)
{
	char rest[DIALOGUE_LINE];
	struct dialogue_op here[NELEM(ops)];
	size_t which[NELEM(ops)], n, op;

	(void)form;
	do {
		bool any = filters_do_count(ed) > 0;

		n = 0;
		for (size_t i = 0; i < NELEM(ops); i++) {
			if (!any && !ops[i].always)
				continue;
			which[n] = i;
			here[n++] = ops[i].op;
		}
		tool_space(ed->t);
		if (!dialogue_menu_words(
			&ed->t->dialogue, here, n, &op, rest, sizeof(rest)))
			return false;
		if (op == n)
			return true;
	} while (ops[which[op]].ask(ed, rest));
	return false;
}

static int
take(struct editing *ed, struct args *a, const void *form)
{
	const char *word = args_next(a);

	(void)form;
	for (size_t i = 0; word != NULL && i < NELEM(ops); i++) {
		if (str_is_nocase(str_of(word), ops[i].op.word))
			return ops[i].take(ed, a);
	}
	return tool_unknown(ed->t, word);
}

/* --- a person --- */

static bool
ask_new(struct editing *ed, char *rest)
{
	char position[WORD];
	struct buf script;
	bool answered;

	ask_word(ed, rest, NULL, position);
	buf_init(&script, FILTER_SOURCE_MAX);
	answered = ask_script(ed, &script);
	if (answered)
		filters_do_add(ed, buf_str(&script), position);
	buf_fini(&script);
	return answered;
}

/* The next word of rest, or the answer to the question; without a question
 * "". False: the input ended. */
static bool
ask_word(struct editing *ed, char *rest, const char *question, char *out)
{
	struct str left = str_of(rest), word = str_word(&left);

	str_copy(out, WORD, word);
	memmove(rest, left.p, left.n + 1);
	if (*out != '\0' || question == NULL)
		return true;
	tool_space(ed->t);
	return dialogue_text(&ed->t->dialogue, question, "", out, WORD);
}

/* Up to a line that is a dot alone. */
static bool
ask_script(struct editing *ed, struct buf *script)
{
	char line[DIALOGUE_LINE];

	tool_space(ed->t);
	fputs("Enter filter script.  Enter '.' on its own line to end.\n",
	    ed->t->dialogue.out);
	while (dialogue_line(&ed->t->dialogue, line, sizeof(line))) {
		if (strcmp(line, ".") == 0)
			return true;
		buf_puts(script, line);
		buf_putc(script, '\n');
	}
	return false;
}

static bool
ask_delete(struct editing *ed, char *rest)
{
	char which[WORD];

	if (!ask_word(ed, rest, WHICH, which))
		return false;
	if (*which != '\0')
		filters_do_delete(ed, which);
	return true;
}

static bool
ask_import(struct editing *ed, char *rest)
{
	char name[WORD];
	const char *encoding;

	if (!ask_word(ed, rest, "Enter the name of the file to import:", name))
		return false;
	if (*name == '\0')
		return true;
	if (!ask_encoding(ed, &encoding))
		return false;
	filters_do_import(ed, name, encoding);
	return true;
}

static bool
ask_export(struct editing *ed, char *rest)
{
	char name[WORD], which[WORD];
	const char *encoding;

	if (!ask_word(ed, rest, "Enter a name for the exported file:", name))
		return false;
	ask_word(ed, rest, NULL, which);
	if (*name == '\0')
		return true;
	if (!ask_encoding(ed, &encoding))
		return false;
	filters_do_export(ed, name, *which != '\0' ? which : "all", encoding);
	return true;
}

static bool
ask_encoding(struct editing *ed, const char **encoding)
{
	const char *names[ENCODINGS];
	size_t n = 0, chosen;

	while (n < ENCODINGS && filters_encoding(n) != NULL) {
		names[n] = filters_encoding(n);
		n++;
	}
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue,
		"Enter the encoding of the file:", names, n, 0, &chosen))
		return false;
	*encoding = names[chosen];
	return true;
}

static bool
ask_move(struct editing *ed, char *rest)
{
	char which[WORD], position[WORD];

	if (!ask_word(ed, rest, WHICH, which))
		return false;
	if (*which == '\0')
		return true;
	if (!ask_word(ed, rest,
		"Enter the position to move to, a number or \"last\":",
		position))
		return false;
	if (*position != '\0')
		filters_do_move(ed, which, position);
	return true;
}

static bool
ask_set(struct editing *ed, char *rest)
{
	char which[WORD], state[WORD];

	if (!ask_word(ed, rest, WHICH, which))
		return false;
	if (*which == '\0')
		return true;
	if (!ask_word(ed, rest,
		"Enter the attribute to set, \"active\" or \"inactive\":",
		state))
		return false;
	if (*state != '\0')
		filters_do_set(ed, which, state);
	return true;
}

static bool
ask_list(struct editing *ed, char *rest)
{
	char which[WORD];

	ask_word(ed, rest, NULL, which);
	tool_space(ed->t);
	filters_do_show(ed, *which != '\0' ? which : "all", false);
	return true;
}

static bool
ask_detail(struct editing *ed, char *rest)
{
	char which[WORD];

	if (!ask_word(ed, rest, WHICH, which))
		return false;
	tool_space(ed->t);
	if (*which != '\0')
		filters_do_show(ed, which, true);
	return true;
}

static bool
ask_logs(struct editing *ed, char *rest)
{
	(void)rest;
	tool_space(ed->t);
	filters_do_logs(ed);
	return true;
}

static bool
ask_roll(struct editing *ed, char *rest)
{
	char name[WORD];

	if (!ask_word(ed, rest, "Enter the name of the log:", name))
		return false;
	if (*name != '\0')
		filters_do_roll(ed, name);
	return true;
}

/* --- a line --- */

static int
take_new(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *position = args_next(a);

	if (name == NULL)
		return tool_usage(ed->t, "which file?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_add_file(
	    ed, name, position != NULL ? position : "last");
}

static int
take_delete(struct editing *ed, struct args *a)
{
	const char *which = args_next(a);

	if (which == NULL)
		return tool_usage(ed->t, "which filter?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_delete(ed, which);
}

static int
take_import(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *encoding = args_option(a, "encoding");

	if (name == NULL)
		return tool_usage(ed->t, "which file?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_import(
	    ed, name, encoding != NULL ? encoding : "UTF-8");
}

static int
take_export(struct editing *ed, struct args *a)
{
	const char *name = args_next(a), *which = args_next(a);
	const char *encoding = args_option(a, "encoding");

	if (name == NULL)
		return tool_usage(ed->t, "which file?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_export(ed, name, which != NULL ? which : "all",
	    encoding != NULL ? encoding : "UTF-8");
}

static int
take_move(struct editing *ed, struct args *a)
{
	const char *which = args_next(a), *position = args_next(a);

	if (position == NULL)
		return tool_usage(ed->t, "which filter, and where to?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_move(ed, which, position);
}

static int
take_set(struct editing *ed, struct args *a)
{
	const char *which = args_next(a), *state = args_next(a);

	if (state == NULL)
		return tool_usage(ed->t, "which filter, active or inactive?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_set(ed, which, state);
}

static int
take_list(struct editing *ed, struct args *a)
{
	const char *which = args_next(a);

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_show(ed, which != NULL ? which : "all", false);
}

static int
take_detail(struct editing *ed, struct args *a)
{
	const char *which = args_next(a);

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_show(ed, which != NULL ? which : "all", true);
}

static int
take_logs(struct editing *ed, struct args *a)
{
	return args_finish(a) == TOOL_DONE ? filters_do_logs(ed) : TOOL_USAGE;
}

static int
take_roll(struct editing *ed, struct args *a)
{
	const char *name = args_next(a);

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return filters_do_roll(ed, name);
}
