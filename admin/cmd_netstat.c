/* cmd_netstat.c - `netstat` (delivery-admin 5.1) */
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/hosts.h"
#include "admin/netstat.h"
#include "admin/render.h"
#include "admin/repeat.h"
#include "base/clock.h"
#include "base/mem.h"

#define NAMES_MS  3000 /* a look-up that takes longer is the last */
#define TEXT_SIZE (16 * 1024 * 1024)

/* What is asked for. */
struct netstat {
	struct tool *t;
	int family;
	bool numeric, slow;
	struct netstat_columns columns;
	const char *interface; /* of traffic; NULL: all */
	struct repeat repeat;
	json_t *names; /* address: name, or null */
	json_t *last;  /* traffic */
};

static int run(struct tool *, int argc, char **argv);
static bool ask(struct netstat *, size_t *what);
static bool ask_traffic(struct netstat *);
static int take(struct netstat *, int argc, char **argv, size_t what);
static int sockets(struct netstat *);
static int interfaces(struct netstat *);
static int routes(struct netstat *);
static int listens(struct netstat *);
static int traffic(struct netstat *);
static void name_end(struct netstat *, json_t *end, const char *proto);
static const char *name_of(struct netstat *, const char *address);
static int sample(struct tool *, void *, bool first, bool heading, struct buf *,
    json_t **, struct err *);
static json_t *add_up(const struct netstat *, const json_t *links);
static int show(struct netstat *, const char *key, json_t *list,
    void (*render)(const json_t *, struct buf *));

const struct tool_command cmd_netstat = {
	.name = "netstat",
	.usage = "[sockets|interfaces|routes|listen|traffic] [v4|v6] [-n] "
		 "[-b] [-d] [INTERFACE] [SECONDS [COUNT]]",
	.summary = "Show connections, interfaces, routes, packets",
	.help = "Shows what the kernel knows of the network: active sockets, "
		"the state of interfaces (-b: with bytes, -d: with dropped "
		"packets), routes, how full the queues of listening sockets "
		"are, and the packets of an interface, or of all, every so "
		"many seconds. v4, v6: of that version alone. -n: addresses "
		"as numbers.",
	.run = run,
};

static const struct {
	const char *word, *title;
	int (*run)(struct netstat *);
} kinds[] = {
	{ "sockets", "List of active sockets.", sockets },
	{ "interfaces", "State of network interfaces.", interfaces },
	{ "routes", "Contents of routing tables.", routes },
	{ "listen", "Size of the listen queues.", listens },
	{ "traffic", "Packet traffic information.", traffic },
};
#define KIND_SOCKETS    0
#define KIND_INTERFACES 1
#define KIND_ROUTES     2
#define KIND_TRAFFIC    4

static int
run(struct tool *t, int argc, char **argv)
{
	struct netstat n = { .t = t, .family = AF_UNSPEC };
	size_t what = 0;
	int status = TOOL_DONE;

	n.names = json_object();
	if (argc == 1 && t->asks) {
		if (!ask(&n, &what))
			status = tool_abandoned(t);
	} else if (argc == 1) {
		status = tool_usage(t, NULL);
	} else {
		while (what < NELEM(kinds) &&
		       !str_is_nocase(str_of(argv[1]), kinds[what].word))
			what++;
		status = what < NELEM(kinds) ? take(&n, argc, argv, what)
					     : tool_unknown(t, argv[1]);
	}
	if (status == TOOL_DONE)
		status = kinds[what].run(&n);
	json_decref(n.names);
	json_decref(n.last);
	return status;
}

static bool
ask(struct netstat *n, size_t *what)
{
	static const char *const versions[] = { "IPv4", "IPv6", "Both" };
	static const int families[] = { AF_INET, AF_INET6, AF_UNSPEC };
	struct dialogue *d = &n->t->dialogue;
	const char *titles[NELEM(kinds)];
	size_t version;

	for (size_t i = 0; i < NELEM(kinds); i++)
		titles[i] = kinds[i].title;
	if (!dialogue_choice(d, "\nChoose the information you want to display:",
		titles, NELEM(kinds), 0, what))
		return false;
	if (*what == KIND_INTERFACES)
		return dialogue_yes(d, "Show the number of bytes in and out?",
			   false, &n->columns.bytes) &&
		       dialogue_yes(d, "Show the number of dropped packets?",
			   false, &n->columns.drops);
	if (*what == KIND_TRAFFIC)
		return ask_traffic(n);
	if (*what == KIND_SOCKETS || *what == KIND_ROUTES) {
		if (!dialogue_choice(d, "Select the IP version:", versions,
			NELEM(versions), 2, &version))
			return false;
		n->family = families[version];
		return dialogue_yes(d, "Show network addresses as numbers?",
		    false, &n->numeric);
	}
	n->numeric = true;
	return true;
}

static bool
ask_traffic(struct netstat *n)
{
	struct dialogue *d = &n->t->dialogue;
	json_t *links = netstat_all_links(NULL);
	size_t count = json_array_size(links) + 1, chosen;
	const char **items = mem_array(count, sizeof(*items));
	bool answered;

	items[0] = "All";
	for (size_t i = 1; i < count; i++)
		items[i] = fields_text(json_array_get(links, i - 1), "name");
	answered = dialogue_choice(
	    d, "Select the network interface:", items, count, 0, &chosen);
	if (answered && chosen > 0)
		json_object_set_new(n->names, "", json_string(items[chosen]));
	n->interface = json_string_value(json_object_get(n->names, ""));
	free(items);
	json_decref(links);
	return answered && repeat_ask(n->t, &n->repeat);
}

static int
take(struct netstat *n, int argc, char **argv, size_t what)
{
	char *rest[2] = { NULL, NULL };
	int left = 0;

	for (int i = 2; i < argc; i++) {
		uint64_t number;

		if (str_is_nocase(str_of(argv[i]), "v4"))
			n->family = AF_INET;
		else if (str_is_nocase(str_of(argv[i]), "v6"))
			n->family = AF_INET6;
		else if (strcmp(argv[i], "-n") == 0)
			n->numeric = true;
		else if (strcmp(argv[i], "-b") == 0)
			n->columns.bytes = true;
		else if (strcmp(argv[i], "-d") == 0)
			n->columns.drops = true;
		else if (what == KIND_TRAFFIC && left < 2 &&
			 str_u64(str_of(argv[i]), INT64_MAX, &number))
			rest[left++] = argv[i];
		else if (what == KIND_TRAFFIC && n->interface == NULL &&
			 argv[i][0] != '-')
			n->interface = argv[i];
		else
			return tool_unknown(n->t, argv[i]);
	}
	if (what == KIND_TRAFFIC && !repeat_take(&n->repeat, left, rest))
		return tool_usage(n->t, "SECONDS is a number within 1..3600");
	return TOOL_DONE;
}

/* --- the kinds --- */

static int
sockets(struct netstat *n)
{
	struct err err = ERR_INIT;
	json_t *list = netstat_all_sockets(n->family, &err), *one;
	size_t i;

	if (list == NULL)
		return tool_fail(n->t, &err);
	json_array_foreach(list, i, one)
	{
		const char *proto = fields_text(one, "proto");

		name_end(n, json_object_get(one, "local"), proto);
		name_end(n, json_object_get(one, "foreign"), proto);
	}
	return show(n, "sockets", list, render_sockets);
}

static int
listens(struct netstat *n)
{
	struct err err = ERR_INIT;
	json_t *list = netstat_all_sockets(n->family, &err), *one;
	size_t i;

	if (list == NULL)
		return tool_fail(n->t, &err);
	list = netstat_listening(list);
	json_array_foreach(list, i, one) name_end(
	    n, json_object_get(one, "local"), fields_text(one, "proto"));
	return show(n, "listen_queues", list, render_listens);
}

static int
interfaces(struct netstat *n)
{
	struct err err = ERR_INIT;
	json_t *list = netstat_all_links(&err);
	struct buf text;

	if (list == NULL)
		return tool_fail(n->t, &err);
	if (n->t->json)
		return show(n, "interfaces", list, NULL);
	buf_init(&text, TEXT_SIZE);
	tool_space(n->t);
	render_links(list, &n->columns, &text);
	tool_print(n->t, &text);
	buf_fini(&text);
	json_decref(list);
	return TOOL_DONE;
}

static int
routes(struct netstat *n)
{
	struct err err = ERR_INIT;
	json_t *list = netstat_all_routes(n->family, &err), *one;
	size_t i;

	if (list == NULL)
		return tool_fail(n->t, &err);
	json_array_foreach(list, i, one)
	{
		const char *name = fields_has(one, "gateway")
				       ? name_of(n, fields_text(one, "gateway"))
				       : NULL;

		if (name != NULL)
			json_object_set_new(
			    one, "gateway_host", json_string(name));
	}
	return show(n, "routes", list, render_routes);
}

static int
traffic(struct netstat *n)
{
	n->repeat.line = sample;
	n->repeat.arg = n;
	return repeat_run(n->t, &n->repeat);
}

/* Takes the list. */
/* --- names --- */

static void
name_end(struct netstat *n, json_t *end, const char *proto)
{
	const char *name = NULL;
	char kind[4] = "";
	struct servent *s;

	if (n->numeric)
		return;
	if (fields_has(end, "address"))
		name = name_of(n, fields_text(end, "address"));
	if (name != NULL)
		json_object_set_new(end, "host", json_string(name));
	str_copy(kind, sizeof(kind), str_of(proto));
	s = getservbyport(htons((uint16_t)fields_num(end, "port")), kind);
	if (s != NULL)
		json_object_set_new(end, "service", json_string(s->s_name));
}

/* NULL: none, or it is not to be looked up any more. */
static const char *
name_of(struct netstat *n, const char *address)
{
	const json_t *known = json_object_get(n->names, address);
	int64_t began = clock_mono_ms();
	char name[DOMAIN_MAX + 1];
	struct ip ip;
	bool found;

	if (known != NULL)
		return json_string_value(known);
	if (n->numeric || n->slow || !ip_parse(&ip, str_of(address)))
		return NULL;
	found = hosts_name(n->t, &ip, name);
	n->slow = clock_mono_ms() - began > NAMES_MS;
	json_object_set_new(
	    n->names, address, found ? json_string(name) : json_null());
	return json_string_value(json_object_get(n->names, address));
}

/* --- traffic --- */

/* The keys of a link that count. */
static const char *const counts[] = { "in_packets", "in_errors", "in_drops",
	"in_bytes", "out_packets", "out_errors", "out_drops", "out_bytes",
	"collisions" };

static int
sample(struct tool *t, void *arg, bool first, bool heading, struct buf *text,
    json_t **json, struct err *err)
{
	struct netstat *n = arg;
	json_t *links = netstat_all_links(err), *now;

	(void)t;
	if (links == NULL)
		return -1;
	now = add_up(n, links);
	json_decref(links);
	if (now == NULL)
		return err_set(err, ERR_PERM,
		    "There is no network interface \"%s\".", n->interface);
	*json = json_pack("{s:s, s:I}", "interface",
	    n->interface != NULL ? n->interface : "Total", "time",
	    (json_int_t)clock_wall_ms());
	for (size_t i = 0; i < NELEM(counts); i++)
		json_object_set_new(*json, counts[i],
		    json_integer(first ? 0
				       : fields_num(now, counts[i]) -
					     fields_num(n->last, counts[i])));
	json_decref(n->last);
	n->last = now;
	render_traffic(*json, heading, text);
	return 0;
}

/* Of one, or of all; NULL: there is none of that name. */
static json_t *
add_up(const struct netstat *n, const json_t *links)
{
	json_t *sum = json_object();
	const json_t *one;
	bool any = false;
	size_t i;

	json_array_foreach(links, i, one)
	{
		if (n->interface != NULL &&
		    strcmp(fields_text(one, "name"), n->interface) != 0)
			continue;
		any = true;
		for (size_t k = 0; k < NELEM(counts); k++)
			json_object_set_new(sum, counts[k],
			    json_integer(fields_num(sum, counts[k]) +
					 fields_num(one, counts[k])));
	}
	if (any)
		return sum;
	json_decref(sum);
	return NULL;
}

/* Takes the list. */
static int
show(struct netstat *n, const char *key, json_t *list,
    void (*render)(const json_t *, struct buf *))
{
	json_t *all = json_pack("{s:o}", key, list);
	struct buf text;

	buf_init(&text, TEXT_SIZE);
	tool_space(n->t);
	if (n->t->json)
		tool_print_json(n->t, all);
	else
		render(list, &text);
	tool_print(n->t, &text);
	buf_fini(&text);
	json_decref(all);
	return TOOL_DONE;
}
