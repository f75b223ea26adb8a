/*
 * test_recorder_health.c - how the last day was, and what is said about it
 *
 * All clocks are arguments.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "event/alert.h"
#include "master/recorder_health.h"

#define MINUTE INT64_C(60000)
#define START  (INT64_C(29018077) * MINUTE)

static const struct health_config limits = {
	.limit = { 500, 85, 5000 },
	.alert = { true, true, true },
};
static int dir = -1;
static char folder[] = "/tmp/test_recorder_health.XXXXXX";
static struct recorder_health *h;
static char heard[8][160]; /* what was said */
static size_t n_heard;

static void
hear(void *arg, enum event_id id, const void *fields)
{
	const struct event_ALERT_WARNING *alert = fields;
	const struct event_NOTICE *notice = fields;

	(void)arg;
	if (n_heard == NELEM(heard))
		return;
	if (id == EVENT_ALERT_WARNING)
		snprintf(heard[n_heard++], sizeof(heard[0]), "%.*s %.*s",
		    STR_ARG(alert->id), STR_ARG(alert->text));
	else if (id == EVENT_NOTICE)
		snprintf(heard[n_heard++], sizeof(heard[0]), "%.*s",
		    STR_ARG(notice->text));
	else
		fail_msg("event %d", (int)id);
}

static int
begin(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	h = recorder_health_open(dir, START);
	n_heard = 0;
	event_set_sink(&(struct event_sink){ hear, NULL });
	return 0;
}

static int
end(void **state)
{
	(void)state;
	recorder_health_free(&h);
	unlinkat(dir, "health.json", 0);
	unlinkat(dir, "health.json.damaged", 0);
	close(dir);
	rmdir(folder);
	return 0;
}

/* A sample every second of that minute after START. */
static void
pass(int64_t minute, int64_t queue, int64_t cpu, int64_t swapped,
    int64_t conserving, const struct health_config *c)
{
	const struct health_sample s = { { queue, cpu, swapped }, conserving };

	for (int second = 0; second < 60; second++)
		recorder_health_take(
		    h, &s, c, START + minute * MINUTE + second * 1000);
}

static void
check(unsigned minutes, int64_t at, const char *want)
{
	json_t *j =
	    recorder_health_show(h, &limits, minutes, START + at * MINUTE);
	char *text;

	json_object_del(j, "status_as_of");
	text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, want);
	free(text);
	json_decref(j);
}

/* threshold, now, highest, minute of that (a number of START's, or below 0),
 * over, over_now, last */
#define T(minute) (START + (minute)*MINUTE)
static char expected[2000];

static const char *
expect(int64_t since, int64_t n, const int64_t v[4][7])
{
	static const char *const names[] = { "workqueue", "cpu", "swap",
		"conservation" };
	json_t *list = json_array(), *j;
	char *text;

	for (size_t i = 0; i < 4; i++) {
		const int64_t *x = v[i];
#define ORNULL(cond, v) ((cond) ? json_integer(v) : json_null())
		json_array_append_new(
		    list, json_pack("{s:s, s:I, s:o, s:o, s:o, s:I, s:b, s:o}",
			      "check", names[i], "threshold", (json_int_t)x[0],
			      "now", ORNULL(x[1] >= 0, x[1]), "highest",
			      ORNULL(x[2] >= 0, x[2]), "highest_at",
			      ORNULL(x[3] >= 0, T(x[3])), "over",
			      (json_int_t)x[4], "over_now", (int)x[5],
			      "last_over", ORNULL(x[6] >= 0, T(x[6]))));
	}
	j = json_pack("{s:o, s:I, s:o}", "since", ORNULL(since >= 0, T(since)),
	    "minutes", (json_int_t)n, "checks", list);
	text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	assert_true(str_copy(expected, sizeof(expected), str_of(text)));
	free(text);
	json_decref(j);
	return expected;
}

static void
test_nothing_is_known_at_first(void **state)
{
	(void)state;
	check(60, 0,
	    expect(-1, 0,
		(const int64_t[4][7]){ { 500, -1, -1, -1, 0, 0, -1 },
		    { 85, -1, -1, -1, 0, 0, -1 },
		    { 5000, -1, -1, -1, 0, 0, -1 },
		    { 0, -1, -1, -1, 0, 0, -1 } }));
}

static void
test_what_is_over(void **state)
{
	(void)state;
	pass(0, 3, 10, 1000, 0, &limits);
	pass(1, 500, 85, 1000, 0, &limits);  /* not above */
	pass(2, 501, 86, 1000, 12, &limits); /* just above */
	pass(3, 9, 99, 7000, 0, &limits);
	pass(4, 9, 20, 13000, 0, &limits);
	pass(5, 700, 20, 13000, 0, &limits);
	/* the pages of minute 2 and 3 came as 3 and 4 began; minute 5 goes on;
	 * the first one is no whole minute for pages */
	check(60, 5,
	    expect(0, 5,
		(const int64_t[4][7]){ { 500, 700, 501, 2, 1, 1, 2 },
		    { 85, 20, 99, 3, 2, 0, 3 }, { 5000, 0, 6000, 2, 2, 0, 3 },
		    { 0, 0, 12, 2, 1, 0, 2 } }));
	/* what was before is not asked for */
	check(1, 5,
	    expect(4, 1,
		(const int64_t[4][7]){ { 500, 700, 9, 4, 0, 1, -1 },
		    { 85, 20, 20, 4, 0, 0, -1 }, { 5000, 0, 0, 4, 0, 0, -1 },
		    { 0, 0, 0, 4, 0, 0, -1 } }));
}

static void
test_alerts(void **state)
{
	struct health_config quiet = limits;
	static const char *const want[] = {
		"HEALTH.WORKQUEUE The work queue: 900 messages in the last "
		"minute; the threshold is 500",
		"HEALTH.SWAP Swapping: 9000 pages in the last minute; the "
		"threshold is 5000",
		"HEALTH.WORKQUEUE The work queue: 600 messages in the last "
		"minute; the threshold is 500",
		"Swapping: 0 pages in the last minute; it is not above the "
		"threshold (5000) any more",
		"The work queue: 0 messages in the last minute; it is not "
		"above the threshold (500) any more",
	};

	(void)state;
	pass(0, 0, 10, 0, 0, &limits);
	pass(1, 900, 10, 0, 0, &limits);
	pass(2, 600, 10, 9000, 0, &limits);
	pass(3, 0, 10, 9000, 0, &limits);
	pass(4, 0, 10, 9000, 0, &limits);
	assert_int_equal(n_heard, NELEM(want));
	for (size_t i = 0; i < NELEM(want); i++)
		assert_string_equal(heard[i], want[i]);
	quiet.alert[HEALTH_CPU] = false;
	n_heard = 0;
	pass(5, 0, 100, 9000, 0, &quiet);
	quiet.limit[HEALTH_WORKQUEUE] = UNLIMITED;
	pass(6, 9999, 100, 9000, 0, &quiet);
	pass(7, 9999, 100, 9000, 0, &quiet);
	assert_int_equal(n_heard, 1); /* that it is above is worth a line */
	assert_string_equal(heard[0],
	    "The use of the processors: 100 % in the last minute; the "
	    "threshold is 85");
}

/* Nothing is measured yet, or the recorder was away, or the clock jumped. */
static void
test_gaps(void **state)
{
	(void)state;
	pass(0, 7, -1, 500, 0, &limits);
	pass(10, 8, 50, 99999, 0, &limits); /* pages of ten minutes */
	pass(11, 8, 50, 99999, 0, &limits);
	pass(3, 9, 51, 99999, 0, &limits); /* set back */
	pass(4, 9, 51, 10, 0, &limits);    /* another boot */
	pass(5, 9, 51, 10, 0, &limits);
	assert_int_equal(n_heard, 0);
	check(12, 12,
	    expect(0, 5,
		(const int64_t[4][7]){ { 500, 9, 9, 3, 0, 0, -1 },
		    { 85, 51, 51, 3, 0, 0, -1 }, { 5000, 0, 0, 4, 0, 0, -1 },
		    { 0, 0, 0, 0, 0, 0, -1 } }));
}

static void
test_it_outlives_a_restart(void **state)
{
	json_t *before, *after;

	(void)state;
	for (int64_t m = 0; m < 2000; m++) /* more than a day */
		pass(m, m, m % 100, m * m, m == 1990, &limits);
	before = recorder_health_show(h, &limits, HEALTH_MINUTES, T(1999));
	assert_int_equal(
	    json_integer_value(json_object_get(before, "minutes")), 1440);
	recorder_health_keep(h);
	recorder_health_free(&h);
	h = recorder_health_open(dir, T(1999));
	after = recorder_health_show(h, &limits, HEALTH_MINUTES, T(1999));
	for (size_t i = 0; i < 4; i++) { /* what is now is not known yet */
		json_t *a = json_array_get(json_object_get(after, "checks"), i);
		json_t *b =
		    json_array_get(json_object_get(before, "checks"), i);

		json_object_del(a, "now");
		json_object_del(b, "now");
		json_object_del(a, "over_now");
		json_object_del(b, "over_now");
	}
	assert_true(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	/* three days later nothing of it is of the last day */
	recorder_health_free(&h);
	h = recorder_health_open(dir, T(1999 + 3 * 1440));
	before = recorder_health_show(h, &limits, 1440, T(1999 + 3 * 1440));
	assert_int_equal(
	    json_integer_value(json_object_get(before, "minutes")), 0);
	json_decref(before);
}

static void
test_a_damaged_file(void **state)
{
	static const char damaged[] =
	    "{\"version\":1,\"minutes\":[1,[],[-5,1,1,1,1],"
	    "[29018076,\"x\",-9,1.5,null],[99999999999,1,1,1,1]]}";
	const char *const texts[] = { "", "{", "[]", "{\"version\":2}",
		damaged };

	(void)state;
	for (size_t i = 0; i < NELEM(texts); i++) {
		int fd = openat(
		    dir, "health.json", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		json_t *j;
		int64_t n;

		assert_int_equal(write(fd, texts[i], strlen(texts[i])),
		    (ssize_t)strlen(texts[i]));
		close(fd);
		recorder_health_free(&h);
		h = recorder_health_open(dir, START);
		j = recorder_health_show(h, &limits, 1440, START);
		n = json_integer_value(json_object_get(j, "minutes"));
		json_decref(j);
		if (n != (i == NELEM(texts) - 1))
			fail_msg("%s: %d", texts[i], (int)n);
		pass(0, 1, 1, 1, 0, &limits);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_nothing_is_known_at_first, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_over, begin, end),
		cmocka_unit_test_setup_teardown(test_alerts, begin, end),
		cmocka_unit_test_setup_teardown(test_gaps, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_it_outlives_a_restart, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_a_damaged_file, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
