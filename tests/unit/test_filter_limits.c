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

/* A large body that is changed again and again: what does not fit is not
 * done, and the message is held. */
static void
test_more_changes_than_fit(void **state)
{
	struct run_world w;
	struct buf source, message;

	(void)state;
	buf_init(&source, 1 << 20);
	buf_init(&message, 8 << 20);
	buf_puts(&source, "f: if (true) {");
	for (int i = 0; i < 100; i++)
		buf_puts(&source, "edit-body-text(\"^a\", \"b\");"
				  "edit-body-text(\"^b\", \"a\");");
	buf_puts(&source, "tag-message(\"t\"); }");
	buf_puts(&message, "Subject: x\n\n");
	for (int k = 0; k < 20000; k++)
		buf_puts(&message,
		    "a line of some length, of which little is changed\n");
	run_begin(&w, source.data, message.data);
	w.config.work.scan.hold_on_error = true;
	assert_int_equal(run_filter(&w), WORK_DONE);
	assert_int_equal(w.work.n_tags, 1); /* the rest is done */
	assert_non_null(w.work.holds);
	assert_true(
	    str_is(w.work.holds->reason, "message filter:f, Too Many Changes"));
	run_end(&w);
	buf_fini(&source);
	buf_fini(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_more_changes_than_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
