/*
 * test_claims.c - fields that speak for a gateway: who writes them, and that
 * nobody outside does (threats IDT-03)
 */
#include "mail/claims.h"
#include "tests/unit/pipeline_world.h"

static void
test_idt_03_names(void **state)
{
	static const struct {
		const char *name;
		enum claim want;
	} table[] = {
		{ "Authentication-Results", CLAIM_RESULTS },
		{ "AUTHENTICATION-RESULTS", CLAIM_RESULTS },
		{ "Authentication-Results-", CLAIM_NONE },
		{ "ARC-Authentication-Results", CLAIM_NONE },
		{ "Authentication-Result", CLAIM_NONE },
		{ "return-PATH", CLAIM_RETURN },
		{ "Return-Paths", CLAIM_NONE },
		{ "Return", CLAIM_NONE },
		{ "X-Postern-AV", CLAIM_OURS },
		{ "x-postern-", CLAIM_OURS },
		{ "X-POSTERN-Hops-And-More-Of-It", CLAIM_OURS },
		{ "X-Postern", CLAIM_NONE },
		{ "X-PosternAV", CLAIM_NONE },
		{ "X-IronPort-Anti-Spam", CLAIM_IRONPORT },
		{ "X-IronPor", CLAIM_NONE },
		{ "Received", CLAIM_NONE },
		{ "", CLAIM_NONE },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct str name = str_of(table[i].name);

		if (claim_of(name) != table[i].want ||
		    claim_of(str_sub(name, 0, CLAIM_NAME)) != table[i].want)
			fail_msg("%s: %d", table[i].name, claim_of(name));
	}
}

static void
test_idt_03_who_says_so(void **state)
{
	static const struct {
		const char *value, *by; /* NULL: nobody knows */
	} table[] = {
		{ " mx.test; spf=pass\r\n", "mx.test" },
		{ "mx.test;none", "mx.test" },
		{ "mx.test", "mx.test" },
		{ " MX.Test. ; none", "mx.test" },
		{ "\r\n\tmx.test\r\n 1;\r\n none", "mx.test" },
		{ " (a (b) \\) c) mx.test (d) 1 (e) ; none", "mx.test" },
		{ "\"mx.test\"; none", "mx.test" },
		{ "\"m\\x.test\" 1; none", "mx.test" },
		{ "\" mx.test \"; none", "mx.test" },
		{ "\"a b\"; none", "a b" },
		{ "b\xc3\xbc"
		  "cher.test; none",
		    "xn--bcher-kva.test" },
		{ "under_score.test:25; none", "under_score.test:25" },
		/* other versions are not understood: RFC 8601 5 */
		{ "mx.test 2; none", NULL },
		{ "mx.test 1.0; none", NULL },
		{ "mx.test 1 2; none", NULL },
		{ "mx.test spf=pass", NULL },
		{ "", NULL },
		{ " ; spf=pass", NULL },
		{ "\"\"; none", NULL },
		{ "\"mx.test; none", NULL },
		{ "(mx.test; none", NULL },
		{ "mx.test (; none", NULL },
		{ "mx.test) ; none", NULL },
		{ "\"mx\".test; none", NULL },
	};
	struct arena mem;

	(void)state;
	arena_init(&mem, 1 << 20);
	for (size_t i = 0; i < NELEM(table); i++) {
		struct str by;
		bool known =
		    claim_results_by(str_of(table[i].value), &by, &mem);

		if (known != (table[i].by != NULL) ||
		    (known && !str_is(by, table[i].by)))
			fail_msg("%s: %.*s", table[i].value,
			    known ? (int)by.n : 3, known ? by.p : "no!");
	}
	arena_free(&mem);
}

/* --- the stage --- */

static const char yaml[] =
    "hostname: mx.example.com\n"
    "interfaces:\n"
    "- {name: Net, ip: 192.0.2.10, hostname: in.example.com}\n"
    "- {name: Two, ip: 192.0.2.11, hostname: out.example.com}\n"
    "listeners:\n"
    "- name: In\n"
    "  type: public\n"
    "  interface: Net\n"
    "  hat:\n"
    "    policies: [{name: $PARTNER, behaviour: accept, override_hostname: "
    "b2b.example.com}]\n"
    "    groups: [{name: ALL, policy: $PARTNER}]\n"
    "- name: Out\n"
    "  type: private\n"
    "  interface: Two\n";

#define RESULTS(by) "Authentication-Results: " by "; spf=pass\r\n"

static const struct {
	const char *why, *in, *want; /* NULL: stays as it is */
	const char *told;
	size_t kept;
} headers[] = {
	{ "ours, in any case and form",
	    "A: 1\r\nX-Postern-AV: clean\r\nB: 2\r\nx-postern-hops :\r\n 5\r\n"
	    "C: 3\r\n\r\n",
	    "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", "X-Postern-AV, x-postern-hops", 8 },
	{ "the first field", "X-Postern-AV: clean\r\nA: 1\r\n\r\n",
	    "A: 1\r\n\r\n", "X-Postern-AV", 8 },
	{ "the last field", "A: 1\r\nReturn-Path: <a@b.test>\r\n\r\n",
	    "A: 1\r\n\r\n", "Return-Path", 2 },
	{ "all there is", "Return-Path: <>\r\n", "", "Return-Path", 0 },
	{ "one after the other",
	    "Return-Path: <>\r\nReturn-Path: <>\r\nA: 1\r\n\r\n",
	    "A: 1\r\n\r\n", "Return-Path, Return-Path", 8 },
	{ "the system's name", RESULTS("mx.example.com") "A: 1\r\n\r\n",
	    "A: 1\r\n\r\n", "Authentication-Results", 8 },
	{ "an interface's", RESULTS("IN.Example.com.") "A: 1\r\n\r\n",
	    "A: 1\r\n\r\n", "Authentication-Results", 8 },
	{ "of another interface", RESULTS("\"out.example.com\"") "\r\n", "\r\n",
	    "Authentication-Results", 2 },
	{ "a policy's", RESULTS("(x) b2b.example.com 1") "\r\n", "\r\n",
	    "Authentication-Results", 2 },
	{ "nobody knows whose", RESULTS("mx.example.org 9") "\r\n", "\r\n",
	    "Authentication-Results", 2 },
	{ "others' stay",
	    RESULTS("mx.example.org") RESULTS("example.com")
		RESULTS("a.mx.example.com") "\r\n",
	    NULL, NULL, 0 },
	{ "what only looks alike stays",
	    "X-Postern: 1\r\nResent-Return-Path: <>\r\n"
	    "ARC-Authentication-Results: i=1; mx.example.com; spf=pass\r\n"
	    "X-IronPort-AV: clean\r\n\r\n",
	    NULL, NULL, 0 },
};

static void
run_stage(struct world *w, const char *listener, const char *header)
{
	world_begin(w, config, listener);
	w->subject.sender = STR("");
	w->subject.message_id = STR("<x>");
	w->subject.claims = true;
	w->subject.header = str_of(header);
	w->subject.header_kept = w->subject.header.n;
}

static void
test_idt_03_forged_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(headers); i++) {
		const char *in = headers[i].in;
		const char *want = headers[i].want;
		const struct note *note;
		struct world w;

		run_stage(&w, "In", in);
		assert_true(pipeline_reads_header(&w.subject));
		assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
		note = world_note(&w, NOTE_FORGED);
		if (!str_is(w.subject.header, want != NULL ? want : in) ||
		    (note != NULL) != (want != NULL) ||
		    w.subject.header_kept !=
			(want != NULL ? headers[i].kept : strlen(in)) ||
		    (note != NULL && !str_is(note->text, headers[i].told)))
			fail_msg("%s: kept %zu, %.*s\n%.*s", headers[i].why,
			    w.subject.header_kept,
			    note != NULL ? (int)note->text.n : 0,
			    note != NULL ? note->text.p : "",
			    STR_ARG(w.subject.header));
		world_end(&w);
	}
}

/* Clients of the house speak for it; and so do we. */
static void
test_idt_03_from_inside_they_stay(void **state)
{
	static const struct {
		const char *why, *listener;
		enum behaviour behaviour;
		bool claims;
	} table[] = {
		{ "private listener", "Out", ACCEPT, true },
		{ "who may relay", "In", RELAY, true },
		{ "a message of ours", "In", ACCEPT, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct world w;

		run_stage(&w, table[i].listener, "X-Postern-AV: 1\r\n\r\n");
		w.subject.behaviour = table[i].behaviour;
		w.subject.claims = table[i].claims;
		if (pipeline_reads_header(&w.subject))
			fail_msg("%s: reads", table[i].why);
		assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
		if (!str_is(w.subject.header, "X-Postern-AV: 1\r\n\r\n"))
			fail_msg("%s", table[i].why);
		world_end(&w);
	}
}

/* X-IronPort-... is ours where we write it. */
static void
test_idt_03_ironport_headers(void **state)
{
	struct config with = *config;
	struct world w;

	(void)state;
	run_stage(&w, "In", "x-ironport-av: 1\r\n\r\n");
	with.work.ironport_headers = true;
	w.subject.config = &with;
	assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
	assert_true(str_is(w.subject.header, "\r\n"));
	world_end(&w);
}

static void
test_idt_03_many(void **state)
{
	const struct note *note;
	struct world w;
	struct buf in;

	(void)state;
	buf_init(&in, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buf_puts(&in, "X-Postern-AV: clean\r\n");
	buf_puts(&in, "A: 1\r\n\r\n");
	run_stage(&w, "In", in.data);
	assert_int_equal(world_run(&w, AT_WORK), PIPELINE_DONE);
	assert_true(str_is(w.subject.header, "A: 1\r\n\r\n"));
	note = world_note(&w, NOTE_FORGED);
	assert_non_null(note);
	assert_int_equal(note->number, 5000);
	assert_true(str_ends_nocase(note->text, STR(" and 4990 more")));
	world_end(&w);
	buf_fini(&in);
}

static int
setup(void **state)
{
	(void)state;
	config = world_config(yaml);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idt_03_names),
		cmocka_unit_test(test_idt_03_who_says_so),
		cmocka_unit_test(test_idt_03_forged_fields),
		cmocka_unit_test(test_idt_03_from_inside_they_stay),
		cmocka_unit_test(test_idt_03_ironport_headers),
		cmocka_unit_test(test_idt_03_many),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
