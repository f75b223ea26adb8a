/* cmd_tophosts.c - `tophosts` (delivery-admin 2.9) */
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/render.h"

static const char *const words[] = { "active_rcpts", "conn_out", "deliv_rcpts",
	"soft_bounced", "hard_bounced" };
/* The same, as the menu says it. */
static const char *const items[] = { "Active Recipients", "Connections Out",
	"Delivered Recipients", "Soft Bounced Events",
	"Hard Bounced Recipients" };
#define N_WORDS   (sizeof(words) / sizeof(*words))
#define COUNT_MAX 10000

static int run(struct tool *, int argc, char **argv);
static bool is_sort(const char *word);

const struct tool_command cmd_tophosts = {
	.name = "tophosts",
	.usage = "[active_rcpts|conn_out|deliv_rcpts|soft_bounced|hard_bounced "
		 "[COUNT]]",
	.summary = "Show the busiest destinations",
	.help =
	    "Shows the destinations with most active recipients, or sorted "
	    "by another column: connections out, delivered recipients, "
	    "soft bounced events, hard bounced recipients. COUNT is how "
	    "many, 20 if not given; internal destinations are always shown.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *ask[] = { "tophosts", words[0], "20", NULL };
	uint64_t count;
	size_t choice;

	if (argc > 3)
		return tool_usage(t, NULL);
	tool_space(t);
	if (argc == 1 && t->asks) {
		if (!dialogue_choice(&t->dialogue, "Sort results by:\n", items,
			N_WORDS, 0, &choice))
			return tool_abandoned(t);
		ask[1] = words[choice];
		tool_space(t);
	}
	if (argc > 1) {
		if (!is_sort(argv[1]))
			return tool_unknown(t, argv[1]);
		ask[1] = argv[1];
	}
	if (argc > 2) {
		if (!str_u64(str_of(argv[2]), COUNT_MAX, &count) || count == 0)
			return tool_usage(t, "COUNT is within 1..10000");
		ask[2] = argv[2];
	}
	return control_show(t, PROGRAM_QMGR, ask, render_tophosts);
}

static bool
is_sort(const char *word)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}
