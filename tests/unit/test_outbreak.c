/* test_outbreak.c - outbreak rules: reading them, and judging messages */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "filter/outbreak.h"
#include "work_world.h"

#define NOW 1718107500000 /* 2024-06-11T12:05:00Z */

/* --- reading --- */

#define SET(rules)                                                             \
	"{'version':1,'serial':20240611120500,"                                \
	"'generated':'2024-06-11T12:05:00Z','rules':[" rules "]}"
#define RULE(more, match)                                                      \
	"{'id':'R1','type':'outbreak','level':4,'category':'virus',"           \
	"'description':'x'" more ",'match':" match "}"
#define MATCH(match) SET(RULE("", match))

/* With " for '. */
static char *
quoted(const char *text)
{
	static char out[8192];
	size_t n = strlen(text);

	assert_true(n < sizeof(out));
	for (size_t i = 0; i <= n; i++)
		out[i] = text[i] == '\'' ? '"' : text[i];
	return out;
}

/* What is said of sets that are not taken. */
static void
test_refused(void **state)
{
	static const struct {
		const char *json, *error;
	} rows[] = {
		{ "", "no JSON: line 1" },
		{ "[]", "\"version\" must be 1" },
		{ "{'version':2}", "\"version\" must be 1" },
		{ "{'version':1,'serial':0}", "\"serial\" must be a number" },
		{ "{'version':1,'serial':'1'}", "\"serial\" must be a number" },
		{ "{'version':1,'serial':1}", "\"generated\" must be a text" },
		{ "{'version':1,'serial':1,'generated':'today'}",
		    "\"generated\" must be a time as 2024-06-11T12:05:00Z" },
		{ "{'version':1,'serial':1,"
		  "'generated':'2024-13-11T12:05:00Z'}",
		    "\"generated\" must be a time" },
		{ "{'version':1,'serial':1,"
		  "'generated':'2024-06-11T12:05:00Z'}",
		    "\"rules\" must be a list" },
		{ SET("1"), "a rule must be an object" },
		{ SET("{'id':'a b'}"), "printable ASCII without blanks" },
		{ SET("{'id':''}"), "an empty \"id\"" },
		{ SET("{'id':'R1','type':'x','description':''}"),
		    "rule R1: \"type\" must be" },
		{ SET("{'id':'R1','type':'outbreak','description':'',"
		      "'category':'x'}"),
		    "rule R1: \"category\" must be" },
		{ SET("{'id':'R1','type':'outbreak','description':'',"
		      "'category':'scam','level':6}"),
		    "rule R1: \"level\" must be 0 to 5" },
		{ SET(RULE(",'hold_minutes':0", "{}")),
		    "\"hold_minutes\" must be 1 to 43200" },
		{ SET(RULE(",'expires':'soon'", "{}")),
		    "\"expires\" must be a time" },
		{ MATCH("{}"), "rule R1: a test must be an object with one" },
		{ MATCH("{'has_url':true,'not':{}}"), "with one name" },
		{ MATCH("{'all':[]}"), "\"all\" must be a list of tests" },
		{ MATCH("{'any':{}}"), "\"any\" must be a list of tests" },
		{ MATCH("{'not':[]}"), "a test must be an object" },
		{ MATCH("{'has_url':1}"), "\"has_url\" must be true or false" },
		{ MATCH("{'subject_re':'('}"), "rule R1: \"subject_re\": " },
		{ MATCH("{'subject_re':''}"), "must be a regular expression" },
		{ MATCH("{'attachment_size':[1]}"), "must be two numbers" },
		{ MATCH("{'attachment_size':[2,1]}"), "must be two numbers" },
		{ MATCH("{'attachment_ext':'exe'}"), "must be a list of 1 to" },
		{ MATCH("{'attachment_ext':['']}"), "texts of 1 to 1000" },
		{ MATCH("{'remote_ip':['10.0.0.0/8','x']}"),
		    "\"remote_ip\": x is no address and no network" },
		{ MATCH("{'sha256':['00']}"), "digests of 64" },
		{ "{'version':1,'version':1}", "no JSON: line 1" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct err err = ERR_INIT;
		struct outbreak_rules *r =
		    outbreak_parse(str_of(quoted(rows[i].json)), &err);

		if (r != NULL || strstr(err.text, rows[i].error) == NULL)
			fail_msg("%s: %s", rows[i].json, err.text);
	}
}

/* What a later version may have costs its rule, not the set. */
static void
test_skipped(void **state)
{
	struct err err = ERR_INIT;
	struct outbreak_rules *r = outbreak_parse(
	    str_of(quoted(SET(RULE("", "{'phase_of_moon':[1]}") "," RULE(
		"", "{'any':[{'has_url':true},{'weather':0}]}") "," RULE("",
		"{'attachment_filetype':['holo']}") "," RULE("",
		"{'has_url':true}")))),
	    &err);

	(void)state;
	if (r == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(r->n, 1);
	assert_int_equal(r->n_skipped, 3);
	assert_int_equal(r->serial, 20240611120500);
	assert_int_equal(r->generated, NOW);
	outbreak_free(&r);
	assert_null(r);
}

/* Limits of what a set may cost. */
static void
test_limits(void **state)
{
	struct err err = ERR_INIT;
	struct buf json;

	(void)state;
	buf_init(&json, OUTBREAK_SET_MAX + 1000);
	buf_puts(&json, quoted("{'version':1,'serial':1,"
			       "'generated':'2024-06-11T12:05:00Z','rules':[{"
			       "'id':'deep','type':'outbreak','level':1,"
			       "'category':'scam','description':'','match':"));
	for (int i = 0; i < OUTBREAK_DEPTH_MAX + 1; i++)
		buf_puts(&json, "{\"not\":");
	buf_puts(&json, "{\"has_url\":true}");
	for (int i = 0; i < OUTBREAK_DEPTH_MAX + 1; i++)
		buf_puts(&json, "}");
	buf_puts(&json, "}]}");
	assert_null(outbreak_parse(buf_str(&json), &err));
	assert_string_equal(err.text, "rule deep: too many tests");
	buf_reset(&json);
	while (json.len <= OUTBREAK_SET_MAX)
		buf_puts(&json, "          ");
	assert_null(outbreak_parse(buf_str(&json), &err));
	assert_string_equal(err.text, "more than 5242880 bytes");
	buf_fini(&json);
}

static void
test_moments(void **state)
{
	static const struct {
		const char *text;
		int64_t wall; /* -1: none */
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T23:59:59Z", 951868799000 },
		{ "2024-06-11T12:05:00Z", NOW },
		{ "2024-06-11T12:05:00", -1 },
		{ "2024-06-11 12:05:00Z", -1 },
		{ "2024-06-11T24:05:00Z", -1 },
		{ "2024-06-32T12:05:00Z", -1 },
		{ "-024-06-11T12:05:00Z", -1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		int64_t wall = -1;

		if (outbreak_moment(str_of(rows[i].text), &wall) !=
			(rows[i].wall != -1) ||
		    wall != rows[i].wall)
			fail_msg("%s: %jd", rows[i].text, (intmax_t)wall);
	}
}

/* --- judging --- */

#define MIXED                                                                  \
	"X-Postern-Anti-Spam: engine=E; score=1; tests=OLD_ONE,OLD_TWO\r\n"    \
	"From: Joe <joe@mail.example.com>\r\nSubject: your =?utf-8?q?inv?="    \
	"oice\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
#define TEXT(body) "--b\r\nContent-Type: text/plain\r\n\r\n" body "\r\n"
#define HTML(body) "--b\r\nContent-Type: text/html\r\n\r\n" body "\r\n"
#define FILE_PART(name, body)                                                  \
	"--b\r\nContent-Type: application/octet-stream\r\n"                    \
	"Content-Disposition: attachment; filename=\"" name "\"\r\n\r\n" body  \
	"\r\n"
#define END "--b--\r\n"

static const uint8_t digest[32] = { 1, 2, 3, [31] = 0xff };
#define DIGEST                                                                 \
	"0102030000000000000000000000000000000000000000000000000000000"        \
	"0ff"

/* Inspection of every part, as it shall be. */
static void
give_facts(struct work_world *w, const struct part_fact *f, uint32_t parts)
{
	for (uint32_t i = 0; i < parts; i++) {
		struct fact_answer *a = fact_put(&w->facts, &w->mem, FACT_PART,
		    work_key(&w->work, (int)i),
		    (struct fact){ FACT_KNOWN, FACT_LOOKED_UP });

		a->detail = f;
	}
}

static struct outbreak_rules *
parsed(const char *json)
{
	struct err err = ERR_INIT;
	struct outbreak_rules *r = outbreak_parse(str_of(quoted(json)), &err);

	if (r == NULL)
		fail_msg("%s: %s", json, err.text);
	return r;
}

static const struct {
	const char *match, *body;
	bool yes;
} matches[] = {
	/* names */
	{ "{'attachment_ext':['exe']}", FILE_PART("a.exe", "x"), true },
	{ "{'attachment_ext':['.exe']}", FILE_PART("a.EXE. .", "x"), true },
	{ "{'attachment_ext':['exe']}", FILE_PART("exe", "x"), false },
	{ "{'attachment_ext':['exe']}", TEXT("a.exe"), false },
	{ "{'filename_re':'(?i)^INV'}", FILE_PART("invoice.zip", "x"), true },
	{ "{'filename_re':'(?i)^INV'}", FILE_PART("my-inv.zip", "x"), false },
	/* bypassed: pdf */
	{ "{'filename_re':'a'}", FILE_PART("a.pdf", "x"), false },
	{ "{'filename_re':'a'}",
	    FILE_PART("a.pdf", "x") FILE_PART("a.doc", "x"), true },
	/* sizes */
	{ "{'attachment_size':[3,5]}", FILE_PART("a", "1234"), true },
	{ "{'attachment_size':[3,5]}", FILE_PART("a", "12"), false },
	{ "{'attachment_size':[3,5]}", FILE_PART("a", "123456"), false },
	/* what inspection says */
	{ "{'attachment_filetype':['zip']}", FILE_PART("a", "x"), true },
	{ "{'attachment_filetype':['Compressed']}", FILE_PART("a", "x"), true },
	{ "{'attachment_filetype':['pdf']}", FILE_PART("a", "x"), false },
	{ "{'archive_member_ext':['js']}", FILE_PART("a", "x"), true },
	{ "{'archive_member_ext':['pdf']}", FILE_PART("a", "x"), false },
	{ "{'sha256':['" DIGEST "']}", FILE_PART("a", "x"), true },
	{ "{'archive_member_ext':['js']}", TEXT("x"), false },
	/* all of it of one attachment */
	{ "{'all':[{'attachment_ext':['zip']},{'attachment_size':"
	  "[3,9]}]}",
	    FILE_PART("a.zip", "1234"), true },
	{ "{'all':[{'attachment_ext':['zip']},{'attachment_size':"
	  "[3,9]}]}",
	    FILE_PART("a.zip", "1") FILE_PART("b.doc", "1234"), false },
	{ "{'not':{'attachment_ext':['zip']}}", FILE_PART("a.zip", "1"),
	    false },
	{ "{'not':{'attachment_ext':['zip']}}",
	    FILE_PART("a.zip", "1") FILE_PART("b.doc", "1"), true },
	{ "{'not':{'attachment_ext':['zip']}}", TEXT("x"), true },
	/* the message */
	{ "{'subject_re':'^your invoice$'}", TEXT("x"), true },
	{ "{'subject_re':'^invoice'}", TEXT("x"), false },
	{ "{'body_re':'pay.*now'}", TEXT("please pay\r\nor pay now"), true },
	{ "{'body_re':'pay.*now'}", TEXT("pay\r\nnow"), false },
	{ "{'from_domain':['example.com']}", TEXT("x"), true },
	{ "{'from_domain':['sender.test']}", TEXT("x"), true },
	{ "{'from_domain':['ample.com']}", TEXT("x"), false },
	{ "{'remote_ip':['198.51.100.0/24']}", TEXT("x"), true },
	{ "{'remote_ip':['198.51.101.0/24','::/0']}", TEXT("x"), false },
	/* links */
	{ "{'has_url':true}", TEXT("see http://a.test/"), true },
	{ "{'has_url':false}", TEXT("see http://a.test/"), false },
	{ "{'has_url':false}", TEXT("x"), true },
	{ "{'url_domain':['evil.test']}",
	    HTML("<a href='http://www.ev&#105;l.test/x'>click</a>"), true },
	{ "{'url_domain':['evil.test']}",
	    HTML("<a href='http://devil.test/x'>click</a>"), false },
	{ "{'url_re':'a=1&b'}",
	    HTML("<a href='http://x.test/?a=1&amp;b'>y</a>"), true },
	/* what scanners said */
	{ "{'engine_symbol':['bayes_99']}", TEXT("x"), true },
	{ "{'engine_symbol':['BAYES']}", TEXT("x"), false },
	{ "{'engine_symbol':['Eicar-Test']}", TEXT("x"), true },
	{ "{'engine_symbol':['old_two']}", TEXT("x"), true },
	{ "{'engine_symbol':['engine=e; score=1; tests=old_one']}", TEXT("x"),
	    false },
	/* together */
	{ "{'any':[{'has_url':true},{'subject_re':'invoice'}]}", TEXT("x"),
	    true },
	{ "{'all':[{'has_url':true},{'subject_re':'invoice'}]}", TEXT("x"),
	    false },
	{ "{'not':{'any':[{'has_url':true},{'body_re':'x'}]}}", TEXT("x"),
	    false },
};

static void
test_tests(void **state)
{
	static const struct part_member members[] = {
		{ .name = { "dir/a.JS", 8 }, .filetype = { "txt", 3 } },
		{ .name = { "b.pdf", 5 }, .filetype = { "pdf", 3 } },
	};
	struct part_fact f = { .filetype = STR("zip"),
		.archive = true,
		.text = STR(""),
		.members = members,
		.n_members = 2 };
	struct str pdf = STR("pdf");
	struct outbreak_bypass bypass = { &pdf, 1 };

	(void)state;
	memcpy(f.sha256, digest, 32);
	for (size_t i = 0; i < NELEM(matches); i++) {
		char json[1000], body[2000];
		struct outbreak_sets sets = { { 0 } };
		const struct outbreak_rule *worst;
		struct outbreak_rules *r;
		struct work_world w;
		struct needs needs;
		struct work_note *n;

		snprintf(json, sizeof(json), MATCH("%s"), matches[i].match);
		snprintf(body, sizeof(body), "%s" END, matches[i].body);
		r = parsed(json);
		sets.v[0] = r;
		world_begin(&w, "", "x@sender.test", MIXED, "a@b.test");
		w.work.msg.body = str_of(body);
		w.config.work.scan.max_size = 1 << 20;
		w.config.work.scan.charset = STR("us-ascii");
		ip_parse(&w.facts.client, STR("198.51.100.7"));
		n = work_note(&w.work, WN_SPAM);
		n->text = STR("HTML_MESSAGE, BAYES_99");
		n = work_note(&w.work, WN_VIRUS);
		n->text = STR("Eicar-Test");
		give_facts(&w, &f, 10);
		needs = (struct needs){ .mem = &w.mem };
		if (outbreak_judge(&sets, &w.work, &bypass, NOW, &worst,
			&needs) != WORK_DONE ||
		    (worst != NULL) != matches[i].yes)
			fail_msg("%s of %s", matches[i].match, matches[i].body);
		outbreak_free(&r);
		world_end(&w);
	}
}

#define ONE(id, level, match)                                                  \
	"{'id':'" id "','type':'outbreak','level':" level                      \
	",'category':'phish','description':'d','match':" match "}"
#define YES_HERE "{'subject_re':'invoice'}"

/* The worst one counts; of equals the first of the first set. */
static void
test_worst(void **state)
{
	static const struct {
		const char *feed, *own, *id;
	} rows[] = {
		{ SET(ONE("a", "2", YES_HERE)), SET(ONE("b", "3", YES_HERE)),
		    "b" },
		{ SET(ONE("a", "3", YES_HERE)), SET(ONE("b", "3", YES_HERE)),
		    "a" },
		{ SET(ONE("a", "3", YES_HERE) "," ONE("c", "5", YES_HERE)),
		    SET(ONE("b", "4", YES_HERE)), "c" },
		{ SET(ONE("a", "5", "{'has_url':true}")),
		    SET(ONE("b", "1", YES_HERE)), "b" },
		{ SET(ONE("a", "0", YES_HERE)), SET(""), "" },
		{ SET("{'id':'old','type':'outbreak','level':5,'category':"
		      "'scam','description':'','expires':"
		      "'2024-06-11T12:05:00Z','match':" YES_HERE "}"),
		    SET(ONE("b", "1", YES_HERE)), "b" },
		{ SET("{'id':'new','type':'outbreak','level':5,'category':"
		      "'scam','description':'','expires':"
		      "'2024-06-11T12:05:01Z','match':" YES_HERE "}"),
		    SET(""), "new" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct outbreak_rules *feed = parsed(rows[i].feed);
		struct outbreak_rules *own = parsed(rows[i].own);
		struct outbreak_sets sets = { { feed, own, NULL } };
		struct outbreak_bypass none = { 0 };
		const struct outbreak_rule *worst;
		struct work_world w;
		struct needs needs;

		world_begin(&w, "", "x@sender.test", MIXED, "a@b.test");
		w.work.msg.body = STR(TEXT("x") END);
		needs = (struct needs){ .mem = &w.mem };
		assert_int_equal(
		    outbreak_judge(&sets, &w.work, &none, NOW, &worst, &needs),
		    WORK_DONE);
		if (!str_is(worst != NULL ? worst->id : STR(""), rows[i].id))
			fail_msg("row %zu", i);
		outbreak_free(&feed);
		outbreak_free(&own);
		world_end(&w);
	}
}

/* Facts are asked for only while they still matter. */
static void
test_needs(void **state)
{
	static const struct {
		const char *rules;
		size_t needs;
	} rows[] = {
		{ ONE("a", "3", "{'archive_member_ext':['js']}"), 1 },
		{ ONE("a", "3", "{'sha256':['" DIGEST "']}") "," ONE(
		      "b", "4", "{'attachment_filetype':['pdf']}"),
		    1 },
		/* something worse is there already */
		{ ONE("a", "3", "{'archive_member_ext':['js']}") "," ONE(
		      "b", "4", YES_HERE),
		    0 },
		{ ONE("a", "4", "{'archive_member_ext':['js']}") "," ONE(
		      "b", "3", YES_HERE),
		    1 },
		/* the cheap half says no, wherever it stands */
		{ ONE("a", "3",
		      "{'all':[{'archive_member_ext':['js']},"
		      "{'attachment_ext':['rar']}]}"),
		    0 },
		{ ONE("a", "3",
		      "{'any':[{'archive_member_ext':['js']}," YES_HERE "]}"),
		    0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char json[2000];
		struct outbreak_sets sets = { { 0 } };
		struct outbreak_bypass none = { 0 };
		const struct outbreak_rule *worst;
		struct outbreak_rules *r;
		struct work_world w;
		struct needs needs;

		snprintf(json, sizeof(json), SET("%s"), rows[i].rules);
		r = parsed(json);
		sets.v[0] = r;
		world_begin(&w, "", "x@sender.test", MIXED, "a@b.test");
		w.work.msg.body = STR(TEXT("x") FILE_PART("a.zip", "PK") END);
		needs = (struct needs){ .mem = &w.mem };
		if (outbreak_judge(
			&sets, &w.work, &none, NOW, &worst, &needs) !=
			(rows[i].needs > 0 ? WORK_NEEDS : WORK_DONE) ||
		    needs.n != rows[i].needs)
			fail_msg("%s: %zu", rows[i].rules, needs.n);
		assert_null(rows[i].needs > 0 ? w.work.notes : NULL);
		outbreak_free(&r);
		world_end(&w);
	}
}

/* The rules that come with Postern. */
static void
test_adaptive(void **state)
{
	static const struct {
		const char *body, *id, *filetype;
	} rows[] = {
		{ FILE_PART("invoice.pdf .exe", "x"),
		    "Adaptive_Double_Extension", "exe" },
		{ FILE_PART("invoice.exe", "x"), "Adaptive_Program", "exe" },
		{ FILE_PART("invoice.doc", "x"), "Adaptive_Disguised_Program",
		    "exe" },
		{ FILE_PART("invoice.doc", "x"), "", "doc" },
		{ FILE_PART("run.wsf", "x"), "Adaptive_Script", "txt" },
		{ FILE_PART("x\xe2\x80\xae"
			    "fdp.exe",
		      "x"),
		    "Adaptive_Reversed_Name", "exe" },
		{ FILE_PART("a.iso", "x"), "Adaptive_Disk_Image", "" },
		{ TEXT("http://www.bank.test@evil.test/"),
		    "Adaptive_Hidden_Host", "" },
		{ TEXT("http://www.bank.test/a@b"), "", "" },
		{ TEXT("http://192.0.2.1/x"), "Adaptive_Numeric_Host", "" },
		{ TEXT("http://192.example.test/x"), "", "" },
		{ HTML("<a href=http://a.test>x</a>") FILE_PART("a.html", "x"),
		    "Adaptive_Page_Attached", "" },
		{ FILE_PART("a.html", "x"), "", "" },
	};
	struct outbreak_rules *r = outbreak_adaptive();
	struct outbreak_sets sets = { { NULL, NULL, r } };
	struct outbreak_bypass none = { 0 };

	(void)state;
	assert_int_equal(r->n_skipped, 0);
	for (size_t i = 0; i < r->n; i++)
		assert_true(r->v[i].adaptive);
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct part_fact f = { .filetype = str_of(rows[i].filetype),
			.text = STR("") };
		const struct outbreak_rule *worst;
		struct work_world w;
		struct needs needs;
		char body[2000];

		snprintf(body, sizeof(body), "%s" END, rows[i].body);
		world_begin(&w, "", "x@sender.test", MIXED, "a@b.test");
		w.work.msg.body = str_of(body);
		w.config.work.scan.charset = STR("us-ascii");
		give_facts(&w, &f, 10);
		needs = (struct needs){ .mem = &w.mem };
		outbreak_judge(&sets, &w.work, &none, NOW, &worst, &needs);
		if (!str_is(worst != NULL ? worst->id : STR(""), rows[i].id))
			fail_msg("%s: %s", rows[i].body,
			    worst != NULL ? worst->id.p : "none");
		world_end(&w);
	}
	outbreak_free(&r);
}

/* Each attachment that was left out is told. */
static void
test_bypassed(void **state)
{
	struct outbreak_rules *r = parsed(MATCH("{'filename_re':'.'}"));
	struct outbreak_sets sets = { { r, NULL, NULL } };
	struct str exts[] = { STR("PDF"), STR("doc") };
	struct outbreak_bypass bypass = { exts, 2 };
	const struct outbreak_rule *worst;
	struct work_world w;
	struct needs needs;

	(void)state;
	world_begin(&w, "", "x@sender.test", MIXED, "a@b.test");
	w.work.msg.body =
	    STR(FILE_PART("a.pdf", "x") FILE_PART("b.Doc", "x") END);
	needs = (struct needs){ .mem = &w.mem };
	outbreak_judge(&sets, &w.work, &bypass, NOW, &worst, &needs);
	assert_null(worst);
	assert_int_equal(w.work.notes->kind, WN_OUTBREAK_BYPASSED);
	assert_true(str_is(w.work.notes->name, "b.Doc"));
	assert_true(str_is(w.work.notes->next->name, "a.pdf"));
	assert_null(w.work.notes->next->next);
	outbreak_free(&r);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_tests),
		cmocka_unit_test(test_worst),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_adaptive),
		cmocka_unit_test(test_bypassed),
	};

	json_object_seed(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
