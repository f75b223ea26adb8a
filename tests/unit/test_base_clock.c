/* test_base_clock.c - how times and durations read */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"

#define S 1000ll
#define M (60 * S)
#define H (60 * M)
#define D (24 * H)

static void
test_durations(void **state)
{
	static const struct {
		int64_t ms;
		const char *uptime, *age;
	} cases[] = {
		{ 0, "0s", "0 secs" },
		{ -5, "0s", "0 secs" },
		{ 999, "0s", "0 secs" },
		{ S, "1s", "1 sec" },
		{ 61 * S, "1m 01s", "1 min 1 sec" },
		{ 22 * H + 45 * M + 29 * S, "22h 45m 29s",
		    "22 hours 45 mins 29 secs" },
		{ 3 * D + 2 * H + 11 * M + 40 * S, "3d 02h 11m 40s",
		    "3 days 2 hours 11 mins 40 secs" },
		{ 28 * D + 46 * M + 53 * S, "28d 00h 46m 53s",
		    "4 weeks 46 mins 53 secs" },
		{ H + 5 * M + 35 * S, "1h 05m 35s", "1 hour 5 mins 35 secs" },
		{ 2 * H, "2h 00m 00s", "2 hours" },
		{ 8 * D, "8d 00h 00m 00s", "1 week 1 day" },
		{ INT64_MAX, "106751991167d 07h 12m 55s", "9999 weeks" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char out[CLOCK_TEXT];

		assert_string_equal(
		    clock_uptime(cases[i].ms, out), cases[i].uptime);
		assert_string_equal(clock_age(cases[i].ms, out), cases[i].age);
	}
}

static void
test_dates(void **state)
{
	static const struct {
		int64_t ms;
		const char *log, *status, *mail;
	} cases[] = {
		{ 1741083302500, "Tue Mar  4 10:15:02 2025",
		    "Tue Mar 04 10:15:02 2025 GMT",
		    "Tue, 04 Mar 2025 10:15:02 +0000" },
		{ 0, "Thu Jan  1 00:00:00 1970", "Thu Jan 01 00:00:00 1970 GMT",
		    "Thu, 01 Jan 1970 00:00:00 +0000" },
		{ -1, "Wed Dec 31 23:59:59 1969",
		    "Wed Dec 31 23:59:59 1969 GMT",
		    "Wed, 31 Dec 1969 23:59:59 +0000" },
	};

	(void)state;
	setenv("TZ", "GMT0", 1);
	tzset();
	for (size_t i = 0; i < NELEM(cases); i++) {
		char out[CLOCK_TEXT];

		assert_string_equal(
		    clock_ctime(cases[i].ms, out), cases[i].log);
		assert_string_equal(
		    clock_status(cases[i].ms, out), cases[i].status);
		assert_string_equal(
		    clock_rfc5322(cases[i].ms, out), cases[i].mail);
	}
}

static void
test_clocks_run(void **state)
{
	int64_t was = clock_mono_ms();

	(void)state;
	assert_true(clock_mono_ms() >= was);
	assert_true(clock_wall_ms() > 1700000000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_clocks_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
