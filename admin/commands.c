/* commands.c - the table of all commands, and finding the one that is meant */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/editing.h"
#include "admin/fields.h"
#include "base/bounds.h"

#define NEAR 2 /* letters wrong, missing or too many */

const struct tool_command *const commands[] = {
#define COMMANDS_ENTRY(name) &cmd_##name,
	COMMANDS(COMMANDS_ENTRY)
#undef COMMANDS_ENTRY
	    NULL
};

static const struct {
	const char *alias, *name;
} aliases[] = {
	{ "?", "help" },
	{ "clear", "clearchanges" },
	{ "diff", "showchanges" },
	{ "resumelister", "resumelistener" },
	{ "smtping", "smtpping" },
};

static int take_flags(struct tool *, int argc, char **argv, bool *help);
static int unknown(const char *name);
static int finish(const struct tool *, int status);

const struct tool_command *
commands_find(const char *name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (str_is_nocase(str_of(name), aliases[i].alias))
			name = aliases[i].name;
	for (size_t i = 0; commands[i] != NULL; i++)
		if (str_is_nocase(str_of(name), commands[i]->name))
			return commands[i];
	return NULL;
}

int
commands_run(struct tool *t, int argc, char **argv)
{
	const struct tool_command *c = commands_find(argv[0]);
	bool json = t->json, help = false;
	char *words[] = { argv[0], NULL, NULL };
	int status;

	if (c == NULL)
		return unknown(argv[0]);
	argc = take_flags(t, argc, argv, &help);
	if (help) {
		words[1] = argv[0];
		argc = 2;
		argv = words;
		c = &cmd_help;
	}
	t->command = c;
	status = c->edits != NULL ? editing_run(t, argc, argv)
				  : c->run(t, argc, argv);
	t->json = json;
	return finish(t, status);
}

/* --json and --help may stand anywhere before "--". Returns the new argc. */
static int
take_flags(struct tool *t, int argc, char **argv, bool *help)
{
	int to = 1, i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			t->json = true;
		else if (strcmp(argv[i], "--help") == 0)
			*help = true;
		else
			argv[to++] = argv[i];
	while (i < argc)
		argv[to++] = argv[i++];
	argv[to] = NULL;
	return to;
}

static int
unknown(const char *name)
{
	const char *before = "Did you mean: ";
	struct buf out;

	buf_init(&out, LOG_VALUE_MAX * 8);
	buf_puts(&out, "Unknown command: ");
	fields_show(&out, name, NAME_MAX_LEN);
	buf_putc(&out, '\n');
	for (size_t i = 0; commands[i] != NULL; i++) {
		size_t n = strlen(name);

		if (str_distance(str_of(name), str_of(commands[i]->name)) >
			NEAR &&
		    (n < NEAR || strncmp(name, commands[i]->name, n) != 0))
			continue;
		buf_printf(&out, "%s%s", before, commands[i]->name);
		before = ", ";
	}
	if (*before == ',')
		buf_puts(&out, "?\n");
	fputs(out.data, stderr);
	buf_fini(&out);
	return TOOL_USAGE;
}

/* A script must learn that its output did not arrive (disk full). */
static int
finish(const struct tool *t, int status)
{
	if (fflush(t->dialogue.out) == 0 && !ferror(t->dialogue.out))
		return status;
	fprintf(stderr, "output: %s\n", strerror(errno));
	return TOOL_FAILED;
}
