/* cmd_ipcheck.c - `ipcheck`: can our addresses be used (delivery-admin 2.16) */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "admin/attempt.h"
#include "admin/commands.h"
#include "admin/control.h"
#include "admin/dnscheck.h"
#include "admin/fields.h"
#include "admin/interfaces.h"
#include "admin/ipcheck.h"
#include "admin/netstat.h"
#include "base/mem.h"
#include "config/uses.h"

#define TEXT_SIZE 65536

/* What is known of the machine, asked once. */
struct machine {
	json_t *links, *services, *listeners; /* listeners NULL: none runs */
};

static int run(struct tool *, int argc, char **argv);
static json_t *look(struct tool *, const struct config *, bool working,
    bool names, struct err *);
static bool machine_begin(struct machine *, struct tool *, struct err *);
static void machine_end(struct machine *);
static json_t *describe(
    const struct machine *, const struct config *, const struct interface *);
static json_t *devices(const struct machine *, const struct ip *, int *prefix);
static bool has_address(const json_t *link, const struct ip *, int *prefix);
static json_t *used_by(const struct config *, const struct interface *);
static json_t *also(const struct config *, const struct interface *);
static json_t *cannot_bind(const struct ip *);
static bool has_route(const struct ip *);
static int open_from(const struct ip *);
static json_t *listeners(
    const struct machine *, const struct config *, const struct interface *);
static json_t *listener(const struct machine *, const struct listener *);
static const json_t *service_at(
    const struct machine *, const struct listener *);
static bool is_suspended(const struct machine *, const struct listener *);
static bool add_names(
    struct tool *, const struct config *, json_t *list, struct err *);

const struct tool_command cmd_ipcheck = {
	.name = "ipcheck",
	.usage = "[--working] [--dns]",
	.summary = "Can the addresses of the interfaces be used",
	.help = "Looks for each interface of the configuration in force, or "
		"with --working of the working copy, whether this machine has "
		"its address, on a device that is up, whether mail can go out "
		"from it, and whether its listeners are listened on, by us. "
		"With --dns it looks as well whether the DNS has a name for "
		"each address of the world, and that address for the name. "
		"The last line is the verdict, and the status 1 when there is "
		"a problem.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	bool working = false, names = false, passed;
	const struct tool_option options[] = {
		{ "--working", NULL, &working },
		{ "--dns", NULL, &names },
	};
	struct err err = ERR_INIT;
	struct config *c;
	struct buf text;
	json_t *all;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_usage(t, NULL);
	c = attempt_config(t, working, true, &err);
	all = c != NULL ? look(t, c, working, names, &err) : NULL;
	if (c != NULL)
		config_unref(&c);
	if (all == NULL)
		return tool_fail(t, &err);
	ipcheck_judge(all);
	passed = fields_bool(all, "passed");
	buf_init(&text, TEXT_SIZE);
	ipcheck_render(all, &text);
	tool_show(t, all, &text);
	return passed ? TOOL_DONE : TOOL_NEGATIVE;
}

static json_t *
look(struct tool *t, const struct config *c, bool working, bool names,
    struct err *err)
{
	json_t *list = json_array();
	struct machine m;
	bool done = machine_begin(&m, t, err);

	for (size_t i = 0; i < c->n_interfaces && done; i++)
		json_array_append_new(list, describe(&m, c, &c->interfaces[i]));
	if (done && names)
		done = add_names(t, c, list, err);
	if (!done)
		json_decref(list);
	else
		list = json_pack("{s:b, s:b, s:o}", "working", working,
		    "running", m.listeners != NULL, "interfaces", list);
	machine_end(&m);
	return done ? list : NULL;
}

static bool
machine_begin(struct machine *m, struct tool *t, struct err *err)
{
	const char *words[] = { "listeners", NULL };
	struct control_answer answer;

	*m = (struct machine){ .links = netstat_all_links(err) };
	if (m->links != NULL)
		m->services = netstat_services(err);
	if (m->services == NULL)
		return false;
	if (control_ask(t, PROGRAM_MASTER, words, &answer, NULL) == 0) {
		m->listeners =
		    json_incref(json_object_get(answer.json, "listeners"));
		control_answer_fini(&answer);
	}
	return true;
}

static void
machine_end(struct machine *m)
{
	json_decref(m->links);
	json_decref(m->services);
	json_decref(m->listeners);
}

static json_t *
describe(const struct machine *m, const struct config *c,
    const struct interface *one)
{
	char text[IP_TEXT];
	int prefix = -1;
	json_t *on = devices(m, &one->ip, &prefix);

	return json_pack("{s:s%, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o}",
	    "interface", one->name.p, one->name.n, "address",
	    ip_text(&one->ip, text), "prefix",
	    prefix < 0 ? json_null() : json_integer(prefix), "devices", on,
	    "used_by", used_by(c, one), "also", also(c, one), "error",
	    cannot_bind(&one->ip), "loopback", ip_is_loopback(&one->ip),
	    "route", has_route(&one->ip), "listeners", listeners(m, c, one));
}

/* Every address of the loopback network is there without being listed. */
static json_t *
devices(const struct machine *m, const struct ip *ip, int *prefix)
{
	char loopback[IF_NAMESIZE] = "";
	json_t *list = json_array();
	const json_t *link;
	size_t i;

	if (ip_is_loopback(ip))
		interfaces_device(ip, loopback);
	json_array_foreach(m->links, i, link)
	{
		const char *name = fields_text(link, "name");

		if (has_address(link, ip, prefix) ||
		    strcmp(name, loopback) == 0)
			json_array_append_new(
			    list, json_pack("{s:s, s:b}", "name", name, "up",
				      fields_bool(link, "up")));
	}
	return list;
}

static bool
has_address(const json_t *link, const struct ip *ip, int *prefix)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(link, "addresses"), i, one)
	{
		struct str text = str_of(json_string_value(one));
		struct str address = str_cut(&text, '/');
		struct ip has;
		uint64_t bits;

		if (!ip_parse(&has, address) || !ip_equal(&has, ip))
			continue;
		if (str_u64(text, 128, &bits))
			*prefix = (int)bits;
		return true;
	}
	return false;
}

static json_t *
used_by(const struct config *c, const struct interface *one)
{
	struct buf text;
	json_t *j;

	buf_init(&text, TEXT_SIZE);
	uses_find(c, "interfaces", one->name, &text);
	if (c->out_interface.n == 0)
		buf_printf(&text, "%sdelivery, where the system chooses it",
		    text.len > 0 ? ", " : "");
	j = json_stringn(text.data != NULL ? text.data : "", text.len);
	buf_fini(&text);
	return j;
}

static json_t *
also(const struct config *c, const struct interface *one)
{
	for (size_t i = 0; i < c->n_interfaces; i++)
		if (&c->interfaces[i] != one &&
		    ip_equal(&c->interfaces[i].ip, &one->ip))
			return json_stringn(
			    c->interfaces[i].name.p, c->interfaces[i].name.n);
	return json_null();
}

static json_t *
cannot_bind(const struct ip *ip)
{
	int fd = open_from(ip), why = errno;

	if (fd == -1)
		return json_string(strerror(why));
	close(fd);
	return json_null();
}

/* Nothing is sent: the kernel looks for a way to an address of the world that
 * nobody has. */
static bool
has_route(const struct ip *ip)
{
	struct endpoint far = { .port = 25 };
	struct sockaddr_storage to;
	int fd = open_from(ip);
	bool found;

	if (fd == -1)
		return false;
	ip_parse(&far.ip, ip_is_v4(ip) ? STR("192.0.2.1") : STR("2001:db8::1"));
	found =
	    connect(fd, (struct sockaddr *)&to, ip_to_sockaddr(&far, &to)) == 0;
	close(fd);
	return found;
}

/* A socket for datagrams that goes out from there; -1: errno. */
static int
open_from(const struct ip *ip)
{
	struct endpoint from = { *ip, 0 };
	struct sockaddr_storage sa;
	socklen_t n = ip_to_sockaddr(&from, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), why;

	if (fd == -1 || bind(fd, (struct sockaddr *)&sa, n) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

static json_t *
listeners(const struct machine *m, const struct config *c,
    const struct interface *one)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_listeners; i++)
		if (c->listeners[i].interface == one)
			json_array_append_new(
			    list, listener(m, &c->listeners[i]));
	return list;
}

static json_t *
listener(const struct machine *m, const struct listener *l)
{
	const json_t *at = service_at(m, l);

	return json_pack("{s:s%, s:i, s:b, s:b, s:O?, s:O?}", "listener",
	    l->name.p, l->name.n, "port", (int)l->port, "suspended",
	    is_suspended(m, l), "listening", at != NULL, "by",
	    json_object_get(at, "process"), "pid", json_object_get(at, "pid"));
}

/* Who has the port there, or for all addresses; of ours any, else the first.
 * NULL: nobody. */
static const json_t *
service_at(const struct machine *m, const struct listener *l)
{
	const json_t *found = NULL, *one, *local;
	struct ip ip;
	size_t i;

	json_array_foreach(m->services, i, one)
	{
		local = json_object_get(one, "local");
		if (fields_num(local, "port") != l->port)
			continue;
		if (fields_has(local, "address") &&
		    !(ip_parse(&ip, str_of(fields_text(local, "address"))) &&
			ip_equal(&ip, &l->interface->ip)))
			continue;
		if (str_starts(
			str_of(fields_text(one, "process")), STR("postern-")))
			return one;
		if (found == NULL)
			found = one;
	}
	return found;
}

static bool
is_suspended(const struct machine *m, const struct listener *l)
{
	const json_t *one;
	size_t i;

	json_array_foreach(m->listeners, i, one)
	{
		if (str_is(l->name, fields_text(one, "name")))
			return fields_bool(one, "suspended");
	}
	return false;
}

/* The DNS of the world knows nothing of private ones. */
static bool
add_names(struct tool *t, const struct config *c, json_t *list, struct err *err)
{
	for (size_t i = 0; i < c->n_interfaces; i++) {
		const struct interface *one = &c->interfaces[i];
		json_t *found = json_array();
		bool done = ip_is_private(&one->ip) ||
			    ip_is_loopback(&one->ip) ||
			    dnscheck_ask(t, c, one, found, err);

		if (done && json_array_size(found) > 0)
			json_object_set(json_array_get(list, i), "names",
			    json_object_get(json_array_get(found, 0), "tests"));
		json_decref(found);
		if (!done)
			return false;
	}
	return true;
}
