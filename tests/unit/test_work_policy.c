/*
 * test_work_policy.c - which mail policy counts for whom (workqueue 4.3-4.5)
 */
#include "pipeline/work_stages.h"
#include "work_world.h"

#define BRANCHES                                                               \
	"board: * -> ceo@example.com cfo@example.com\n"                        \
	"partners: @partner.test -> *\n"                                       \
	"branch: * -> @branch.example.com\n"

/* want: the policy of each recipient. */
static const struct {
	const char *policies, *sender, *header, *rcpts, *want;
} cases[] = {
	/* the worked example of 4.5 */
	{ BRANCHES, "x@partner.test", "", "help@example.com", "partners" },
	{ BRANCHES, "y@example.net", "",
	    "cfo@example.com a@branch.example.com help@example.com",
	    "board branch DEFAULT" },
	{ BRANCHES, "x@partner.test", "", "cfo@example.com help@example.com",
	    "board partners" },
	/* no policies, no members */
	{ "", "x@a.test", "", "r@b.test", "DEFAULT" },
	{ "none:\n", "x@a.test", "", "r@b.test", "DEFAULT" },
	/* case, forms */
	{ "p: joe@ -> *\n", "JOE@a.test", "", "r@b.test", "p" },
	{ "p: @.a.test -> *\n", "x@sub.A.test", "", "r@b.test", "p" },
	{ "p: @.a.test -> *\n", "x@a.test", "", "r@b.test", "DEFAULT" },
	/* senders are not; the null sender is a sender */
	{ "p: !@a.test -> *\n", "x@a.test", "", "r@b.test", "DEFAULT" },
	{ "p: !@a.test -> *\n", "x@c.test", "", "r@b.test", "p" },
	{ "p: !@a.test -> *\n", "", "", "r@b.test", "p" },
	{ "p: @a.test -> *\n", "", "", "r@b.test", "DEFAULT" },
	/* any rule of a policy is enough */
	{ "p: x@a.test -> *; * -> r@b.test\n", "y@a.test", "",
	    "r@b.test s@b.test", "p DEFAULT" },
	/* one or more, some excluded */
	{ "p: * -> @b.test -s@b.test\n", "x@a.test", "",
	    "r@b.test s@b.test t@c.test", "p DEFAULT DEFAULT" },
	{ "p: * -> * -s@b.test\n", "x@a.test", "", "r@b.test s@b.test",
	    "p DEFAULT" },
	{ "p: * -> -s@b.test\n", "x@a.test", "", "r@b.test s@b.test",
	    "p DEFAULT" },
	/* all must match: every listed one, and of excluded ones not all */
	{ "p: * -> &r@b.test s@b.test\n", "x@a.test", "",
	    "r@b.test s@b.test t@b.test", "p p DEFAULT" },
	{ "p: * -> &r@b.test s@b.test\n", "x@a.test", "", "r@b.test t@b.test",
	    "DEFAULT DEFAULT" },
	{ "p: * -> &r@b.test s@b.test -u@b.test -v@b.test\n", "x@a.test", "",
	    "r@b.test s@b.test u@b.test", "p p DEFAULT" },
	{ "p: * -> &r@b.test s@b.test -u@b.test -v@b.test\n", "x@a.test", "",
	    "r@b.test s@b.test u@b.test v@b.test",
	    "DEFAULT DEFAULT DEFAULT DEFAULT" },
	/* the envelope is asked of the whole table before From is (4.4) */
	{ "p: from@c.test -> *\nq: env@a.test -> *\n", "env@a.test",
	    "From: from@c.test\r\n\r\n", "r@b.test", "q" },
	{ "p: from@c.test -> *\nq: env@a.test -> *\n", "other@a.test",
	    "From: A <other@c.test>, From@c.test\r\n\r\n", "r@b.test", "p" },
	{ "p: reply@c.test -> *\n", "env@a.test",
	    "From: f@c.test\r\nReply-To: reply@c.test\r\n\r\n", "r@b.test",
	    "p" },
	/* Sender is not among the usual ones; a missing field is nobody */
	{ "p: s@c.test -> *\n", "env@a.test", "Sender: s@c.test\r\n\r\n",
	    "r@b.test", "DEFAULT" },
	{ "p: !@a.test -> *\n", "env@a.test", "Subject: x\r\n\r\n", "r@b.test",
	    "DEFAULT" },
	{ "p: !@a.test -> *\n", "env@a.test", "From: x@c.test\r\n\r\n",
	    "r@b.test", "p" },
};

static void
test_assignment(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct work_world w;
		const uint32_t *of;
		char got[200] = "";

		world_begin(&w, cases[i].policies, cases[i].sender,
		    cases[i].header, cases[i].rcpts);
		of = policy_assign(&w.work);
		for (size_t j = 0; j < w.work.n_rcpts; j++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got),
			    "%s%.*s", j > 0 ? " " : "",
			    STR_ARG(w.policies[of[j]].name));
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("case %zu, from <%s> to %s: got %s, not %s", i,
			    cases[i].sender, cases[i].rcpts, got,
			    cases[i].want);
		world_end(&w);
	}
}

static void
test_order_of_senders_is_configured(void **state)
{
	static enum sender_header order[] = { SENDER_SENDER, SENDER_FROM };
	struct work_world w;

	(void)state;
	world_begin(&w,
	    "p: e@a.test -> *\nq: f@a.test -> *\nr: s@a.test -> *\n",
	    "e@a.test", "From: f@a.test\r\nSender: s@a.test\r\n\r\n",
	    "x@b.test");
	w.config.work.priority[0] = order[0];
	w.config.work.priority[1] = order[1];
	w.config.work.n_priority = 2;
	assert_int_equal(policy_assign(&w.work)[0], 2);
	world_end(&w);
}

static void
test_header_is_wanted_only_for_senders(void **state)
{
	struct work_world w;

	(void)state;
	world_begin(&w, "p: * -> a@b.test\n", "", "", "x@b.test");
	assert_false(policy_wants_header(&w.work));
	world_end(&w);
	world_begin(&w, "p: @a.test -> *\n", "", "", "x@b.test");
	assert_true(policy_wants_header(&w.work));
	w.config.work.priority[0] = SENDER_ENVELOPE;
	w.config.work.n_priority = 1;
	assert_false(policy_wants_header(&w.work));
	world_end(&w);
}

static void
test_settings_are_inherited(void **state)
{
	struct work_world w;

	(void)state;
	world_begin(&w, "p: * -> a@b.test\n", "", "", "x@b.test");
	w.work.mail_policy = STR("p");
	assert_null(policy_service(&w.work, POLICY_SPAM));
	w.policies[1].spam_state = SERVICE_CUSTOM;
	assert_ptr_equal(policy_service(&w.work, POLICY_SPAM), &w.policies[1]);
	w.policies[0].spam_state = SERVICE_CUSTOM;
	assert_ptr_equal(policy_service(&w.work, POLICY_SPAM), &w.policies[0]);
	w.policies[0].spam_state = SERVICE_DISABLED;
	assert_null(policy_service(&w.work, POLICY_SPAM));
	assert_true(policy_may_want(&w.work, POLICY_SPAM));
	assert_false(policy_may_want(&w.work, POLICY_VIRUS));
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assignment),
		cmocka_unit_test(test_order_of_senders_is_configured),
		cmocka_unit_test(test_header_is_wanted_only_for_senders),
		cmocka_unit_test(test_settings_are_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
