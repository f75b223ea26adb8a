/*
 * test_ask.c - parts that inspect is asked about: what becomes of them when
 * it dies, and when it is busy with others
 *
 * The stages are made up: each message has one part, and waits for it.
 */
#include "workqueue_rig.h"

#include "lookup/part.h"
#include "pipeline/work.h"

#define FIRST  1000
#define SECOND 1001
#define MAIL   "From: a@a.test\r\nSubject: one\r\n\r\nhello\r\n"
#define MINUTE 60000

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: In, type: public, interface: Net, rat: [example.org]}\n"
    "scanning: {timeout: 30s}\n";

static struct wq_rig rig;
static struct knowledge known;

/* The one that is there now. */
static struct {
	struct ipc *here, *there;
	const struct ipc_handler *handler;
	void *arg;
	uint32_t asked[8];
	unsigned n;
} inspect;

enum work_answer __wrap_work_continue(struct work_run *, struct needs *);

enum work_answer
__wrap_work_continue(struct work_run *run, struct needs *needs)
{
	struct work *w = &run->results->work;
	struct str key = work_key(w, 0);
	const struct fact_answer *a = fact_find(w->facts, FACT_PART, key);

	needs->mem = run->mem;
	run->at = run->results;
	if (a == NULL) {
		fact_need(needs, FACT_PART, key);
		return WORK_NEEDS;
	}
	w->mail_policy =
	    a->meta.state == FACT_FAILED ? STR("failed") : STR("seen");
	w->end = WORK_DELIVER;
	return WORK_DONE;
}

static int
at_inspect(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg, (void)ipc, (void)err;
	assert_true(inspect.n < NELEM(inspect.asked));
	inspect.asked[inspect.n++] = f->txn;
	return 0;
}

static int
at_asker(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	(void)arg;
	return inspect.handler->frame(inspect.arg, ipc, f, err);
}

static void
turns(int n)
{
	struct loop_timer *turn = loop_timer(rig.kit.loop, rig_turn, &rig);

	while (n-- > 0) {
		loop_timer_in(turn, 1);
		loop_run(rig.kit.loop);
	}
	loop_timer_free(&turn);
}

/* A new one, which gets n questions. */
static void
inspect_lives(unsigned n)
{
	static const struct ipc_handler there = { at_inspect, rig_closed,
		NULL };
	static const struct ipc_handler late = { at_asker, rig_closed, NULL };
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	inspect.n = 0;
	inspect.there = ipc_new(rig.kit.loop, ends[0], "cleanup", &there, NULL);
	ipc_accept(inspect.there, IPC_INSPECT);
	inspect.here = ipc_new(rig.kit.loop, ends[1], "inspect", &late, NULL);
	ipc_accept(inspect.here, IPC_INSPECT_TEXT);
	ipc_accept(inspect.here, IPC_INSPECTED);
	inspect.handler =
	    asker_inspect(rig.cleanup.asker, inspect.here, &inspect.arg);
	for (int i = 0; i < 5000 && inspect.n < n; i++)
		turns(1);
	assert_int_equal(inspect.n, n);
}

static void
inspect_dies(void)
{
	inspect.handler->closed(inspect.arg, inspect.here, NULL);
	ipc_free(&inspect.here);
	ipc_free(&inspect.there);
}

static void
inspect_begins(unsigned which)
{
	ipc_send_raw(
	    inspect.there, IPC_INSPECT_TEXT, inspect.asked[which], "", 0);
	turns(3);
}

static void
inspect_answers(unsigned which)
{
	struct inspected done = { .known = 1, .filetype = STR("txt") };

	ipc_send(inspect.there, IPC_INSPECTED, inspect.asked[which], &done);
}

static void
bring(uint64_t mid)
{
	struct envelope e = kit_envelope(mid);

	e.listener = STR("In");
	rig_bring(&rig, &e, STR(MAIL), NULL);
}

static const char *
end_of(uint64_t mid)
{
	for (unsigned i = 0; i < known.n; i++)
		if (known.v[i].mid == mid)
			return known.v[i].policy;
	return "";
}

static int
set_up(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	memset(&known, 0, sizeof(known));
	kit_make(&rig.kit, "/dev/shm");
	rig_start(&rig, yaml, false, &known);
	rig_connect(&rig);
	inspect_lives(0);
	bring(FIRST);
	for (int i = 0; i < 5000 && inspect.n < 1; i++)
		turns(1);
	bring(SECOND);
	for (int i = 0; i < 5000 && inspect.n < 2; i++)
		turns(1);
	assert_int_equal(inspect.n, 2);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	inspect_dies();
	rig_stop(&rig);
	kit_close(&rig.kit);
	return 0;
}

/* The part that it was at is blamed, not those that waited behind it. */
static void
test_mim_12_the_one_that_ends_it(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= PART_TRIES; i++) {
		/* asked again in any order */
		inspect_begins(inspect.asked[0] < inspect.asked[1] ? 0 : 1);
		inspect_dies();
		inspect_lives(i < PART_TRIES ? 2 : 1);
	}
	inspect_answers(0);
	rig_run(&rig);
	assert_int_equal(known.n, 2);
	assert_string_equal(end_of(FIRST), "failed");
	assert_string_equal(end_of(SECOND), "seen");
}

static void
test_deaths_while_nothing_was_begun(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * PART_TRIES; i++) {
		inspect_dies();
		inspect_lives(2);
	}
	inspect_answers(0);
	inspect_answers(1);
	rig_run(&rig);
	assert_string_equal(end_of(FIRST), "seen");
	assert_string_equal(end_of(SECOND), "seen");
}

/* However busy the machine, and however many parts are before it. */
static void
test_waiting_for_its_turn_is_no_failure(void **state)
{
	(void)state;
	inspect_begins(0);
	asker_tick(rig.cleanup.asker, loop_now(rig.kit.loop) + MINUTE);
	for (int i = 0; i < 5000 && known.n < 1; i++)
		turns(1);
	/* half a minute is what it has once it is looked at */
	assert_string_equal(end_of(FIRST), "failed");
	assert_int_equal(known.n, 1);
	inspect_begins(1);
	inspect_answers(1);
	rig_run(&rig);
	assert_string_equal(end_of(SECOND), "seen");
}

static void
test_nobody_ever_comes_to_it(void **state)
{
	(void)state;
	asker_tick(rig.cleanup.asker, loop_now(rig.kit.loop) + 11 * MINUTE);
	rig_run(&rig);
	assert_string_equal(end_of(FIRST), "failed");
	assert_string_equal(end_of(SECOND), "failed");
}

int
main(void)
{
#define RIGGED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		RIGGED(test_mim_12_the_one_that_ends_it),
		RIGGED(test_deaths_while_nothing_was_begun),
		RIGGED(test_waiting_for_its_turn_is_no_failure),
		RIGGED(test_nobody_ever_comes_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
