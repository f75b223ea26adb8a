/* test_work_services.c - what a policy makes of a scanner's verdict */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/mime.h"
#include "pipeline/work.h"
#include "pipeline/work_stages.h"

/* A message on its way, with one policy, and the answers of the scanners. */
struct world {
	struct arena mem;
	struct config config;
	struct mail_policy policy;
	struct work_origin origin;
	struct facts facts;
	struct work_rcpt rcpt;
	struct work work;
	struct needs needs;
};

#define TWO_PARTS                                                              \
	"--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/zip; "           \
	"name=x.zip\r\n\r\nPK\r\n--b--\r\n"

static int
begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct work_config *c = &w->config.work;

	arena_init(&w->mem, 1 << 20);
	w->needs.mem = &w->mem;
	w->policy = (struct mail_policy){ .name = STR("DEFAULT"),
		.spam_state = SERVICE_CUSTOM,
		.virus_state = SERVICE_CUSTOM };
	w->policy.spam = (struct spam_settings){ .positive = 90,
		.suspected = 50,
		.on_positive = { .enabled = true },
		.on_suspected = { .enabled = true } };
	c->spam =
	    (struct scanner){ .engine = SPAM_SPAMD, .never_above = 1 << 20 };
	c->virus =
	    (struct scanner){ .engine = VIRUS_CLAMD, .never_above = 1 << 20 };
	c->spam_quarantine.enabled = true;
	c->tables[INCOMING].policies = &w->policy;
	c->tables[INCOMING].n_policies = 1;
	w->origin = (struct work_origin){ .config = &w->config };
	w->rcpt.addr = STR("r@x.test");
	w->work = (struct work){ .origin = &w->origin,
		.facts = &w->facts,
		.mem = &w->mem,
		.msg = { .header =
			     STR("MIME-Version: 1.0\r\nSubject: hi\r\n"
				 "Content-Type: multipart/mixed; boundary=b\r\n"
				 "X-Postern-AV: forged\r\n\r\n"),
		    .body = STR(TWO_PARTS) },
		.rcpts = &w->rcpt,
		.n_rcpts = 1,
		.mail_policy = STR("DEFAULT") };
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	arena_free(&w->mem);
	free(w);
	return 0;
}

static void
engine_says(struct world *w, int64_t raw)
{
	struct spam_fact *f = arena_alloc(&w->mem, sizeof(*f));

	*f = (struct spam_fact){ .engine = "SpamAssassin",
		.raw = raw,
		.suspect = 5000,
		.positive = 10000,
		.tests = STR("A,B") };
	fact_put(&w->facts, &w->mem, FACT_SPAM, work_key(&w->work, -1),
	    (struct fact){ FACT_KNOWN, FACT_LOOKED_UP })
	    ->detail = f;
}

static void
clam_says(struct world *w, int part, enum virus_answer what, const char *text)
{
	static const struct virus_fact f = { .engine = STR("ClamAV 1"),
		.ms = 3 };
	struct fact_answer *a =
	    fact_put(&w->facts, &w->mem, FACT_VIRUS, work_key(&w->work, part),
		(struct fact){ FACT_KNOWN, FACT_LOOKED_UP });

	a->number = what;
	a->text = str_of(text);
	a->detail = &f;
}

static bool
contains(struct str where, const char *what)
{
	return memmem(where.p, where.n, what, strlen(what)) != NULL;
}

static const struct work_note *
noted(const struct work *w, enum work_note_kind kind)
{
	for (const struct work_note *n = w->notes; n != NULL; n = n->next)
		if (n->kind == kind)
			return n;
	return NULL;
}

/* raw score in thousandths -> ours (5.4, with thresholds 5 and 10), verdict */
static const struct {
	int64_t raw;
	int score;
	enum spam_outcome outcome;
	const char *header;
} scores[] = {
	{ -3200, 0, SPAM_NEGATIVE, "raw=-3.2/5.0; tests=A,B\r\n" },
	{ 0, 0, SPAM_NEGATIVE, "verdict=negative; score=0;" },
	{ 2500, 25, SPAM_NEGATIVE, "score=25" },
	{ 4999, 49, SPAM_NEGATIVE, "score=49" },
	{ 5000, 50, SPAM_SUSPECT, "verdict=suspect; score=50;" },
	{ 7500, 70, SPAM_SUSPECT, "score=70" },
	{ 9999, 89, SPAM_SUSPECT, "score=89" },
	{ 10000, 90, SPAM_IS_POSITIVE, "verdict=positive; score=90" },
	{ 15000, 95, SPAM_IS_POSITIVE, "score=95" },
	{ 1000000, 100, SPAM_IS_POSITIVE, "raw=1000.0/5.0;" },
};

static void
test_scores(void **state)
{
	for (size_t i = 0; i < NELEM(scores); i++) {
		struct world *w;
		const struct work_note *n;

		begin(state);
		w = *state;
		engine_says(w, scores[i].raw);
		assert_int_equal(spam_decide(&w->work, &w->needs), WORK_DONE);
		n = noted(&w->work, WN_SPAM);
		if (n->score != scores[i].score ||
		    n->number != (int64_t)scores[i].outcome ||
		    !contains(w->work.msg.header, scores[i].header))
			fail_msg("%ld: score %ld, outcome %ld, header\n%.*s",
			    (long)scores[i].raw, (long)n->score,
			    (long)n->number, (int)w->work.msg.header.n,
			    w->work.msg.header.p);
		end(state);
	}
	begin(state);
}

/* Nothing changes while the fact is missing. */
static void
test_needs(void **state)
{
	struct world *w = *state;
	struct work before = w->work;

	assert_int_equal(spam_decide(&w->work, &w->needs), WORK_NEEDS);
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_NEEDS);
	assert_int_equal(w->needs.n, 2);
	assert_memory_equal(&before, &w->work, sizeof(before));
}

static void
test_dispositions(void **state)
{
	struct world *w = *state;
	struct verdict_action *a = &w->policy.spam.on_positive;

	a->subject = SUBJECT_PREPEND;
	a->subject_text = STR("[SPAM] ");
	a->disposition = DISPOSE_QUARANTINE;
	engine_says(w, 20000);
	spam_decide(&w->work, &w->needs);
	assert_true(w->work.spam_tagged);
	assert_true(contains(w->work.msg.header, "Subject: [SPAM] hi\r\n"));
	assert_non_null(noted(&w->work, WN_SPAM_TAGGED));

	/* another host wins over the quarantine */
	w->work.spam_tagged = false;
	a->alt_host = STR("other.test");
	spam_decide(&w->work, &w->needs);
	assert_false(w->work.spam_tagged);
	assert_true(str_is(w->work.alt_mailhost, "other.test"));

	a->disposition = DISPOSE_DROP;
	a->archive = true;
	a->alt_rcpt = STR("all@x.test");
	spam_decide(&w->work, &w->needs);
	assert_int_equal(w->work.end, WORK_DROP);
	assert_non_null(w->work.archives);
	assert_true(str_is(w->work.rcpts[0].addr, "all@x.test"));
	assert_int_equal(w->work.rcpts[0].given, WORK_NEW);
}

/* A notice would go to whom the spammer has named. */
static void
test_bac_01_spam_makes_no_bounce(void **state)
{
	struct world *w = *state;
	struct work before = w->work;

	w->policy.spam.on_positive.disposition = DISPOSE_BOUNCE;
	engine_says(w, 20000);
	spam_decide(&w->work, &w->needs);
	assert_int_equal(w->work.end, WORK_DROP);
	assert_non_null(noted(&w->work, WN_WARNING));
	/* of the house */
	w->work = before;
	w->origin.direction = OUTGOING;
	w->config.work.tables[OUTGOING] = w->config.work.tables[INCOMING];
	spam_decide(&w->work, &w->needs);
	assert_int_equal(w->work.end, WORK_BOUNCE);
}

static const struct {
	uint32_t skip;
	bool disabled, large;
	enum spam_outcome outcome;
} skips[] = {
	{ SKIP_SPAM, false, false, SPAM_SKIPPED_BY_FILTER },
	{ SKIP_SPAM | SKIP_BY_POLICY, false, false, SPAM_SKIPPED_BY_FLOW },
	{ 0, true, false, SPAM_NOT_ENABLED },
	{ 0, false, true, SPAM_SKIPPED_SIZE },
};

static void
test_skips(void **state)
{
	for (size_t i = 0; i < NELEM(skips); i++) {
		struct world *w;

		begin(state);
		w = *state;
		w->work.skip = skips[i].skip;
		if (skips[i].disabled)
			w->policy.spam_state = SERVICE_DISABLED;
		if (skips[i].large)
			w->config.work.spam.never_above = 10;
		assert_int_equal(spam_decide(&w->work, &w->needs), WORK_DONE);
		assert_int_equal(
		    noted(&w->work, WN_SPAM)->number, skips[i].outcome);
		assert_false(w->work.msg.header_changed);
		end(state);
	}
	begin(state);
}

static const struct {
	bool requeue;
	int64_t age;
	enum spam_outcome outcome;
	enum work_end end;
} failures[] = {
	{ false, 0, SPAM_UNSCANNED, WORK_GOES_ON },
	{ true, 0, SPAM_LATER, WORK_LATER },
	{ true, WORK_LATER_MAX - 1, SPAM_LATER, WORK_LATER },
	{ true, WORK_LATER_MAX, SPAM_UNSCANNED, WORK_GOES_ON },
};

static void
test_no_answer(void **state)
{
	for (size_t i = 0; i < NELEM(failures); i++) {
		struct world *w;
		const struct work_note *n;

		begin(state);
		w = *state;
		w->config.work.spam.requeue = failures[i].requeue;
		w->facts.now = 1000;
		w->origin.now = 1000 + failures[i].age;
		fact_fail(
		    &w->facts, &w->mem, FACT_SPAM, work_key(&w->work, -1));
		assert_int_equal(spam_decide(&w->work, &w->needs), WORK_DONE);
		n = noted(&w->work, WN_SPAM);
		if (n->number != (int64_t)failures[i].outcome ||
		    w->work.end != failures[i].end)
			fail_msg("%zu: outcome %ld, end %d", i, (long)n->number,
			    w->work.end);
		end(state);
	}
	begin(state);
}

/* What is shown to the engine of a message of some size. */
static const struct {
	const char *why;
	uint64_t always;
	const char *has, *has_not;
	size_t most;
} shown[] = {
	{ "all of a small one", 1000, "FILE", "none", 500 },
	{ "no file of a larger one", 100, "text text", "FILE", 220 },
	{ "the end of its text", 90, "text text", "last", 100 },
	{ "but all of the header", 1, "Subject: hi", "text", 80 },
};

static void
test_what_an_engine_sees(void **state)
{
	static const char body[] =
	    "--b\r\n\r\ntext text\r\n--b\r\nContent-Type: image/png\r\n\r\n"
	    "FILEFILEFILEFILEFILEFILEFILEFILEFILEFILE\r\n--b\r\n\r\nlast\r\n"
	    "--b--\r\n";

	for (size_t i = 0; i < NELEM(shown); i++) {
		struct need need = { FACT_SPAM, STR("0") };
		struct work_run run;
		struct str head, rest, all;
		struct world *w;

		begin(state);
		w = *state;
		w->work.msg.header = STR("Subject: hi\r\nContent-Type: "
					 "multipart/mixed; boundary=b\r\n\r\n");
		w->work.msg.body = str_of(body);
		w->config.work.spam.always_up_to = shown[i].always;
		work_begin(&run, &w->work, ENTER_WHOLE);
		assert_true(
		    work_fact_content(&run, &need, &head, &rest, &w->mem));
		all = str_of(arena_printf(
		    &w->mem, "%.*s%.*s", STR_ARG(head), STR_ARG(rest)));
		if (!contains(all, shown[i].has) ||
		    contains(all, shown[i].has_not) || all.n > shown[i].most)
			fail_msg("%s: %zu bytes:\n%.*s", shown[i].why, all.n,
			    STR_ARG(all));
		end(state);
	}
	begin(state);
}

static void
test_clean(void **state)
{
	struct world *w = *state;

	w->policy.virus.header = true;
	clam_says(w, -1, VIRUS_CLEAN, "");
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_DONE);
	assert_int_equal(noted(&w->work, WN_VIRUS)->number, VIRUS_IS_CLEAN);
	assert_true(contains(w->work.msg.header,
	    "X-Postern-AV: engine=\"ClamAV 1\"; verdict=clean; virus=\"\"; "
	    "scan=3\r\n"));
	assert_false(contains(w->work.msg.header, "forged"));
	assert_false(w->work.msg.body_changed);
}

/* Only the part that is infected goes, and the message says so. */
static void
test_repaired(void **state)
{
	struct world *w = *state;

	w->policy.virus.repair = true;
	clam_says(w, -1, VIRUS_FOUND, "Eicar");
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_NEEDS);
	assert_int_equal(w->needs.n, 2);
	clam_says(w, 1, VIRUS_CLEAN, "");
	clam_says(w, 2, VIRUS_FOUND, "Eicar");
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_DONE);
	assert_int_equal(noted(&w->work, WN_VIRUS)->number, VIRUS_IS_REPAIRED);
	assert_true(contains(w->work.msg.body, "hello"));
	assert_false(contains(w->work.msg.body, "PK"));
	assert_true(contains(w->work.msg.body,
	    "The attachment x.zip (application/zip) was removed because it "
	    "contained Eicar."));
}

/* Found in the whole but in no part: it stays infected. */
static void
test_not_in_parts(void **state)
{
	struct world *w = *state;

	w->policy.virus.repair = true;
	w->policy.virus.on[VIRUS_INFECTED].disposition = DISPOSE_DROP;
	clam_says(w, -1, VIRUS_FOUND, "Eicar");
	clam_says(w, 1, VIRUS_CLEAN, "");
	clam_says(w, 2, VIRUS_CLEAN, "");
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_DONE);
	assert_int_equal(noted(&w->work, WN_VIRUS)->number, VIRUS_IS_INFECTED);
	assert_int_equal(w->work.end, WORK_DROP);
}

static const struct {
	enum virus_answer answer;
	enum virus_class class;
	enum disposition disposition;
} worse[] = {
	{ VIRUS_LOCKED, VIRUS_ENCRYPTED, DISPOSE_QUARANTINE },
	{ VIRUS_UNKNOWN, VIRUS_UNSCANNABLE, DISPOSE_QUARANTINE },
	{ VIRUS_FOUND, VIRUS_INFECTED, DISPOSE_QUARANTINE },
	{ VIRUS_FOUND, VIRUS_INFECTED, DISPOSE_ATTACHMENT },
};

static void
test_virus_dispositions(void **state)
{
	for (size_t i = 0; i < NELEM(worse); i++) {
		struct world *w;

		begin(state);
		w = *state;
		w->policy.virus.on[worse[i].class].disposition =
		    worse[i].disposition;
		clam_says(w, -1, worse[i].answer, "Eicar");
		virus_decide(&w->work, &w->needs);
		if (worse[i].disposition == DISPOSE_QUARANTINE) {
			assert_non_null(w->work.holds);
			assert_true(str_is(w->work.holds->quarantine, "Virus"));
		} else {
			assert_true(contains(
			    w->work.msg.body, "Content-Type: message/rfc822"));
		}
		end(state);
	}
	begin(state);
}

/* The text of a notice, decoded; of the n-th copy, the first one is 0. */
static struct str
notice(struct world *w, size_t n, const struct work_copy **copy)
{
	const struct work_copy *c = w->work.copies;
	size_t all = 0;
	struct msg msg;

	for (const struct work_copy *x = c; x != NULL; x = x->next)
		all++;
	assert_true(n < all);
	for (size_t i = all; --i > n;)
		c = c->next;
	*copy = c;
	msg = c->msg;
	return mime_text(
	    &mime_of(&msg, &w->mem)->parts[0], STR(""), 1 << 20, &w->mem, NULL);
}

static void
assert_says(struct str text, const char *what)
{
	if (!contains(text, what))
		fail_msg("no \"%s\" in:\n%.*s", what, STR_ARG(text));
}

static void
test_notices(void **state)
{
	struct world *w = *state;
	struct verdict_action *a = &w->policy.virus.on[VIRUS_INFECTED];
	static struct work_rcpt two[] = { { .addr = STR("r@x.test") },
		{ .addr = STR("q@x.test") } };
	const struct work_copy *c;
	struct str text;

	w->policy.virus.repair = true;
	a->disposition = DISPOSE_DROP;
	a->notify_sender = a->notify_rcpt = true;
	a->notify_others = STR("soc@x.test, admin@x.test");
	w->work.sender = STR("s@y.test");
	w->work.rcpts = two;
	w->work.n_rcpts = 2;
	clam_says(w, -1, VIRUS_FOUND, "Eicar");
	clam_says(w, 1, VIRUS_LOCKED, "");
	clam_says(w, 2, VIRUS_CLEAN, "");
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_DONE);
	assert_int_equal(w->work.end, WORK_DROP);

	text = notice(w, 0, &c);
	assert_int_equal(c->kind, COPY_NOTIFY);
	assert_int_equal(c->sender.n, 0);
	assert_true(c->n_rcpts == 1 && str_is(c->rcpts[0], "s@y.test"));
	assert_says(c->msg.header, "\r\nTo: s@y.test\r\n");
	assert_says(
	    c->msg.header, "\r\nSubject: Anti-Virus Notification: hi\r\n");
	assert_says(text, "A message was found to contain a virus.\n");
	assert_says(text, "Viruses: Eicar\nInfected parts: <None>\n");
	/* a section of its own */
	assert_says(text, "Parts: without a name (text/plain)\n");
	assert_says(text, "It was not delivered.\n");
	assert_says(text, "Recipients: r@x.test, q@x.test\n");

	notice(w, 1, &c);
	assert_true(c->n_rcpts == 2 && str_is(c->rcpts[1], "q@x.test"));
	assert_says(c->msg.header, "\r\nTo: undisclosed-recipients:;\r\n");
	notice(w, 2, &c);
	assert_true(c->n_rcpts == 2 && str_is(c->rcpts[1], "admin@x.test"));
	assert_null(w->work.copies->next->next->next);
}

/* A template for each state, in one notice; nothing of ours then. */
static void
test_notice_of_several_states(void **state)
{
	static struct text_resource texts[] = {
		{ .name = STR("enc"),
		    .kind = TEXT_AV_NOTIFICATION,
		    .text =
			STR("[$AV_VERDICT] locked: $AV_ENCRYPTED_PARTS\n") },
		{ .name = STR("rep"),
		    .kind = TEXT_AV_NOTIFICATION,
		    .text = STR("$From: $AV_REPAIRED_TABLE|$av_dropped_parts|"
				"$AV_VIRUSES|$AV_UNSCANNABLE_PARTS|$Other\n") },
	};
	struct world *w = *state;
	const struct work_copy *c;
	struct str text;

	w->config.work.texts = texts;
	w->config.work.n_texts = 2;
	w->policy.virus.repair = true;
	w->policy.virus.on[VIRUS_ENCRYPTED].notify_rcpt = true;
	w->policy.virus.on[VIRUS_ENCRYPTED].notify_template = STR("enc");
	w->policy.virus.on[VIRUS_REPAIRED].notify_template = STR("rep");
	clam_says(w, -1, VIRUS_FOUND, "Eicar");
	clam_says(w, 1, VIRUS_LOCKED, "");
	clam_says(w, 2, VIRUS_FOUND, "Eicar");
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_DONE);
	assert_int_equal(noted(&w->work, WN_VIRUS)->number, VIRUS_IS_ENCRYPTED);
	text = notice(w, 0, &c);
	assert_true(c->n_rcpts == 1 && str_is(c->rcpts[0], "r@x.test"));
	assert_says(text,
	    "[encrypted, repaired] locked: without a name (text/plain)\n");
	assert_says(text, ": x.zip (application/zip): Eicar|x.zip "
			  "(application/zip)|Eicar|<None>|$Other\n");
	assert_false(contains(text, "MID:"));
	assert_null(w->work.copies->next);
}

/* Nobody is told: nothing was wished for; or nobody is there. */
static void
test_no_notice(void **state)
{
	struct world *w = *state;

	clam_says(w, -1, VIRUS_UNKNOWN, "");
	w->policy.virus.on[VIRUS_INFECTED].notify_rcpt = true;
	w->policy.virus.on[VIRUS_UNSCANNABLE].notify_sender = true;
	w->work.sender = STR("");
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_DONE);
	assert_null(w->work.copies);
}

/* What is kept, and what is carried along, is as it came. */
static void
test_original_is_archived_and_attached(void **state)
{
	struct world *w = *state;
	struct verdict_action *a = &w->policy.virus.on[VIRUS_INFECTED];
	static struct text_resource texts[] = { { .name = STR("box"),
	    .kind = TEXT_AV_CONTAINER,
	    .text = STR("Beware of $AV_VIRUSES\n") } };
	struct str header = w->work.msg.header;

	w->config.work.texts = texts;
	w->config.work.n_texts = 1;
	w->policy.virus.container = STR("box");
	w->policy.virus.header = true;
	a->disposition = DISPOSE_ATTACHMENT;
	a->archive = true;
	a->subject = SUBJECT_PREPEND;
	a->subject_text = STR("[V] ");
	clam_says(w, -1, VIRUS_FOUND, "Eicar");
	assert_int_equal(virus_decide(&w->work, &w->needs), WORK_DONE);
	assert_true(str_eq(w->work.archives->msg.header, header));
	assert_true(str_is(w->work.archives->log, "antivirus"));
	assert_says(w->work.msg.header, "Subject: [V] hi\r\n");
	assert_says(w->work.msg.header, "verdict=infected");
	assert_says(w->work.msg.body, "Beware of Eicar\r\n");
	assert_says(w->work.msg.body, "\r\nSubject: hi\r\n");
	assert_says(w->work.msg.body, "X-Postern-AV: forged\r\n");
}

/* --- let go by a full quarantine (10.2) --- */

static void
test_released_early(void **state)
{
	static struct quarantine v[] = { { .name = STR("Policy"),
					     .subject = SUBJECT_PREPEND,
					     .subject_text = STR("[full] "),
					     .header_name = STR("X-Early"),
					     .header_value = STR("yes"),
					     .strip_attachments = true },
		{ .name = STR("Virus") },
		{ .name = STR("Other"),
		    .subject = SUBJECT_APPEND,
		    .subject_text = STR(" (other)") } };
	static const struct str names[] = { STR("Policy"), STR("Gone"),
		STR("Other") };
	static const struct {
		size_t n;
		const char *subject;
		bool edited;
	} cases[] = { { 0, "hi", false }, { 2, "[full] hi", true },
		{ 3, "[full] hi (other)", true } };
	struct world *w = *state;
	struct str text;

	w->config.work.quarantines = v;
	w->config.work.n_quarantines = NELEM(v);
	w->origin.early = names;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct work work = w->work;

		w->origin.n_early = cases[i].n;
		assert_int_equal(released_wants(&work) != 0, cases[i].edited);
		assert_int_equal(released_decide(&work, &w->needs), WORK_DONE);
		assert_true(work_field(&work, STR("Subject"), 0, &text));
		assert_true(str_is(text, cases[i].subject));
		assert_int_equal(work_field(&work, STR("X-Early"), 0, &text),
		    cases[i].edited);
		assert_int_equal(work.msg.body_changed, cases[i].edited);
		assert_int_equal(
		    memmem(work.msg.body.p, work.msg.body.n, "PK", 2) == NULL,
		    cases[i].edited);
		assert_non_null(
		    memmem(work.msg.body.p, work.msg.body.n, "hello", 5));
		if (!cases[i].edited)
			continue;
		assert_non_null(memmem(work.msg.body.p, work.msg.body.n,
		    "when the quarantine Policy was full", 35));
		assert_int_equal(work.notes->kind, WN_REWRITTEN);
		assert_true(str_is(work.notes->text, "quarantine 'Policy'"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scores, NULL, end),
		cmocka_unit_test_setup_teardown(test_needs, begin, end),
		cmocka_unit_test_setup_teardown(test_dispositions, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_bac_01_spam_makes_no_bounce, begin, end),
		cmocka_unit_test_setup_teardown(test_skips, NULL, end),
		cmocka_unit_test_setup_teardown(test_no_answer, NULL, end),
		cmocka_unit_test_setup_teardown(
		    test_what_an_engine_sees, NULL, end),
		cmocka_unit_test_setup_teardown(test_clean, begin, end),
		cmocka_unit_test_setup_teardown(test_repaired, begin, end),
		cmocka_unit_test_setup_teardown(test_not_in_parts, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_virus_dispositions, NULL, end),
		cmocka_unit_test_setup_teardown(test_notices, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_notice_of_several_states, begin, end),
		cmocka_unit_test_setup_teardown(test_no_notice, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_released_early, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_original_is_archived_and_attached, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
