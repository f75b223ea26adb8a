/* cmd_hoststatus.c - `hoststatus` (delivery-admin 2.10) */
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/render.h"
#include "admin/way.h"
#include "base/bounds.h"

#define TEXT_SIZE (4u * 1024 * 1024)

static int run(struct tool *, int argc, char **argv);
static void look_up(struct tool *, json_t *status, const char *host);
static int show(struct tool *, const json_t *status);

const struct tool_command cmd_hoststatus = {
	.name = "hoststatus",
	.usage = "HOST",
	.summary = "Show one destination: counters, addresses, last error",
	.help = "Shows what is known of one destination domain: whether it is "
		"up, its counters since the last resetcounters, waiting "
		"recipients, when it is tried next, its addresses and MX "
		"records, the route that is used for it, and the last error it "
		"answered. Of a domain that no mail was sent to of late the "
		"addresses and MX records are looked up.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	char host[DOMAIN_MAX + 1];
	const char *words[] = { "hoststatus", host, NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;
	int status;

	if (argc > 2 || (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	if (argc == 1) {
		if (!dialogue_needed(
			&t->dialogue, "Recipient host:", host, sizeof(host)))
			return tool_abandoned(t);
	} else if (!str_copy(host, sizeof(host), str_of(argv[1]))) {
		return tool_usage(t, "the name is too long");
	}
	tool_space(t);
	if (control_ask(t, PROGRAM_QMGR, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	if (!fields_bool(answer.json, "in_memory"))
		look_up(t, answer.json, host);
	status = show(t, answer.json);
	control_answer_fini(&answer);
	return status;
}

/* What qmgr would find out, if there was mail for it. Who may ask the
 * programs need not be able to read the configuration in force. */
static void
look_up(struct tool *t, json_t *status, const char *host)
{
	json_t *way = way_look(t, false, str_of(host), STR(""), WISH_NONE),
	       *one;
	json_t *addresses = json_array(), *mx = json_array();
	size_t i;

	if (str_is(str_of(fields_text(way, "outcome")), "unknown")) {
		json_decref(way);
		way = way_look(t, true, str_of(host), STR(""), WISH_NONE);
	}
	json_array_foreach(json_object_get(way, "addresses"), i, one)
	{
		json_object_set_new(one, "down", json_false());
		json_array_append(addresses, one);
	}
	json_array_foreach(json_object_get(way, "mx"), i, one)
	{
		json_object_set(one, "hostname", json_object_get(one, "host"));
		json_object_del(one, "host");
		json_array_append(mx, one);
	}
	json_object_set_new(status, "ordered_ip_addresses", addresses);
	json_object_set_new(status, "mx_records", mx);
	json_object_set(status, "lookup", json_object_get(way, "reason"));
	json_decref(way);
}

static int
show(struct tool *t, const json_t *status)
{
	struct buf text;

	if (t->json)
		return tool_print_json(t, status);
	buf_init(&text, TEXT_SIZE);
	render_hoststatus(status, &text);
	tool_print(t, &text);
	buf_fini(&text);
	return TOOL_DONE;
}
