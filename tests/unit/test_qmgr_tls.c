/*
 * test_qmgr_tls.c - what TLS a session must have, and what follows when it
 * does not come about (spec 1.8, threats TLS-03, OUT-07)
 */
#include "qmgr_double.h"

#include "lookup/sts_policy.h"
#include "mail/wire.h"

#define CONFIG                                                                 \
	"hostname: mx.postern.test\n"                                          \
	"routes: { ALL: \"198.51.100.1:25\", dane.test: USEDNS,\n"             \
	"  strict.test: USEDNS, off.test: USEDNS, sts.test: USEDNS, "          \
	"both.test: USEDNS,\n"                                                 \
	"  login.test: \"198.51.100.1, auth=sure\",\n"                         \
	"  .login.test: \"198.51.100.1, auth=sure\",\n"                        \
	"  may.login.test: \"198.51.100.1, auth=may\",\n"                      \
	"  bare.login.test: \"198.51.100.1, auth=bare\" }\n"                   \
	"dns: { trust_anchor: . IN DS 1 8 2 00 }\n"                            \
	"auth_profiles:\n"                                                     \
	"  - { name: sure, type: outgoing, user: u }\n"                        \
	"  - { name: may, type: outgoing, user: u, tls: preferred }\n"         \
	"  - { name: bare, type: outgoing, user: u, tls: off }\n"              \
	"destinations:\n"                                                      \
	"  - { domain: dane.test, dane: opportunistic, tls: preferred }\n"     \
	"  - { domain: strict.test, dane: mandatory }\n"                       \
	"  - { domain: off.test, tls: preferred }\n"                           \
	"  - { domain: may.test, tls: preferred }\n"                           \
	"  - { domain: must.test, tls: required }\n"                           \
	"  - { domain: look.test, tls: preferred_verify }\n"                   \
	"  - { domain: sure.test, tls: required_verify }\n"                    \
	"  - { domain: own.test, tls: required_verify_hosted }\n"              \
	"  - { domain: own.login.test, tls: required_verify_hosted }\n"        \
	"  - { domain: sts.test, tls: preferred, mta_sts: yes }\n"             \
	"  - { domain: both.test, dane: opportunistic, tls: required_verify "  \
	"}\n"

static const struct {
	const char *to;
	enum tls_level level;
	const char *name, *name2;
	bool clear_next; /* after a handshake that failed */
} levels[] = {
	{ "a@may.test", TLS_LEVEL_PREFERRED, "", "", true },
	{ "a@must.test", TLS_LEVEL_REQUIRED, "", "", false },
	{ "a@look.test", TLS_LEVEL_PREFERRED_VERIFY, "look.test",
	    "198.51.100.1", true },
	{ "a@sure.test", TLS_LEVEL_REQUIRED_VERIFY, "sure.test", "198.51.100.1",
	    false },
	{ "a@own.test", TLS_LEVEL_VERIFY_HOSTED, "own.test", "", false },
};

static void
test_levels(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(levels); i++) {
		struct twin *t = twin_new(CONFIG);
		struct dest *d;

		twin_mail(t, 1, levels[i].to);
		twin_run(t);
		if (t->session.tls != levels[i].level ||
		    !str_is(t->session.tls_name, levels[i].name) ||
		    !str_is(t->session.tls_name2, levels[i].name2))
			fail_msg("%s: %d %.*s %.*s", levels[i].to,
			    t->session.tls, STR_ARG(t->session.tls_name),
			    STR_ARG(t->session.tls_name2));
		twin_down(t, 0, SESSION_TLS, 0, "TLS handshake failed: x");
		d = dest_find(&t->q, str_of(levels[i].to + 2));
		assert_string_equal(
		    d->last_tls.text, "TLS handshake failed: x");
		twin_pass(t, 100);
		if (!levels[i].clear_next) {
			assert_int_equal(t->n_opened, 1);
			assert_int_equal(d->state, DEST_DOWN);
			twin_pass(t, 60000);
			assert_int_equal(t->n_opened, 2);
			assert_int_equal(t->session.tls, levels[i].level);
		} else {
			assert_int_equal(t->n_opened, 2);
			assert_int_equal(t->session.tls, TLS_LEVEL_OFF);
		}
		twin_free(t);
	}
}

/* Where we log in: threats OUT-08. */
static const struct {
	const char *to;
	enum tls_level level;
	const char *auth;
	bool clear;
	const char *name, *name2;
} logins[] = {
	{ "a@login.test", TLS_LEVEL_REQUIRED_VERIFY, "sure", false,
	    "198.51.100.1", "" },
	{ "a@own.login.test", TLS_LEVEL_VERIFY_HOSTED, "sure", false,
	    "own.login.test", "" },
	{ "a@may.login.test", TLS_LEVEL_PREFERRED, "may", true, "", "" },
	{ "a@bare.login.test", TLS_LEVEL_OFF, "bare", true, "", "" },
	{ "a@sure.test", TLS_LEVEL_REQUIRED_VERIFY, "", false, "sure.test",
	    "198.51.100.1" },
};

static void
test_out_08_logins(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(logins); i++) {
		struct twin *t = twin_new(CONFIG);
		const struct session *s = &t->session;

		twin_mail(t, 1, logins[i].to);
		twin_run(t);
		if (s->tls != logins[i].level ||
		    !str_is(s->auth, logins[i].auth) ||
		    (s->auth_clear != 0) != logins[i].clear ||
		    !str_is(s->tls_name, logins[i].name) ||
		    !str_is(s->tls_name2, logins[i].name2))
			fail_msg("%s: %d %.*s %d %.*s %.*s", logins[i].to,
			    s->tls, STR_ARG(s->auth), s->auth_clear,
			    STR_ARG(s->tls_name), STR_ARG(s->tls_name2));
		twin_free(t);
	}
}

/* Whatever the server says to our login: mail waits. */
static void
test_login_refused(void **state)
{
	static const uint32_t codes[] = { 0, 454, 535 };

	(void)state;
	for (size_t i = 0; i < NELEM(codes); i++) {
		struct twin *t = twin_new(CONFIG);
		struct dest *d;

		twin_mail(t, 1, "a@login.test");
		twin_run(t);
		twin_down(t, 0, SESSION_AUTH, codes[i], "AUTH PLAIN: no");
		d = dest_find(&t->q, STR("login.test"));
		assert_int_equal(d->state, DEST_DOWN);
		assert_int_equal(d->n_parcels, 1);
		assert_int_equal(d->count[DEST_HARD], 0);
		assert_non_null(strstr(d->last_error.text, "AUTH PLAIN: no"));
		assert_true(d->alerted_login > 0);
		twin_pass(t, 60000);
		assert_int_equal(t->n_opened, 2);
		twin_free(t);
	}
}

/* RFC 8689: what mail wants of TLS is stronger than what is set. */
static const struct {
	const char *to;
	uint32_t flags, wire_flags;
	enum tls_level level;
	bool requiretls;
	const char *name;
} wishes[] = {
	{ "a@off.login.test", 0, 0, TLS_LEVEL_REQUIRED_VERIFY, false,
	    "198.51.100.1" },
	{ "a@may.test", 0, 0, TLS_LEVEL_PREFERRED, false, "" },
	{ "a@may.test", ENV_REQUIRETLS, 0, TLS_LEVEL_REQUIRED_VERIFY, true,
	    "may.test" },
	{ "a@own.test", ENV_REQUIRETLS, 0, TLS_LEVEL_VERIFY_HOSTED, true,
	    "own.test" },
	{ "a@x.test", 0, WIRE_TLS_FREE, TLS_LEVEL_PREFERRED, false, "" },
	{ "a@must.test", 0, WIRE_TLS_FREE, TLS_LEVEL_REQUIRED, false, "" },
	{ "a@may.test", ENV_REQUIRETLS, WIRE_TLS_FREE,
	    TLS_LEVEL_REQUIRED_VERIFY, true, "may.test" },
};

static void
test_wishes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(wishes); i++) {
		struct twin *t = twin_new(CONFIG);

		t->flags = wishes[i].flags;
		t->wire_flags = wishes[i].wire_flags;
		twin_mail(t, 1, wishes[i].to);
		twin_run(t);
		if (t->session.tls != wishes[i].level ||
		    (t->session.requiretls != 0) != wishes[i].requiretls ||
		    !str_is(t->session.tls_name, wishes[i].name))
			fail_msg("%zu, %s: %d %d %.*s", i, wishes[i].to,
			    t->session.tls, t->session.requiretls,
			    STR_ARG(t->session.tls_name));
		twin_free(t);
	}
}

/* Not over the connections of other mail; where no host does it: 5.7.30. */
static void
test_out_07_requiretls(void **state)
{
	struct twin *t = twin_new(CONFIG);
	struct dest *d;

	(void)state;
	twin_mail(t, 1, "a@may.test");
	twin_run(t);
	twin_up(t);
	t->flags = ENV_REQUIRETLS;
	twin_mail(t, 2, "a@may.test");
	twin_run(t);
	assert_int_equal(t->n_opened, 2);
	assert_true(t->session.requiretls);
	twin_down(t, 1, SESSION_TLS, 0, "TLS handshake failed: x");
	d = t->opened[0]->dest->beside;
	assert_non_null(d);
	assert_int_equal(d->n_parcels, 1);
	twin_pass(t, 60000);
	assert_int_equal(t->n_opened, 3);
	twin_down(t, 2, SESSION_REQUIRETLS, 0, "REQUIRETLS, not offered");
	assert_int_equal(d->n_parcels, 0);
	assert_int_equal(d->count[DEST_HARD], 1);
	assert_int_equal(t->opened[0]->dest->n_parcels, 1);
	twin_free(t);
}

/* In the clear for an hour, then TLS again; a success ends the error. */
static void
test_tls_03_remembered(void **state)
{
	const struct session_up up = { .tls = 1 };
	struct twin *t = twin_new(CONFIG);
	struct dest *d;

	(void)state;
	twin_mail(t, 1, "a@may.test");
	twin_run(t);
	twin_down(t, 0, SESSION_TLS, 0, "TLS handshake failed: x");
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	twin_pass(t, 10000);
	twin_gone(t);
	d = dest_find(&t->q, STR("may.test"));
	assert_non_null(d->last_tls.text);
	twin_pass(t, 3600000);
	twin_mail(t, 2, "a@may.test");
	twin_run(t);
	assert_int_equal(t->n_opened, 3);
	assert_int_equal(t->session.tls, TLS_LEVEL_PREFERRED);
	assert_int_equal(
	    schedule_up(&t->q, &t->worker, t->opened[2]->id, &up, NULL), 0);
	assert_null(d->last_tls.text);
	twin_free(t);
}

/* An open connection is not what a new configuration may demand. */
static void
test_out_07_new_demands(void **state)
{
	struct twin *t = twin_new(CONFIG);
	struct config *next =
	    twin_config(CONFIG "  - { domain: x.test, tls: required }\n");

	(void)state;
	twin_mail(t, 1, "a@x.test");
	twin_run(t);
	twin_up(t);
	twin_answer(t, 250, JOB_DOT, "ok");
	qmgr_config(&t->q, next);
	twin_mail(t, 2, "a@x.test");
	twin_pass(t, 100);
	assert_int_equal(t->n_quit, 1);
	assert_int_equal(t->n_opened, 2);
	assert_int_equal(t->session.tls, TLS_LEVEL_REQUIRED);
	config_unref(&next);
	twin_free(t);
}

/* Answers: secure or not of MX, A, TLSA; what TLSA ends with. */
static const struct {
	const char *why, *to;
	bool mx, a, tlsa, broken; /* broken: AAAA fails */
	enum lookup_end end;
	int tls; /* of the session; -1: there is none */
	size_t n_tlsas;
} danes[] = {
	{ "all validated", "a@dane.test", true, true, true, false, LOOKUP_FOUND,
	    TLS_LEVEL_REQUIRED, 1 },
	{ "no records: what tls says", "a@dane.test", true, true, true, false,
	    LOOKUP_NXDOMAIN, TLS_LEVEL_PREFERRED, 0 },
	{ "records not validated", "a@dane.test", true, true, false, false,
	    LOOKUP_FOUND, TLS_LEVEL_PREFERRED, 0 },
	{ "addresses not validated", "a@dane.test", true, false, true, false,
	    LOOKUP_FOUND, TLS_LEVEL_PREFERRED, 0 },
	{ "MX not validated", "a@dane.test", false, true, true, false,
	    LOOKUP_FOUND, TLS_LEVEL_PREFERRED, 0 },
	{ "bogus: not in the clear", "a@dane.test", true, true, false, false,
	    LOOKUP_FAILED, -1, 0 },
	{ "failed, but nothing was validated", "a@dane.test", true, false,
	    false, false, LOOKUP_FAILED, TLS_LEVEL_PREFERRED, 0 },
	{ "one look-up broken, others validated", "a@dane.test", true, true,
	    true, true, LOOKUP_FOUND, TLS_LEVEL_REQUIRED, 1 },
	{ "one look-up broken, others not", "a@dane.test", true, false, true,
	    true, LOOKUP_FOUND, TLS_LEVEL_PREFERRED, 0 },
	{ "verified, or by DANE", "a@both.test", true, true, true, false,
	    LOOKUP_FOUND, TLS_LEVEL_REQUIRED_VERIFY, 1 },
	{ "mandatory", "a@strict.test", true, true, true, false, LOOKUP_FOUND,
	    TLS_LEVEL_REQUIRED_VERIFY, 1 },
	{ "mandatory, no records", "a@strict.test", true, true, true, false,
	    LOOKUP_NOT_FOUND, -1, 0 },
	{ "mandatory, MX not validated", "a@strict.test", false, true, true,
	    false, LOOKUP_FOUND, -1, 0 },
	{ "DANE is off", "a@off.test", true, true, true, false, LOOKUP_FOUND,
	    TLS_LEVEL_PREFERRED, 0 },
};

static void
answer(struct twin *t, size_t q, size_t c)
{
	const struct double_question *x = &t->questions[q];
	struct dns_rr rr = { .preference = 10, .name = STR("mx.x.test") };
	struct answer a = { .kind = x->kind,
		.end = LOOKUP_FOUND,
		.ttl = 300,
		.rrs = { 1, &rr } };

	switch ((enum lookup_kind)x->kind) {
	case LOOKUP_MX:
		a.secure = danes[c].mx;
		break;
	case LOOKUP_A:
		a.secure = danes[c].a;
		assert_true(ip_parse(&rr.ip, STR("203.0.113.1")));
		break;
	case LOOKUP_TLSA:
		a.secure = danes[c].tlsa;
		a.end = (uint8_t)danes[c].end;
		rr.text = (struct str){ "\3\1\1xyz", 6 };
		break;
	default:
		a.secure = danes[c].a && !danes[c].broken;
		a.end = danes[c].broken ? LOOKUP_FAILED : LOOKUP_NOT_FOUND;
	}
	if (a.end != LOOKUP_FOUND)
		a.rrs.n = 0;
	resolve_answer(&t->q, x->txn, &a);
}

static void
test_dane(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(danes); i++) {
		struct twin *t = twin_new(CONFIG);
		int tls;

		twin_mail(t, 1, danes[i].to);
		twin_run(t);
		for (size_t q = 0; q < t->n_questions; q++)
			answer(t, q, i);
		twin_run(t);
		tls = t->n_opened > 0 ? t->session.tls : -1;
		if (tls != danes[i].tls ||
		    t->session.tlsas.n != danes[i].n_tlsas)
			fail_msg("%s: %d, %zu records", danes[i].why, tls,
			    t->session.tlsas.n);
		if (tls == -1)
			assert_int_equal(
			    dest_find(&t->q, str_of(danes[i].to + 2))
				->resolution,
			    RESOLUTION_SOFT);
		twin_free(t);
	}
}

static size_t
dane_case(const char *why)
{
	for (size_t i = 0; i < NELEM(danes); i++)
		if (strcmp(danes[i].why, why) == 0)
			return i;
	fail_msg("no case \"%s\"", why);
	return 0;
}

/* What the DNS demands now does not hold for connections that are open: they
 * end, unless it is what was demanded before, or nobody knows. */
static void
test_out_07_new_records(void **state)
{
	static const struct {
		const char *before, *after;
		size_t quit;
	} cases[] = {
		{ "all validated", "all validated", 0 },
		{ "no records: what tls says", "no records: what tls says", 0 },
		{ "no records: what tls says", "all validated", 1 },
		{ "all validated", "no records: what tls says", 1 },
		{ "all validated", "bogus: not in the clear", 1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct twin *t = twin_new(CONFIG);
		size_t asked, before = dane_case(cases[i].before);
		size_t after = dane_case(cases[i].after);
		struct dest *d;

		twin_mail(t, 1, "a@dane.test");
		twin_run(t);
		for (size_t q = 0; q < t->n_questions; q++)
			answer(t, q, before);
		twin_run(t);
		twin_up(t);
		assert_int_equal(t->n_opened, 1);
		asked = t->n_questions;
		d = dest_find(&t->q, STR("dane.test"));
		t->q.now = d->hosts->expires;
		resolve_start(&t->q, d);
		assert_true(t->n_questions > asked);
		for (size_t q = asked; q < t->n_questions; q++)
			answer(t, q, after);
		if (t->n_quit != cases[i].quit)
			fail_msg("%s, then %s: %zu told to go", cases[i].before,
			    cases[i].after, t->n_quit);
		twin_free(t);
	}
}

/* The name of an MX is believed by the policy alone; REQUIRETLS takes one that
 * is being tested at its word. */
static void
test_sts(void **state)
{
	static const struct {
		const char *mx;
		enum sts_mode mode;
		uint32_t flags;
		int tls; /* -1: there is no session */
		const char *name;
	} cases[] = {
		{ "mx.sts.test", STS_TESTING, 0, TLS_LEVEL_PREFERRED_VERIFY,
		    "mx.sts.test" },
		{ "mx.evil.test", STS_TESTING, 0, TLS_LEVEL_PREFERRED_VERIFY,
		    "mx.evil.test" },
		{ "mx.sts.test", STS_ENFORCE, 0, TLS_LEVEL_REQUIRED_VERIFY,
		    "mx.sts.test" },
		{ "mx.evil.test", STS_ENFORCE, 0, -1, "" },
		{ "mx.sts.test", STS_TESTING, ENV_REQUIRETLS,
		    TLS_LEVEL_REQUIRED_VERIFY, "mx.sts.test" },
		{ "mx.evil.test", STS_TESTING, ENV_REQUIRETLS, -1, "" },
		{ "mx.evil.test", STS_ENFORCE, ENV_REQUIRETLS, -1, "" },
		{ "mx.evil.test", STS_NONE, ENV_REQUIRETLS,
		    TLS_LEVEL_REQUIRED_VERIFY, "sts.test" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct twin *t = twin_new(CONFIG);
		int tls;

		t->flags = cases[i].flags;
		twin_mail(t, 1, "a@sts.test");
		twin_run(t);
		for (size_t q = 0; q < t->n_questions; q++) {
			const struct double_question *x = &t->questions[q];
			struct dns_rr rr = { .preference = 10 };
			struct answer a = { .kind = x->kind,
				.end = LOOKUP_FOUND,
				.ttl = 300,
				.rrs = { 1, &rr } };

			if (x->kind == LOOKUP_STS) {
				a.sts = (uint8_t)cases[i].mode;
				rr.name = STR("*.sts.test");
			} else {
				rr.name = str_of(cases[i].mx);
				assert_true(
				    ip_parse(&rr.ip, STR("203.0.113.1")));
			}
			if (x->kind == LOOKUP_AAAA)
				a.end = LOOKUP_NOT_FOUND;
			resolve_answer(&t->q, x->txn, &a);
		}
		twin_run(t);
		tls = t->n_opened > 0 ? t->session.tls : -1;
		if (tls != cases[i].tls ||
		    !str_is(t->session.tls_name, cases[i].name))
			fail_msg("%zu, %s: %d %.*s", i, cases[i].mx, tls,
			    STR_ARG(t->session.tls_name));
		twin_free(t);
	}
}

/* One an hour, and only when mail has to wait. */
static void
test_alerts(void **state)
{
	static const struct {
		const char *to;
		bool alert;
	} cases[] = { { "a@must.test", true }, { "a@may.test", false } };

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct twin *t =
		    twin_new(CONFIG "delivery: { tls_alert: yes }\n");

		twin_mail(t, 1, cases[i].to);
		twin_run(t);
		for (int k = 0; k < 2; k++) {
			buf_reset(&twin_log);
			twin_down(t, (size_t)k, SESSION_TLS, 0, "no TLS");
			if (twin_said("waits for TLS: no TLS") !=
			    (cases[i].alert && k == 0))
				fail_msg("%s: %s", cases[i].to, twin_log.data);
			twin_pass(t, 61000);
		}
		twin_free(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_out_08_logins),
		cmocka_unit_test(test_login_refused),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_out_07_requiretls),
		cmocka_unit_test(test_tls_03_remembered),
		cmocka_unit_test(test_out_07_new_demands),
		cmocka_unit_test(test_dane),
		cmocka_unit_test(test_out_07_new_records),
		cmocka_unit_test(test_sts),
		cmocka_unit_test(test_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
