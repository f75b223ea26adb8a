/*
 * test_starttls.c - STARTTLS in the conversation (receiving 8.1, 8.2)
 */
#include "smtpd/session.h"
#include "tests/unit/session_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "receiving: {delayed_reject: yes}\n"
    "certificates: [{name: mx}]\n"
    "auth_profiles: [{name: House}]\n"
    "address_lists:\n"
    "- {name: partners, entries: ['@partner.test', 'boss@', "
    "'joe@one.test']}\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: Off, type: public, interface: Net, certificate: mx,\n"
    "   rat: [example.org]}\n"
    "- {name: Bare, type: public, interface: Net, port: 26,\n"
    "   rat: [example.org], hat: {defaults: {tls: preferred},\n"
    "   groups: [{name: ALL, policy: $OWN}], policies: [\n"
    "   {name: $OWN, behaviour: ACCEPT}]}}\n"
    "- {name: On, type: public, interface: Net, port: 27,\n"
    "   certificate: mx, rat: [example.org],\n"
    "   hat: {defaults: {tls: preferred, tls_mandatory_list: partners},\n"
    "   groups: [{name: ALL, policy: $OWN}], policies: [\n"
    "   {name: $OWN, behaviour: ACCEPT}]}}\n"
    "- {name: Must, type: public, interface: Net, port: 28,\n"
    "   certificate: mx, rat: [example.org],\n"
    "   hat: {defaults: {tls: required}, groups: [{name: ALL,\n"
    "   policy: $OWN}], policies: [{name: $OWN, behaviour: ACCEPT}]}}\n"
    "- {name: Never, type: public, interface: Net, port: 29,\n"
    "   certificate: mx, rat: [example.org], auth_profile: House,\n"
    "   hat: {defaults: {tls: required, smtp_auth: on}, groups: [{name: ALL,\n"
    "   policy: $OWN}], policies: [{name: $OWN, behaviour: REJECT}]}}\n";

#define GO   "> STARTTLS\n< 220 2.0.0 Go ahead with TLS\n"
#define MUST "< 530 5.7.0 Must issue a STARTTLS command first\n"

/* Lines: > said, < expected, = the session is over, ! the handshake ends well,
 * ? it fails, S and what STARTTLS meets, + two commands in one go. */
static const struct {
	const char *name, *listener, *script;
} dialogues[] = {
	{ "policy off", "Off",
	    "> EHLO c\n~ STARTTLS\n> STARTTLS\n< 502 5.5.1\n> NOOP\n< 250\n" },
	{ "no certificate", "Bare",
	    "> EHLO c\n~ STARTTLS\n> STARTTLS\n< 502 5.5.1\n" },
	{ "no certificate at hand", "On",
	    "S 1\n> EHLO c\n~ STARTTLS\n"
	    "> STARTTLS\n< 454 4.7.0\n> MAIL FROM:<a@c.test>\n< 250\n" },
	{ "too many", "On",
	    "> EHLO c\n* STARTTLS\nS 2\n"
	    "> STARTTLS\n< 454 4.4.5 Too many TLS sessions at this time\n"
	    "> NOOP\n< 250\n" },
	{ "TLS-01 bytes on the wire", "On",
	    "S 3\n> EHLO c\n~ STARTTLS\n> STARTTLS\n< 554 5.5.0\n=\n" },
	{ "TLS-01 commands behind it", "On",
	    "> EHLO c\n* STARTTLS\n+ STARTTLS\n< 554 5.5.0\n=\n" },
	{ "STM-09 arguments", "On",
	    "> EHLO c\n* STARTTLS\n> STARTTLS now\n< 501 5.5.4\n" },
	{ "before EHLO", "On", "> STARTTLS\n< 503 5.5.1\n" },
	{ "a rejection that is put off", "Never",
	    "> EHLO c\n* STARTTLS\n> MAIL FROM:<a@c.test>\n< 250\n"
	    "> RCPT TO:<b@example.org>\n< 550 5.7.1 access refused\n"
	    "> RSET\n< 250\n> AUTH PLAIN AGEAYg==\n" MUST },
	{ "STM-03 in a transaction", "On",
	    "> EHLO c\n* STARTTLS\n> MAIL FROM:<a@c.test>\n< 250\n"
	    "> STARTTLS\n< 503 5.5.1\n> RCPT TO:<b@example.org>\n< 250\n"
	    "> STARTTLS\n< 503 5.5.1\n> RSET\n< 250\n" GO },
	{ "STM-03, TLS-03 nothing of before is known", "On",
	    "> EHLO before\n* STARTTLS\n" GO "!\n"
	    "> MAIL FROM:<a@c.test>\n< 503 5.5.1 HELO or EHLO required\n"
	    "> STARTTLS\n< 503 5.5.1\n> EHLO c\n~ STARTTLS\n"
	    "> STARTTLS\n< 503 5.5.1 TLS is active\n"
	    "> MAIL FROM:<a@c.test>\n< 250\n" },
	{ "TLS-03 the handshake fails", "On",
	    "> EHLO c\n* STARTTLS\n" GO "?\n=\n" },
	{ "required", "Must",
	    "> NOOP\n< 250\n> HELO c\n" MUST "> MAIL FROM:<a@c.test>\n" MUST
	    "> EHLO c\n* STARTTLS\n> MAIL FROM:<a@c.test>\n" MUST
	    "> RCPT TO:<b@example.org>\n" MUST "> DATA\n" MUST "> RSET\n" MUST
	    "> VRFY x\n" MUST "> HELP\n" MUST GO "!\n> MAIL FROM:<a@c.test>\n"
	    "< 503\n> EHLO c\n~ STARTTLS\n> MAIL FROM:<a@c.test>\n< 250\n" },
	{ "required, a chunk is swallowed", "Must",
	    "> EHLO c\n* STARTTLS\n> BDAT 6 LAST\n> NOOP\n" MUST
	    "> QUIT\n< 221\n=\n" },
	{ "mandatory for some", "On",
	    "> EHLO c\n* STARTTLS\n> MAIL FROM:<x@partner.test>\n" MUST
	    "> MAIL FROM:<Boss@any.test>\n" MUST
	    "> MAIL FROM:<joe@ONE.test>\n" MUST
	    "> MAIL FROM:<ann@one.test>\n< 250\n> RSET\n< 250\n"
	    "> MAIL FROM:<>\n< 250\n> RSET\n< 250\n" GO "!\n> EHLO c\n"
	    "~ STARTTLS\n> MAIL FROM:<x@partner.test>\n< 250\n" },
};

/* Every line of the answer to EHLO; does one of them offer it? */
static bool
offered(struct talk *t, const char *word)
{
	bool found =
	    memmem(t->out.data, t->out.len, word, strlen(word)) != NULL;

	buf_reset(&t->out);
	return found;
}

static void
play(struct talk *t, const char *name, const char *script)
{
	struct str rest = str_of(script);

	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');
		char text[200];

		str_copy(text, sizeof(text), str_sub(line, 2, line.n));
		switch (line.p[0]) {
		case '>':
			talk_say(t, text);
			break;
		case '+':
			talk_say(t, "STARTTLS\r\nEHLO injected");
			break;
		case '<':
			talk_expect(t, name, text);
			break;
		case '*':
			if (!offered(t, text))
				fail_msg("%s: %s is not offered", name, text);
			break;
		case '~':
			if (offered(t, text))
				fail_msg("%s: %s is offered", name, text);
			break;
		case 'S':
			t->starttls = (enum starttls)(text[0] - '0');
			break;
		case '!':
			assert_int_equal(t->s.phase, PH_TLS);
			session_tls_up(&t->s, "TLSv1.3", "TLS_X");
			break;
		case '?':
			session_tls_failed(&t->s, "no shared cipher");
			break;
		case '=':
			assert_int_equal(t->s.phase, PH_CLOSING);
		}
	}
	assert_int_equal(t->out.len, 0);
}

static void
test_dialogues(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(dialogues); i++) {
		struct talk t;

		talk_begin(&t, dialogues[i].listener, "192.0.2.77");
		talk_expect(&t, dialogues[i].name, "220");
		play(&t, dialogues[i].name, dialogues[i].script);
		talk_finish(&t);
	}
}

/* What cleanup is told, and what is logged. */
static void
test_protocol_and_log(void **state)
{
	struct talk t;

	(void)state;
	buf_reset(&talk_log);
	talk_begin(&t, "On", "192.0.2.77");
	talk_expect(&t, "greeting", "220");
	play(&t, "up",
	    "> EHLO c\n* STARTTLS\n" GO "!\n> EHLO c\n~ STARTTLS\n"
	    "> MAIL FROM:<a@c.test>\n< 250\n"
	    "> RCPT TO:<b@example.org>\n< 250\n> DATA\n< 354\n"
	    "> x\n> .\n< 250\n");
	assert_string_equal(
	    t.protocol, "ESMTPS (version=TLSv1.3 cipher=TLS_X)");
	assert_non_null(strstr(
	    talk_log.data, "TLS success protocol TLSv1.3 cipher TLS_X\n"));
	talk_finish(&t);
	buf_reset(&talk_log);
	talk_begin(&t, "Must", "192.0.2.77");
	talk_expect(&t, "greeting", "220");
	play(&t, "fails",
	    "> EHLO c\n* STARTTLS\n> MAIL FROM:<a@c.test>\n" MUST GO "?\n=\n");
	assert_non_null(strstr(talk_log.data,
	    "TLS was required but remote host did not initiate it\n"));
	assert_non_null(
	    strstr(talk_log.data, "TLS failed: no shared cipher\n"));
	talk_finish(&t);
}

/* Threats TLS-05 */
static void
test_tls_05_a_handshake_has_30_seconds(void **state)
{
	struct talk t;

	(void)state;
	buf_reset(&talk_log);
	talk_begin(&t, "On", "192.0.2.77");
	talk_expect(&t, "greeting", "220");
	play(&t, "time", "> EHLO c\n* STARTTLS\n" GO);
	assert_int_equal(session_due(&t.s), t.s.now + 30000);
	assert_false(session_reads(&t.s));
	t.s.now += 30000;
	session_expire(&t.s);
	assert_int_equal(t.s.phase, PH_CLOSING);
	assert_int_equal(t.out.len, 0); /* not a word in the clear */
	assert_non_null(
	    strstr(talk_log.data, "TLS failed: the handshake took too long\n"));
	talk_finish(&t);
}

/* Threats STM-11 */
static void
test_lost_in_the_handshake(void **state)
{
	struct talk t;

	(void)state;
	for (int i = 0; i < 2; i++) {
		talk_begin(&t, "On", "192.0.2.77");
		talk_expect(&t, "greeting", "220");
		play(&t, "lost", "> EHLO c\n* STARTTLS\n" GO);
		if (i == 0)
			session_lost(&t.s);
		else
			session_cut(&t.s);
		assert_int_equal(t.s.phase, PH_CLOSING);
		assert_int_equal(t.out.len, 0);
		talk_finish(&t);
	}
}

static int
set_up(void **state)
{
	(void)state;
	talk_setup(yaml);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_protocol_and_log),
		cmocka_unit_test(test_tls_05_a_handshake_has_30_seconds),
		cmocka_unit_test(test_lost_in_the_handshake),
	};

	return cmocka_run_group_tests(tests, set_up, talk_teardown);
}
