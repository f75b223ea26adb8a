/*
 * test_qmgr_addresses.c - mail never waits for addresses that nobody looks at
 * again
 */
#include "qmgr_double.h"

#define CONFIG                                                                 \
	"hostname: mx.postern.test\n"                                          \
	"routes: { one.test: 192.0.2.1 }\n"

/* MX records of a domain, one host each letter; and their addresses. */
static void
answer(struct twin *t, const char *mx, const char *const *ips)
{
	for (size_t i = 0; i < t->n_questions; i++) {
		const struct double_question *qu = &t->questions[i];
		struct dns_rr rrs[8] = { 0 };
		char names[8][8];
		struct answer a = { .kind = qu->kind,
			.end = LOOKUP_NOT_FOUND,
			.ttl = 30,
			.rrs = { 0, rrs } };

		for (; qu->kind == LOOKUP_MX && mx[a.rrs.n] != '\0';
		     a.rrs.n++) {
			snprintf(names[a.rrs.n], 8, "%c.test", mx[a.rrs.n]);
			rrs[a.rrs.n].name = str_of(names[a.rrs.n]);
			rrs[a.rrs.n].preference = (uint16_t)(10 + a.rrs.n);
		}
		for (; qu->kind == LOOKUP_A && ips[a.rrs.n] != NULL; a.rrs.n++)
			assert_true(
			    ip_parse(&rrs[a.rrs.n].ip, str_of(ips[a.rrs.n])));
		if (a.rrs.n > 0)
			a.end = LOOKUP_FOUND;
		resolve_answer(&t->q, qu->txn, &a);
	}
	t->n_questions = 0;
	twin_run(t);
}

/* All connections are refused for so long; how many were tried? */
static size_t
refuse_all(struct twin *t, int64_t ms, const char *mx, const char *const *ips)
{
	int64_t end = t->q.now + ms;
	size_t n = 0;

	while (t->q.now < end) {
		for (size_t i = 0; i < t->n_opened; i++) {
			if (t->opened[i] == NULL)
				continue;
			twin_down(t, i, SESSION_REFUSED, 0, "refused");
			n++;
		}
		answer(t, mx, ips);
		answer(t, mx, ips);
		twin_pass(t, 1000);
	}
	return n;
}

static const struct {
	const char *why, *mx;
	const char *ips[4];
	size_t least; /* probes in the first hour: 60 s, then twice as long */
} doubles[] = {
	{ "one host", "a", { "203.0.113.1" }, 6 },
	{ "two names, one host", "ab", { "203.0.113.1" }, 6 },
	{ "one name twice", "aa", { "203.0.113.1" }, 6 },
	{ "one address twice", "a", { "203.0.113.1", "203.0.113.1" }, 6 },
	{ "both", "abab", { "203.0.113.1", "203.0.113.2", "203.0.113.1" }, 12 },
};

static void
test_one_address_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(doubles); i++) {
		struct twin *t = twin_new(CONFIG);
		const char *mx = doubles[i].mx, *const *ips = doubles[i].ips;
		struct dest *d;
		size_t n;

		twin_mail(t, 1, "anna@dns.test");
		twin_run(t);
		n = refuse_all(t, 3600000, mx, ips);
		d = dest_find(&t->q, STR("dns.test"));
		if (n < doubles[i].least || n > 40 || d->state != DEST_DOWN)
			fail_msg("%s: %zu probes, %s", doubles[i].why, n,
			    dest_state_name(d->state));
		for (size_t k = 0; k < d->hosts->n; k++)
			if (d->hosts->v[k].n_conns != 0)
				fail_msg("%s: connections left on %zu",
				    doubles[i].why, k);
		/* what cannot be delivered comes back in the end */
		refuse_all(t, 260000000, mx, ips);
		assert_int_equal(d->n_parcels, 0);
		assert_int_equal(d->count[DEST_EXPIRED], 1);
		twin_free(t);
	}
}

/* A new configuration forgets the wait, and what it was for. */
static void
test_a_commit_while_a_host_is_down(void **state)
{
	struct twin *t = twin_new(CONFIG);
	struct config *next = twin_config(CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_run(t);
	twin_down(t, 0, SESSION_REFUSED, 0, "refused");
	twin_pass(t, 1000);
	assert_int_equal(t->n_opened, 1);
	qmgr_config(&t->q, next);
	config_unref(&next);
	twin_pass(t, 60000);
	assert_int_equal(t->n_opened, 2);
	twin_down(t, 1, SESSION_REFUSED, 0, "refused");
	twin_pass(t, 120000);
	assert_int_equal(t->n_opened, 3);
	twin_free(t);
}

/* The address that was good is in the list no more. */
static void
test_what_is_left_is_down(void **state)
{
	static const char *const two[] = { "203.0.113.1", "203.0.113.2", NULL };
	struct twin *t = twin_new(CONFIG);
	const char *one[] = { NULL, NULL };
	char ip[IP_TEXT];

	(void)state;
	twin_mail(t, 1, "anna@dns.test");
	twin_run(t);
	answer(t, "a", two);
	answer(t, "a", two);
	one[0] = ip_text(&t->opened[0]->ep.ip, ip);
	twin_down(t, 0, SESSION_REFUSED, 0, "refused");
	assert_int_equal(t->n_opened, 2);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_pass(t, 31000);
	twin_gone(t);
	twin_mail(t, 2, "anna@dns.test");
	twin_run(t);
	answer(t, "a", one);
	answer(t, "a", one);
	assert_int_equal(t->n_opened, 2);
	twin_pass(t, 60000);
	assert_int_equal(t->n_opened, 3);
	twin_free(t);
}

/* A worker says that a connection is dead and does not end it: it is told to,
 * once, and mail goes on when it has. */
static void
test_a_connection_that_is_given_up(void **state)
{
	struct twin *t = twin_new(CONFIG);

	(void)state;
	twin_mail(t, 1, "anna@one.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 0, JOB_MAIL, "not for this connection");
	assert_int_equal(t->n_quit, 1);
	twin_gone(t);
	twin_pass(t, 60000);
	assert_int_equal(t->n_opened, 2);
	assert_int_equal(t->n_quit, 1);
	twin_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_address_twice),
		cmocka_unit_test(test_a_commit_while_a_host_is_down),
		cmocka_unit_test(test_what_is_left_is_down),
		cmocka_unit_test(test_a_connection_that_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
