/* test_retry.c - the arithmetic of trying again (spec 1.7.3) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "qmgr/retry.h"

#define S 1000

static struct bounce_profile
profile(uint32_t retries, uint32_t queue, uint32_t initial, uint32_t max)
{
	return (struct bounce_profile){ .max_retries = retries,
		.max_queue_time = queue,
		.initial_retry = initial,
		.max_retry = max,
		.initial_host_retry = 60,
		.max_host_retry = 3600,
		.warn = true,
		.warn_interval = 14400,
		.warn_count = 2 };
}

/* Attempts fail softly until the mail is given up. The times of all attempts
 * in seconds, -1 at the end; then the time when it was given up. */
static int64_t
live(const struct bounce_profile *p, int64_t *times, size_t max)
{
	int64_t now = 0;
	uint32_t attempts = 0;
	size_t n = 0;

	for (;;) {
		if (retry_expired(p, 0, 0, now, attempts))
			break; /* just before the attempt */
		times[n++] = now / S;
		assert_true(n < max);
		if (retry_exhausted(p, ++attempts))
			break; /* directly after the attempt */
		now += retry_interval(p, attempts, 0);
	}
	times[n] = -1;
	return now / S;
}

static void
test_documented_cases(void **state)
{
	static const struct {
		const char *why;
		uint32_t retries, queue, initial, max;
		int64_t attempts[8];
		int64_t given_up;
	} cases[] = {
		{ "bounce directly after the third attempt", 2, 259200, 60, 60,
		    { 0, 60, 120, -1 }, 120 },
		{ "bounce just before the attempt due at 120", 100, 100, 60,
		    120, { 0, 60, -1 }, 120 },
		{ "no retries", 0, 259200, 60, 60, { 0, -1 }, 0 },
		{ "doubling, capped", 5, 259200, 60, 200,
		    { 0, 60, 120, 240, 440, 640, -1 }, 640 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct bounce_profile p = profile(cases[i].retries,
		    cases[i].queue, cases[i].initial, cases[i].max);
		int64_t times[16];
		int64_t end = live(&p, times, NELEM(times));

		for (size_t j = 0;; j++) {
			if (times[j] != cases[i].attempts[j])
				fail_msg("%s: attempt %zu at %lld",
				    cases[i].why, j, (long long)times[j]);
			if (times[j] == -1)
				break;
		}
		if (end != cases[i].given_up)
			fail_msg("%s: given up at %lld", cases[i].why,
			    (long long)end);
	}
}

static void
test_jitter_stays_within_five_per_cent(void **state)
{
	struct bounce_profile p = profile(100, 259200, 60, 3600);

	(void)state;
	assert_int_equal(retry_interval(&p, 1, RETRY_JITTER), 60 * S);
	assert_int_equal(retry_interval(&p, 1, -RETRY_JITTER), 60 * S);
	assert_int_equal(retry_interval(&p, 2, RETRY_JITTER), 63 * S);
	assert_int_equal(retry_interval(&p, 2, -RETRY_JITTER), 57 * S);
	assert_int_equal(retry_interval(&p, 50, 0), 3600 * S);
	assert_int_equal(retry_interval(&p, UINT32_MAX, 0), 3600 * S);
}

static void
test_hosts_have_their_own_schedule(void **state)
{
	struct bounce_profile p = profile(100, 259200, 600, 600);

	(void)state;
	assert_int_equal(retry_host_interval(&p, 1), 60 * S);
	assert_int_equal(retry_host_interval(&p, 2), 120 * S);
	assert_int_equal(retry_host_interval(&p, 3), 240 * S);
	assert_int_equal(retry_host_interval(&p, 30), 3600 * S);
}

/* The clock jumps; nothing expires or waits longer because of it. */
static void
test_dur_12_a_wrong_clock(void **state)
{
	struct bounce_profile p = profile(100, 259200, 60, 3600);
	const int64_t day = 86400 * (int64_t)S, now = 5 * day;
	int64_t born;

	(void)state;
	/* The clock was back in 1970 when the mail came: ages from now on. */
	assert_int_equal(retry_born(100 * day, 1 * day, now), now);
	/* It is in 2038 while we load: old, yet it gets its attempt. */
	born = retry_born(100 * day, 20000 * day, now);
	assert_false(retry_expired(&p, born, now, now, 0));
	assert_true(retry_expired(&p, born, now, now, 1));
	/* Never tried, but all the time was spent running. */
	assert_true(retry_expired(&p, now - 3 * day, now - 3 * day, now, 0));
	assert_false(retry_expired(&p, now - 2 * day, now - 2 * day, now, 5));

	/* An attempt planned by a process with another clock. */
	assert_int_equal(retry_resume(&p, 50 * day, 60 * day, now), now);
	assert_int_equal(
	    retry_resume(&p, 60 * day + 90 * S, 60 * day, now), now + 90 * S);
	assert_int_equal(
	    retry_resume(&p, 20000 * day, 60 * day, now), now + 3780 * S);
}

static void
test_warnings(void **state)
{
	struct bounce_profile p = profile(100, 259200, 60, 3600);
	static const struct {
		const char *why;
		int64_t age; /* s */
		uint32_t attempts, warned;
		bool may;
	} cases[] = {
		{ "not at the first attempt", 90000, 1, 0, false },
		{ "at the second", 60, 2, 0, true },
		{ "the next one not before the interval", 14399, 9, 1, false },
		{ "then it may", 14400, 9, 1, true },
		{ "no more than their number", 200000, 50, 2, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		if (retry_may_warn(&p, cases[i].age * S, cases[i].attempts,
			cases[i].warned) != cases[i].may)
			fail_msg("%s", cases[i].why);
	p.warn = false;
	assert_false(retry_may_warn(&p, 90000 * S, 2, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documented_cases),
		cmocka_unit_test(test_jitter_stays_within_five_per_cent),
		cmocka_unit_test(test_hosts_have_their_own_schedule),
		cmocka_unit_test(test_dur_12_a_wrong_clock),
		cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
