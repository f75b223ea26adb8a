/*
 * test_auth.c - AUTH conversations, against a keyd that says what it is told
 */
#include "base/base64.h"
#include "smtpd/auth.h"
#include "tests/unit/session_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "receiving: {delayed_reject: yes}\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "auth_profiles:\n"
    "- {name: House, type: local}\n"
    "- {name: Other, type: forward, servers: '[192.0.2.5]'}\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  auth_profile: House\n"
    "  rat: [example.org]\n"
    "  hat: {defaults: {smtp_auth: preferred, auth_require_tls: off},\n"
    "    groups: [{name: BAD, entries: [192.0.2.66], policy: $BLOCKED},\n"
    "      {name: ALL, policy: $ACCEPTED}]}\n"
    "- name: Must\n"
    "  port: 26\n"
    "  auth_profile: Other\n"
    "  hat: {defaults: {smtp_auth: required, auth_require_tls: off}}\n"
    "- name: Tls\n"
    "  port: 27\n"
    "  auth_profile: House\n"
    "  hat: {defaults: {smtp_auth: preferred}}\n"
    "- name: None\n"
    "  port: 28\n";

#define JOE_PENCIL "AGpvZQBwZW5jaWw=" /* NUL joe NUL pencil */

static void
begin_as(struct talk *t, const char *listener, const char *client)
{
	talk_begin(t, listener, client);
	talk_expect(t, "greeting", "220 mx.example.org");
	talk_say(t, "EHLO c.test");
	talk_expect(t, "EHLO", "250-mx.example.org");
	buf_reset(&talk_log);
}

static void
begin(struct talk *t, const char *listener)
{
	static unsigned n;
	char client[20];

	/* each from elsewhere: failures are remembered */
	snprintf(client, sizeof(client), "192.0.3.%u", n++ % 250);
	begin_as(t, listener, client);
}

/* Said, heard, said, heard ... up to NULL. */
static void
converse(struct talk *t, const char *name, const char *const lines[])
{
	for (size_t i = 0; lines[i] != NULL; i++) {
		if (i % 2 == 0)
			talk_say(t, lines[i]);
		else
			talk_expect(t, name, lines[i]);
	}
}

static void
tell(struct talk *t, bool ok)
{
	static const char key[32];
	struct auth_answer a = { .ok = ok,
		.salt = STR("saltsalt"),
		.iterations = 4096,
		.signature = { key, sizeof(key) } };

	assert_true(t->proving);
	t->proving = false;
	session_authenticated(&t->s, &a);
}

static void
offer(const char *listener, const char *want)
{
	struct talk t;
	char *at;

	talk_begin(&t, listener, "192.0.2.77");
	buf_reset(&t.out);
	talk_say(&t, "EHLO c.test");
	at = strstr(t.out.data, "AUTH ");
	if (want == NULL)
		assert_null(at);
	else if (at == NULL || strncmp(at, want, strlen(want)) != 0)
		fail_msg("%s: %s", listener, t.out.data);
	buf_reset(&t.out);
	talk_finish(&t);
}

static void
test_offer(void **state)
{
	(void)state;
	offer("In", "AUTH PLAIN LOGIN SCRAM-SHA-256\r\n");
	offer("Must", "AUTH PLAIN LOGIN\r\n");
	offer("Tls", NULL);
	offer("None", NULL);
}

static void
test_right(void **state)
{
	static const struct {
		const char *name;
		const char *lines[6];
	} table[] = {
		{ "PLAIN at once", { "AUTH PLAIN " JOE_PENCIL } },
		{ "PLAIN later", { "auth plain", "334 ", JOE_PENCIL } },
		{ "PLAIN, for himself", { "AUTH PLAIN am9lAGpvZQBwZW5jaWw=" } },
		{ "LOGIN", { "AUTH LOGIN", "334 VXNlcm5hbWU6", "am9l",
			       "334 UGFzc3dvcmQ6", "cGVuY2ls" } },
		{ "LOGIN with the user",
		    { "AUTH LOGIN am9l", "334 UGFzc3dvcmQ6", "cGVuY2ls" } },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct talk t;

		begin(&t, "In");
		converse(&t, table[i].name, table[i].lines);
		talk_expect(&t, table[i].name, "");
		assert_int_equal(t.question.kind, AUTH_ASK_PASSWORD);
		assert_true(str_is(t.question.user, "joe"));
		assert_true(str_is(t.question.password, "pencil"));
		tell(&t, true);
		talk_expect(&t, table[i].name, "235 2.7.0");
		assert_non_null(strstr(talk_log.data,
		    ") succeeded for user: joe using AUTH mechanism: "));
		assert_null(strstr(talk_log.data, "pencil"));
		assert_true(t.s.facts.authenticated);
		assert_int_equal(t.s.subject.behaviour, RELAY);
		talk_say(&t, "MAIL FROM:<joe@example.org> AUTH=<>");
		talk_expect(&t, "MAIL", "250");
		talk_say(&t, "RCPT TO:<x@elsewhere.test>");
		talk_expect(&t, "relay", "250");
		talk_say(&t, "DATA");
		talk_expect(&t, "DATA", "354");
		talk_say(&t, ".");
		talk_expect(&t, "end", "250");
		assert_string_equal(t.protocol, "ESMTPA");
		talk_say(&t, "AUTH PLAIN " JOE_PENCIL);
		talk_expect(&t, "twice", "503 5.5.1");
		talk_finish(&t);
	}
}

static void
test_scram(void **state)
{
	struct talk t;
	char line[600], said[800];
	struct buf plain, b;

	(void)state;
	begin(&t, "In");
	/* n,,n=joe,r=abc */
	talk_say(&t, "AUTH SCRAM-SHA-256 biwsbj1qb2Uscj1hYmM=");
	assert_int_equal(t.question.kind, AUTH_ASK_SALT);
	assert_true(str_is(t.question.user, "joe"));
	tell(&t, true);
	talk_reply(&t, line);
	assert_memory_equal(line, "334 ", 4);
	buf_init(&plain, 1000);
	assert_true(base64_decode(str_of(line + 4), &plain));
	/* r=abc and 24 of ours, s=c2FsdHNhbHQ=, i=4096 */
	assert_memory_equal(plain.data, "r=abc", 5);
	assert_string_equal(plain.data + 29, ",s=c2FsdHNhbHQ=,i=4096");
	snprintf(said, sizeof(said),
	    "c=biws,%.29s,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    plain.data);
	buf_init(&b, 1000);
	base64_encode(str_of(said), &b);
	talk_say(&t, b.data);
	assert_int_equal(t.question.kind, AUTH_ASK_PROOF);
	assert_int_equal(t.question.proof.n, 32);
	snprintf(said, sizeof(said), "n=joe,r=abc,%s,c=biws,%.29s", plain.data,
	    plain.data);
	assert_true(str_is(t.question.auth_message, said));
	tell(&t, true);
	/* v= and the signature; then the client's empty answer */
	talk_expect(&t, "signature", "334 dj1BQUFB");
	talk_say(&t, "");
	talk_expect(&t, "end", "235 2.7.0");
	assert_int_equal(t.s.subject.behaviour, RELAY);
	buf_fini(&plain);
	buf_fini(&b);
	talk_finish(&t);
}

static void
test_stm_08_refused(void **state)
{
	static const struct {
		const char *name;
		const char *lines[6];
	} table[] = {
		{ "cancelled", { "AUTH PLAIN", "334", "*", "501 5.5.2" } },
		{ "no base64", { "AUTH PLAIN ====", "501 5.5.2" } },
		{ "nor later", { "AUTH LOGIN", "334", "am9", "501 5.5.2" } },
		{ "nothing", { "AUTH PLAIN =", "501 5.5.2" } },
		{ "no NUL", { "AUTH PLAIN am9l", "501 5.5.2" } },
		{ "one NUL", { "AUTH PLAIN AGpvZQ==", "501 5.5.2" } },
		{ "no password", { "AUTH PLAIN AGpvZQA=", "501 5.5.2" } },
		{ "three NUL", { "AUTH PLAIN AGpvZQBwAHA=", "501 5.5.2" } },
		{ "for somebody else",
		    { "AUTH PLAIN YW5uAGpvZQBwZW5jaWw=", "535 5.7.8" } },
		{ "unknown", { "AUTH CRAM-MD5", "504 5.5.4" } },
		{ "no argument", { "AUTH", "501 5.5.4" } },
		{ "not SCRAM", { "AUTH SCRAM-SHA-256 am9l", "501 5.5.2" } },
		{ "binding", { "AUTH SCRAM-SHA-256 cD14LCxuPWpvZSxyPWFiYw==",
				 "501 5.5.2" } },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct talk t;

		begin(&t, "In");
		converse(&t, table[i].name, table[i].lines);
		assert_false(t.proving);
		assert_null(t.s.auth);
		talk_say(&t, "NOOP");
		talk_expect(&t, table[i].name, "250");
		talk_finish(&t);
	}
}

static void
test_stm_08_when(void **state)
{
	char line[4000];
	struct talk t;

	(void)state;
	talk_begin(&t, "In", "192.0.2.77");
	talk_expect(&t, "greeting", "220");
	talk_say(&t, "AUTH PLAIN " JOE_PENCIL);
	talk_expect(&t, "before EHLO", "503 5.5.1");
	talk_say(&t, "HELO c.test");
	talk_expect(&t, "HELO", "250");
	talk_say(&t, "AUTH PLAIN " JOE_PENCIL);
	talk_expect(&t, "after HELO", "502 5.5.1");
	talk_say(&t, "EHLO c.test");
	talk_expect(&t, "EHLO", "250-");
	talk_say(&t, "MAIL FROM:<a@example.org>");
	talk_expect(&t, "MAIL", "250");
	talk_say(&t, "AUTH PLAIN " JOE_PENCIL);
	talk_expect(&t, "in a transaction", "503 5.5.1");
	talk_say(&t, "RSET");
	talk_expect(&t, "RSET", "250");
	talk_say(&t, "AUTH PLAIN");
	talk_expect(&t, "AUTH", "334 ");
	memset(line, 'A', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	talk_say(&t, line);
	talk_expect(&t, "too long", "500 5.5.2");
	assert_int_equal(t.s.phase, PH_READY);
	talk_finish(&t);

	begin(&t, "Tls");
	talk_say(&t, "AUTH PLAIN " JOE_PENCIL);
	talk_expect(&t, "without TLS", "538 5.7.11");
	talk_say(&t, "MAIL FROM:<a@example.org> AUTH=<>");
	talk_expect(&t, "parameter", "555 5.5.4");
	talk_finish(&t);
	begin(&t, "None");
	talk_say(&t, "AUTH PLAIN " JOE_PENCIL);
	talk_expect(&t, "not offered", "502 5.5.1");
	talk_finish(&t);
	begin(&t, "Must");
	talk_say(&t, "MAIL FROM:<a@example.org>");
	talk_expect(&t, "required", "530 5.7.0");
	talk_say(&t, "AUTH SCRAM-SHA-256");
	talk_expect(&t, "not by forwarding", "504 5.5.4");
	talk_say(&t, "AUTH PLAIN " JOE_PENCIL);
	tell(&t, true);
	talk_expect(&t, "right", "235");
	talk_say(&t, "MAIL FROM:<a@example.org>");
	talk_expect(&t, "now", "250");
	talk_finish(&t);
}

/* Relaying comes of success on this connection, and of nothing else. */
static void
test_rel_11(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, "In");
	talk_say(&t, "AUTH PLAIN " JOE_PENCIL);
	tell(&t, false);
	talk_expect(&t, "wrong", "535 5.7.8");
	assert_false(t.s.facts.authenticated);
	talk_say(&t, "MAIL FROM:<a@example.org>\r\nRCPT TO:<x@else.test>");
	talk_expect(&t, "MAIL", "250");
	talk_expect(&t, "RCPT", "550");
	talk_say(&t, "RSET\r\nAUTH PLAIN " JOE_PENCIL);
	talk_expect(&t, "RSET", "250");
	tell(&t, true);
	talk_expect(&t, "right", "235");
	talk_say(&t, "EHLO again.test");
	talk_expect(&t, "EHLO", "250-");
	buf_reset(&t.out);
	assert_int_equal(t.s.subject.behaviour, RELAY);
	auth_forget(&t.s);
	assert_int_equal(t.s.subject.behaviour, ACCEPT);
	assert_false(t.s.facts.authenticated);
	talk_finish(&t);
}

/* A host whose rejection is put off may send once it has said who it is. */
static void
test_delayed_rejection(void **state)
{
	struct talk t;

	(void)state;
	begin_as(&t, "In", "192.0.2.66");
	talk_say(&t, "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>");
	talk_expect(&t, "MAIL", "250");
	talk_expect(&t, "RCPT", "550");
	talk_say(&t, "RSET\r\nAUTH PLAIN " JOE_PENCIL);
	talk_expect(&t, "RSET", "250");
	tell(&t, true);
	talk_expect(&t, "AUTH", "235");
	talk_say(&t, "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@else.test>");
	talk_expect(&t, "MAIL", "250");
	talk_expect(&t, "RCPT", "250");
	talk_finish(&t);
}

/* Three per connection; an address that failed before waits. */
static void
test_lim_15_guessing(void **state)
{
	struct talk t;

	(void)state;
	for (int round = 0; round < 3; round++) {
		begin_as(&t, "In", "192.0.2.200");
		for (int i = 0; i < 3; i++) {
			int64_t wait;

			talk_say(&t, "AUTH PLAIN AGV2ZQBwZW5jaWw=");
			wait = session_due(&t.s) - t.s.now;
			if (round == 0) {
				assert_true(t.proving);
			} else {
				assert_false(t.proving);
				/* 1 s, 2 s, ... after the third, 10 at most */
				assert_int_equal(
				    wait, (round * 3 + i - 2) * 1000);
				t.s.now += wait;
				session_expire(&t.s);
			}
			tell(&t, false);
			talk_expect(&t, "wrong", i < 2 ? "535" : "421 4.7.0");
		}
		assert_int_equal(t.s.phase, PH_CLOSING);
		talk_finish(&t);
	}
	/* the same user from elsewhere waits as well; another one does not */
	begin_as(&t, "In", "192.0.2.201");
	talk_say(&t, "AUTH PLAIN AGV2ZQBwZW5jaWw=");
	assert_false(t.proving);
	talk_finish(&t);
	begin_as(&t, "In", "192.0.2.201");
	talk_say(&t, "AUTH PLAIN AGFubgBwZW5jaWw=");
	assert_true(t.proving);
	talk_finish(&t);
}

static void
test_nobody_answers(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, "In");
	t.no_keyd = true;
	talk_say(&t, "AUTH PLAIN AHRpbQBwZW5jaWw=");
	talk_expect(&t, "nobody", "454 4.7.0");
	t.no_keyd = false;
	talk_say(&t, "AUTH PLAIN AHRpbQBwZW5jaWw=");
	/* what is pipelined behind it waits */
	talk_say(&t, "NOOP");
	talk_expect(&t, "waits", "");
	t.s.now = session_due(&t.s);
	session_expire(&t.s);
	talk_expect(&t, "too late", "454 4.7.0");
	assert_false(t.proving);
	/* the answer finds nobody */
	session_authenticated(&t.s, &(struct auth_answer){ .ok = true });
	assert_false(t.s.facts.authenticated);
	talk_say(&t, "AUTH PLAIN AHRpbQBwZW5jaWw=");
	session_lost(&t.s);
	assert_false(t.proving);
	session_authenticated(&t.s, &(struct auth_answer){ .ok = true });
	assert_false(t.s.facts.authenticated);
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
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_scram),
		cmocka_unit_test(test_stm_08_refused),
		cmocka_unit_test(test_stm_08_when),
		cmocka_unit_test(test_rel_11),
		cmocka_unit_test(test_delayed_rejection),
		cmocka_unit_test(test_lim_15_guessing),
		cmocka_unit_test(test_nobody_answers),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
