/*
 * test_recorder_counts.c - counters, rates, and what of them outlives a stop
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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "master/recorder_state.h"

#define RCPTS 1 /* place of "Recipients Received" among the rates */

static uint64_t sums[STATS_N_COUNTERS];

static void
check_rates(const struct recorder_rates *r, uint64_t one, uint64_t five,
    uint64_t fifteen)
{
	assert_int_equal(recorder_rates_per_hour(r, RCPTS, 60), one);
	assert_int_equal(recorder_rates_per_hour(r, RCPTS, 300), five);
	assert_int_equal(recorder_rates_per_hour(r, RCPTS, 900), fifteen);
}

/* delivery-admin 2.4, 11.1 number 5 */
static void
test_rates_100_recipients_in_a_minute(void **state)
{
	struct recorder_rates *r = mem_alloc(sizeof(*r));
	int64_t now = 5000;

	(void)state;
	memset(sums, 0, sizeof(sums));
	sums[STATS_recipients_received] = 7; /* from before: not counted */
	recorder_rates_init(r, now, sums);
	check_rates(r, 0, 0, 0);
	for (int i = 0; i < 50; i++) {
		sums[STATS_recipients_received] += 2;
		recorder_rates_tick(r, ++now, sums);
	}
	check_rates(r, 6000, 1200, 400);
	recorder_rates_tick(r, now + 9, sums);
	check_rates(r, 6000, 1200, 400);
	recorder_rates_tick(r, now + 10, sums); /* two slide out */
	check_rates(r, 6000, 1200, 400);
	recorder_rates_tick(r, now + 11, sums);
	check_rates(r, 98 * 60, 1200, 400);
	recorder_rates_tick(r, now + 60, sums);
	check_rates(r, 0, 1200, 400);
	recorder_rates_tick(r, now + 300, sums);
	check_rates(r, 0, 0, 400);
	recorder_rates_tick(r, now + 900, sums);
	check_rates(r, 0, 0, 0);
	free(r);
}

static void
test_rates_gaps_and_one_second(void **state)
{
	struct recorder_rates *r = mem_alloc(sizeof(*r));

	(void)state;
	memset(sums, 0, sizeof(sums));
	recorder_rates_init(r, 100, sums);
	sums[STATS_recipients_received] = 3;
	recorder_rates_tick(r, 100, sums);
	sums[STATS_recipients_received] = 5;
	recorder_rates_tick(r, 100, sums); /* twice in one second */
	check_rates(r, 300, 60, 20);
	recorder_rates_tick(r, 100 + 100000, sums); /* the machine slept */
	check_rates(r, 0, 0, 0);
	sums[STATS_recipients_received] = 6;
	recorder_rates_tick(r, 100 + 100001, sums);
	check_rates(r, 60, 12, 4);
	free(r);
}

/* --- the three versions of a counter, over restarts --- */

struct box {
	char path[64];
	int dir;
	struct recorder_state s;
};

static int
box_setup(void **state)
{
	struct box *b = mem_alloc(sizeof(*b));

	snprintf(b->path, sizeof(b->path), "/tmp/postern-test-XXXXXX");
	assert_non_null(mkdtemp(b->path));
	b->dir = open(b->path, O_RDONLY | O_DIRECTORY);
	b->s.dir = -1;
	memset(sums, 0, sizeof(sums));
	*state = b;
	return 0;
}

static int
box_teardown(void **state)
{
	struct box *b = *state;

	unlinkat(b->dir, ".state/counters.json", 0);
	unlinkat(b->dir, ".state/counters.json.damaged", 0);
	unlinkat(b->dir, ".state", AT_REMOVEDIR);
	rmdir(b->path);
	close(b->dir);
	free(b);
	return 0;
}

static void
load(struct box *b, int64_t started)
{
	struct err err = ERR_INIT;
	bool aside;

	if (recorder_state_load(&b->s, b->dir, started, &aside, &err) == -1)
		fail_msg("%s", err.text);
	assert_false(aside);
}

static void
save(struct box *b, const uint64_t *ids, bool exact)
{
	struct err err = ERR_INIT;

	if (recorder_state_save(&b->s, sums, ids, exact, &err) == -1)
		fail_msg("%s", err.text);
	recorder_state_close(&b->s);
}

static void
check_value(struct box *b, uint64_t reset, uint64_t uptime, uint64_t lifetime)
{
	struct recorder_value v = recorder_counts_value(&b->s.counts,
	    STATS_messages_received, sums[STATS_messages_received]);

	assert_int_equal(v.reset, reset);
	assert_int_equal(v.uptime, uptime);
	assert_int_equal(v.lifetime, lifetime);
}

static void
test_reset_uptime_lifetime(void **state)
{
	struct box *b = *state;
	uint64_t ids[STATS_N_IDS] = { 10, 20, 30 };
	uint64_t *n = &sums[STATS_messages_received];

	load(b, 1000);
	check_value(b, 0, 0, 0);
	*n = 5;
	check_value(b, 5, 5, 5);
	recorder_counts_reset(&b->s.counts, sums, 1234567);
	check_value(b, 0, 5, 5);
	*n = 9;
	check_value(b, 4, 9, 9);
	save(b, ids, true);

	load(b, 2000); /* the suite was started again */
	*n = 0;
	check_value(b, 4, 0, 9);
	assert_int_equal(b->s.counts.reset_at, 1234567);
	*n = 2;
	check_value(b, 6, 2, 11);
	save(b, ids, false);

	load(b, 2000); /* only the recorder was */
	check_value(b, 6, 2, 11);
	*n = 3;
	check_value(b, 7, 3, 12);
	recorder_state_close(&b->s);
}

static void
test_ids_are_never_given_twice(void **state)
{
	struct box *b = *state;
	uint64_t ids[STATS_N_IDS] = { 10, 20, 30 };

	load(b, 1000);
	assert_int_equal(b->s.ceilings[STATS_MID], 0);
	assert_true(recorder_state_low(&b->s, ids));
	save(b, ids, false);
	/* Killed: go on above whatever may have been given. */
	load(b, 2000);
	assert_int_equal(b->s.ceilings[STATS_MID], 10 + RECORDER_ID_RESERVE);
	ids[STATS_MID] = b->s.ceilings[STATS_MID] + 77;
	assert_true(recorder_state_low(&b->s, ids));
	save(b, ids, false);
	load(b, 2000);
	assert_true(b->s.ceilings[STATS_MID] > ids[STATS_MID]);
	assert_false(recorder_state_low(&b->s, ids));
	ids[STATS_MID] += RECORDER_ID_RESERVE / 2 + 1;
	assert_true(recorder_state_low(&b->s, ids));
	/* Stopped: exact. */
	save(b, ids, true);
	load(b, 3000);
	assert_int_equal(b->s.ceilings[STATS_MID], ids[STATS_MID]);
	recorder_state_close(&b->s);
}

static void
test_serial_stays(void **state)
{
	struct box *b = *state;
	uint64_t ids[STATS_N_IDS] = { 0 };
	char serial[RECORDER_SERIAL];

	load(b, 1);
	assert_int_equal(strlen(b->s.serial), RECORDER_SERIAL - 1);
	memcpy(serial, b->s.serial, sizeof(serial));
	save(b, ids, true);
	load(b, 2);
	assert_string_equal(b->s.serial, serial);
	recorder_state_close(&b->s);
}

static void
test_damaged_file_is_set_aside(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"version\":1}",
		"{\"version\":2,\"serial\":\"x\",\"last_counter_reset\":0,"
		"\"ids\":{\"mid\":1,\"icid\":1,\"dcid\":1},\"counters\":{}}",
		"{\"version\":1,\"serial\":\"x\",\"last_counter_reset\":0,"
		"\"ids\":{\"mid\":-1,\"icid\":1,\"dcid\":1},\"counters\":{}}",
		"{\"version\":1,\"serial\":\"much too long, a serial\","
		"\"last_counter_reset\":0,"
		"\"ids\":{\"mid\":1,\"icid\":1,\"dcid\":1},"
		"\"counters\":{}}" };
	struct box *b = *state;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < NELEM(texts); i++) {
		struct stat st;
		bool aside;
		int fd;

		mkdirat(b->dir, ".state", 0700);
		fd = openat(b->dir, ".state/counters.json",
		    O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(
		    write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		close(fd);
		assert_int_equal(
		    recorder_state_load(&b->s, b->dir, 1, &aside, &err), 0);
		if (!aside || b->s.ceilings[STATS_MID] != 0)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(strlen(b->s.serial), RECORDER_SERIAL - 1);
		assert_int_equal(
		    fstatat(b->dir, ".state/counters.json.damaged", &st, 0), 0);
		recorder_state_close(&b->s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, box_setup, box_teardown)
		cmocka_unit_test(test_rates_100_recipients_in_a_minute),
		cmocka_unit_test(test_rates_gaps_and_one_second),
		T(test_reset_uptime_lifetime),
		T(test_ids_are_never_given_twice),
		T(test_serial_stays),
		T(test_damaged_file_is_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
