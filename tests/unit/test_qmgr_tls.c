/*
 * test_qmgr_tls.c - what TLS a session must have, and what follows when it
 * does not come about (spec 1.8, threats TLS-03, OUT-07)
 */
#include "qmgr_double.h"

#define CONFIG                                                                 \
	"hostname: mx.postern.test\n"                                          \
	"routes: { ALL: \"198.51.100.1:25\" }\n"                               \
	"destinations:\n"                                                      \
	"  - { domain: may.test, tls: preferred }\n"                           \
	"  - { domain: must.test, tls: required }\n"                           \
	"  - { domain: look.test, tls: preferred_verify }\n"                   \
	"  - { domain: sure.test, tls: required_verify }\n"                    \
	"  - { domain: own.test, tls: required_verify_hosted }\n"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_tls_03_remembered),
		cmocka_unit_test(test_out_07_new_demands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
