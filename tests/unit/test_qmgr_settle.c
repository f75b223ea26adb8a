/* test_qmgr_settle.c - what is on disk when, notices, crashes (DUR-05) */
#include "qmgr/deliver.h"
#include "qmgr_double.h"

#define WARN_CONFIG                                                            \
	TWIN_CONFIG                                                            \
	"bounce_profiles:\n  - name: Default\n    delay_warning: yes\n"

static void
answer_pair(struct twin *t, uint32_t first, uint32_t second)
{
	struct double_job *j = &t->jobs[t->jobs_at++];
	struct job_result r[2] = { { .rid = j->rids[0],
				       .code = first,
				       .text = STR("5.1.1 no such user"),
				       .stage = JOB_DOT },
		{ .rid = j->rids[1],
		    .code = second,
		    .text = STR("2.0.0 ok"),
		    .stage = JOB_DOT } };
	struct job_done done = { .job = j->id, .results = { 2, r } };

	assert_int_equal(j->n, 2);
	assert_int_equal(
	    schedule_done(&t->q, &t->worker, j->conn_id, &done, NULL), 0);
	twin_run(t);
}

static const char *const pair[] = { "ghost@one.test", "anna@one.test", NULL };

/* Results are synced, then the notice goes, then its recipient is done. */
static void
test_dur_05_order_of_a_bounce(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	t->save_later = true;
	twin_message(t, 1, "joe@sender.test", pair);
	twin_run(t);
	twin_up(t);
	answer_pair(t, 550, 250);
	assert_int_equal(t->n_saves, 1); /* at once, not in a while */
	assert_int_equal(t->n_notices, 0);
	twin_saved(t);
	assert_int_equal(t->files[0].ended[1], 1 + RCPT_DELIVERED);
	assert_int_equal(t->files[0].ended[0], 0);
	assert_int_equal(t->n_notices, 1);
	assert_said("was generated for bounce of MID 1\nStart MID 1 ICID 0\n"
		    "MID 1 ICID 0 From: <>\n"
		    "MID 1 ICID 0 RID 0 To: <joe@sender.test>\n");
	assert_false(t->files[0].gone);
	assert_not_said("Message finished");
	twin_accept(t, 0, 250);
	/* Nobody is left: the unlink is the record. */
	assert_true(t->files[0].gone);
	assert_said("Message finished MID 1 done\n");
	twin_free(t);
}

static void
test_delivered_at_the_first_attempt_writes_nothing(void **state)
{
	static const char *const rcpts[] = { "a@one.test", "b@two.test", NULL };
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_message(t, 1, "joe@sender.test", rcpts);
	twin_run(t);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_pass(t, SETTLE_LAZY_MS - 1);
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_int_equal(t->files[0].n_syncs, 0);
	assert_true(t->files[0].gone);
	twin_free(t);
}

static void
test_results_are_on_disk_within_a_second(void **state)
{
	static const char *const rcpts[] = { "a@one.test", "b@two.test", NULL };
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_message(t, 1, "joe@sender.test", rcpts);
	twin_run(t);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_pass(t, SETTLE_LAZY_MS);
	assert_int_equal(t->files[0].ended[0], 1 + RCPT_DELIVERED);
	/* The other is still at it: the first delivery is not over. */
	assert_int_equal(t->files[0].place, QUEUE_INCOMING);
	twin_answer(t, 451, JOB_RCPT, "later");
	twin_pass(t, SETTLE_LAZY_MS);
	assert_int_equal(t->files[0].place, QUEUE_DEFERRED);
	twin_free(t);
}

static void
test_dur_09_a_full_disk(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	t->save_fails = true;
	twin_message(t, 1, "joe@sender.test", pair);
	twin_run(t);
	twin_up(t);
	answer_pair(t, 550, 250);
	assert_said("MID 1: results cannot be recorded: no space left on "
		    "device");
	/* The notice depends on it. */
	twin_pass(t, 9999);
	assert_int_equal(t->n_notices, 0);
	t->save_fails = false;
	twin_pass(t, 1);
	assert_int_equal(t->files[0].ended[1], 1 + RCPT_DELIVERED);
	assert_int_equal(t->n_notices, 1);
	twin_accept(t, 0, 250);
	assert_true(t->files[0].gone);
	twin_free(t);
}

static void
test_cleanup_cannot_take_a_notice(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	t->no_cleanup = true;
	twin_mail(t, 1, "ghost@one.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 550, JOB_RCPT, "no");
	assert_int_equal(t->n_notices, 0);
	assert_false(t->files[0].gone);
	t->no_cleanup = false;
	bounce_run(&t->q); /* it is there again */
	assert_int_equal(t->n_notices, 1);
	twin_accept(t, 0, 451); /* its disk is full */
	assert_false(t->files[0].gone);
	twin_pass(t, 9999);
	assert_int_equal(t->n_notices, 1);
	twin_pass(t, 1);
	assert_int_equal(t->n_notices, 2);
	/* It dies with the notice: another gets it. */
	bounce_worker_lost(&t->q, &t->worker);
	assert_int_equal(t->n_notices, 3);
	assert_false(bounce_answer(
	    &t->q, &t->worker, t->notices[1].txn, 250, STR("late")));
	twin_accept(t, 2, 250);
	assert_true(t->files[0].gone);
	twin_free(t);
}

/* cleanup answers at once, and still others have their turn in between. */
static void
test_many_notices_take_several_turns(void **state)
{
	static char text[50][40];
	const char *rcpts[51] = { NULL };
	struct twin *t = twin_new(TWIN_CONFIG);
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		snprintf(text[i], sizeof(text[i]), "ghost%d@one.test", i);
		rcpts[i] = text[i];
	}
	for (uint64_t mid = 1; mid <= 60; mid++) {
		struct mail *m = twin_message(t, mid, "joe@sender.test", rcpts);

		for (uint32_t i = 0; i < m->n_parcels; i++)
			deliver_parcel_bounced(&t->q, &m->parcels[i]);
		settle(&t->q, m);
	}
	for (int turn = 1; turn <= 3; turn++) {
		while (n < t->n_notices)
			twin_accept(t, n++, 250);
		assert_int_equal(n, 20 * turn);
		twin_pass(t, 1);
	}
	assert_int_equal(t->n_notices, 60);
	assert_int_equal(t->q.n_mails, 0);
	twin_free(t);
}

static void
test_lop_04_double_bounce(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	const char *const rcpts[] = { "ghost@one.test", NULL };

	(void)state;
	twin_message(t, 4, "", rcpts);
	twin_run(t);
	twin_up(t);
	twin_answer(t, 550, JOB_RCPT, "5.1.1 nobody");
	assert_string_equal(twin_log.data,
	    "Double bounce: MID 4 to RID 0 - 5.1.0 - Unknown address error "
	    "550-'5.1.1 nobody'\n"
	    "Message finished MID 4 done\n");
	assert_int_equal(t->n_notices, 0);
	assert_int_equal(twin_count(t, STATS_hard_bounced_recipients), 1);
	twin_free(t);
}

static void
test_bac_03_notices_to_one_sender(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG "delivery:\n  bounce_rate: 3\n");

	(void)state;
	for (uint64_t mid = 1; mid <= 10; mid++)
		twin_mail(t, mid, "ghost@one.test");
	twin_run(t);
	twin_up(t);
	for (int i = 0; i < 10; i++)
		twin_answer(t, 550, JOB_RCPT, "no");
	assert_int_equal(t->n_notices, 3);
	assert_said("MID 10: no notice for 1 recipients");
	for (size_t i = 0; i < 3; i++)
		twin_accept(t, i, 250);
	assert_int_equal(t->q.n_mails, 0);
	twin_pass(t, 3600000);
	twin_gone(t);
	twin_mail(t, 11, "ghost@one.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 550, JOB_RCPT, "no");
	assert_int_equal(t->n_notices, 4);
	twin_free(t);
}

static void
test_notify_is_honoured(void **state)
{
	static const struct {
		const char *why;
		uint8_t notify;
		uint32_t code;
		bool notice;
	} cases[] = {
		{ "unset, failure", 0, 550, true },
		{ "NEVER", DSN_NEVER, 550, false },
		{ "FAILURE", DSN_FAILURE, 550, true },
		{ "DELAY only", DSN_DELAY, 550, false },
		{ "SUCCESS, the server cannot", DSN_SUCCESS, 250, true },
		{ "unset, success", 0, 250, false },
		{ "FAILURE, success", DSN_FAILURE, 250, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct twin *t = twin_new(TWIN_CONFIG);
		struct mail *m = twin_mail(t, 1, "anna@one.test");

		m->rcpts[0].notify = cases[i].notify;
		twin_run(t);
		twin_up(t);
		twin_answer(t, cases[i].code, JOB_DOT, "text");
		if (t->n_notices != cases[i].notice)
			fail_msg("%s: %zu", cases[i].why, t->n_notices);
		if (cases[i].notice)
			twin_accept(t, 0, 250);
		if (!t->files[0].gone)
			fail_msg("%s: still there", cases[i].why);
		twin_free(t);
	}
}

static void
test_delay_warnings(void **state)
{
	static const struct {
		const char *why, *content;
		uint32_t code;
		enum job_stage stage;
		size_t n; /* after the second attempt */
	} cases[] = {
		{ "4xx", "Subject: x\r\n\r\n", 451, JOB_RCPT, 1 },
		{ "not for a lost connection", "Subject: x\r\n\r\n", 0, JOB_DOT,
		    0 },
		{ "bac-02: not to a machine",
		    "Auto-Submitted: auto-generated\r\n\r\n", 451, JOB_RCPT,
		    0 },
		{ "bac-02: not to a list", "List-Id: <x.test>\r\n\r\n", 451,
		    JOB_RCPT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct twin *t = twin_new(WARN_CONFIG);

		t->content = cases[i].content;
		twin_mail(t, 1, "anna@one.test");
		for (int n = 0; n < 3; n++) {
			twin_run(t);
			twin_up(t);
			if (n == 1)
				assert_int_equal(t->n_notices, 0);
			twin_answer(t, cases[i].code, cases[i].stage, "later");
			twin_pass(t, 8000);
			twin_gone(t);
			twin_pass(t, 150000);
		}
		if (t->n_notices != cases[i].n)
			fail_msg("%s: %zu", cases[i].why, t->n_notices);
		if (cases[i].n > 0) {
			assert_said("for delay warning of MID 1\n");
			twin_accept(t, 0, 250);
		}
		assert_false(t->files[0].gone);
		twin_free(t);
	}
}

static bool
text_has(const struct twin *t, size_t i, const char *what)
{
	return memmem(t->notices[i].text, t->notices[i].len, what,
		   strlen(what)) != NULL;
}

static void
test_what_a_notice_says(void **state)
{
	static const char *const says[] = {
		"To: <joe@sender.test>\r\n",
		"Original-Envelope-Id: env 7\r\n",
		"Original-Recipient: rfc822; original@one.test\r\n",
		"Final-Recipient: rfc822; ghost@one.test\r\n",
		"Remote-MTA: dns; 192.0.2.1\r\n",
		"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n",
		"\r\n..dots are stuffed\r\n",
	};
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	t->content = "Subject: a\r\n\r\n..dots are stuffed\r\n";
	t->envid = STR("env 7");
	t->orcpt = STR("rfc822;original@one.test");
	twin_message(t, 1, "joe@sender.test", pair);
	twin_run(t);
	twin_up(t);
	answer_pair(t, 550, 250);
	for (size_t i = 0; i < NELEM(says); i++)
		if (!text_has(t, 0, says[i]))
			fail_msg("not in the notice: %s\n%.*s", says[i],
			    (int)t->notices[0].len, t->notices[0].text);
	/* RET=HDRS. */
	twin_mail(t, 2, "ghost@one.test")->ret = 2;
	twin_run(t);
	twin_answer(t, 550, JOB_RCPT, "no");
	assert_true(text_has(t, 1, "text/rfc822-headers"));
	twin_free(t);
}

/* --- crashes --- */

#define MAILS 60
#define RCPTS 3

struct truth {
	unsigned delivered[MAILS + 1][RCPTS];
	unsigned noticed[MAILS + 1][RCPTS];
};

/* What recovery does: whatever has a file and is not done on disk. */
static void
restart(struct twin *t)
{
	struct config *cf = config_ref(t->config);
	struct stats *stats = t->q.stats;

	for (size_t i = 0; i < t->n_saves; i++) {
		arena_free(&t->saves[i]->mem);
		free(t->saves[i]->defers);
		free(t->saves[i]);
	}
	t->n_saves = t->n_opened = t->n_jobs = t->jobs_at = 0;
	for (size_t i = 0; i < t->n_notices; i++)
		free(t->notices[i].text);
	t->n_notices = 0;
	qmgr_fini(&t->q);
	qmgr_init(&t->q, cf, stats, &twin_outside, t);
	config_unref(&cf);
	t->q.now = 5000;
	t->q.wall = DOUBLE_WALL;
	for (size_t i = 0; i < t->n_files; i++) {
		struct double_file *f = &t->files[i];
		struct mail_rcpt v[RCPTS] = { 0 };
		struct mail_info in = { .mid = f->mid,
			.arrival = t->q.wall,
			.sender = STR("joe@sender.test"),
			.profile = STR("Default"),
			.place = f->place,
			.rcpts = v };

		for (uint32_t r = 0; r < RCPTS && !f->gone; r++) {
			struct mail_rcpt *x = &v[in.n_rcpts];

			if (f->ended[r] != 0)
				continue;
			x->addr =
			    r == 2 ? STR("c@two.test") : STR("a@one.test");
			x->rid = r;
			x->attempts = f->attempts[r];
			in.n_rcpts++;
		}
		if (in.n_rcpts == 0) {
			f->gone = true; /* as intake.c's found() */
			continue;
		}
		mail_new(&t->q, &in);
	}
	schedule_kick_all(&t->q);
}

/* Who is done on disk is in no job. */
static void
check_not_done(const struct twin *t, uint64_t mid, uint32_t rid)
{
	for (size_t i = 0; i < t->n_files; i++)
		if (t->files[i].mid == mid &&
		    (t->files[i].gone || t->files[i].ended[rid] != 0))
			fail_msg("MID %llu RID %u is given again",
			    (unsigned long long)mid, rid);
}

static void
one_answer(struct twin *t, struct truth *truth)
{
	static const uint32_t codes[] = { 250, 250, 451, 550 };
	struct double_job *j = &t->jobs[t->jobs_at++];
	struct job_result r[RCPTS];
	struct job_done done = { .job = j->id, .results = { j->n, r } };

	for (size_t i = 0; i < j->n; i++) {
		uint32_t code = codes[twin_random(t) % NELEM(codes)];

		check_not_done(t, j->mid, j->rids[i]);
		r[i] = (struct job_result){ .rid = j->rids[i],
			.code = code,
			.text = STR("text"),
			.stage = JOB_DOT };
		truth->delivered[j->mid][j->rids[i]] += code == 250;
	}
	assert_int_equal(
	    schedule_done(&t->q, &t->worker, j->conn_id, &done, NULL), 0);
}

/* cleanup has it: from now on the notice is safe. */
static void
one_notice(struct twin *t, struct truth *truth)
{
	struct double_notice *x = &t->notices[t->n_notices - 1];

	for (size_t i = 0; i < x->notice->n; i++)
		truth->noticed[x->about]
			      [x->notice->mail->rcpts[x->notice->v[i].index]
				      .rid]++;
	twin_accept(t, t->n_notices - 1, 250);
	/* The answer may have made another one. */
	free(x->text);
	memmove(x, x + 1,
	    (size_t)(&t->notices[t->n_notices] - (x + 1)) * sizeof(*x));
	t->n_notices--;
}

static void
live_a_while(struct twin *t, struct truth *truth, unsigned steps)
{
	for (unsigned i = 0; i < steps; i++) {
		twin_run(t);
		twin_up(t);
		switch (twin_random(t) % 4) {
		case 0:
		case 1:
			if (t->jobs_at < t->n_jobs)
				one_answer(t, truth);
			break;
		case 2:
			if (t->n_notices > 0)
				one_notice(t, truth);
			break;
		default:
			twin_saved(t);
			twin_pass(t, twin_random(t) % 4000);
			twin_gone(t);
		}
	}
}

/* Killed at any moment, again and again: each recipient gets the message, or
 * the sender a notice, at least once. */
static void
test_dur_05_crashes_lose_nothing(void **state)
{
	static const char *const rcpts[] = { "a@one.test", "b@one.test",
		"c@two.test", NULL };

	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		struct twin *t = twin_new(TWIN_CONFIG);
		struct truth *truth = mem_alloc(sizeof(*truth));

		t->dice = seed * 2654435761u;
		t->save_later = true;
		for (uint64_t mid = 1; mid <= MAILS; mid++)
			twin_message(t, mid, "joe@sender.test", rcpts);
		for (int crash = 0; crash < 8; crash++) {
			live_a_while(t, truth, twin_random(t) % 80);
			restart(t);
		}
		for (int i = 0; i < 400 && t->q.n_mails > 0; i++) {
			live_a_while(t, truth, 100);
			twin_pass(t, 100000);
			twin_gone(t);
			t->n_jobs -= t->jobs_at;
			memmove(t->jobs, t->jobs + t->jobs_at,
			    t->n_jobs * sizeof(t->jobs[0]));
			t->jobs_at = 0;
		}
		assert_int_equal(t->q.n_mails, 0);
		for (uint64_t mid = 1; mid <= MAILS; mid++)
			for (int r = 0; r < RCPTS; r++)
				if (truth->delivered[mid][r] +
					truth->noticed[mid][r] ==
				    0)
					fail_msg("seed %u: MID %llu RID %d "
						 "was lost",
					    seed, (unsigned long long)mid, r);
		free(truth);
		twin_free(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dur_05_order_of_a_bounce),
		cmocka_unit_test(
		    test_delivered_at_the_first_attempt_writes_nothing),
		cmocka_unit_test(test_results_are_on_disk_within_a_second),
		cmocka_unit_test(test_dur_09_a_full_disk),
		cmocka_unit_test(test_cleanup_cannot_take_a_notice),
		cmocka_unit_test(test_many_notices_take_several_turns),
		cmocka_unit_test(test_lop_04_double_bounce),
		cmocka_unit_test(test_bac_03_notices_to_one_sender),
		cmocka_unit_test(test_notify_is_honoured),
		cmocka_unit_test(test_delay_warnings),
		cmocka_unit_test(test_what_a_notice_says),
		cmocka_unit_test(test_dur_05_crashes_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
