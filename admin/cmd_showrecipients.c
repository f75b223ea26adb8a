/* cmd_showrecipients.c - `showrecipients` (delivery-admin 3.1) */
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/render.h"
#include "base/bounds.h"

static const struct way {
	const char *word, *item, *question;
} ways[] = {
	{ "host", "By recipient host.",
	    "Please enter the hostname for the messages you wish to show." },
	{ "sender", "By Envelope From address.",
	    "Please enter the Envelope From address for the messages you wish "
	    "to show." },
	{ "all", "All.", NULL },
};
#define N_WAYS (sizeof(ways) / sizeof(*ways))

static int run(struct tool *, int argc, char **argv);
static bool ask(struct tool *, const struct way **, char *what, size_t size);
static const struct way *way_find(const char *word);

const struct tool_command cmd_showrecipients = {
	.name = "showrecipients",
	.usage = "host HOST | sender ADDRESS | all",
	.summary = "List messages and recipients in the queue",
	.help = "Lists the messages in the delivery queue with their "
		"recipients, oldest first: those to one destination, those of "
		"one envelope sender (\"<>\" is the null sender), or all. The "
		"number in brackets after a recipient's id says how often "
		"delivery was tried.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const struct way *w;
	char what[ADDR_MAX + 3] = "";
	const char *words[] = { "showrecipients", NULL, NULL, NULL };

	if (argc == 1 && t->asks) {
		if (!ask(t, &w, what, sizeof(what)))
			return tool_abandoned(t);
		fputs("Showing messages, please wait.\n\n", t->dialogue.out);
	} else {
		w = argc > 1 ? way_find(argv[1]) : NULL;
		if (w == NULL || argc != (w->question != NULL ? 3 : 2))
			return tool_usage(t, NULL);
		if (argc == 3 && !str_copy(what, sizeof(what), str_of(argv[2])))
			return tool_usage(t, "that is too long");
	}
	words[1] = w->word;
	if (w->question != NULL)
		words[2] = what;
	return control_show(t, PROGRAM_QMGR, words, render_recipients);
}

static bool
ask(struct tool *t, const struct way **way, char *what, size_t size)
{
	const char *items[N_WAYS];
	size_t choice;

	for (size_t i = 0; i < N_WAYS; i++)
		items[i] = ways[i].item;
	if (!dialogue_choice(&t->dialogue,
		"Please select how you would like to show messages:", items,
		N_WAYS, 0, &choice))
		return false;
	*way = &ways[choice];
	return (*way)->question == NULL ||
	       dialogue_needed(&t->dialogue, (*way)->question, what, size);
}

static const struct way *
way_find(const char *word)
{
	for (size_t i = 0; i < N_WAYS; i++)
		if (strcmp(word, ways[i].word) == 0)
			return &ways[i];
	return NULL;
}
