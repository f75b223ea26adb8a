/*
 * test_session_limits.c - several conversations that share their counts
 */
#include "tests/unit/session_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "callahead_profiles: [{name: P}]\n"
    "listeners:\n"
    "- {name: Ahead, type: public, interface: Net, port: 29,\n"
    "   call_ahead: P, hat: {defaults: {max_rcpts_per_hour: 2}},\n"
    "   rat: [example.org]}\n"
    "- {name: In, type: public, interface: Net,\n"
    "   hat: {defaults: {max_rcpts_per_hour: 3, dhap_limit: 0}},\n"
    "   rat: [{accept: vip@example.org, bypass_receiving_control: yes},\n"
    "     example.org]}\n"
    "- {name: Other, type: public, interface: Net, port: 26,\n"
    "   hat: {defaults: {dhap_limit: 0}}, rat: [example.org]}\n"
    "- {name: Sender, type: public, interface: Net, port: 27,\n"
    "   hat: {defaults: {max_rcpts_per_sender: 2, dhap_limit: 0}},\n"
    "   rat: [example.org]}\n"
    "- {name: Harvest, type: public, interface: Net, port: 28,\n"
    "   hat: {defaults: {dhap_limit: 2}}, rat: [example.org]}\n";

#define OK   "250 2.1.5"
#define FULL "452 4.5.3 Too many recipients received this hour"

static void
begin(struct talk *t, const char *listener, const char *client)
{
	char line[100];

	talk_begin(t, listener, client);
	talk_say(t, "EHLO c.test");
	snprintf(line, sizeof(line), "MAIL FROM:<%s@c.test>", client);
	talk_say(t, line);
	for (int i = 0; i < 3; i++)
		talk_expect(t, "beginning", i == 0 ? "220" : "250");
}

static void
rcpt(struct talk *t, const char *addr, const char *want)
{
	char line[200];

	snprintf(line, sizeof(line), "RCPT TO:<%s>", addr);
	talk_say(t, line);
	talk_expect(t, addr, want);
}

static unsigned
logged(const char *text)
{
	struct str log = buf_str(&talk_log);
	unsigned n = 0;

	while (log.n > 0) {
		const char *p = memmem(log.p, log.n, text, strlen(text));

		if (p == NULL)
			break;
		n++;
		log = str_sub(log, (size_t)(p - log.p) + 1, log.n);
	}
	return n;
}

static void
test_a_host_over_all_its_connections(void **state)
{
	struct talk a, b, c;

	(void)state;
	begin(&a, "In", "192.0.2.1");
	begin(&b, "In", "192.0.2.1");
	begin(&c, "In", "192.0.2.2");
	rcpt(&a, "x@example.org", OK);
	rcpt(&b, "x@example.org", OK);
	/* neither refused ones nor exempted ones count */
	rcpt(&b, "x@other.test", "550 5.1.0");
	rcpt(&b, "not an address", "501");
	rcpt(&b, "vip@example.org", OK);
	rcpt(&a, "x@example.org", OK);
	rcpt(&a, "x@example.org", FULL);
	rcpt(&b, "x@example.org", FULL);
	rcpt(&b, "x@other.test", FULL);
	rcpt(&b, "vip@example.org", OK);
	rcpt(&c, "x@example.org", OK); /* another host */
	assert_int_equal(logged("limit of recipients per host (3 in 3600 s) "
				"reached"),
	    2);
	a.s.now += 3600000 - 1;
	rcpt(&a, "x@example.org", FULL);
	a.s.now += 1;
	rcpt(&a, "x@example.org", OK);
	talk_finish(&a);
	talk_finish(&b);
	talk_finish(&c);
}

/* Receiving 8.5: what comes in where there is no limit counts as well. */
static void
test_all_listeners_count(void **state)
{
	struct talk a, b;

	(void)state;
	begin(&a, "Other", "192.0.2.3");
	begin(&b, "In", "192.0.2.3");
	for (int i = 0; i < 5; i++)
		rcpt(&a, "x@example.org", OK);
	rcpt(&b, "x@example.org", FULL);
	talk_finish(&a);
	talk_finish(&b);
}

static void
test_a_sender_from_anywhere(void **state)
{
	struct talk a, b;

	(void)state;
	begin(&a, "Sender", "192.0.2.4");
	begin(&b, "Sender", "192.0.2.5");
	buf_reset(&talk_log);
	rcpt(&a, "x@example.org", OK);
	talk_say(&b, "RSET");
	talk_say(&b, "MAIL FROM:<192.0.2.4@C.test>");
	talk_expect(&b, "RSET", "250");
	talk_expect(&b, "MAIL", "250");
	rcpt(&b, "x@example.org", OK);
	for (int i = 0; i < 3; i++) {
		rcpt(&b, "x@example.org",
		    "452 4.5.3 Too many recipients received from the sender");
		rcpt(&a, "x@example.org", "452 4.5.3");
	}
	/* one line each, and one alert for all of it */
	assert_int_equal(logged("limit of recipients per sender"), 2);
	assert_int_equal(logged("System is rate limiting Envelope Sender "
				"<192.0.2.4@c.test> due "
				"to high volume of messages"),
	    1);
	assert_int_equal(logged("System is rate limiting"), 1);
	talk_finish(&a);
	talk_finish(&b);
}

static void
test_null_senders_are_not_counted_together(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, "Sender", "192.0.2.6");
	talk_say(&t, "EHLO c.test");
	talk_say(&t, "MAIL FROM:<>");
	for (int i = 0; i < 3; i++)
		talk_expect(&t, "beginning", i == 0 ? "220" : "250");
	for (int i = 0; i < 5; i++)
		rcpt(&t, "x@example.org", OK);
	talk_finish(&t);
}

static void
test_harvesting(void **state)
{
	struct talk a, b;

	(void)state;
	buf_reset(&talk_log);
	begin(&a, "Harvest", "192.0.2.7");
	rcpt(&a, "x@other.test", "550 5.1.0");
	rcpt(&a, "x@example.org", OK);
	rcpt(&a, "y@other.test", "550 5.1.0");
	rcpt(&a, "z@other.test", "550 5.7.1 Too many invalid recipients");
	assert_int_equal(a.s.phase, PH_CLOSING);
	talk_finish(&a);
	/* the next connection meets it at its first */
	begin(&b, "Harvest", "192.0.2.7");
	rcpt(&b, "x@example.org", OK);
	rcpt(&b, "z@other.test", "550 5.7.1");
	assert_int_equal(b.s.phase, PH_CLOSING);
	talk_finish(&b);
	assert_int_equal(logged("Potential Directory Harvest Attack from "
				"host=('192.0.2.7', 'None'), dhap_limit=2, "
				"sender_group=UNKNOWNLIST listener=Harvest, "
				"sender=192.0.2.7@c.test, "
				"rcpt=z@other.test"),
	    2);
	assert_int_equal(logged("Rejected by DHAP"), 2);
	begin(&b, "Harvest", "192.0.2.8");
	rcpt(&b, "z@other.test", "550 5.1.0");
	talk_finish(&b);
}

/* Whoever waits for an answer holds no place: of three who ask for the two
 * that are left, those get them whose recipients are accepted first. */
static void
test_waiting_takes_no_place(void **state)
{
	static const struct fact_answer refused = { .id = FACT_CALLAHEAD,
		.key = { "no@example.org", 14 },
		.meta = { FACT_KNOWN, FACT_LOOKED_UP },
		.number = RECIPIENT_UNKNOWN,
		.code = 550,
		.text = { "5.1.1 who is that?", 18 } };
	struct talk t[4];

	(void)state;
	for (size_t i = 0; i < NELEM(t); i++) {
		begin(&t[i], "Ahead", "192.0.2.10");
		talk_say(&t[i], i == 0 ? "RCPT TO:<no@example.org>"
				       : "RCPT TO:<x@example.org>");
		assert_int_equal(t[i].s.phase, PH_ASK);
	}
	talk_fact(&t[0], &refused);
	talk_expect(&t[0], "refused", "550 5.1.1 who is that?");
	assert_int_equal(
	    logged("To: <no@example.org> Rejected by Call-Ahead"), 1);
	for (size_t i = 3; i > 0; i--) {
		talk_tell(&t[i], FACT_CALLAHEAD, "x@example.org", RECIPIENT_OK);
		talk_expect(
		    &t[i], "in the order of answers", i > 1 ? OK : FULL);
	}
	/* LIM-16: nobody is asked about who is over the limit */
	talk_say(&t[0], "RCPT TO:<y@example.org>");
	talk_expect(&t[0], "over", FULL);
	assert_int_equal(t[0].n_asked, 0);
	for (size_t i = 0; i < NELEM(t); i++)
		talk_finish(&t[i]);
}

/* Threats LIM-11: counting leaves nothing behind in the connection. */
static void
test_nothing_stays(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, "In", "192.0.2.9");
	for (int i = 0; i < 10; i++) {
		rcpt(&t, "x@example.org", i < 3 ? OK : FULL);
		assert_null(t.s.ask);
		assert_null(t.s.facts.answers);
	}
	talk_finish(&t);
}

static int
setup(void **state)
{
	(void)state;
	talk_setup(yaml);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_host_over_all_its_connections),
		cmocka_unit_test(test_all_listeners_count),
		cmocka_unit_test(test_a_sender_from_anywhere),
		cmocka_unit_test(test_null_senders_are_not_counted_together),
		cmocka_unit_test(test_harvesting),
		cmocka_unit_test(test_waiting_takes_no_place),
		cmocka_unit_test(test_nothing_stays),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
