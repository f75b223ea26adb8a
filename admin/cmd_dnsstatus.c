/* cmd_dnsstatus.c - `dnsstatus` (delivery-admin 2.12) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/render.h"

static int run(struct tool *, int argc, char **argv);
static json_t *dns_only(const json_t *status);

const struct tool_command cmd_dnsstatus = {
	.name = "dnsstatus",
	.usage = "",
	.summary = "Show the counters of the DNS",
	.help = "Shows how often the DNS was asked, how many questions went "
		"over the network, and how often the answer was in the cache "
		"or not: since the last resetcounters, the last start, and "
		"the first installation.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *words[] = { "status", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;
	struct buf text;
	json_t *j;

	(void)argv;
	if (argc > 1)
		return tool_usage(t, NULL);
	if (control_ask(t, PROGRAM_RECORDER, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	buf_init(&text, 64 * 1024);
	j = dns_only(answer.json);
	if (t->json)
		tool_print_json(t, j);
	else
		render_dnsstatus(j, &text);
	tool_print(t, &text);
	buf_fini(&text);
	json_decref(j);
	control_answer_fini(&answer);
	return TOOL_DONE;
}

static json_t *
dns_only(const json_t *status)
{
	static const char *const names[] = { "dns_requests",
		"dns_network_requests", "dns_cache_hits", "dns_cache_misses",
		"dns_cache_exceptions", "dns_cache_expired" };
	const json_t *all = json_object_get(status, "counters");
	json_t *counters = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_object_set(
		    counters, names[i], json_object_get(all, names[i]));
	return json_pack("{s:I, s:I, s:o}", "status_as_of",
	    (json_int_t)fields_num(status, "status_as_of"),
	    "last_counter_reset",
	    (json_int_t)fields_num(status, "last_counter_reset"), "counters",
	    counters);
}
