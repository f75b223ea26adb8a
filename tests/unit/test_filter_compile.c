/*
 * test_filter_compile.c - the filters of a configuration: what is filled in,
 * what runs first, what is said of mistakes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/load.h"
#include "config/pack.h"
#include "filter/ast.h"
#include "filter/filter.h"
#include "filter_world.h"

static struct filters *
compile(const char *source, struct config *config, struct arena *mem)
{
	struct filter_problems problems = { 0 };
	struct filters *fs;

	*config = *filter_world();
	config->work.filters_source = str_of(source);
	fs = filters_compile(config, &problems, mem);
	if (fs == NULL)
		fail_msg("%s: %s", source, problems.v[0].text.p);
	return fs;
}

/* The tests in the order in which they run when all of them do. */
static void
run_order(const struct expr *e, struct buf *out)
{
	if (e->kind == EXPR_TEST) {
		buf_printf(out, "%u ", e->id);
	} else if (e->kind == EXPR_NOT) {
		run_order(e->left, out);
	} else {
		run_order(e->right_first ? e->right : e->left, out);
		run_order(e->right_first ? e->left : e->right, out);
	}
}

static void
test_order(void **state)
{
	static const struct {
		const char *rule, *order;
	} cases[] = {
		{ "true and true", "0 1 " },
		{ "subject == 'a' and true", "1 0 " },
		{ "body-contains('a') or subject == 'b'", "1 0 " },
		/* the weights: 64 against 4 + 64 */
		{ "dnslist('a.example') and (valid and dnslist('b.example'))",
		    "0 1 2 " },
		{ "(valid and dnslist('b.example')) and dnslist('a.example')",
		    "2 0 1 " },
		/* equal, and the left is a compound: the right one first */
		{ "(true and true) or subject == 'a'", "2 0 1 " },
		{ "subject == 'a' or (true and true)", "0 1 2 " },
		{ "not (true and true) or subject == 'a'", "2 0 1 " },
		{ "not subject == 'a' or subject == 'b'", "0 1 " },
		{ "true and true and subject == 'a'", "2 0 1 " },
		{ "valid and (header-repeats('subject', 9) or subject == 'a') "
		  "and body-contains('x')",
		    "3 0 2 1 " },
		{ "subject == 'a' and mail-from == 'b' or rcpt-to == 'c'",
		    "2 0 1 " },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		char source[400];
		struct config config;
		struct filters *fs;
		struct arena mem;
		struct buf out;

		arena_init(&mem, 1 << 20);
		buf_init(&out, 400);
		snprintf(source, sizeof(source), "a: if %s { drop(); }",
		    cases[i].rule);
		fs = compile(source, &config, &mem);
		run_order(fs->message[0]->body->rule, &out);
		if (!str_is(buf_str(&out), cases[i].order))
			fail_msg("%s: %s", cases[i].rule, out.data);
		filters_free(&fs);
		buf_fini(&out);
		arena_free(&mem);
	}
}

/* header-repeats runs last even when the rest costs more than itself. */
static void
test_counting_last(void **state)
{
	struct buf source, out;
	struct config config;
	struct filters *fs;
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 20);
	buf_init(&source, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_puts(&source, "a: if header-repeats('subject', 3) and (true");
	for (int i = 0; i < 300; i++)
		buf_puts(&source, " and mail-from-group == 'g'");
	buf_puts(&source, ") { drop(); }");
	fs = compile(source.data, &config, &mem);
	run_order(fs->message[0]->body->rule, &out);
	assert_true(str_ends_nocase(buf_str(&out), STR(" 0 ")));
	filters_free(&fs);
	buf_fini(&source);
	buf_fini(&out);
	arena_free(&mem);
}

static const struct value *
right(const struct filters *fs, size_t i)
{
	return &fs->message[i]->body->rule->value;
}

/* What values stand for. */
static void
test_values(void **state)
{
	static const char source[] =
	    "a: if body-size > 20m { drop(); }"
	    "b: if reputation < -2.5 { drop(); }"
	    "c: if date > '03/01/2024 12:30:01' { drop(); }"
	    "d: if spf-status == 'Fail, softfail' { drop(); }"
	    "e: if remote-ip == '192.0.2.' { drop(); }"
	    "f: if dkim-authentication == 'hardfail' { drop(); }"
	    "g: if macro-detection-rule(['OLE File types', "
	    "'adobe portable document format']) { drop(); }"
	    "h: if body-contains('*ssn') { add-footer('legal'); }"
	    "i: if dictionary-match('project_names', 2) "
	    "{ notify('$EnvelopeFrom', '', '', 'oversize.notice'); }"
	    "j: if subject == 'x' { no-op(); }"
	    "k: if header-repeats('MAIL-FROM', 2, 'outgoing') { drop(); }";
	struct config config;
	struct filters *fs;
	const struct filter *const *v;
	struct arena mem;
	struct ip ip;

	(void)state;
	arena_init(&mem, 1 << 20);
	fs = compile(source, &config, &mem);
	v = fs->message;
	assert_int_equal(fs->n_message, 11);
	assert_int_equal(right(fs, 0)->number, 20 << 20);
	assert_int_equal(right(fs, 1)->number, -2500);
	assert_int_equal(right(fs, 2)->number, 1709296201);
	assert_int_equal(
	    right(fs, 3)->number, 1 << SPF_FAIL | 1 << SPF_SOFTFAIL);
	assert_true(ip_parse(&ip, STR("192.0.2.200")));
	assert_true(ip_range_has(&right(fs, 4)->range, &ip));
	assert_int_equal(right(fs, 5)->number, 1 << DKIM_HARDFAIL);
	assert_int_equal(
	    v[6]->body->rule->args.v[0].number, MACRO_OLE | MACRO_PDF);
	assert_int_equal(v[7]->body->rule->args.v[0].smart, SMART_SSN);
	assert_null(v[7]->body->rule->args.v[0].regex);
	assert_int_equal(v[7]->body->rule->args.v[1].number, 1);
	assert_ptr_equal(
	    v[7]->body->then->args.v[0].resource, &config.work.texts[1]);
	assert_ptr_equal(v[8]->body->rule->args.v[0].dictionary,
	    &config.work.dictionaries[0]);
	assert_int_equal(v[8]->body->rule->args.v[1].number, 2);
	assert_ptr_equal(
	    v[8]->body->then->args.v[3].resource, &config.work.texts[0]);
	assert_non_null(right(fs, 9)->regex);
	assert_int_equal(v[10]->body->rule->args.v[0].number, 1);
	assert_int_equal(v[10]->body->rule->args.v[1].number, 2);
	assert_int_equal(v[10]->body->rule->args.v[2].number, 1);
	assert_string_equal(v[8]->body->then->text.p,
	    "notify(\"$EnvelopeFrom\", \"\", \"\", \"oversize.notice\")");
	assert_string_equal(
	    v[8]->body->rule->text.p, "dictionary-match(\"project_names\", 2)");
	assert_string_equal(v[8]->where.file, FILTERS_FILE);
	filters_free(&fs);
	arena_free(&mem);
}

static void
test_wants(void **state)
{
	static const struct {
		const char *source;
		unsigned wants;
	} cases[] = {
		{ "a: if true { drop(); }", 0 },
		{ "a: if mail-from == 'x' { quarantine('Policy'); }", 0 },
		{ "a: if subject == 'x' { drop(); }", FILTER_HEADER },
		{ "a: if true { if subject == 'x' { drop(); } }",
		    FILTER_HEADER },
		{ "a: if true { drop(); } else { html-convert(); }",
		    FILTER_HEADER | FILTER_BODY },
		{ "a: if true { alt-mailhost('$Subject'); }", FILTER_HEADER },
		{ "a: if true { alt-mailhost('$fileNames'); }",
		    FILTER_HEADER | FILTER_BODY },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct config config;
		struct filters *fs;
		struct arena mem;

		arena_init(&mem, 1 << 20);
		fs = compile(cases[i].source, &config, &mem);
		if (filter_wants(fs->message[0]) != cases[i].wants)
			fail_msg("%s", cases[i].source);
		filters_free(&fs);
		arena_free(&mem);
	}
}

static void
test_logs(void **state)
{
	struct config config;
	struct filters *fs;
	struct arena mem;
	struct str *v;
	size_t n;

	(void)state;
	arena_init(&mem, 1 << 20);
	fs = compile("a: if true { archive('b'); if true { drop(); } else { "
		     "archive('a'); } } b! if true { archive('b'); }",
	    &config, &mem);
	v = filters_logs(fs, &config, &mem, &n);
	assert_int_equal(n, 2);
	assert_true(str_is(v[0], "a"));
	assert_true(str_is(v[1], "b"));
	filters_free(&fs);
	arena_free(&mem);
}

/* --- as the configuration is loaded --- */

#define HEAD                                                                   \
	"hostname: mail.example.com\n"                                         \
	"interfaces: [{name: A, ip: 192.0.2.1}]\n"

static struct config *
load(const char *yaml, struct str filters, struct config_problems *ps)
{
	struct err err = ERR_INIT;
	struct buf packed;
	struct bundle b;
	struct config *c;

	*ps = (struct config_problems){ 0 };
	pack_begin(&packed);
	if (filters.n > 0)
		pack_file(&packed, STR(FILTERS_FILE), filters);
	pack_file(&packed, STR("postern.yaml"), str_of(yaml));
	assert_int_equal(pack_end(&packed, &b, &err), 0);
	c = config_load(&b, 1, ps);
	bundle_free(&b);
	return c;
}

static const struct {
	const char *filters, *yaml;
	bool loads;
	const char *says; /* among the problems */
} loaded[] = {
	{ "a: if true { drop(); }", HEAD, true, NULL },
	{ "a: if true {\n drp(); }", HEAD, false,
	    "filters/message_filters:2:2: filter 'a': expected an action, "
	    "found drp; did you mean drop?" },
	{ "a: if true { drop(); }\na: if true { drop(); }", HEAD, false,
	    "filters/message_filters:2:1: Filter name already in use: a" },
	{ "\n a: if recv-listener == 'X' { drop(); }", HEAD, true,
	    "filters/message_filters:2:25: warning: filter 'a': no such "
	    "listener: X; it will not run" },
	{ "",
	    HEAD "content_filters: {incoming: [{name: f, conditions: "
		 "['subject == \"\\.\"', 'rcpt-count > 3'], actions: "
		 "[drop]}]}\n",
	    true, NULL },
	{ "",
	    HEAD "content_filters: {incoming: [{name: f, conditions: "
		 "['subject == \"x\"', 'rcpt-count > \"3\"'], actions: "
		 "[drop]}]}\n",
	    false,
	    "postern.yaml:3:1: filter 'f': condition 2: expected a number, "
	    "found the string \"3\"" },
	{ "",
	    HEAD "content_filters: {outgoing: [{name: f, actions: "
		 "['quarantine(\"X\")', 'drop()']}]}\n",
	    false,
	    "postern.yaml:3:1: filter 'f': action 1: no such quarantine: X" },
	{ "",
	    HEAD "content_filters: {outgoing: [{name: f, actions: "
		 "['drop()', 'log-entry(\"X\")']}]}\n",
	    false,
	    "postern.yaml:3:1: filter 'f': action 1: expected a final action "
	    "only as the last, found drop before others" },
	{ "",
	    HEAD "content_filters: {outgoing: [{name: f, actions: "
		 "['drop() bounce()']}]}\n",
	    false,
	    "postern.yaml:3:1: filter 'f': action 1: expected the end, found "
	    "bounce" },
	{ "",
	    HEAD "content_filters: {outgoing: [{name: f, conditions: "
		 "['true) or (true'], actions: ['drop()']}]}\n",
	    false,
	    "postern.yaml:3:1: filter 'f': condition 1: expected \"and\", "
	    "\"or\" or the end, found )" },
	{ "",
	    HEAD "content_filters: {outgoing: [{name: f, conditions: "
		 "['dictionary-match(\"gone\")'], actions: ['drop()']}]}\n",
	    true,
	    "postern.yaml:3:1: warning: filter 'f': condition 1: no such "
	    "dictionary: gone; nothing matches it" },
	{ "",
	    HEAD "content_filters: {outgoing: [{name: f, conditions: "
		 "['message-language == \"de\"'], actions: ['drop()']}]}\n",
	    true,
	    "postern.yaml:3:1: warning: filter 'f': condition 1: "
	    "message-language: this version has no detection of languages; it "
	    "will not run" },
};

static void
test_loaded(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(loaded); i++) {
		struct config_problems ps;
		struct config *c =
		    load(loaded[i].yaml, str_of(loaded[i].filters), &ps);
		bool said = loaded[i].says == NULL;
		struct buf all;

		buf_init(&all, 1 << 16);
		for (size_t k = 0; k < ps.n; k++) {
			size_t before = all.len;

			config_problem_print(&ps.v[k], &all);
			said = said ||
			       strcmp(all.data + before, loaded[i].says) == 0;
			buf_putc(&all, '\n');
		}
		if ((c != NULL) != loaded[i].loads || !said)
			fail_msg("%s%s\n%s", loaded[i].filters, loaded[i].yaml,
			    all.len > 0 ? all.data : "");
		if (c != NULL)
			assert_non_null(c->filters);
		config_unref(&c);
		config_problems_free(&ps);
		buf_fini(&all);
	}
}

/* all or any of the conditions; none is always. */
static void
test_content(void **state)
{
	static const char yaml[] = HEAD
	    "content_filters:\n"
	    "  incoming:\n"
	    "    - {name: all, conditions: ['true or valid', valid], "
	    "actions: ['drop()']}\n"
	    "    - {name: any, match: any, active: no, conditions: ['true or "
	    "valid', valid], actions: [no-op, 'deliver();']}\n"
	    "  outgoing:\n"
	    "    - {name: always, actions: [drop]}\n";
	struct config_problems ps;
	struct config *c = load(yaml, STR(""), &ps);
	const struct filter *f;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_non_null(c);
	f = c->filters->content[INCOMING][0];
	assert_true(filter_runs(f));
	assert_true(str_is(filter_name(f), "all"));
	assert_int_equal(f->n_tests, 3);
	print_expr(&out, f->body->rule);
	assert_string_equal(out.data, "(true or valid) and valid");
	f = c->filters->content[INCOMING][1];
	assert_false(filter_runs(f));
	buf_reset(&out);
	print_expr(&out, f->body->rule);
	assert_string_equal(out.data, "true or valid or valid");
	assert_string_equal(f->body->then->next->text.p, "deliver()");
	assert_null(f->body->then->next->next);
	f = c->filters->content[OUTGOING][0];
	assert_null(f->body->rule);
	assert_int_equal(f->where.line, 8);
	config_unref(&c);
	config_problems_free(&ps);
	buf_fini(&out);
}

static void
test_too_large(void **state)
{
	struct config_problems ps;
	struct config *c;
	struct str big = { mem_alloc(FILTER_SOURCE_MAX + 1),
		FILTER_SOURCE_MAX + 1 };

	(void)state;
	memset((char *)big.p, '\n', big.n);
	c = load(HEAD, big, &ps);
	assert_null(c);
	assert_string_equal(ps.v[0].where.file, FILTERS_FILE);
	assert_non_null(strstr(ps.v[0].text, "larger than 4 MiB"));
	config_problems_free(&ps);
	big.n--;
	c = load(HEAD, big, &ps);
	assert_non_null(c);
	config_unref(&c);
	config_problems_free(&ps);
	free((char *)big.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_counting_last),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_wants),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_too_large),
	};

	filters_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
