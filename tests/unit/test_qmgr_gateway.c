/*
 * test_qmgr_gateway.c - virtual gateways: each with queue, source and name of
 * its own (spec delivery-admin 1.10); bounce profiles of destinations
 */
#include "qmgr_double.h"

#define CONFIG                                                                 \
	"hostname: mx.postern.test\n"                                          \
	"interfaces:\n"                                                        \
	"  - { name: Any, ip: 0.0.0.0, hostname: any.postern.test }\n"         \
	"  - { name: One, ip: 192.0.2.1, hostname: one.postern.test }\n"       \
	"  - { name: Two, ip: 192.0.2.2, hostname: two.postern.test }\n"       \
	"  - { name: Six, ip: '2001:db8::6', hostname: six.postern.test }\n"   \
	"bounce_profiles:\n"                                                   \
	"  - { name: Default, max_retries: 100 }\n"                            \
	"  - { name: Once, max_retries: 0, notify: no }\n"                     \
	"destinations:\n"                                                      \
	"  - { domain: few.test, max_connections: 1 }\n"                       \
	"  - { domain: once.test, bounce_profile: Once }\n"                    \
	"routes: { ALL: \"198.51.100.1:25\", six.test: \"[2001:db8::1]:25\" "  \
	"}\n"

static struct interface_group group = { .name = { "Pool", 4 } };

/* As a gateway of that name; with a group of all interfaces, "Pool". */
static struct twin *
begin(const char *gateway)
{
	struct twin *t = twin_new(CONFIG);
	static const struct interface *members[4];

	for (size_t i = 0; i < 4; i++)
		members[i] = &t->config->interfaces[i];
	group.members = members + 1;
	group.n = 3;
	t->config->interface_groups = &group;
	t->config->n_interface_groups = 1;
	t->gateway = str_of(gateway);
	return t;
}

static void
test_source_and_name(void **state)
{
	static const struct {
		const char *gateway, *to, *source, *helo;
	} table[] = {
		{ "", "a@x.test", "", "mx.postern.test" },
		{ "One", "a@x.test", "192.0.2.1", "one.postern.test" },
		{ "Any", "a@x.test", "", "any.postern.test" },
		/* it does not speak the peer's kind of IP */
		{ "Six", "a@x.test", "", "mx.postern.test" },
		{ "Six", "a@six.test", "2001:db8::6", "six.postern.test" },
		{ "Pool", "a@six.test", "2001:db8::6", "six.postern.test" },
		/* the configuration has changed since */
		{ "Gone", "a@x.test", "", "mx.postern.test" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct twin *t = begin(table[i].gateway);
		char source[IP_TEXT] = "";

		twin_mail(t, 1, table[i].to);
		twin_run(t);
		assert_int_equal(t->n_opened, 1);
		if (!ip_is_unset(&t->session.source))
			ip_text(&t->session.source, source);
		if (strcmp(source, table[i].source) != 0 ||
		    !str_is(t->session.helo, table[i].helo))
			fail_msg("%s to %s: from %s, HELO %.*s",
			    table[i].gateway, table[i].to, source,
			    STR_ARG(t->session.helo));
		twin_free(t);
	}
}

static void
test_a_group_takes_turns(void **state)
{
	struct twin *t = begin("Pool");
	static const uint8_t last[] = { 1, 2, 1, 2 };

	(void)state;
	for (size_t i = 0; i < NELEM(last); i++) {
		twin_mail(t, i + 1, "a@x.test");
		twin_run(t);
		assert_int_equal(t->n_opened, i + 1);
		assert_int_equal(t->session.source.b[15], last[i]);
		twin_up(t);
		twin_answer(t, 250, JOB_DOT, "ok");
		twin_down(t, i, SESSION_CLOSED, 0, "");
	}
	twin_free(t);
}

/* A host that refuses one of our addresses is not down for the others. */
static void
test_own_queue_and_state(void **state)
{
	struct twin *t = begin("One");
	struct dest *d;

	(void)state;
	twin_mail(t, 1, "a@x.test");
	twin_run(t);
	twin_down(t, 0, SESSION_REFUSED, 0, "refused");
	d = dest_find(&t->q, STR("X.test"));
	assert_string_equal(d->name, "x.test");
	assert_null(d->gateway);
	assert_string_equal(d->beside->gateway, "One");
	assert_int_equal(d->beside->state, DEST_DOWN);
	assert_true(dest_is_part(d->beside, d));
	assert_false(dest_is_part(d, d->beside));
	t->gateway = STR("Two");
	twin_mail(t, 2, "a@x.test");
	t->gateway = STR("");
	twin_mail(t, 3, "a@x.test");
	twin_run(t);
	assert_int_equal(t->n_opened, 3);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_answer(t, 250, JOB_DOT, "ok");
	assert_int_equal(d->state, DEST_UP);
	assert_int_equal(t->q.n_mails, 1);
	twin_check_sums(t);
	twin_free(t);
}

/* The limit is the domain's, whoever asks. */
static void
test_one_limit_for_all(void **state)
{
	struct twin *t = begin("One");

	(void)state;
	twin_mail(t, 1, "a@few.test");
	t->gateway = STR("Two");
	twin_mail(t, 2, "a@few.test");
	twin_run(t);
	assert_int_equal(dest_conns(dest_find(&t->q, STR("few.test"))), 1);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	/* when the first has gone, the other has its turn */
	twin_down(t, 0, SESSION_CLOSED, 0, "");
	twin_run(t);
	assert_int_equal(t->n_opened, 2);
	assert_int_equal(dest_conns(dest_find(&t->q, STR("few.test"))), 1);
	twin_free(t);
}

/* Destinations without mail are forgotten in the end, gateways first. */
static void
test_forgotten(void **state)
{
	struct twin *t = begin("One");
	struct dest *d;

	(void)state;
	twin_mail(t, 1, "a@x.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_down(t, 0, SESSION_CLOSED, 0, "");
	twin_run(t);
	d = dest_find(&t->q, STR("x.test"));
	assert_non_null(d->beside);
	assert_ptr_equal(t->q.idle.last, d->beside);
	t->gateway = STR("");
	for (uint64_t i = 0; i < 10001; i++) {
		char name[40];

		snprintf(name, sizeof(name), "a@n%u.test", (unsigned)i);
		dest_touch(&t->q,
		    dest_get(&t->q, str_of(name + 2), STR(""), WISH_NONE));
	}
	d = dest_find(&t->q, STR("x.test"));
	assert_true(d == NULL || d->beside == NULL);
	twin_free(t);
}

static void
test_profile_of_destination(void **state)
{
	struct twin *t = begin("");

	(void)state;
	twin_mail(t, 1, "a@once.test");
	twin_mail(t, 2, "a@x.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 451, JOB_RCPT, "later");
	twin_answer(t, 451, JOB_RCPT, "later");
	twin_run(t);
	/* no second attempt there, and nobody is told */
	assert_null(mail_find(&t->q, 1));
	assert_non_null(mail_find(&t->q, 2));
	assert_int_equal(t->n_notices, 0);
	assert_int_equal(twin_count(t, STATS_expired_hard_bounces), 1);
	twin_free(t);
}

/* A gateway with much mail does not keep the domain's only connection. */
static void
test_the_limit_goes_round(void **state)
{
	static const char *const gateways[] = { "One", "Two", "Any" };
	struct twin *t = begin("");
	unsigned served[3] = { 0 }, mids = 0;
	struct dest *d;

	(void)state;
	for (size_t i = 0; i < NELEM(gateways); i++) {
		t->gateway = str_of(gateways[i]);
		for (unsigned k = 0; k < 6; k++)
			twin_mail(t, ++mids, "a@few.test");
	}
	twin_run(t);
	for (size_t n = 0; n < 6; n++) {
		struct conn *c = t->opened[n];

		assert_int_equal(t->n_opened, n + 1);
		for (size_t i = 0; i < NELEM(gateways); i++)
			served[i] += strcmp(c->dest->gateway, gateways[i]) == 0;
		d = dest_find(&t->q, STR("few.test"));
		assert_int_equal(dest_conns(d), 1);
		for (d = d->beside; d != NULL; d = d->beside)
			assert_true(d->limited || d == c->dest);
		twin_up(t);
		twin_answer(t, 250, JOB_DOT, "ok");
		/* of two jobs one comes back */
		t->jobs_at = t->n_jobs;
		twin_down(t, n, SESSION_CLOSED, 0, "");
	}
	for (size_t i = 0; i < NELEM(gateways); i++)
		assert_int_equal(served[i], 2);
	twin_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source_and_name),
		cmocka_unit_test(test_a_group_takes_turns),
		cmocka_unit_test(test_own_queue_and_state),
		cmocka_unit_test(test_one_limit_for_all),
		cmocka_unit_test(test_the_limit_goes_round),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_profile_of_destination),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
