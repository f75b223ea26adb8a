/* test_qmgr_results.c - what answers mean, and what follows from them */
#include <time.h>

#include "qmgr/conn.h"
#include "qmgr/deliver.h"
#include "qmgr_double.h"

#define GREY "4.7.1 greylisted"

static void
test_classification(void **state)
{
	static const struct {
		const char *why;
		uint32_t code;
		enum job_stage stage;
		bool possible, believe;
		enum outcome outcome;
		const char *status, *reason, *pseudo;
	} cases[] = {
		{ "accepted", 250, JOB_DOT, false, false, OUTCOME_DELIVERED,
		    NULL, NULL, "250" },
		{ "out-02: 2xx that does not answer the dot", 250, JOB_RCPT,
		    false, false, OUTCOME_SOFT, "4.4.0",
		    "Other network problem", "250" },
		{ "out-02: 354 to the dot", 354, JOB_DOT, false, false,
		    OUTCOME_SOFT, "4.4.0", "Other network problem", "354" },
		{ "451", 451, JOB_RCPT, false, false, OUTCOME_SOFT, "4.1.0",
		    "Unknown address error", "451" },
		{ "421", 421, JOB_MAIL, false, false, OUTCOME_SOFT, "4.3.2",
		    "Not accepting messages at this time", "421" },
		{ "452", 452, JOB_RCPT, false, false, OUTCOME_SOFT, "4.2.2",
		    "Mailbox full", "452" },
		{ "550", 550, JOB_RCPT, false, false, OUTCOME_HARD, "5.1.0",
		    "Unknown address error", "550" },
		{ "554 to DATA", 554, JOB_DATA, false, false, OUTCOME_HARD,
		    "5.1.0", "Unknown address error", "554" },
		{ "552", 552, JOB_DOT, false, false, OUTCOME_HARD, "5.2.2",
		    "Mailbox full", "552" },
		{ "553", 553, JOB_RCPT, false, false, OUTCOME_HARD, "5.1.1",
		    "Bad destination email address", "553" },
		{ "lost before RCPT", 0, JOB_MAIL, false, false,
		    OUTCOME_CONNECTION, NULL, NULL, "000" },
		{ "lost in the content", 0, JOB_DATA, false, false,
		    OUTCOME_SOFT, "4.4.0", "Other network problem", "000" },
		{ "out-04: lost after the dot", 0, JOB_DOT, true, false,
		    OUTCOME_SOFT, "4.4.0", "Other network problem", "000" },
		{ "out-04: the same, believed", 0, JOB_DOT, true, true,
		    OUTCOME_DELIVERED, NULL, NULL, "000" },
		{ "nonsense", 99999, JOB_DOT, false, false, OUTCOME_SOFT,
		    "4.4.0", "Other network problem", "000" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct job_result r = { .code = cases[i].code,
			.stage = (uint8_t)cases[i].stage };
		struct verdict v =
		    result_of_reply(&r, cases[i].possible, cases[i].believe);

		if (v.outcome != cases[i].outcome ||
		    strcmp(v.code, cases[i].pseudo) != 0)
			fail_msg("%s", cases[i].why);
		if (cases[i].status != NULL &&
		    (strcmp(v.status, cases[i].status) != 0 ||
			strcmp(v.reason, cases[i].reason) != 0))
			fail_msg("%s: %s %s", cases[i].why, v.status, v.reason);
	}
}

/* The lines of spec 11, in their order. */
static void
test_a_soft_bounce_is_logged_counted_and_planned(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	struct dest *d;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	twin_mail(t, 8002, "ap@one.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 451, JOB_RCPT, GREY);
	assert_string_equal(twin_log.data,
	    "Delayed: DCID 1 MID 8002 to RID 0 - 4.1.0 - Unknown address "
	    "error ('451', ['4.7.1 greylisted']) []\n"
	    "MID 8002 to RID [0] pending till Tue Mar  4 10:16:02 2025 "
	    "[Default]\n");
	d = dest_find(&t->q, STR("one.test"));
	assert_int_equal(d->n_attempted, 1);
	assert_int_equal(d->n_unattempted, 0);
	assert_int_equal(twin_count(t, STATS_soft_bounced_events), 1);
	assert_int_equal(twin_count(t, STATS_completed_recipients), 0);
	twin_check_sums(t);
	/* On disk within a second, and out of cleanup's reach. */
	twin_pass(t, 1000);
	assert_int_equal(t->files[0].place, QUEUE_DEFERRED);
	assert_int_equal(t->files[0].attempts[0], 1);
	assert_int_equal(t->files[0].next[0], DOUBLE_WALL + 60000);
	/* Nothing is kept of it but what waits. */
	assert_null(t->q.oldest->active);
	twin_pass(t, 9000);
	twin_gone(t);
	twin_pass(t, 50000);
	twin_up(t);
	assert_int_equal(t->n_jobs, 2);
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_true(t->files[0].gone);
	twin_check_sums(t);
	twin_free(t);
}

static void
test_a_mixed_transaction(void **state)
{
	static const char *const rcpts[] = { "a@one.test", "b@one.test",
		"c@one.test", NULL };
	struct twin *t = twin_new(TWIN_CONFIG);
	struct job_result r[3] = {
		{ .rid = 0,
		    .code = 250,
		    .stage = JOB_DOT,
		    .text = STR("2.0.0 queued") },
		{ .rid = 1,
		    .code = 550,
		    .stage = JOB_RCPT,
		    .text = STR("5.1.1 no such user") },
		{ .rid = 2,
		    .code = 452,
		    .stage = JOB_RCPT,
		    .text = STR("4.2.2 full") },
	};
	struct job_done done = { .results = { 3, r } };

	(void)state;
	twin_message(t, 1, "joe@sender.test", rcpts);
	twin_run(t);
	twin_up(t);
	done.job = t->jobs[0].id;
	assert_int_equal(
	    schedule_done(&t->q, &t->worker, t->jobs[0].conn_id, &done, NULL),
	    0);
	assert_said("Message done DCID 1 MID 1 to RID [0] []\n");
	assert_said("Bounced: DCID 1 MID 1 to RID 1 - 5.1.0 - Unknown address "
		    "error ('550', ['5.1.1 no such user']) []\n");
	assert_said("Delayed: DCID 1 MID 1 to RID 2 - 4.2.2 - Mailbox full "
		    "('452', ['4.2.2 full']) []\n");
	twin_check_sums(t);
	/* Results before the notice (DUR-05); the one it is about only
	 * after cleanup has it. */
	assert_int_equal(t->n_notices, 1);
	assert_int_equal(t->files[0].ended[0], 1 + RCPT_DELIVERED);
	assert_int_equal(t->files[0].attempts[2], 1);
	assert_int_equal(t->files[0].ended[1], 0);
	twin_accept(t, 0, 250);
	twin_pass(t, 1000);
	assert_int_equal(t->files[0].ended[1], 1 + RCPT_BOUNCED);
	/* Only the third is tried again. */
	twin_pass(t, 9000);
	twin_gone(t);
	twin_pass(t, 51000);
	twin_up(t);
	assert_int_equal(t->jobs[1].n, 1);
	assert_int_equal(t->jobs[1].rids[0], 2);
	t->jobs_at = 1;
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_int_equal(t->q.n_mails, 0);
	assert_said("Message finished MID 1 done\n");
	twin_check_sums(t);
	twin_free(t);
}

static void
test_retries_are_exhausted(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG
	    "bounce_profiles:\n  - name: Default\n    max_retries: 2\n"
	    "    initial_retry: 60\n    max_retry: 60\n");

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	for (int i = 0; i < 3; i++) {
		twin_pass(t, 64000);
		twin_gone(t);
		twin_up(t);
		assert_int_equal(t->n_jobs, i + 1);
		twin_answer(t, 451, JOB_RCPT, GREY);
	}
	assert_said("Bounced: DCID 3 MID 1 to RID 0 - 5.4.7 - Delivery "
		    "expired (message too old) ('000', ['" GREY "']) []\n");
	assert_int_equal(twin_count(t, STATS_expired_hard_bounces), 1);
	assert_int_equal(twin_count(t, STATS_soft_bounced_events), 3);
	twin_check_sums(t);
	twin_free(t);
}

/* Just before the attempt that would have followed (spec 1.2, 2). */
static void
test_the_time_in_the_queue_is_up(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG
	    "bounce_profiles:\n  - name: Default\n    max_queue_time: 100\n"
	    "    initial_retry: 60\n    max_retry: 120\n");

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	for (int i = 0; i < 2; i++) {
		twin_run(t);
		twin_up(t);
		twin_answer(t, 451, JOB_RCPT, GREY);
		twin_pass(t, 50000);
		twin_gone(t);
		twin_pass(t, 10000);
	}
	assert_not_said("Bounced");
	twin_pass(t, 4000);
	assert_int_equal(t->n_jobs, 2);
	assert_said("Bounced: DCID 0 MID 1 to RID 0 - 5.4.7 - Delivery "
		    "expired (message too old) ('000', ['']) []\n");
	twin_free(t);
}

/* Also those behind the one that probes, at each probe. */
static void
test_expiry_while_the_host_is_down(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG
	    "bounce_profiles:\n  - name: Default\n    max_queue_time: 3600\n"
	    "    max_host_retry: 600\n");

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_pass(t, 1000);
	twin_mail(t, 2, "anna@one.test");
	for (size_t i = 0; i < 12; i++) {
		if (i < t->n_opened && t->opened[i] != NULL)
			twin_down(t, i, SESSION_REFUSED, 0, "refused");
		twin_pass(t, 600000);
	}
	assert_int_equal(twin_count(t, STATS_expired_hard_bounces), 2);
	assert_int_equal(twin_count(t, STATS_soft_bounced_events), 0);
	twin_check_sums(t);
	twin_free(t);
}

static void
test_dev_null(void **state)
{
	static const char *const rcpts[] = { "a@null.test", "b@null.test",
		NULL };
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_message(t, 5, "joe@sender.test", rcpts);
	twin_run(t);
	assert_string_equal(twin_log.data,
	    "MID 5 RID [0, 1] dropped by SMTP route /dev/null\n"
	    "Message finished MID 5 done\n");
	assert_int_equal(twin_count(t, STATS_dropped_messages), 1);
	assert_int_equal(twin_count(t, STATS_completed_recipients), 0);
	assert_int_equal(t->n_notices, 0);
	assert_true(t->files[0].gone);
	twin_check_sums(t);
	twin_free(t);
}

static void
test_possible_delivery(void **state)
{
	struct twin *t =
	    twin_new(TWIN_CONFIG "delivery:\n  possible_delivery: yes\n");
	struct job_result r = { .rid = 0, .stage = JOB_DOT };
	struct job_done done = { .possible = 1, .results = { 1, &r } };

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_run(t);
	twin_up(t);
	done.job = t->jobs[0].id;
	assert_int_equal(
	    schedule_done(&t->q, &t->worker, t->jobs[0].conn_id, &done, NULL),
	    0);
	assert_said("Possible Delivery: DCID 1 MID 1 to RID [0]\n");
	assert_not_said("Message done");
	assert_int_equal(twin_count(t, STATS_delivered_recipients), 1);
	twin_free(t);
}

static void
test_removing_a_message(void **state)
{
	static const char *const rcpts[] = { "a@one.test", "b@two.test", NULL };
	struct twin *t = twin_new(TWIN_CONFIG);
	struct mail *m;

	(void)state;
	m = twin_message(t, 9, "joe@sender.test", rcpts);
	twin_run(t);
	assert_int_equal(deliver_delete(&t->q, m), 2);
	twin_run(t);
	assert_said("Deleted: MID 9 to [");
	assert_said("Message finished MID 9 done\n");
	assert_int_equal(twin_count(t, STATS_deleted_recipients), 2);
	assert_true(t->files[0].gone);
	assert_int_equal(t->n_notices, 0);
	twin_check_sums(t);
	/* The connections that were opened for it find nothing to do. */
	twin_up(t);
	assert_int_equal(t->n_jobs, 0);
	twin_free(t);
}

/* --- whatever happens --- */

#define RANDOM_MAILS 1000

/* Mail to three random recipients; how many of them are routed to nowhere. */
static uint64_t
random_mail(struct twin *t, uint64_t mid)
{
	static const char *const domains[] = { "one.test", "two.test",
		"many.test", "null.test" };
	char rcpt[3][64];
	const char *const rcpts[] = { rcpt[0], rcpt[1], rcpt[2], NULL };
	uint64_t dropped = 0;

	for (size_t i = 0; i < 3; i++) {
		size_t d = twin_random(t) % NELEM(domains);

		snprintf(rcpt[i], sizeof(rcpt[i]), "u%zu@%s", i, domains[d]);
		dropped += d == 3;
	}
	twin_message(t, mid, mid % 7 == 0 ? "" : "j@s.test", rcpts);
	return dropped;
}

static void
random_answer(struct twin *t)
{
	static const struct {
		uint32_t code;
		enum job_stage stage;
	} answers[] = { { 250, JOB_DOT }, { 250, JOB_DOT }, { 250, JOB_DOT },
		{ 451, JOB_RCPT }, { 452, JOB_DOT }, { 550, JOB_RCPT },
		{ 554, JOB_DOT }, { 0, JOB_MAIL }, { 0, JOB_DOT },
		{ 421, JOB_MAIL } };
	size_t a = twin_random(t) % NELEM(answers);
	struct double_job *j = &t->jobs[t->jobs_at];

	if (t->jobs_at == t->n_jobs)
		return;
	if (conn_of(&t->q, &t->worker, j->conn_id) != NULL)
		twin_answer(t, answers[a].code, answers[a].stage, "text");
	else
		t->jobs_at++;
	t->n_jobs -= t->jobs_at;
	memmove(t->jobs, t->jobs + t->jobs_at, t->n_jobs * sizeof(t->jobs[0]));
	t->jobs_at = 0;
}

static void
random_loss(struct twin *t)
{
	for (size_t i = 0; i < t->n_opened; i++)
		if (t->opened[i] != NULL &&
		    (t->opened[i]->failed || twin_random(t) % 4 == 0)) {
			twin_down(t, i, SESSION_RESET, 0, "reset");
			break;
		}
	while (t->n_opened > 0 && t->opened[t->n_opened - 1] == NULL)
		t->n_opened--;
}

static void
random_notices(struct twin *t)
{
	for (size_t i = 0; i < t->n_notices; i++) {
		if (t->notices[i].txn == 0)
			continue;
		twin_accept(t, i, twin_random(t) % 4 == 0 ? 451 : 250);
		t->notices[i].txn = 0;
	}
	while (t->n_notices > 0 && t->notices[t->n_notices - 1].txn == 0)
		free(t->notices[--t->n_notices].text);
}

/* Random answers: the sums hold after every event, nothing is lost. */
static void
test_counters_hold_whatever_happens(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG
	    "bounce_profiles:\n  - name: Default\n    max_retries: 3\n");
	uint64_t dropped = 0;

	(void)state;
	t->save_later = true;
	for (uint64_t mid = 1; mid <= RANDOM_MAILS || t->q.n_mails > 0; mid++) {
		if (mid <= RANDOM_MAILS)
			dropped += random_mail(t, mid);
		twin_run(t);
		twin_up(t);
		random_answer(t);
		twin_check_sums(t);
		if (twin_random(t) % 20 == 0)
			random_loss(t);
		if (twin_random(t) % 5 == 0)
			twin_saved(t);
		random_notices(t);
		twin_pass(t, twin_random(t) % 20000);
		twin_gone(t);
		twin_check_sums(t);
		buf_reset(&twin_log);
		assert_true(mid < 100 * RANDOM_MAILS);
	}
	assert_int_equal(twin_count(t, STATS_completed_recipients) + dropped,
	    3 * RANDOM_MAILS);
	assert_int_equal(
	    stats_gauge_sum(t->q.stats, STATS_GAUGE_active_recipients), 0);
	assert_int_equal(
	    stats_gauge_sum(t->q.stats, STATS_GAUGE_queue_messages), 0);
	assert_int_equal(
	    stats_gauge_sum(t->q.stats, STATS_GAUGE_queue_bytes), 0);
	for (size_t i = 0; i < t->n_files; i++)
		assert_true(t->files[i].gone);
	twin_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classification),
		cmocka_unit_test(
		    test_a_soft_bounce_is_logged_counted_and_planned),
		cmocka_unit_test(test_a_mixed_transaction),
		cmocka_unit_test(test_retries_are_exhausted),
		cmocka_unit_test(test_the_time_in_the_queue_is_up),
		cmocka_unit_test(test_expiry_while_the_host_is_down),
		cmocka_unit_test(test_dev_null),
		cmocka_unit_test(test_possible_delivery),
		cmocka_unit_test(test_removing_a_message),
		cmocka_unit_test(test_counters_hold_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
