/*
 * test_filter_actions.c - every action on messages: what the message, its
 * copies and its notes then are
 */
#include "filter_run.h"

#define PLAIN "From: a@x.test\nSubject: hello\nX-A: one\nX-A: two\n\nbody w\n"
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
	"Content-Type: text/csv; name=in.csv\n\ninside w\n--b--\n"
#define HTML                                                                   \
	"MIME-Version: 1.0\nContent-Type: text/html\n\n"                       \
	"<p>one <b>two</b></p>\n"
#define BOTH                                                                   \
	"MIME-Version: 1.0\n"                                                  \
	"Content-Type: multipart/alternative; boundary=b\n\n"                  \
	"--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--\n"

/* The actions, the message, what it then has and what not. */
static const struct {
	const char *actions, *message, *has, *has_not;
} edits[] = {
	{ "no-op();", PLAIN, "Subject: hello", "zzz" },
	{ "insert-header(\"X-B\", \"v\");", PLAIN, "X-B: v\r\n\r\n", "zzz" },
	{ "insert-header(\"X-A\", \"three\");", PLAIN, "X-A: two\r\nX-A: three",
	    "zzz" },
	{ "insert-header(\"X-B\", \"\xe6\xa0\xaa\");", PLAIN, "X-B: =?utf-8?",
	    "\xe6\xa0\xaa" },
	{ "insert-header(\"X-B\", \"$Subject!\");", PLAIN, "X-B: hello!",
	    "zzz" },
	{ "strip-header(\"x-a\");", PLAIN, "Subject: hello", "X-A" },
	{ "strip-header(\"X-C\");", PLAIN, "X-A: one\r\nX-A: two", "zzz" },
	{ "edit-header-text(\"Subject\", \"^\", \"[EXT] \");", PLAIN,
	    "Subject: [EXT] hello", "zzz" },
	{ "edit-header-text(\"Subject\", \"l\", \"L\");", PLAIN,
	    "Subject: heLLo", "zzz" },
	{ "edit-header-text(\"X-A\", \"o\", \"0\");", PLAIN,
	    "X-A: 0ne\r\nX-A: tw0", "zzz" },
	{ "edit-header-text(\"X-A\", \"q\", \"0\");", PLAIN,
	    "X-A: one\r\nX-A: two", "zzz" },
	{ "edit-header-text(\"X-C\", \"^\", \"0\");", PLAIN, "X-A: one",
	    "X-C" },
	{ "strip-header(\"Subject\"); insert-header(\"Subject\", \"[x] "
	  "$Header['X-A']\");",
	    PLAIN, "Subject: [x] one\r\n\r\n", "hello" },
	{ "edit-body-text(\"w\", \"WW\");", PLAIN, "body WW\r\n", "zzz" },
	{ "edit-body-text(\"w\", \"WW\");", MIXED, "body WW WW", "WW,secret" },
	{ "edit-body-text(\"body\", \"\xe6\xa0\xaa\");", PLAIN, "utf-8",
	    "body" },
	{ "html-convert();", HTML, "one two", "<p>" },
	{ "html-convert();", HTML, "text/plain", "text/html" },
	{ "html-convert();", BOTH, "plain", "rich" },
	{ "html-convert();", PLAIN, "body w\r\n", "zzz" },
	{ "add-footer(\"legal\");", PLAIN, "about hello", "zzz" },
	{ "add-heading(\"legal\");", PLAIN, "about hello", "zzz" },
	{ "drop-attachments-by-name(\"exe$\");", MIXED,
	    "The attachment One.exe was removed", "0123456789" },
	{ "drop-attachments-by-name(\"two\");", MIXED, "t.csv", "0123456789" },
	{ "drop-attachments-by-name(\"EXE$\");", MIXED, "0123456789",
	    "removed" },
	{ "drop-attachments-by-name(\"eml$\", \"gone\");", ATTACHED, "gone",
	    "inside" },
	{ "drop-attachments-by-name(\"in.csv\", \"gone\");", ATTACHED, "gone",
	    "inside" },
	{ "drop-attachments(\"\");", MIXED, "body w w", "secret" },
	{ "drop-attachments-by-type(\"application/msword\");", MIXED, "removed",
	    "0123456789" },
	{ "drop-attachments-by-mimetype(\"application/msword\");", MIXED,
	    "0123456789", "removed" },
	{ "drop-attachments-by-mimetype(\"text/*\", \"no $dropped_filename\");",
	    MIXED, "no t.csv", "secret" },
	{ "drop-attachments-by-mimetype(\"message/*\");", ATTACHED, "old.eml",
	    "inside" },
	{ "drop-attachments-by-filetype(\"Executable\");", MIXED, "removed",
	    "0123456789" },
	{ "drop-attachments-by-filetype(\"pdf\");", MIXED, "0123456789",
	    "removed" },
	{ "drop-attachments-by-size(10);", MIXED, "w,secret", "0123456789" },
	{ "drop-attachments-by-size(1k);", MIXED, "0123456789", "removed" },
	{ "drop-attachments-where-contains(\"secret\");", MIXED, "0123456789",
	    "w,secret" },
	{ "drop-attachments-where-contains(\"secret\", 2);", MIXED, "w,secret",
	    "removed" },
	{ "drop-attachments-where-contains(\"inside\", 1, \"gone\");", ATTACHED,
	    "gone", "inside" },
	{ "drop-attachments-where-dictionary-match(\"words\", 2, \"z\");",
	    MIXED, "0123456789", "w,secret" },
	{ "drop-attachments-where-dictionary-match(\"words\", 3);", MIXED,
	    "w,secret", "removed" },
	{ "drop-macro-enabled-attachments(['Microsoft Office Files']);", MIXED,
	    "0123456789", "removed" },
	{ "drop-attachments(\"\"); insert-header(\"X-D\", "
	  "\"$dropped_filenames; $dropped_filename; $dropped_filetypes\");",
	    MIXED, "X-D: One.exe, t.csv; t.csv; application/pdf, text/csv",
	    "zzz" },
	{ "drop-attachments(\"\"); insert-header(\"X-D\", "
	  "\"$dropped_filenames.\");",
	    ATTACHED, "X-D: old.eml.", "in.csv" },
	/* a final action ends the block */
	{ "skip-filters(); insert-header(\"X-B\", \"v\");", PLAIN, "hello",
	    "X-B" },
	{ "deliver(); insert-header(\"X-B\", \"v\");", PLAIN, "hello", "X-B" },
};

/* What stands for each variable. */
static const struct {
	const char *text, *value;
} variables[] = {
	{ "$EnvelopeFrom", "Carol@x.test" },
	{ "$EnvelopeSender", "Carol@x.test" },
	{ "$ENVELOPEFROM", "Carol@x.test" },
	{ "$EnvelopeRecipients", "r@y.test, Secret@y.test" },
	{ "$filenames", "One.exe, t.csv" },
	{ "$filesizes", "10, 8" },
	{ "$filetypes", "application/pdf, text/csv" },
	{ "$dropped_filename", "" },
	{ "$FilterName", "a" },
	{ "$Group", "PARTNERS" },
	{ "$Policy", ">Unknown<" },
	{ "$Hostname", "mx.test" },
	{ "$MID", "7" },
	{ "$RecvListener", "InboundMail" },
	{ "$RecvInt", "PublicNet" },
	{ "$RemoteIP", "192.0.2.9" },
	{ "$remote_ip", "192.0.2.9" },
	{ "$Reputation", "None" },
	{ "$SMTPAuthID", "carol" },
	{ "$Date", "01/01/2026" },
	{ "$Time", "09:00:00" },
	{ "$Timestamp", "01 Jan 2026 09:00:00 +0900" },
	{ "$GMTimeStamp", "01 Jan 2026 00:00:00 +0000" },
	{ "$Header['mime-version']", "1.0" },
	{ "$Header['X-None']", "" },
	{ "$Subject", "" },
	{ "$MatchedContent", "secret" },
	{ "$Unknown $ $$MID", "$Unknown $ $7" },
	{ "$Header[X]", "$Header[X]" },
};

static void
give_part(struct run_world *w, const char *key, struct str filetype)
{
	struct part_fact *f = arena_alloc(&w->mem, sizeof(*f));

	f->filetype = filetype;
	run_fact(w, FACT_PART, key, 0)->detail = f;
}

static void
begin(struct run_world *w, const char *actions, const char *message)
{
	char source[1000];

	snprintf(source, sizeof(source), "a: if (true) { %s }", actions);
	run_begin(w, source, message);
	give_part(w, "0/2", STR("exe"));
	give_part(w, "0/3", STR("txt"));
}

static void
test_edits(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < NELEM(edits); i++) {
		struct run_world w;
		struct msg *m = &w.work.msg;

		begin(&w, edits[i].actions, edits[i].message);
		assert_int_equal(run_filter(&w), WORK_DONE);
		if ((!run_has(m->header, edits[i].has) &&
			!run_has(m->body, edits[i].has)) ||
		    run_has(m->header, edits[i].has_not) ||
		    run_has(m->body, edits[i].has_not)) {
			print_error("row %zu, %s:\n%.*s%.*s\n", i,
			    edits[i].actions, STR_ARG(m->header),
			    STR_ARG(m->body));
			wrong++;
		}
		run_end(&w);
	}
	assert_int_equal(wrong, 0);
}

static void
test_variables(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < NELEM(variables); i++) {
		struct run_world w;
		char source[300];

		snprintf(source, sizeof(source),
		    "a: if (attachment-contains(\"secret\")) "
		    "{ log-entry(\"%s\"); }",
		    variables[i].text);
		run_begin(&w, source, MIXED);
		give_part(&w, "0/2", STR("exe"));
		assert_int_equal(run_filter(&w), WORK_DONE);
		assert_int_equal(w.work.notes->kind, WN_LOG_ENTRY);
		if (!str_is(w.work.notes->text, variables[i].value)) {
			print_error("%s is %.*s\n", variables[i].text,
			    STR_ARG(w.work.notes->text));
			wrong++;
		}
		run_end(&w);
	}
	assert_int_equal(wrong, 0);
}

static void
test_flags(void **state)
{
	struct run_world w;

	(void)state;
	begin(&w,
	    "skip-spamcheck(); skip-viruscheck(); skip-ampcheck(); "
	    "skip-vofcheck(); tag-message(\"t\"); tag-message(\"t\"); "
	    "tag-message(\"u\"); alt-src-host(\"PublicNet\"); "
	    "alt-src-host(\"PoolB\"); bounce-profile(\"quiet\"); "
	    "alt-mailhost(\"h.test\"); quarantine(\"Policy\"); "
	    "quarantine(\"Forged\"); archive(\"log\");",
	    PLAIN);
	w.work.spam_tagged = true;
	assert_int_equal(run_filter(&w), WORK_DONE);
	assert_int_equal(
	    w.work.skip, SKIP_SPAM | SKIP_VIRUS | SKIP_AMP | SKIP_OUTBREAK);
	assert_int_equal(w.work.n_tags, 2);
	assert_true(str_is(w.work.alt_src_host, "PoolB"));
	assert_true(str_is(w.work.bounce_profile, "quiet"));
	assert_true(str_is(w.work.alt_mailhost, "h.test"));
	assert_false(w.work.spam_tagged);
	assert_true(str_is(w.work.holds->reason, "message filter:a"));
	assert_non_null(w.work.holds->next);
	assert_null(w.work.holds->next->next);
	assert_true(str_is(w.work.archives->log, "log"));
	assert_int_equal(w.work.archives->n_rcpts, 2);
	assert_false(w.final);
	assert_int_equal(w.work.end, WORK_GOES_ON);
	run_end(&w);
}

static void
test_ends(void **state)
{
	static const struct {
		const char *action;
		enum work_end end;
	} rows[] = {
		{ "drop();", WORK_DROP },
		{ "bounce();", WORK_BOUNCE },
		{ "deliver();", WORK_GOES_ON },
		{ "skip-filters();", WORK_GOES_ON },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct run_world w;

		begin(&w, rows[i].action, PLAIN);
		assert_int_equal(run_filter(&w), WORK_DONE);
		assert_true(w.final);
		assert_int_equal(w.work.end, rows[i].end);
		run_end(&w);
	}
}

static void
test_copies(void **state)
{
	struct run_world w;
	const struct work_copy *c;

	(void)state;
	begin(&w,
	    "bcc(\"b@z.test, c@z.test\", \"new\", \"s@z.test\", \"h.test\"); "
	    "insert-header(\"X-Late\", \"1\"); "
	    "notify(\"$EnvelopeFrom\", \"about $Subject\"); "
	    "bcc-scan(\"d@z.test\"); duplicate-quarantine(\"Compliance\");",
	    PLAIN);
	assert_int_equal(run_filter(&w), WORK_DONE);
	c = w.work.copies;
	assert_int_equal(c->kind, COPY_HOLD);
	assert_true(str_is(c->hold->quarantine, "Compliance"));
	assert_int_equal(c->n_rcpts, 2);
	c = c->next;
	assert_int_equal(c->kind, COPY_BCC_SCAN);
	assert_int_equal(c->sender.n, 0);
	assert_true(run_has(c->msg.header, "Subject: hello"));
	assert_true(run_has(c->msg.header, "X-Late"));
	c = c->next;
	assert_int_equal(c->kind, COPY_NOTIFY);
	assert_true(str_is_nocase(c->rcpts[0], "Carol@x.test"));
	assert_true(run_has(c->msg.header, "Subject: about hello"));
	assert_true(run_has(c->msg.body, "X-A: one"));
	assert_true(run_has(c->msg.body, "MID: 7"));
	c = c->next;
	assert_int_equal(c->kind, COPY_BCC);
	assert_int_equal(c->n_rcpts, 2);
	assert_true(str_is(c->rcpts[1], "c@z.test"));
	assert_true(str_is(c->sender, "s@z.test"));
	assert_true(str_is(c->alt_host, "h.test"));
	assert_true(str_is(c->by, "bcc filter 'a'"));
	assert_true(run_has(c->msg.header, "Subject: new"));
	assert_false(run_has(c->msg.header, "X-Late"));
	assert_false(run_has(c->msg.header, "hello"));
	assert_null(c->next);
	assert_true(run_has(w.work.msg.header, "Subject: hello"));
	run_end(&w);
}

/* threats LOP-05 */
static void
test_copies_of_copies(void **state)
{
	struct run_world w;

	(void)state;
	begin(&w, "bcc-scan(\"d@z.test\");", PLAIN);
	w.origin.generation = 25;
	assert_int_equal(run_filter(&w), WORK_DONE);
	assert_null(w.work.copies);
	assert_int_equal(w.work.notes->kind, WN_WARNING);
	run_end(&w);
}

static void
test_recipient(void **state)
{
	struct run_world w;

	(void)state;
	run_begin(&w,
	    "a: if (true) { alt-rcpt-to(\"z@z.test\"); "
	    "if (rcpt-to == \"^z@\" and rcpt-count == 1) { drop(); } }",
	    PLAIN);
	assert_int_equal(run_filter(&w), WORK_DONE);
	assert_int_equal(w.work.end, WORK_DROP);
	assert_int_equal(w.work.rcpts[0].given, WORK_NEW);
	run_end(&w);

	/* no address: the action is left out */
	begin(&w, "alt-rcpt-to(\"$Header['X-None']\");", PLAIN);
	assert_int_equal(run_filter(&w), WORK_DONE);
	assert_int_equal(w.work.n_rcpts, 2);
	assert_int_equal(w.work.notes->kind, WN_WARNING);
	run_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_copies_of_copies),
		cmocka_unit_test(test_recipient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
