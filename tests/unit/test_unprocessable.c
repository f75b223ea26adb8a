/*
 * test_unprocessable.c - a message that ends workers is run three times, then
 * held (threats MIM-12, LOP)
 */
#include "workqueue_rig.h"

#define FIRST 1000
#define OTHER 1001

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: In, type: public, interface: Net, rat: [example.org]}\n";

static void
bring(struct wq_rig *r, uint64_t mid, size_t size)
{
	struct envelope e = kit_envelope(mid);
	struct buf content;

	e.listener = STR("In");
	buf_init(&content, size + 1000);
	buf_puts(&content, "Subject: x\r\n\r\n");
	while (content.len < size)
		buf_puts(&content, "what it is that does it\r\n");
	rig_bring(r, &e, buf_str(&content), NULL);
	buf_fini(&content);
}

static void
wait_for_disk(struct wq_rig *r)
{
	struct loop_timer *turn = loop_timer(r->kit.loop, rig_turn, r);

	do {
		loop_timer_in(turn, 1);
		loop_run(r->kit.loop);
	} while (committer_pending(r->kit.committer) > 0);
	loop_timer_free(&turn);
}

/* The worker before was at `at` when it died. */
static void
start(struct wq_rig *r, struct kit *kit, bool slots, uint64_t at,
    struct knowledge *known)
{
	*r = (struct wq_rig){ .kit = *kit };
	rig_start(r, yaml, slots, known);
	stats_set_at(r->daemon.stats, at);
	recover(&r->cleanup);
	assert_int_equal(stats_at(r->daemon.stats), 0);
}

static void
test_held_after_three(void **state)
{
	static const struct {
		bool slots;
		size_t size;
	} rows[] = { { true, 100 }, { true, 28000 }, { false, 100 },
		{ false, 200000 } };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct knowledge known = { 0 };
		char line[100];
		struct wq_rig r;
		struct kit kit;

		memset(&kit, 0, sizeof(kit));
		kit_make(&kit, "/dev/shm");
		start(&r, &kit, rows[i].slots, 0, &known);
		bring(&r, FIRST, rows[i].size);
		bring(&r, OTHER, rows[i].size);
		wait_for_disk(&r);
		rig_stop(&r);
		for (unsigned n = 1; n <= 3; n++) {
			kit = r.kit;
			start(&r, &kit, rows[i].slots, FIRST, &known);
			snprintf(line, sizeof(line),
			    "MID 1000: a worker ended "
			    "while it was at it (%u of 3)",
			    n);
			if (strstr(r.log, line) == NULL)
				fail_msg("%zu, %u: %s", i, n, r.log);
			if (n < 3)
				rig_stop(&r);
		}
		rig_connect(&r);
		rig_run(&r);
		assert_int_equal(known.n, 2);
		for (unsigned k = 0; k < 2; k++)
			assert_string_equal(known.v[k].hold,
			    known.v[k].mid == FIRST ? "Unprocessable" : "");
		assert_non_null(strstr(r.log, "MID 1000 ended cleanup 3 times: "
					      "it is held in the quarantine "
					      "Unprocessable"));
		rig_stop(&r);
		kit = r.kit;
		kit_close(&kit);
	}
}

/* Twice is chance. What was decided, and what is not there, is not blamed. */
static void
test_others_go_on(void **state)
{
	struct knowledge known = { 0 };
	struct wq_rig r;
	struct kit kit;

	(void)state;
	memset(&kit, 0, sizeof(kit));
	kit_make(&kit, "/dev/shm");
	start(&r, &kit, true, 0, &known);
	bring(&r, FIRST, 100);
	wait_for_disk(&r);
	rig_stop(&r);
	for (unsigned n = 1; n <= 2; n++) {
		kit = r.kit;
		start(&r, &kit, true, FIRST, &known);
		rig_stop(&r);
	}
	kit = r.kit;
	start(&r, &kit, true, OTHER, &known);
	assert_null(strstr(r.log, "ended"));
	rig_connect(&r);
	rig_run(&r);
	assert_int_equal(known.n, 1);
	assert_string_equal(known.v[0].hold, "");
	rig_stop(&r);
	kit = r.kit;
	start(&r, &kit, true, FIRST, &known);
	assert_null(strstr(r.log, "ended"));
	rig_stop(&r);
	kit = r.kit;
	kit_close(&kit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held_after_three),
		cmocka_unit_test(test_others_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
