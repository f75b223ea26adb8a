/* cmd_interfaceconfig.c - `interfaceconfig`, and groups of interfaces
 * (spec delivery-admin 1.10) */
#include "admin/commands.h"
#include "admin/interfaces.h"
#include "admin/objects.h"
#include "config/table.h"
#include "config/uses.h"

static void describe(const struct editing *, const void *, struct buf *);
static void other_users(const struct editing *, struct str name, struct buf *);
static void gateway_users(const struct editing *, struct str, struct buf *);
static void describe_group(const struct editing *, const void *, struct buf *);
static bool ask_groups(struct editing *, size_t which);
static int take_groups(struct editing *, struct args *, size_t which);

static const struct objects_form form = {
	.list = "interfaces",
	.what = "interface",
	.title = "Currently configured interfaces:",
	.none = "No interfaces configured.",
	.ask_name = "Please enter a name for this IP interface (Ex: "
		    "\"InternalNet\"):",
	.op_help = { "Create a new interface.", "Modify an interface.",
	    "Remove an interface." },
	.keys = {
		{ "ip", "IP Address (Ex: 192.0.2.10):", NULL, NULL },
		{ "hostname", "Hostname (\"none\": that of the system):", NULL,
		    NULL },
	},
	.describe = describe,
	.users = other_users,
	.more = { { "GROUPS", "Define interface groups." } },
	.ask_more = ask_groups,
	.take_more = take_groups,
};

static const struct objects_form groups = {
	.list = "interface_groups",
	.what = "interface group",
	.title = "Currently configured interface groups:",
	.none = "No interface groups configured.",
	.ask_name = "Enter the name for this group:",
	.op_help = { "Create a new group.", "Modify a group.",
	    "Remove a group." },
	.keys = {
		{ "members",
		    "Enter the names of the interfaces to be included in this "
		    "group, separated by commas.",
		    NULL, NULL },
	},
	.describe = describe_group,
	.users = gateway_users,
};

const struct tool_command cmd_interfaceconfig = {
	.name = "interfaceconfig",
	.usage = "[" OBJECTS_USAGE " | groups ...]",
	.summary = "Create, change and remove interfaces and groups of them",
	.help = "Changes the interfaces in the working copy of the "
		"configuration: addresses of this machine by the names that "
		"listeners and altsrchost use. KEY is ip or hostname. The "
		"addresses themselves are "
		"configured with the means of the operating system. \"groups\" "
		"is followed by list, print NAME, new NAME members=NAME,..., "
		"edit NAME [members=...] [members_add=...] "
		"[members_remove=...], or delete NAME. Nothing is in force "
		"before a commit.",
	.edits = &objects_edits,
	.form = &form,
};

static void
describe(const struct editing *ed, const void *object, struct buf *out)
{
	buf_putc(out, ' ');
	interfaces_show(out, ed->w->config, object);
}

/* Groups, and altsrchost. */
static void
other_users(const struct editing *ed, struct str name, struct buf *out)
{
	const struct config *c = ed->w->config;

	for (size_t i = 0; i < c->n_interface_groups; i++) {
		const struct interface_group *g = &c->interface_groups[i];

		for (size_t k = 0; k < g->n; k++) {
			if (str_eq(g->members[k]->name, name))
				uses_add(out, "interface group", g->name);
		}
	}
	gateway_users(ed, name, out);
}

/* Sources that altsrchost maps to it. */
static void
gateway_users(const struct editing *ed, struct str name, struct buf *out)
{
	const struct table *t = ed->w->config->gateways;
	size_t n = t != NULL ? table_count(t) : 0;

	for (size_t k = 0; k < n; k++) {
		struct str left, right;
		struct where where;

		if (table_entry(t, k, &left, &right, &where) &&
		    str_eq(right, name))
			uses_add(out, "altsrchost", left);
	}
}

static void
describe_group(const struct editing *ed, const void *object, struct buf *out)
{
	const struct interface_group *g = object;

	(void)ed;
	for (size_t k = 0; k < g->n; k++)
		buf_printf(out, "%s%.*s", k == 0 ? ": " : ", ",
		    STR_ARG(g->members[k]->name));
}

static bool
ask_groups(struct editing *ed, size_t which)
{
	(void)which;
	return objects_ask(ed, &groups);
}

static int
take_groups(struct editing *ed, struct args *a, size_t which)
{
	(void)which;
	return objects_take(ed, &groups, a);
}
