/*
 * test_session_many.c - many questions of one command, and stages that run on
 * where they stopped
 */
#include "lookup/ahead.h"
#include "smtpd/decide.h"
#include "tests/unit/pipeline_world.h"
#include "tests/unit/session_world.h"

#define MEMBERS 1000

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "callahead_profiles: [{name: Next, timeout: 7}]\n"
    "aliases: aliases\n"
    "listeners:\n"
    "- {name: In, type: public, interface: Net, call_ahead: Next,\n"
    "   hat: {groups: [{name: GOOD, entries: 192.0.2.77, policy: $ACCEPTED},\n"
    "     {name: ALL, policy: $BLOCKED}]},\n"
    "   rat: [example.org]}\n";

static void
begin(struct talk *t)
{
	talk_begin(t, "In", "192.0.2.77");
	talk_expect(t, "greeting", "220");
	talk_say(t, "EHLO c.test");
	talk_expect(t, "EHLO", "250");
	talk_say(t, "MAIL FROM:<>");
	talk_expect(t, "MAIL", "250");
	t->n_questions = 0;
}

/* The i-th of the questions that are open; every third address is not known. */
static void
answer(struct talk *t, size_t i)
{
	struct str key = t->asked[i].key;
	char addr[64];
	uint64_t number = 0;

	str_copy(addr, sizeof(addr), key);
	assert_int_equal(t->asked[i].id, FACT_CALLAHEAD);
	assert_true(
	    str_u64(str_sub(key, 1, str_find(key, '@') - 1), MEMBERS, &number));
	talk_tell(t, FACT_CALLAHEAD, addr,
	    number % 3 == 0 ? RECIPIENT_UNKNOWN : RECIPIENT_OK);
}

/* All are asked at once, so many at a time, and no answer starts over. */
static void
test_rel_12_an_alias_of_1000_recipients(void **state)
{
	static const struct {
		const char *why;
		unsigned step; /* which of the open ones is answered */
	} orders[] = { { "in order", 0 },
		{ "the last first", AHEAD_TOGETHER - 1 }, { "across", 37 } };

	(void)state;
	for (size_t k = 0; k < NELEM(orders); k++) {
		struct talk t;
		unsigned n;

		begin(&t);
		talk_say(&t, "RCPT TO:<all@example.org>");
		for (n = 0; n < MEMBERS; n++) {
			size_t left = MEMBERS - n;

			if (left > AHEAD_TOGETHER)
				left = AHEAD_TOGETHER;
			if (t.n_asked != left)
				fail_msg("%s: %zu questions, not %zu",
				    orders[k].why, t.n_asked, left);
			talk_expect(&t, orders[k].why, "");
			answer(&t, orders[k].step % left);
		}
		assert_int_equal(t.n_questions, MEMBERS);
		talk_expect(&t, orders[k].why, "250 2.1.5");
		talk_say(&t, "DATA");
		talk_expect(&t, "DATA", "354");
		talk_say(&t, "x\r\n.");
		assert_int_equal(t.n_rcpts, MEMBERS - (MEMBERS + 2) / 3);
		talk_expect(&t, "end of data", "250");
		talk_finish(&t);
	}
}

static void
test_rel_12_nobody_answers_any_more(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	talk_say(&t, "RCPT TO:<all@example.org>");
	answer(&t, 5);
	session_unanswered(&t.s);
	talk_expect(&t, "lookupd died", "250 2.1.5");
	talk_say(&t, "RCPT TO:<all@example.org>");
	answer(&t, 0); /* one that is not known */
	session_unanswered(&t.s);
	talk_expect(&t, "lookupd died", "451 4.4.3");
	talk_say(&t, "RCPT TO:<all@example.org>");
	session_lost(&t.s);
	assert_int_equal(t.n_asked, 0);
	talk_finish(&t);
}

/* An address that would be refused takes the place of the one that was judged
 * while the next hop is asked: nobody looks at it again. */
static void
test_stages_run_on_where_they_stopped(void **state)
{
	struct subject subject;
	struct decided d;
	struct arena mem;
	struct talk t;

	(void)state;
	begin(&t);
	subject = t.s.subject;
	subject.sender = STR("");
	subject.addr_text = STR("<joe@example.org>");
	arena_init(&mem, 1 << 20);
	decide_begin(&d, AT_RCPT);
	assert_false(decide(&t.s, &subject, &mem, &d));
	while (d.needs.v[0].id != FACT_CALLAHEAD) { /* counts */
		fact_put(&t.s.facts, &mem, d.needs.v[0].id, d.needs.v[0].key,
		    (struct fact){ FACT_KNOWN, FACT_LOOKED_UP });
		assert_false(decide(&t.s, &subject, &mem, &d));
	}
	assert_int_equal(d.needs.n, 1);
	assert_true(str_is(d.needs.v[0].key, "joe@example.org"));
	subject.addr_text = STR("<joe@elsewhere.test>");
	fact_put(&t.s.facts, &mem, FACT_CALLAHEAD, d.needs.v[0].key,
	    (struct fact){ FACT_KNOWN, FACT_LOOKED_UP })
	    ->number = RECIPIENT_OK;
	assert_true(decide(&t.s, &subject, &mem, &d));
	assert_false(d.refused);
	assert_int_equal(d.needs.n, 0);
	assert_true(str_is(d.given, "joe@example.org"));
	t.s.facts.answers = NULL;
	arena_free(&mem);
	talk_finish(&t);
}

/* The name is asked for the log; the decision that did not need it stands. */
static void
test_a_client_is_judged_once(void **state)
{
	struct talk t;

	(void)state;
	talk_connect(&t, "In", "192.0.2.77");
	assert_true(talk_asked(&t, FACT_HOST, ""));
	assert_true(ip_parse(&t.s.facts.client, STR("192.0.2.78")));
	talk_tell(&t, FACT_HOST, "", HOST_NX);
	talk_expect(&t, "as it was judged", "220");
	talk_finish(&t);
}

static int
setup(void **state)
{
	char aliases[MEMBERS * 24];
	size_t n =
	    (size_t)snprintf(aliases, sizeof(aliases), "[example.org]\nall: ");

	(void)state;
	for (unsigned i = 0; i < MEMBERS; i++)
		n += (size_t)snprintf(aliases + n, sizeof(aliases) - n,
		    "%su%u@example.org", i > 0 ? ", " : "", i);
	talk_setup_with(world_config_with(
	    yaml, &(struct world_file){ "tables/aliases", aliases }, 1));
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rel_12_an_alias_of_1000_recipients),
		cmocka_unit_test(test_rel_12_nobody_answers_any_more),
		cmocka_unit_test(test_stages_run_on_where_they_stopped),
		cmocka_unit_test(test_a_client_is_judged_once),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
