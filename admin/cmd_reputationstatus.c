/* cmd_reputationstatus.c - `reputationstatus`: who is asked about the
 * reputation of clients, and does he answer (delivery-admin 2.16) */
#include "admin/attempt.h"
#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/hosts.h"
#include "base/map.h"
#include "base/mem.h"

#define TEXT_SIZE  65536
#define TEST_ENTRY "2.0.0.127" /* RFC 5782 5: what every list has, */
#define NO_ENTRY   "1.0.0.127" /* and what none has */
#define WORKS      "works"

enum listed { LISTED, NOT_LISTED, OUTSIDE, NO_ANSWER, NOT_ASKED };

static int run(struct tool *, int argc, char **argv);
static json_t *look(struct tool *, const struct config *, struct err *);
static json_t *listeners(const struct config *);
static json_t *zones(const struct config *);
static void add_zones(
    const struct hat *, struct str listener, struct map *seen, json_t *all);
static bool ask_lists(struct tool *, json_t *lists, struct err *);
static enum listed ask(
    struct tool *, const char *host, const char *zone, struct err *);
static const char *judge(enum listed test, enum listed own);
static bool is_well(const json_t *list);
static void render(const json_t *, struct buf *);

const struct tool_command cmd_reputationstatus = {
	.name = "reputationstatus",
	.usage = "",
	.summary = "Who is asked about the reputation of clients, does he "
		   "answer",
	.help = "Shows for the configuration in force where the reputation of "
		"clients and of sender domains comes from, and asks each DNS "
		"list of a host access table for 127.0.0.2, which every list "
		"has, and for 127.0.0.1, which none has. One that answers "
		"otherwise is not used. The status is 1 when some list "
		"cannot be used.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct config *c;
	struct buf text;
	json_t *all, *list;
	bool well = true;
	size_t i;

	if (!tool_options(t, NULL, 0, &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_usage(t, NULL);
	c = attempt_config(t, false, false, &err);
	all = c != NULL ? look(t, c, &err) : NULL;
	if (c != NULL)
		config_unref(&c);
	if (all == NULL)
		return tool_fail(t, &err);
	json_array_foreach(json_object_get(all, "dns_lists"), i, list)
	{
		well &= is_well(list);
	}
	buf_init(&text, TEXT_SIZE);
	render(all, &text);
	tool_show(t, all, &text);
	return well ? TOOL_DONE : TOOL_NEGATIVE;
}

static json_t *
look(struct tool *t, const struct config *c, struct err *err)
{
	json_t *lists = zones(c);

	if (!ask_lists(t, lists, err)) {
		json_decref(lists);
		return NULL;
	}
	return json_pack("{s:{s:n, s:o}, s:{s:b, s:n}, s:o}", "ip_reputation",
	    "service", "listeners", listeners(c), "domain_reputation",
	    "enabled", c->sdr, "service", "dns_lists", lists);
}

/* Those that would ask a service. */
static json_t *
listeners(const struct config *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->n_listeners; i++)
		if (c->listeners[i].reputation)
			json_array_append_new(
			    v, json_stringn(c->listeners[i].name.p,
				   c->listeners[i].name.n));
	return v;
}

/* [ { "zone", "listeners" } ], each zone once. */
static json_t *
zones(const struct config *c)
{
	json_t *all = json_array();
	struct map seen;

	map_init(&seen);
	for (size_t i = 0; i < c->n_listeners; i++)
		add_zones(
		    &c->listeners[i].hat, c->listeners[i].name, &seen, all);
	map_fini(&seen, NULL);
	return all;
}

static void
add_zones(
    const struct hat *hat, struct str listener, struct map *seen, json_t *all)
{
	for (size_t g = 0; g < hat->n_groups; g++)
		for (size_t i = 0; i < hat->groups[g].n_entries; i++) {
			const struct hat_entry *e = &hat->groups[g].entries[i];
			json_t *one, *users;

			if (e->kind != HAT_DNSLIST)
				continue;
			one = map_get(seen, e->name);
			if (one == NULL) {
				one = json_pack("{s:s%, s:[]}", "zone",
				    e->name.p, e->name.n, "listeners");
				json_array_append_new(all, one);
				map_put(seen, e->name, one);
			}
			users = json_object_get(one, "listeners");
			if (json_array_size(users) == 0 ||
			    !str_is(listener,
				json_string_value(json_array_get(
				    users, json_array_size(users) - 1))))
				json_array_append_new(users,
				    json_stringn(listener.p, listener.n));
		}
}

static bool
ask_lists(struct tool *t, json_t *lists, struct err *err)
{
	json_t *one;
	size_t i;

	json_array_foreach(lists, i, one)
	{
		const char *zone = fields_text(one, "zone");
		enum listed test = ask(t, TEST_ENTRY, zone, err);
		enum listed own = ask(t, NO_ENTRY, zone, err);

		if (test == NOT_ASKED || own == NOT_ASKED)
			return false;
		json_object_set_new(
		    one, "state", json_string(judge(test, own)));
	}
	return true;
}

static enum listed
ask(struct tool *t, const char *host, const char *zone, struct err *err)
{
	char name[DOMAIN_MAX + 20];
	json_t *j, *first;
	enum listed is;

	snprintf(name, sizeof(name), "%s.%s", host, zone);
	j = hosts_lookup(t, "A", name, err);
	if (j == NULL)
		return NOT_ASKED;
	first = json_array_get(json_object_get(j, "records"), 0);
	if (str_is(str_of(fields_text(j, "outcome")), "failed"))
		is = NO_ANSWER;
	else if (first == NULL)
		is = NOT_LISTED;
	else
		is = str_starts(
			 str_of(fields_text(first, "address")), STR("127."))
			 ? LISTED
			 : OUTSIDE;
	json_decref(j);
	return is;
}

/* As lookupd does with it (lookup/listcheck.h). */
static const char *
judge(enum listed test, enum listed own)
{
	if (test == OUTSIDE || own == OUTSIDE)
		return "answers with addresses outside 127.0.0.0/8, which "
		       "count as not listed";
	if (own == LISTED)
		return "not used: it lists 127.0.0.1, and so everybody";
	if (test == NOT_LISTED)
		return "not used: it does not list 127.0.0.2";
	return test == NO_ANSWER || own == NO_ANSWER ? "does not answer"
						     : WORKS;
}

static bool
is_well(const json_t *list)
{
	return str_is(str_of(fields_text(list, "state")), WORKS);
}

static void
render(const json_t *j, struct buf *out)
{
	const json_t *lists = json_object_get(j, "dns_lists"), *one;
	bool sdr =
	    fields_bool(json_object_get(j, "domain_reputation"), "enabled");
	size_t i;

	buf_puts(out, "IP reputation:             no service; every client "
		      "has the score \"none\"\n");
	buf_printf(out, "Sender domain reputation:  %s\n",
	    sdr ? "on, but no service; no message has a verdict" : "off");
	buf_printf(out, "DNS lists:                 %s\n",
	    json_array_size(lists) == 0 ? "none in host access tables" : "");
	json_array_foreach(lists, i, one)
	{
		buf_puts(out, "  ");
		fields_show(out, fields_text(one, "zone"), DOMAIN_MAX);
		buf_printf(out, ": %s\n", fields_text(one, "state"));
	}
}
