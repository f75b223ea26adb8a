/* test_sdr.c - the stage "sender domain reputation" (spec receiving 10.3) */
#include "tests/unit/pipeline_world.h"

#define HEAD                                                                   \
	"hostname: mx.example.org\n"                                           \
	"interfaces: [{name: Net, ip: 192.0.2.10}]\n"                          \
	"address_lists: [{name: Friends, entries: [\"@friend.test\"]}]\n"      \
	"listeners: [{name: In, interface: Net, rat: [example.org]}]\n"

static void
begin(struct world *w, const char *sdr, const char *sender, const char *header)
{
	static char yaml[2000];
	const struct hat *hat;

	config_unref(&config);
	snprintf(yaml, sizeof(yaml), HEAD "sdr: {%s}\n", sdr);
	config = world_config(yaml);
	world_begin(w, config, "In");
	hat = &w->subject.listener->hat;
	w->subject.group = &hat->groups[hat->n_groups - 1];
	w->subject.policy = w->subject.group->policy;
	w->subject.behaviour = ACCEPT;
	w->subject.sender = str_of(sender);
	w->subject.header = str_of(header);
	w->facts.helo = STR("mail.a.test");
}

/* What is asked for; empty: nothing. */
static struct str
asked(struct world *w)
{
	struct needs needs = { .n = 0 };

	pipeline_begin(&w->run, AT_DATA);
	if (pipeline_run(&w->run, &w->subject, &w->facts, &w->mem, false, NULL,
		NULL, &needs) == PIPELINE_DONE)
		return STR("");
	assert_int_equal(needs.n, 1);
	assert_int_equal(needs.v[0].id, FACT_SDR);
	return arena_str(&w->mem, needs.v[0].key);
}

#define ASKS(sender, from, reply_to)                                           \
	"reverse DNS host: None, helo: mail.a.test, env-from: " sender         \
	", header-from: " from ", reply-to: " reply_to

static const struct {
	const char *why, *sender, *header, *want;
} questions[] = {
	{ "all of them", "joe@a.test",
	    "From: Joe <joe@b.test>\r\nReply-To: c@c.test\r\n\r\n",
	    ASKS("a.test", "b.test", "c.test") },
	{ "no header", "joe@a.test", "", ASKS("a.test", "None", "None") },
	{ "null sender, no domain", "", "From: joe\r\n\r\n",
	    ASKS("None", "None", "None") },
	{ "several", "joe@a.test",
	    "From: x@b.test, y@c.test\r\nfrom: z@d.test\r\n\r\n",
	    ASKS("a.test", "b.test c.test d.test", "None") },
	{ "no list of addresses", "joe@a.test", "From: <x@b.test\r\n\r\n",
	    ASKS("a.test", "None", "None") },
	{ "not in the body", "joe@a.test", "Subject: x\r\n\r\nFrom: x@b.test",
	    ASKS("a.test", "None", "None") },
	{ "ten of a field", "joe@a.test",
	    "From: x@a.t, x@a.t, x@a.t, x@a.t, x@a.t, x@a.t, x@a.t, x@a.t,\r\n"
	    " x@a.t, x@a.t, x@b.t, x@c.t\r\nFrom: x@d.t\r\n\r\n",
	    ASKS("a.test", "a.t a.t a.t a.t a.t a.t a.t a.t a.t a.t", "None") },
};

static void
test_what_is_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(questions); i++) {
		struct world w;
		struct str key;

		begin(&w, "enabled: yes", questions[i].sender,
		    questions[i].header);
		key = asked(&w);
		if (!str_is(key, questions[i].want))
			fail_msg("%s: %.*s", questions[i].why, STR_ARG(key));
		world_end(&w);
	}
}

static void
test_the_name_of_the_client(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "enabled: yes", "", "");
	world_host(&w, "host.a.test");
	assert_true(
	    str_starts(asked(&w), STR("reverse DNS host: host.a.test, helo:")));
	world_end(&w);
	begin(&w, "enabled: yes", "", "");
	world_host(&w, "not.double.verified");
	assert_true(
	    str_starts(asked(&w), STR("reverse DNS host: None, helo:")));
	world_end(&w);
}

static const struct {
	const char *sdr, *sender, *header;
	bool relay, asked;
} who[] = {
	{ "enabled: no", "a@a.test", "", false, false },
	{ "enabled: yes", "a@a.test", "", false, true },
	{ "enabled: yes", "a@a.test", "", true, false },
	{ "enabled: yes, exceptions: Friends", "a@a.test", "", false, true },
	{ "enabled: yes, exceptions: Friends", "a@friend.test", "", false,
	    false },
	{ "enabled: yes, exceptions: Friends", "a@Friend.Test",
	    "From: x@a.test\r\n\r\n", false, false },
	{ "enabled: yes, exceptions: Friends", "", "", false, true },
	{ "enabled: yes, exceptions: Friends, exceptions_match: all",
	    "a@friend.test", "From: x@a.test\r\n\r\n", false, true },
	{ "enabled: yes, exceptions: Friends, exceptions_match: all",
	    "a@friend.test",
	    "From: x@friend.test\r\nReply-To: y@a.test\r\n\r\n", false, true },
	{ "enabled: yes, exceptions: Friends, exceptions_match: all",
	    "a@friend.test",
	    "From: x@friend.test\r\nReply-To: y@friend.test\r\n\r\n", false,
	    false },
	{ "enabled: yes, exceptions: Friends, exceptions_match: all",
	    "a@a.test", "From: x@friend.test\r\n\r\n", false, true },
};

static void
test_whose_mail_is_asked_about(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(who); i++) {
		struct world w;

		begin(&w, who[i].sdr, who[i].sender, who[i].header);
		if (who[i].relay)
			w.subject.behaviour = RELAY;
		if ((asked(&w).n > 0) != who[i].asked)
			fail_msg("case %zu: %s", i, who[i].sdr);
		world_end(&w);
	}
}

#define FAILED 99

static const struct {
	const char *sdr;
	uint64_t verdict;
	int code; /* 0: accepted */
	const char *status, *text;
} verdicts[] = {
	{ "", SDR_AWFUL, 550, "5.7.1",
	    "domain of the sender has a bad reputation" },
	{ "", SDR_POOR, 0, "", "" },
	{ "", SDR_GOOD, 0, "", "" },
	{ "", FAILED, 0, "", "" },
	{ "block: none", SDR_AWFUL, 0, "", "" },
	{ "block: weak", SDR_WEAK, 550, "5.7.1",
	    "domain of the sender has a bad reputation" },
	{ "block: weak", SDR_UNKNOWN, 0, "", "" },
	{ "block: tainted", SDR_WEAK, 0, "", "" },
	{ "block: tainted, code: 450", SDR_TAINTED, 450, "4.7.1",
	    "domain of the sender has a bad reputation" },
	{ "code: 554, text: no", SDR_AWFUL, 554, "", "no" },
};

static void
test_what_a_verdict_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(verdicts); i++) {
		bool failed = verdicts[i].verdict == FAILED;
		const struct note *note;
		char sdr[200];
		struct world w;

		snprintf(sdr, sizeof(sdr), "enabled: yes, %s", verdicts[i].sdr);
		begin(&w, sdr, "a@a.test", "");
		fact_put(&w.facts, &w.mem, FACT_SDR, asked(&w),
		    (struct fact){
			failed ? FACT_FAILED : FACT_KNOWN, FACT_GIVEN })
		    ->number = verdicts[i].verdict;
		assert_int_equal(world_run(&w, AT_DATA), PIPELINE_DONE);
		if ((w.run.replied ? w.run.reply.code : 0) !=
			verdicts[i].code ||
		    (w.run.replied &&
			(!str_is(w.run.reply.text, verdicts[i].text) ||
			    strcmp(w.run.reply.status, verdicts[i].status))))
			fail_msg("case %zu: %d", i, w.run.reply.code);
		note = world_note(&w, NOTE_SDR);
		if (note == NULL || note->allow != (verdicts[i].code == 0) ||
		    note->number != (failed ? SDR_N : verdicts[i].verdict))
			fail_msg("case %zu: the note", i);
		world_end(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_asked),
		cmocka_unit_test(test_the_name_of_the_client),
		cmocka_unit_test(test_whose_mail_is_asked_about),
		cmocka_unit_test(test_what_a_verdict_does),
	};

	return cmocka_run_group_tests(tests, NULL, world_teardown);
}
