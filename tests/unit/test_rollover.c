/* test_rollover.c - when a log file ends by the clock */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/rollover.h"

#define NOON INT64_C(1741089600) /* Tue Mar  4 12:00:00 2025 UTC */
#define HOUR 3600
#define DAY  86400

static void
test_what_is_a_time(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
		{ "00:00", true },
		{ "23:59", true },
		{ "Mon 03:15", true },
		{ "sun 03:15", true },
		{ "24:00", false },
		{ "12:60", false },
		{ "1:00", false },
		{ "12", false },
		{ "12:00:00", false },
		{ "Montag 12:00", false },
		{ "Mon", false },
		{ "Mon 12:00 x", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct err err = ERR_INIT;

		if (rollover_ok(str_of(cases[i].text), &err) != cases[i].ok)
			fail_msg("\"%s\"", cases[i].text);
		assert_int_equal(err.kind == ERR_NONE, cases[i].ok);
	}
}

static void
test_the_next_time(void **state)
{
	static const struct {
		const char *why, *zone;
		uint32_t every;
		const char *at[2];
		int64_t begun, want; /* from noon, s; 0: never */
	} cases[] = {
		{ "never", "UTC", 0, { NULL }, 0, 0 },
		{ "1d12h", "UTC", 36 * HOUR, { NULL }, 0, 36 * HOUR },
		{ "later today", "UTC", 0, { "13:00" }, 0, HOUR },
		{ "now is not later", "UTC", 0, { "12:00" }, 0, DAY },
		{ "tomorrow", "UTC", 0, { "11:00" }, 0, 23 * HOUR },
		{ "the first of two", "UTC", 0, { "18:00", "15:00" }, 0,
		    3 * HOUR },
		{ "what comes first", "UTC", HOUR, { "15:00" }, 0, HOUR },
		{ "once a week", "UTC", 0, { "Thu 12:00" }, 0, 2 * DAY },
		{ "in a week", "UTC", 0, { "Tue 11:00" }, 0, 7 * DAY - HOUR },
		{ "local time", "JST-9", 0, { "00:00" }, 0, 3 * HOUR },
		{ "clocks go forward in between", "CET-1CEST,M3.5.0,M10.5.0/3",
		    0, { "Sun 12:00" }, 24 * (int64_t)DAY,
		    26 * (int64_t)DAY - 2 * HOUR },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct str at[2] = { str_of(cases[i].at[0]),
			str_of(cases[i].at[1]) };
		struct log_subscription sub = {
			.rollover_every = cases[i].every,
			.rollover_at = at,
			.n_rollover_at =
			    (cases[i].at[0] != NULL) + (cases[i].at[1] != NULL),
		};
		int64_t next;

		setenv("TZ", cases[i].zone, 1);
		tzset();
		next = rollover_next(&sub, (NOON + cases[i].begun) * 1000);
		if (next == INT64_MAX)
			next = NOON * 1000;
		if (next != (NOON + cases[i].want) * 1000)
			fail_msg("%s: in %lld s", cases[i].why,
			    (long long)(next / 1000 - NOON));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_time),
		cmocka_unit_test(test_the_next_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
