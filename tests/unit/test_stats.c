/* test_stats.c - shared counters, ids and live connections */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "stats/stats.h"

static struct stats *
fresh(int *fd)
{
	struct err err = ERR_INIT;
	struct stats *s = stats_create(fd, &err);

	if (s == NULL)
		fail_msg("%s", err.text);
	return s;
}

static struct ip
address(const char *text)
{
	struct ip ip;

	if (!ip_parse(&ip, str_of(text)))
		fail_msg("%s", text);
	return ip;
}

static void
test_counters_of_all_slots_add_up(void **state)
{
	struct stats *a, *b;
	int fd;

	(void)state;
	a = fresh(&fd);
	b = stats_map(fd, false, NULL);
	stats_use_slot(a, 1);
	stats_use_slot(b, 2);
	stats_add(a, STATS_messages_received, 3);
	stats_add(b, STATS_messages_received, 4);
	stats_gauge_add(a, STATS_GAUGE_inbound_conn, 5);
	stats_gauge_add(b, STATS_GAUGE_inbound_conn, 6);
	assert_int_equal(stats_sum(a, STATS_messages_received), 7);
	assert_int_equal(stats_gauge_sum(a, STATS_GAUGE_inbound_conn), 11);
	/* a process dies: what it counted stays, what it held does not */
	stats_slot_died(a, 2);
	assert_int_equal(stats_sum(a, STATS_messages_received), 7);
	assert_int_equal(stats_gauge_sum(a, STATS_GAUGE_inbound_conn), 5);
	/* a slot far behind those in use */
	stats_use_slot(b, 200);
	stats_add(b, STATS_messages_received, 1);
	assert_int_equal(stats_sum(a, STATS_messages_received), 8);
	stats_unmap(&a);
	stats_unmap(&b);
	close(fd);
}

static void
test_the_oldest_event_that_waits(void **state)
{
	struct stats *s;
	int fd;

	(void)state;
	s = fresh(&fd);
	assert_int_equal(stats_events_oldest(s), INT64_MAX);
	stats_use_slot(s, 3);
	stats_events_wait(s, 300);
	stats_use_slot(s, 1);
	stats_events_wait(s, 500);
	assert_int_equal(stats_events_oldest(s), 300);
	/* nobody sends what a dead process had */
	stats_slot_died(s, 3);
	assert_int_equal(stats_events_oldest(s), 500);
	stats_events_wait(s, 0);
	assert_int_equal(stats_events_oldest(s), INT64_MAX);
	stats_unmap(&s);
	close(fd);
}

static void
test_ids_are_unique_and_start_above_the_floor(void **state)
{
	struct stats *s;
	int fd;

	(void)state;
	s = fresh(&fd);
	stats_id_floor(s, STATS_MID, 1000);
	stats_id_floor(s, STATS_MID, 10); /* never down */
	assert_int_equal(stats_next_id(s, STATS_MID), 1001);
	assert_int_equal(stats_next_id(s, STATS_MID), 1002);
	assert_int_equal(stats_last_id(s, STATS_MID), 1002);
	assert_int_equal(stats_next_id(s, STATS_ICID), 1);
	stats_unmap(&s);
	close(fd);
}

static void
test_connections_are_counted_by_address_listener_and_in_total(void **state)
{
	static const struct {
		const char *why, *ip;
		uint32_t listener, of_ip, of_listener, total;
	} cases[] = {
		{ "the first", "192.0.2.1", 0, 1, 1, 1 },
		{ "the same again", "192.0.2.1", 0, 2, 2, 2 },
		{ "another listener", "192.0.2.1", 1, 3, 1, 3 },
		{ "another address", "192.0.2.2", 0, 1, 3, 4 },
		{ "mapped is IPv4", "::ffff:192.0.2.2", 0, 2, 4, 5 },
		{ "IPv6", "2001:db8::1", 0, 1, 5, 6 },
		{ "the same /64", "2001:db8::ffff:1", 0, 2, 6, 7 },
		{ "another /64", "2001:db8:0:1::1", 0, 1, 7, 8 },
	};
	struct stats_conn held[NELEM(cases)];
	struct stats_conn_counts c;
	struct stats *s;
	int fd;

	(void)state;
	s = fresh(&fd);
	stats_use_slot(s, 1);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct ip ip = address(cases[i].ip);

		c = stats_conn_enter(s, &ip, cases[i].listener, &held[i]);
		if (c.of_ip != cases[i].of_ip ||
		    c.of_listener != cases[i].of_listener ||
		    c.total != cases[i].total)
			fail_msg("%s: %u %u %u", cases[i].why, c.of_ip,
			    c.of_listener, c.total);
	}
	for (size_t i = 0; i < NELEM(cases); i++)
		stats_conn_leave(s, &held[i]);
	stats_conn_leave(s, &held[0]); /* twice is once */
	c = stats_conn_enter(s, &(struct ip){ { 1 } }, 0, &held[0]);
	assert_int_equal(c.total, 1);
	stats_unmap(&s);
	close(fd);
}

/* Many addresses, more than one stripe holds, in and out in another order:
 * the counts end at nothing, and none is ever too small. */
static void
test_connections_of_many_addresses(void **state)
{
	enum { N = 12000 };
	struct stats_conn *held = mem_array(N, sizeof(*held));
	struct stats_conn_counts c;
	struct stats *s;
	int fd;

	(void)state;
	s = fresh(&fd);
	stats_use_slot(s, 3);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < N; i++) {
			struct ip ip = address("10.0.0.0");

			ip.b[13] = (uint8_t)(i >> 16);
			ip.b[14] = (uint8_t)(i >> 8);
			ip.b[15] = (uint8_t)i;
			c = stats_conn_enter(s, &ip, 7, &held[i]);
			assert_true(c.of_ip >= 1);
			assert_int_equal(c.total, i + 1);
		}
		for (uint32_t i = 0; i < N; i++)
			stats_conn_leave(s, &held[(i * 7919u) % N]);
	}
	c = stats_conn_enter(s, &(struct ip){ { 9 } }, 7, &held[0]);
	assert_int_equal(c.of_ip, 1);
	assert_int_equal(c.of_listener, 1);
	free(held);
	stats_unmap(&s);
	close(fd);
}

/* A worker is killed in the middle of its work: what it held is forgotten,
 * what others hold stays, and nobody waits for its lock. */
static void
test_connections_of_a_killed_worker_are_forgotten(void **state)
{
	struct ip ip = address("192.0.2.9");
	struct stats_conn mine, other;
	struct stats_conn_counts c;
	struct stats *s;
	int fd;

	(void)state;
	s = fresh(&fd);
	stats_use_slot(s, 1);
	stats_conn_enter(s, &ip, 0, &mine);
	for (int round = 0; round < 20; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct stats *child = stats_map(fd, false, NULL);

			stats_use_slot(child, 2);
			for (;;) {
				struct stats_conn x, y;

				stats_conn_enter(child, &ip, 0, &x);
				stats_conn_enter(child, &ip, 1, &y);
				stats_conn_leave(child, &x);
			}
		}
		usleep(2000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		stats_slot_died(s, 2);
		c = stats_conn_enter(s, &ip, 0, &other);
		assert_int_equal(c.of_ip, 2);
		assert_int_equal(c.total, 2);
		assert_int_equal(c.of_listener, 2);
		stats_conn_leave(s, &other);
	}
	stats_unmap(&s);
	close(fd);
}

static void
test_a_worker_that_holds_all_it_may_is_over_every_limit(void **state)
{
	struct ip ip = address("192.0.2.9");
	struct stats_conn conn;
	struct stats_conn_counts c = { 0, 0, 0 };
	struct stats *s;
	int fd;

	(void)state;
	s = fresh(&fd);
	stats_use_slot(s, 1);
	for (uint32_t i = 0; i < 16384; i++)
		c = stats_conn_enter(s, &ip, 0, &conn);
	assert_int_equal(c.of_ip, 16384);
	c = stats_conn_enter(s, &ip, 0, &conn);
	assert_int_equal(c.of_ip, UINT32_MAX);
	assert_false(conn.held);
	stats_unmap(&s);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_of_all_slots_add_up),
		cmocka_unit_test(test_the_oldest_event_that_waits),
		cmocka_unit_test(test_ids_are_unique_and_start_above_the_floor),
		cmocka_unit_test(
		    test_connections_are_counted_by_address_listener_and_in_total),
		cmocka_unit_test(test_connections_of_many_addresses),
		cmocka_unit_test(
		    test_connections_of_a_killed_worker_are_forgotten),
		cmocka_unit_test(
		    test_a_worker_that_holds_all_it_may_is_over_every_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
