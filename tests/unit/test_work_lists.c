/*
 * test_work_lists.c - safelists and blocklists of recipients (workqueue 5.3)
 */
#include "config/load.h"
#include "config/table.h"
#include "work_world.h"

static const char lists[] = "anna@x.test  safe friend@a.test, block a.test\n"
			    "ben@x.test   block friend@a.test\n"
			    "cleo@x.test  block a.test, safe friend@a.test\n"
			    "dora@x.test  safe boss@from.test\n"
			    "erna@x.test  block .a.test\n"
			    "ceo@x.test   block a.test\n";
static const char policies[] = "board: * -> ceo@x.test";

/* The messages that come out: "policy safe|block|- rcpt rcpt", with ; */
static const struct {
	const char *why, *sender, *from, *rcpts, *want;
	uint32_t skip;
} cases[] = {
	{ "nobody has lists", "friend@a.test", "", "x@x.test y@x.test",
	    "DEFAULT - x@x.test y@x.test", 0 },
	{ "the first item counts", "friend@a.test", "", "anna@x.test",
	    "DEFAULT safe anna@x.test", 0 },
	{ "the domain", "other@a.test", "", "anna@x.test",
	    "DEFAULT block anna@x.test", 0 },
	{ "whatever the case", "Friend@A.Test", "", "Ben@X.test",
	    "DEFAULT block Ben@X.test", 0 },
	{ "in the order of the line", "friend@a.test", "", "cleo@x.test",
	    "DEFAULT block cleo@x.test", 0 },
	{ "From counts, too", "bounces@news.test", "Boss <boss@from.test>",
	    "dora@x.test", "DEFAULT safe dora@x.test", 0 },
	{ "the null sender, and From", "", "boss@from.test", "dora@x.test",
	    "DEFAULT safe dora@x.test", 0 },
	{ "below a domain", "x@b.a.test", "", "erna@x.test anna@x.test",
	    "DEFAULT - anna@x.test;DEFAULT block erna@x.test", 0 },
	{ "three ways", "friend@a.test", "",
	    "anna@x.test ben@x.test y@x.test cleo@x.test",
	    "DEFAULT - y@x.test;DEFAULT safe anna@x.test;"
	    "DEFAULT block ben@x.test cleo@x.test",
	    0 },
	{ "policies and lists", "friend@a.test", "",
	    "anna@x.test ceo@x.test y@x.test",
	    "board - ceo@x.test;DEFAULT - y@x.test;"
	    "DEFAULT safe anna@x.test",
	    0 },
	{ "not where spam is no matter", "friend@a.test", "",
	    "anna@x.test ben@x.test", "DEFAULT - anna@x.test ben@x.test",
	    SKIP_SPAM },
};

/* The policy of the board does not scan. */
static struct table *
begin(struct work_world *w, size_t i)
{
	struct config_problems ps = { 0 };
	char header[200] = "\r\n";

	if (cases[i].from[0] != '\0')
		snprintf(
		    header, sizeof(header), "From: %s\r\n\r\n", cases[i].from);
	world_begin(w, policies, cases[i].sender, "", cases[i].rcpts);
	w->work.msg.header = arena_str(&w->mem, str_of(header));
	w->work.skip = cases[i].skip;
	w->config.work.spam.engine = SPAM_SPAMD;
	w->config.work.spam.never_above = 1 << 20;
	w->config.work.spam_quarantine.enabled = true;
	w->config.blocklist_action = DISPOSE_QUARANTINE;
	w->policies[0].spam_state = SERVICE_DISABLED;
	w->policies[1].spam_state = SERVICE_CUSTOM;
	w->config.lists =
	    table_parse(TABLE_LISTS, "tables/lists", str_of(lists), true, &ps);
	assert_non_null(w->config.lists);
	return (struct table *)w->config.lists;
}

/* The engine finds everything clean. */
static void
run(struct work_world *w, struct work_run *r)
{
	static const struct spam_fact clean = { .engine = "X",
		.suspect = 5000,
		.positive = 10000,
		.tests = { "", 0 } };
	struct needs needs = { .mem = &w->mem };

	work_begin(r, &w->work, ENTER_RELEASED);
	while (work_continue(r, &needs) == WORK_NEEDS) {
		for (size_t i = 0; i < needs.n; i++)
			fact_put(&w->facts, &w->mem, needs.v[i].id,
			    needs.v[i].key,
			    (struct fact){ FACT_KNOWN, FACT_GIVEN })
			    ->detail = &clean;
		needs.n = 0;
	}
}

static const struct work_note *
spam_note(const struct work *w)
{
	for (const struct work_note *n = w->notes; n != NULL; n = n->next)
		if (n->kind == WN_SPAM)
			return n;
	return NULL;
}

static const char *
listed_word(const struct work *w)
{
	static const char *const words[] = { "-", "safe", "block" };
	const struct work_note *n = spam_note(w);

	/* what was decided is what was told */
	assert_non_null(n);
	assert_int_equal(
	    w->listed.what == LISTED_SAFE, n->number == SPAM_SAFELISTED);
	assert_int_equal(
	    w->listed.what == LISTED_BLOCKED, n->number == SPAM_BLOCKLISTED);
	assert_int_equal(w->listed.what == LISTED_BLOCKED, w->spam_tagged);
	return words[w->listed.what];
}

static void
test_who_is_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct work_world w;
		struct work_run r;
		struct table *t = begin(&w, i);
		struct buf got;

		buf_init(&got, 4096);
		run(&w, &r);
		for (const struct work_result *x = r.results; x != NULL;
		     x = x->next) {
			buf_printf(&got, "%s%.*s %s", got.len > 0 ? ";" : "",
			    STR_ARG(x->work.mail_policy),
			    listed_word(&x->work));
			for (size_t k = 0; k < x->work.n_rcpts; k++)
				buf_printf(&got, " %.*s",
				    STR_ARG(x->work.rcpts[k].addr));
		}
		if (!str_is(buf_str(&got), cases[i].want))
			fail_msg("%s: %s", cases[i].why, got.data);
		buf_fini(&got);
		table_free(&t);
		world_end(&w);
	}
}

/* Blocked: as configured. */
static void
test_what_becomes_of_it(void **state)
{
	static const struct {
		enum disposition action;
		bool enabled, tagged;
		enum work_end end;
	} table[] = {
		{ DISPOSE_QUARANTINE, true, true, WORK_DELIVER },
		{ DISPOSE_QUARANTINE, false, false, WORK_DELIVER },
		{ DISPOSE_DROP, true, false, WORK_DROP },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct work_world w;
		struct work_run r;
		struct table *t = begin(&w, 2);
		const struct work_note *n;

		w.config.blocklist_action = table[i].action;
		w.config.work.spam_quarantine.enabled = table[i].enabled;
		run(&w, &r);
		assert_int_equal(r.results->work.end, table[i].end);
		assert_int_equal(r.results->work.spam_tagged, table[i].tagged);
		n = spam_note(&r.results->work);
		assert_true(str_is(n->text, "block @a.test"));
		assert_string_equal(n->where.file, "tables/lists");
		assert_int_equal(n->where.line, 1);
		assert_null(w.facts.answers); /* nobody was asked */
		table_free(&t);
		world_end(&w);
	}
}

static void
test_items(void **state)
{
	struct err err = ERR_INIT;
	struct arena mem;
	struct str out;
	struct buf b;
	size_t n;

	(void)state;
	arena_init(&mem, 1 << 20);
	buf_init(&b, 1 << 20);
	buf_puts(&b, "safe a@x.test");
	for (int i = 1; i < LISTED_MAX; i++)
		buf_printf(&b, ",block a%d.test", i);
	assert_true(listed_canonical(buf_str(&b), &out, &n, &mem, &err));
	assert_int_equal(n, LISTED_MAX);
	buf_puts(&b, ",safe b@x.test");
	assert_false(listed_canonical(buf_str(&b), &out, &n, &mem, &err));
	buf_fini(&b);
	arena_free(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_listed),
		cmocka_unit_test(test_what_becomes_of_it),
		cmocka_unit_test(test_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
