/*
 * test_qmgr_limits.c - what a destination is asked to take (spec 1.5, 1.8)
 */
#include "qmgr_double.h"

#define CONFIG                                                                 \
	"hostname: mx.postern.test\n"                                          \
	"interfaces:\n"                                                        \
	"  - { name: One, ip: 192.0.2.1, hostname: one.postern.test }\n"       \
	"  - { name: Two, ip: 192.0.2.2, hostname: two.postern.test }\n"       \
	"delivery: { idle_timeout: 2, interface: Two }\n"                      \
	"routes: { ALL: \"198.51.100.1:25, 198.51.100.2:25\" }\n"              \
	"destinations:\n"                                                      \
	"  - { domain: few.test, max_connections: 1 }\n"                       \
	"  - { domain: each.test, max_connections: 1, limit_for: gateway }\n"  \
	"  - { domain: ip.test, max_connections: 1, limit_per: address }\n"    \
	"  - { domain: three.test, recipient_limit: 3, recipient_window: 10m " \
	"}\n"                                                                  \
	"  - { domain: own.test, recipient_limit: 3, limit_for: gateway }\n"   \
	"  - { domain: ip3.test, recipient_limit: 3, limit_per: address,\n"    \
	"      max_messages: 1 }\n"

#define MAILS 12

static size_t
n_open(const struct twin *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_opened; i++)
		n += t->opened[i] != NULL;
	return n;
}

/* Ten seconds in which all is answered with 250; the most connections. */
static size_t
serve(struct twin *t)
{
	size_t most = 0;

	for (int i = 0; i < 200; i++) {
		twin_pass(t, 50);
		if (n_open(t) > most)
			most = n_open(t);
		twin_up(t);
		if (t->jobs_at < t->n_jobs)
			twin_answer(t, 250, JOB_DOT, "ok");
		twin_gone(t);
	}
	return most;
}

static const struct {
	const char *why, *to;
	size_t open, sent, after; /* ... of which so many an hour later */
} limits[] = {
	/* two gateways, each with two addresses, a window of many */
	{ "one connection to the domain", "a@few.test", 1, MAILS, MAILS },
	{ "one for each gateway", "a@each.test", 2, MAILS, MAILS },
	{ "one for each address", "a@ip.test", 2, MAILS, MAILS },
	{ "three recipients to the domain", "a@three.test", 4, 3, 6 },
	{ "three by each gateway", "a@own.test", 4, 6, 12 },
	{ "three to each address", "a@ip3.test", 8, 6, 12 },
};

static void
test_limits(void **state)
{
	static const char *const gateways[] = { "One", "Two" };

	(void)state;
	for (size_t i = 0; i < NELEM(limits); i++) {
		struct twin *t = twin_new(CONFIG);
		size_t open, sent;

		for (uint64_t m = 0; m < MAILS; m++) {
			t->gateway = str_of(gateways[m % 2]);
			twin_mail(t, m + 1, limits[i].to);
		}
		open = serve(t);
		sent = t->jobs_at;
		twin_pass(t, 3600000 - 10000);
		serve(t);
		if (open > limits[i].open || sent != limits[i].sent ||
		    t->jobs_at != limits[i].after)
			fail_msg("%s: %zu connections, %zu sent, then %zu",
			    limits[i].why, open, sent, t->jobs_at);
		twin_check_sums(t);
		twin_free(t);
	}
}

/* delivernow forgets the window; so does time, but not a second too early. */
static void
test_window(void **state)
{
	struct twin *t = twin_new(CONFIG);
	const char *const rcpts[] = { "a@three.test", "b@three.test",
		"c@three.test", "d@three.test", NULL };

	(void)state;
	twin_message(t, 1, "joe@sender.test", rcpts); /* goes out whole */
	twin_mail(t, 2, "a@three.test");
	twin_run(t);
	twin_up(t);
	assert_int_equal(t->n_jobs, 1);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_pass(t, 10000);
	twin_gone(t); /* it was idle for too long */
	twin_pass(t, 589999);
	assert_int_equal(t->n_opened, 1);
	twin_pass(t, 1);
	twin_up(t);
	assert_int_equal(t->n_jobs, 2);
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_int_equal(twin_count(t, STATS_soft_bounced_events), 0);
	twin_free(t);
}

static void
test_idle_time(void **state)
{
	struct twin *t = twin_new(CONFIG);

	(void)state;
	twin_mail(t, 1, "a@x.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_pass(t, 1999);
	assert_int_equal(t->n_quit, 0);
	twin_pass(t, 1);
	assert_int_equal(t->n_quit, 1);
	twin_free(t);
}

/* Mail of no gateway leaves by the interface for all. */
static void
test_interface(void **state)
{
	static const struct {
		const char *gateway, *source, *helo;
	} table[] = {
		{ "", "192.0.2.2", "two.postern.test" },
		{ "One", "192.0.2.1", "one.postern.test" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct twin *t = twin_new(CONFIG);
		char source[IP_TEXT] = "";

		t->gateway = str_of(table[i].gateway);
		twin_mail(t, 1, "a@x.test");
		twin_run(t);
		ip_text(&t->session.source, source);
		assert_string_equal(source, table[i].source);
		assert_true(str_is(t->session.helo, table[i].helo));
		twin_free(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_idle_time),
		cmocka_unit_test(test_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
