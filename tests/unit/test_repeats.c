/* test_repeats.c - how often a text was seen in the last hour */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "stats/repeats.h"

#define MINUTE ((int64_t)60000)

static struct stats *s;

static int
setup(void **state)
{
	struct err err = ERR_INIT;
	int fd;

	(void)state;
	s = stats_create(&fd, &err);
	if (s == NULL)
		fail_msg("%s", err.text);
	close(fd);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stats_unmap(&s);
	return 0;
}

static void
test_of_the_last_hour(void **state)
{
	/* when, and how many there were before */
	static const struct {
		int64_t minute;
		uint64_t before;
	} steps[] = { { 1000, 0 }, { 1000, 1 }, { 1030, 2 }, { 1059, 3 },
		{ 1060, 2 }, { 1089, 3 }, { 1090, 3 }, { 1149, 1 }, { 1300, 0 },
		{ 1299, 1 } };

	(void)state;
	for (size_t i = 0; i < NELEM(steps); i++) {
		uint64_t n =
		    stats_repeat(s, STR("a"), steps[i].minute * MINUTE + 1);

		if (n != steps[i].before)
			fail_msg("minute %d: %d", (int)steps[i].minute, (int)n);
	}
	assert_int_equal(stats_repeat(s, STR("b"), 1300 * MINUTE), 0);
}

/* A message that is looked at again counts once. */
static void
test_again(void **state)
{
	(void)state;
	assert_int_equal(stats_repeat_again(s, STR("c"), MINUTE), 0);
	stats_repeat(s, STR("c"), MINUTE);
	assert_int_equal(stats_repeat(s, STR("c"), MINUTE), 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(stats_repeat_again(s, STR("c"), MINUTE), 1);
	assert_int_equal(stats_repeat(s, STR("c"), MINUTE), 2);
	assert_int_equal(stats_repeat_again(s, STR("c"), 100 * MINUTE), 0);
}

/* A flood takes the place of those seen longest ago. */
static void
test_number_of_texts_is_bounded(void **state)
{
	char text[32];
	uint64_t seen = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		seen += stats_repeat(s, str_of(text), i);
	}
	assert_int_equal(seen, 0);
	assert_int_equal(stats_repeat(s, STR("text 299999"), 300000), 1);
	assert_int_equal(stats_repeat(s, STR("text 0"), 300000), 0);
}

int
main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		FRESH(test_of_the_last_hour),
		FRESH(test_again),
		FRESH(test_number_of_texts_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
