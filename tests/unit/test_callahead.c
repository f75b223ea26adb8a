/* test_callahead.c - the stage "call-ahead", its questions and what is kept */
#include "lookup/ahead.h"
#include "smtpd/callahead.h"
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "callahead_profiles:\n"
    "- {name: Strict, servers: ['[192.0.2.25]:2525', mail.example.org],\n"
    "   sender: probe@example.org, timeout: 7, max_connections: 3}\n"
    "- {name: Mild, failure_code: 250, temporary_code: 250,\n"
    "   cache_size: 3, cache_ttl: 10}\n"
    "- {name: Hard, failure_code: 550, temporary_code: 452,\n"
    "   cache_size: 0}\n"
    "routes: {routed.test: 'a.routed.test:26, b.routed.test',\n"
    "  null.test: /dev/null, dns.test: USEDNS}\n"
    "aliases: aliases\n"
    "listeners:\n"
    "- {name: Strict, type: public, interface: Net, call_ahead: Strict,\n"
    "   hat: {defaults: {dhap_limit: 0}},\n"
    "   rat: [{accept: vip@example.org, bypass_callahead: yes},\n"
    "     example.org]}\n"
    "- {name: Mild, type: public, interface: Net, port: 26,\n"
    "   call_ahead: Mild, rat: [example.org]}\n"
    "- {name: Hard, type: public, interface: Net, port: 27,\n"
    "   call_ahead: Hard, rat: [example.org]}\n"
    "- {name: None, type: public, interface: Net, port: 28,\n"
    "   rat: [example.org]}\n";

static const struct world_file aliases = { "tables/aliases",
	"[example.org]\n"
	"team: x@example.org, y@example.org, z@elsewhere.test\n"
	"away: a@elsewhere.test, b@elsewhere.test\n"
	"gone: /dev/null\n" };

#define FAILED 99

static void
begin(struct world *w, const char *listener, const char *rcpt)
{
	const struct hat *hat;

	world_begin(w, config, listener);
	hat = &w->subject.listener->hat;
	w->subject.group = &hat->groups[hat->n_groups - 1];
	w->subject.policy = w->subject.group->policy;
	w->subject.behaviour = ACCEPT;
	w->subject.sender = STR("a@b.test");
	w->subject.addr_text = str_of(arena_printf(&w->mem, "<%s>", rcpt));
}

static void
give(struct world *w, const char *addr, uint64_t number, uint32_t code,
    const char *text)
{
	struct fact meta = { number == FAILED ? FACT_FAILED : FACT_KNOWN,
		FACT_LOOKED_UP };
	struct fact_answer *a =
	    fact_put(&w->facts, &w->mem, FACT_CALLAHEAD, str_of(addr), meta);

	a->number = number;
	a->code = code;
	a->text = str_of(text);
}

static const struct {
	const char *listener, *rcpt;
	uint64_t number;
	uint32_t code;
	const char *text;
	int want; /* 0: accepted */
	const char *status, *reply, *note;
} cases[] = {
	{ "Strict", "x@example.org", RECIPIENT_OK, 250, "ok", 0, "", "",
	    "accepted" },
	{ "Strict", "x@example.org", RECIPIENT_UNKNOWN, 550, "5.1.1 who?", 550,
	    "", "5.1.1 who?", "rejected (550)" },
	{ "Strict", "x@example.org", RECIPIENT_UNKNOWN, 0, "", 550, "",
	    "5.1.1 recipient refused", "rejected (0)" },
	{ "Strict", "x@example.org", RECIPIENT_LATER, 450, "busy", 451, "4.4.3",
	    "recipient cannot be verified", "temporary failure (450)" },
	{ "Strict", "x@example.org", RECIPIENT_NO_ANSWER, 0, "", 451, "4.4.3",
	    "recipient cannot be verified", "no answer" },
	{ "Strict", "x@example.org", FAILED, 0, "", 451, "4.4.3",
	    "recipient cannot be verified", "no answer" },
	{ "Mild", "x@example.org", RECIPIENT_LATER, 450, "busy", 0, "", "",
	    "temporary failure (450)" },
	{ "Mild", "x@example.org", FAILED, 0, "", 0, "", "", "no answer" },
	{ "Mild", "x@example.org", RECIPIENT_UNKNOWN, 551, "moved", 551, "",
	    "moved", "rejected (551)" },
	{ "Hard", "x@example.org", RECIPIENT_LATER, 450, "busy", 452, "4.4.3",
	    "recipient cannot be verified", "temporary failure (450)" },
	{ "Hard", "x@example.org", FAILED, 0, "", 550, "5.4.3",
	    "recipient cannot be verified", "no answer" },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct note *note;
		struct world w;

		begin(&w, cases[i].listener, cases[i].rcpt);
		give(&w, cases[i].rcpt, cases[i].number, cases[i].code,
		    cases[i].text);
		give(&w, "", 0, 0, ""); /* another one's */
		fact_fail(&w.facts, &w.mem, FACT_DHAP, STR(""));
		assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
		note = world_note(&w, NOTE_CALL_AHEAD);
		if (w.run.replied != (cases[i].want != 0) ||
		    (w.run.replied &&
			(w.run.reply.code != cases[i].want ||
			    strcmp(w.run.reply.status, cases[i].status) ||
			    !str_is(w.run.reply.text, cases[i].reply) ||
			    strcmp(w.run.reply.log, "Call-Ahead") != 0)))
			fail_msg("case %zu: %d %s %.*s", i, w.run.reply.code,
			    w.run.reply.status, STR_ARG(w.run.reply.text));
		if (note == NULL || !str_is(note->text, cases[i].note) ||
		    !str_is(note->from, cases[i].listener))
			fail_msg("case %zu: the note", i);
		world_end(&w);
	}
}

static void
test_who_is_not_asked_about(void **state)
{
	static const struct {
		const char *why, *listener, *rcpt;
		bool relay;
	} table[] = {
		{ "no profile", "None", "x@example.org", false },
		{ "bypass", "Strict", "vip@example.org", false },
		{ "relay", "Strict", "x@other.test", true },
		{ "all targets are elsewhere", "Strict", "away@example.org",
		    false },
		{ "dropped", "Strict", "gone@example.org", false },
		{ "the table refuses", "Strict", "x@other.test", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct world w;

		begin(&w, table[i].listener, table[i].rcpt);
		if (table[i].relay)
			w.subject.behaviour = RELAY;
		if (world_run(&w, AT_RCPT) != PIPELINE_DONE)
			fail_msg("%s: asks", table[i].why);
		world_end(&w);
	}
}

/* Spec receiving 1.2: each target that is ours is asked about; one will do. */
static void
test_targets_of_an_alias(void **state)
{
	struct needs needs;
	struct world w;

	(void)state;
	begin(&w, "Strict", "team@example.org");
	pipeline_begin(&w.run, AT_RCPT);
	assert_int_equal(pipeline_run(&w.run, &w.subject, &w.facts, &w.mem,
			     false, NULL, NULL, &needs),
	    PIPELINE_NEEDS);
	assert_int_equal(needs.n, 2);
	assert_true(str_is(needs.v[0].key, "x@example.org"));
	assert_true(str_is(needs.v[1].key, "y@example.org"));

	give(&w, "x@example.org", RECIPIENT_UNKNOWN, 550, "no");
	give(&w, "y@example.org", RECIPIENT_OK, 250, "");
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	assert_false(w.run.replied);
	assert_int_equal(w.subject.n_rcpts, 2);
	assert_true(str_is(w.subject.rcpts[0], "y@example.org"));
	assert_true(str_is(w.subject.rcpts[1], "z@elsewhere.test"));
	world_end(&w);

	begin(&w, "Strict", "team@example.org");
	give(&w, "x@example.org", RECIPIENT_UNKNOWN, 550, "no");
	give(&w, "y@example.org", RECIPIENT_UNKNOWN, 551, "nor this");
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	assert_int_equal(w.subject.n_rcpts, 1);
	assert_true(str_is(w.subject.rcpts[0], "z@elsewhere.test"));
	world_end(&w);
}

/* --- questions --- */

static void
test_questions(void **state)
{
	static const struct {
		const char *profile, *addr, *hosts;
	} table[] = {
		{ "Strict", "x@example.org",
		    "192.0.2.25:2525! mail.example.org:25 " },
		{ "Mild", "x@example.org", "example.org:25 " },
		{ "Mild", "x@routed.test",
		    "a.routed.test:26 b.routed.test:25 " },
		{ "Mild", "x@dns.test", "dns.test:25 " },
		{ "Mild", "x@[192.0.2.1]", "192.0.2.1:25! " },
		{ "Mild", "x@[IPv6:2001:db8::1]", "2001:db8::1:25! " },
		{ "Mild", "x@null.test", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const struct callahead_profile *profile =
		    config_listener(config, str_of(table[i].profile))
			->call_ahead;
		const struct probe_host *v;
		struct arena mem;
		struct probe p;
		struct buf hosts;
		bool any;

		arena_init(&mem, 1 << 20);
		buf_init(&hosts, 1 << 16);
		any = ahead_probe(config, profile, str_of(table[i].addr),
		    STR("mx.test"), &p, &mem);
		v = p.hosts.v;
		for (size_t k = 0; k < p.hosts.n; k++)
			buf_printf(&hosts, "%.*s:%u%s ", STR_ARG(v[k].host),
			    v[k].port, v[k].no_mx ? "!" : "");
		if (any != (table[i].hosts[0] != '\0') ||
		    !str_is(buf_str(&hosts), table[i].hosts))
			fail_msg("%s: %.*s", table[i].addr,
			    STR_ARG(buf_str(&hosts)));
		assert_int_equal(p.kind, PROBE_CALLAHEAD);
		assert_true(str_is(p.rcpt, table[i].addr));
		assert_true(str_eq(p.sender, profile->sender));
		assert_int_equal(p.timeout_ms, profile->timeout * 1000);
		assert_int_equal(p.max_connections, profile->max_connections);
		buf_fini(&hosts);
		arena_free(&mem);
	}
}

/* --- what is kept --- */

static struct callahead_cache cache;

static void
keep(const char *profile, const char *addr, uint64_t number, int64_t now)
{
	struct fact_answer a = { .id = FACT_CALLAHEAD,
		.meta = { number == FAILED ? FACT_FAILED : FACT_KNOWN,
		    FACT_LOOKED_UP },
		.number = number,
		.code = 550,
		.text = str_of(addr) };

	callahead_put(&cache,
	    config_listener(config, str_of(profile))->call_ahead, str_of(addr),
	    now, &a);
}

static bool
has(const char *profile, const char *addr, uint64_t number, int64_t now)
{
	struct fact_answer a;

	return callahead_get(&cache,
		   config_listener(config, str_of(profile))->call_ahead,
		   str_of(addr), now, &a) &&
	       a.number == number && a.code == 550 && str_is(a.text, addr) &&
	       a.meta.state == FACT_KNOWN;
}

static void
test_what_is_kept(void **state)
{
	(void)state;
	keep("Mild", "yes@x", RECIPIENT_OK, 0);
	keep("Mild", "no@x", RECIPIENT_UNKNOWN, 0);
	keep("Mild", "later@x", RECIPIENT_LATER, 0);
	keep("Mild", "none@x", FAILED, 0);
	keep("Hard", "yes@x", RECIPIENT_OK, 0);
	assert_true(has("Mild", "yes@x", RECIPIENT_OK, 9999));
	assert_true(has("Mild", "no@x", RECIPIENT_UNKNOWN, 9999));
	assert_false(has("Mild", "later@x", RECIPIENT_LATER, 1));
	assert_false(has("Mild", "none@x", FAILED, 1));
	assert_false(has("Hard", "yes@x", RECIPIENT_OK, 1)); /* keeps none */
	assert_false(has("Strict", "yes@x", RECIPIENT_OK, 1));
	assert_false(has("Mild", "yes@x", RECIPIENT_OK, 10000));
	/* another answer takes the place of the first */
	keep("Mild", "no@x", RECIPIENT_OK, 5);
	assert_true(has("Mild", "no@x", RECIPIENT_OK, 6));
	keep("Mild", "no@x", RECIPIENT_LATER, 7);
	assert_false(has("Mild", "no@x", RECIPIENT_OK, 8));
	callahead_flush(&cache);
}

/* Of three, the one that was not used for the longest time goes. */
static void
test_how_much_is_kept(void **state)
{
	(void)state;
	keep("Mild", "1@x", RECIPIENT_OK, 0);
	keep("Mild", "2@x", RECIPIENT_OK, 0);
	keep("Mild", "3@x", RECIPIENT_OK, 0);
	assert_true(has("Mild", "1@x", RECIPIENT_OK, 1));
	keep("Mild", "4@x", RECIPIENT_OK, 2);
	assert_false(has("Mild", "2@x", RECIPIENT_OK, 3));
	assert_true(has("Mild", "1@x", RECIPIENT_OK, 3));
	assert_true(has("Mild", "3@x", RECIPIENT_OK, 3));
	assert_true(has("Mild", "4@x", RECIPIENT_OK, 3));
	callahead_flush(&cache);
	assert_false(has("Mild", "4@x", RECIPIENT_OK, 3));
	callahead_flush(&cache);
}

static void
test_a_configuration_that_makes_no_sense(void **state)
{
	static const struct {
		const char *profiles, *listener, *want;
	} table[] = {
		{ "{name: P, failure_code: 300}", "public",
		    "must be 250 (accept) or a reply code" },
		{ "{name: P, temporary_code: 251}", "public",
		    "must be 250 (accept) or a reply code" },
		{ "{name: Q}", "public",
		    "there is no call-ahead profile \"P\"" },
		{ "{name: P}", "private", "for public listeners" },
		{ "{name: P, servers: /dev/null}", "public",
		    "must be servers" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		char text[600];
		struct err err = ERR_INIT;
		struct config *c;
		struct bundle b;

		snprintf(text, sizeof(text),
		    "hostname: a.test\n"
		    "interfaces: [{name: N, ip: 192.0.2.1}]\n"
		    "callahead_profiles: [%s]\n"
		    "listeners: [{name: L, type: %s, interface: N,\n"
		    "  call_ahead: P}]\n",
		    table[i].profiles, table[i].listener);
		bundle_from_text(&b, "postern.yaml", str_of(text));
		c = config_load_simple(&b, 1, &err);
		bundle_free(&b);
		if (c != NULL || strstr(err.text, table[i].want) == NULL)
			fail_msg("%s: %s", table[i].profiles, err.text);
	}
}

static int
setup(void **state)
{
	(void)state;
	config = world_config_with(yaml, &aliases, 1);
	map_init(&cache.profiles);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_who_is_not_asked_about),
		cmocka_unit_test(test_targets_of_an_alias),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test(test_how_much_is_kept),
		cmocka_unit_test(test_a_configuration_that_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
