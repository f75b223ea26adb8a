/* test_session_watch.c - what debug logs are told of a delivery session */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "event/event.h"
#include "smtp/session_inside.h"

static struct buf told;

static void
keep(void *arg, enum event_id id, const void *fields)
{
	const struct event_SMTP_SENT *e = fields;

	(void)arg;
	buf_printf(&told, "%.*s %c %.*s\n", STR_ARG(e->log),
	    id == EVENT_SMTP_SENT ? '>' : '<', STR_ARG(e->text));
}

/* What is said begins with >, a reply with <; \n parts its lines. */
static void
play(struct smtp_session *s, const char *const *lines)
{
	for (; *lines != NULL; lines++) {
		struct str in = str_of(*lines + 1);
		struct reply r;

		if (**lines == '>') {
			session_said(s, in);
			continue;
		}
		reply_init(&r);
		assert_int_equal(reply_feed(&r, &in), REPLY_DONE);
		session_heard(s, &r);
		reply_fini(&r);
	}
}

static void
test_conversations(void **state)
{
	static const struct {
		const char *why;
		const char *lines[12];
		const char *want;
	} cases[] = {
		{ "a greeting",
		    { "<220 mx ready\r\n", ">EHLO a.test",
			"<250-mx\r\n250-SIZE 100\r\n250 DSN\r\n" },
		    "one < 220 mx ready\none > EHLO a.test\none < 250-mx\n"
		    "one < 250-SIZE 100\none < 250 DSN\n" },
		{ "no text", { "<250 \r\n" }, "one < 250 \n" },
		{ "AUTH with its response",
		    { ">AUTH PLAIN AHUAc2VjcmV0", "<235 ok\r\n", ">NOOP" },
		    "one > AUTH PLAIN ***\none < 235 ok\none > NOOP\n" },
		{ "AUTH, then questions",
		    { ">auth LOGIN", "<334 VXNlcg==\r\n",
			">dXNlcg==", "<334 UGFzcw==\r\n", ">c2VjcmV0",
			"<535 no\r\n", ">MAIL FROM:<>" },
		    "one > auth LOGIN\none < 334 ***\none > ***\n"
		    "one < 334 ***\none > ***\none < 535 no\n"
		    "one > MAIL FROM:<>\n" },
		{ "a long name",
		    { ">AUTH "
		      "12345678901234567890123456789012345678901"
		      " x" },
		    "one > AUTH 1234567890123456789012345678901234567890 "
		    "***\n" },
	};
	const struct event_sink sink = { keep, NULL };

	(void)state;
	event_set_sink(&sink);
	buf_init(&told, 100000);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct debug_log logs[] = { { STR("one") } };
		struct session req = { .debug_logs = { 1, logs } };
		struct sessions all = { .n = 1 };
		struct smtp_session s = { .all = &all };

		buf_reset(&told);
		session_watch_init(&s, &req);
		play(&s, cases[i].lines);
		session_watch_fini(&s);
		if (!str_is(buf_str(&told), cases[i].want))
			fail_msg(
			    "%s\n%.*s", cases[i].why, STR_ARG(buf_str(&told)));
	}
	buf_fini(&told);
	event_set_sink(NULL);
}

/* A server that repeats what it heard (threats ADM-11). */
static void
test_adm_11_an_echo(void **state)
{
	const struct event_sink sink = { keep, NULL };
	struct debug_log logs[] = { { STR("one") } };
	struct session req = { .debug_logs = { 1, logs } };
	struct sessions all = { .n = 1 };
	struct smtp_session s = { .all = &all };

	(void)state;
	event_set_sink(&sink);
	buf_init(&told, 1000);
	session_watch_init(&s, &req);
	s.dialog.login.mechanism = LOGIN_PLAIN;
	s.dialog.login.first = STR("\0joe\0pencil");
	s.dialog.login.said = STR("AGpvZQBwZW5jaWw=");
	play(&s, (const char *const[]){ ">AUTH PLAIN AGpvZQBwZW5jaWw=",
		     "<535-no\r\n535-not pencil\r\n"
		     "535 AGpvZQBwZW5jaWw= is wrong\r\n",
		     NULL });
	session_watch_fini(&s);
	assert_string_equal(told.data,
	    "one > AUTH PLAIN ***\none < 535-no\none < 535-***\n"
	    "one < 535 ***\n");
	buf_fini(&told);
	event_set_sink(NULL);
}

/* Who is in no debug log is not talked about. */
static void
test_nobody_is_told(void **state)
{
	const struct event_sink sink = { keep, NULL };
	struct session req = { .dcid = 1 };
	struct sessions all = { .n = 1 };
	struct smtp_session s = { .all = &all };

	(void)state;
	event_set_sink(&sink);
	buf_init(&told, 1000);
	session_watch_init(&s, &req);
	session_said(&s, STR("NOOP"));
	session_watch_fini(&s);
	assert_int_equal(told.len, 0);
	buf_fini(&told);
	event_set_sink(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_adm_11_an_echo),
		cmocka_unit_test(test_nobody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
