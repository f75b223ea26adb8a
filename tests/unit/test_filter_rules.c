/*
 * test_filter_rules.c - every rule on messages: rule, message, facts, answer
 */
#include "filter_run.h"

#define PLAIN "From: a@x.test\nSubject: hello\n\n"
#define MIXED                                                                  \
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"     \
	"--b\nContent-Type: text/plain\n\nbody w w\n"                          \
	"--b\nContent-Type: application/pdf; name=\"two.doc\"\n"               \
	"Content-Disposition: attachment; filename=\"One.exe\"\n\n0123456789"  \
	"\n--b\nContent-Type: text/csv\n"                                      \
	"Content-Disposition: attachment; filename=t.csv\n\nw,secret\n"        \
	"--b--\n"
#define ATTACHED                                                               \
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"     \
	"--b\n\nbody\n--b\nContent-Type: message/rfc822; name=old.eml\n\n"     \
	"Subject: inner\n\ninside w\n--b--\n"
/* Three in the text, four in the HTML, one in the attachment: five. */
#define FIVE                                                                   \
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"     \
	"--b\nContent-Type: multipart/alternative; boundary=a\n\n"             \
	"--a\n\nq q q\n--a\nContent-Type: text/html\n\n"                       \
	"<p>q q</p><b>q q</b>\n--a--\n"                                        \
	"--b\nContent-Type: text/csv\nContent-Disposition: attachment\n\n"     \
	"q\n--b--\n"
#define JAPANESE                                                               \
	"Subject: =?iso-2022-jp?B?GyRCM3Q8MBsoQg==?=\n"                        \
	"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$\"\x1b(B\n"
#define TWICE "X-A: one\nX-A: two\nTo: a@x.test, b@x.test\nCc: c@x.test\n\n"
#define PGP   PLAIN "-----BEGIN PGP MESSAGE-----\n\nabc\n"
#define DEEP                                                                   \
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"     \
	"--b\nContent-Type: multipart/encrypted; boundary=c\n\n"               \
	"--c\n\nx\n--c--\n--b--\n"
#define SENDERS                                                                \
	"From: Carol <carol+a+b@x.test>, d@x.test\nSender: CAROL@z.test\n\n"
#define NAMED "From: \"Allce Example\" <z@evil.test>\n\n"
#define DOUBLE                                                                 \
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"     \
	"--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n"

/* facts: "part 0/2 exe", with "+name:filetype" for each member and flags
 * "!locked" "!readable" "!corrupt" "!macros"; "spf pra 1", "dkim 1",
 * "random 5", "queue 501", "list zone 127.0.0.2", "score -25",
 * "repeats subject incoming hello=3"; separated by ';'. */
static const struct {
	const char *rule, *message, *facts;
	bool yes;
} rules[] = {
	/* envelope, client, numbers */
	{ "true", PLAIN, "", true },
	{ "not true", PLAIN, "", false },
	{ "mail-from == \"^carol@\"", PLAIN, "", true },
	{ "mail-from != \"^carol@\"", PLAIN, "", false },
	{ "mail-from == \"\"", PLAIN, "", true },
	{ "mail-from == \"^$\"", PLAIN, "", false },
	{ "rcpt-to == \"^SECRET@\"", PLAIN, "", true },
	{ "rcpt-to == \"nobody\"", PLAIN, "", false },
	{ "rcpt-to != \"^r@\"", PLAIN, "", false },
	{ "rcpt-to != \"nobody\"", PLAIN, "", true },
	{ "sendergroup == \"PART\"", PLAIN, "", true },
	{ "sendergroup == \"part\"", PLAIN, "", false },
	{ "sendergroup != \"^X$\"", PLAIN, "", true },
	{ "remote-ip == \"192.0.2.9\"", PLAIN, "", true },
	{ "remote-ip == \"192.0.2.\"", PLAIN, "", true },
	{ "remote-ip == \"192.0.2.1-8\"", PLAIN, "", false },
	{ "remote-ip == \"192.0.2.8/29\"", PLAIN, "", true },
	{ "remote-ip != \"192.0.2.8/29\"", PLAIN, "", false },
	{ "remote-ip == \"2001:db8::/32\"", PLAIN, "", false },
	{ "recv-listener == \"InboundMail\"", PLAIN, "", true },
	{ "recv-listener == \"OutboundMail\"", PLAIN, "", false },
	{ "recv-inj != \"OutboundMail\"", PLAIN, "", true },
	{ "recv-int == \"PublicNet\"", PLAIN, "", true },
	{ "rcpt-count == 2", PLAIN, "", true },
	{ "rcpt-count != 2", PLAIN, "", false },
	{ "rcpt-count < 2", PLAIN, "", false },
	{ "rcpt-count <= 2", PLAIN, "", true },
	{ "rcpt-count > 1", PLAIN, "", true },
	{ "rcpt-count >= 3", PLAIN, "", false },
	{ "body-size == 34", PLAIN, "", true },
	{ "body-size > 1k", PLAIN, "", false },
	{ "date > \"01/01/2026 08:59:59\"", PLAIN, "", true },
	{ "date > \"01/01/2026 09:00:00\"", PLAIN, "", false },
	{ "date == \"01/01/2026 09:00:00\"", PLAIN, "", true },
	{ "random(4)", PLAIN, "random 5", true },
	{ "random(5)", PLAIN, "random 5", false },
	{ "random(4) == 1", PLAIN, "random 5", true },
	{ "workqueue-count > 500", PLAIN, "queue 501", true },
	{ "workqueue-count <= 500", PLAIN, "queue 501", false },
	{ "reputation < -2.4", PLAIN, "score -25", true },
	{ "reputation == -2.5", PLAIN, "score -25", true },
	{ "reputation > -2.5", PLAIN, "score -25", false },
	{ "reputation == 1", PLAIN, "", false },
	{ "reputation != 1", PLAIN, "", false },
	{ "no-reputation", PLAIN, "", true },
	{ "no-reputation", PLAIN, "score 0", false },
	{ "dnslist(\"l.test\")", PLAIN, "list l.test 127.0.0.2", true },
	{ "dnslist(\"l.test\") == \"127.0.0.2\"", PLAIN,
	    "list l.test 127.0.0.2", true },
	{ "dnslist(\"l.test\") == \"127.0.0.3\"", PLAIN,
	    "list l.test 127.0.0.2", false },
	{ "dnslist(\"l.test\") != \"127.0.0.3\"", PLAIN,
	    "list l.test 127.0.0.2", true },
	{ "dnslist(\"l.test\")", PLAIN, "nolist l.test", false },
	{ "dnslist(\"l.test\") != \"127.0.0.3\"", PLAIN, "nolist l.test",
	    false },
	/* authentication of senders */
	{ "spf-status == \"None\"", PLAIN, "", true },
	{ "spf-status == \"Pass\"", PLAIN, "", false },
	{ "spf-status == \"pass\"", PLAIN, "spf mailfrom 1", true },
	{ "spf-status == \"None\"", PLAIN, "spf mailfrom 1", false },
	{ "spf-status == \"Fail, SoftFail\"", PLAIN, "spf mailfrom 3", true },
	{ "spf-status != \"Fail, SoftFail\"", PLAIN, "spf mailfrom 3", false },
	{ "spf-status(\"helo\") == \"None\"", PLAIN, "spf mailfrom 1", true },
	{ "spf-status(\"mailfrom\") == \"Fail\"", PLAIN, "spf mailfrom 4",
	    true },
	{ "spf-status(\"pra\") == \"Pass\"", PLAIN, "spf mailfrom 1", false },
	{ "spf-passed", PLAIN, "spf mailfrom 1", true },
	{ "spf-passed", PLAIN, "spf mailfrom 2", false },
	{ "spf-passed", PLAIN, "", false },
	{ "dkim-authentication == \"pass\"", PLAIN, "dkim 1", true },
	{ "dkim-authentication == \"hardfail\"", PLAIN, "dkim 5", true },
	{ "dkim-authentication == \"none\"", PLAIN, "", true },
	{ "dkim-authentication != \"pass, none\"", PLAIN, "dkim 1", false },
	{ "smtp-auth-id-matches(\"*Any\")", PLAIN, "", true },
	{ "smtp-auth-id-matches(\"*None\")", PLAIN, "", false },
	{ "smtp-auth-id-matches(\"*EnvelopeFrom\")", PLAIN, "", true },
	{ "smtp-auth-id-matches(\"*FromAddress\")", PLAIN, "", false },
	{ "smtp-auth-id-matches(\"*FromAddress\")", SENDERS, "", false },
	{ "smtp-auth-id-matches(\"*FromAddress\", \"+\")", SENDERS, "", false },
	{ "smtp-auth-id-matches(\"*Sender\")", SENDERS, "", true },
	{ "smtp-auth-id-matches(\"*Sender\")", PLAIN, "", false },
	/* headers */
	{ "subject == \"hello\"", PLAIN, "", true },
	{ "subject == \"Hello\"", PLAIN, "", false },
	{ "subject == \"(?i)HELLO\"", PLAIN, "", true },
	{ "subject == \"\xe6\xa0\xaa\xe5\xbc\x8f\"", JAPANESE, "", true },
	{ "subject == \"\"", TWICE, "", false },
	{ "subject != \".\"", TWICE, "", true },
	{ "header(\"x-a\")", TWICE, "", true },
	{ "header(\"X-B\")", TWICE, "", false },
	{ "header(\"X-A\") == \"^two$\"", TWICE, "", true },
	{ "header(\"X-A\") != \"^two$\"", TWICE, "", false },
	{ "header(\"X-B\") == \".\"", TWICE, "", false },
	{ "header(\"X-B\") != \".\"", TWICE, "", true },
	{ "header(\"X-E\") != \".\"", "X-E:\n\n", "", true },
	{ "header(\"X-E\")", "X-E:\n\n", "", true },
	{ "addr-count(\"To\") == 2", TWICE, "", true },
	{ "addr-count(\"To\", \"Cc\") == 3", TWICE, "", true },
	{ "addr-count(\"Bcc\") == 0", TWICE, "", true },
	{ "header-repeats(\"subject\", 3)", PLAIN,
	    "repeats subject both hello=3", true },
	{ "header-repeats(\"subject\", 4)", PLAIN,
	    "repeats subject both hello=3", false },
	{ "header-repeats(\"subject\", 1)", TWICE, "", false },
	{ "forged-email-detection(\"names\", 90)", NAMED, "", true },
	{ "forged-email-detection(\"names\", 95)", NAMED, "", false },
	{ "forged-email-detection(\"names\", 1)", TWICE, "", false },
	/* structure */
	{ "valid", PLAIN, "", true },
	{ "valid", MIXED, "", true },
	{ "valid", "Content-Type: multipart/mixed\n\nx\n", "", false },
	{ "duplicate_boundaries", DOUBLE, "", true },
	{ "duplicate_boundaries", MIXED, "", false },
	{ "malformed-header", PLAIN, "", false },
	{ "malformed-header",
	    "Content-Type: text/plain\nContent-Type: text/html\n\nx\n", "",
	    true },
	{ "encrypted", PGP, "", true },
	{ "encrypted", PLAIN, "", false },
	{ "encrypted", DEEP, "", true },
	{ "signed", PLAIN, "", false },
	/* text */
	{ "body-contains(\"w\", 3)", MIXED, "part 0/2 exe", true },
	{ "body-contains(\"w\", 4)", MIXED, "part 0/2 exe", false },
	{ "only-body-contains(\"w\", 2)", MIXED, "", true },
	{ "only-body-contains(\"w\", 3)", MIXED, "", false },
	{ "attachment-contains(\"w\")", MIXED, "part 0/2 exe", true },
	{ "attachment-contains(\"body\")", MIXED, "part 0/2 exe", false },
	{ "attachment-contains(\"inside\")", ATTACHED, "", true },
	{ "only-body-contains(\"inside\")", ATTACHED, "", false },
	{ "body-contains(\"inside\", 2)", ATTACHED, "", false },
	{ "body-contains(\"q\", 5)", FIVE, "", true },
	{ "body-contains(\"q\", 6)", FIVE, "", false },
	{ "body-contains(\"\xe3\x81\x82\")", JAPANESE, "", true },
	{ "body-contains(\"a\\sb\")", PLAIN "a\nb\n", "", false },
	{ "body-contains(\"^b$\")", PLAIN "a\nb\n", "", true },
	{ "body-contains(\"x*\", 2)", PLAIN "a\nb\n", "", true },
	{ "attachment-binary-contains(\"01234\")", MIXED, "", true },
	{ "attachment-binary-contains(\"body\")", MIXED, "", false },
	{ "body-contains(\"*credit\")", PLAIN "4111-1111-1111-1111\n", "",
	    true },
	{ "body-contains(\"*credit\")", PLAIN "4111-1111 1111-1111\n", "",
	    false },
	{ "body-contains(\"*credit\")", PLAIN "4111111111111111\n", "", true },
	{ "body-contains(\"*credit\")", PLAIN "4111111111111112\n", "", false },
	{ "body-contains(\"*credit\")", PLAIN "x4111111111111111\n", "",
	    false },
	{ "body-contains(\"*credit\")", PLAIN "3782 822463 10005\n", "", true },
	{ "body-contains(\"*credit\")", PLAIN "3056.930902.5904\n", "", true },
	{ "body-contains(\"*credit\")", PLAIN "1 4111 1111 1111 1111\n", "",
	    true },
	{ "body-contains(\"*credit\", 2)",
	    PLAIN "4111111111111111 5500000000000004\n", "", true },
	{ "body-contains(\"*ssn\")", PLAIN "078-05-1120\n", "", true },
	{ "body-contains(\"*ssn\")", PLAIN "078 05 1120\n", "", true },
	{ "body-contains(\"*ssn\")", PLAIN "078-05 1120\n", "", false },
	{ "body-contains(\"*ssn\")", PLAIN "666-05-1120\n", "", false },
	{ "body-contains(\"*ssn\")", PLAIN "900-05-1120\n", "", false },
	{ "body-contains(\"*ssn\")", PLAIN "078-00-1120\n", "", false },
	{ "body-contains(\"*ssn\")", PLAIN "078051120\n", "", false },
	{ "body-contains(\"*aba\")", PLAIN "111000025\n", "", true },
	{ "body-contains(\"*aba\")", PLAIN "111000026\n", "", false },
	{ "body-contains(\"*aba\")", PLAIN "991000025\n", "", false },
	{ "body-contains(\"*cusip\")", PLAIN "037833100\n", "", true },
	{ "body-contains(\"*cusip\")", PLAIN "037833101\n", "", false },
	{ "body-contains(\"*cusip\")", PLAIN "38259P508\n", "", true },
	/* dictionaries */
	{ "dictionary-match(\"words\", 2)", PLAIN "SECRET\n", "", true },
	{ "dictionary-match(\"words\", 3)", PLAIN "SECRET\n", "", false },
	{ "dictionary-match(\"words\", 3)", PLAIN "secret plan\n", "", true },
	{ "dictionary-match(\"words\")", PLAIN "secrets\n", "", false },
	{ "dictionary-match(\"exact\")", PLAIN "secrets\n", "", true },
	{ "dictionary-match(\"exact\")", PLAIN "SECRET\n", "", false },
	{ "dictionary-match(\"words\", 3)", PLAIN "a12b\n", "", true },
	{ "dictionary-match(\"words\")", PLAIN "xa12b\n", "", false },
	{ "dictionary-match(\"words\", 5)", PLAIN "078-05-1120\n", "", true },
	{ "dictionary-match(\"project_names\")", PLAIN "secret\n", "", false },
	{ "body-dictionary-match(\"words\")", MIXED, "", false },
	{ "attachment-dictionary-match(\"words\")", MIXED, "part 0/2 exe",
	    true },
	{ "subject-dictionary-match(\"words\")", "Subject: a Plan\n\n", "",
	    true },
	{ "subject-dictionary-match(\"words\")", PLAIN, "", false },
	{ "header-dictionary-match(\"words\", \"X-A\")",
	    "X-A: x\nX-A: plan\n\n", "", true },
	{ "header-dictionary-match(\"words\", \"X-B\")", "X-A: plan\n\n", "",
	    false },
	{ "mail-from-dictionary-match(\"words\")", PLAIN, "", false },
	{ "rcpt-to-dictionary-match(\"words\")", PLAIN, "", true },
	{ "rcpt-to-dictionary-match(\"exact\")", PLAIN, "", false },
	/* attachments */
	{ "attachment-filename == \"^One\"", MIXED, "", true },
	{ "attachment-filename == \"two\\.doc\"", MIXED, "", true },
	{ "attachment-filename == \"^one\"", MIXED, "part 0/2 exe;part 0/3 txt",
	    false },
	{ "attachment-filename != \"^One\"", MIXED, "", false },
	{ "attachment-filename == \"deep\\.js\"", MIXED,
	    "part 0/2 zip +deep.js:txt;part 0/3 txt", true },
	{ "attachment-filename == \"old\\.eml\"", ATTACHED, "", true },
	{ "attachment-filename == \".\"", PLAIN "x\n", "", false },
	{ "attachment-mimetype == \"application/pdf\"", MIXED, "", true },
	{ "attachment-mimetype == \"application/*\"", MIXED, "", true },
	{ "attachment-mimetype == \"message/rfc822\"", ATTACHED, "", true },
	{ "attachment-mimetype == \"image/*\"", MIXED, "", false },
	{ "attachment-mimetype != \"text/csv\"", MIXED, "", false },
	{ "attachment-mimetype == \"text/plain\"", PLAIN, "", false },
	{ "attachment-type == \"application/msword\"", MIXED, "", true },
	{ "attachment-mimetype == \"application/msword\"", MIXED, "", false },
	{ "attachment-filetype == \"Executable\"", MIXED,
	    "part 0/2 dll;part 0/3 txt", true },
	{ "attachment-filetype != \"exe\"", MIXED, "part 0/2 exe;part 0/3 txt",
	    false },
	{ "attachment-filetype != \"exe\"", MIXED, "part 0/2 pdf;part 0/3 txt",
	    true },
	{ "attachment-filetype == \"exe\"", MIXED,
	    "part 0/2 zip +x:exe;part 0/3 txt", true },
	{ "attachment-size >= 10", MIXED, "", true },
	{ "attachment-size > 1k", MIXED, "", false },
	{ "attachment-size > 20", ATTACHED, "", true },
	{ "attachment-size >= 0", PLAIN, "", false },
	{ "attachment-protected", MIXED, "part 0/2 zip !locked;part 0/3 txt",
	    true },
	{ "attachment-protected", MIXED, "part 0/2 zip;part 0/3 txt", false },
	{ "attachment-unprotected", MIXED,
	    "part 0/2 zip !locked;part 0/3 txt !readable", true },
	{ "attachment-corrupt", MIXED, "part 0/2 zip !corrupt;part 0/3 txt",
	    true },
	{ "macro-detection-rule(['Microsoft Office Files'])", MIXED,
	    "part 0/2 doc !macros;part 0/3 txt", true },
	{ "macro-detection-rule(['Adobe Portable Document Format'])", MIXED,
	    "part 0/2 doc !macros;part 0/3 txt", false },
	/* and, or, not */
	{ "not true or true", PLAIN, "", true },
	{ "not (true or true)", PLAIN, "", false },
	{ "true and not true or true", PLAIN, "", true },
	{ "true and (not true or not true)", PLAIN, "", false },
};

static void
part_fact(struct run_world *w, struct str words)
{
	struct part_fact *f = arena_alloc(&w->mem, sizeof(*f));
	struct part_member *members = arena_array(&w->mem, 4, sizeof(*members));
	struct str key = str_word(&words), word;

	f->filetype = str_word(&words);
	f->members = members;
	while ((word = str_word(&words)).n > 0) {
		f->locked |= str_is(word, "!locked");
		f->readable |= str_is(word, "!readable");
		f->corrupt |= str_is(word, "!corrupt");
		f->macros |= str_is(word, "!macros");
		if (word.p[0] != '+')
			continue;
		word = str_sub(word, 1, word.n);
		members[f->n_members].name = str_cut(&word, ':');
		members[f->n_members++].filetype = word;
	}
	fact_put(&w->facts, &w->mem, FACT_PART, key,
	    (struct fact){ FACT_KNOWN, FACT_GIVEN })
	    ->detail = f;
}

static long
number_of(struct str s)
{
	return strtol(s.p, NULL, 10);
}

/* One of the facts of a row. */
static void
give(struct run_world *w, struct str words)
{
	struct str all = words, what = str_word(&words), key;

	if (str_is(what, "part")) {
		part_fact(w, words);
	} else if (str_is(what, "spf")) {
		key = str_word(&words);
		run_fact(w, FACT_SPF,
		    arena_printf(&w->mem, "%.*s", STR_ARG(key)),
		    (uint64_t)number_of(words));
	} else if (str_is(what, "dkim")) {
		run_fact(w, FACT_DKIM, "", (uint64_t)number_of(words));
	} else if (str_is(what, "random")) {
		run_fact(w, FACT_RANDOM, "a#0#0", (uint64_t)number_of(words));
	} else if (str_is(what, "queue")) {
		run_fact(w, FACT_WORK_QUEUE, "", (uint64_t)number_of(words));
	} else if (str_is(what, "list") || str_is(what, "nolist")) {
		key = str_word(&words);
		run_fact(w, FACT_DNSLIST,
		    arena_printf(&w->mem, "%.*s", STR_ARG(key)),
		    str_is(what, "list") ? LIST_HAS : LIST_HAS_NOT)
		    ->text = words;
	} else if (str_is(what, "score")) {
		w->facts.reputation = number_of(words);
		fact_set(&w->facts, FACT_REPUTATION, FACT_KNOWN, FACT_GIVEN);
	} else if (str_is(what, "repeats")) {
		key = str_trim(str_cut(&words, '='));
		run_fact(w, FACT_REPEATS,
		    arena_printf(&w->mem, "%.*s", STR_ARG(key)),
		    (uint64_t)number_of(words));
	} else {
		fail_msg("no such fact: %.*s", STR_ARG(all));
	}
}

static void
test_rules(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < NELEM(rules); i++) {
		struct str facts = str_of(rules[i].facts);
		struct run_world w;
		char source[1000];
		bool yes;

		snprintf(source, sizeof(source), "a: if (%s) { drop(); }",
		    rules[i].rule);
		run_begin(&w, source, rules[i].message);
		while (facts.n > 0)
			give(&w, str_cut(&facts, ';'));
		if (run_filter(&w) != WORK_DONE) {
			print_error("row %zu, %s lacks fact %d '%.*s'\n", i,
			    rules[i].rule, (int)w.needs.v[0].id,
			    STR_ARG(w.needs.v[0].key));
			wrong++;
		}
		yes = w.work.end == WORK_DROP;
		if (yes != rules[i].yes) {
			print_error("row %zu, %s is %s\n", i, rules[i].rule,
			    yes ? "true" : "false");
			wrong++;
		}
		run_end(&w);
	}
	assert_int_equal(wrong, 0);
}

/* What cannot be scanned: too large, or damaged. */
static void
test_limits(void **state)
{
	(void)state;
	for (int assume = 0; assume < 2; assume++) {
		static const char *const rows[] = {
			"attachment-contains(\"nothing\")",
			"attachment-dictionary-match(\"project_names\")",
		};

		for (size_t i = 0; i < NELEM(rows); i++) {
			struct run_world w;
			char source[200];

			snprintf(source, sizeof(source),
			    "a: if (%s) { drop(); }", rows[i]);
			run_begin(&w, source, MIXED);
			w.config.work.scan.max_size = 9;
			w.config.work.scan.assume_match = assume;
			part_fact(&w, STR("0/3 txt"));
			assert_int_equal(run_filter(&w), WORK_DONE);
			assert_int_equal(
			    w.work.end, assume ? WORK_DROP : WORK_GOES_ON);
			assert_int_equal(w.work.notes->kind,
			    assume ? WN_ENDED : WN_SCAN_ERROR);
			run_end(&w);
		}
	}
}

/* The dear operand does not run when the cheap one has decided; and what
 * lacks a fact changes nothing. */
static void
test_order_and_needs(void **state)
{
	static const struct {
		const char *source;
		enum work_answer answer;
	} rows[] = {
		{ "a: if dnslist(\"l.test\") and not true { drop(); }",
		    WORK_DONE },
		{ "a: if dnslist(\"l.test\") or true { drop(); }", WORK_DONE },
		{ "a: if dnslist(\"l.test\") and true { drop(); }",
		    WORK_NEEDS },
		{ "a: if true { insert-header(\"X\", \"y\"); "
		  "quarantine(\"Policy\"); bcc(\"a@b.test\"); "
		  "if dnslist(\"l.test\") { drop(); } }",
		    WORK_NEEDS },
		{ "a: if true { strip-header(\"Subject\"); "
		  "drop-attachments-by-filetype(\"exe\"); }",
		    WORK_NEEDS },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct run_world w;
		struct work before;

		run_begin(&w, rows[i].source, MIXED);
		before = w.work;
		if (run_filter(&w) != rows[i].answer)
			fail_msg("%s", rows[i].source);
		if (rows[i].answer == WORK_NEEDS) {
			assert_true(w.needs.n > 0);
			assert_false(w.final);
			assert_ptr_equal(
			    w.work.msg.header.p, before.msg.header.p);
			assert_null(w.work.holds);
			assert_null(w.work.copies);
			assert_null(w.work.notes);
			assert_int_equal(w.work.end, WORK_GOES_ON);
		}
		run_end(&w);
	}
}

/* What stands behind a part that is not known yet does not decide: known or
 * not, the answer is the same, and so is the match that was found first. */
static void
test_parts_in_their_order(void **state)
{
	static const struct {
		const char *rule, *matched;
	} rows[] = {
		{ "attachment-filename == \"^b\"", "" },
		{ "attachment-type == \"text/plain\"", "" },
		{ "attachment-contains(\"se.ret\")", "seAret" },
		{ "attachment-unprotected", "" },
	};
	static const char message[] =
	    "Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Type: x/y; name=a\n\nx\n"
	    "--b\nContent-Type: text/plain\n"
	    "Content-Disposition: attachment; filename=b\n\nseBret\n--b--\n";

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct run_world w;
		struct part_fact *f;
		char source[200];

		snprintf(source, sizeof(source), "a: if (%s) { drop(); }",
		    rows[i].rule);
		run_begin(&w, source, message);
		part_fact(&w, STR("0/2 txt !readable"));
		if (run_filter(&w) != WORK_NEEDS)
			fail_msg("%s: decided by the second", rows[i].rule);
		assert_string_equal(w.needs.v[0].key.p, "0/1");
		part_fact(&w, STR("0/1 zip +a.bin:bin"));
		f = (struct part_fact *)fact_find(
		    &w.facts, FACT_PART, STR("0/1"))
			->detail;
		f->text = STR("seAret");
		assert_int_equal(run_filter(&w), WORK_DONE);
		if (w.work.end != WORK_DROP ||
		    !str_is(w.work.matched, rows[i].matched))
			fail_msg("%s: end %d, %s", rows[i].rule, w.work.end,
			    w.work.matched.p);
		run_end(&w);
	}
}

/* A fact is about the message as the filter has made it by then. */
static void
test_asks_about_what_it_changed(void **state)
{
	struct run_world w;

	(void)state;
	run_begin(&w,
	    "a: if (true) { drop-attachments-by-name(\"^a$\"); "
	    "if (attachment-filetype == \"exe\") { drop(); } }",
	    "Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Type: x/y; name=a\n\nx\n"
	    "--b\nContent-Type: x/y; name=b\n\nx\n--b--\n");
	part_fact(&w, STR("0/1 txt"));
	part_fact(&w, STR("0/2 txt"));
	assert_null(w.work.asked);
	assert_int_equal(run_filter(&w), WORK_NEEDS);
	assert_non_null(w.work.asked);
	assert_int_equal(w.work.msg.version, 0);
	assert_true(run_has(w.work.asked->body, "The attachment a was"));
	assert_false(run_has(w.work.msg.body, "The attachment a was"));
	for (size_t i = 0; i < w.needs.n; i++)
		fact_put(&w.facts, &w.mem, FACT_PART, w.needs.v[i].key,
		    (struct fact){ FACT_KNOWN, FACT_GIVEN })
		    ->detail = arena_alloc(&w.mem, sizeof(struct part_fact));
	assert_int_equal(run_filter(&w), WORK_DONE);
	assert_null(w.work.asked);
	run_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_order_and_needs),
		cmocka_unit_test(test_parts_in_their_order),
		cmocka_unit_test(test_asks_about_what_it_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
