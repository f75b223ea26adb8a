/* cmd_dnslistconfig.c - `dnslistconfig`: DNS lists of host access tables
 * (spec receiving 4.2) */
#include <string.h>

#include "admin/ask.h"
#include "admin/commands.h"
#include "admin/control.h"
#include "base/loop.h"
#include "base/mem.h"
#include "config/name.h"
#include "lookup/facts.h"
#include "lookup/lookup.h"
#include "lookup/system.h"

struct asking {
	struct loop *loop;
	struct fact_answer fact;
};

static bool ask_setup(struct editing *);
static bool ask_test(struct editing *);
static int take_setup(struct editing *, struct args *);
static int take_test(struct editing *, struct args *);
static int test(struct editing *, const struct ip *, const char *zone);
static void answered(void *arg, const struct answer *);
static bool ask_flush(struct editing *);
static int take_flush(struct editing *, struct args *);
static void render_flush(const json_t *, struct buf *);
static const struct schema_section *dns(void);

static const struct editing_op ops[] = {
	{ { "SETUP", "Configure DNS list services." }, ask_setup, take_setup },
	{ { "TEST", "Test an IP address on a DNS list." }, ask_test,
	    take_test },
	{ { "FLUSH", "Flush the cache of the DNS." }, ask_flush, take_flush },
};
static const struct editing_menu menu = { NULL, ops, NELEM(ops) };

const struct tool_command cmd_dnslistconfig = {
	.name = "dnslistconfig",
	.usage = "[setup [dnslist_timeout=TIME] | test ADDRESS ZONE | flush]",
	.summary = "Look-ups of DNS lists",
	.help = "DNS lists are entries dnslist[ZONE] of host access tables. "
		"setup changes in the working copy of the configuration how "
		"long a look-up may take; then the client is not on the list. "
		"test asks a list about an address, now. flush forgets what "
		"lists have answered, with all else that the DNS has.",
	.edits = &editing_menus,
	.form = &menu,
};

static bool
ask_setup(struct editing *ed)
{
	struct question q = {
		.key = ask_key_named(dns(), "dnslist_timeout"),
		.text = "Enter the timeout for queries of DNS lists, in "
			"seconds.",
		.object = ed->w->config,
		.seconds = true,
	};

	if (!ask_set(ed, &q, "dns"))
		return false;
	editing_save(ed);
	return true;
}

static bool
ask_test(struct editing *ed)
{
	char zone[DIALOGUE_LINE], address[DIALOGUE_LINE];
	struct ip ip;

	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(&ed->t->dialogue,
			"Enter the DNS list to query (Ex: "
			"\"list.example.net\"):",
			"", zone, sizeof(zone)))
			return false;
		if (*zone == '\0')
			return true;
		if (name_domain(str_of(zone), NULL))
			break;
		fprintf(
		    ed->t->dialogue.out, "Invalid domain name: \"%s\"\n", zone);
	}
	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(&ed->t->dialogue,
			"Enter the IP address to query for:", "", address,
			sizeof(address)))
			return false;
		if (ip_parse(&ip, str_of(address)))
			break;
		fprintf(ed->t->dialogue.out, "Invalid IP address: \"%s\"\n",
		    address);
	}
	test(ed, &ip, zone);
	return true;
}

static int
take_setup(struct editing *ed, struct args *a)
{
	const char *value = args_option(a, "dnslist_timeout");
	struct err err = ERR_INIT;
	struct buf normal;
	int status = args_finish(a);

	if (status != TOOL_DONE)
		return status;
	buf_init(&normal, 1000);
	if (value == NULL) {
		ask_present(ask_key_named(dns(), "dnslist_timeout"),
		    ed->w->config, &normal);
		fprintf(
		    ed->t->dialogue.out, "dnslist_timeout=%s\n", normal.data);
	} else if (ask_check(ask_key_named(dns(), "dnslist_timeout"),
		       str_of(value), &normal, &err)) {
		editing_text(ed, buf_str(&normal), "dns.dnslist_timeout");
		status = editing_done(ed);
	} else {
		err_in(&err, "dnslist_timeout");
		status = tool_fail(ed->t, &err);
	}
	buf_fini(&normal);
	return status;
}

/* ADDRESS ZONE */
static int
take_test(struct editing *ed, struct args *a)
{
	const char *address = args_next(a), *zone = args_next(a);
	struct ip ip;

	if (zone == NULL)
		return tool_usage(ed->t, "an address and a list");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!ip_parse(&ip, str_of(address)))
		return editing_refuse(
		    ed, "Invalid IP address: \"%s\"", address);
	if (!name_domain(str_of(zone), NULL))
		return editing_refuse(ed, "Invalid domain name: \"%s\"", zone);
	return test(ed, &ip, zone);
}

/* The question and the meaning of its answer are those of smtpd. */
static int
test(struct editing *ed, const struct ip *ip, const char *zone)
{
	static const char *const why[] = {
		[LIST_IS_NONE] = "It answered with no address in 127.0.0.0/8.",
		[LIST_HAS_ALL] = "It is off: it lists 127.0.0.1, so it lists "
				 "everybody.",
		[LIST_HAS_NO_TEST] = "It is off: it does not list 127.0.0.2, "
				     "as every list must.",
	};
	struct asking a = { .fact.meta.state = FACT_FAILED };
	const struct config *c = ed->w->config;
	struct lookup_system system;
	struct lookups *lookups;
	char name[LOOKUP_NAME], text[IP_TEXT];
	struct query query;
	json_t *json;

	a.loop = loop_new();
	lookup_system_read(&system, NULL, NULL);
	lookups = lookups_new(a.loop, c, &system, NULL, NULL);
	if (lookups != NULL &&
	    lookup_query_of(FACT_DNSLIST, str_of(zone), c, ip, &query, name)) {
		lookup_ask(lookups, &query, answered, &a);
		loop_run(a.loop);
	}
	lookups_free(&lookups);
	lookup_system_free(&system);
	loop_free(&a.loop);
	ip_text(ip, text);
	if (a.fact.meta.state != FACT_KNOWN) {
		fprintf(stderr, "%s cannot be asked about %s.\n", zone, text);
		return TOOL_FAILED;
	}
	if (ed->t->json) {
		json = json_pack("{s:s, s:s, s:b}", "address", text, "zone",
		    zone, "listed", a.fact.number == LIST_HAS);
		tool_print_json(ed->t, json);
		json_decref(json);
		return TOOL_DONE;
	}
	fprintf(ed->t->dialogue.out, "%s is %s %s.\n", text,
	    a.fact.number == LIST_HAS ? "on" : "not on", zone);
	if (why[a.fact.number] != NULL)
		fprintf(ed->t->dialogue.out, "%s\n", why[a.fact.number]);
	return TOOL_DONE;
}

static void
answered(void *arg, const struct answer *answer)
{
	struct asking *a = arg;

	lookup_fact_of(FACT_DNSLIST, answer, &a->fact);
	loop_stop(a->loop);
}

static bool
ask_flush(struct editing *ed)
{
	const char *words[] = { "dnsflush", NULL };

	control_show(ed->t, PROGRAM_LOOKUPD, words, render_flush);
	return true;
}

static int
take_flush(struct editing *ed, struct args *a)
{
	const char *words[] = { "dnsflush", NULL };

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	return control_show(ed->t, PROGRAM_LOOKUPD, words, render_flush);
}

static void
render_flush(const json_t *answer, struct buf *out)
{
	(void)answer;
	buf_puts(out, "Flushing DNS cache.\n");
}

static const struct schema_section *
dns(void)
{
	return ask_key_named(&schema_top, "dns")->section;
}
