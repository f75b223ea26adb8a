/*
 * test_session_ask.c - a conversation that waits for facts: answers in every
 * order, late, twice, never
 */
#include "smtpd/ask.h"
#include "tests/unit/session_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "dns: {reverse_timeout: 20, dnslist_timeout: 3, timeout: 10}\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  hat: {defaults: {envelope_sender_verify: yes}}\n"
    "  rat: [example.org]\n"
    "- name: Lists\n"
    "  type: public\n"
    "  interface: Net\n"
    "  port: 26\n"
    "  rat: [example.org]\n"
    "  hat: {groups: [\n"
    "    {name: GOOD, entries: [192.0.2.99], policy: $ACCEPTED},\n"
    "    {name: BAD, entries: ['dnslist[one.test]', 'dnslist[two.test]'],\n"
    "     policy: $BLOCKED},\n"
    "    {name: WORSE, entries: ['dnslist[three.test]'],\n"
    "     policy: TCPREFUSE},\n"
    "    {name: ALL, policy: $ACCEPTED}]}\n";

#define EHLO "220 mx.example.org"

static void
begin(struct talk *t)
{
	talk_begin(t, "In", "192.0.2.77");
	talk_expect(t, "greeting", EHLO);
	talk_say(t, "EHLO c.test");
	talk_expect(t, "EHLO", "250-mx.example.org");
	buf_reset(&talk_log);
}

/* Nothing of a question is left: memory of an idle connection (LIM-11). */
static void
assert_idle(const struct talk *t)
{
	assert_null(t->s.ask);
	assert_null(t->s.facts.answers);
	assert_int_equal(t->n_asked, 0);
}

static unsigned
logged(const char *text)
{
	struct str log = buf_str(&talk_log);
	unsigned n = 0;

	for (const char *p = log.p; p != NULL && log.n > 0; n++) {
		p = memmem(p, (size_t)(log.p + log.n - p), text, strlen(text));
		if (p == NULL)
			break;
		p++;
	}
	return n;
}

/* --- at connect --- */

static void
test_lists_are_asked_side_by_side(void **state)
{
	static const struct {
		const char *why, *order; /* h: name, 1 2 3: lists; + listed */
		const char *said;        /* after all of it */
	} cases[] = {
		{ "nobody lists it", "1-2-3-h-", EHLO " ESMTP" },
		{ "the name first", "h-1-2-3-", EHLO " ESMTP" },
		{ "the second lists it", "3-2+1-h-", "554-mx.example.org" },
		{ "the third does, and it is refused", "1-2-h-3+", "" },
		{ "decided before the third", "h-2-1+", "554-mx.example.org" },
		{ "a failure is not listed", "h-1?2?3?", EHLO " ESMTP" },
	};
	static const char *const zones[] = { "one.test", "two.test",
		"three.test" };

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct talk t;

		talk_connect(&t, "Lists", "192.0.2.77");
		assert_int_equal(t.n_asked, 4);
		assert_true(talk_asked(&t, FACT_HOST, ""));
		for (const char *p = cases[i].order; *p != '\0'; p += 2) {
			struct fact_answer a = { .id = FACT_DNSLIST,
				.meta = { p[1] == '?' ? FACT_FAILED
						      : FACT_KNOWN,
				    FACT_LOOKED_UP },
				.number = p[1] == '+' };

			talk_expect(&t, cases[i].why, "");
			if (*p == 'h')
				talk_tell(&t, FACT_HOST, "", HOST_NX);
			if (*p == 'h')
				continue;
			a.key = str_of(zones[*p - '1']);
			talk_fact(&t, &a);
		}
		talk_expect(&t, cases[i].why, cases[i].said);
		assert_true(t.s.phase & (PH_GREETED | PH_CLOSING));
		assert_int_equal(t.s.refused, cases[i].said[0] == '\0');
		assert_idle(&t);
		talk_finish(&t);
	}
}

static void
test_lists_are_not_asked_about_whom_they_cannot_change(void **state)
{
	struct talk t;

	(void)state;
	talk_connect(&t, "Lists", "192.0.2.99");
	assert_int_equal(t.n_asked, 1);
	talk_tell(&t, FACT_HOST, "", HOST_NX);
	talk_expect(&t, "greeting", EHLO);
	assert_idle(&t);
	talk_finish(&t);
}

static void
test_without_lookupd_the_greeting_comes_at_once(void **state)
{
	struct talk t;

	(void)state;
	talk_connect(&t, "Lists", "192.0.2.77");
	session_unanswered(&t.s);
	talk_expect(&t, "lookupd died", EHLO);
	assert_int_equal(t.s.facts.host_class, HOST_SERVFAIL);
	assert_idle(&t);
	talk_finish(&t);
}

static void
test_time_is_up_for_the_name(void **state)
{
	struct talk t;

	(void)state;
	talk_connect(&t, "Lists", "192.0.2.77");
	talk_tell(&t, FACT_DNSLIST, "one.test", 0);
	assert_int_equal(session_due(&t.s), t.s.now + 25000);
	t.s.now = session_due(&t.s);
	session_expire(&t.s);
	talk_expect(&t, "greeting", EHLO);
	/* whatever comes now is nobody's */
	talk_tell(&t, FACT_HOST, "", HOST_VERIFIED);
	talk_tell(&t, FACT_DNSLIST, "two.test", 1);
	talk_expect(&t, "late", "");
	assert_int_equal(t.s.facts.host_class, HOST_SERVFAIL);
	assert_idle(&t);
	talk_finish(&t);
}

/* --- at MAIL --- */

static void
test_a_command_waits_and_is_judged_again(void **state)
{
	static const struct {
		uint64_t number;
		const char *said, *log;
		unsigned n_mid;
	} cases[] = {
		{ DOMAIN_EXISTS, "250 2.1.0 sender <a@c.test> ok",
		    "From: <a@c.test>", 1 },
		{ DOMAIN_MISSING,
		    "553 #5.1.8 Domain of sender address "
		    "<a@c.test> does not exist",
		    "Address: <a@c.test> sender rejected, envelope sender "
		    "domain does not exist\n",
		    0 },
		{ DOMAIN_UNRESOLVED,
		    "451 #4.1.8 Domain of sender address "
		    "<a@c.test> does not resolve",
		    "Address: <a@c.test> sender rejected, envelope sender "
		    "domain could not be resolved\n",
		    0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct talk t;

		begin(&t);
		talk_say(&t, "MAIL FROM:<a@c.test>");
		assert_int_equal(t.s.phase, PH_ASK);
		assert_false(session_reads(&t.s));
		assert_true(talk_asked(&t, FACT_SENDER_DOMAIN, "c.test"));
		talk_expect(&t, "waits", "");
		talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", cases[i].number);
		talk_expect(&t, cases[i].said, cases[i].said);
		talk_expect(&t, "once", "");
		assert_int_equal(logged(cases[i].log), 1);
		assert_int_equal(logged("Start MID"), cases[i].n_mid);
		talk_say(&t, "RSET");
		talk_expect(&t, "RSET", "250");
		assert_int_equal(t.n_questions, 2);
		assert_idle(&t);
		talk_finish(&t);
	}
}

/* What is known of the sender is the transaction's; when that is over the
 * connection has nothing of it. */
static void
test_what_is_known_goes_with_the_message(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	talk_say(&t, "MAIL FROM:<a@c.test>");
	talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", DOMAIN_EXISTS);
	talk_expect(&t, "MAIL", "250");
	assert_non_null(
	    fact_find(&t.s.facts, FACT_SENDER_DOMAIN, STR("c.test")));
	talk_say(&t, "RCPT TO:<b@example.org>");
	talk_say(&t, "DATA");
	talk_say(&t, "x\r\n.");
	talk_expect(&t, "RCPT", "250");
	talk_expect(&t, "DATA", "354");
	talk_expect(&t, "end", "250");
	assert_idle(&t);
	talk_finish(&t);
}

/* Pipelined commands stand behind the one that waits, and none is lost or
 * answered before its turn. */
static void
test_input_behind_a_question_waits(void **state)
{
	static const char text[] = "MAIL FROM:<a@c.test>\r\n"
				   "RCPT TO:<b@example.org>\r\n"
				   "RCPT TO:<c@other.test>\r\nDATA\r\n";
	struct str in = str_of(text);
	struct talk t;

	(void)state;
	begin(&t);
	session_input(&t.s, &in);
	assert_int_equal(
	    in.n, strlen(text) - strlen("MAIL FROM:<a@c.test>\r\n"));
	session_input(&t.s, &in);
	assert_int_equal(
	    in.n, strlen(text) - strlen("MAIL FROM:<a@c.test>\r\n"));
	talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", DOMAIN_EXISTS);
	session_input(&t.s, &in);
	assert_int_equal(in.n, 0);
	talk_expect(&t, "MAIL", "250 2.1.0");
	talk_expect(&t, "RCPT", "250 2.1.5");
	talk_expect(&t, "RCPT", "550");
	talk_expect(&t, "DATA", "354");
	talk_finish(&t);
}

static void
test_answers_that_nobody_asked_for(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", DOMAIN_MISSING);
	talk_tell(&t, FACT_HOST, "", HOST_VERIFIED);
	assert_idle(&t);
	talk_say(&t, "MAIL FROM:<a@c.test>");
	talk_tell(&t, FACT_SENDER_DOMAIN, "d.test", DOMAIN_MISSING);
	talk_tell(&t, FACT_SENDER_DOMAIN, "", DOMAIN_MISSING);
	talk_tell(&t, FACT_DNSLIST, "c.test", 1);
	talk_tell(&t, FACT_REPUTATION, "", 5);
	talk_expect(&t, "others", "");
	talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", DOMAIN_EXISTS);
	talk_expect(&t, "the right one", "250");
	talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", DOMAIN_MISSING);
	talk_expect(&t, "twice", "");
	talk_say(&t, "RCPT TO:<b@example.org>");
	talk_expect(&t, "RCPT", "250");
	assert_int_equal(t.s.facts.host_class, HOST_NX);
	talk_finish(&t);
}

static void
test_no_answer_ever(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	t.no_lookupd = true;
	talk_say(&t, "MAIL FROM:<a@c.test>");
	talk_expect(&t, "nobody to ask", "451 #4.1.8");
	t.no_lookupd = false;
	talk_say(&t, "MAIL FROM:<a@c.test>");
	session_unanswered(&t.s);
	talk_expect(&t, "lookupd died", "451 #4.1.8");
	talk_say(&t, "MAIL FROM:<a@c.test>");
	assert_int_equal(session_due(&t.s), t.s.now + 15000);
	t.s.now += 14999;
	assert_true(session_due(&t.s) > t.s.now);
	t.s.now += 1;
	session_expire(&t.s);
	talk_expect(&t, "time is up", "451 #4.1.8");
	assert_int_equal(t.n_asked, 0);
	talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", DOMAIN_EXISTS);
	talk_expect(&t, "too late", "");
	assert_int_equal(t.s.phase, PH_READY);
	assert_idle(&t);
	talk_finish(&t);
}

static void
test_the_client_goes_while_it_waits(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	talk_say(&t, "MAIL FROM:<a@c.test>");
	session_lost(&t.s);
	assert_int_equal(t.s.phase, PH_CLOSING);
	assert_int_equal(t.n_asked, 0);
	talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", DOMAIN_EXISTS);
	talk_expect(&t, "gone", "");
	assert_int_equal(logged("Start MID"), 0);
	talk_finish(&t);
}

static void
test_a_stop_does_not_wait_for_answers(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	talk_say(&t, "MAIL FROM:<a@c.test>");
	session_leave(&t.s);
	talk_expect(&t, "leaves", "421 4.3.2");
	assert_int_equal(t.s.phase, PH_CLOSING);
	assert_int_equal(t.n_asked, 0);
	talk_finish(&t);

	talk_connect(&t, "Lists", "192.0.2.77");
	session_leave(&t.s);
	assert_int_equal(t.s.phase, PH_CLOSING);
	assert_int_equal(t.n_asked, 0);
	talk_finish(&t);
}

/* Threats LIM-09: however often a command is judged, it counts once. */
static void
test_a_refusal_counts_once(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	for (int i = 0; i < 25; i++) {
		talk_say(&t, "MAIL FROM:<a@c.test>");
		talk_tell(&t, FACT_SENDER_DOMAIN, "c.test", DOMAIN_UNRESOLVED);
		talk_expect(&t, "refused", "451");
	}
	assert_int_equal(logged("sender rejected"), LIMIT_EVENTS);
	assert_int_equal(t.s.phase, PH_READY);
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
		cmocka_unit_test(test_lists_are_asked_side_by_side),
		cmocka_unit_test(
		    test_lists_are_not_asked_about_whom_they_cannot_change),
		cmocka_unit_test(
		    test_without_lookupd_the_greeting_comes_at_once),
		cmocka_unit_test(test_time_is_up_for_the_name),
		cmocka_unit_test(test_a_command_waits_and_is_judged_again),
		cmocka_unit_test(test_what_is_known_goes_with_the_message),
		cmocka_unit_test(test_input_behind_a_question_waits),
		cmocka_unit_test(test_answers_that_nobody_asked_for),
		cmocka_unit_test(test_no_answer_ever),
		cmocka_unit_test(test_the_client_goes_while_it_waits),
		cmocka_unit_test(test_a_stop_does_not_wait_for_answers),
		cmocka_unit_test(test_a_refusal_counts_once),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
