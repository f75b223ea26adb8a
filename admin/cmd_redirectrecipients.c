/* cmd_redirectrecipients.c - `redirectrecipients` (delivery-admin 3.4) */
#include <stdio.h>

#include "admin/commands.h"
#include "admin/selection.h"

static int run(struct tool *, int argc, char **argv);
static int ask(struct tool *, char *host, size_t size, bool *yes);

const struct tool_command cmd_redirectrecipients = {
	.name = "redirectrecipients",
	.usage = "HOST [" SELECTION_USAGE "]",
	.summary = "Send what waits in the queue to another host",
	.help =
	    "Recipients that wait in the delivery queue are delivered to HOST, "
	    "a name or an IP address, instead of to their own destination, at "
	    "once: all of them, or those at one destination, of one envelope "
	    "sender, of one message. Their addresses stay as they are. What "
	    "waits at internal destinations, and recipients that are being "
	    "delivered right now, are left alone. HOST is looked up like any "
	    "destination: an SMTP route for it holds.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct selection s = { .word = "all" };
	char host[DOMAIN_MAX + 1];
	const char *words[5] = { "redirectrecipients", host };
	bool yes = true;
	int status;

	if (argc == 1 && t->asks) {
		status = ask(t, host, sizeof(host), &yes);
		if (status != TOOL_DONE || !yes)
			return status != TOOL_DONE ? status : TOOL_NEGATIVE;
		fputs("Redirecting messages, please wait.\n", t->dialogue.out);
	} else if (argc < 2 ||
		   (argc > 2 && !selection_take(&s, argc - 2, argv + 2))) {
		return tool_usage(t, NULL);
	} else if (!str_copy(host, sizeof(host), str_of(argv[1]))) {
		return tool_usage(t, "the name is too long");
	}
	selection_add(&s, words, 2);
	return selection_carry_out(t, words, "recipient", "redirected");
}

static int
ask(struct tool *t, char *host, size_t size, bool *yes)
{
	char text[DOMAIN_MAX + 100];

	if (!dialogue_needed(&t->dialogue,
		"Please enter the hostname or IP address of the machine you "
		"want to send all mail to.",
		host, size))
		return tool_abandoned(t);
	fputs("WARNING: the target must be able to take a large volume of "
	      "mail, otherwise messages bounce and may be lost.\n",
	    t->dialogue.out);
	snprintf(text, sizeof(text),
	    "Are you sure you want to redirect all mail in the queue to "
	    "\"%s\"?",
	    host);
	return dialogue_yes(&t->dialogue, text, false, yes) ? TOOL_DONE
							    : tool_abandoned(t);
}
