/* test_dnslist.c - DNS lists in host access tables (spec receiving 4.2) */
#include "config/hat_index.h"
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mail3.example.com\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  hat:\n"
    "    policies:\n"
    "    - {name: $NO, behaviour: REJECT, smtp_banner_text: \"$Group: "
    "$HATEntry\"}\n"
    "    groups:\n"
    "    - {name: SEEN, policy: CONTINUE, entries: [\"dnslist[One.test]\"]}\n"
    "    - {name: GOOD, policy: $TRUSTED, entries: [192.0.2.7]}\n"
    "    - {name: BAD, policy: $NO, entries: [nx.domain, "
    "\"dnslist[two.test]\",\n"
    "       \"dnslist[one.test]\", \"sbrs[-10.0:-5.0]\"]}\n"
    "    - {policy: TCPREFUSE, entries: [\"dnslist[three.test]\"]}\n"
    "    - {name: ALL, policy: $ACCEPTED}\n"
    "  rat: [example.com]\n";

/* A letter for each of one, two, three: y listed, n not listed, o no list,
 * f failed, - not asked. */
static void
know(struct world *w, const char *zones)
{
	static const char *const names[] = { "one.test", "two.test",
		"three.test" };

	for (size_t i = 0; i < NELEM(names); i++) {
		struct fact_answer *a;

		if (zones[i] == 'f')
			fact_fail(
			    &w->facts, &w->mem, FACT_DNSLIST, str_of(names[i]));
		if (strchr("yno", zones[i]) == NULL)
			continue;
		a = fact_put(&w->facts, &w->mem, FACT_DNSLIST, str_of(names[i]),
		    (struct fact){ FACT_KNOWN, FACT_GIVEN });
		a->number = zones[i] == 'y'   ? LIST_HAS
			    : zones[i] == 'n' ? LIST_HAS_NOT
					      : LIST_IS_NONE;
	}
}

static const struct {
	const char *why, *ip, *zones, *host;
	int64_t score;
	const char *group, *entry, *asks; /* asks: the zone */
} listed[] = {
	{ "the first is asked", "192.0.2.7", "---", "h.test", 0, NULL, NULL,
	    "one.test" },
	{ "an address decides before the others", "192.0.2.7", "n--", "h.test",
	    0, "GOOD", "192.0.2.7", NULL },
	{ "CONTINUE, then the address", "192.0.2.7", "y--", "h.test", 0, "GOOD",
	    "192.0.2.7", NULL },
	{ "asked in the order of the group", "192.0.2.8", "n--", "h.test", 0,
	    NULL, NULL, "two.test" },
	{ "the earlier one lists", "192.0.2.8", "yy-", "h.test", 0, "BAD",
	    "dnslist[two.test]", NULL },
	{ "the later one lists", "192.0.2.8", "yn-", "h.test", 0, "BAD",
	    "dnslist[one.test]", NULL },
	{ "a score goes before", "192.0.2.8", "y--", "h.test", -70, "BAD",
	    "sbrs[-10.0:-5.0]", NULL },
	{ "a class comes after", "192.0.2.8", "yn-", "nx.domain", 0, "BAD",
	    "dnslist[one.test]", NULL },
	{ "a class, none lists", "192.0.2.8", "nn-", "nx.domain", 0, "BAD",
	    "nx.domain", NULL },
	{ "of the next group", "192.0.2.8", "nn-", "h.test", 0, NULL, NULL,
	    "three.test" },
	{ "no group", "192.0.2.8", "nny", "h.test", 0, "",
	    "dnslist[three.test]", NULL },
	{ "none", "192.0.2.8", "nnn", "h.test", 0, "", "ALL", NULL },
	{ "who lists everybody lists nobody", "192.0.2.8", "ooo", "h.test", 0,
	    "", "ALL", NULL },
	{ "failures are ignored", "192.0.2.8", "fff", "h.test", 0, "", "ALL",
	    NULL },
};

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(listed); i++) {
		struct needs needs = { .n = 0 };
		struct world w;
		bool asks;

		world_begin(&w, config, "In");
		assert_true(ip_parse(&w.facts.client, str_of(listed[i].ip)));
		world_host(&w, listed[i].host);
		w.facts.reputation = listed[i].score;
		fact_set(&w.facts, FACT_REPUTATION, FACT_KNOWN, FACT_GIVEN);
		know(&w, listed[i].zones);
		pipeline_begin(&w.run, AT_CONNECT);
		asks = pipeline_run(&w.run, &w.subject, &w.facts, &w.mem, true,
			   world_applied, &w, &needs) == PIPELINE_NEEDS;
		if (asks != (listed[i].asks != NULL) ||
		    (asks && (needs.n != 1 || needs.v[0].id != FACT_DNSLIST ||
				 !str_is(needs.v[0].key, listed[i].asks))))
			fail_msg("%s: asks %.*s", listed[i].why,
			    STR_ARG(needs.v[0].key));
		if (!asks &&
		    (!str_is(pipeline_group_name(w.subject.group),
			 listed[i].group) ||
			!str_is(w.subject.entry->text, listed[i].entry)))
			fail_msg("%s: %.*s", listed[i].why,
			    STR_ARG(w.subject.entry->text));
		world_end(&w);
	}
}

static void
test_said_to_the_client(void **state)
{
	struct world w;
	const struct note *note;

	(void)state;
	world_begin(&w, config, "In");
	assert_true(ip_parse(&w.facts.client, STR("192.0.2.8")));
	world_host(&w, "h.test");
	w.facts.reputation = REPUTATION_NONE;
	fact_set(&w.facts, FACT_REPUTATION, FACT_KNOWN, FACT_GIVEN);
	know(&w, "yn-");
	assert_int_equal(world_run(&w, AT_CONNECT), PIPELINE_DONE);
	assert_int_equal(w.run.reply.code, 554);
	assert_true(str_is(
	    w.run.reply.text, "mail3.example.com\nBAD: dnslist[one.test]"));
	note = world_note(&w, NOTE_HAT_PASSED);
	assert_non_null(note);
	assert_true(str_is(note->entry->text, "dnslist[One.test]"));
	world_end(&w);
}

/* What smtpd fetches before it is asked for. */
static void
test_zones_of_a_listener(void **state)
{
	const struct str *zones;
	size_t n =
	    pipeline_dnslists(config_listener(config, STR("In")), &zones);

	(void)state;
	assert_int_equal(n, 3);
	assert_true(str_is(zones[0], "one.test"));
	assert_true(str_is(zones[1], "two.test"));
	assert_true(str_is(zones[2], "three.test"));
}

/* Every zone is a wait for every client, so there is a bound. */
static void
test_too_many_zones(void **state)
{
	struct buf text;
	struct bundle b;
	struct err err = ERR_INIT;

	(void)state;
	for (int n = HAT_ZONES_MAX; n <= HAT_ZONES_MAX + 1; n++) {
		struct config *c;

		buf_init(&text, 1 << 16);
		buf_puts(&text, "hostname: a.test\ninterfaces: [{name: N, ip: "
				"192.0.2.1}]\nlisteners:\n- name: In\n  hat:\n"
				"    groups:\n");
		for (int i = 0; i < n; i++)
			buf_printf(&text,
			    "    - {policy: $BLOCKED, entries: "
			    "[\"dnslist[z%d.test]\", \"dnslist[Z%d.test]\"]}\n",
			    i, i);
		bundle_from_text(&b, "postern.yaml", buf_str(&text));
		c = config_load_simple(&b, 1, &err);
		bundle_free(&b);
		assert_int_equal(c != NULL, n == HAT_ZONES_MAX);
		config_unref(&c);
		buf_fini(&text);
	}
	assert_non_null(strstr(err.text, "names 33 DNS lists; 32 are allowed"));
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
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_said_to_the_client),
		cmocka_unit_test(test_zones_of_a_listener),
		cmocka_unit_test(test_too_many_zones),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
