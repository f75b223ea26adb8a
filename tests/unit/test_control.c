/* test_control.c - the stage "receiving control", and invalid recipients */
#include "pipeline/control.h"
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "receiving: {rate_period: 30m, sender_interval: 10m}\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "address_lists:\n"
    "- {name: Friends, entries: [news@good.test, '@.friends.test']}\n"
    "listeners:\n"
    "- {name: In, type: public, interface: Net,\n"
    "   hat: {defaults: {max_rcpts_per_msg: 3, max_rcpts_per_hour: 20,\n"
    "     max_rcpts_per_hour_code: 451,\n"
    "     max_rcpts_per_hour_text: 'enough of $RemoteIP, $Group',\n"
    "     max_rcpts_per_sender: 5, sender_exceptions: Friends,\n"
    "     max_rcpts_per_sender_text: '#4.7.1 enough of $EnvelopeSender',\n"
    "     dhap_limit: 4, dhap_text: 'go away'}},\n"
    "   rat: [{accept: vip@example.org, bypass_receiving_control: yes},\n"
    "     {reject: spy@example.org, bypass_receiving_control: yes},\n"
    "     example.org]}\n"
    "- {name: Free, type: public, interface: Net, port: 26,\n"
    "   hat: {defaults: {dhap_limit: 0}}, rat: [example.org]}\n"
    "- {name: Stays, type: public, interface: Net, port: 27,\n"
    "   hat: {defaults: {dhap_limit: 4, dhap_drop: no, dhap_code: 551}},\n"
    "   rat: [example.org]}\n";

static void
begin(
    struct world *w, const char *listener, const char *sender, const char *rcpt)
{
	const struct hat *hat;

	world_begin(w, config, listener);
	assert_true(ip_parse(&w->facts.client, STR("192.0.2.77")));
	hat = &w->subject.listener->hat;
	w->subject.group = &hat->groups[hat->n_groups - 1];
	w->subject.policy = w->subject.group->policy;
	w->subject.behaviour = ACCEPT;
	w->subject.sender = str_of(sender);
	w->subject.addr_text = str_of(rcpt);
}

static void
give(struct world *w, enum fact_id id, const char *key, uint64_t number)
{
	static const struct fact known = { FACT_KNOWN, FACT_GIVEN };

	fact_put(&w->facts, &w->mem, id, str_of(key), known)->number = number;
}

/* Half an hour: ten recipients of a host are what is left of twenty. */
static const struct {
	const char *why, *sender, *rcpt;
	uint64_t in_message, host, of_sender, invalid;
	int code;
	const char *status, *text;
	bool close;
	const char *note; /* which limit */
} cases[] = {
	{ "in order", "a@b.test", "<x@example.org>", 2, 10, 5, 0, 0, "", "",
	    false, "" },
	{ "message", "a@b.test", "<x@example.org>", 3, 1, 1, 0, 452, "4.5.3",
	    "Too many recipients", false, "recipients per message" },
	{ "host", "a@b.test", "<x@example.org>", 0, 11, 1, 0, 451, "4.5.3",
	    "enough of 192.0.2.77, None", false, "recipients per hour" },
	{ "sender", "A@B.test", "<x@example.org>", 0, 1, 6, 0, 452, "",
	    "#4.7.1 enough of A@B.test", false, "recipients per sender" },
	{ "the host goes before", "a@b.test", "<x@example.org>", 0, 11, 6, 0,
	    451, "4.5.3", "enough of 192.0.2.77, None", false,
	    "recipients per hour" },
	{ "an excepted sender", "news@good.test", "<x@example.org>", 0, 1, 6, 0,
	    0, "", "", false, "" },
	{ "and below a domain", "x@a.FRIENDS.test", "<x@example.org>", 0, 1, 6,
	    0, 0, "", "", false, "" },
	{ "the null sender", "", "<x@example.org>", 0, 1, 600, 0, 0, "", "",
	    false, "" },
	{ "who is exempted", "a@b.test", "<vip@example.org>", 3, 11, 6, 0, 0,
	    "", "", false, "" },
	{ "8.1 probing tells nothing", "a@b.test", "<x@other.test>", 0, 11, 1,
	    0, 451, "4.5.3", "enough of 192.0.2.77, None", false,
	    "recipients per hour" },
	{ "a rejected one is not exempted", "a@b.test", "<spy@example.org>", 3,
	    1, 1, 0, 452, "4.5.3", "Too many recipients", false,
	    "recipients per message" },
	{ "invalid", "a@b.test", "<x@other.test>", 0, 1, 1, 4, 550, "5.1.0",
	    "Address rejected.", false, "" },
	{ "one too many", "a@b.test", "<x@other.test>", 0, 1, 1, 5, 550,
	    "5.7.1", "go away", true, "invalid recipients" },
};

static void
check(size_t i)
{
	const struct note *note;
	const struct reply *reply;
	struct world w;

	begin(&w, "In", cases[i].sender, cases[i].rcpt);
	w.subject.n_limited = cases[i].in_message;
	give(&w, FACT_RATE_HOST, "", cases[i].host);
	/* the key is the sender in lower case */
	give(&w, FACT_RATE_SENDER, "a@b.test", cases[i].of_sender);
	if (cases[i].invalid > 0)
		give(&w, FACT_DHAP, "", cases[i].invalid);
	if (world_run(&w, AT_RCPT) != PIPELINE_DONE)
		fail_msg("%s: asks for %s", cases[i].why, fact_name(w.needs));
	reply = &w.run.reply;
	if (w.run.replied != (cases[i].code != 0) ||
	    (w.run.replied && (reply->code != cases[i].code ||
				  strcmp(reply->status, cases[i].status) != 0 ||
				  !str_is(reply->text, cases[i].text) ||
				  reply->close != cases[i].close)))
		fail_msg("%s: %d %s %.*s", cases[i].why, reply->code,
		    reply->status, STR_ARG(reply->text));
	note = world_note(&w, NOTE_LIMIT);
	if ((note != NULL) != (cases[i].note[0] != '\0') ||
	    (note != NULL && !str_is(note->text, cases[i].note)))
		fail_msg("%s: which limit", cases[i].why);
	world_end(&w);
}

static void
test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		check(i);
}

/* Both counts in one go; the third only for a recipient that is none. */
static void
test_what_is_asked_for(void **state)
{
	struct needs needs;
	struct world w;

	(void)state;
	begin(&w, "In", "A@b.test", "<x@other.test>");
	pipeline_begin(&w.run, AT_RCPT);
	assert_int_equal(pipeline_run(&w.run, &w.subject, &w.facts, &w.mem,
			     false, NULL, NULL, &needs),
	    PIPELINE_NEEDS);
	assert_int_equal(needs.n, 2);
	assert_int_equal(needs.v[0].id, FACT_RATE_HOST);
	assert_int_equal(needs.v[1].id, FACT_RATE_SENDER);
	assert_true(str_is(needs.v[1].key, "a@b.test"));
	give(&w, FACT_RATE_HOST, "", 1);
	give(&w, FACT_RATE_SENDER, "a@b.test", 1);
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_NEEDS);
	assert_int_equal(w.needs, FACT_DHAP);
	world_end(&w);

	begin(&w, "Free", "a@b.test", "<x@other.test>");
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	assert_int_equal(w.run.reply.code, 550);
	world_end(&w);
}

static void
test_counts_that_cannot_be_had_limit_nobody(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "In", "a@b.test", "<x@other.test>");
	fact_fail(&w.facts, &w.mem, FACT_RATE_HOST, STR(""));
	fact_fail(&w.facts, &w.mem, FACT_RATE_SENDER, STR("a@b.test"));
	fact_fail(&w.facts, &w.mem, FACT_DHAP, STR(""));
	assert_int_equal(world_run(&w, AT_RCPT), PIPELINE_DONE);
	assert_true(str_is(w.run.reply.text, "Address rejected."));
	world_end(&w);
}

static void
test_the_connection_may_stay(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "Stays", "a@b.test", "<x@other.test>");
	give(&w, FACT_DHAP, "", 5);
	world_run(&w, AT_RCPT);
	assert_int_equal(w.run.reply.code, 551);
	assert_false(w.run.reply.close);
	world_end(&w);
}

static void
test_limits_in_proportion(void **state)
{
	static const struct {
		uint64_t limit;
		uint32_t period;
		uint64_t want;
	} table[] = {
		{ 20, 3600, 20 },
		{ 20, 60, 1 },
		{ 59, 60, 1 },
		{ 60, 60, 1 },
		{ 120, 60, 2 },
		{ 20, 7200, 40 },
		{ 1, 14400, 4 },
		{ 1000000000, 14400, 4000000000 },
		{ UNLIMITED, 60, UNLIMITED },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct config c = { .rate_period = table[i].period };
		struct policy p = { .p = { .max_rcpts_per_hour =
					       table[i].limit } };
		struct subject s = { .config = &c, .policy = &p };

		if (control_host(&s).limit != table[i].want)
			fail_msg("%u in %u s", (unsigned)table[i].limit,
			    table[i].period);
	}
}

static void
test_lim_12_whose_counts_are_one(void **state)
{
	static const struct {
		const char *client;
		uint64_t significant;
		bool use_sb;
		uint64_t want;
	} table[] = {
		{ "192.0.2.1", UNLIMITED, false, 32 },
		{ "192.0.2.1", 24, false, 24 },
		{ "192.0.2.1", 0, false, 0 },
		{ "192.0.2.1", 24, true, 32 },
		{ "2001:db8::1", UNLIMITED, false, 64 },
		{ "2001:db8::1", 128, false, 128 },
		{ "2001:db8::1", 48, true, 64 },
		{ "2001:db8::1", 48, false, 48 },
		{ "2001:db8::1", 24, false, 64 },
		{ "2001:db8::1", 0, false, 64 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct policy p = { .p = { .significant_bits =
					       table[i].significant,
					.use_sb = table[i].use_sb } };
		struct subject s = { .policy = &p };
		struct ip ip;

		assert_true(ip_parse(&ip, str_of(table[i].client)));
		if (control_bits(&s, &ip) != table[i].want)
			fail_msg("%s", table[i].client);
	}
}

static void
test_what_one_policy_limits_is_counted_for_all(void **state)
{
	(void)state;
	assert_true(config->count_hosts);
	assert_true(config->count_senders);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_what_is_asked_for),
		cmocka_unit_test(test_counts_that_cannot_be_had_limit_nobody),
		cmocka_unit_test(test_the_connection_may_stay),
		cmocka_unit_test(test_limits_in_proportion),
		cmocka_unit_test(test_lim_12_whose_counts_are_one),
		cmocka_unit_test(
		    test_what_one_policy_limits_is_counted_for_all),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
