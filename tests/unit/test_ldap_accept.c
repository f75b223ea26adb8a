/* test_ldap_accept.c - the stage "LDAP accept" (spec receiving 1.2, 7, 8.6) */
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "callahead_profiles: [{name: Next}]\n"
    "aliases: aliases\n"
    "listeners:\n"
    "- {name: Usual, interface: Net, ldap_accept: {query: corp.accept},\n"
    "   hat: {defaults: {dhap_limit: 25}},\n"
    "   rat: [{accept: vip@example.org, bypass_ldap_accept: yes},\n"
    "     example.org]}\n"
    "- {name: Own, interface: Net, port: 26, rat: [example.org],\n"
    "   hat: {defaults: {dhap_limit: 0}}, ldap_accept: {query: corp.own,\n"
    "   unreachable: accept, code: 451, text: ask later}}\n"
    "- {name: None, interface: Net, port: 27, rat: [example.org]}\n"
    "- {name: Both, interface: Net, port: 28, rat: [example.org],\n"
    "   call_ahead: Next, hat: {defaults: {dhap_limit: 0}},\n"
    "   ldap_accept: {query: corp.accept}}\n"
    "- {name: Inside, interface: Net, port: 29, type: private,\n"
    "   hat: {defaults: {dhap_limit: 0}}, ldap_accept: {query: in.accept}}\n";

static const struct world_file aliases = { "tables/aliases",
	"[example.org]\n"
	"team: x@example.org, y@example.org, z@elsewhere.test\n"
	"pair: x@example.org, y@example.org\n"
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
give(struct world *w, enum fact_id id, const char *key, uint64_t number)
{
	struct fact meta = { number == FAILED ? FACT_FAILED : FACT_KNOWN,
		FACT_GIVEN };

	fact_put(&w->facts, &w->mem, id, str_of(key), meta)->number = number;
}

static const struct {
	const char *listener;
	uint64_t number;
	int want; /* 0: accepted */
	const char *status, *reply, *note;
} cases[] = {
	{ "Usual", RECIPIENT_OK, 0, "", "", "PASS" },
	{ "Usual", RECIPIENT_UNKNOWN, 550, "5.1.1", "recipient not found",
	    "FAIL (550 #5.1.1 recipient not found)" },
	{ "Usual", FAILED, 451, "4.4.3", "Temporary recipient validation error",
	    "Server unreachable (451 #4.4.3 Temporary recipient validation "
	    "error)" },
	{ "Usual", RECIPIENT_NO_ANSWER, 451, "4.4.3",
	    "Temporary recipient validation error",
	    "Server unreachable (451 #4.4.3 Temporary recipient validation "
	    "error)" },
	{ "Usual", RECIPIENT_LATER, 451, "4.4.3",
	    "Temporary recipient validation error",
	    "Server unreachable (451 #4.4.3 Temporary recipient validation "
	    "error)" },
	{ "Own", RECIPIENT_OK, 0, "", "", "PASS" },
	{ "Own", RECIPIENT_UNKNOWN, 451, "", "ask later",
	    "FAIL (451 ask later)" },
	{ "Own", FAILED, 0, "", "", "Server unreachable (accepted)" },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct note *note;
		struct world w;

		begin(&w, cases[i].listener, "x@example.org");
		give(&w, FACT_LDAP_ACCEPT, "x@example.org", cases[i].number);
		give(&w, FACT_DHAP, "", 1);
		assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
		note = world_note(&w, NOTE_LDAP_ACCEPT);
		if (w.run.replied != (cases[i].want != 0) ||
		    (w.run.replied &&
			(w.run.reply.code != cases[i].want ||
			    strcmp(w.run.reply.status, cases[i].status) ||
			    !str_is(w.run.reply.text, cases[i].reply) ||
			    strcmp(w.run.reply.log, "LDAPACCEPT") != 0)))
			fail_msg("case %zu: %d %s %.*s", i, w.run.reply.code,
			    w.run.reply.status, STR_ARG(w.run.reply.text));
		if (note == NULL || !str_is(note->text, cases[i].note) ||
		    !str_is(note->to, "x@example.org") ||
		    !str_eq(note->from, w.subject.listener->ldap_accept.query))
			fail_msg("case %zu: the note", i);
		world_end(&w);
	}
}

static void
test_who_is_not_asked_about(void **state)
{
	static const struct {
		const char *why, *listener, *rcpt, *note;
		bool relay;
	} table[] = {
		{ "no query", "None", "x@example.org", NULL, false },
		{ "bypass", "Usual", "vip@example.org", "Bypassed", false },
		{ "relay", "Usual", "x@other.test", NULL, true },
		{ "all targets are elsewhere", "Usual", "away@example.org",
		    NULL, false },
		{ "dropped", "Usual", "gone@example.org", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		const struct note *note;
		struct world w;

		begin(&w, table[i].listener, table[i].rcpt);
		if (table[i].relay)
			w.subject.behaviour = RELAY;
		if (world_run(&w, AT_RCPT) != PIPELINE_DONE || w.run.replied)
			fail_msg("%s: asks, or refuses", table[i].why);
		note = world_note(&w, NOTE_LDAP_ACCEPT);
		if ((note != NULL) != (table[i].note != NULL) ||
		    (note != NULL && !str_is(note->text, table[i].note)))
			fail_msg("%s: the note", table[i].why);
		world_end(&w);
	}
}

/* What is asked for: the addresses that came out of the tables. */
static void
expect_needs(const char *listener, const char *rcpt, const char *const *want)
{
	struct needs needs = { .n = 0 };
	struct world w;
	size_t n = 0;

	begin(&w, listener, rcpt);
	pipeline_begin(&w.run, AT_RCPT);
	assert_int_equal(pipeline_run(&w.run, &w.subject, &w.facts, &w.mem,
			     false, NULL, NULL, &needs),
	    PIPELINE_NEEDS);
	for (; want[n] != NULL; n++) {
		assert_int_equal(needs.v[n].id, FACT_LDAP_ACCEPT);
		if (!str_is(needs.v[n].key, want[n]))
			fail_msg("%s: %.*s", rcpt, STR_ARG(needs.v[n].key));
	}
	assert_int_equal(needs.n, n);
	world_end(&w);
}

/* Spec receiving 1.2: each target that is ours is asked about. Inside there
 * is no table that could say which are. */
static void
test_targets_of_an_alias(void **state)
{
	(void)state;
	expect_needs("Usual", "team@example.org",
	    (const char *[]){ "x@example.org", "y@example.org", NULL });
	expect_needs("Inside", "team@example.org",
	    (const char *[]){
		"x@example.org", "y@example.org", "z@elsewhere.test", NULL });
}

static const struct {
	uint64_t x, y;
	int want; /* 0: accepted, and then: */
	const char *left;
} pairs[] = {
	{ RECIPIENT_OK, RECIPIENT_UNKNOWN, 0, "x@example.org" },
	{ RECIPIENT_UNKNOWN, RECIPIENT_OK, 0, "y@example.org" },
	{ FAILED, RECIPIENT_OK, 0, "y@example.org" },
	{ RECIPIENT_UNKNOWN, RECIPIENT_UNKNOWN, 550, NULL },
	/* one of them may be known: it is too early for a no */
	{ RECIPIENT_UNKNOWN, FAILED, 451, NULL },
	{ FAILED, RECIPIENT_UNKNOWN, 451, NULL },
};

static void
test_one_target_is_enough(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(pairs); i++) {
		struct world w;

		begin(&w, "Both", "pair@example.org");
		give(&w, FACT_LDAP_ACCEPT, "x@example.org", pairs[i].x);
		give(&w, FACT_LDAP_ACCEPT, "y@example.org", pairs[i].y);
		give(&w, FACT_CALLAHEAD, "x@example.org", RECIPIENT_OK);
		give(&w, FACT_CALLAHEAD, "y@example.org", RECIPIENT_OK);
		assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
		if ((w.run.replied ? w.run.reply.code : 0) != pairs[i].want)
			fail_msg("pair %zu: %d", i, w.run.reply.code);
		if (pairs[i].left != NULL &&
		    (w.subject.n_rcpts != 1 ||
			!str_is(w.subject.rcpts[0], pairs[i].left)))
			fail_msg("pair %zu: who is left", i);
		world_end(&w);
	}
}

/* The next hop is asked only about those whom the directory knows. */
static void
test_before_the_next_hop(void **state)
{
	struct world w;

	(void)state;
	expect_needs(
	    "Both", "x@example.org", (const char *[]){ "x@example.org", NULL });
	begin(&w, "Both", "pair@example.org");
	give(&w, FACT_LDAP_ACCEPT, "x@example.org", RECIPIENT_UNKNOWN);
	give(&w, FACT_LDAP_ACCEPT, "y@example.org", RECIPIENT_OK);
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_NEEDS);
	assert_int_equal(w.needs, FACT_CALLAHEAD);
	give(&w, FACT_CALLAHEAD, "y@example.org", RECIPIENT_OK);
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	assert_int_equal(w.subject.n_rcpts, 1);
	world_end(&w);
}

/* Spec receiving 8.6: who is not known counts, a server that is away not. */
static void
test_what_counts_as_harvesting(void **state)
{
	static const struct {
		const char *rcpt;
		uint64_t x, y, count;
		int want;
		bool asked;
	} table[] = {
		{ "x@example.org", RECIPIENT_UNKNOWN, 0, 25, 550, true },
		{ "x@example.org", RECIPIENT_UNKNOWN, 0, 26, 550, true },
		{ "x@example.org", FAILED, 0, 26, 451, false },
		{ "x@example.org", RECIPIENT_OK, 0, 26, 0, false },
		{ "pair@example.org", RECIPIENT_UNKNOWN, RECIPIENT_OK, 26, 0,
		    false },
		{ "pair@example.org", RECIPIENT_UNKNOWN, RECIPIENT_UNKNOWN, 26,
		    550, true },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		bool over = table[i].asked && table[i].count > 25;
		struct world w;

		begin(&w, "Usual", table[i].rcpt);
		give(&w, FACT_LDAP_ACCEPT, "x@example.org", table[i].x);
		give(&w, FACT_LDAP_ACCEPT, "y@example.org", table[i].y);
		if ((world_run(&w, AT_RCPT) == PIPELINE_NEEDS) !=
		    table[i].asked)
			fail_msg("case %zu: is it counted?", i);
		if (table[i].asked)
			assert_int_equal(w.needs, FACT_DHAP);
		give(&w, FACT_DHAP, "", table[i].count);
		assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
		if ((w.run.replied ? w.run.reply.code : 0) != table[i].want ||
		    w.run.reply.close != over)
			fail_msg("case %zu: %d", i, w.run.reply.code);
		if (over)
			assert_string_equal(w.run.reply.log, "DHAP");
		world_end(&w);
	}
}

/* A directory that knows a recipient of elsewhere does not make it ours. */
static void
test_rel_13_it_adds_no_domain(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "Usual", "x@other.test");
	give(&w, FACT_LDAP_ACCEPT, "x@other.test", RECIPIENT_OK);
	give(&w, FACT_DHAP, "", 1);
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	assert_int_equal(w.run.reply.code, 550);
	assert_null(world_note(&w, NOTE_LDAP_ACCEPT));
	world_end(&w);
}

static int
setup(void **state)
{
	(void)state;
	config = world_config_with(yaml, &aliases, 1);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_who_is_not_asked_about),
		cmocka_unit_test(test_targets_of_an_alias),
		cmocka_unit_test(test_one_target_is_enough),
		cmocka_unit_test(test_before_the_next_hop),
		cmocka_unit_test(test_what_counts_as_harvesting),
		cmocka_unit_test(test_rel_13_it_adds_no_domain),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
