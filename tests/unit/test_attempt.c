/*
 * test_attempt.c - what smtpping and tlsverify make of words and of ends
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "admin/attempt_show.h"
#include "base/mem.h"

static void
test_hosts(void **state)
{
	static const struct {
		const char *text, *name;
		uint16_t port;
		bool direct;
	} cases[] = {
		{ "example.net", "example.net", 25, false },
		{ "Example.NET.", "example.net", 25, false },
		{ "example.net:26", "example.net", 26, true },
		{ "192.0.2.1", "192.0.2.1", 25, true },
		{ "192.0.2.1:2525", "192.0.2.1", 2525, true },
		{ "2001:db8::1", "2001:db8::1", 25, true },
		{ "[2001:db8::1]:26", "2001:db8::1", 26, true },
		{ "b\303\274cher.example", "xn--bcher-kva.example", 25, false },
		{ "", NULL, 0, false },
		{ ":", NULL, 0, false },
		{ "example.net:", NULL, 0, false },
		{ "example.net:0", NULL, 0, false },
		{ "example.net:65536", NULL, 0, false },
		{ "example.net:x", NULL, 0, false },
		{ "a b", NULL, 0, false },
		{ "a..b", NULL, 0, false },
		{ "a\r\nQUIT", NULL, 0, false },
		{ "-rf@x", NULL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct attempt_host h;
		bool is_one = attempt_take_host(&h, cases[i].text);

		if (is_one != (cases[i].name != NULL))
			fail_msg("\"%s\": %d", cases[i].text, is_one);
		if (!is_one)
			continue;
		assert_string_equal(h.name, cases[i].name);
		if (h.port != cases[i].port || h.direct != cases[i].direct)
			fail_msg("\"%s\": port %u, direct %d", cases[i].text,
			    h.port, h.direct);
	}
}

static void
test_lines(void **state)
{
	static const struct {
		struct attempt_line line;
		const char *want;
	} cases[] = {
		{ { .text = "EHLO mx.test" }, "<- EHLO mx.test\n" },
		{ { .text = "." }, "<- .\n" },
		{ { .text = "RCPT TO:<\033[2J@b.test>" },
		    "<- RCPT TO:<\\x1b[2J@b.test>\n" },
		{ { .heard = true, .code = 220, .text = "mx ESMTP\n" },
		    "-> 220 mx ESMTP\n" },
		{ { .heard = true,
		      .code = 250,
		      .text = "mx\nSIZE 100\nSTARTTLS\n" },
		    "-> 250 mx (SIZE 100, STARTTLS)\n" },
		{ { .heard = true, .code = 250, .text = "\n" }, "-> 250 \n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct buf out;

		buf_init(&out, 4096);
		attempt_show_line(&out, &cases[i].line);
		assert_string_equal(out.data, cases[i].want);
		buf_fini(&out);
	}
}

static struct attempt_line said_later[] = {
	{ .heard = true, .code = 220, .text = "hi\n" },
	{ .text = "EHLO us" },
	{ .heard = true, .code = 450, .text = "later\n" },
};
#define HERE                                                                   \
	{                                                                      \
		.b = { 1 }                                                     \
	}
static const struct {
	struct attempt_conn conn;
	const char *want;
} ends[] = {
	{ { .why = SESSION_REFUSED, .text = "connect: no" },
	    "connection refused" },
	{ { .why = SESSION_TIMEOUT, .text = "connect timed out" },
	    "connection timed out" },
	{ { .why = SESSION_UNREACHABLE, .text = "connect: No" }, "no route" },
	{ { .why = SESSION_LOCAL, .text = "bind: not ours" },
	    "bind: not ours" },
	{ { .source = HERE,
	      .why = SESSION_TIMEOUT,
	      .text = "timed out waiting for RCPT" },
	    "timed out waiting for RCPT" },
	{ { .source = HERE,
	      .why = SESSION_GREETING,
	      .end = ATTEMPT_REFUSED,
	      .code = 554,
	      .result = "",
	      .text = "go away" },
	    "the connection was refused: 554 go away" },
	{ { .source = HERE,
	      .why = SESSION_GREETING,
	      .end = ATTEMPT_REFUSED,
	      .code = 450,
	      .result = "",
	      .text = "later",
	      .lines = said_later,
	      .n_lines = NELEM(said_later) },
	    "EHLO was refused: 450 later" },
	{ { .source = HERE,
	      .end = ATTEMPT_REFUSED,
	      .stage = JOB_RCPT,
	      .code = 550,
	      .result = "5.1.1 nobody",
	      .text = "" },
	    "RCPT was refused: 550 5.1.1 nobody" },
	{ { .source = HERE,
	      .end = ATTEMPT_REFUSED,
	      .stage = JOB_DOT,
	      .code = 554,
	      .result = "spam",
	      .text = "" },
	    "the message was refused: 554 spam" },
};

static void
test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(ends); i++) {
		struct buf out;

		buf_init(&out, 4096);
		attempt_show_why(&out, &ends[i].conn);
		assert_string_equal(out.data, ends[i].want);
		buf_fini(&out);
	}
}

static void
test_times(void **state)
{
	struct attempt_line lines[] = {
		{ .heard = true, .code = 220, .text = "hi\n", .us = 1000 },
		{ .text = "EHLO us" },
		{ .heard = true, .code = 250, .text = "b\n", .us = 200 },
		{ .text = "STARTTLS" },
		{ .heard = true, .code = 220, .text = "go\n", .us = 300 },
		{ .text = "MAIL FROM:<a@b.test>" },
		{ .heard = true, .code = 250, .text = "ok\n", .us = 4000 },
		{ .text = "." },
		{ .heard = true, .code = 250, .text = "ok\n", .us = 50 },
	};
	struct attempt_lookup lookups[] = { { .us = 1500 }, { .us = 500 } };
	struct attempt a = { .lookups = lookups, .n_lookups = 2 };
	struct attempt_conn c = { .lines = lines,
		.n_lines = NELEM(lines),
		.connect_us = 100,
		.secured = true,
		.tls_us = 2500 };
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	attempt_show_times(&out, &a, &c);
	assert_string_equal(out.data, "Time of each step:\n"
				      "  look-ups           2.0 ms\n"
				      "  connection         0.1 ms\n"
				      "  greeting           1.0 ms\n"
				      "  EHLO               0.2 ms\n"
				      "  STARTTLS           0.3 ms\n"
				      "  TLS                2.5 ms\n"
				      "  MAIL               4.0 ms\n"
				      "  message            0.1 ms\n"
				      "  in all            10.2 ms\n");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
