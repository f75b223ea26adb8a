/* test_session_debug.c - what injection debug logs are told of a session */
#include "tests/unit/session_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "auth_profiles: [{name: House, type: local}]\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  auth_profile: House\n"
    "  rat: [example.org]\n"
    "  hat: {defaults: {smtp_auth: preferred, auth_require_tls: off}}\n"
    "logs:\n"
    "- {name: odd, type: injection_debug, hosts: [192.0.3.7], sessions: 9}\n";

#define RCVD " Rcvd from '192.0.3.7': "

/* What came of the client, without the numbers: all in talk_log. */
static void
received(struct buf *out)
{
	struct str rest = buf_str(&talk_log);

	buf_reset(out);
	while (rest.n > 0) {
		struct str line = str_cut(&rest, '\n');
		size_t at = str_search(line, STR(RCVD));

		if (at == line.n)
			continue;
		buf_add_str(out, str_sub(line, at + sizeof(RCVD) - 1, line.n));
		buf_putc(out, '\n');
	}
}

static const struct {
	const char *why;
	const char *said[6];
	bool ok;
	const char *want;
} cases[] = {
	{ "one step", { "AUTH PLAIN AGpvZQBwZW5jaWw=", "NOOP" }, true,
	    "'EHLO c.test\\015\\012'\n'AUTH PLAIN ***\\015\\012'\n"
	    "'NOOP\\015\\012'\n" },
	{ "two steps", { "auth plain", "AGpvZQBwZW5jaWw=", "NOOP" }, false,
	    "'EHLO c.test\\015\\012'\n'auth plain\\015\\012'\n"
	    "'***\\015\\012'\n'NOOP\\015\\012'\n" },
	/* base64 of a password may read like a command */
	{ "a password that is a verb", { "AUTH LOGIN", "am9l", "HELP", "NOOP" },
	    true,
	    "'EHLO c.test\\015\\012'\n'AUTH LOGIN\\015\\012'\n"
	    "'***\\015\\012'\n'***\\015\\012'\n'NOOP\\015\\012'\n" },
	{ "given up", { "AUTH LOGIN", "*", "VRFY am9l" }, true,
	    "'EHLO c.test\\015\\012'\n'AUTH LOGIN\\015\\012'\n"
	    "'***\\015\\012'\n'VRFY am9l\\015\\012'\n" },
};

static void
play(struct talk *t, const char *const *said, bool ok)
{
	struct auth_answer a = { .ok = ok };

	talk_say(t, "EHLO c.test");
	for (; *said != NULL; said++) {
		talk_say(t, *said);
		if (!t->proving)
			continue;
		t->proving = false;
		session_authenticated(&t->s, &a);
	}
}

static void
test_credentials_are_masked(void **state)
{
	struct buf got;

	(void)state;
	buf_init(&got, 10000);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct talk t;

		buf_reset(&talk_log);
		talk_begin(&t, "In", "192.0.3.7");
		play(&t, cases[i].said, cases[i].ok);
		received(&got);
		if (!str_is(buf_str(&got), cases[i].want))
			fail_msg(
			    "%s\n%.*s", cases[i].why, STR_ARG(buf_str(&got)));
		if (strstr(talk_log.data, "Sent to '192.0.3.7': '250-") == NULL)
			fail_msg("%s: replies", cases[i].why);
		talk_finish(&t);
	}
	buf_fini(&got);
}

static void
test_others_are_not_recorded(void **state)
{
	static const char *const said[] = { "NOOP", NULL };
	struct talk t;

	(void)state;
	buf_reset(&talk_log);
	talk_begin(&t, "In", "192.0.3.8");
	play(&t, said, true);
	assert_null(t.s.debug);
	assert_null(strstr(talk_log.data, "Rcvd"));
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
		cmocka_unit_test(test_credentials_are_masked),
		cmocka_unit_test(test_others_are_not_recorded),
	};

	return cmocka_run_group_tests(tests, setup, talk_teardown);
}
