/* cmd_help.c - `help`: what there is, and how it is used */
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "base/bounds.h"

#define COLUMNS 78
#define OPTIONS 25 /* where the text about an option begins */

static int run(struct tool *, int argc, char **argv);
static void list(struct buf *);
static void describe(const struct tool_command *, struct buf *);
static void describe_option(const struct tool_about *, struct buf *);
static void add_words(struct buf *, const char *text, size_t indent);
static json_t *as_json(const struct tool_command *);

const struct tool_command cmd_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "List the commands, or explain one",
	.help = "Without an argument lists all commands; with the name of one, "
		"says what it does and how it is used.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const struct tool_command *c = NULL;
	struct buf out;

	if (argc > 2)
		return tool_usage(t, NULL);
	if (argc == 2 && (c = commands_find(argv[1])) == NULL)
		return tool_usage(t, "there is no such command");
	if (t->json) {
		json_t *list_of = json_array();

		for (size_t i = 0; commands[i] != NULL; i++)
			if (c == NULL || c == commands[i])
				json_array_append_new(
				    list_of, as_json(commands[i]));
		tool_print_json(t, list_of);
		json_decref(list_of);
		return TOOL_DONE;
	}
	buf_init(&out, 1024 * 1024);
	if (c != NULL)
		describe(c, &out);
	else
		list(&out);
	tool_print(t, &out);
	buf_fini(&out);
	return TOOL_DONE;
}

static void
list(struct buf *out)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		buf_printf(
		    out, "%-17s %s\n", commands[i]->name, commands[i]->summary);
	buf_puts(out, "\n\"help COMMAND\" explains one. In the shell, "
		      "\"exit\" leaves.\n");
}

static void
describe(const struct tool_command *c, struct buf *out)
{
	struct buf usage;

	buf_printf(out, "Usage: %s ", c->name);
	buf_init(&usage, 4096);
	buf_printf(&usage, "%s [--json]", c->usage);
	add_words(out, usage.data, 7);
	buf_fini(&usage);
	buf_puts(out, "\n\n");
	add_words(out, c->help, 0);
	buf_putc(out, '\n');
	for (const struct tool_about *a = c->about;
	     a != NULL && a->text != NULL; a++)
		describe_option(a, out);
}

static void
describe_option(const struct tool_about *a, struct buf *out)
{
	size_t n = a->option != NULL ? strlen(a->option) : 0;

	if (a->option == NULL) {
		buf_printf(out, "\n%s:\n", a->text);
		return;
	}
	buf_printf(out, "  %-*s", OPTIONS - 3, a->option);
	/* a long one has the line for itself */
	buf_printf(out, n > OPTIONS - 3 ? "\n%*s" : "%*s",
	    n > OPTIONS - 3 ? OPTIONS : 1, "");
	add_words(out, a->text, OPTIONS);
	buf_putc(out, '\n');
}

/* From where the line is, which is at the indent or not far behind it. */
static void
add_words(struct buf *out, const char *text, size_t indent)
{
	struct str left = str_of(text), word;
	size_t begin = out->len, column;

	while (begin > 0 && out->data[begin - 1] != '\n')
		begin--;
	column = out->len - begin;
	for (bool first = true; (word = str_word(&left)).n != 0;
	     first = false) {
		if (!first && column + 1 + word.n > COLUMNS) {
			buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			buf_putc(out, ' ');
			column++;
		}
		buf_add_str(out, word);
		column += word.n;
	}
}

static json_t *
as_json(const struct tool_command *c)
{
	json_t *options = json_array();

	for (const struct tool_about *a = c->about;
	     a != NULL && a->text != NULL; a++)
		if (a->option != NULL)
			json_array_append_new(
			    options, json_pack("{s:s, s:s}", "option",
					 a->option, "help", a->text));
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", c->name, "usage",
	    c->usage, "summary", c->summary, "help", c->help, "options",
	    options);
}
