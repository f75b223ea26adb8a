/*
 * test_burden.c - whose look-ups cost time of the processor, and an end for
 * what never comes back (threats DNS-07)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "lookup/burden.h"
#include "lookup/overrun.h"

static void
test_dns_07_domains(void **state)
{
	static const struct {
		const char *name, *want;
	} table[] = {
		{ "example.com.", "example.com" },
		{ "mx.a.b.example.com", "example.com" },
		{ "example.co.uk.", "example.co.uk" },
		{ "a.example.co.uk.", "example.co.uk" },
		{ "a.b.ne.jp.", "b.ne.jp" },
		{ "a.co.com.", "co.com" },
		{ "co.uk.", "co.uk" },
		{ "uk.", "uk" },
		{ ".", "" },
		{ "", "" },
		{ "9.2.0.192.in-addr.arpa.", "2.0.192.in-addr.arpa" },
		{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0."
		  "0.2.ip6.arpa.",
		    "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct str got = burden_domain(str_of(table[i].name));

		if (!str_is(got, table[i].want))
			fail_msg("%s: %.*s", table[i].name, STR_ARG(got));
	}
}

/* Others are under way as well, each time other ones. */
static void
test_dns_07_the_one_that_costs(void **state)
{
	struct burdens *b = burdens_new();
	struct str paused = STR(""), v[4];
	char names[3][32];
	int64_t now = 1000;
	int calls = 0;
	bool over = false;

	(void)state;
	for (; !over && calls < 1000; calls++) {
		for (int i = 0; i < 3; i++) {
			snprintf(names[i], sizeof(names[i]), "d%d.test",
			    calls * 3 + i);
			v[i] = str_of(names[i]);
		}
		v[3] = STR("hostile.test");
		over = burden_charge(b, v, 4, 100000, now, &paused);
		now += 100;
	}
	assert_true(over);
	assert_true(str_is(paused, "hostile.test"));
	/* 100 ms of each 100: 75 more than there are to spend */
	assert_int_equal(calls, 27);
	assert_true(burden_is_paused(b, STR("hostile.test"), now));
	assert_false(burden_is_paused(b, v[0], now));
	assert_false(
	    burden_is_paused(b, STR("hostile.test"), now + BURDEN_PAUSE));
	burdens_free(&b);
}

static void
test_dns_07_what_may_be_spent(void **state)
{
	struct burdens *b = burdens_new();
	struct str paused, v = STR("busy.test");

	(void)state;
	/* a fifth of the processor, for an hour */
	for (int64_t now = 0; now < 3600000; now += 50)
		assert_false(burden_charge(b, &v, 1, 10000, now, &paused));
	/* all of it, but not for long */
	assert_false(burden_charge(b, &v, 1, BURDEN_BURST, 3700000, &paused));
	assert_true(burden_charge(b, &v, 1, 1, 3700000, &paused));
	/* the next one begins from nothing; the paused one is not paused
	 * again */
	v = STR("next.test");
	assert_false(burden_charge(b, &v, 1, BURDEN_BURST, 3700000, &paused));
	assert_true(burden_charge(b, &v, 1, 1, 3700000, &paused));
	assert_true(str_is(paused, "next.test"));
	/* nobody is left to be paused */
	assert_false(
	    burden_charge(b, &v, 0, 2 * BURDEN_BURST, 3700000, &paused));
	burdens_free(&b);
}

/* What was charged is forgotten in time, and before that there is no room for
 * all that anybody can name. */
static void
test_dns_07_many_domains(void **state)
{
	struct burdens *b = burdens_new();
	struct str paused, v;
	char name[32];
	bool over = false;

	(void)state;
	for (int i = 0; i < 20000 && !over; i++) {
		snprintf(name, sizeof(name), "d%d.test", i);
		v = str_of(name);
		over = burden_charge(b, &v, 1, 2000, 1000, &paused);
	}
	assert_true(over);
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "e%d.test", i);
		v = str_of(name);
		assert_false(burden_charge(
		    b, &v, 1, 2000, 1000000000LL + 100000LL * i, &paused));
	}
	burdens_free(&b);
}

/* --- what never comes back --- */

static int
status_of(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		overrun_watch(100);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Seconds of the processor. */
static void
burn(double seconds)
{
	struct timespec ts;
	double end, now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	end = (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec + seconds;
	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
		now = (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
	} while (now < end);
}

static void
endless(void)
{
	overrun_begin();
	burn(10);
	overrun_end();
}

static void
long_in_parts(void)
{
	for (int i = 0; i < 20; i++) {
		overrun_begin();
		burn(0.02);
		overrun_end();
	}
}

static void
test_dns_07_overrun(void **state)
{
	(void)state;
	assert_int_equal(status_of(endless), OVERRUN_STATUS);
	assert_int_equal(status_of(long_in_parts), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_07_domains),
		cmocka_unit_test(test_dns_07_the_one_that_costs),
		cmocka_unit_test(test_dns_07_what_may_be_spent),
		cmocka_unit_test(test_dns_07_many_domains),
		cmocka_unit_test(test_dns_07_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
