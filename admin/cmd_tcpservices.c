/* cmd_tcpservices.c - `tcpservices`: who listens (delivery-admin 2.16) */
#include "admin/commands.h"
#include "admin/netstat.h"
#include "admin/render.h"

#define TEXT_SIZE 65536

static int run(struct tool *, int argc, char **argv);

const struct tool_command cmd_tcpservices = {
	.name = "tcpservices",
	.usage = "",
	.summary = "Show which processes listen on which TCP ports",
	.help = "Shows the TCP sockets of this machine that take connections, "
		"the process behind each, its account and number. Of the "
		"sockets of others, only root sees whose they are.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct buf text;
	json_t *json;

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	json = netstat_services(&err);
	if (json == NULL)
		return tool_fail(t, &err);
	buf_init(&text, TEXT_SIZE);
	render_services(json, &text);
	json = json_pack("{s:o}", "services", json);
	return tool_show(t, json, &text);
}
