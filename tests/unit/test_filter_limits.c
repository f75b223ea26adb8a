/*
 * test_filter_limits.c - an expression that is never done costs only so much
 *
 * (a+)+$ on a row of a and a b comes to its limit of steps, which takes 10 ms.
 * A body of such lines must not take that for each of them.
 */
#include "filter_run.h"

#define SOURCE "f: if (only-body-contains(\"(a+)+$\")) { tag-message(\"t\"); }"

/* So many bad lines, then one that matches: is it found? */
static const struct {
	int bad;
	bool found;
} cases[] = { { 0, true }, { 1, true }, { 7, true }, { 8, false },
	{ 20000, false } };

static void
test_bad_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct run_world w;
		struct buf message;

		buf_init(&message, 8 << 20);
		buf_puts(&message, "Subject: x\n\n");
		for (int k = 0; k < cases[i].bad; k++)
			buf_puts(
			    &message, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n");
		buf_puts(&message, "aaa\n");
		run_begin(&w, SOURCE, message.data);
		assert_int_equal(run_filter(&w), WORK_DONE);
		if ((w.work.n_tags > 0) != cases[i].found)
			fail_msg("%d bad lines: %sfound", cases[i].bad,
			    cases[i].found ? "not " : "");
		run_end(&w);
		buf_fini(&message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
