/*
 * test_work.c - the loop of the work queue's stages, with stages made up
 */
#include "work_world.h"

#include "pipeline/work_stages.h"

static int runs[4]; /* of each stage below */

/* Wants a fact about the content, then changes it where that says so. */
static enum work_answer
scan(struct work *w, struct needs *needs)
{
	struct str key = work_key(w, -1);
	const struct fact_answer *a = fact_find(w->facts, FACT_SPAM, key);

	runs[2]++;
	if (a == NULL) {
		fact_need(needs, FACT_SPAM, key);
		return WORK_NEEDS;
	}
	if (a->number > 0)
		work_set_body(w, STR("changed\r\n"));
	work_note(w, WN_LOG_ENTRY)->text = key;
	return WORK_DONE;
}

/* Three steps; the second lacks a fact, the last ends it for some. */
static enum work_answer
filters(struct work *w, size_t *step, struct needs *needs)
{
	runs[0]++;
	for (; *step < 3; (*step)++) {
		if (*step == 1 &&
		    fact_find(w->facts, FACT_RANDOM, STR("a")) == NULL) {
			fact_need(needs, FACT_RANDOM, STR("a"));
			return WORK_NEEDS;
		}
		work_note(w, WN_FILTER)->number = (int64_t)*step;
	}
	if (str_is(w->sender, "drop@a.test"))
		w->end = WORK_DROP;
	return WORK_DONE;
}

static const struct work_stage stages[] = {
	{ "filters", .steps = filters },
	{ "policies", .split = policy_assign },
	{ "first scan", .run = scan },
	{ "second scan", .run = scan },
};

static void
begin(struct work_run *run, struct work_world *w, const char *sender,
    const char *rcpts)
{
	memset(runs, 0, sizeof(runs));
	world_begin(
	    w, "p: * -> p@b.test\nq: * -> q@b.test\n", sender, "", rcpts);
	work_begin(run, &w->work, ENTER_WHOLE);
	run->stages = stages;
	run->n_stages = NELEM(stages);
}

static void
give(struct work_world *w, enum fact_id id, struct str key, uint64_t number)
{
	struct fact known = { FACT_KNOWN, FACT_GIVEN };

	fact_put(&w->facts, &w->mem, id, key, known)->number = number;
}

/* The notes as text: kinds and numbers. */
static const char *
notes(struct work *w)
{
	static char text[500];
	const struct work_note *const *v;
	size_t n, len = 0;

	v = work_notes(w, &n, w->mem);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%d%s%.*s ", v[i]->kind, v[i]->text.n > 0 ? ":" : "",
		    STR_ARG(v[i]->text));
	return text;
}

static const char *
expect(const char *fmt, ...)
{
	static char text[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}

static void
test_goes_on_where_a_fact_was_missing(void **state)
{
	struct work_world w;
	struct work_run run;
	struct needs needs;

	(void)state;
	begin(&run, &w, "s@a.test", "p@b.test");
	assert_int_equal(work_continue(&run, &needs), WORK_NEEDS);
	assert_int_equal(needs.n, 1);
	assert_int_equal(needs.v[0].id, FACT_RANDOM);
	give(&w, FACT_RANDOM, STR("a"), 7);
	assert_int_equal(work_continue(&run, &needs), WORK_NEEDS);
	assert_int_equal(needs.v[0].id, FACT_SPAM);
	assert_true(str_is(needs.v[0].key, "0"));
	give(&w, FACT_SPAM, STR("0"), 0);
	assert_int_equal(work_continue(&run, &needs), WORK_DONE);
	/* the first step ran once */
	assert_int_equal(runs[0], 2);
	assert_string_equal(notes(&run.results->work),
	    expect("%d %d %d %d:inbound %d:0 %d:0 ", WN_FILTER, WN_FILTER,
		WN_FILTER, WN_MATCHED_ALL, WN_LOG_ENTRY, WN_LOG_ENTRY));
	assert_int_equal(run.results->work.end, WORK_DELIVER);
	assert_true(str_is(run.results->work.mail_policy, "p"));
	assert_null(run.results->next);
	assert_false(run.split);
	world_end(&w);
}

static void
test_ends_where_it_is_dropped(void **state)
{
	struct work_world w;
	struct work_run run;
	struct needs needs;

	(void)state;
	begin(&run, &w, "drop@a.test", "p@b.test q@b.test");
	give(&w, FACT_RANDOM, STR("a"), 7);
	assert_int_equal(work_continue(&run, &needs), WORK_DONE);
	assert_int_equal(run.results->work.end, WORK_DROP);
	assert_null(run.results->next);
	assert_int_equal(runs[2], 0);
	world_end(&w);
}

/* Content that is still common is scanned once; after a change each branch
 * has its own. */
static void
test_split_shares_what_none_has_changed(void **state)
{
	struct work_world w;
	struct work_run run;
	struct work_result *r;
	struct needs needs;

	(void)state;
	begin(&run, &w, "s@a.test", "q@b.test x@b.test p@b.test y@b.test");
	give(&w, FACT_RANDOM, STR("a"), 7);
	give(&w, FACT_SPAM, STR("0"), 1);
	assert_int_equal(work_continue(&run, &needs), WORK_NEEDS);
	assert_int_equal(needs.n, 1);
	assert_true(str_is(needs.v[0].key, "1.1"));
	give(&w, FACT_SPAM, STR("1.1"), 0);
	assert_int_equal(work_continue(&run, &needs), WORK_NEEDS);
	assert_true(str_is(needs.v[0].key, "1.2"));
	give(&w, FACT_SPAM, STR("1.2"), 0);
	give(&w, FACT_SPAM, STR("1.3"), 0);
	assert_int_equal(work_continue(&run, &needs), WORK_DONE);

	assert_true(run.split);
	assert_int_equal(run.original.end, WORK_SPLIT);
	assert_string_equal(notes(&run.original),
	    expect("%d %d %d %d:inbound %d:inbound %d:inbound ", WN_FILTER,
		WN_FILTER, WN_FILTER, WN_SPLIT, WN_SPLIT, WN_SPLIT));
	r = run.results;
	assert_true(str_is(r->work.mail_policy, "p"));
	assert_int_equal(r->work.n_rcpts, 1);
	assert_int_equal(r->work.rcpts[0].given, 2);
	assert_string_equal(notes(&r->work),
	    expect("%d:0 %d:1.1 ", WN_LOG_ENTRY, WN_LOG_ENTRY));
	r = r->next;
	assert_true(str_is(r->work.mail_policy, "q"));
	assert_int_equal(r->work.rcpts[0].given, 0);
	r = r->next;
	assert_true(str_is(r->work.mail_policy, "DEFAULT"));
	assert_int_equal(r->work.n_rcpts, 2);
	assert_int_equal(r->work.rcpts[1].given, 3);
	assert_true(str_is(r->work.msg.body, "changed\r\n"));
	assert_true(str_is(w.work.msg.body, "hello\r\n"));
	assert_null(r->next);
	world_end(&w);
}

static void
test_where_a_message_enters(void **state)
{
	struct work_world w;
	struct work_run run;
	struct needs needs;

	(void)state;
	world_begin(&w, "", "s@a.test", "", "r@b.test");
	work_begin(&run, &w.work, ENTER_DELIVERY);
	assert_int_equal(work_continue(&run, &needs), WORK_DONE);
	assert_int_equal(run.results->work.end, WORK_DELIVER);
	assert_int_equal(run.results->work.mail_policy.n, 0);
	assert_null(run.results->work.notes);
	assert_int_equal(work_wants(&w.work, ENTER_DELIVERY), 0);
	work_begin(&run, &w.work, ENTER_RELEASED);
	assert_int_equal(work_continue(&run, &needs), WORK_DONE);
	assert_true(str_is(run.results->work.mail_policy, "DEFAULT"));
	world_end(&w);
}

static void
test_one_hold_of_each_quarantine(void **state)
{
	struct work_world w;
	const struct work_hold *h;
	size_t n = 0;

	(void)state;
	world_begin(&w, "", "s@a.test", "", "r@b.test");
	work_hold(&w.work,
	    (struct work_hold){ .quarantine = STR("A"), .reason = STR("1") });
	work_hold(&w.work,
	    (struct work_hold){ .quarantine = STR("B"), .reason = STR("2") });
	work_hold(&w.work,
	    (struct work_hold){ .quarantine = STR("A"), .reason = STR("3") });
	for (h = w.work.holds; h != NULL; h = h->next, n++)
		if (str_is(h->quarantine, "A"))
			assert_true(str_is(h->reason, "3"));
	assert_int_equal(n, 2);
	for (int i = 0; i < 100; i++)
		work_hold(&w.work,
		    (struct work_hold){
			.quarantine = str_of(arena_printf(&w.mem, "%d", i)) });
	n = 0;
	for (h = w.work.holds; h != NULL; h = h->next)
		n++;
	assert_int_equal(n, HOLDS_MAX);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on_where_a_fact_was_missing),
		cmocka_unit_test(test_ends_where_it_is_dropped),
		cmocka_unit_test(test_split_shares_what_none_has_changed),
		cmocka_unit_test(test_where_a_message_enters),
		cmocka_unit_test(test_one_hold_of_each_quarantine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
