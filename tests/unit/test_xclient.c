/* test_xclient.c - what XCLIENT may say, and what the session makes of it */
#include "tests/unit/session_world.h"

#include "smtpd/xclient.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  rat: [example.org]\n"
    "  xclient: [192.0.2.1]\n"
    "  hat: {groups: [{name: GOOD, entries: [.good.test],\n"
    "    policy: $TRUSTED}, {name: SIX, entries: ['2001:db8::/32'],\n"
    "    policy: $ACCEPTED}, {name: ALL, policy: $THROTTLED}]}\n";

static const struct {
	const char *args;
	bool ok;
} cases[] = {
	{ "ADDR=192.0.2.1", true },
	{ "addr=192.0.2.1 name=a.test", true },
	{ "ADDR=2001:db8::1", true },
	{ "ADDR=IPv6:2001:db8::1", true },
	{ "ADDR=IPV6:192.0.2.1", false },
	{ "ADDR=[UNAVAILABLE]", true },
	{ "ADDR=[unavailable] NAME=[tempunavail]", true },
	{ "ADDR=", false },
	{ "ADDR", false },
	{ "=1", false },
	{ "ADDR=192.0.2.1 ADDR=192.0.2.2", false },
	{ "ADDR=192.0.2.256", false },
	{ "ADDR=192.0.2.1/32", false },
	{ "ADDR=+31.2.3.4", true }, /* xtext */
	{ "ADDR=+3g.2.3.4", false },
	{ "NAME=a+0D+0Ab", false },
	{ "NAME=a+20b", false },
	{ "NAME=a\"b", false },
	{ "PORT=0", true },
	{ "PORT=65535", true },
	{ "PORT=65536", false },
	{ "PORT=-1", false },
	{ "PORT=[UNAVAILABLE]", true },
	{ "PROTO=SMTP", true },
	{ "PROTO=esmtp", true },
	{ "PROTO=LMTP", false },
	{ "HELO=a.test", true },
	{ "HELO=[192.0.2.1]", true },
	{ "HELO=a+20b", false },
	{ "LOGIN=joe+40example.org", true },
	{ "DESTADDR=192.0.2.3 DESTPORT=587", true },
	{ "DESTADDR=x", false },
	{ "DESTPORT=x", false },
	{ "REVERSE_NAME=a.test", false },
	{ "FOO=1", false },
	{ "NAME=[UNAVAILABLE] FOO=1", false },
	{ "", false },
};

static void
test_idt_02_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct xclient x;
		struct arena mem;

		arena_init(&mem, 1 << 16);
		if (xclient_parse(&x, str_of(cases[i].args), &mem) !=
		    cases[i].ok)
			fail_msg("'%s'", cases[i].args);
		arena_free(&mem);
	}
}

static void
take(struct talk *t, const char *line)
{
	talk_say(t, line);
	talk_expect(t, line, "220");
}

/* The reverse name is asked for when there is an address and no name. */
static void
test_idt_02_facts(void **state)
{
	const struct facts *f;
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.1");
	f = &t.s.facts;
	talk_expect(&t, "greeting", "220");
	assert_true(str_is(t.s.subject.group->name, "ALL"));
	take(&t, "XCLIENT NAME=mx.good.test ADDR=198.51.100.7 PORT=99 "
		 "HELO=said.test PROTO=SMTP LOGIN=joe DESTADDR=192.0.2.11");
	assert_true(str_is(t.s.subject.group->name, "GOOD"));
	assert_int_equal(f->host_class, HOST_VERIFIED);
	assert_int_equal(f->client_port, 99);
	assert_int_equal(f->local.b[15], 11);
	assert_true(f->authenticated && str_is(f->user, "joe"));
	assert_int_equal(t.s.subject.behaviour, RELAY);
	talk_say(&t, "EHLO other.test");
	talk_expect(&t, "EHLO", "250-");
	assert_true(str_is(f->helo, "said.test"));
	talk_say(&t, "MAIL FROM:<a@c.test>\r\nRCPT TO:<b@c.test>\r\nRSET");
	buf_reset(&t.out);

	/* what is not said again is forgotten, but for the address */
	take(&t, "XCLIENT PORT=5");
	assert_true(str_is(t.s.subject.group->name, "GOOD"));
	assert_int_equal(f->client.b[15], 7);
	assert_int_equal(f->client_port, 5);
	assert_false(f->authenticated);
	assert_int_equal(t.s.subject.behaviour, ACCEPT);
	talk_say(&t, "EHLO other.test");
	assert_true(str_is(f->helo, "other.test"));
	buf_reset(&t.out);

	take(&t, "XCLIENT ADDR=2001:db8::5");
	assert_int_equal(f->host_class, HOST_NX);
	assert_int_equal(f->meta[FACT_HOST].source, FACT_LOOKED_UP);
	assert_true(str_is(t.s.subject.group->name, "SIX"));
	assert_int_equal(f->client_port, 0);
	take(&t, "XCLIENT NAME=[TEMPUNAVAIL]");
	assert_int_equal(f->host_class, HOST_SERVFAIL);
	take(&t, "XCLIENT ADDR=[UNAVAILABLE] NAME=[UNAVAILABLE]");
	assert_true(ip_is_unset(&f->client));
	talk_finish(&t);
}

/* Each has an ICID and a whole set of lines of its own. */
static void
test_idt_02_log(void **state)
{
	static const char *const lines[] = {
		"XCLIENT 'ADDR=198.51.100.7'\n",
		" close\nNew SMTP ICID ",
		"address 198.51.100.7 reverse dns host unknown verified no\n",
	};
	const char *at;
	uint64_t icid;
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.1");
	icid = t.s.icid;
	buf_reset(&talk_log);
	talk_say(&t, "XCLIENT ADDR=198.51.100.7");
	assert_int_equal(t.s.icid, icid + 1);
	at = talk_log.data;
	for (size_t i = 0; i < NELEM(lines); i++) {
		at = strstr(at, lines[i]);
		if (at == NULL)
			fail_msg("no '%s' in\n%s", lines[i], talk_log.data);
	}
	talk_finish(&t);
}

/* Many in one connection: none of the limits of one client adds up. */
static void
test_idt_02_again_and_again(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.1");
	talk_expect(&t, "greeting", "220");
	for (int i = 0; i < 1000; i++) {
		char line[100];

		snprintf(
		    line, sizeof(line), "XCLIENT ADDR=198.51.100.%d", i % 256);
		take(&t, line);
		talk_say(&t, "EHLO c.test");
		buf_reset(&t.out);
	}
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
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idt_02_attributes),
		cmocka_unit_test(test_idt_02_facts),
		cmocka_unit_test(test_idt_02_log),
		cmocka_unit_test(test_idt_02_again_and_again),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
