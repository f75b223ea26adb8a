/* test_work_outbreak.c - the stage "outbreak filters" of the work queue */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "filter/outbreak.h"
#include "pipeline/work.h"
#include "pipeline/work_stages.h"

#define NOW 1718107500000 /* 2024-06-11T12:05:00Z */

struct world {
	struct arena mem;
	struct config config;
	struct filters filters;
	struct mail_policy policy;
	struct text_resource text;
	struct work_origin origin;
	struct facts facts;
	struct work_rcpt rcpt;
	struct work work;
	struct needs needs;
};

/* One rule, by the word in the subject that it is about. */
static const char rules[] =
    "{'version':1,'serial':7,'generated':'2024-06-11T12:05:00Z','rules':["
    "{'id':'V4','type':'outbreak','level':4,'category':'virus','subtype':"
    "'trojan','description':'about V4','hold_minutes':30,"
    "'match':{'subject_re':'V4'}},"
    "{'id':'V3','type':'outbreak','level':3,'category':'virus',"
    "'description':'','hold_minutes':43200,'match':{'subject_re':'V3'}},"
    "{'id':'P3','type':'outbreak','level':3,'category':'phish','subtype':"
    "'form','description':'about P3','match':{'subject_re':'P3'}},"
    "{'id':'P2','type':'outbreak','level':2,'category':'scam',"
    "'description':'','match':{'subject_re':'P2'}},"
    "{'id':'X','type':'outbreak','level':5,'category':'virus',"
    "'description':'','match':{'attachment_ext':['exe']}}]}";

#define BODY "see http://evil.test/x?a=1&b or https://www.good.test.\r\n"

static int
begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct outbreak_global *o = &w->config.work.outbreak;
	struct err err = ERR_INIT;
	char *json;

	arena_init(&w->mem, 1 << 24);
	w->needs.mem = &w->mem;
	json = arena_strdup(&w->mem, rules);
	for (char *c = json; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	w->filters.own = outbreak_parse(str_of(json), &err);
	if (w->filters.own == NULL)
		fail_msg("%s", err.text);
	w->config.filters = &w->filters;
	*o = (struct outbreak_global){ .enabled = true, .max_size = 10000 };
	w->policy = (struct mail_policy){ .name = STR("DEFAULT"),
		.outbreak_state = SERVICE_CUSTOM };
	w->policy.outbreak = (struct outbreak_settings){ .threshold = 3,
		.retention_viral = 86400,
		.retention_other = 14400,
		.modify_threshold = 3,
		.subject = SUBJECT_PREPEND,
		.subject_text = STR("[Possible $threat_category Fraud] "),
		.rewrite_urls = 1 };
	w->text = (struct text_resource){ .name = STR("care"),
		.text = STR("take care: $threat_type, $threat_description, "
			    "$threat_level, $threat_verdict") };
	w->config.work.texts = &w->text;
	w->config.work.n_texts = 1;
	w->config.work.scan.charset = STR("us-ascii");
	w->config.work.tables[INCOMING].policies = &w->policy;
	w->config.work.tables[INCOMING].n_policies = 1;
	w->origin = (struct work_origin){ .config = &w->config, .now = NOW };
	w->rcpt.addr = STR("r@x.test");
	w->work = (struct work){ .origin = &w->origin,
		.facts = &w->facts,
		.mem = &w->mem,
		.explain = true,
		.msg = { .body = STR(BODY) },
		.rcpts = &w->rcpt,
		.n_rcpts = 1,
		.mail_policy = STR("DEFAULT") };
	json_object_seed(1);
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	outbreak_free(&w->filters.own);
	arena_free(&w->mem);
	free(w);
	return 0;
}

static void
run(struct world *w, const char *subject)
{
	w->work.msg.header =
	    str_of(arena_printf(&w->mem, "Subject: %s\r\n\r\n", subject));
	assert_int_equal(outbreak_decide(&w->work, &w->needs), WORK_DONE);
}

static const struct work_note *
noted(const struct world *w, enum work_note_kind kind)
{
	for (const struct work_note *n = w->work.notes; n != NULL; n = n->next)
		if (n->kind == kind)
			return n;
	return NULL;
}

static bool
has(struct str where, const char *what)
{
	return str_search(where, str_of(what)) < where.n;
}

/* Who is held, and for how long (8.2). */
static void
test_held(void **state)
{
	static const struct {
		const char *subject;
		bool modify, deliver;
		uint32_t threshold, skip;
		const char *rule; /* that it is held for; NULL: it is not */
		uint32_t time;
	} rows[] = {
		{ "none", false, false, 3, 0, NULL, 0 },
		{ "V4", false, false, 3, 0, "V4", 1800 },
		{ "V4", true, true, 3, 0, "V4", 1800 },
		{ "V4", false, false, 5, 0, NULL, 0 },
		{ "V4", false, false, 4, 0, "V4", 1800 },
		{ "V3", false, false, 3, 0, "V3", 86400 },
		{ "V3 V4", false, false, 3, 0, "V4", 1800 },
		{ "P3", false, false, 3, 0, NULL, 0 },
		{ "P3", true, false, 3, 0, "P3", 14400 },
		{ "P3", true, true, 3, 0, NULL, 0 },
		{ "P2", true, false, 3, 0, NULL, 0 },
		{ "P2", true, false, 1, 0, "P2", 14400 },
		{ "V4", false, false, 3, SKIP_OUTBREAK, NULL, 0 },
		{ "V4", false, false, 3, SKIP_OUTBREAK_HOLD, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		const struct work_hold *h;
		struct world *w;
		void *of;

		begin(&of);
		w = of;
		w->policy.outbreak.threshold = rows[i].threshold;
		w->policy.outbreak.modify = rows[i].modify;
		w->policy.outbreak.deliver_non_viral = rows[i].deliver;
		w->work.skip = rows[i].skip;
		run(w, rows[i].subject);
		h = w->work.holds;
		if ((h != NULL) != (rows[i].rule != NULL) ||
		    (h != NULL && (!str_is(h->rule, rows[i].rule) ||
				      !str_is(h->quarantine, "Outbreak") ||
				      h->retention != rows[i].time)))
			fail_msg("row %zu: %s", i, rows[i].subject);
		if (h != NULL) {
			assert_ptr_equal(
			    w->work.msg.body.p, (const char *)BODY);
			assert_false(w->work.msg.header_changed);
		}
		end(&of);
	}
}

static void
test_said(void **state)
{
	struct world *w = *state;
	const struct work_note *n;

	run(w, "V4");
	n = noted(w, WN_OUTBREAK);
	assert_int_equal(n->score, OUTBREAK_JUDGED);
	assert_int_equal(n->number, 4);
	assert_true(str_is(n->name, "V4"));
	assert_true(str_is(n->text, "virus"));
	assert_true(str_is(n->detail, "about V4"));
	assert_true(
	    str_is(noted(w, WN_OUTBREAK_UNTIL)->text, "2024-06-11 12:35:00"));
	assert_true(str_is(w->work.holds->reason, "outbreak rule:V4"));
}

static void
test_nothing(void **state)
{
	struct world *w = *state;

	run(w, "none");
	assert_int_equal(noted(w, WN_OUTBREAK)->number, 0);
	assert_int_equal(noted(w, WN_OUTBREAK)->name.n, 0);
	assert_int_equal(w->work.threat.level, 0);
}

static void
test_disabled(void **state)
{
	struct world *w = *state;

	w->policy.outbreak_state = SERVICE_DISABLED;
	run(w, "V4");
	assert_null(w->work.notes);
	w->policy.outbreak_state = SERVICE_CUSTOM;
	w->config.work.outbreak.enabled = false;
	run(w, "V4");
	assert_null(w->work.notes);
	assert_int_equal(outbreak_wants(&w->work), 0);
	w->config.work.outbreak.enabled = true;
	assert_int_equal(outbreak_wants(&w->work), FILTER_HEADER | FILTER_BODY);
}

static void
test_size(void **state)
{
	struct world *w = *state;

	w->config.work.outbreak.max_size = 40;
	run(w, "V4");
	assert_int_equal(noted(w, WN_OUTBREAK)->score, OUTBREAK_SKIPPED_SIZE);
	assert_null(w->work.holds);
}

/* A fact that is lacking leaves the message alone. */
static void
test_needs(void **state)
{
	struct world *w = *state;

	w->policy.outbreak.n_bypass = 0;
	w->filters.adaptive = outbreak_adaptive();
	w->work.msg.header = STR("Content-Type: application/zip; name=a.zip\r\n"
				 "Content-Disposition: attachment\r\n\r\n");
	assert_int_equal(outbreak_decide(&w->work, &w->needs), WORK_NEEDS);
	assert_int_equal(w->needs.n, 1);
	assert_int_equal(w->needs.v[0].id, FACT_PART);
	assert_null(w->work.notes);
	outbreak_free(&w->filters.adaptive);
}

/* What leaves is changed, when it is no virus. */
static void
test_modified(void **state)
{
	struct world *w = *state;
	struct outbreak_settings *s = &w->policy.outbreak;

	s->modify = s->deliver_non_viral = true;
	s->headers = true;
	s->disclaimer = STR("care");
	s->alt_host = STR("sandbox.test");
	w->work.spam_tagged = true;
	run(w, "P3");
	assert_true(
	    has(w->work.msg.header, "Subject: [Possible Phish Fraud] P3\r\n"));
	assert_true(has(w->work.msg.header,
	    "X-Postern-Outbreak-Status: Yes, level 3, Phish - form\r\n"));
	assert_true(has(
	    w->work.msg.header, "X-Postern-Outbreak-Description: about P3"));
	assert_true(
	    has(w->work.msg.body, "take care: form, about P3, 3, positive"));
	assert_true(has(w->work.msg.body, "see hxxp://evil[.]test/x?a=1&b or "
					  "hxxps://www[.]good[.]test.\r\n"));
	assert_true(str_is(w->work.alt_mailhost, "sandbox.test"));
	assert_false(w->work.spam_tagged);
	assert_true(str_is(noted(w, WN_REWRITTEN)->text, "outbreak filters"));
	assert_true(str_is(noted(w, WN_SERVICE_ACTION)->text,
	    "Modify (2 links, subject, disclaimer, alternate host)"));
}

/* After a quarantine the same is done. */
static void
test_modified_after(void **state)
{
	struct world *w = *state;

	w->policy.outbreak.modify = true;
	w->work.skip = SKIP_OUTBREAK_HOLD;
	run(w, "P3");
	assert_null(w->work.holds);
	assert_true(has(w->work.msg.body, "hxxp://evil[.]test"));
}

static void
test_not_modified(void **state)
{
	static const struct {
		const char *subject;
		bool modify;
		uint32_t from;
	} rows[] = {
		{ "P3", false, 3 }, /* not wanted */
		{ "P2", true, 3 },  /* not bad enough */
		{ "V4", true, 3 },  /* a virus */
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world *w;
		void *of;

		begin(&of);
		w = of;
		w->policy.outbreak.threshold = 5;
		w->policy.outbreak.modify = rows[i].modify;
		w->policy.outbreak.modify_threshold = rows[i].from;
		run(w, rows[i].subject);
		if (w->work.msg.header_changed || w->work.msg.body_changed ||
		    noted(w, WN_REWRITTEN) != NULL)
			fail_msg("%s", rows[i].subject);
		end(&of);
	}
}

/* What becomes of links. */
static const struct {
	uint8_t rewrite, urls;
	const char *with, *type, *body, *out;
} links[] = {
	{ 0, 1, "", "text/plain", "http://a.test/b.c?d#e\r\n",
	    "hxxp://a[.]test/b.c?d#e\r\n" },
	{ 0, 1, "", "text/plain", "HTTPS://u@a.test:81/ www.b.test",
	    "hxxpS://u@a[.]test:81/ www[.]b[.]test" },
	{ 0, 1, "", "text/plain", "ftp://a.test/", "fxp://a[.]test/" },
	{ 0, 1, "", "text/plain", "http://x.good.test/",
	    "http://x.good.test/" },
	{ 0, 0, "", "text/plain", "http://a.test/", "http://a.test/" },
	{ 1, 1, "[removed]", "text/plain", "a http://a.test/ b",
	    "a [removed] b" },
	{ 2, 1, "https://c.test/?u=", "text/plain",
	    "http://a.test/?b=c&d", /* */
	    "https://c.test/?u=http%3A%2F%2Fa.test%2F%3Fb%3Dc%26d" },
	{ 2, 1, "https://c.test/?a=1&u=", "text/html",
	    "<a href=\"http://a.test/?b=c&amp;d\">x</a>",
	    "<a href=\"https://c.test/?a=1&amp;u=http%3A%2F%2Fa.test"
	    "%2F%3Fb%3Dc%26d\">x</a>" },
	{ 0, 1, "", "text/html",
	    "<a href='&#104;ttp://a&#46;test/?b&amp;c'>http://a.test"
	    "</a>",
	    "<a href='hxxp://a[.]test/?b&amp;c'>hxxp://a[.]test</a>" },
	{ 0, 1, "", "text/html",
	    "<html xmlns=\"http://www.w3.org/1999/xhtml\">http://a.b",
	    "<html xmlns=\"http://www.w3.org/1999/xhtml\">"
	    "hxxp://a[.]b" },
	{ 1, 1, "<gone>", "text/html", "<p>http://a.test/</p>",
	    "<p>&lt;gone&gt;</p>" },
	{ 0, 1, "", "multipart/signed; boundary=b",
	    "--b\r\n\r\nhttp://a.test/\r\n--b--\r\n",
	    "--b\r\n\r\nhttp://a.test/\r\n--b--\r\n" },
	{ 0, 2, "", "multipart/signed; boundary=b",
	    "--b\r\n\r\nhttp://a.test/\r\n--b--\r\n",
	    "hxxp://a[.]test/\r\n--b--\r\n" },
	{ 0, 1, "", "text/plain",
	    "-----BEGIN PGP SIGNED MESSAGE-----\r\nhttp://a.test/",
	    "-----BEGIN PGP SIGNED MESSAGE-----\r\nhttp://a.test/" },
	{ 0, 1, "", "multipart/alternative; boundary=b",
	    "--b\r\n\r\nhttp://a.test/\r\n--b\r\nContent-Type: "
	    "text/html\r\n\r\n<a href=http://a.test/>x</a>\r\n--b--"
	    "\r\n",
	    "<a href=hxxp://a[.]test/>x</a>\r\n--b--\r\n" },
};

static void
test_links(void **state)
{
	struct str good = STR("good.test");

	(void)state;
	for (size_t i = 0; i < NELEM(links); i++) {
		struct world *w;
		void *of;

		begin(&of);
		w = of;
		w->policy.outbreak.rewrite_urls = links[i].urls;
		w->policy.outbreak.url_bypass = &good;
		w->policy.outbreak.n_url_bypass = 1;
		w->config.work.outbreak.rewrite = links[i].rewrite;
		w->config.work.outbreak.rewrite_text = str_of(links[i].with);
		w->work.msg.header = str_of(arena_printf(&w->mem,
		    "MIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n",
		    links[i].type));
		w->work.msg.body = str_of(links[i].body);
		outbreak_modify(&w->work, &w->policy.outbreak);
		if (!has(w->work.msg.body, links[i].out))
			fail_msg("row %zu: %.*s", i, STR_ARG(w->work.msg.body));
		end(&of);
	}
}

static void
test_no_disclaimer(void **state)
{
	struct world *w = *state;

	w->policy.outbreak.modify = w->policy.outbreak.deliver_non_viral = true;
	w->policy.outbreak.rewrite_urls = 0;
	w->policy.outbreak.disclaimer = STR("gone");
	run(w, "P3");
	assert_true(str_is(
	    noted(w, WN_WARNING)->text, "no text resource 'gone' to stamp"));
	assert_null(noted(w, WN_REWRITTEN));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held),
		T(test_said),
		T(test_nothing),
		T(test_disabled),
		T(test_size),
		T(test_needs),
		T(test_modified),
		T(test_modified_after),
		cmocka_unit_test(test_not_modified),
		cmocka_unit_test(test_links),
		T(test_no_disclaimer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
