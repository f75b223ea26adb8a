/*
 * test_loop.c - the event loop
 *
 * Time is real here, for that is what the loop is about, but nothing sleeps:
 * each test runs the loop until its own timer or descriptor ends it.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"

#define GUARD_MS 5000 /* a test that hangs ends here, and fails */

struct world {
	struct loop *loop;
	struct loop_timer *guard;
	int pipe[2];
	char log[200]; /* one letter per thing that happened */
	struct loop_watch *w[2];
	struct loop_timer *t[3];
	struct loop_job job, say;
	int left; /* of whatever a test counts down */
};

static void
note(struct world *w, char c)
{
	size_t n = strlen(w->log);

	assert_true(n + 1 < sizeof(w->log));
	w->log[n] = c;
}

static void
hang(void *arg)
{
	struct world *w = arg;

	note(w, '!');
	loop_stop(w->loop);
}

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));

	w->loop = loop_new();
	w->guard = loop_timer(w->loop, hang, w);
	loop_timer_in(w->guard, GUARD_MS);
	assert_int_equal(pipe2(w->pipe, O_NONBLOCK | O_CLOEXEC), 0);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < NELEM(w->w); i++)
		loop_unwatch(&w->w[i]);
	for (size_t i = 0; i < NELEM(w->t); i++)
		loop_timer_free(&w->t[i]);
	loop_timer_free(&w->guard);
	loop_free(&w->loop);
	assert_null(w->loop);
	close(w->pipe[0]);
	close(w->pipe[1]);
	free(w);
	return 0;
}

static void
stop(void *arg)
{
	struct world *w = arg;

	note(w, 's');
	loop_stop(w->loop);
}

/* --- hooks and jobs --- */

static void
hook_a(void *arg)
{
	note(arg, 'a');
}

static void
hook_b(void *arg)
{
	note(arg, 'b');
}

static void
job_again(void *arg)
{
	struct world *w = arg;

	note(w, 'j');
	if (--w->left > 0)
		loop_defer(w->loop, &w->job);
}

static void
test_hooks_run_first_and_after_each_turn(void **state)
{
	struct world *w = *state;

	loop_at_turn_end(w->loop, hook_a, w);
	loop_at_turn_end(w->loop, hook_b, w);
	w->t[0] = loop_timer(w->loop, stop, w);
	loop_timer_in(w->t[0], 0);
	loop_run(w->loop);
	assert_string_equal(w->log, "absab");
}

static void
test_stop_before_run_returns_at_once(void **state)
{
	struct world *w = *state;

	loop_at_turn_end(w->loop, hook_a, w);
	loop_stop(w->loop);
	loop_run(w->loop);
	assert_string_equal(w->log, "a");
}

static void
test_jobs_run_after_hooks_and_hooks_again(void **state)
{
	struct world *w = *state;

	w->job.cb = job_again;
	w->job.arg = w;
	w->left = 1;
	loop_at_turn_end(w->loop, hook_a, w);
	loop_defer(w->loop, &w->job);
	loop_defer(w->loop, &w->job); /* counts once */
	loop_stop(w->loop);
	loop_run(w->loop);
	assert_string_equal(w->log, "aja");
}

static void
test_job_may_defer_itself_or_be_taken_back(void **state)
{
	struct world *w = *state;
	struct loop_job other = { .cb = hook_b, .arg = w };

	w->job.cb = job_again;
	w->job.arg = w;
	w->left = 3;
	loop_defer(w->loop, &w->job);
	loop_defer(w->loop, &other);
	loop_undefer(&other);
	loop_undefer(&other);
	loop_stop(w->loop);
	loop_run(w->loop);
	assert_string_equal(w->log, "jjj");
}

static void
job_that_says(void *arg)
{
	struct world *w = arg;

	note(w, 's');
	loop_defer(w->loop, &w->say);
}

/* Several that have something to say, however they were deferred: it is said
 * once, when all have. */
static void
test_last_jobs_come_last(void **state)
{
	struct world *w = *state;
	struct loop_job a = { .cb = job_that_says, .arg = w }, b = a;

	w->say = (struct loop_job){ .cb = hook_b, .arg = w, .last = true };
	loop_at_turn_end(w->loop, hook_a, w);
	loop_defer(w->loop, &a);
	loop_defer(w->loop, &w->say);
	loop_defer(w->loop, &b);
	loop_stop(w->loop);
	loop_run(w->loop);
	assert_string_equal(w->log, "assba");
}

/* --- watches --- */

static void
read_one(void *arg, int ready)
{
	struct world *w = arg;
	char c;

	assert_int_equal(ready, LOOP_READ);
	assert_int_equal(read(w->pipe[0], &c, 1), 1);
	note(w, c);
	if (c == '.')
		loop_stop(w->loop);
}

static void
test_watch_is_level_triggered(void **state)
{
	struct world *w = *state;

	w->w[0] = loop_watch(w->loop, w->pipe[0], LOOP_READ, read_one, w);
	assert_int_equal(write(w->pipe[1], "xyz.", 4), 4);
	loop_run(w->loop);
	assert_string_equal(w->log, "xyz.");
}

static void
writable(void *arg, int ready)
{
	struct world *w = arg;

	assert_int_equal(ready, LOOP_WRITE);
	note(w, 'w');
	if (w->left-- == 0) {
		loop_want(w->w[1], 0);
		assert_int_equal(write(w->pipe[1], ".", 1), 1);
	}
}

static void
test_want_changes(void **state)
{
	struct world *w = *state;

	w->left = 2;
	w->w[0] = loop_watch(w->loop, w->pipe[0], 0, read_one, w);
	w->w[1] = loop_watch(w->loop, w->pipe[1], 0, writable, w);
	loop_want(w->w[0], LOOP_READ);
	loop_want(w->w[1], LOOP_WRITE);
	loop_run(w->loop);
	assert_string_equal(w->log, "www.");
}

/* Both descriptors are ready in one turn; the first callback frees all. */
static void
free_both(void *arg, int ready)
{
	struct world *w = arg;

	(void)ready;
	note(w, 'f');
	loop_unwatch(&w->w[0]);
	loop_unwatch(&w->w[1]);
	loop_stop(w->loop);
}

static void
test_callback_may_free_itself_and_others(void **state)
{
	struct world *w = *state;

	w->w[0] = loop_watch(w->loop, w->pipe[0], LOOP_READ, free_both, w);
	w->w[1] = loop_watch(w->loop, w->pipe[1], LOOP_WRITE, free_both, w);
	assert_int_equal(write(w->pipe[1], "x", 1), 1);
	loop_run(w->loop);
	assert_string_equal(w->log, "f");
}

/* A descriptor number that is closed and used again within one turn. */
static void
swap_descriptor(void *arg, int ready)
{
	struct world *w = arg;
	int fresh[2], old = w->pipe[0];

	(void)ready;
	note(w, 'o');
	loop_unwatch(&w->w[0]);
	close(w->pipe[0]);
	close(w->pipe[1]);
	assert_int_equal(pipe2(fresh, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(fresh[0], old);
	w->pipe[0] = fresh[0];
	w->pipe[1] = fresh[1];
	w->w[0] = loop_watch(w->loop, fresh[0], LOOP_READ, read_one, w);
	assert_int_equal(write(w->pipe[1], ".", 1), 1);
}

static void
test_descriptor_number_is_reused(void **state)
{
	struct world *w = *state;

	w->w[0] =
	    loop_watch(w->loop, w->pipe[0], LOOP_READ, swap_descriptor, w);
	assert_int_equal(write(w->pipe[1], "x", 1), 1);
	loop_run(w->loop);
	assert_string_equal(w->log, "o.");
}

/* We hand connections on to other processes: the copy lives on after we
 * closed ours, and must not be reported to us any more. */
static void
hand_on(void *arg, int ready)
{
	struct world *w = arg;
	int copy = dup(w->pipe[0]);

	(void)ready;
	note(w, 'h');
	loop_unwatch(&w->w[0]);
	close(w->pipe[0]);
	w->pipe[0] = copy;
	loop_timer_in(w->t[0], 20);
}

static void
test_copy_of_a_descriptor_makes_no_turns(void **state)
{
	struct world *w = *state;

	w->t[0] = loop_timer(w->loop, stop, w);
	w->w[0] = loop_watch(w->loop, w->pipe[0], LOOP_READ, hand_on, w);
	loop_at_turn_end(w->loop, hook_a, w);
	assert_int_equal(write(w->pipe[1], "x", 1), 1);
	loop_run(w->loop);
	assert_string_equal(w->log, "ahasa");
}

/* --- timers --- */

static void
free_own(void *arg)
{
	struct world *w = arg;

	note(w, 't');
	loop_timer_free(&w->t[0]);
	loop_timer_free(&w->t[1]); /* due in the same turn */
	loop_timer_in(w->t[2], 0);
}

static void
test_timer_may_free_itself_and_others(void **state)
{
	struct world *w = *state;

	w->t[0] = loop_timer(w->loop, free_own, w);
	w->t[1] = loop_timer(w->loop, free_own, w);
	w->t[2] = loop_timer(w->loop, stop, w);
	loop_timer_in(w->t[0], 0);
	loop_timer_in(w->t[1], 0);
	loop_run(w->loop);
	assert_string_equal(w->log, "ts");
}

static void
test_timer_moves_and_stops(void **state)
{
	struct world *w = *state;
	int64_t start = clock_mono_ms();

	w->t[0] = loop_timer(w->loop, hang, w);
	w->t[1] = loop_timer(w->loop, stop, w);
	loop_timer_in(w->t[0], 10);
	loop_timer_stop(w->t[0]);
	loop_timer_in(w->t[1], 3600 * 1000);
	loop_timer_in(w->t[1], 30);
	loop_run(w->loop);
	assert_string_equal(w->log, "s");
	assert_true(clock_mono_ms() - start >= 29);
	assert_true(loop_now(w->loop) - start >= 29);
}

/* --- deadlines --- */

struct item {
	struct loop_deadline deadline; /* first: the wheel gives us this */
	struct world *w;
	char name;
	int64_t set, ms;
	struct item *kill; /* stopped when we expire */
};

static void
expired(struct loop_deadline *d)
{
	struct item *it = (struct item *)d;
	int64_t took = clock_mono_ms() - it->set;

	note(it->w, it->name);
	assert_true(took >= it->ms);
	assert_true(took <= it->ms + 1200);
	assert_int_equal(d->at, 0);
	if (it->kill != NULL)
		loop_deadline_stop(&it->kill->deadline);
	if (--it->w->left == 0)
		loop_stop(it->w->loop);
}

static void
arm(struct loop_wheel *wheel, struct item *it, int64_t ms)
{
	it->set = clock_mono_ms();
	it->ms = ms;
	loop_deadline_in(wheel, &it->deadline, ms);
}

static void
test_deadlines(void **state)
{
	struct world *w = *state;
	struct loop_wheel *wheel = loop_wheel(w->loop, expired);
	struct item a = { .w = w, .name = 'A' }, b = { .w = w, .name = 'B' },
		    c = { .w = w, .name = 'C' }, d = { .w = w, .name = 'D' },
		    e = { .w = w, .name = 'E' }, far = { .w = w, .name = 'F' };

	w->left = 3;
	arm(wheel, &a, 900);
	arm(wheel, &b, 100);
	arm(wheel, &b, 1900); /* moves */
	arm(wheel, &c, 50);
	loop_deadline_stop(&c.deadline);
	/* Of two in one slot the one that comes first ends the other. */
	arm(wheel, &d, 0);
	arm(wheel, &e, 0);
	d.kill = &e;
	e.kill = &d;
	arm(wheel, &far, 1024 * 1000); /* the same slot, a round later */
	loop_run(w->loop);
	assert_int_equal(strlen(w->log), 3);
	assert_true(w->log[0] == 'D' || w->log[0] == 'E');
	assert_string_equal(w->log + 1, "AB");
	assert_true(far.deadline.at != 0);
	loop_wheel_free(&wheel);
	assert_int_equal(far.deadline.at, 0);
}

/* --- signals --- */

static void
test_signal(void **state)
{
	struct world *w = *state;

	loop_signal(w->loop, SIGUSR1, stop, w);
	raise(SIGUSR1);
	loop_run(w->loop);
	assert_string_equal(w->log, "s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_hooks_run_first_and_after_each_turn),
		T(test_stop_before_run_returns_at_once),
		T(test_jobs_run_after_hooks_and_hooks_again),
		T(test_job_may_defer_itself_or_be_taken_back),
		T(test_last_jobs_come_last),
		T(test_watch_is_level_triggered),
		T(test_want_changes),
		T(test_callback_may_free_itself_and_others),
		T(test_descriptor_number_is_reused),
		T(test_copy_of_a_descriptor_makes_no_turns),
		T(test_timer_may_free_itself_and_others),
		T(test_timer_moves_and_stops),
		T(test_deadlines),
		T(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
