/* test_log_match.c - whose conversations a debug log holds, and how many */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/log_match.h"
#include "stats/debug.h"

static void
test_domains(void **state)
{
	static const struct {
		const char *pattern, *domain;
		bool want;
	} cases[] = {
		{ "example.com", "example.com", true },
		{ "example.com", "EXAMPLE.com", true },
		{ "example.com", "a.example.com", false },
		{ ".example.com", "a.example.com", true },
		{ ".example.com", "example.com", false },
		{ ".example.com", "badexample.com", false },
		{ "example.com", "", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct log_subscription log = { .type = LOG_DOMAIN_DEBUG,
			.domain = str_of(cases[i].pattern) };

		if (log_has_domain(&log, str_of(cases[i].domain)) !=
		    cases[i].want)
			fail_msg("%s, %s", cases[i].pattern, cases[i].domain);
		log.type = LOG_MAIL;
		assert_false(log_has_domain(&log, str_of(cases[i].domain)));
	}
}

static void
test_clients(void **state)
{
	static const struct {
		const char *pattern, *ip, *host;
		bool want;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", "", true },
		{ "192.0.2.1", "192.0.2.2", "", false },
		{ "192.0.2.0/24", "192.0.2.77", "", true },
		{ "192.0.2.1-9", "192.0.2.9", "", true },
		{ "192.0.2.1-9", "192.0.2.10", "", false },
		{ "2001:db8::/32", "2001:db8::1", "", true },
		{ "mx.example.com", "192.0.2.1", "mx.example.com", true },
		{ "mx.example.com", "192.0.2.1", "", false },
		{ ".example.com", "192.0.2.1", "mx.Example.com", true },
		{ ".example.com", "192.0.2.1", "example.com", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct str hosts[] = { STR("198.51.100.1"),
			str_of(cases[i].pattern) };
		struct log_subscription log = { .type = LOG_INJECTION_DEBUG,
			.hosts = hosts,
			.n_hosts = 2 };
		struct ip ip;

		assert_true(log_host_ok(hosts[1], NULL));
		assert_true(ip_parse(&ip, str_of(cases[i].ip)));
		if (log_has_client(&log, &ip, str_of(cases[i].host)) !=
		    cases[i].want)
			fail_msg("%s, %s %s", cases[i].pattern, cases[i].ip,
			    cases[i].host);
	}
}

static void
test_what_is_a_host(void **state)
{
	static const char *const bad[] = { "", "a b", "192.0.2.0/33", "*.com",
		"sbrs[1:2]" };

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++)
		if (log_host_ok(str_of(bad[i]), NULL))
			fail_msg("\"%s\"", bad[i]);
}

static void
test_the_same_subject(void **state)
{
	struct str hosts[] = { STR("a.test"), STR("b.test") };
	const struct log_subscription a = { .name = STR("x"),
		.type = LOG_INJECTION_DEBUG,
		.hosts = hosts,
		.n_hosts = 1,
		.sessions = 5 };
	struct log_subscription b = a;

	(void)state;
	b.level = 4;
	assert_true(log_same_subject(&a, &b));
	b.hosts = hosts + 1;
	assert_false(log_same_subject(&a, &b));
	b.hosts = hosts;
	b.n_hosts = 2;
	assert_false(log_same_subject(&a, &b));
	b.n_hosts = 1;
	b.sessions = 6;
	assert_false(log_same_subject(&a, &b));
}

static void
test_so_many_sessions(void **state)
{
	struct err err = ERR_INIT;
	struct stats *s;
	int fd;

	(void)state;
	s = stats_create(&fd, &err);
	assert_non_null(s);
	close(fd);
	assert_true(stats_debug_take(s, STR("a"), 2));
	assert_true(stats_debug_take(s, STR("a"), 2));
	assert_false(stats_debug_take(s, STR("a"), 2));
	assert_true(stats_debug_take(s, STR("b"), 1));
	assert_int_equal(stats_debug_taken(s, STR("b")), 1);
	assert_int_equal(stats_debug_taken(s, STR("c")), 0);
	stats_debug_restore(s, STR("b"), 7); /* it has one already */
	assert_int_equal(stats_debug_taken(s, STR("b")), 1);
	stats_debug_reset(s, STR("a"));
	stats_debug_restore(s, STR("a"), 2);
	assert_true(stats_debug_take(s, STR("a"), 3));
	assert_false(stats_debug_take(s, STR("a"), 3));
	stats_debug_reset(s, STR("a"));
	assert_true(stats_debug_take(s, STR("a"), 2));
	assert_false(stats_debug_take(s, STR("b"), 1));
	/* more names than there is room for: the others are not disturbed */
	for (int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		if (!stats_debug_take(s, str_of(name), 1))
			assert_true(i >= 254);
	}
	assert_false(stats_debug_take(s, STR("b"), 1));
	stats_unmap(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_what_is_a_host),
		cmocka_unit_test(test_the_same_subject),
		cmocka_unit_test(test_so_many_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
