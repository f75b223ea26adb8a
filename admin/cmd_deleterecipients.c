/* cmd_deleterecipients.c - `deleterecipients`, `bouncerecipients`
 * (delivery-admin 3.2, 3.3) */
#include "admin/commands.h"
#include "admin/selection.h"

static int run_delete(struct tool *, int argc, char **argv);
static int run_bounce(struct tool *, int argc, char **argv);

const struct tool_command cmd_deleterecipients = {
	.name = "deleterecipients",
	.usage = SELECTION_USAGE,
	.summary = "Delete recipients from the queue",
	.help =
	    "Deletes recipients that wait in the delivery queue: those at one "
	    "destination, those of one envelope sender (\"<>\" is the null "
	    "sender), those of one message, or all. They count as deleted and "
	    "nobody is notified. Recipients that are being delivered right now "
	    "are left alone. Without words it asks, and asks whether you are "
	    "sure.",
	.run = run_delete,
};

const struct tool_command cmd_bouncerecipients = {
	.name = "bouncerecipients",
	.usage = SELECTION_USAGE,
	.summary = "Bounce recipients of the queue to their senders",
	.help =
	    "Bounces recipients that wait in the delivery queue: those at one "
	    "destination, those of one envelope sender (\"<>\" is the null "
	    "sender), those of one message, or all. They count as hard bounced "
	    "(other) and the bounce profile says whether the sender hears of "
	    "it. Recipients that are being delivered right now are left alone. "
	    "Without words it asks, and asks whether you are sure.",
	.run = run_bounce,
};

static int
run_delete(struct tool *t, int argc, char **argv)
{
	static const struct selection_verb verb = { "deleterecipients",
		"delete", "Deleting", "deleted" };

	return selection_run(t, &verb, argc, argv);
}

static int
run_bounce(struct tool *t, int argc, char **argv)
{
	static const struct selection_verb verb = { "bouncerecipients",
		"bounce", "Bouncing", "bounced" };

	return selection_run(t, &verb, argc, argv);
}
