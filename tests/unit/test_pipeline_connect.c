/* test_pipeline_connect.c - host access table, policy, limits, variables */
#include "pipeline/variables.h"
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mail3.example.com\n"
    "receiving: {max_connections: 100}\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  max_concurrency: 50\n"
    "  reputation: yes\n"
    "  hat:\n"
    "    policies:\n"
    "    - {name: $GREET, behaviour: ACCEPT, max_concurrency: 5,\n"
    "       smtp_banner_text: \"hi $RemoteIP of $group via $HATENTRY, "
    "$Hostname $Orgid $x\"}\n"
    "    - {name: $NO, behaviour: REJECT, smtp_banner_code: 521,\n"
    "       smtp_banner_text: \"go away, $RemoteIP\"}\n"
    "    - {name: $NAMED, behaviour: ACCEPT, override_hostname: mx.example}\n"
    "    - {name: $NAMELESS, behaviour: ACCEPT, override_hostname: none,\n"
    "       smtp_banner_text: hello}\n"
    "    - {name: $SILENT, behaviour: REJECT, override_hostname: None}\n"
    "    groups:\n"
    "    - {name: NETS, policy: $TRUSTED, entries: [10.1., 10.2.3.4-9,\n"
    "       172.16.0.0/12, \"2001:db8::/32\"]}\n"
    "    - {name: PASSED, policy: CONTINUE, entries: [192.0.2.50]}\n"
    "    - {name: BAD, policy: $NO, entries: [192.0.2.66]}\n"
    "    - {name: MIXED, policy: $THROTTLED, entries: [nx.domain, \n"
    "       \"sbrs[-3.0:-1.0]\", 192.0.2.70, host.example.net,\n"
    "       .dom.example.net]}\n"
    "    - {name: SCORES, policy: $BLOCKED, entries: [\"sbrs[-10.0:-3.0]\"]}\n"
    "    - {name: OWNERS, policy: TCPREFUSE, entries: [\"SBO:34\"]}\n"
    "    - {name: LAND, policy: REJECT, entries: [\"country[XX,YY]\"]}\n"
    "    - {name: GREETED, policy: $GREET, entries: [192.0.2.80]}\n"
    "    - {policy: $NAMED, entries: [192.0.2.81]}\n"
    "    - {policy: $NAMELESS, entries: [192.0.2.82]}\n"
    "    - {policy: $SILENT, entries: [192.0.2.83]}\n"
    "    - {name: REST, policy: $ACCEPTED, entries: [\"sbrs[none]\",\n"
    "       serv.fail]}\n"
    "    - {name: ALL, policy: $ACCEPTED}\n"
    "  rat: [example.com]\n"
    "- name: Out\n"
    "  type: private\n"
    "  interface: Net\n"
    "  port: 26\n";

static void prepare(struct world *w, const char *ip, const char *host,
    int64_t score, uint64_t owner, const char *country);

#define NONE   REPUTATION_NONE
#define ASK    (INT64_MIN + 1) /* score not known */
#define NOBODY UINT64_MAX      /* owner, country not known */

static const struct {
	const char *why, *ip, *host;
	int64_t score;
	uint64_t owner;
	const char *country;
	const char *group, *entry; /* NULL: asks for needs */
	enum fact_id needs;
} hat_cases[] = {
	{ "partial address", "10.1.7.8", "", ASK, NOBODY, NULL, "NETS", "10.1.",
	    FACT_N },
	{ "range", "10.2.3.9", "", ASK, NOBODY, NULL, "NETS", "10.2.3.4-9",
	    FACT_N },
	{ "CIDR", "172.31.255.255", "", ASK, NOBODY, NULL, "NETS",
	    "172.16.0.0/12", FACT_N },
	{ "IPv6 CIDR", "2001:db8::bad", "", ASK, NOBODY, NULL, "NETS",
	    "2001:db8::/32", FACT_N },
	{ "REL-10 mapped address", "::ffff:10.1.0.1", "", ASK, NOBODY, NULL,
	    "NETS", "10.1.", FACT_N },
	{ "no name asked when an address decides", "192.0.2.66", "", ASK,
	    NOBODY, NULL, "BAD", "192.0.2.66", FACT_N },
	{ "explicit before score and class", "192.0.2.70", "nx.domain", -20, 0,
	    "", "MIXED", "192.0.2.70", FACT_N },
	{ "address entry first: nothing asked", "192.0.2.70", "", ASK, NOBODY,
	    NULL, "MIXED", "192.0.2.70", FACT_N },
	{ "name asked before score", "192.0.2.71", "", ASK, NOBODY, NULL, NULL,
	    NULL, FACT_HOST },
	{ "score before class", "192.0.2.71", "nx.domain", -20, 0, "", "MIXED",
	    "sbrs[-3.0:-1.0]", FACT_N },
	{ "score asked although a class matches", "192.0.2.71", "nx.domain",
	    ASK, 0, "", NULL, NULL, FACT_REPUTATION },
	{ "class", "192.0.2.71", "nx.domain", NONE, 0, "", "MIXED", "nx.domain",
	    FACT_N },
	{ "host", "192.0.2.71", "HOST.example.net", NONE, 0, "", "MIXED",
	    "host.example.net", FACT_N },
	{ "domain", "192.0.2.71", "a.b.Dom.example.net", NONE, 0, "", "MIXED",
	    ".dom.example.net", FACT_N },
	{ "domain is not below itself", "192.0.2.71", "dom.example.net", NONE,
	    0, "", "REST", "sbrs[none]", FACT_N },
	{ "score at the border: earlier group", "192.0.2.71", "h.test", -30, 0,
	    "", "MIXED", "sbrs[-3.0:-1.0]", FACT_N },
	{ "score below", "192.0.2.71", "h.test", -31, 0, "", "SCORES",
	    "sbrs[-10.0:-3.0]", FACT_N },
	{ "owner asked", "192.0.2.71", "h.test", 10, NOBODY, NULL, NULL, NULL,
	    FACT_OWNER },
	{ "owner", "192.0.2.71", "h.test", 10, 34, "", "OWNERS", "SBO:34",
	    FACT_N },
	{ "country asked", "192.0.2.71", "h.test", 10, 1, NULL, NULL, NULL,
	    FACT_COUNTRY },
	{ "country", "192.0.2.71", "h.test", 10, 1, "YY", "LAND",
	    "country[XX,YY]", FACT_N },
	{ "failed name", "192.0.2.71", "serv.fail", 10, 1, "ZZ", "REST",
	    "serv.fail", FACT_N },
	{ "everybody else", "192.0.2.71", "h.test", 10, 1, "ZZ", "", "ALL",
	    FACT_N },
	{ "private addresses have no score", "192.168.1.1", "h.test", ASK, 1,
	    "ZZ", "REST", "sbrs[none]", FACT_N },
	{ "CONTINUE passes", "192.0.2.50", "h.test", 10, 1, "ZZ", "", "ALL",
	    FACT_N },
};

static void
test_host_access_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(hat_cases); i++) {
		struct world w;
		enum pipeline_answer answer;

		prepare(&w, hat_cases[i].ip, hat_cases[i].host,
		    hat_cases[i].score, hat_cases[i].owner,
		    hat_cases[i].country);
		answer = world_run(&w, AT_CONNECT);
		if (w.needs != hat_cases[i].needs)
			fail_msg("%s: asks for %s", hat_cases[i].why,
			    fact_name(w.needs));
		if (answer == PIPELINE_DONE &&
		    (!str_is(pipeline_group_name(w.subject.group),
			 hat_cases[i].group) ||
			!str_is(w.subject.entry->text, hat_cases[i].entry)))
			fail_msg("%s: %.*s, %.*s", hat_cases[i].why,
			    STR_ARG(w.subject.group->name),
			    STR_ARG(w.subject.entry->text));
		world_end(&w);
	}
}

static void
test_continue_is_noted(void **state)
{
	struct world w;
	const struct note *note;

	(void)state;
	prepare(&w, "192.0.2.50", "h.test", 10, 1, "");
	world_run(&w, AT_CONNECT);
	note = world_note(&w, NOTE_HAT_PASSED);
	assert_non_null(note);
	assert_true(str_is(note->group->name, "PASSED"));
	assert_true(note->where.line > 0);
	note = world_note(&w, NOTE_HOST);
	assert_true(str_is(note->text, "verified"));
	world_end(&w);
}

static void
test_replies(void **state)
{
	static const struct {
		const char *why, *ip;
		uint32_t of_ip, of_listener, total;
		int code;
		const char *status, *text;
		bool close, refuse;
	} table[] = {
		{ "greeting", "192.0.2.71", 1, 1, 1, 220, "",
		    "mail3.example.com ESMTP", false, false },
		{ "greeting with variables", "192.0.2.80", 1, 1, 1, 220, "",
		    "mail3.example.com ESMTP\nhi 192.0.2.80 of GREETED via "
		    "192.0.2.80, h.test 7 $x",
		    false, false },
		{ "another name", "192.0.2.81", 1, 1, 1, 220, "",
		    "mx.example ESMTP", false, false },
		{ "no name", "192.0.2.82", 1, 1, 1, 220, "", "ESMTP\nhello",
		    false, false },
		{ "refusal without name", "192.0.2.83", 1, 1, 1, 554, "",
		    "access refused for this host", true, false },
		{ "at the limit", "192.0.2.80", 5, 50, 100, 220, "", NULL,
		    false, false },
		{ "too many of one client", "192.0.2.80", 6, 6, 6, 421, "4.4.5",
		    "Too many connections from your host", true, false },
		{ "too many at the listener", "192.0.2.71", 1, 51, 51, 421,
		    "4.4.5", "Too many connections to this listener", true,
		    false },
		{ "too many", "192.0.2.71", 1, 1, 101, 421, "4.4.5",
		    "Too many connections", true, false },
		{ "refusal", "192.0.2.66", 1, 1, 1, 521, "",
		    "mail3.example.com\ngo away, 192.0.2.66", true, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct world w;

		prepare(&w, table[i].ip, "h.test", 10, 7, "ZZ");
		w.facts.connections = table[i].of_ip;
		w.facts.listener_connections = table[i].of_listener;
		w.facts.total_connections = table[i].total;
		assert_int_equal(world_run(&w, AT_CONNECT), PIPELINE_DONE);
		if (!w.run.replied || w.run.reply.code != table[i].code ||
		    strcmp(w.run.reply.status, table[i].status) != 0 ||
		    (table[i].text != NULL &&
			!str_is(w.run.reply.text, table[i].text)) ||
		    w.run.reply.close != table[i].close ||
		    w.run.reply.refuse != table[i].refuse)
			fail_msg("%s: %d %.*s", table[i].why, w.run.reply.code,
			    STR_ARG(w.run.reply.text));
		world_end(&w);
	}
}

static void
test_refusals(void **state)
{
	struct world w;

	(void)state;
	prepare(&w, "192.0.2.71", "h.test", 10, 34, "");
	world_run(&w, AT_CONNECT);
	assert_true(w.run.replied && w.run.reply.refuse);
	world_end(&w);

	prepare(&w, "192.0.2.71", "h.test", 10, 1, "XX");
	world_run(&w, AT_CONNECT);
	assert_int_equal(w.run.reply.code, 554);
	assert_true(str_is(w.run.reply.text,
	    "mail3.example.com\naccess refused for this host"));
	world_end(&w);

	/* REL-10: nobody is trusted by his address, unless the table says */
	prepare(&w, "127.0.0.1", "", ASK, NOBODY, NULL);
	w.subject.listener = config_listener(config, STR("Out"));
	assert_int_equal(world_run(&w, AT_CONNECT), PIPELINE_DONE);
	assert_int_equal(w.run.reply.code, 554);
	assert_true(w.run.reply.close);
	world_end(&w);
}

static void
test_delayed_rejection(void **state)
{
	char text[sizeof(yaml) + 200];
	struct config *delayed;
	struct world w;

	(void)state;
	snprintf(text, sizeof(text), "%s", yaml);
	memcpy(strstr(text, "receiving: {max_connections: 100}"),
	    "receiving: {delayed_reject: yes }", 33);
	delayed = world_config(text);
	prepare(&w, "192.0.2.66", "h.test", 10, 1, "");
	w.config = delayed;
	w.subject.config = delayed;
	w.subject.listener = config_listener(delayed, STR("In"));
	world_run(&w, AT_CONNECT);
	assert_int_equal(w.run.reply.code, 220);
	assert_int_equal(w.subject.behaviour, REJECT);
	w.subject.addr_text = STR("<a@b.test>");
	world_run(&w, AT_MAIL);
	assert_false(w.run.replied);
	w.subject.addr_text = STR("<c@example.com>");
	world_run(&w, AT_RCPT);
	assert_int_equal(w.run.reply.code, 550);
	assert_false(w.run.reply.close);
	/* authenticated: RELAY, and the refusal is off */
	w.subject.behaviour = RELAY;
	world_run(&w, AT_RCPT);
	assert_false(w.run.replied);
	world_end(&w);
	config_unref(&delayed);
}

static void
test_may_need(void **state)
{
	const struct listener *in = config_listener(config, STR("In"));
	const struct listener *out = config_listener(config, STR("Out"));

	(void)state;
	for (int id = 0; id < FACT_KEYED; id++) {
		assert_true(pipeline_may_need(in, id));
		assert_int_equal(
		    pipeline_may_need(out, id), id == FACT_CONNECTIONS);
	}
}

static void
test_hdr_01_variables(void **state)
{
	static const struct {
		const char *why, *text, *host, *want;
		enum fact_id needs;
	} table[] = {
		{ "none", "plain", "", "plain", FACT_N },
		{ "unknown words stay", "$ $$ $nobody $Groupe $5 x$", "",
		    "$ $$ $nobody $Groupe $5 x$", FACT_N },
		{ "case", "$GROUP,$group.", "", "None,None.", FACT_N },
		{ "asks for the name", "a $Hostname", "", NULL, FACT_HOST },
		{ "asks for the owner", "a $OrgID", "", NULL, FACT_OWNER },
		{ "no name", "$Hostname", "nx.domain", "None", FACT_N },
		{ "failed", "$Hostname", "serv.fail", "Unknown", FACT_N },
		{ "HDR-01 line end in a name", "$Hostname!", "a\r\nb", "a??b!",
		    FACT_N },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct world w;
		enum fact_id needs = FACT_N;
		struct str got;

		prepare(&w, "192.0.2.1", table[i].host, ASK, NOBODY, NULL);
		variables_need(str_of(table[i].text), &w.facts, &needs);
		if (needs != table[i].needs)
			fail_msg(
			    "%s: asks for %s", table[i].why, fact_name(needs));
		got = variables_expand(
		    str_of(table[i].text), &w.subject, &w.facts, &w.mem);
		if (table[i].want != NULL && !str_is(got, table[i].want))
			fail_msg("%s: %.*s", table[i].why, STR_ARG(got));
		world_end(&w);
	}
}

static void
prepare(struct world *w, const char *ip, const char *host, int64_t score,
    uint64_t owner, const char *country)
{
	world_begin(w, config, "In");
	assert_true(ip_parse(&w->facts.client, str_of(ip)));
	world_host(w, host);
	if (score != ASK)
		fact_set(&w->facts, FACT_REPUTATION, FACT_KNOWN, FACT_GIVEN);
	w->facts.reputation = score;
	if (owner != NOBODY)
		fact_set(&w->facts, FACT_OWNER, FACT_KNOWN, FACT_GIVEN);
	w->facts.owner = owner;
	if (country == NULL)
		return;
	fact_set(&w->facts, FACT_COUNTRY, FACT_KNOWN, FACT_GIVEN);
	str_copy(w->facts.country, sizeof(w->facts.country), str_of(country));
}

static int
setup(void **state)
{
	(void)state;
	config = world_config(yaml);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_access_table),
		cmocka_unit_test(test_continue_is_noted),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_delayed_rejection),
		cmocka_unit_test(test_may_need),
		cmocka_unit_test(test_hdr_01_variables),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
