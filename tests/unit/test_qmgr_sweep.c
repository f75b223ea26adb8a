/* test_qmgr_sweep.c - tools that go through the whole queue, slice by slice */
#include "qmgr/sweep.h"

#include "qmgr/deliver.h"
#include "qmgr/settle.h"
#include "qmgr_double.h"

static uint64_t
active(const struct twin *t)
{
	return (uint64_t)stats_gauge_sum(
	    t->q.stats, STATS_GAUGE_active_recipients);
}

static struct sweep
prepared(enum sweep_do what, const char *how, const char *value)
{
	const struct str words[2] = { str_of(how), str_of(value) };
	struct sweep s = { .what = what };

	assert_true(selection_read(&s.selection, words, value != NULL ? 2 : 1));
	return s;
}

static void
carry_out(struct twin *t, struct sweep *s)
{
	while (!sweep_step(&t->q, s))
		;
	assert_null(t->q.sweeps);
}

static void
test_selections(void **state)
{
	static const struct {
		const char *words[2];
		bool ok;
		enum select_by by;
		const char *what;
	} v[] = {
		{ { "all", NULL }, true, SELECT_ALL, "" },
		{ { "ALL", NULL }, true, SELECT_ALL, "" },
		{ { "all", "x" }, false, 0, NULL },
		{ { "host", NULL }, false, 0, NULL },
		{ { "host", "" }, false, 0, NULL },
		{ { "Host", "one.test" }, true, SELECT_HOST, "one.test" },
		{ { "sender", "<>" }, true, SELECT_SENDER, "" },
		{ { "sender", "a@b" }, true, SELECT_SENDER, "a@b" },
		{ { "mid", "7" }, true, SELECT_MID, "" },
		{ { "mid", "seven" }, false, 0, NULL },
		{ { "some", "x" }, false, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++) {
		const struct str words[2] = { str_of(v[i].words[0]),
			str_of(v[i].words[1]) };
		struct selection s;
		bool ok =
		    selection_read(&s, words, v[i].words[1] != NULL ? 2 : 1);

		if (ok != v[i].ok ||
		    (ok && (s.by != v[i].by || strcmp(s.what, v[i].what) != 0)))
			fail_msg("%s %s", v[i].words[0],
			    v[i].words[1] != NULL ? v[i].words[1] : "");
	}
}

static const char *const three[] = { "a@one.test", "b@one.test", "c@two.test",
	NULL };

static void
test_what_is_selected(void **state)
{
	static const struct {
		const char *how, *value;
		uint64_t n_rcpts, n_messages;
	} v[] = {
		{ "all", NULL, 5, 3 },
		{ "host", "one.test", 3, 2 },
		{ "host", "TWO.test", 2, 2 },
		{ "host", "none.test", 0, 0 },
		{ "sender", "JOE@sender.test", 4, 2 },
		{ "sender", "<>", 1, 1 },
		{ "mid", "1", 3, 1 },
		{ "mid", "9", 0, 0 },
	};
	static const char *const two[] = { "e@two.test", NULL };

	(void)state;
	for (size_t i = 0; i < NELEM(v); i++) {
		struct sweep s = prepared(SWEEP_DELETE, v[i].how, v[i].value);
		struct sweep n = prepared(SWEEP_COUNT, v[i].how, v[i].value);
		struct twin *t = twin_new(TWIN_CONFIG);

		t->q.suspended = true;
		twin_message(t, 1, "joe@sender.test", three);
		twin_mail(t, 2, "d@one.test");
		twin_message(t, 3, "", two);
		carry_out(t, &n);
		carry_out(t, &s);
		if (s.n_rcpts != v[i].n_rcpts ||
		    s.n_messages != v[i].n_messages || n.n_rcpts != s.n_rcpts ||
		    n.n_messages != s.n_messages ||
		    active(t) != 5 - s.n_rcpts || t->q.n_swept != 0)
			fail_msg("%s %s", v[i].how, v[i].value);
		twin_free(t);
	}
}

static void
test_what_is_in_delivery_is_left_alone(void **state)
{
	struct sweep s = prepared(SWEEP_DELETE, "all", NULL);
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 1, "a@one.test");
	twin_run(t);
	twin_up(t);
	assert_int_equal(t->n_jobs, 1);
	twin_mail(t, 2, "b@two.test");
	carry_out(t, &s);
	assert_int_equal(s.n_rcpts, 1);
	assert_int_equal(s.n_sent, 1);
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_said("Message finished MID 1 done\n");
	twin_free(t);
}

/* The message, all of it to be bounced, after the sweep. */
static struct double_file *
ordered(struct twin *t)
{
	struct sweep s = prepared(SWEEP_BOUNCE, "all", NULL);

	t->q.suspended = true;
	t->save_later = true;
	twin_message(t, 1, "joe@sender.test", three);
	carry_out(t, &s);
	assert_int_equal(s.n_rcpts, 3);
	assert_int_equal(t->q.n_swept, 1); /* not to be answered yet */
	assert_int_equal(t->n_notices, 1);
	assert_int_equal(t->n_saves, 0);
	assert_said("Bounced by admin: MID 1 to RID 2\n");
	return twin_file(t, 1);
}

/* The notice is safe: then the message goes, and nothing else is written. */
static void
test_dur_05_an_ordered_bounce(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	struct double_file *f = ordered(t);

	(void)state;
	twin_pass(t, SETTLE_NOTICE_MS - 1);
	assert_int_equal(t->n_saves, 0);
	twin_accept(t, 0, 250);
	assert_true(f->gone);
	assert_int_equal(f->bounce, 0);
	assert_int_equal(t->q.n_swept, 0);
	assert_int_equal(active(t), 0);
	assert_int_equal(stats_sum(t->q.stats, STATS_other_hard_bounces), 3);
	assert_int_equal(t->q.n_notices, 0);
	twin_free(t);
}

/* It is not safe soon: the order is what is durable before the answer. */
static void
test_dur_05_an_ordered_bounce_that_takes_long(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	struct double_file *f = ordered(t);

	(void)state;
	twin_pass(t, SETTLE_NOTICE_MS);
	assert_int_equal(t->n_saves, 1);
	assert_int_equal(t->q.n_swept, 1);
	twin_saved(t);
	assert_int_equal(f->bounce, 7); /* RIDs 0, 1, 2 */
	assert_int_equal(t->q.n_swept, 0);
	assert_int_equal(t->n_notices, 1);
	assert_false(f->gone);
	twin_accept(t, 0, 250);
	assert_true(f->gone);
	assert_int_equal(active(t), 0);
	twin_free(t);
}

/* Another one still waits: the end of the others is to be recorded. */
static void
test_dur_05_some_of_a_message_bounced(void **state)
{
	struct sweep s = prepared(SWEEP_BOUNCE, "host", "one.test");
	struct twin *t = twin_new(TWIN_CONFIG);
	struct double_file *f;

	(void)state;
	t->q.suspended = true;
	twin_message(t, 1, "joe@sender.test", three);
	carry_out(t, &s);
	f = twin_file(t, 1);
	assert_int_equal(t->q.n_swept, 1);
	twin_accept(t, 0, 250);
	assert_int_equal(t->q.n_swept, 0);
	assert_int_equal(f->ended[0], 1 + RCPT_BOUNCED);
	assert_int_equal(f->ended[1], 1 + RCPT_BOUNCED);
	assert_false(f->gone);
	assert_int_equal(active(t), 1);
	twin_free(t);
}

static void
test_a_null_sender_hears_nothing(void **state)
{
	struct sweep s = prepared(SWEEP_BOUNCE, "all", NULL);
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	t->q.suspended = true;
	twin_message(t, 1, "", three);
	carry_out(t, &s);
	assert_int_equal(t->n_notices, 0);
	assert_true(twin_file(t, 1)->gone);
	assert_said("Double bounce: MID 1 to RID 0 - 5.0.0");
	twin_free(t);
}

static void
test_redirected(void **state)
{
	struct sweep s = prepared(SWEEP_REDIRECT, "all", NULL);
	struct twin *t = twin_new(TWIN_CONFIG);
	char addr[ADDR_MAX + 1];
	struct mail *m;

	(void)state;
	t->q.suspended = true;
	m = twin_message(t, 1, "joe@sender.test", three);
	str_copy(s.host, sizeof(s.host), STR("many.test"));
	carry_out(t, &s);
	assert_int_equal(s.n_rcpts, 3);
	for (uint32_t i = 0; i < m->n_parcels; i++)
		assert_string_equal(m->parcels[i].dest->name, "many.test");
	for (uint32_t i = 0; i < m->n_rcpts; i++)
		assert_memory_equal(
		    parcel_addr(&m->parcels[i / 2], &m->rcpts[i], addr).p,
		    three[i], strlen(three[i]) + 1);
	assert_int_equal(dest_find(&t->q, STR("one.test"))->n_parcels, 0);
	assert_int_equal(dest_find(&t->q, STR("one.test"))->n_unattempted, 0);
	assert_int_equal(dest_find(&t->q, STR("many.test"))->n_unattempted, 3);
	assert_int_equal(active(t), 3);
	assert_string_equal(twin_file(t, 1)->host[2], "many.test");
	/* once more, elsewhere: addresses are whole already */
	s = prepared(SWEEP_REDIRECT, "host", "many.test");
	str_copy(s.host, sizeof(s.host), STR("two.test"));
	carry_out(t, &s);
	assert_string_equal(twin_file(t, 1)->host[0], "two.test");
	t->q.suspended = false;
	schedule_kick_all(&t->q);
	twin_run(t);
	twin_up(t);
	while (t->jobs_at < t->n_jobs)
		twin_answer(t, 250, JOB_DOT, "ok");
	assert_true(twin_file(t, 1)->gone);
	twin_free(t);
}

/* The queue lives on between two slices. */
static void
test_messages_end_and_come_between_slices(void **state)
{
	struct sweep s = prepared(SWEEP_DELETE, "host", "one.test"), other;
	struct twin *t = twin_new(TWIN_CONFIG);
	char mid[32];

	(void)state;
	t->q.suspended = true;
	for (uint64_t i = 1; i <= 1000; i++)
		twin_mail(t, i, i % 2 == 0 ? "a@one.test" : "b@two.test");
	assert_false(sweep_step(&t->q, &s));
	assert_in_range(s.n_messages, 1, 499);
	/* the next one, the last one, and the one before that go away */
	for (uint64_t gone = s.at->mid; gone != 0; gone = gone < 999    ? 999
							  : gone < 1000 ? 1000
									: 0) {
		snprintf(mid, sizeof(mid), "%llu", (unsigned long long)gone);
		other = prepared(SWEEP_DELETE, "mid", mid);
		while (!sweep_step(&t->q, &other))
			;
	}
	twin_mail(t, 2000, "late@one.test");
	carry_out(t, &s);
	assert_int_equal(dest_find(&t->q, STR("one.test"))->n_parcels, 1);
	assert_non_null(mail_find(&t->q, 2000)); /* came later */
	twin_free(t);
}

static void
test_the_last_one_goes_while_it_is_next(void **state)
{
	struct sweep s = prepared(SWEEP_DELETE, "mid", "1");
	struct sweep all = prepared(SWEEP_COUNT, "all", NULL);
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	t->q.suspended = true;
	twin_mail(t, 1, "a@one.test");
	all.begun = true;
	all.at = all.end = t->q.newest;
	t->q.sweeps = &all;
	while (!sweep_step(&t->q, &s))
		;
	twin_mail(t, 2, "late@one.test");
	carry_out(t, &all);
	assert_int_equal(all.n_rcpts, 0);
	twin_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selections),
		cmocka_unit_test(test_what_is_selected),
		cmocka_unit_test(test_what_is_in_delivery_is_left_alone),
		cmocka_unit_test(test_dur_05_an_ordered_bounce),
		cmocka_unit_test(test_dur_05_an_ordered_bounce_that_takes_long),
		cmocka_unit_test(test_dur_05_some_of_a_message_bounced),
		cmocka_unit_test(test_a_null_sender_hears_nothing),
		cmocka_unit_test(test_redirected),
		cmocka_unit_test(test_messages_end_and_come_between_slices),
		cmocka_unit_test(test_the_last_one_goes_while_it_is_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
