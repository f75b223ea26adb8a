/* diagnostic_reload.c - `diagnostic reload`: the configuration of a new
 * installation */
#include <string.h>

#include "admin/diagnostic.h"
#include "admin/factory_reset.h"

#define WORD "RELOAD"

static int ask(struct tool *);

int
diagnostic_reload(struct tool *t, int argc, char **argv)
{
	bool now = argc == 3 && strcmp(argv[2], "commit") == 0;
	int rc;

	if (argc == 1 && t->asks)
		return ask(t);
	if (argc == 1 || argc > 3 || strcmp(argv[1], WORD) != 0 ||
	    (argc == 3 && !now))
		return tool_usage(t, "the word " WORD " says that it is meant");
	rc = factory_reset(t, now);
	if (rc != TOOL_DONE)
		return rc;
	if (t->json)
		fprintf(t->dialogue.out,
		    "{\n  \"reset\": true,\n  \"committed\": %s\n}\n",
		    now ? "true" : "false");
	else if (now)
		fputs("Committed the changes successfully.\n", t->dialogue.out);
	else
		fputs("The working copy has the initial values; \"commit\" "
		      "puts them in force.\n",
		    t->dialogue.out);
	return TOOL_DONE;
}

static int
ask(struct tool *t)
{
	char *argv[] = { (char[]){ "reload" }, (char[]){ WORD }, NULL, NULL };
	static const char *const questions[] = {
		"\nThis resets all settings to the values of a new "
		"installation. Mail in the queue\nand the logs stay.\nAre you "
		"sure you want to continue?",
		"Are you really sure?",
	};
	char word[DIALOGUE_LINE];
	bool yes;

	for (size_t i = 0; i < 2; i++) {
		if (!dialogue_yes(&t->dialogue, questions[i], false, &yes))
			return tool_abandoned(t);
		if (!yes)
			return TOOL_NEGATIVE;
	}
	if (!dialogue_text(&t->dialogue, "Type the word " WORD " to go on:", "",
		word, sizeof(word)))
		return tool_abandoned(t);
	if (strcmp(word, WORD) != 0) {
		fputs("Nothing was changed.\n", t->dialogue.out);
		return TOOL_NEGATIVE;
	}
	if (!dialogue_yes(&t->dialogue,
		"Do you want to commit this configuration at once?", false,
		&yes))
		return tool_abandoned(t);
	argv[2] = yes ? (char[]){ "commit" } : NULL;
	return diagnostic_reload(t, yes ? 3 : 2, argv);
}
