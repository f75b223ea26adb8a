/* test_pipeline_mail.c - stages at MAIL, RCPT and end of data */
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mail3.example.com\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "bounce_profiles: [{name: Quick}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  default_domain: example.com\n"
    "  addresses: {parser: loose, allow_partial: yes, source_routes: strip, "
    "reject_characters: \"%!\"}\n"
    "  hat: {defaults: {max_message_size: 10K}}\n"
    "  rat:\n"
    "  - {accept: postmaster@example.com, bypass_receiving_control: yes,\n"
    "     bypass_ldap_accept: yes}\n"
    "  - {reject: \"spy@\", reply: 551 not here}\n"
    "  - {accept: new.example.com, reply: 250 New company mail accepted}\n"
    "  - {reject: later.example.com, reply: 450 come back}\n"
    "  - {accept: [example.com, .sub.example.com, \"[192.0.2.1]\",\n"
    "     \"joe@[IPv6:2001:db8::1]\"]}\n"
    "- name: Strict\n"
    "  type: public\n"
    "  interface: Net\n"
    "  port: 2525\n"
    "  addresses: {parser: strict, allow_partial: no,\n"
    "    source_routes: reject, allow_8bit_user: no, allow_8bit_domain: no}\n"
    "  rat: [mail3.example.com, example.com]\n"
    "- name: Out\n"
    "  type: private\n"
    "  interface: Net\n"
    "  port: 26\n"
    "  bounce_profile: Quick\n"
    "  addresses: {allow_partial: yes}\n"
    "  default_domain: int.example.com\n";

static void prepare(struct world *w, const char *listener);

static const struct {
	const char *why, *listener, *text;
	bool utf8;
	int code; /* 0: accepted */
	const char *status, *result;
} senders[] = {
	{ "plain", "In", "<A@B.test>", false, 0, "", "A@b.test" },
	{ "null sender", "In", "<>", false, 0, "", "" },
	{ "no brackets, loose", "In", "a@b.test", false, 0, "", "a@b.test" },
	{ "no brackets, strict", "Strict", "a@b.test", false, 501, "5.1.7",
	    NULL },
	{ "default domain", "In", "<joe>", false, 0, "", "joe@example.com" },
	{ "default domain after @", "In", "<joe@>", false, 0, "",
	    "joe@example.com" },
	{ "default domain after a label", "In", "<joe@bar>", false, 0, "",
	    "joe@bar.example.com" },
	{ "none for literals", "In", "<joe@[192.0.2.9]>", false, 0, "",
	    "joe@[192.0.2.9]" },
	{ "partial not allowed", "Strict", "<joe>", false, 501, "5.1.7", NULL },
	{ "even postmaster", "Strict", "<postmaster>", false, 501, "5.1.7",
	    NULL },
	{ "other listener, other domain", "Out", "<joe>", false, 0, "",
	    "joe@int.example.com" },
	{ "REL-02 refused character", "In", "<a%b@c.test>", false, 553, "5.1.7",
	    NULL },
	{ "REL-03 route stripped", "In", "<@x:a@b.test>", false, 0, "",
	    "a@b.test" },
	{ "REL-03 route refused", "Strict", "<@x:a@b.test>", false, 553,
	    "5.1.7", NULL },
	{ "REL-04 two paths", "In", "<a@b.test> <c@d.test>", false, 501,
	    "5.1.7", NULL },
	{ "parameters are no part of it", "In", "<a@b.test> SIZE=1", false, 501,
	    "5.1.7", NULL },
	{ "STM-07 8-bit", "Strict", "<j\xc3\xb6@b.test>", false, 553, "5.6.7",
	    NULL },
	{ "STM-07 8-bit with the parameter", "Strict", "<j\xc3\xb6@b.test>",
	    true, 0, "", "j\xc3\xb6@b.test" },
};

static void
test_senders(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(senders); i++) {
		struct world w;

		prepare(&w, senders[i].listener);
		w.subject.addr_text = str_of(senders[i].text);
		w.subject.smtputf8 = senders[i].utf8;
		assert_int_equal(world_run(&w, AT_MAIL), PIPELINE_DONE);
		if (w.run.replied != (senders[i].code != 0) ||
		    (w.run.replied && (w.run.reply.code != senders[i].code ||
					  strcmp(w.run.reply.status,
					      senders[i].status) != 0)))
			fail_msg("%s: %d %.*s", senders[i].why,
			    w.run.reply.code, STR_ARG(w.run.reply.text));
		if (w.run.replied
			? world_note(&w, NOTE_BAD_ADDRESS) == NULL
			: !str_is(w.subject.sender, senders[i].result))
			fail_msg("%s: <%.*s>", senders[i].why,
			    STR_ARG(w.subject.sender));
		world_end(&w);
	}
}

static const struct {
	const char *why, *listener, *text;
	int code;
	const char *status, *result, *entry; /* entry NULL: not asked */
	unsigned bypass;
} rcpts[] = {
	{ "domain", "In", "<a@Example.COM>", 0, "", "a@example.com",
	    "example.com", 0 },
	{ "REL-01 relay", "In", "<v@other.test>", 550, "5.1.0", NULL, "ALL",
	    0 },
	{ "first entry wins, any case", "In", "<POSTmaster@example.com>", 0, "",
	    "POSTmaster@example.com", "postmaster@example.com",
	    BYPASS_CONTROL | BYPASS_LDAP },
	{ "REL-09 postmaster", "In", "<postmaster>", 0, "",
	    "postmaster@example.com", "postmaster@example.com",
	    BYPASS_CONTROL | BYPASS_LDAP },
	{ "REL-09 postmaster without default domain", "Strict", "<Postmaster>",
	    0, "", "Postmaster@mail3.example.com", "mail3.example.com", 0 },
	{ "REL-09 null recipient", "In", "<>", 501, "5.1.3", NULL, NULL, 0 },
	{ "only postmaster", "Strict", "<joe>", 501, "5.1.3", NULL, NULL, 0 },
	{ "only postmaster, one label", "Strict", "<joe@bar>", 501, "5.1.3",
	    NULL, NULL, 0 },
	{ "default domain", "In", "<joe>", 0, "", "joe@example.com",
	    "example.com", 0 },
	{ "user anywhere, custom reply", "In", "<SPY@example.com>", 551, "",
	    NULL, "spy@", 0 },
	{ "user anywhere is the whole user", "In", "<aspy@example.com>", 0, "",
	    "aspy@example.com", "example.com", 0 },
	{ "custom acceptance", "In", "<a@new.example.com>", 250, "",
	    "a@new.example.com", "new.example.com", 0 },
	{ "custom 4xx", "In", "<a@later.example.com>", 450, "", NULL,
	    "later.example.com", 0 },
	{ "subdomain", "In", "<a@x.y.sub.example.com>", 0, "",
	    "a@x.y.sub.example.com", ".sub.example.com", 0 },
	{ "not the domain itself", "In", "<a@sub.example.com>", 550, "5.1.0",
	    NULL, "ALL", 0 },
	{ "not a longer name", "In", "<a@xsub.example.com>", 550, "5.1.0", NULL,
	    "ALL", 0 },
	{ "REL-05 literal", "In", "<a@[192.0.2.1]>", 0, "", "a@[192.0.2.1]",
	    "[192.0.2.1]", 0 },
	{ "REL-05 literal in another form", "In",
	    "<Joe@[ipv6:2001:0db8:0::0001]>", 0, "", "Joe@[IPv6:2001:db8::1]",
	    "joe@[IPv6:2001:db8::1]", 0 },
	{ "REL-05 foreign literal", "In", "<a@[127.0.0.1]>", 550, "5.1.0", NULL,
	    "ALL", 0 },
	{ "REL-05 bare address", "In", "<a@192.0.2.1>", 501, "5.1.3", NULL,
	    NULL, 0 },
	{ "REL-02 domain in the local part", "In",
	    "<\"v@other.test\"@example.com>", 0, "",
	    "\"v@other.test\"@example.com", "example.com", 0 },
	{ "REL-02 our domain in the local part", "In",
	    "<\"v@example.com\"@other.test>", 550, "5.1.0", NULL, "ALL", 0 },
	{ "REL-03 routed to us, meant for another", "In",
	    "<@example.com:v@other.test>", 550, "5.1.0", NULL, "ALL", 0 },
	{ "REL-08 trailing dot", "In", "<a@EXAMPLE.com.>", 0, "",
	    "a@example.com", "example.com", 0 },
	{ "private listener", "Out", "<v@other.test>", 0, "", "v@other.test",
	    NULL, 0 },
};

static void
test_recipients(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rcpts); i++) {
		struct world w;
		const struct note *note;

		prepare(&w, rcpts[i].listener);
		w.subject.addr_text = str_of(rcpts[i].text);
		assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
		if (w.run.replied != (rcpts[i].code != 0) ||
		    (w.run.replied &&
			(w.run.reply.code != rcpts[i].code ||
			    strcmp(w.run.reply.status, rcpts[i].status) != 0)))
			fail_msg("%s: %d %.*s", rcpts[i].why, w.run.reply.code,
			    STR_ARG(w.run.reply.text));
		if (rcpts[i].result != NULL &&
		    !str_is(w.subject.rcpt, rcpts[i].result))
			fail_msg("%s: <%.*s>", rcpts[i].why,
			    STR_ARG(w.subject.rcpt));
		note = world_note(&w, NOTE_RAT_MATCH);
		if ((note != NULL) != (rcpts[i].entry != NULL) ||
		    (note != NULL &&
			!str_is(note->rat->text, rcpts[i].entry)) ||
		    w.bypass != rcpts[i].bypass)
			fail_msg("%s: entry or bypass", rcpts[i].why);
		world_end(&w);
	}
}

/* REL-13: whoever answers for the directory or the next hop can refuse what
 * the table accepts, never accept what it refuses. */
static void
test_rel_13_forged_answers(void **state)
{
	static const enum fact_id forged[] = { FACT_LDAP_ACCEPT, FACT_CALLAHEAD,
		FACT_RATE_HOST, FACT_DHAP };
	struct world w;

	(void)state;
	prepare(&w, "In");
	for (size_t i = 0; i < NELEM(forged); i++) {
		fact_put(&w.facts, &w.mem, forged[i], STR("v@other.test"),
		    (struct fact){ FACT_KNOWN, FACT_LOOKED_UP })
		    ->number = RECIPIENT_OK;
		fact_put(&w.facts, &w.mem, forged[i], STR(""),
		    (struct fact){ FACT_KNOWN, FACT_LOOKED_UP })
		    ->number = 0;
	}
	w.subject.addr_text = STR("<v@other.test>");
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	assert_int_equal(w.run.reply.code, 550);
	assert_string_equal(w.run.reply.status, "5.1.0");
	world_end(&w);
}

static void
test_relay_does_not_ask_the_table(void **state)
{
	struct world w;

	(void)state;
	prepare(&w, "In");
	w.subject.behaviour = RELAY;
	w.subject.addr_text = STR("<v@other.test>");
	world_run(&w, AT_RCPT);
	assert_false(w.run.replied);
	assert_non_null(world_note(&w, NOTE_RAT_SKIPPED));
	world_end(&w);
}

static void
test_verification_and_default_domain_exclude_each_other(void **state)
{
	struct policy verifying;
	struct world w;

	(void)state;
	prepare(&w, "In");
	verifying = *w.subject.policy;
	verifying.p.envelope_sender_verify = true;
	w.subject.policy = &verifying;
	w.subject.addr_text = STR("<joe>");
	world_run(&w, AT_MAIL);
	assert_true(str_is(w.subject.sender, "joe"));
	assert_true(world_note(&w, NOTE_DEFAULT_DOMAIN)->text.n > 0);
	world_end(&w);
}

static void
test_sizes(void **state)
{
	struct world w;

	(void)state;
	prepare(&w, "In");
	w.subject.addr_text = STR("<a@b.test>");
	w.subject.size = 10 * 1024;
	world_run(&w, AT_MAIL);
	assert_false(w.run.replied);
	world_run(&w, AT_DATA);
	assert_false(w.run.replied);
	w.subject.size++;
	world_run(&w, AT_MAIL);
	assert_int_equal(w.run.reply.code, 552);
	world_run(&w, AT_DATA);
	assert_int_equal(w.run.reply.code, 552);
	assert_string_equal(w.run.reply.status, "5.3.4");
	assert_non_null(world_note(&w, NOTE_SIZE));
	world_end(&w);
}

static void
test_bounce_profile(void **state)
{
	struct world w;

	(void)state;
	prepare(&w, "Out");
	world_run(&w, AT_DATA);
	assert_true(str_is(w.bounce_profile, "Quick"));
	world_end(&w);
	prepare(&w, "In");
	world_run(&w, AT_DATA);
	assert_int_equal(w.bounce_profile.n, 0);
	assert_int_equal(world_note(&w, NOTE_BOUNCE_PROFILE)->text.n, 0);
	world_end(&w);
}

static void
test_cut(void **state)
{
	static const struct {
		const char *args, *path, *params;
	} table[] = {
		{ "<a@b.test>", "<a@b.test>", "" },
		{ "<a@b.test> SIZE=1 X", "<a@b.test>", "SIZE=1 X" },
		{ "a@b.test SIZE=1", "a@b.test", "SIZE=1" },
		{ " <> SMTPUTF8 ", "<>", "SMTPUTF8" },
		{ "<j\xc3\xb6@b> SMTPUTF8", "<j\xc3\xb6@b>", "SMTPUTF8" },
		{ "<a b@c.test> SIZE=1", "<a b@c.test>", "SIZE=1" },
		{ "<a b@c.test> =1", "<a b@c.test> =1", "" },
		{ "<a@b>,<c@d> SIZE=1", "<a@b>,<c@d>", "SIZE=1" },
		{ "<a@b.test> <c@d.test>", "<a@b.test> <c@d.test>", "" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct str path, params;
		struct arena mem;

		arena_init(&mem, 1 << 16);
		address_cut(str_of(table[i].args), &path, &params, &mem);
		if (!str_is(path, table[i].path) ||
		    !str_is(str_trim(params), table[i].params))
			fail_msg("%s: %.*s | %.*s", table[i].args,
			    STR_ARG(path), STR_ARG(params));
		arena_free(&mem);
	}
}

/* The order is a promise: trace prints it, the reply codes depend on it. */
static void
test_order_of_stages(void **state)
{
	size_t n;
	const struct stage *s = pipeline_stages(&n);

	(void)state;
	for (size_t i = 1; i < n; i++)
		assert_true(s[i - 1].point <= s[i].point);
}

/* Connected by the policy of the last group; nothing was refused yet. */
static void
prepare(struct world *w, const char *listener)
{
	static const struct fact given = { FACT_KNOWN, FACT_GIVEN };
	const struct hat *hat;

	world_begin(w, config, listener);
	fact_put(&w->facts, &w->mem, FACT_DHAP, STR(""), given)->number = 1;
	hat = &w->subject.listener->hat;
	w->subject.group = &hat->groups[hat->n_groups - 1];
	w->subject.policy = w->subject.group->policy;
	w->subject.behaviour =
	    w->subject.listener->type == LISTENER_PUBLIC ? ACCEPT : RELAY;
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
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_rel_13_forged_answers),
		cmocka_unit_test(test_relay_does_not_ask_the_table),
		cmocka_unit_test(
		    test_verification_and_default_domain_exclude_each_other),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_bounce_profile),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_order_of_stages),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
