/* test_qmgr_resolve.c - from a domain to addresses, in order (spec 1.3, 1.4) */
#include "qmgr_double.h"

#define CONFIG                                                                 \
	"hostname: mx.postern.test\n"                                          \
	"interfaces:\n  - name: Out\n    ip: 198.51.100.10\n"                  \
	"routes:\n"                                                            \
	"  .sub.test: USEDNS\n"                                                \
	"  routed.test: relay.test:2525\n"                                     \
	"  fixed.test: \"[mail.test]\"\n"                                      \
	"  self.test: 127.0.0.1\n"

/* One record of a zone; ttl 0: 300. */
struct record {
	const char *name;
	enum lookup_kind kind;
	uint16_t preference;
	const char *value; /* address, MX host; NULL: NXDOMAIN */
	uint32_t ttl;
};

static enum lookup_kind
kind_of(uint8_t k)
{
	return (enum lookup_kind)k;
}

/* Answers every question from the zone: no record, no data. */
static void
answer_all(struct twin *t, const struct record *zone, size_t n)
{
	for (size_t i = 0; i < t->n_questions; i++) {
		const struct double_question *qu = &t->questions[i];
		struct dns_rr rrs[40] = { 0 };
		struct answer a = { .kind = qu->kind,
			.end = LOOKUP_NOT_FOUND,
			.ttl = 300,
			.rrs = { 0, rrs } };

		for (size_t j = 0; j < n; j++) {
			const struct record *r = &zone[j];

			if (strcmp(r->name, qu->name) != 0)
				continue;
			if (r->value == NULL) {
				a.end = LOOKUP_NXDOMAIN;
				continue;
			}
			if (strcmp(r->value, "FAIL") == 0 &&
			    r->kind == kind_of(qu->kind)) {
				a.end = LOOKUP_FAILED;
				a.reason = STR("ServFail");
				continue;
			}
			if (r->kind != kind_of(qu->kind))
				continue;
			a.end = LOOKUP_FOUND;
			a.ttl = r->ttl != 0 ? r->ttl : 300;
			rrs[a.rrs.n].preference = r->preference;
			if (r->kind == LOOKUP_MX)
				rrs[a.rrs.n].name = str_of(r->value);
			else
				assert_true(ip_parse(
				    &rrs[a.rrs.n].ip, str_of(r->value)));
			a.rrs.n++;
		}
		resolve_answer(&t->q, qu->txn, &a);
	}
	t->n_questions = 0;
	twin_run(t);
}

static const struct record zone[] = {
	{ "plain.test", LOOKUP_MX, 20, "mx2.plain.test", 0 },
	{ "plain.test", LOOKUP_MX, 10, "mx1.plain.test", 3600 },
	{ "mx1.plain.test", LOOKUP_A, 0, "203.0.113.1", 0 },
	{ "mx1.plain.test", LOOKUP_AAAA, 0, "2001:db9::1", 0 },
	{ "mx2.plain.test", LOOKUP_A, 0, "203.0.113.2", 0 },
	{ "implicit.test", LOOKUP_A, 0, "203.0.113.3", 0 },
	{ "gone.test", LOOKUP_MX, 0, NULL, 0 },
	{ "nullmx.test", LOOKUP_MX, 0, ".", 0 },
	{ "noaddr.test", LOOKUP_MX, 0, "mx.noaddr.test", 0 },
	{ "servfail.test", LOOKUP_MX, 0, "FAIL", 0 },
	{ "half.test", LOOKUP_MX, 10, "mxa.half.test", 0 },
	{ "half.test", LOOKUP_MX, 20, "mxb.half.test", 0 },
	{ "mxa.half.test", LOOKUP_A, 0, "FAIL", 0 },
	{ "mxb.half.test", LOOKUP_A, 0, "203.0.113.4", 0 },
	{ "softaddr.test", LOOKUP_MX, 10, "mx.softaddr.test", 0 },
	{ "mx.softaddr.test", LOOKUP_A, 0, "FAIL", 0 },
	{ "backup.test", LOOKUP_MX, 10, "primary.backup.test", 0 },
	{ "backup.test", LOOKUP_MX, 20, "mx.postern.test", 0 },
	{ "backup.test", LOOKUP_MX, 20, "equal.backup.test", 0 },
	{ "backup.test", LOOKUP_MX, 30, "worse.backup.test", 0 },
	{ "primary.backup.test", LOOKUP_A, 0, "203.0.113.5", 0 },
	{ "equal.backup.test", LOOKUP_A, 0, "203.0.113.6", 0 },
	{ "worse.backup.test", LOOKUP_A, 0, "203.0.113.7", 0 },
	{ "loop.test", LOOKUP_MX, 10, "MX.POSTERN.TEST", 0 },
	{ "loopip.test", LOOKUP_A, 0, "198.51.100.10", 0 },
	{ "local.test", LOOKUP_A, 0, "127.0.0.1", 0 },
	{ "zero.test", LOOKUP_A, 0, "0.0.0.0", 0 },
	{ "mcast.test", LOOKUP_A, 0, "224.0.0.1", 0 },
	{ "v6local.test", LOOKUP_AAAA, 0, "::1", 0 },
	{ "mixed.test", LOOKUP_A, 0, "127.0.0.1", 0 },
	{ "mixed.test", LOOKUP_A, 0, "203.0.113.8", 0 },
	{ "relay.test", LOOKUP_MX, 10, "mx.relay.test", 0 },
	{ "mx.relay.test", LOOKUP_A, 0, "127.0.0.7", 0 },
	{ "mail.test", LOOKUP_MX, 10, "nobody.test", 0 },
	{ "mail.test", LOOKUP_A, 0, "203.0.113.9", 0 },
	{ "deep.sub.test", LOOKUP_A, 0, "203.0.113.11", 0 },
	{ "brief.test", LOOKUP_A, 0, "203.0.113.12", 1 },
	{ "long.test", LOOKUP_A, 0, "203.0.113.13", 8640000 },
};

/* "203.0.113.1:25 203.0.113.2:25" */
static const char *
list_of(const struct dest *d, char *out, size_t size)
{
	char ep[IP_TEXT + 8];
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; d->hosts != NULL && i < d->hosts->n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s",
		    i > 0 ? " " : "", endpoint_text(&d->hosts->v[i].ep, ep));
	return out;
}

static const struct {
	const char *why, *domain, *list, *bounced;
	enum resolution resolution;
} outcomes[] = {
	{ "MX in order of preference, IPv6 first", "plain.test",
	    "[2001:db9::1]:25 203.0.113.1:25 203.0.113.2:25", NULL,
	    RESOLUTION_OK },
	{ "no MX: the domain itself", "implicit.test", "203.0.113.3:25", NULL,
	    RESOLUTION_OK },
	{ "NXDOMAIN", "gone.test", "",
	    "5.1.2 - Bad destination host ('000', ['DNS Hard Error "
	    "looking up gone.test (MX):  NXDomain'])",
	    RESOLUTION_HARD },
	{ "null MX", "nullmx.test", "",
	    "5.1.10 - Recipient address has null MX", RESOLUTION_HARD },
	{ "MX without address", "noaddr.test", "",
	    "5.1.2 - Bad destination host", RESOLUTION_HARD },
	{ "SERVFAIL", "servfail.test", "", NULL, RESOLUTION_SOFT },
	{ "one MX cannot be looked up: the other", "half.test",
	    "203.0.113.4:25", NULL, RESOLUTION_OK },
	{ "the only address cannot be looked up", "softaddr.test", "", NULL,
	    RESOLUTION_SOFT },
	{ "we are a backup: only better ones", "backup.test", "203.0.113.5:25",
	    NULL, RESOLUTION_OK },
	{ "we are the best MX", "loop.test", "",
	    "5.4.6 - Routing loop detected", RESOLUTION_HARD },
	{ "an address of ours", "loopip.test", "",
	    "5.4.6 - Routing loop detected", RESOLUTION_HARD },
	{ "lop-02: loopback", "local.test", "", "5.1.2 - Bad destination host",
	    RESOLUTION_HARD },
	{ "lop-02: 0.0.0.0", "zero.test", "", "5.1.2 - Bad destination host",
	    RESOLUTION_HARD },
	{ "lop-02: multicast", "mcast.test", "", "5.1.2 - Bad destination host",
	    RESOLUTION_HARD },
	{ "lop-02: ::1", "v6local.test", "", "5.1.2 - Bad destination host",
	    RESOLUTION_HARD },
	{ "lop-02: the good address remains", "mixed.test", "203.0.113.8:25",
	    NULL, RESOLUTION_OK },
	{ "a route's host has its MX looked up", "routed.test",
	    "127.0.0.7:2525", NULL, RESOLUTION_OK },
	{ "brackets: no MX", "fixed.test", "203.0.113.9:25", NULL,
	    RESOLUTION_OK },
	{ "a route may name loopback", "self.test", "127.0.0.1:25", NULL,
	    RESOLUTION_OK },
	{ "USEDNS", "deep.sub.test", "203.0.113.11:25", NULL, RESOLUTION_OK },
	{ "address literal", "[203.0.113.20]", "203.0.113.20:25", NULL,
	    RESOLUTION_OK },
	{ "lop-02: literal of loopback", "[127.0.0.1]", "",
	    "5.1.2 - Bad destination host", RESOLUTION_HARD },
	{ "malformed", "a..b", "", "5.1.2 - Bad destination host",
	    RESOLUTION_HARD },
};

static const struct {
	const char *preference, *domain, *list;
	enum resolution resolution;
} families[] = {
	{ "prefer_v6", "plain.test",
	    "[2001:db9::1]:25 203.0.113.1:25 203.0.113.2:25", RESOLUTION_OK },
	{ "prefer_v4", "plain.test",
	    "203.0.113.1:25 [2001:db9::1]:25 203.0.113.2:25", RESOLUTION_OK },
	{ "require_v6", "plain.test", "[2001:db9::1]:25", RESOLUTION_OK },
	{ "require_v4", "plain.test", "203.0.113.1:25 203.0.113.2:25",
	    RESOLUTION_OK },
	/* not bounced: there may be others, of which we did not ask */
	{ "require_v6", "implicit.test", "", RESOLUTION_SOFT },
	{ "require_v6", "[203.0.113.20]", "", RESOLUTION_SOFT },
	{ "require_v6", "gone.test", "", RESOLUTION_HARD },
};

static void
test_families(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(families); i++) {
		char config[2000], rcpt[100], list[400];
		struct twin *t;
		struct dest *d;

		snprintf(config, sizeof(config),
		    CONFIG "destinations: [{ domain: Default, ip_preference: "
			   "%s }]\n",
		    families[i].preference);
		t = twin_new(config);
		snprintf(rcpt, sizeof(rcpt), "anna@%s", families[i].domain);
		twin_mail(t, 1, rcpt);
		twin_run(t);
		for (int round = 0; round < 3; round++)
			answer_all(t, zone, NELEM(zone));
		d = dest_find(&t->q, str_of(families[i].domain));
		if (d->resolution != families[i].resolution ||
		    strcmp(list_of(d, list, sizeof(list)), families[i].list) !=
			0)
			fail_msg("%s %s: %d %s", families[i].preference,
			    families[i].domain, d->resolution, list);
		twin_free(t);
	}
}

static void
test_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(outcomes); i++) {
		struct twin *t = twin_new(CONFIG);
		char rcpt[100], list[400];
		struct dest *d;

		snprintf(rcpt, sizeof(rcpt), "anna@%s", outcomes[i].domain);
		twin_mail(t, 1, rcpt);
		twin_run(t);
		for (int round = 0; round < 3; round++)
			answer_all(t, zone, NELEM(zone));
		d = dest_find(&t->q, str_of(outcomes[i].domain));
		if (d->resolution != outcomes[i].resolution ||
		    strcmp(list_of(d, list, sizeof(list)), outcomes[i].list) !=
			0)
			fail_msg(
			    "%s: %d %s", outcomes[i].why, d->resolution, list);
		/* hoststatus says why */
		if ((d->last_error.text != NULL) !=
		    (outcomes[i].resolution != RESOLUTION_OK))
			fail_msg("%s: last error %s", outcomes[i].why,
			    d->last_error.text);
		if (outcomes[i].bounced != NULL &&
		    !twin_said(outcomes[i].bounced))
			fail_msg("%s: %s", outcomes[i].why, twin_log.data);
		twin_check_sums(t);
		twin_free(t);
	}
}

static void
test_a_soft_failure_is_logged_and_tried_again(void **state)
{
	static const struct record good[] = {
		{ "servfail.test", LOOKUP_A, 0, "203.0.113.30", 0 },
	};
	struct twin *t = twin_new(CONFIG);
	struct dest *d;

	(void)state;
	twin_mail(t, 1, "anna@servfail.test");
	twin_run(t);
	answer_all(t, zone, NELEM(zone));
	assert_string_equal(twin_log.data,
	    "DNS Temporary Failure servfail.test MX - ServFail\n");
	d = dest_find(&t->q, STR("servfail.test"));
	assert_int_equal(d->state, DEST_UNKNOWN);
	twin_pass(t, 59999);
	assert_int_equal(t->n_questions, 0);
	twin_pass(t, 1);
	assert_int_equal(t->n_questions, 1);
	answer_all(t, good, NELEM(good));
	answer_all(t, good, NELEM(good));
	assert_int_equal(t->n_opened, 1);
	/* Nobody was tried: no soft bounce. */
	assert_int_equal(twin_count(t, STATS_soft_bounced_events), 0);
	twin_free(t);
}

static void
test_lookupd_away(void **state)
{
	struct twin *t = twin_new(CONFIG);

	(void)state;
	t->no_lookupd = true;
	twin_mail(t, 1, "anna@plain.test");
	twin_run(t);
	assert_int_equal(t->n_questions, 0);
	assert_int_equal(qmgr_next(&t->q), 0); /* no busy waiting */
	t->no_lookupd = false;
	resolve_again(&t->q);
	assert_int_equal(t->n_questions, 1);
	for (int round = 0; round < 2; round++)
		answer_all(t, zone, NELEM(zone));
	assert_int_equal(t->n_opened, 1);
	/* An answer that nobody waits for any more. */
	resolve_answer(&t->q, 1, &(struct answer){ .end = LOOKUP_FAILED });
	twin_free(t);
}

static void
test_cache_times(void **state)
{
	static const struct {
		const char *domain;
		int64_t ms;
	} cases[] = {
		{ "implicit.test", 300000 }, { "brief.test", 30000 },
		{ "long.test", 300000 }, /* that of "no MX" */
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct twin *t = twin_new(CONFIG);
		char rcpt[100];
		struct dest *d;

		snprintf(rcpt, sizeof(rcpt), "anna@%s", cases[i].domain);
		twin_mail(t, 1, rcpt);
		twin_run(t);
		for (int round = 0; round < 2; round++)
			answer_all(t, zone, NELEM(zone));
		d = dest_find(&t->q, str_of(cases[i].domain));
		assert_int_equal(d->hosts->expires - t->q.now, cases[i].ms);
		twin_free(t);
	}
}

/* What is known about an address outlives a look-up. */
static void
test_a_new_list_keeps_what_is_down(void **state)
{
	static const struct record two[] = {
		{ "two.dns", LOOKUP_A, 0, "203.0.113.41", 30 },
		{ "two.dns", LOOKUP_A, 0, "203.0.113.42", 30 },
	};
	struct twin *t = twin_new(CONFIG);
	struct dest *d;

	(void)state;
	twin_mail(t, 1, "anna@two.dns");
	twin_run(t);
	answer_all(t, two, 2);
	answer_all(t, two, 2);
	assert_int_equal(t->n_opened, 1);
	twin_down(t, 0, SESSION_REFUSED, 0, "refused");
	assert_int_equal(t->n_opened, 2);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_pass(t, 31000);
	twin_gone(t);
	twin_mail(t, 2, "anna@two.dns");
	twin_run(t);
	answer_all(t, two, 2);
	answer_all(t, two, 2);
	d = dest_find(&t->q, STR("two.dns"));
	assert_true(d->hosts->v[0].down_until > t->q.now ||
		    d->hosts->v[1].down_until > t->q.now);
	assert_int_equal(t->n_opened, 3);
	assert_true(ip_equal(&t->opened[2]->ep.ip,
	    &d->hosts->v[d->hosts->v[0].down_until > t->q.now].ep.ip));
	twin_free(t);
}

/* OUT-06: a thousand MX, a thousand addresses. */
static void
test_out_06_large_answers(void **state)
{
	struct twin *t = twin_new(CONFIG);
	struct dns_rr *rrs = mem_array(1000, sizeof(*rrs));
	char(*names)[40] = mem_array(1000, sizeof(*names));
	struct answer a = { .kind = LOOKUP_MX,
		.end = LOOKUP_FOUND,
		.ttl = 60,
		.rrs = { 1000, rrs } };
	size_t n;

	(void)state;
	twin_mail(t, 1, "anna@big.test");
	twin_run(t);
	for (size_t i = 0; i < 1000; i++) {
		snprintf(names[i], sizeof(names[i]), "mx%zu.big.test", i);
		rrs[i].name = str_of(names[i]);
		rrs[i].preference = (uint16_t)(1000 - i);
	}
	resolve_answer(&t->q, t->questions[0].txn, &a);
	assert_int_equal(t->n_questions, 1 + 2 * RESOLVE_MX_MAX);
	/* The best ones. */
	assert_string_equal(t->questions[1].name, "mx999.big.test");
	n = t->n_questions;
	for (size_t i = 1; i < n; i++) {
		a.kind = t->questions[i].kind;
		for (size_t j = 0; j < 1000; j++)
			rrs[j].ip = (struct ip){ { 0x20, 0x01, 0x0d, 0xb9, 1,
			    a.kind, (uint8_t)i, (uint8_t)(j >> 8), (uint8_t)j,
			    1 } };
		resolve_answer(&t->q, t->questions[i].txn, &a);
	}
	assert_int_equal(dest_find(&t->q, STR("big.test"))->hosts->n,
	    RESOLVE_MX_MAX * 2 * RESOLVE_ADDR_MAX);
	free(rrs);
	free(names);
	twin_free(t);
}

/* A and B route to each other: no recursion, no loop (spec 11.1.2). */
static void
test_routes_are_not_run_twice(void **state)
{
	static const struct record both[] = {
		{ "a.test", LOOKUP_A, 0, "203.0.113.51", 0 },
		{ "b.test", LOOKUP_A, 0, "203.0.113.52", 0 },
	};
	struct twin *t = twin_new("hostname: mx.postern.test\n"
				  "routes:\n  a.test: b.test\n"
				  "  b.test: a.test\n");
	char list[100];

	(void)state;
	twin_mail(t, 1, "anna@a.test");
	twin_run(t);
	answer_all(t, both, 2);
	answer_all(t, both, 2);
	assert_string_equal(
	    list_of(dest_find(&t->q, STR("a.test")), list, sizeof(list)),
	    "203.0.113.52:25");
	twin_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_a_soft_failure_is_logged_and_tried_again),
		cmocka_unit_test(test_lookupd_away),
		cmocka_unit_test(test_cache_times),
		cmocka_unit_test(test_a_new_list_keeps_what_is_down),
		cmocka_unit_test(test_out_06_large_answers),
		cmocka_unit_test(test_routes_are_not_run_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
