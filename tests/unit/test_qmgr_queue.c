/* test_qmgr_queue.c - who is served, by which connection, and when */
#include <malloc.h>

#include "base/clock.h"
#include "qmgr_double.h"

/* The connection as the double keeps it, by number. */
#define CONN(t, i) ((t)->opened[i])

static size_t
conns_alive(const struct twin *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_opened; i++)
		n += t->opened[i] != NULL;
	return n;
}

static void
test_a_message_is_delivered_and_gone(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 7, "anna@one.test");
	twin_run(t);
	assert_int_equal(t->n_opened, 1);
	assert_int_equal(t->n_questions, 0);
	assert_int_equal(t->n_jobs, 0);
	twin_up(t);
	assert_int_equal(t->n_jobs, 1);
	twin_answer(t, 250, JOB_DOT, "2.0.0 queued");
	assert_string_equal(twin_log.data,
	    "Message done DCID 1 MID 7 to RID [0] []\n"
	    "MID 7 RID [0] Response '2.0.0 queued'\n"
	    "Message finished MID 7 done\n");
	assert_true(t->files[0].gone);
	assert_int_equal(t->files[0].n_syncs, 0);
	assert_int_equal(t->q.n_mails, 0);
	assert_int_equal(twin_count(t, STATS_delivered_recipients), 1);
	assert_int_equal(twin_count(t, STATS_connections_out), 1);
	twin_check_sums(t);

	/* Idle for five seconds, then QUIT. */
	twin_pass(t, 4999);
	assert_int_equal(t->n_quit, 0);
	twin_pass(t, 1);
	assert_int_equal(t->n_quit, 1);
	twin_down(t, 0, SESSION_CLOSED, 0, "");
	assert_int_equal(t->q.n_conns, 0);
	assert_int_equal(t->q.n_idle, 1);
	twin_free(t);
}

static void
test_recipients_of_one_place_share_a_transaction(void **state)
{
	static const char *const rcpts[] = { "a@one.test", "b@two.test",
		"c@ONE.test", "d@one.test", NULL };
	struct twin *t = twin_new(TWIN_CONFIG);
	struct mail *m;

	(void)state;
	m = twin_message(t, 1, "joe@sender.test", rcpts);
	assert_int_equal(m->n_parcels, 2);
	twin_run(t);
	assert_int_equal(t->n_opened, 2);
	twin_up(t);
	assert_int_equal(t->n_jobs, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct double_job *j = &t->jobs[i];

		if (j->n == 1) {
			assert_int_equal(j->rids[0], 1);
			continue;
		}
		assert_int_equal(j->n, 3);
		assert_int_equal(j->rids[0], 0);
		assert_int_equal(j->rids[1], 2);
		assert_int_equal(j->rids[2], 3);
	}
	twin_free(t);
}

static void
test_a_list_is_cut_at_the_recipients_per_transaction(void **state)
{
	static const char *const rcpts[] = { "a@one.test", "b@one.test",
		"c@one.test", NULL };
	struct twin *t = twin_new(TWIN_CONFIG
	    "destinations:\n  - domain: one.test\n    max_recipients: 2\n");
	struct mail *m;

	(void)state;
	m = twin_message(t, 1, "", rcpts);
	assert_int_equal(m->n_parcels, 2);
	assert_int_equal(m->parcels[0].n, 2);
	assert_int_equal(m->parcels[1].n, 1);
	twin_free(t);
}

static void
test_two_jobs_at_a_time_on_a_connection(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	for (uint64_t mid = 1; mid <= 5; mid++)
		twin_mail(t, mid, "anna@one.test");
	twin_up(t);
	twin_run(t);
	twin_up(t);
	assert_int_equal(t->n_opened, 1);
	assert_int_equal(t->n_jobs, 2);
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_int_equal(t->n_jobs, 3);
	/* In order of arrival. */
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(t->jobs[i].mid, i + 1);
	twin_free(t);
}

static void
test_connections_grow_with_success_and_patience(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	for (uint64_t mid = 1; mid <= 100; mid++)
		twin_mail(t, mid, "anna@one.test");
	twin_run(t);
	assert_int_equal(t->n_opened, 1); /* one per address at first */
	twin_up(t);
	twin_pass(t, 1000);
	assert_int_equal(t->n_opened, 1); /* no success yet */
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_int_equal(t->n_opened, 1); /* nobody has waited */
	twin_pass(t, 10);
	assert_int_equal(t->n_opened, 2);
	twin_pass(t, 1000);
	assert_int_equal(t->n_opened, 2);
	twin_free(t);
}

static void
test_limits_of_a_destination(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG
	    "destinations:\n  - domain: one.test\n    max_connections: 2\n"
	    "    max_messages: 3\n");

	(void)state;
	for (uint64_t mid = 1; mid <= 60; mid++)
		twin_mail(t, mid, "anna@one.test");
	for (int i = 0; i < 30; i++) {
		twin_run(t);
		twin_up(t);
		while (t->jobs_at < t->n_jobs)
			twin_answer(t, 250, JOB_DOT, "ok");
		twin_pass(t, 50);
		assert_true(t->q.n_conns <= 2);
		twin_gone(t);
	}
	assert_int_equal(t->q.n_mails, 0);
	/* A connection that has had its three is told to go. */
	assert_true(t->n_quit >= 2);
	for (size_t i = 0; i < t->n_jobs; i++) {
		size_t same = 0;

		for (size_t j = 0; j < t->n_jobs; j++)
			same += t->jobs[i].conn_id == t->jobs[j].conn_id;
		assert_true(same <= 3);
	}
	twin_free(t);
}

/* Spec 11.1.3. */
static void
test_equal_route_hosts_alternate_per_connection(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	char ip[IP_TEXT];

	(void)state;
	for (uint64_t mid = 1; mid <= 100; mid++)
		twin_mail(t, mid, "anna@many.test");
	twin_run(t);
	twin_pass(t, 20);
	assert_int_equal(t->n_opened, 2);
	assert_string_equal(ip_text(&CONN(t, 0)->ep.ip, ip), "192.0.2.11");
	assert_string_equal(ip_text(&CONN(t, 1)->ep.ip, ip), "192.0.2.12");
	/* The third has a worse priority: only when both are down. */
	twin_down(t, 0, SESSION_REFUSED, 0, "connection refused");
	assert_int_equal(t->n_opened, 2);
	twin_down(t, 1, SESSION_TIMEOUT, 0, "connection timed out");
	assert_int_equal(t->n_opened, 3);
	assert_string_equal(ip_text(&CONN(t, 2)->ep.ip, ip), "192.0.2.13");
	twin_free(t);
}

/* A flood for one domain never holds up another. */
static void
test_fairness(void **state)
{
	struct twin *t =
	    twin_new(TWIN_CONFIG "delivery:\n  max_connections: 3\n");
	size_t two = 0;

	(void)state;
	for (uint64_t mid = 1; mid <= 2000; mid++)
		twin_mail(t, mid, "flood@one.test");
	for (uint64_t mid = 2001; mid <= 2010; mid++)
		twin_mail(t, mid, "calm@two.test");
	for (int i = 0; i < 40; i++) {
		twin_run(t);
		twin_up(t);
		for (size_t n = t->n_jobs - t->jobs_at; n > 0; n--)
			twin_answer(t, 250, JOB_DOT, "ok");
		twin_pass(t, 10);
		twin_gone(t);
	}
	for (size_t i = 0; i < t->jobs_at; i++)
		two += t->jobs[i].mid > 2000;
	assert_int_equal(two, 10);
	assert_true(t->q.n_conns <= 3);
	twin_free(t);
}

static void
test_the_cap_of_all_connections_is_shared_in_turn(void **state)
{
	struct twin *t =
	    twin_new(TWIN_CONFIG "delivery:\n  max_connections: 1\n");

	(void)state;
	twin_mail(t, 1, "a@one.test");
	twin_mail(t, 2, "a@two.test");
	twin_run(t);
	assert_int_equal(t->n_opened, 1);
	assert_ptr_equal(t->q.blocked.first, dest_find(&t->q, STR("two.test")));
	twin_up(t);
	assert_int_equal(t->n_quit, 0);
	twin_answer(t, 250, JOB_DOT, "ok");
	/* One that is idle gives way when somebody asks. */
	twin_mail(t, 3, "b@two.test");
	twin_run(t);
	assert_int_equal(t->n_quit, 1);
	assert_said("DCID 1 exited due to the maximum concurrency");
	twin_gone(t);
	assert_int_equal(t->n_opened, 2);
	assert_string_equal(CONN(t, 1)->dest->name, "two.test");
	twin_free(t);
}

/* Spec 1.6: no per-message attempts while down, one probe per interval. */
static void
test_a_host_that_is_down(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	struct dest *d;

	(void)state;
	for (uint64_t mid = 1; mid <= 10; mid++)
		twin_mail(t, mid, "anna@one.test");
	twin_run(t);
	d = dest_find(&t->q, STR("one.test"));
	assert_int_equal(d->state, DEST_UNKNOWN);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(t->n_opened, i + 1);
		twin_down(t, (size_t)i, SESSION_REFUSED, 0, "refused");
		assert_int_equal(d->state, DEST_DOWN);
		assert_int_equal(t->n_opened, i + 1);
		twin_pass(t, (60000 << i) - 1);
		assert_int_equal(t->n_opened, i + 1);
		twin_pass(t, 1);
	}
	/* No soft bounces: nobody was tried. */
	assert_int_equal(twin_count(t, STATS_soft_bounced_events), 0);
	assert_int_equal(d->n_unattempted, 10);
	assert_int_equal(conns_alive(t), 1);
	twin_up(t);
	assert_int_equal(d->state, DEST_UP);
	for (int i = 0; i < 10; i++)
		twin_answer(t, 250, JOB_DOT, "ok");
	assert_int_equal(t->q.n_mails, 0);
	twin_free(t);
}

/* Spec 11.1.6. */
static void
test_delivernow_probes_at_once(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	struct dest *d;

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_mail(t, 2, "anna@one.test");
	twin_run(t);
	twin_down(t, 0, SESSION_REFUSED, 0, "refused");
	d = dest_find(&t->q, STR("one.test"));
	assert_int_equal(schedule_now(&t->q, d), 2);
	twin_run(t);
	assert_int_equal(t->n_opened, 2);
	twin_up(t);
	twin_answer(t, 451, JOB_RCPT, "4.7.1 greylisted");
	twin_answer(t, 451, JOB_RCPT, "4.7.1 greylisted");
	assert_int_equal(d->n_due, 0);
	assert_int_equal(d->wait.n, 2);
	schedule_now(&t->q, d);
	twin_run(t);
	assert_int_equal(t->n_jobs, 4);
	twin_free(t);
}

static void
test_a_second_mx_is_used_at_once(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	struct dest *d;

	(void)state;
	twin_mail(t, 1, "anna@many.test");
	twin_run(t);
	twin_down(t, 0, SESSION_REFUSED, 0, "refused");
	d = dest_find(&t->q, STR("many.test"));
	assert_int_equal(d->state, DEST_UNKNOWN);
	assert_int_equal(t->n_opened, 2);
	twin_down(t, 1, SESSION_GREETING, 421, "busy");
	twin_down(t, 2, SESSION_UNREACHABLE, 0, "no route");
	assert_int_equal(d->state, DEST_DOWN);
	assert_int_equal(t->n_opened, 3);
	twin_free(t);
}

static void
test_a_5xx_greeting_everywhere_bounces_who_asked(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_mail(t, 2, "anna@one.test");
	twin_run(t);
	twin_down(t, 0, SESSION_GREETING, 554, "5.7.1 go away");
	assert_said("Bounced: DCID 1 MID 1 to RID 0 - 5.1.0 - Unknown address "
		    "error ('554', ['5.7.1 go away']) []");
	assert_not_said("MID 2 ");
	assert_int_equal(t->n_opened, 2);
	assert_int_equal(twin_count(t, STATS_fivexx_hard_bounces), 1);
	twin_check_sums(t);
	twin_free(t);
}

/* What was not answered comes back as it was, first in the queue. */
static void
test_a_connection_that_ends_gives_its_jobs_back(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	for (uint64_t mid = 1; mid <= 3; mid++)
		twin_mail(t, mid, "anna@one.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_int_equal(t->n_jobs, 3);
	twin_down(t, 0, SESSION_RESET, 0, "connection reset");
	/* It had taken mail: no reason to wait. */
	assert_int_equal(t->n_opened, 2);
	twin_up(t);
	assert_int_equal(t->n_jobs, 5);
	assert_int_equal(t->jobs[3].mid, 2);
	assert_int_equal(t->jobs[4].mid, 3);
	assert_int_equal(dest_find(&t->q, STR("one.test"))->n_attempted, 0);
	twin_free(t);
}

/* Up, and dead before the first RCPT, again and again: not a busy loop. */
static void
test_a_server_that_takes_nothing_counts_as_down(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 0, JOB_MAIL, "");
	assert_int_equal(t->n_jobs, 1); /* not to this one again */
	twin_down(t, 0, SESSION_RESET, 0, "connection reset");
	assert_int_equal(t->n_opened, 1);
	assert_int_equal(dest_find(&t->q, STR("one.test"))->state, DEST_DOWN);
	assert_int_equal(twin_count(t, STATS_soft_bounced_events), 0);
	twin_pass(t, 60000);
	assert_int_equal(t->n_opened, 2);
	twin_free(t);
}

static void
test_ipc_04_a_worker_is_believed_about_its_jobs_only(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	const struct session_up up = { 0 };
	const struct session_down down = { 0 };
	struct job_result r[2] = { { .rid = 0, .code = 250, .stage = JOB_DOT },
		{ .rid = 1, .code = 250, .stage = JOB_DOT } };
	struct job_done done = { .results = { 1, r } };
	int stranger;
	uint32_t id;

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_run(t);
	id = CONN(t, 0)->id;
	assert_int_equal(schedule_up(&t->q, &stranger, id, &up, NULL), -1);
	assert_int_equal(schedule_up(&t->q, &t->worker, 99, &up, NULL), -1);
	twin_up(t);
	assert_int_equal(schedule_up(&t->q, &t->worker, id, &up, NULL), -1);
	done.job = t->jobs[0].id + 1; /* not a job of its */
	assert_int_equal(schedule_done(&t->q, &t->worker, id, &done, NULL), -1);
	done.job = t->jobs[0].id;
	assert_int_equal(schedule_done(&t->q, &stranger, id, &done, NULL), -1);
	done.results.n = 2; /* more than it was asked */
	assert_int_equal(schedule_done(&t->q, &t->worker, id, &done, NULL), -1);
	done.results.n = 0;
	assert_int_equal(schedule_done(&t->q, &t->worker, id, &done, NULL), -1);
	done.results.n = 1;
	r[0].rid = 5; /* another recipient */
	assert_int_equal(schedule_done(&t->q, &t->worker, id, &done, NULL), -1);
	r[0].rid = 0;
	assert_int_equal(twin_count(t, STATS_delivered_recipients), 0);
	assert_int_equal(schedule_done(&t->q, &t->worker, id, &done, NULL), 0);
	assert_int_equal(twin_count(t, STATS_delivered_recipients), 1);
	/* Not twice. */
	assert_int_equal(schedule_done(&t->q, &t->worker, id, &done, NULL), -1);
	assert_int_equal(schedule_down(&t->q, &stranger, id, &down, NULL), -1);
	twin_free(t);
}

static void
test_a_worker_that_dies_loses_nothing(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_mail(t, 2, "anna@two.test");
	twin_run(t);
	twin_up(t);
	t->no_worker = true;
	t->n_opened = 0;
	schedule_worker_lost(&t->q, &t->worker);
	twin_run(t);
	assert_int_equal(t->q.n_conns, 0);
	assert_int_equal(t->n_opened, 0);
	assert_int_equal(
	    stats_gauge_sum(t->q.stats, STATS_GAUGE_outbound_conn), 0);
	assert_int_equal(
	    stats_gauge_sum(t->q.stats, STATS_GAUGE_unattempted_recipients), 2);
	/* None there: wait, without a timer that fires for nothing. */
	assert_int_equal(qmgr_next(&t->q), 0);
	t->no_worker = false;
	schedule_wake(&t->q);
	twin_run(t);
	assert_int_equal(t->n_opened, 2);
	twin_free(t);
}

static void
test_a_worker_that_is_behind_is_not_given_more(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_run(t);
	t->busy = true;
	twin_up(t);
	assert_int_equal(t->n_jobs, 0);
	t->busy = false;
	schedule_wake(&t->q);
	twin_run(t);
	assert_int_equal(t->n_jobs, 1);
	twin_free(t);
}

static void
test_a_message_that_cannot_be_read_holds_up_nobody(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	t->unreadable = true;
	twin_run(t);
	twin_up(t);
	assert_said("MID 1 cannot be read: input/output error");
	t->unreadable = false;
	twin_mail(t, 2, "anna@one.test");
	twin_run(t);
	assert_int_equal(t->n_jobs, 1);
	assert_int_equal(t->jobs[0].mid, 2);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_pass(t, 5000);
	twin_gone(t);
	twin_pass(t, 5 * 60 * 1000);
	twin_up(t);
	assert_int_equal(t->n_jobs, 2);
	assert_int_equal(t->jobs[1].mid, 1);
	twin_free(t);
}

static void
test_suspension(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_run(t);
	twin_up(t);
	schedule_suspend(&t->q, 30000);
	twin_mail(t, 2, "anna@two.test");
	twin_mail(t, 3, "anna@one.test");
	twin_pass(t, 29999);
	assert_int_equal(t->n_opened, 1);
	assert_int_equal(t->n_jobs, 1);
	assert_int_equal(t->n_killed, 0);
	twin_pass(t, 1);
	assert_int_equal(t->n_killed, 1);
	twin_down(t, 0, SESSION_CLOSED, 0, "");
	twin_pass(t, 600000);
	assert_int_equal(t->n_opened, 1);
	schedule_resume(&t->q);
	twin_run(t);
	assert_int_equal(t->n_opened, 3);
	twin_free(t);
}

static void
test_internal_destinations_wait(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@the.euq.queue");
	twin_run(t);
	twin_pass(t, 10 * 86400000LL);
	assert_int_equal(t->n_opened + t->n_questions, 0);
	assert_int_equal(t->q.n_mails, 1);
	twin_free(t);
}

static void
test_a_new_configuration_moves_mail(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);
	struct config *next = twin_config("hostname: mx.postern.test\n"
					  "routes:\n  ALL: 192.0.2.99\n");
	char ip[IP_TEXT];

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_run(t);
	twin_down(t, 0, SESSION_REFUSED, 0, "refused");
	qmgr_config(&t->q, next);
	config_unref(&next);
	twin_run(t);
	assert_int_equal(t->n_opened, 2);
	assert_string_equal(ip_text(&CONN(t, 1)->ep.ip, ip), "192.0.2.99");
	twin_free(t);
}

static void
test_the_same_mid_is_taken_once(void **state)
{
	struct twin *t = twin_new(TWIN_CONFIG);

	(void)state;
	assert_non_null(twin_mail(t, 1, "anna@one.test"));
	assert_null(twin_mail(t, 1, "anna@one.test"));
	assert_int_equal(t->q.n_mails, 1);
	twin_free(t);
}

/* 200,000 messages: what they weigh, and what an operation costs. */
static void
test_a_long_queue(void **state)
{
	const uint64_t n = 200000;
	struct twin *t = twin_new(TWIN_CONFIG);
	struct mallinfo2 before = mallinfo2(), after;
	int64_t begin = clock_mono_ms(), filled, drained;
	char rcpt[64];

	(void)state;
	schedule_suspend(&t->q, 0);
	t->n_files = DOUBLE_MAX; /* no files needed */
	for (uint64_t mid = 1; mid <= n; mid++) {
		snprintf(rcpt, sizeof(rcpt), "user.%u@domain%u.test",
		    (unsigned)mid, (unsigned)(mid % 100));
		twin_mail(t, mid, rcpt);
	}
	twin_run(t);
	after = mallinfo2();
	filled = clock_mono_ms();
	for (uint64_t mid = 1; mid <= n; mid++) {
		struct mail *m = mail_find(&t->q, mid);

		dest_take(&m->parcels[0]);
		dest_count_delivered(&t->q, m->parcels[0].dest, 1);
		dest_left(&t->q, &m->parcels[0], 1);
		mail_free(&t->q, m);
	}
	drained = clock_mono_ms();
	print_message("%llu messages: %.0f bytes each, taken in at %.2f us, "
		      "let go at %.2f us\n",
	    (unsigned long long)n,
	    (double)(after.uordblks + after.hblkhd - before.uordblks -
		     before.hblkhd) /
		(double)n,
	    (double)(filled - begin) * 1000 / (double)n,
	    (double)(drained - filled) * 1000 / (double)n);
#ifndef POSTERN_ASAN
	assert_true(
	    (after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) /
		n <=
	    256);
#endif
	twin_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_message_is_delivered_and_gone),
		cmocka_unit_test(
		    test_recipients_of_one_place_share_a_transaction),
		cmocka_unit_test(
		    test_a_list_is_cut_at_the_recipients_per_transaction),
		cmocka_unit_test(test_two_jobs_at_a_time_on_a_connection),
		cmocka_unit_test(
		    test_connections_grow_with_success_and_patience),
		cmocka_unit_test(test_limits_of_a_destination),
		cmocka_unit_test(
		    test_equal_route_hosts_alternate_per_connection),
		cmocka_unit_test(test_fairness),
		cmocka_unit_test(
		    test_the_cap_of_all_connections_is_shared_in_turn),
		cmocka_unit_test(test_a_host_that_is_down),
		cmocka_unit_test(test_delivernow_probes_at_once),
		cmocka_unit_test(test_a_second_mx_is_used_at_once),
		cmocka_unit_test(
		    test_a_5xx_greeting_everywhere_bounces_who_asked),
		cmocka_unit_test(
		    test_a_connection_that_ends_gives_its_jobs_back),
		cmocka_unit_test(
		    test_a_server_that_takes_nothing_counts_as_down),
		cmocka_unit_test(
		    test_ipc_04_a_worker_is_believed_about_its_jobs_only),
		cmocka_unit_test(test_a_worker_that_dies_loses_nothing),
		cmocka_unit_test(
		    test_a_worker_that_is_behind_is_not_given_more),
		cmocka_unit_test(
		    test_a_message_that_cannot_be_read_holds_up_nobody),
		cmocka_unit_test(test_suspension),
		cmocka_unit_test(test_internal_destinations_wait),
		cmocka_unit_test(test_a_new_configuration_moves_mail),
		cmocka_unit_test(test_the_same_mid_is_taken_once),
		cmocka_unit_test(test_a_long_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
