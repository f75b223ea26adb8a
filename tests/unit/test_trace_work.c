/* test_trace_work.c - what trace says of the work queue (workqueue 11) */
#include <jansson.h>
#include <stdlib.h>

#include "filter/filter.h"
#include "tests/unit/pipeline_world.h"
#include "trace/ask.h"
#include "trace/trace.h"

static const char yaml[] =
    "hostname: mail3.example.com\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- name: InboundMail\n"
    "  type: public\n"
    "  interface: Net\n"
    "  footer: house\n"
    "  hat: {groups: [{name: UNKNOWNLIST, policy: $ACCEPTED,\n"
    "    entries: 192.0.2.0/24}]}\n"
    "  rat: [example.com]\n"
    "text_resources: [{name: house}]\n"
    "anti_spam: {engine: spamd, servers: '127.0.0.1:783'}\n"
    "anti_virus: {engine: clamd, servers: '127.0.0.1:3310'}\n"
    "content_filters:\n"
    "  incoming:\n"
    "  - {name: mark, conditions: ['subject == \"nothing\"'],\n"
    "     actions: ['insert-header(\"X-Marked\", \"yes\")']}\n"
    "  - {name: board_only, conditions: ['rcpt-count > 0'],\n"
    "     actions: ['insert-header(\"X-Board\", \"$EnvelopeFrom\")']}\n"
    "mail_policies:\n"
    "  incoming:\n"
    "  - {name: board, members: [{recipients: [cfo@example.com]}],\n"
    "     content_filters: [mark, board_only]}\n"
    "  - {name: quiet, members: [{recipients: [quiet@example.com]}],\n"
    "     anti_spam: disabled, anti_virus: disabled}\n";

static const char filters[] =
    "expedite: if (recv-listener == \"InboundMail\" and\n"
    "    subject == \"(?i)^urgent\") { insert-header(\"X-Fast\", \"1\"); }\n"
    "stop: if (subject == \"^drop\") { drop(); }\n"
    "back: if (subject == \"^back\") { bounce(); }\n"
    "hold: if (subject == \"^hold\") { quarantine(\"Policy\"); }\n"
    "nested: if (subject == \"^nest\") {\n"
    "  if (mail-from == \"^x\") { log-entry(\"a\"); }\n"
    "  else { insert-header(\"X-Else\", \"1\"); }\n"
    "}\n"
    "draw: if (subject == \"^random\") {\n"
    "  if (random(10) < 5) { insert-header(\"X-Low\", \"1\"); } }\n"
    "tag_external: if (sendergroup == \"UNKNOWNLIST\") {\n"
    "  insert-header(\"X-External\", \"yes\"); skip-filters(); }\n"
    "off! if (true) { drop(); }\n"
    "never: if (true) { drop(); }\n";

static struct config *config;

struct dry_run {
	struct trace_answers answers;
	struct trace_input input;
	struct trace_report report;
	struct arena mem;
	struct buf text;
};

static struct dry_run *
run(const char *subject, const char *rcpts, const char *spam, const char *virus)
{
	struct dry_run *d = mem_alloc(sizeof(*d));
	struct trace_answers *a = &d->answers;
	struct err err = ERR_INIT;

	arena_init(&d->mem, 64 << 20);
	buf_init(&d->text, 1 << 20);
	buf_init(&a->message, 1 << 20);
	buf_printf(&a->message, "Subject: %s\nTo: x\n\nHello.\n", subject);
	str_copy(a->source_ip, sizeof(a->source_ip), STR("192.0.2.1"));
	str_copy(a->fqdn, sizeof(a->fqdn), STR("h.test"));
	str_copy(a->sender, sizeof(a->sender), STR("a@b.test"));
	str_copy(a->recipients, sizeof(a->recipients), str_of(rcpts));
	str_copy(a->spam, sizeof(a->spam), str_of(spam));
	str_copy(a->virus, sizeof(a->virus), str_of(virus));
	if (trace_understand(&d->input, config, a, &d->mem, &err) == -1)
		fail_msg("%s", err.text);
	d->input.facts.now = 1740996902000;
	d->input.given.virus_detail.ms = 14;
	return d;
}

static void
end(struct dry_run *d)
{
	trace_fini(&d->report);
	buf_fini(&d->text);
	buf_fini(&d->answers.message);
	arena_free(&d->mem);
	free(d);
}

/* What stands behind the line with the bounce profile. */
static const char *
queue_text(struct dry_run *d, bool explain)
{
	const char *p;

	trace_run(&d->report, &d->input, &d->mem);
	trace_text(&d->report, explain, &d->text);
	p = strstr(d->text.data, "Domain Masquerading/LDAP Processing:");
	if (p == NULL)
		fail_msg("no work queue:\n%s", d->text.data);
	return p;
}

static void
expect(const char *got, const char *want)
{
	size_t n = 0;

	while (got[n] != '\0' && got[n] == want[n])
		n++;
	if (strcmp(got, want) != 0)
		fail_msg("from here it differs:\n%s\n--- wanted:\n%s", got + n,
		    want + n);
}

#define RULE(text, result)                                                     \
	" Evaluating Rule:   " text "\n   Result = " result "\n"
#define BEFORE_TAG                                                             \
	"Domain Masquerading/LDAP Processing:\n"                               \
	" - No Changes.\n"                                                     \
	"\n"                                                                   \
	"Processing filter 'expedite':\n" RULE(                                \
	    "recv-listener == \"InboundMail\"", "True")                        \
	    RULE("subject == \"(?i)^urgent\"", "False") RULE("AND",            \
		"False") "\n"                                                  \
			 "Processing filter 'stop':\n" RULE(                   \
			     "subject == \"^drop\"",                           \
			     "False") "\n"                                     \
				      "Processing filter 'back':\n" RULE(      \
					  "subject == \"^back\"",              \
					  "False") "\n"                        \
						   "Processing filter "        \
						   "'hold':\n" RULE(           \
						       "subject == \"^hold\"", \
						       "False")

/* Spec workqueue 11. */
static void
test_the_layout(void **state)
{
	struct dry_run *d = run("budget", "cfo@example.com", "12", "clean");

	(void)state;
	expect(queue_text(d, false), BEFORE_TAG
	    "\n"
	    "Processing filter 'nested':\n" RULE("subject == \"^nest\"",
		"False") "\n"
			 "Processing filter 'draw':\n" RULE(
			     "subject == \"^random\"",
			     "False") "\n"
				      "Processing filter "
				      "'tag_external':\n" RULE(
					  "sendergroup == \"UNKNOWNLIST\"",
					  "True") " Executing Action:  "
						  "insert-header(\"X-"
						  "External\", "
						  "\"yes\")\n"
						  " Executing Action:  "
						  "skip-filters()\n"
						  "\n"
						  "Remaining filters skipped.\n"
						  "\n"
						  "Inbound Recipient Policy "
						  "Processing: (matched on "
						  "policy board)\n"
						  "Message going to:  "
						  "cfo@example.com\n"
						  "\n"
						  "AntiSpam Evaluation:\n"
						  " - Not Spam  (score 12)\n"
						  "\n"
						  "AntiVirus Evaluation:\n"
						  " - Message Clean.\n"
						  " - Elapsed Time = '0.014 "
						  "sec'\n"
						  "\n"
						  "Content Filter Processing:\n"
						  " Processing filter 'mark':\n"
						  "  Evaluating Rule:   "
						  "subject == \"nothing\"\n"
						  "    Result = False\n"
						  " Processing filter "
						  "'board_only':\n"
						  "  Evaluating Rule:   "
						  "rcpt-count > 0\n"
						  "    Result = True\n"
						  "  Executing Action:  "
						  "insert-header(\"X-Board\", "
						  "\"a@b.test\")\n"
						  "\n"
						  "Footer Stamping:\n"
						  " - Stamped footer 'house'\n"
						  "\n"
						  "Message Enqueued for "
						  "Delivery\n");
	end(d);
}

static const struct {
	const char *why, *subject, *rcpts, *spam, *virus, *want;
	enum trace_end end;
} parts[] = {
	{ "dropped", "drop it", "cfo@example.com", "0", "clean",
	    "Executing Action:  drop()\n\n"
	    "Message dropped by filter 'stop'.\n",
	    TRACE_STOPPED },
	{ "bounced", "back to you", "cfo@example.com", "0", "clean",
	    "Executing Action:  bounce()\n\n"
	    "Message bounced by filter 'back'.\n",
	    TRACE_RETURNED },
	{ "held", "hold it", "cfo@example.com", "0", "clean",
	    " Executing Action:  quarantine(\"Policy\")\n"
	    " - Flagged for quarantine \"Policy\"\n",
	    TRACE_QUEUED },
	{ "held, at the end", "hold it", "cfo@example.com", "0", "clean",
	    "Footer Stamping:\n - Not Performed\n\n"
	    "Message Quarantined\n",
	    TRACE_QUEUED },
	{ "else, deeper", "nest", "cfo@example.com", "0", "clean",
	    " Evaluating Rule:   subject == \"^nest\"\n"
	    "   Result = True\n"
	    "   Evaluating Rule:   mail-from == \"^x\"\n"
	    "     Result = False\n"
	    "   Executing Else Clause:\n"
	    "   Executing Action:  insert-header(\"X-Else\", \"1\")\n",
	    TRACE_QUEUED },
	{ "services off, two policies", "x",
	    "quiet@example.com, cfo@example.com", "0", "clean",
	    "Inbound Recipient Policy Processing: (matched on policy "
	    "quiet)\n"
	    "Message going to:  quiet@example.com\n\n"
	    "AntiSpam Evaluation:\n - Scanning Disabled\n\n"
	    "AntiVirus Evaluation:\n - Scanning Disabled\n\n"
	    "Content Filter Processing:\n - Not Performed\n\n"
	    "Footer Stamping:\n - Stamped footer 'house'\n\n"
	    "Message Enqueued for Delivery\n",
	    TRACE_QUEUED },
	{ "suspected", "x", "cfo@example.com", "70", "clean",
	    "AntiSpam Evaluation:\n - Suspected Spam  (score 70)\n"
	    " - Action: Deliver\n",
	    TRACE_QUEUED },
	{ "spam", "x", "cfo@example.com", "97, A, B", "clean",
	    " - Positively Identified Spam  (score 97)\n", TRACE_QUEUED },
	{ "most", "x", "cfo@example.com", "100", "clean",
	    " - Positively Identified Spam  (score 100)\n", TRACE_QUEUED },
	{ "infected", "x", "cfo@example.com", "0", "Eicar-Test",
	    "AntiVirus Evaluation:\n - Virus found: Eicar-Test\n"
	    " - Elapsed Time = '0.014 sec'\n"
	    " - Action: Drop\n\nMessage dropped by antivirus.\n",
	    TRACE_STOPPED },
	{ "encrypted", "x", "cfo@example.com", "0", "encrypted",
	    " - Message Encrypted.\n", TRACE_QUEUED },
	{ "unscannable", "x", "cfo@example.com", "0", "Unscannable",
	    " - Message Unscannable: no answer\n", TRACE_QUEUED },
	{ "nobody asked", "x", "cfo@example.com", "", "clean",
	    " - Not Scanned (no answer)\n", TRACE_QUEUED },
};

static void
test_parts_of_the_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(parts); i++) {
		struct dry_run *d = run(parts[i].subject, parts[i].rcpts,
		    parts[i].spam, parts[i].virus);
		const char *text = queue_text(d, false);

		if (strstr(text, parts[i].want) == NULL)
			fail_msg("%s: not there:\n%s\n--- in:\n%s",
			    parts[i].why, parts[i].want, text);
		if (d->report.end != parts[i].end)
			fail_msg("%s: end %s", parts[i].why,
			    trace_end_name(d->report.end));
		end(d);
	}
}

static void
test_each_policy_has_its_result(void **state)
{
	struct dry_run *d =
	    run("x", "quiet@example.com, cfo@example.com", "0", "clean");
	struct buf out;
	json_t *top, *results, *one;

	(void)state;
	queue_text(d, false);
	buf_init(&out, 1 << 20);
	trace_text_result(&d->report, &out);
	assert_non_null(
	    strstr(out.data, "Final text for messages matched on policy board\n"
			     "Final Envelope Sender:  a@b.test\n"
			     "Final Recipients:\n - cfo@example.com\n\n"
			     "Final Message Content:\n\nReceived: from "));
	assert_non_null(strstr(out.data,
	    "\nContent-Transfer-Encoding: 7bit\n\nHello.\n\nTerms.\n\n"
	    "Final text for messages matched on policy quiet\n"));
	assert_non_null(strstr(out.data, "\nX-Board: a@b.test\n"));
	buf_reset(&out);
	trace_json(&d->report, &out);
	top = json_loads(out.data, 0, NULL);
	results = json_object_get(top, "results");
	assert_int_equal(json_array_size(results), 2);
	one = json_array_get(results, 0);
	assert_string_equal(
	    json_string_value(json_object_get(one, "policy")), "board");
	assert_string_equal(
	    json_string_value(json_object_get(one, "outcome")), "queued");
	assert_string_equal(json_string_value(json_object_get(one, "message")),
	    json_string_value(json_object_get(top, "message")));
	assert_true(
	    json_array_size(json_object_get(
		json_object_get(top, "work_queue"), "before_split")) > 5);
	json_decref(top);
	buf_fini(&out);
	end(d);
}

/* What somebody can be asked is named, with its content; then it is known. */
static void
test_what_is_wanted(void **state)
{
	static const struct fact known = { FACT_KNOWN, FACT_LOOKED_UP };
	struct dry_run *d = run("random", "cfo@example.com", "", "clean");
	struct trace_report *r = &d->report;
	const struct trace_want *w;

	(void)state;
	d->input.asks = true;
	trace_run(r, &d->input, &d->mem);
	assert_int_equal(r->n_wants_of_work, 1);
	assert_int_equal(r->n_outcomes, 0);
	w = &r->wants_of_work[0];
	assert_int_equal(w->id, FACT_RANDOM);
	fact_put(&d->input.facts, &d->mem, FACT_RANDOM, w->key, known)->number =
	    0;
	trace_fini(r);
	trace_run(r, &d->input, &d->mem);
	assert_int_equal(r->n_wants_of_work, 1);
	w = &r->wants_of_work[0];
	assert_int_equal(w->id, FACT_SPAM);
	assert_true(str_is(w->body, "Hello.\r\n"));
	assert_true(str_find(w->header, ':') < w->header.n);
	assert_int_equal(w->rcpts.n, 1);
	fact_fail(&d->input.facts, &d->mem, FACT_SPAM, w->key);
	trace_fini(r);
	assert_non_null(strstr(queue_text(d, false), " - Not Scanned"));
	assert_non_null(
	    strstr(d->text.data, "insert-header(\"X-Low\", \"1\")"));
	assert_int_equal(r->n_wants_of_work, 0);
	end(d);
}

static void
test_explain_names_the_places(void **state)
{
	struct dry_run *d = run("x", "cfo@example.com", "60,A,B", "clean");
	const char *text = queue_text(d, true);

	(void)state;
	assert_non_null(
	    strstr(text, "Processing filter 'stop':\n"
			 "   - Filter at filters/message_filters:3\n"));
	assert_non_null(strstr(text, "   - Policy at postern.yaml:22\n"));
	assert_non_null(strstr(text, "   - Tests: A,B\n"));
	assert_non_null(strstr(text, "\n   Looked at: \"x\"\n"));
	end(d);
	d = run("x", "cfo@example.com", "60", "clean");
	assert_null(strstr(queue_text(d, false), "Looked at"));
	end(d);
}

static void
test_wrong_answers(void **state)
{
	static const char *const wrong[] = { "101", "-1", "x", "1.5" };

	(void)state;
	for (size_t i = 0; i < NELEM(wrong); i++) {
		struct trace_given g = { .has_spam = false };
		struct err err = ERR_INIT;
		struct arena mem;

		arena_init(&mem, 1 << 20);
		if (given_spam(&g, str_of(wrong[i]), &mem, &err) ||
		    strncmp(err.text, "Please enter a score", 20) != 0)
			fail_msg("%s: %s", wrong[i], err.text);
		arena_free(&mem);
	}
}

static int
setup(void **state)
{
	static const struct world_file files[] = {
		{ "filters/message_filters", filters },
		{ "texts/house.txt", "Terms.\n" },
	};

	(void)state;
	setenv("TZ", "UTC", 1);
	filters_install();
	config = world_config_with(yaml, files, NELEM(files));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_unref(&config);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_layout),
		cmocka_unit_test(test_parts_of_the_text),
		cmocka_unit_test(test_each_policy_has_its_result),
		cmocka_unit_test(test_what_is_wanted),
		cmocka_unit_test(test_explain_names_the_places),
		cmocka_unit_test(test_wrong_answers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
