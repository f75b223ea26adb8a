/* test_rates.c - counts in windows, exact over all workers */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "stats/rates.h"

#define HOUR 3600000

static struct stats *s;
static int fd;

static int
setup(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	s = stats_create(&fd, &err);
	if (s == NULL)
		fail_msg("%s", err.text);
	stats_use_slot(s, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stats_unmap(&s);
	close(fd);
	return 0;
}

static struct rate
sender(const char *name, uint64_t limit)
{
	return (struct rate){ .key = stats_rate_of_text(
				  s, RATE_SENDER, str_of(name)),
		.window = HOUR,
		.limit = limit };
}

static uint64_t
host_key(const char *text, enum rate_kind kind, uint64_t bits)
{
	struct ip ip;

	assert_true(ip_parse(&ip, str_of(text)));
	return stats_rate_of_ip(s, kind, &ip, bits);
}

static void
test_the_limit_is_taken_and_not_one_more(void **state)
{
	struct rate r = sender("a@b.test", 3);

	(void)state;
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(stats_rate_peek(s, &r, 10), i);
		assert_true(stats_rate_take(s, &r, 1, 10));
		assert_int_equal(r.count, i);
	}
	for (int i = 0; i < 2; i++) {
		assert_false(stats_rate_take(s, &r, 1, 20));
		assert_int_equal(r.count, 4);
	}
	assert_int_equal(stats_rate_peek(s, &r, 20), 4);
}

static void
test_the_window_begins_with_the_first(void **state)
{
	struct rate r = sender("a@b.test", 1);

	(void)state;
	assert_true(stats_rate_take(s, &r, 1, 1000));
	assert_false(stats_rate_take(s, &r, 1, 1000 + HOUR - 1));
	assert_int_equal(stats_rate_peek(s, &r, 1000 + HOUR), 1);
	assert_true(stats_rate_take(s, &r, 1, 1000 + HOUR));
	assert_false(stats_rate_take(s, &r, 1, 1000 + 2 * HOUR - 1));
}

static void
test_all_or_none(void **state)
{
	struct rate v[2] = { sender("a@b.test", 5), sender("c@d.test", 2) };

	(void)state;
	assert_true(stats_rate_take(s, v, 2, 0));
	assert_true(stats_rate_take(s, v, 2, 0));
	assert_false(stats_rate_take(s, v, 2, 0));
	assert_int_equal(v[0].count, 3); /* with this one, were it counted */
	assert_int_equal(v[1].count, 3);
	assert_int_equal(stats_rate_peek(s, &v[0], 0), 3);
}

static void
test_met_is_said_once_in_a_window(void **state)
{
	struct rate r = sender("a@b.test", 1);

	(void)state;
	assert_false(stats_rate_met(s, &r, 0)); /* nobody was counted */
	assert_true(stats_rate_take(s, &r, 1, 0));
	assert_true(stats_rate_met(s, &r, 1));
	assert_false(stats_rate_met(s, &r, 2));
	assert_false(stats_rate_met(s, &r, HOUR));
	assert_true(stats_rate_take(s, &r, 1, HOUR));
	assert_true(stats_rate_met(s, &r, HOUR + 1));
}

static void
test_addresses_share_by_their_leading_bits(void **state)
{
	static const struct {
		const char *a, *b;
		uint64_t bits;
		bool same;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", 32, true },
		{ "192.0.2.1", "192.0.2.2", 32, false },
		{ "192.0.2.1", "192.0.2.2", 128, false },
		{ "192.0.2.1", "192.0.2.254", 24, true },
		{ "192.0.2.1", "192.0.3.1", 24, false },
		{ "192.0.2.1", "192.0.3.1", 23, true },
		{ "192.0.2.1", "10.0.0.1", 0, true },
		{ "192.0.2.1", "2001:db8::1", 0, false },
		{ "2001:db8::1", "2001:db8::ffff", 64, true },
		{ "2001:db8::1", "2001:db8::ffff", 128, false },
		{ "2001:db8::1", "2001:db8:0:1::1", 64, false },
		{ "2001:db8::1", "::ffff:192.0.2.1", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		uint64_t a = host_key(cases[i].a, RATE_HOST, cases[i].bits),
			 b = host_key(cases[i].b, RATE_HOST, cases[i].bits);

		if ((a == b) != cases[i].same)
			fail_msg("%s and %s by %u bits", cases[i].a, cases[i].b,
			    (unsigned)cases[i].bits);
		if (a == host_key(cases[i].a, RATE_DHAP, cases[i].bits))
			fail_msg("%s: kinds share", cases[i].a);
	}
	assert_true(host_key("192.0.2.0", RATE_HOST, 24) !=
		    host_key("192.0.2.0", RATE_HOST, 32));
}

/* Threats LIM-12: many more keys than there is room for. Whoever was counted
 * before is never found with less than that, and one who was limited stays
 * so; a newcomer after the flood is hardly touched. */
static void
test_a_flood_of_keys_resets_nobody(void **state)
{
	enum { VICTIMS = 500, FLOOD = 600000 };
	struct rate limited = sender("limited@b.test", 20);
	char name[40];

	(void)state;
	while (stats_rate_take(s, &limited, 1, 0))
		continue;
	for (int i = 0; i < VICTIMS; i++) {
		struct rate r;

		snprintf(name, sizeof(name), "v%d@v.test", i);
		r = sender(name, UINT64_MAX);
		for (int k = 0; k < i % 10; k++)
			stats_rate_take(s, &r, 1, 0);
	}
	for (int i = 0; i < FLOOD; i++) {
		struct rate r;

		snprintf(name, sizeof(name), "f%d@f.test", i);
		r = sender(name, UINT64_MAX);
		stats_rate_take(s, &r, 1, 10);
	}
	for (int i = 0; i < VICTIMS; i++) {
		struct rate r;

		snprintf(name, sizeof(name), "v%d@v.test", i);
		r = sender(name, UINT64_MAX);
		if (stats_rate_peek(s, &r, 20) < (uint64_t)(i % 10) + 1)
			fail_msg("%s: the count was reset", name);
	}
	assert_false(stats_rate_take(s, &limited, 1, 20));
	for (int i = 0; i < 100; i++) {
		struct rate r;

		snprintf(name, sizeof(name), "n%d@n.test", i);
		r = sender(name, UINT64_MAX);
		/* 600,000 / 131,072 is 4.6; sets are not filled evenly */
		if (stats_rate_peek(s, &r, 20) > 16)
			fail_msg("%s begins with %u", name,
			    (unsigned)stats_rate_peek(s, &r, 20));
	}
	/* and when the window is over nothing is left of it */
	for (int i = 0; i < 100; i++) {
		struct rate r;

		snprintf(name, sizeof(name), "l%d@n.test", i);
		r = sender(name, UINT64_MAX);
		assert_int_equal(stats_rate_peek(s, &r, HOUR + 10), 1);
	}
}

static unsigned
take_all(int n_rounds, bool both)
{
	struct stats *mine = stats_map(fd, false, NULL);
	unsigned taken = 0;
	struct rate v[2] = { sender("a@b.test", 1000),
		sender("c@d.test", both ? 1000 : UINT64_MAX) };
	struct rate swapped[2] = { v[1], v[0] };

	for (int i = 0; i < n_rounds; i++)
		taken += stats_rate_take(mine, i % 2 ? v : swapped, 2, 5);
	return taken;
}

/* Several workers at once, in both orders: the limit, no more, no less, and
 * nobody waits for ever. */
static void
test_workers_together_take_the_limit(void **state)
{
	enum { WORKERS = 4 };
	int pipes[2];
	unsigned sum = 0, taken;
	struct rate r = sender("c@d.test", 1000);

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < WORKERS; i++) {
		if (fork() != 0)
			continue;
		taken = take_all(2000, true);
		_exit(write(pipes[1], &taken, sizeof(taken)) == -1);
	}
	for (int i = 0; i < WORKERS; i++) {
		int status;

		assert_int_equal(
		    read(pipes[0], &taken, sizeof(taken)), sizeof(taken));
		sum += taken;
		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_int_equal(sum, 1000);
	assert_int_equal(stats_rate_peek(s, &r, 5), 1001);
	close(pipes[0]);
	close(pipes[1]);
}

/* A worker is killed at any moment: its lock does not stay, and no count
 * falls. */
static void
test_a_killed_worker_leaves_the_counts(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (int round = 0; round < 30; round++) {
		pid_t pid = fork();
		struct rate r = sender("a@b.test", UINT64_MAX);
		uint64_t count;

		if (pid == 0) {
			char name[40];

			for (unsigned i = 0;; i++) {
				struct rate x;

				snprintf(name, sizeof(name), "%u@x", i % 7000);
				x = sender(name, UINT64_MAX);
				stats_rate_take(s, &x, 1, 5);
				stats_rate_take(s, &r, 1, 5);
			}
		}
		usleep(2000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		count = stats_rate_peek(s, &r, 5);
		assert_true(count > last);
		last = count;
		assert_true(stats_rate_take(s, &r, 1, 5));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_the_limit_is_taken_and_not_one_more),
		TEST(test_the_window_begins_with_the_first),
		TEST(test_all_or_none),
		TEST(test_met_is_said_once_in_a_window),
		TEST(test_addresses_share_by_their_leading_bits),
		TEST(test_a_flood_of_keys_resets_nobody),
		TEST(test_workers_together_take_the_limit),
		TEST(test_a_killed_worker_leaves_the_counts),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
