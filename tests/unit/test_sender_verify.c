/* test_sender_verify.c - the stage "envelope sender verification" */
#include "tests/unit/pipeline_world.h"

static const char yaml[] =
    "hostname: mx.example.org\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "listeners:\n"
    "- {name: On, type: public, interface: Net, rat: [example.org],\n"
    "   default_domain: example.org, addresses: {parser: loose},\n"
    "   hat: {defaults: {envelope_sender_verify: yes}}}\n"
    "- {name: Off, type: public, interface: Net, port: 26,\n"
    "   rat: [example.org]}\n"
    "- {name: Own, type: public, interface: Net, port: 27,\n"
    "   rat: [example.org],\n"
    "   hat: {defaults: {envelope_sender_verify: yes,\n"
    "     sender_missing_code: 450,\n"
    "     sender_missing_text: 'no $EnvelopeSender for $RemoteIP',\n"
    "     sender_unresolved_code: 550, sender_unresolved_text: \"x\\ny\"}}}\n";

#define NOBODY 99 /* the fact must not be asked for */

static const struct {
	const char *listener, *sender;
	int number; /* enum sender_domain, -1: failed, NOBODY */
	const char *key;
	int code; /* 0: passes */
	const char *status, *text, *log;
	int class; /* of the note; NOBODY: none */
} cases[] = {
	{ "On", "<a@There.test>", DOMAIN_EXISTS, "there.test", 0, "", "", "",
	    DOMAIN_EXISTS },
	{ "On", "<a@gone.test>", DOMAIN_MISSING, "gone.test", 553, "",
	    "#5.1.8 Domain of sender address <a@gone.test> does not exist",
	    "envelope sender domain does not exist", DOMAIN_MISSING },
	{ "On", "<a@slow.test>", DOMAIN_UNRESOLVED, "slow.test", 451, "",
	    "#4.1.8 Domain of sender address <a@slow.test> does not resolve",
	    "envelope sender domain could not be resolved", DOMAIN_UNRESOLVED },
	{ "On", "<a@slow.test>", -1, "slow.test", 451, "",
	    "#4.1.8 Domain of sender address <a@slow.test> does not resolve",
	    "envelope sender domain could not be resolved", DOMAIN_UNRESOLVED },
	{ "On", "<joe>", NOBODY, "", 553, "",
	    "#5.5.4 Domain required for sender address",
	    "envelope sender domain missing", DOMAIN_MALFORMED },
	{ "On", "<joe@bar>", NOBODY, "", 553, "",
	    "#5.5.4 Domain required for sender address",
	    "envelope sender domain missing", DOMAIN_MALFORMED },
	{ "On", "<>", NOBODY, "", 0, "", "", "", DOMAIN_EXISTS },
	{ "On", "<a@[192.0.2.1]>", NOBODY, "", 0, "", "", "", DOMAIN_EXISTS },
	{ "Off", "<a@gone.test>", NOBODY, "", 0, "", "", "", NOBODY },
	{ "Own", "<a@gone.test>", DOMAIN_MISSING, "gone.test", 450, "4.1.8",
	    "no a@gone.test for 192.0.2.77",
	    "envelope sender domain does not exist", DOMAIN_MISSING },
	{ "Own", "<a@gone.test>", DOMAIN_UNRESOLVED, "gone.test", 550, "5.1.8",
	    "x\ny", "envelope sender domain could not be resolved",
	    DOMAIN_UNRESOLVED },
};

static void
begin(struct world *w, const char *listener, const char *sender)
{
	world_begin(w, config, listener);
	w->facts.client = (struct ip){ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	    0xff, 192, 0, 2, 77 } };
	w->subject.policy = &w->subject.listener->hat.policies[0];
	w->subject.behaviour = ACCEPT;
	for (size_t i = 0; i < w->subject.listener->hat.n_policies; i++)
		if (str_is(
			w->subject.listener->hat.policies[i].name, "$ACCEPTED"))
			w->subject.policy =
			    &w->subject.listener->hat.policies[i];
	w->subject.addr_text = str_of(sender);
}

static void
check(size_t i)
{
	struct str key = str_of(cases[i].key);
	const struct note *note;
	struct fact meta = { FACT_KNOWN, FACT_LOOKED_UP };
	struct fact_answer *a;
	struct world w;

	begin(&w, cases[i].listener, cases[i].sender);
	if (cases[i].number != NOBODY) {
		assert_int_equal(world_run(&w, AT_MAIL), PIPELINE_NEEDS);
		assert_int_equal(w.needs, FACT_SENDER_DOMAIN);
		if (cases[i].number == -1)
			meta.state = FACT_FAILED;
		a = fact_put(&w.facts, &w.mem, FACT_SENDER_DOMAIN, key, meta);
		a->number = (uint64_t)cases[i].number;
		w.subject.sender = STR("");
	}
	if (world_run(&w, AT_MAIL) != PIPELINE_DONE)
		fail_msg(
		    "%s: asks for %s", cases[i].sender, fact_name(w.needs));
	note = world_note(&w, NOTE_SENDER_VERIFY);
	if ((note == NULL) != (cases[i].class == NOBODY) ||
	    (note != NULL && note->number != (uint64_t)cases[i].class))
		fail_msg("%s: the note", cases[i].sender);
	if (cases[i].code == 0) {
		if (w.run.replied)
			fail_msg("%s: refused", cases[i].sender);
	} else if (w.run.reply.code != cases[i].code ||
		   strcmp(w.run.reply.status, cases[i].status) != 0 ||
		   !str_is(w.run.reply.text, cases[i].text) ||
		   strcmp(w.run.reply.log, cases[i].log) != 0) {
		fail_msg("%s: %d %s %.*s (%s)", cases[i].sender,
		    w.run.reply.code, w.run.reply.status,
		    STR_ARG(w.run.reply.text), w.run.reply.log);
	}
	world_end(&w);
}

static void
test_what_becomes_of_senders(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++)
		check(i);
}

static void
test_who_is_allowed_is_not_looked_up(void **state)
{
	const struct note *note;
	struct world w;

	(void)state;
	begin(&w, "On", "<joe>");
	w.subject.bypass = BYPASS_VERIFY;
	assert_int_equal(world_run(&w, AT_MAIL), PIPELINE_DONE);
	assert_false(w.run.replied);
	note = world_note(&w, NOTE_SENDER_VERIFY);
	assert_non_null(note);
	assert_true(note->text.n > 0);
	world_end(&w);
}

/* A host that will be refused at its recipients costs no look-ups. */
static void
test_delayed_rejection_looks_nothing_up(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "On", "<a@gone.test>");
	w.subject.behaviour = REJECT;
	assert_int_equal(world_run(&w, AT_MAIL), PIPELINE_DONE);
	assert_false(w.run.replied);
	world_end(&w);
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
		cmocka_unit_test(test_what_becomes_of_senders),
		cmocka_unit_test(test_who_is_allowed_is_not_looked_up),
		cmocka_unit_test(test_delayed_rejection_looks_nothing_up),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
