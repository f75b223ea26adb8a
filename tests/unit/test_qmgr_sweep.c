/* test_qmgr_sweep.c - tools that go through the whole queue, slice by slice */
#include "qmgr/sweep.h"

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

/* ... and its second step. */
static void
carry_out_all(struct twin *t, struct sweep *s)
{
	carry_out(t, s);
	while (ordered_step(&t->q))
		;
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
		carry_out_all(t, &s);
		if (s.n_rcpts != v[i].n_rcpts ||
		    s.n_messages != v[i].n_messages || n.n_rcpts != s.n_rcpts ||
		    n.n_messages != s.n_messages ||
		    active(t) != 5 - s.n_rcpts || t->n_orders != s.n_messages ||
		    t->q.n_todo != 0)
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
	carry_out_all(t, &s);
	assert_int_equal(s.n_rcpts, 1);
	assert_int_equal(s.n_sent, 1);
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_said("Message finished MID 1 done\n");
	twin_free(t);
}

/* The message, all of it to be bounced, after the first step. */
static struct double_file *
ordered(struct twin *t)
{
	struct sweep s = prepared(SWEEP_BOUNCE, "all", NULL);

	t->q.suspended = true;
	twin_message(t, 1, "joe@sender.test", three);
	carry_out(t, &s);
	assert_int_equal(s.n_rcpts, 3);
	assert_int_equal(t->n_orders, 1);
	assert_int_equal(t->orders[0].what, ORDER_BOUNCE);
	assert_int_equal(t->orders[0].rids, 7); /* RIDs 0, 1, 2 */
	assert_int_equal(t->q.n_pending, 3);
	assert_int_equal(t->n_notices, 0);
	assert_not_said("Bounced by admin");
	return twin_file(t, 1);
}

/* Nothing is written of it: the ledger knows until the message is gone. */
static void
test_dur_05_an_ordered_bounce(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	struct double_file *f = ordered(t);

	(void)state;
	t->q.suspended = false; /* they are in nobody's queue */
	schedule_kick_all(&t->q);
	twin_run(t);
	assert_int_equal(t->n_opened, 0);
	assert_false(ordered_step(&t->q));
	assert_said("Bounced by admin: MID 1 to RID 2\n");
	assert_int_equal(t->q.n_pending, 0);
	assert_int_equal(t->n_notices, 1);
	twin_pass(t, 60000);
	assert_int_equal(t->n_saves + f->n_syncs, 0);
	assert_int_equal(t->q.n_ordered, 1);
	twin_accept(t, 0, 250);
	assert_true(f->gone);
	assert_int_equal(t->q.n_ordered, 0);
	assert_int_equal(active(t), 0);
	assert_int_equal(stats_sum(t->q.stats, STATS_other_hard_bounces), 3);
	assert_int_equal(t->q.n_notices, 0);
	twin_free(t);
}

/* Another one still waits: the end of the others is to be recorded, and only
 * then the ledger is not needed any more. */
static void
test_dur_05_some_of_a_message_bounced(void **state)
{
	struct sweep s = prepared(SWEEP_BOUNCE, "host", "one.test");
	struct twin *t = twin_new(TWIN_CONFIG);
	struct double_file *f;

	(void)state;
	t->q.suspended = true;
	twin_message(t, 1, "joe@sender.test", three);
	carry_out_all(t, &s);
	f = twin_file(t, 1);
	twin_accept(t, 0, 250);
	assert_int_equal(t->q.n_ordered, 1);
	twin_pass(t, SETTLE_LAZY_MS);
	assert_int_equal(t->q.n_ordered, 0);
	assert_int_equal(f->ended[0], 1 + RCPT_BOUNCED);
	assert_int_equal(f->ended[1], 1 + RCPT_BOUNCED);
	assert_false(f->gone);
	assert_int_equal(active(t), 1);
	twin_free(t);
}

static void
test_dur_05_some_of_a_message_deleted(void **state)
{
	struct sweep s = prepared(SWEEP_DELETE, "host", "one.test");
	struct twin *t = twin_new(TWIN_CONFIG);
	struct double_file *f;

	(void)state;
	t->q.suspended = true;
	t->save_later = true;
	twin_message(t, 1, "joe@sender.test", three);
	carry_out(t, &s);
	f = twin_file(t, 1);
	assert_int_equal(active(t), 1); /* before any of it is written */
	assert_int_equal(t->orders[0].rids, 3);
	assert_false(ordered_step(&t->q));
	twin_pass(t, SETTLE_LAZY_MS);
	assert_int_equal(t->q.n_ordered, 1);
	twin_saved(t);
	assert_int_equal(t->q.n_ordered, 0);
	assert_int_equal(f->ended[1], 1 + RCPT_DELETED);
	assert_int_equal(f->ended[2], 0);
	twin_free(t);
}

/* As long as they wait for their notice, they may still go elsewhere. */
static void
test_the_last_order_counts(void **state)
{
	static const enum sweep_do then[] = { SWEEP_DELETE, SWEEP_REDIRECT,
		SWEEP_BOUNCE };

	(void)state;
	for (size_t i = 0; i < NELEM(then); i++) {
		struct sweep s = prepared(then[i], "all", NULL);
		struct twin *t = twin_new(TWIN_CONFIG);
		struct double_file *f = ordered(t);

		str_copy(s.host, sizeof(s.host), STR("many.test"));
		carry_out_all(t, &s);
		assert_int_equal(t->q.n_pending, 0);
		assert_int_equal(s.n_rcpts, then[i] == SWEEP_BOUNCE ? 0 : 3);
		assert_int_equal(t->n_notices, then[i] == SWEEP_BOUNCE);
		assert_int_equal(f->gone, then[i] == SWEEP_DELETE);
		assert_int_equal(active(t), then[i] == SWEEP_REDIRECT ? 3 : 0);
		twin_free(t);
	}
}

/* It comes back after a crash: deleted ones are gone, others to be bounced. */
static void
test_dur_05_recalled(void **state)
{
	struct mail_rcpt rcpts[] = {
		{ .addr = STR("a@one.test"),
		    .rid = 0,
		    .ordered = ORDER_DELETE },
		{ .addr = STR("b@one.test"),
		    .rid = 1,
		    .ordered = ORDER_BOUNCE },
		{ .addr = STR("c@one.test"), .rid = 2 },
		{ .addr = STR("d@two.test"),
		    .rid = 3,
		    .host = STR("one.test") },
	};
	struct mail_info info = { .mid = 1,
		.arrival = DOUBLE_WALL,
		.sender = STR("joe@sender.test"),
		.place = QUEUE_INCOMING,
		.rcpts = rcpts,
		.n_rcpts = NELEM(rcpts) };
	struct twin *t = twin_new(TWIN_CONFIG);
	struct mail *m;

	(void)state;
	t->q.suspended = true;
	t->files[t->n_files++] = (struct double_file){ .mid = 1 };
	m = mail_new(&t->q, &info);
	assert_int_equal(m->n_parcels, 3);
	ordered_recalled(&t->q, m, MAIL_ORDERED | MAIL_MOVED);
	assert_int_equal(active(t), 3);
	assert_int_equal(t->q.n_pending, 1);
	/* the one that is gone was said, and counted, before */
	assert_int_equal(twin_count(t, STATS_deleted_recipients), 0);
	assert_not_said("Deleted: ");
	while (ordered_step(&t->q))
		;
	assert_int_equal(t->n_notices, 1);
	assert_int_equal(active(t), 2);
	/* nothing but the ledger knows where the last one goes */
	assert_int_equal(t->q.n_ordered, 1);
	assert_int_equal(m->ordered, MAIL_ORDERED | MAIL_MOVED);
	twin_free(t);
}

/* Its name is still there: after a restart the ledger must know. */
static void
test_dur_11_a_name_that_does_not_go(void **state)
{
	struct sweep s = prepared(SWEEP_DELETE, "all", NULL);
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	t->q.suspended = true;
	t->unlink_fails = true;
	twin_mail(t, 1, "a@one.test");
	carry_out_all(t, &s);
	assert_said("MID 1: cannot be removed: read-only file system");
	assert_int_equal(t->q.n_mails, 0);
	assert_int_equal(t->q.n_ordered, 1);
	twin_free(t);
}

/* What must go protected goes so, wherever it stood before. */
static void
test_out_07_redirected_from_inside(void **state)
{
	static const uint32_t flags[] = { 0, ENV_REQUIRETLS };

	(void)state;
	for (size_t i = 0; i < NELEM(flags); i++) {
		struct sweep s = prepared(SWEEP_REDIRECT, "mid", "1");
		struct twin *t = twin_new(TWIN_CONFIG);
		struct mail *m;

		t->q.suspended = true;
		t->flags = flags[i];
		m = twin_mail(t, 1, "a@the.euq.release.queue");
		assert_true(m->parcels[0].dest->internal);
		str_copy(s.host, sizeof(s.host), STR("many.test"));
		carry_out(t, &s);
		assert_string_equal(m->parcels[0].dest->name, "many.test");
		assert_int_equal(m->parcels[0].dest->wish,
		    flags[i] == 0 ? WISH_NONE : WISH_REQUIRE);
		twin_free(t);
	}
}

static void
test_a_null_sender_hears_nothing(void **state)
{
	struct sweep s = prepared(SWEEP_BOUNCE, "all", NULL);
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	t->q.suspended = true;
	twin_message(t, 1, "", three);
	carry_out_all(t, &s);
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
	assert_string_equal(t->orders[0].host, "many.test");
	assert_int_equal(t->orders[0].rids, 7);
	/* once more, elsewhere: addresses are whole already */
	s = prepared(SWEEP_REDIRECT, "host", "many.test");
	str_copy(s.host, sizeof(s.host), STR("two.test"));
	carry_out(t, &s);
	assert_string_equal(t->orders[1].host, "two.test");
	assert_int_equal(t->q.n_ordered, 1);
	t->q.suspended = false;
	schedule_kick_all(&t->q);
	twin_run(t);
	twin_up(t);
	while (t->jobs_at < t->n_jobs)
		twin_answer(t, 250, JOB_DOT, "ok");
	assert_true(twin_file(t, 1)->gone);
	assert_int_equal(t->q.n_ordered, 0);
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
	for (uint64_t i = 1; i <= 4000; i++)
		twin_mail(t, i, i % 2 == 0 ? "a@one.test" : "b@two.test");
	assert_false(sweep_step(&t->q, &s));
	assert_in_range(s.n_messages, 1, 1999);
	/* the next one, the last one, and the one before that go away */
	for (uint64_t gone = s.at->mid; gone != 0; gone = gone < 3999   ? 3999
							  : gone < 4000 ? 4000
									: 0) {
		snprintf(mid, sizeof(mid), "%llu", (unsigned long long)gone);
		other = prepared(SWEEP_DELETE, "mid", mid);
		while (!sweep_step(&t->q, &other))
			;
		while (ordered_step(&t->q))
			;
	}
	twin_mail(t, 5000, "late@one.test");
	carry_out_all(t, &s);
	assert_int_equal(dest_find(&t->q, STR("one.test"))->n_parcels, 1);
	assert_non_null(mail_find(&t->q, 5000)); /* came later */
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
	assert_false(ordered_step(&t->q));
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
		cmocka_unit_test(test_dur_05_some_of_a_message_bounced),
		cmocka_unit_test(test_dur_05_some_of_a_message_deleted),
		cmocka_unit_test(test_the_last_order_counts),
		cmocka_unit_test(test_dur_05_recalled),
		cmocka_unit_test(test_dur_11_a_name_that_does_not_go),
		cmocka_unit_test(test_out_07_redirected_from_inside),
		cmocka_unit_test(test_a_null_sender_hears_nothing),
		cmocka_unit_test(test_redirected),
		cmocka_unit_test(test_messages_end_and_come_between_slices),
		cmocka_unit_test(test_the_last_one_goes_while_it_is_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
