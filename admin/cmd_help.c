/* cmd_help.c - `help`: what there is, and how it is used */
#include <stdio.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "base/bounds.h"

static int run(struct tool *, int argc, char **argv);
static void list(struct buf *);
static void describe(const struct tool_command *, struct buf *);
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
	struct str text = str_of(c->help), word;
	size_t column = 0;

	buf_printf(out, "Usage: %s%s%s [--json]\n\n", c->name,
	    *c->usage != '\0' ? " " : "", c->usage);
	while ((word = str_word(&text)).n != 0) {
		if (column != 0 && column + 1 + word.n > 78) {
			buf_putc(out, '\n');
			column = 0;
		}
		if (column != 0) {
			buf_putc(out, ' ');
			column++;
		}
		buf_add_str(out, word);
		column += word.n;
	}
	buf_putc(out, '\n');
}

static json_t *
as_json(const struct tool_command *c)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", c->name, "usage",
	    c->usage, "summary", c->summary, "help", c->help);
}
