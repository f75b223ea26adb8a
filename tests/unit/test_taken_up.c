/*
 * test_taken_up.c - what a worker left with ROUTE is told to qmgr once more
 *
 * Its end may have come when ROUTE was on the disk and qmgr, which reads the
 * disk at its own start only, had not heard of it.
 */
#include "workqueue_rig.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: In, type: public, interface: Net, rat: [example.org]}\n";

static void
live(struct wq_rig *r, struct kit *kit, bool slots, struct knowledge *known)
{
	*r = (struct wq_rig){ .kit = *kit };
	rig_start(r, yaml, slots, known);
	recover(&r->cleanup);
	rig_connect(r);
}

static void
test_dur_05_routed_and_not_sent(void **state)
{
	static const bool slots[] = { true, false };

	(void)state;
	for (size_t i = 0; i < NELEM(slots); i++) {
		struct knowledge first = { 0 }, second = { 0 };
		struct envelope e = kit_envelope(1000);
		struct wq_rig r;
		struct kit kit;

		memset(&kit, 0, sizeof(kit));
		kit_make(&kit, "/dev/shm");
		live(&r, &kit, slots[i], &first);
		e.listener = STR("In");
		rig_bring(&r, &e, STR("Subject: x\r\n\r\nx\r\n"), NULL);
		rig_run(&r);
		assert_int_equal(first.n, 1);
		rig_stop(&r);
		kit = r.kit;
		live(&r, &kit, slots[i], &second);
		rig_run(&r);
		assert_int_equal(second.n, 1);
		assert_int_equal(second.v[0].mid, 1000);
		rig_stop(&r);
		kit = r.kit;
		kit_close(&kit);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dur_05_routed_and_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
