/* cmd_dnscheck.c - `dnscheck`: what other mail servers find out about an
 * address of ours (delivery-admin 5.10) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/dnscheck.h"
#include "admin/fields.h"
#include "admin/hosts.h"
#include "admin/netif.h"
#include "admin/render.h"
#include "base/mem.h"

static int run(struct tool *, int argc, char **argv);
static int check_these(struct tool *, const struct netif *, const char *which);
static bool ask(struct netif *, struct tool *, const char **which);
static bool wanted(const struct interface *, const char *which);
static json_t *kept(struct tool *, const char *kind, const char *name,
    json_t *into, struct err *);
static json_t *ports(const struct config *, const struct interface *);
static int show(struct tool *, json_t *all);

const struct tool_command cmd_dnscheck = {
	.name = "dnscheck",
	.usage = "[INTERFACE|ADDRESS]",
	.summary = "Check what the DNS says of our own addresses",
	.help =
	    "Looks at an address that mail goes out from as those do who "
	    "receive it: does it have a name (PTR), does the name have the "
	    "address (A), is it the name that HELO says, and does that "
	    "name have an MX record that leads to an address, for late "
	    "bounces. Without a word all interfaces are checked. An ADDRESS "
	    "is one that the world sees, behind a translation. The ports "
	    "that a firewall must let through are named as well.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *which = argc > 1 ? argv[1] : NULL;
	struct netif n;
	int status;

	if (argc > 2)
		return tool_usage(t, NULL);
	netif_begin(&n, t);
	if (n.config == NULL) {
		struct err err = ERR_INIT;

		err_set(&err, ERR_TEMP, "No configuration is in force.");
		status = tool_fail(t, &err);
	} else if (argc == 1 && t->asks && !ask(&n, t, &which)) {
		status = tool_abandoned(t);
	} else {
		status = check_these(t, &n, which);
	}
	netif_end(&n);
	return status;
}

bool
dnscheck_ask(struct tool *t, const struct config *c,
    const struct interface *one, json_t *all, struct err *err)
{
	struct str helo = one->hostname.n > 0 && !str_is(one->hostname, "none")
			      ? one->hostname
			      : c->hostname;
	json_t *found = json_object(), *host, *j;
	char ip[IP_TEXT], name[DOMAIN_MAX + 1], reverse[80];

	ip_text(&one->ip, ip);
	ip_reverse_name(&one->ip, reverse);
	str_copy(name, sizeof(name), helo);
	j = kept(t, "ptr", reverse, found, err);
	host = json_array_get(json_object_get(j, "records"), 0);
	if (j != NULL && host != NULL)
		j = kept(t, ip_is_v4(&one->ip) ? "a" : "aaaa",
		    fields_text(host, "host"), found, err);
	if (j != NULL)
		j = kept(t, "mx", name, found, err);
	if (j != NULL)
		j = kept(t, "domain", name, found, err);
	if (j != NULL) {
		struct dnscheck what = { ip, name, found };

		json_array_append_new(all,
		    json_pack("{s:o, s:s, s:s, s:b, s:o, s:o}", "interface",
			json_stringn(one->name.p, one->name.n), "address", ip,
			"helo", name, "private",
			ip_is_private(&one->ip) || ip_is_loopback(&one->ip),
			"tests", dnscheck_judge(&what), "ports",
			ports(c, one)));
	}
	json_decref(found);
	return j != NULL;
}

/* which NULL: all. */
static bool
ask(struct netif *n, struct tool *t, const char **which)
{
	const struct config *c = n->config;
	const char **items = mem_array(c->n_interfaces + 1, sizeof(*items));
	size_t chosen;
	bool answered;

	items[0] = "All";
	for (size_t i = 0; i < c->n_interfaces; i++)
		items[i + 1] = c->interfaces[i].name.p;
	answered = dialogue_choice(&t->dialogue,
	    "\nWhich interface do you want to check?", items,
	    c->n_interfaces + 1, 0, &chosen);
	if (answered && chosen > 0)
		*which = items[chosen];
	free(items);
	return answered;
}

static int
check_these(struct tool *t, const struct netif *names, const char *which)
{
	const struct config *c = names->config;
	struct interface outside = { .hostname = { NULL, 0 } };
	struct err err = ERR_INIT;
	json_t *all = json_array();
	bool done = true;
	size_t n = 0;

	for (size_t i = 0; i < c->n_interfaces && done; i++) {
		if (!wanted(&c->interfaces[i], which))
			continue;
		done = dnscheck_ask(t, c, &c->interfaces[i], all, &err);
		n++;
	}
	if (n == 0 && which != NULL && ip_parse(&outside.ip, str_of(which))) {
		outside.name = str_of("outside");
		done = dnscheck_ask(t, c, &outside, all, &err);
		n++;
	}
	if (n == 0 && which != NULL) {
		netif_find(names, which, &outside.ip, &err);
		done = false;
	} else if (n == 0) {
		err_set(&err, ERR_PERM, "There are no interfaces.");
		done = false;
	}
	if (!done) {
		json_decref(all);
		return tool_fail(t, &err);
	}
	return show(t, all);
}

static bool
wanted(const struct interface *one, const char *which)
{
	struct ip ip;

	return which == NULL || str_is(one->name, which) ||
	       (ip_parse(&ip, str_of(which)) && ip_equal(&ip, &one->ip));
}

/* What the DNS answers, under its kind. */
static json_t *
kept(struct tool *t, const char *kind, const char *name, json_t *into,
    struct err *err)
{
	json_t *j = hosts_lookup(t, kind, name, err);

	if (j != NULL)
		json_object_set_new(into, kind, j);
	return j;
}

/* What a firewall must let through. */
static json_t *
ports(const struct config *c, const struct interface *one)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct listener *l = &c->listeners[i];

		if (l->interface == one)
			json_array_append_new(
			    v, json_pack("{s:s, s:i, s:o}", "direction", "in",
				   "port", l->port, "for",
				   json_stringn(l->name.p, l->name.n)));
	}
	json_array_append_new(v, json_pack("{s:s, s:i, s:s}", "direction",
				     "out", "port", 25, "for", "delivery"));
	for (size_t i = 0; i < c->n_dns_servers; i++)
		json_array_append_new(
		    v, json_pack("{s:s, s:i, s:s}", "direction", "out", "port",
			   c->dns_servers[i].port, "for", "DNS"));
	if (c->n_dns_servers == 0 && !c->dns_off)
		json_array_append_new(
		    v, json_pack("{s:s, s:i, s:s}", "direction", "out", "port",
			   53, "for", "DNS"));
	return v;
}

static int
show(struct tool *t, json_t *all)
{
	struct buf text;
	bool passed;

	buf_init(&text, 1024 * 1024);
	tool_space(t);
	passed = render_dnscheck(all, &text);
	if (t->json)
		tool_print_json(t, all);
	else
		tool_print(t, &text);
	buf_fini(&text);
	json_decref(all);
	return passed ? TOOL_DONE : TOOL_NEGATIVE;
}
