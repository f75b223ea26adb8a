/*
 * test_filter_run.c - filters on messages: rule x message x what comes of it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "filter/eval.h"
#include "filter/filter.h"
#include "filter_world.h"

#define TEXT "Subject: hello\r\nFrom: a@x.test\r\n\r\n"
#define JAPANESE                                                               \
	"Subject: =?iso-2022-jp?B?GyRCM3Q8MBsoQg==?=\r\n"                      \
	"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
#define ALTERNATIVE                                                            \
	"MIME-Version: 1.0\r\n"                                                \
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n"

/* The rule, the message, is it true? */
static const struct {
	const char *rule, *header, *body;
	bool yes;
} rules[] = {
	{ "true", TEXT, "", true },
	{ "subject == \"hello\"", TEXT, "", true },
	{ "subject == \"Hello\"", TEXT, "", false },
	{ "subject == \"(?i)Hello\"", TEXT, "", true },
	{ "subject != \"x\"", TEXT, "", true },
	{ "subject == \"\xe6\xa0\xaa\"", JAPANESE, "", true },
	{ "header(\"X\") == \".\"", TEXT, "", false },
	{ "header(\"X\") != \".\"", TEXT, "", true },
	{ "header(\"from\")", TEXT, "", true },
	{ "body-contains(\"a.c\")", TEXT, "xabcx\r\n", true },
	{ "body-contains(\"a.c\", 2)", TEXT, "abc\r\nabc abc\r\n", true },
	{ "body-contains(\"a.c\", 4)", TEXT, "abc\r\nabc abc\r\n", false },
	{ "body-contains(\"a\\sb\")", TEXT, "a\r\nb\r\n", false },
	{ "body-contains(\"^b$\")", TEXT, "a\r\nb\r\n", true },
	{ "body-contains(\"\xe3\x81\x82\")", JAPANESE, "\x1b$B$\"\x1b(B\r\n",
	    true },
	{ "body-contains(\"w\", 5)", ALTERNATIVE,
	    "--b\r\n\r\nw w w\r\n--b\r\nContent-Type: text/html\r\n\r\n"
	    "<p>w w w w</p>\r\n--b--\r\n",
	    false },
	{ "body-contains(\"w\", 4)", ALTERNATIVE,
	    "--b\r\n\r\nw w w\r\n--b\r\nContent-Type: text/html\r\n\r\n"
	    "<p>w w w w</p>\r\n--b--\r\n",
	    true },
	{ "body-contains(\"*credit\")", TEXT, "x 4111 1111 1111 1111 y\r\n",
	    true },
	{ "body-contains(\"*credit\")", TEXT, "x 4111 1111 1111 1112 y\r\n",
	    false },
	{ "body-contains(\"*ssn\")", TEXT, "078-05-1120\r\n", true },
	{ "body-size > 10", TEXT, "", true },
	{ "rcpt-count == 1", TEXT, "", true },
	{ "mail-from == \"^$\"", TEXT, "", true },
	{ "reputation != 1", TEXT, "", false },
	{ "no-reputation", TEXT, "", true },
	{ "valid", TEXT, "", true },
};

/* One filter over one message. */
struct world {
	struct config config;
	struct filters *filters;
	struct arena mem;
	struct facts facts;
	struct work_origin origin;
	struct work_rcpt rcpt;
	struct work work;
	struct needs needs;
	bool final;
};

static void
begin(struct world *w, const char *source, const char *header, const char *body)
{
	struct filter_problems problems = { 0 };

	memset(w, 0, sizeof(*w));
	arena_init(&w->mem, 1 << 24);
	w->config = *filter_world();
	w->config.work.filters_source = str_of(source);
	w->config.work.scan.max_size = 5 << 20;
	w->config.work.scan.max_depth = 5;
	w->filters = filters_compile(&w->config, &problems, &w->mem);
	if (w->filters == NULL)
		fail_msg("%s: %s", source, problems.v[0].text.p);
	w->config.filters = w->filters;
	w->origin = (struct work_origin){ .config = &w->config,
		.listener_name = STR("InboundMail"),
		.hostname = STR("mx.test"),
		.mid = 7 };
	w->rcpt.addr = STR("r@y.test");
	w->work = (struct work){ .origin = &w->origin,
		.facts = &w->facts,
		.mem = &w->mem,
		.msg = { .header = str_of(header), .body = str_of(body) },
		.rcpts = &w->rcpt,
		.n_rcpts = 1 };
}

static enum work_answer
run(struct world *w)
{
	return filter_run(
	    w->filters->message[0], &w->work, &w->final, &w->needs);
}

static void
end(struct world *w)
{
	filters_free(&w->filters);
	arena_free(&w->mem);
}

static void
test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(rules); i++) {
		struct world w;
		char source[1000];
		bool yes;

		snprintf(source, sizeof(source), "a: if (%s) { drop(); }",
		    rules[i].rule);
		begin(&w, source, rules[i].header, rules[i].body);
		assert_int_equal(run(&w), WORK_DONE);
		yes = w.work.end == WORK_DROP;
		if (yes != rules[i].yes)
			fail_msg(
			    "%s is %s", rules[i].rule, yes ? "true" : "false");
		end(&w);
	}
}

static void
test_tables(void **state)
{
	(void)state;
	assert_int_equal(n_rule_impls, n_filter_rules);
	for (size_t i = 0; i < n_filter_rules; i++) {
		assert_string_equal(rule_impls[i].name, filter_rules[i].name);
		assert_true((rule_impls[i].run == NULL) ==
			    (filter_rules[i].missing != NULL));
	}
	assert_int_equal(n_action_impls, n_filter_actions);
	for (size_t i = 0; i < n_filter_actions; i++) {
		assert_string_equal(
		    action_impls[i].name, filter_actions[i].name);
		assert_true((action_impls[i].run == NULL) ==
			    (filter_actions[i].missing != NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
