/*
 * test_split_crash.c - death at every system call of a split (DUR-04, DUR-18)
 *
 * A message to 200 recipients falls to three mail policies. The worker dies
 * before its n-th call that changes files, for n = 1, 2, .. until it gets
 * through; then cleanup and qmgr start again, in either order. What qmgr
 * heard before, what it finds and what cleanup sends then must together be
 * exactly one message for each recipient, that of its policy.
 */
#include "workqueue_rig.h"

#include <sys/syscall.h>

#include "killed_at.h"

#define BASE  "/dev/shm"
#define FIRST 1000 /* the MID of what comes in */

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: In, type: public, interface: Net, rat: [example.org]}\n"
    "mail_policies:\n"
    "  incoming:\n"
    "  - {name: one, members: [{recipients: ['@one.test']}]}\n"
    "  - {name: two, members: [{recipients: ['@two.test']}]}\n";
static const char *const domains[] = { "one", "two", "three" };

static const int counted[] = { SYS_openat, SYS_pwritev, SYS_pwrite64, SYS_fsync,
	SYS_fdatasync, SYS_sync_file_range, SYS_unlinkat, SYS_ftruncate, -1 };

struct shared {
	volatile int accepted, finished;
	struct knowledge known;
};
static struct shared *shared;
static bool slots;

static void
bring(struct wq_rig *r, size_t size)
{
	struct envelope e = kit_envelope(FIRST);
	struct rcpt v[RIG_RCPTS];
	char addrs[RIG_RCPTS][40];
	struct buf content;

	for (unsigned i = 0; i < RIG_RCPTS; i++) {
		snprintf(addrs[i], sizeof(addrs[i]), "rcpt%u@%s.test", i,
		    domains[i % NELEM(domains)]);
		v[i] = (struct rcpt){ .addr = str_of(addrs[i]),
			.orig = STR(""),
			.orcpt = STR("") };
	}
	e.listener = STR("In");
	e.rcpts = (struct codec_list){ RIG_RCPTS, v };
	buf_init(&content, size + 1000);
	buf_puts(&content, "Subject: all of you\r\n\r\n");
	while (content.len < size)
		buf_puts(&content, "..a line that begins with a dot\r\n");
	rig_bring(r, &e, buf_str(&content), &shared->accepted);
	buf_fini(&content);
}

static void
child(void *arg)
{
	struct wq_rig r = { .kit = *(struct kit *)arg };

	rig_start(&r, yaml, slots, &shared->known);
	rig_connect(&r);
	bring(&r, slots ? 3000 : 100000);
	while (!shared->accepted) {
		struct loop_timer *t = loop_timer(r.kit.loop, rig_turn, &r);

		loop_timer_in(t, 1);
		loop_run(r.kit.loop);
		loop_timer_free(&t);
	}
	rig_run(&r);
	shared->finished = 1;
}

/* The programs start again. */
static void
start_again(struct kit *k, struct knowledge *known, bool qmgr_first)
{
	struct wq_rig r = { .kit = *k };

	if (qmgr_first)
		rig_qmgr_starts(k, known);
	rig_start(&r, yaml, slots, known);
	recover(&r.cleanup);
	rig_connect(&r);
	rig_run(&r);
	if (!qmgr_first)
		rig_qmgr_starts(k, known);
	rig_stop(&r);
}

static void
check(int n, const struct shared *s, const struct knowledge *k)
{
	for (unsigned i = 0; i < RIG_RCPTS; i++) {
		const char *want[] = { "one", "two", "DEFAULT" };
		unsigned times = 0;

		for (unsigned j = 0; j < k->n; j++) {
			if (k->v[j].to[i] == 0)
				continue;
			times += k->v[j].to[i];
			if (strcmp(k->v[j].policy, want[i % 3]) != 0)
				fail_msg("call %d: recipient %u by policy %s",
				    n, i, k->v[j].policy);
		}
		if (times != 1 && (s->accepted || k->n > 0))
			fail_msg("call %d: recipient %u %u times, of %u "
				 "messages",
			    n, i, times, k->n);
	}
	if (k->n != 0 && k->n != 3)
		fail_msg("call %d: %u messages", n, k->n);
}

/* Once more: nothing is left to be done, nothing new comes out. */
static void
check_at_rest(int n, struct kit *k)
{
	struct knowledge again = { 0 }, *known = &shared->known;
	unsigned before = known->n;

	start_again(k, known, true);
	if (known->n != before)
		fail_msg("call %d: the second start made mail", n);
	rig_qmgr_starts(k, &again);
	if (again.n != before)
		fail_msg(
		    "call %d: %u messages on disk, of %u", n, again.n, before);
}

static void
make_spool(struct kit *k)
{
	struct err err = ERR_INIT;

	kit_make(k, BASE);
	if (!slots)
		return;
	/* they are there when the suite starts */
	spool_writer(k->spool, 0);
	assert_int_equal(spool_use_slots(k->spool, &err), 0);
	assert_non_null(spool_slots(k->spool));
	kit_reopen(k);
}

static void
test_dur_04_split_killed_at_every_call(void **state)
{
	bool killed = true;
	int n;

	slots = *state != NULL;
	for (n = 1; killed; n++) {
		struct kit k;

		memset(shared, 0, sizeof(*shared));
		make_spool(&k);
		killed = killed_at(n, counted, child, &k);
		start_again(&k, &shared->known, n % 2 == 0);
		check(n, shared, &shared->known);
		check_at_rest(n, &k);
		kit_close(&k);
	}
	assert_true(shared->finished);
	assert_int_equal(shared->known.n, 3);
	/* fewer would mean that not all calls are counted */
	assert_in_range(n, slots ? 7 : 12, 100);
}

static int
set_up(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	munmap(shared, sizeof(*shared));
	return 0;
}

int
main(void)
{
	static int yes;
	const struct CMUnitTest tests[] = {
		{ "test_dur_04_split_killed_at_every_call, files",
		    test_dur_04_split_killed_at_every_call, NULL, NULL, NULL },
		{ "test_dur_04_split_killed_at_every_call, slots",
		    test_dur_04_split_killed_at_every_call, NULL, NULL, &yes },
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
