/* cmd_nslookup.c - `nslookup` (delivery-admin 5.6) */
#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/hosts.h"
#include "admin/render.h"
#include "base/mem.h"

static int run(struct tool *, int argc, char **argv);
static bool ask(struct tool *, char *name, size_t size, size_t *type);
static int look_up(struct tool *, const char *name, size_t type);
static int show(struct tool *, const json_t *);
static size_t type_of(const char *word);

const struct tool_command cmd_nslookup = {
	.name = "nslookup",
	.usage = "[HOST|ADDRESS [TYPE]]",
	.summary = "Ask the DNS as the gateway does",
	.help = "Looks up a name in the DNS, with the servers and the cache of "
		"the running gateway: what it prints is what the gateway sees. "
		"TYPE is A (also when none is given), CNAME, MX, NS, PTR, SOA, "
		"TXT, AAAA or TLSA (of the host's port 25). Of an address its "
		"name is looked up.",
	.run = run,
};

/* In the order of the menu. */
static const char *const types[] = { "A", "CNAME", "MX", "NS", "PTR", "SOA",
	"TXT", "AAAA", "TLSA" };
#define TYPE_A    0
#define TYPE_PTR  4
#define TYPE_TLSA 8
#define SMTP_PORT "_25._tcp." /* lookupd puts it there */

static int
run(struct tool *t, int argc, char **argv)
{
	char name[DIALOGUE_LINE];
	size_t type = TYPE_A;

	if (argc > 3)
		return tool_usage(t, NULL);
	if (argc == 1) {
		if (!t->asks)
			return tool_usage(t, "the name is missing");
		if (!ask(t, name, sizeof(name), &type))
			return tool_abandoned(t);
		return look_up(t, name, type);
	}
	if (argc == 3)
		type = type_of(argv[2]);
	if (type == NELEM(types))
		return tool_usage(
		    t, "TYPE is A, CNAME, MX, NS, PTR, SOA, TXT, AAAA or TLSA");
	return look_up(t, argv[1], type);
}

static bool
ask(struct tool *t, char *name, size_t size, size_t *type)
{
	return dialogue_needed(&t->dialogue,
		   "\nPlease enter the host or IP to resolve.", name, size) &&
	       dialogue_choice(&t->dialogue, "\nChoose the query type:", types,
		   NELEM(types), TYPE_A, type);
}

static int
look_up(struct tool *t, const char *name, size_t type)
{
	struct err err = ERR_INIT;
	char reverse[80];
	struct ip ip;
	json_t *j;
	int status;

	if (ip_parse(&ip, str_of(name))) {
		if (type != TYPE_A && type != TYPE_PTR) {
			err_set(&err, ERR_PERM,
			    "%s is an address: only its name (PTR) can be "
			    "looked up",
			    name);
			return tool_fail(t, &err);
		}
		ip_reverse_name(&ip, reverse);
		name = reverse;
		type = TYPE_PTR;
	}
	if (type == TYPE_TLSA &&
	    str_starts_nocase(str_of(name), STR(SMTP_PORT)))
		name += sizeof(SMTP_PORT) - 1;
	j = hosts_lookup(t, types[type], name, &err);
	if (j == NULL)
		return tool_fail(t, &err);
	status = show(t, j);
	json_decref(j);
	return status;
}

static int
show(struct tool *t, const json_t *j)
{
	bool failed = str_is(str_of(fields_text(j, "outcome")), "failed");
	struct buf text;
	bool found;

	buf_init(&text, 1024 * 1024);
	tool_space(t);
	found = render_nslookup(j, &text);
	if (t->json)
		tool_print_json(t, j);
	else if (found)
		tool_print(t, &text);
	else
		fputs(buf_str(&text).p, stderr);
	buf_fini(&text);
	if (found)
		return TOOL_DONE;
	return failed ? TOOL_FAILED : TOOL_NEGATIVE;
}

static size_t
type_of(const char *word)
{
	size_t i = 0;

	while (i < NELEM(types) && !str_is_nocase(str_of(word), types[i]))
		i++;
	return i;
}
