/* test_track_search.c - what became of messages, from what was told of them
 * (delivery-admin 9) */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "master/recorder_track.h"
#include "track/search.h"

#define T0     INT64_C(1741084808000000) /* 2025-03-04 10:40:08 UTC */
#define DAY_US INT64_C(86400000000)

static char root[64];
static int logs;
static struct recorder_track *track;
static int64_t now;

static int
set_up(void **state)
{
	struct config c = { .n_logs = 0 };

	(void)state;
	snprintf(root, sizeof(root), "/tmp/track.XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	logs = open(root, O_RDONLY | O_DIRECTORY);
	c.tracking.enabled = c.tracking.subject = true;
	now = T0;
	track = recorder_track_new(logs, false);
	recorder_track_config(track, &c, now);
	return 0;
}

static int
tear_down(void **state)
{
	char line[100];

	(void)state;
	recorder_track_free(&track, now);
	close(logs);
	snprintf(line, sizeof(line), "rm -rf %s", root);
	return system(line);
}

static void
put(enum event_id id, const void *fields)
{
	struct buf body;

	buf_init(&body, IPC_FRAME_MAX);
	event_encode(id, now, fields, &body);
	recorder_track_take(track, id, now, fields, buf_str(&body));
	recorder_track_flush(track, now);
	now += 1000;
	buf_fini(&body);
}

#define PUT(id, ...) put(EVENT_##id, &(struct event_##id){ __VA_ARGS__ })
#define RIDS(...)                                                              \
	{                                                                      \
		sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t),        \
		    (uint32_t[])                                               \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

/* A message with so many recipients, r0@x.test and so on. */
static void
arrive(uint64_t mid, uint64_t icid, uint32_t n, bool whole)
{
	char addr[32];

	PUT(START_MID, mid, icid);
	PUT(MID_FROM, mid, icid, STR("s@y.test"));
	for (uint32_t i = 0; i < n; i++) {
		snprintf(addr, sizeof(addr), "r%u@x.test", (unsigned)i);
		PUT(MID_RCPT, mid, icid, i, str_of(addr));
	}
	if (whole)
		PUT(MID_READY, mid, 100, STR("s@y.test"));
}

static void
begin_part(uint64_t mid, const char *addr)
{
	PUT(MID_FROM, mid, 0, STR("s@y.test"));
	PUT(MID_RCPT, mid, 0, 0, str_of(addr));
}

/* "MID STATE: addr state, ...;" of each, newest first. */
static void
search(const struct track_query *q, char *out, size_t size)
{
	int dir = openat(logs, TRACK_FOLDER, O_RDONLY | O_DIRECTORY);
	struct err err = ERR_INIT;
	struct track_found f;
	size_t n = 0;

	*out = '\0';
	if (track_search(&f, dir, q, &err) == -1)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < f.n; i++) {
		const struct track_message *m = &f.v[i];

		n += (size_t)snprintf(out + n, size - n,
		    "%llu %s:", (unsigned long long)m->mid, m->state);
		for (const struct track_rcpt *r = m->rcpts; r != NULL;
		     r = r->next)
			n += (size_t)snprintf(out + n, size - n, " %.*s %s",
			    STR_ARG(r->addr), track_state_name(r->state));
		n += (size_t)snprintf(out + n, size - n, ";");
	}
	track_found_free(&f);
	close(dir);
}

static void
check(uint64_t mid, const char *wanted)
{
	const struct track_query q = {
		.to = INT64_MAX, .mid = mid, .limit = 100
	};
	char is[2000];

	search(&q, is, sizeof(is));
	assert_string_equal(is, wanted);
}

/* --- cases --- */

static void
test_of_one_part(void **state)
{
	(void)state;
	arrive(1, 1, 2, false);
	check(1, "1 Processing: r0@x.test Processing r1@x.test Processing;");
	PUT(MID_READY, 1, 100, STR("s@y.test"));
	PUT(MID_QUEUED, 1);
	PUT(ICID_CLOSE, 1);
	check(1, "1 Queued for delivery: r0@x.test Queued for delivery "
		 "r1@x.test Queued for delivery;");
	PUT(MESSAGE_DONE, 1, 1, RIDS(1), { 0, NULL });
	PUT(DELAYED, .dcid = 1, .mid = 1, .rid = 0, .text = STR("later"));
	check(1, "1 Partly delivered: r0@x.test Queued for delivery "
		 "r1@x.test Delivered;");
	PUT(BOUNCED, .dcid = 1, .mid = 1, .rid = 0, .text = STR("no"));
	PUT(MID_DONE, 1);
	check(1, "1 Partly delivered: r0@x.test Bounced r1@x.test Delivered;");
}

static void
test_ends_without_delivery(void **state)
{
	(void)state;
	arrive(1, 1, 1, false); /* the client hangs up */
	PUT(ICID_LOST, 1);
	check(1, "1 Aborted: r0@x.test Aborted;");
	arrive(2, 2, 1, false);
	PUT(MID_ABORTED, 2, STR("Receiving aborted by sender"));
	check(2, "2 Aborted: r0@x.test Aborted;");
	arrive(3, 3, 1, true); /* a listener that swallows */
	PUT(MID_DONE, 3);
	check(3, "3 Dropped: r0@x.test Dropped;");
	arrive(4, 4, 1, true);
	PUT(MID_ABORTED, 4, STR("Dropped by filter 'f'"));
	PUT(MID_DONE, 4);
	check(4, "4 Dropped: r0@x.test Dropped;");
	arrive(5, 5, 2, true);
	PUT(MID_QUEUED, 5);
	PUT(DELETED, 5, RIDS(0));
	PUT(UNSUBSCRIBED, 5, 1, STR("x.test"), STR("r1@x.test"),
	    STR("dropped"));
	check(5, "5 Dropped: r0@x.test Dropped r1@x.test Dropped;");
	PUT(START_MID, 6, 6);
	PUT(MID_FROM, 6, 6, STR("s@y.test"));
	PUT(RCPT_REJECTED, 6, 6, STR("who@x.test"), STR("RAT"));
	PUT(DROPPED_BY_ALIAS, 6, 6, STR("null@x.test"));
	check(6, "6 Dropped: null@x.test Dropped;");
	arrive(7, 7, 1, true);
	PUT(CORRUPT, 7, STR("wrong checksum"));
	check(7, "7 Aborted: r0@x.test Aborted;");
}

static void
test_parts_are_found_as_the_whole(void **state)
{
	const char *wanted = "10 Partly delivered: r1@x.test Dropped "
			     "r0@x.test Delivered;";

	(void)state;
	arrive(10, 1, 2, true);
	PUT(MID_SPLIT, 10, 11, STR("a"), STR("inbound"));
	begin_part(11, "r0@x.test");
	PUT(MID_SPLIT, 10, 12, STR("b"), STR("inbound"));
	begin_part(12, "r1@x.test");
	PUT(MID_DONE, 10);
	check(10, "10 Processing: r0@x.test Processing r1@x.test Processing;");
	PUT(MID_REWRITTEN, 11, 13, STR("filter 'f'"));
	PUT(MID_DONE, 11);
	PUT(MID_QUEUED, 13);
	PUT(MESSAGE_DONE, 1, 13, RIDS(0), { 0, NULL });
	PUT(MID_DONE, 13);
	PUT(MID_ABORTED, 12, STR("Dropped by antivirus"));
	PUT(MID_DONE, 12);
	for (uint64_t mid = 10; mid < 14; mid++)
		check(mid, wanted);
}

static void
test_quarantines(void **state)
{
	(void)state;
	arrive(1, 1, 1, true);
	PUT(QUARANTINED, 1, STR("Policy"), STR("message filter:f"));
	PUT(QUARANTINED, 1, STR("Virus"), STR("antivirus"));
	check(1, "1 Quarantined (Policy, Virus): r0@x.test Quarantined;");
	PUT(QUARANTINE_RELEASED, 1, STR("Policy"), STR("manual"), 1);
	check(1, "1 Quarantined (Virus): r0@x.test Quarantined;");
	PUT(QUARANTINE_RELEASED, 1, STR("Virus"), STR("manual"), 1);
	PUT(RELEASED_FROM_ALL, 1);
	now += 3 * DAY_US;
	begin_part(2, "r0@x.test");
	PUT(MID_REWRITTEN, 1, 2, STR("System Quarantine"));
	PUT(MID_DONE, 1);
	PUT(MID_QUEUED, 2);
	PUT(MESSAGE_DONE, 1, 2, RIDS(0), { 0, NULL });
	check(1, "1 Delivered: r0@x.test Delivered;");
	check(2, "1 Delivered: r0@x.test Delivered;");
	arrive(3, 3, 1, true);
	PUT(QUARANTINED, 3, STR("Policy"), STR("x"));
	PUT(QUARANTINE_DELETED, 3, STR("Policy"), STR("manual"), 1);
	PUT(DELETED_FROM_ALL, 3);
	PUT(MID_DONE, 3);
	check(3, "3 Dropped: r0@x.test Dropped;");
}

static void
test_the_spam_quarantine_by_recipient(void **state)
{
	(void)state;
	arrive(1, 1, 3, true);
	PUT(SPAM_QUARANTINED, 1);
	PUT(MID_DONE, 1);
	PUT(SPAM_DELETED, 1, 1, STR("manual"));
	begin_part(2, "r2@x.test");
	PUT(SPAM_REINJECTED, 1, 2);
	PUT(MID_QUEUED, 2);
	PUT(MESSAGE_DONE, 1, 2, RIDS(0), { 0, NULL });
	check(1, "1 Partly delivered: r0@x.test Quarantined r1@x.test Dropped "
		 "r2@x.test Delivered;");
}

static void
test_copies_and_notices_stand_alone(void **state)
{
	(void)state;
	arrive(1, 1, 1, true);
	PUT(MID_GENERATED, 2, 1, STR("bcc filter 'f'"));
	begin_part(2, "copy@x.test");
	PUT(MID_QUEUED, 1);
	PUT(BOUNCED, .dcid = 1, .mid = 1, .rid = 0, .text = STR("no"));
	PUT(BOUNCE_GENERATED, 3, 1);
	PUT(START_MID, 3, 0);
	begin_part(3, "s@y.test");
	PUT(MID_DONE, 1);
	check(0, "3 Processing: s@y.test Processing;"
		 "2 Processing: copy@x.test Processing;"
		 "1 Bounced: r0@x.test Bounced;");
}

static void
test_times_and_limits(void **state)
{
	struct track_query q = { .to = INT64_MAX, .limit = 2 };
	char is[2000];

	(void)state;
	for (uint64_t mid = 1; mid < 6; mid++) {
		PUT(NEW_ICID, .icid = mid, .host = STR("mx.y.test"));
		PUT(HAT, .icid = mid,
		    .behaviour = mid == 3 ? STR("REJECT") : STR("ACCEPT"),
		    .group = STR("SUSPECTLIST"));
		now += DAY_US / 2; /* the connection was open before */
		if (mid != 3)
			arrive(mid, mid, 0, true);
	}
	search(&q, is, sizeof(is));
	assert_string_equal(is, "5 Processing:;4 Processing:;");
	q.limit = 10;
	q.from = T0 + DAY_US;
	q.to = T0 + 2 * DAY_US;
	q.host = STR("MX.Y");
	q.group = STR("suspectlist");
	search(&q, is, sizeof(is));
	assert_string_equal(is, "0 Rejected connection:;2 Processing:;");
	q.kinds = 1u << TRACK_REJECTED;
	search(&q, is, sizeof(is));
	assert_string_equal(is, "0 Rejected connection:;");
}

/* In any order of their ends; what was rejected is a list of them. */
static void
test_many_recipients(void **state)
{
	const struct track_query q = { .to = INT64_MAX, .mid = 1, .limit = 1 };
	uint32_t n = 3000, delivered = 0, bounced = 0, waiting = 0;
	struct err err = ERR_INIT;
	struct track_found f;
	char addr[32];
	int dir;

	(void)state;
	arrive(1, 1, n, true);
	for (uint32_t i = 0; i < 400; i++) {
		snprintf(addr, sizeof(addr), "no%u@x.test", (unsigned)i);
		PUT(RCPT_REJECTED, .icid = 1, .mid = 1, .addr = str_of(addr));
	}
	PUT(MID_QUEUED, 1);
	for (uint32_t i = 0; i < n; i += 3)
		PUT(MESSAGE_DONE, 1, 1, RIDS(n - 3 - i, n - 2 - i),
		    { 0, NULL });
	for (uint32_t i = 2; i < n - 3; i += 3)
		PUT(BOUNCED, .mid = 1, .rid = i, .text = STR("no"));
	PUT(BOUNCED, .mid = 1, .rid = n, .text = STR("nobody"));
	dir = openat(logs, TRACK_FOLDER, O_RDONLY | O_DIRECTORY);
	assert_int_equal(track_search(&f, dir, &q, &err), 0);
	close(dir);
	assert_int_equal(f.n, 1);
	for (const struct track_rcpt *r = f.v[0].rcpts; r != NULL;
	     r = r->next) {
		delivered += r->state == TRACK_WAS_DELIVERED;
		bounced += r->state == TRACK_WAS_BOUNCED;
		waiting += r->state == TRACK_QUEUED;
		snprintf(addr, sizeof(addr), "r%u@x.test", (unsigned)r->rid);
		assert_true(str_is(r->addr, addr));
	}
	assert_int_equal(delivered, 2000);
	assert_int_equal(bounced, 999);
	assert_int_equal(waiting, 1);
	assert_true(str_starts(
	    f.v[0].rejected, STR("no0@x.test, no1@x.test, no2@x.test, ")));
	assert_in_range(f.v[0].rejected.n, 3900, 4020);
	/* it is copied a few times, not once for each */
	assert_in_range(f.mem.used, 0, 2 << 20);
	track_found_free(&f);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_of_one_part),
		CASE(test_ends_without_delivery),
		CASE(test_parts_are_found_as_the_whole),
		CASE(test_quarantines),
		CASE(test_the_spam_quarantine_by_recipient),
		CASE(test_copies_and_notices_stand_alone),
		CASE(test_times_and_limits),
		CASE(test_many_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
