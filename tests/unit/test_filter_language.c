/* test_filter_language.c - source to tree and back (spec workqueue 2, 13) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter/filter.h"
#include "filter_world.h"

/* The twelve filters of the specification, and what comes out. */
static const struct {
	const char *in, *out;
} printed[] = {
	{ "# 1. else branch, two final paths, quotes of both kinds\n"
	  "expedite:\n"
	  "if (recv-listener == 'InboundMail' or recv-int == \"outside\") {\n"
	  "    alt-src-host(\"PublicNet\");\n"
	  "    skip-filters();\n"
	  "} else {\n"
	  "    alt-src-host('PrivateNet');\n"
	  "}\n",
	    "expedite: if (recv-listener == \"InboundMail\" or recv-int == "
	    "\"outside\") {\n"
	    "    alt-src-host(\"PublicNet\");\n"
	    "    skip-filters();\n"
	    "} else {\n"
	    "    alt-src-host(\"PrivateNet\");\n"
	    "}\n" },
	{ "broken_mime: if not valid { quarantine(\"Policy\"); "
	  "log-entry(\"MIME damaged, MID $MID\"); }\n",
	    "broken_mime: if (not valid) {\n"
	    "    quarantine(\"Policy\");\n"
	    "    log-entry(\"MIME damaged, MID $MID\");\n"
	    "}\n" },
	{ "tag_external!\n"
	  "if sendergroup == \"UNKNOWNLIST\" and not header(\"X-Internal\") or "
	  "spf-status(\"mailfrom\") == \"Fail, SoftFail\" {\n"
	  "    edit-header-text(\"Subject\", \"^\", \"[EXT] \");\n"
	  "    insert-header(\"X-Sender-IP\", \"$RemoteIP ($remotehost)\");\n"
	  "}\n",
	    "tag_external! if (sendergroup == \"UNKNOWNLIST\" and not "
	    "header(\"X-Internal\") or spf-status(\"mailfrom\") == \"Fail, "
	    "SoftFail\") {\n"
	    "    edit-header-text(\"Subject\", \"^\", \"[EXT] \");\n"
	    "    insert-header(\"X-Sender-IP\", \"$RemoteIP "
	    "($remotehost)\");\n"
	    "}\n" },
	{ "big_mail:\n"
	  "if (body-size >= 20M) {\n"
	  "    if (rcpt-count > 50 AND addr-count(\"To\", \"Cc\") <= 2) {\n"
	  "        notify('postmaster@example.com', 'Large list mail from "
	  "$EnvelopeFrom', '', 'oversize.notice');\n"
	  "        bounce();\n"
	  "    }\n"
	  "    else if (attachment-size > 15M) {\n"
	  "        drop-attachments-by-size(15728640, \"Removed "
	  "$dropped_filename (limit 15 MB).\");\n"
	  "    }\n"
	  "}\n",
	    "big_mail: if (body-size >= 20M) {\n"
	    "    if (rcpt-count > 50 and addr-count(\"To\", \"Cc\") <= 2) {\n"
	    "        notify(\"postmaster@example.com\", \"Large list mail from "
	    "$EnvelopeFrom\", \"\", \"oversize.notice\");\n"
	    "        bounce();\n"
	    "    } else {\n"
	    "        if (attachment-size > 15M) {\n"
	    "            drop-attachments-by-size(15728640, \"Removed "
	    "$dropped_filename (limit 15 MB).\");\n"
	    "        }\n"
	    "    }\n"
	    "}\n" },
	{ "executables:\n"
	  "if (attachment-filename == "
	  "\"(?i)\\\\.(exe|scr|com|pif|js|vbs|hta)$\" or "
	  "attachment-filetype == \"Executable\")\n"
	  "   and not (mail-from == \"@build\\\\.example\\\\.com$\" and "
	  "remote-ip == \"192.0.2.0/28\")\n"
	  "{\n"
	  "    drop-attachments-by-filetype(\"Executable\", \"A program was "
	  "removed by policy.\");\n"
	  "    drop-attachments-by-name(\"(?i)\\\\.(js|vbs|hta)$\");\n"
	  "    insert-header(\"X-Stripped\", \"$dropped_filenames\");\n"
	  "}\n",
	    "executables: if ((attachment-filename == "
	    "\"(?i)\\\\.(exe|scr|com|pif|js|vbs|hta)$\" or "
	    "attachment-filetype == \"Executable\") and not (mail-from == "
	    "\"@build\\\\.example\\\\.com$\" and remote-ip == "
	    "\"192.0.2.0/28\")) {\n"
	    "    drop-attachments-by-filetype(\"Executable\", \"A program was "
	    "removed by policy.\");\n"
	    "    drop-attachments-by-name(\"(?i)\\\\.(js|vbs|hta)$\");\n"
	    "    insert-header(\"X-Stripped\", \"$dropped_filenames\");\n"
	    "}\n" },
	{ "confidential:\n"
	  "if (recv-listener == \"OutboundMail\") and\n"
	  "   (dictionary-match(\"project_names\", 4) or "
	  "body-contains(\"*credit\", 2)) {\n"
	  "    duplicate-quarantine(\"Compliance\");\n"
	  "    log-entry(\"Matched: $MatchedContent\");\n"
	  "    tag-message(\"needs-review\");\n"
	  "}\n",
	    "confidential: if (recv-listener == \"OutboundMail\" and "
	    "(dictionary-match(\"project_names\", 4) or "
	    "body-contains(\"*credit\", 2))) {\n"
	    "    duplicate-quarantine(\"Compliance\");\n"
	    "    log-entry(\"Matched: $MatchedContent\");\n"
	    "    tag-message(\"needs-review\");\n"
	    "}\n" },
	{ "poor_senders:\n"
	  "if (reputation < -2.5 or no-reputation) and "
	  "dnslist(\"dnsbl.example.net\") == \"127.0.0.4\" {\n"
	  "    quarantine(\"Policy\");\n"
	  "    strip-header(\"Subject\");\n"
	  "    insert-header(\"Subject\", \"[rep $Reputation] $Subject\");\n"
	  "}\n",
	    "poor_senders: if ((reputation < -2.5 or no-reputation) and "
	    "dnslist(\"dnsbl.example.net\") == \"127.0.0.4\") {\n"
	    "    quarantine(\"Policy\");\n"
	    "    strip-header(\"Subject\");\n"
	    "    insert-header(\"Subject\", \"[rep $Reputation] $Subject\");\n"
	    "}\n" },
	{ "auth_spoof:\n"
	  "if (smtp-auth-id-matches(\"*Any\")) {\n"
	  "    insert-header(\"X-Auth-ID\", \"$SMTPAuthID\");\n"
	  "    if (not (smtp-auth-id-matches(\"*FromAddress\", \"+\") and "
	  "smtp-auth-id-matches(\"*EnvelopeFrom\", \"+\"))) {\n"
	  "        quarantine(\"Forged\");\n"
	  "    }\n"
	  "}\n",
	    "auth_spoof: if (smtp-auth-id-matches(\"*Any\")) {\n"
	    "    insert-header(\"X-Auth-ID\", \"$SMTPAuthID\");\n"
	    "    if (not (smtp-auth-id-matches(\"*FromAddress\", \"+\") and "
	    "smtp-auth-id-matches(\"*EnvelopeFrom\", \"+\"))) {\n"
	    "        quarantine(\"Forged\");\n"
	    "    }\n"
	    "}\n" },
	{ "night_split:\n"
	  "if (random(4) and date > \"01/01/2025 00:00:00\" and date < "
	  "\"01/31/2025 23:59:59\") {\n"
	  "    alt-src-host(\"PoolA\");\n"
	  "} else {\n"
	  "    alt-src-host(\"PoolB\");\n"
	  "}\n",
	    "night_split: if (random(4) and date > \"01/01/2025 00:00:00\" and "
	    "date < \"01/31/2025 23:59:59\") {\n"
	    "    alt-src-host(\"PoolA\");\n"
	    "} else {\n"
	    "    alt-src-host(\"PoolB\");\n"
	    "}\n" },
	{ "empty_subject:\n"
	  "if (header(\"Subject\") != \".\") and mail-from != \"^$\" {\n"
	  "    insert-header(\"X-Note\", \"no subject\");\n"
	  "}\n",
	    "empty_subject: if (header(\"Subject\") != \".\" and mail-from != "
	    "\"^$\") {\n"
	    "    insert-header(\"X-Note\", \"no subject\");\n"
	    "}\n" },
	{ "mirror:\n"
	  "if (remote-ip == \"2001:db8:12::/48\" and rcpt-to == "
	  "\"^legal@example\\\\.com$\") {\n"
	  "    archive('legal_mail');\n"
	  "    bcc(\"$EnvelopeRecipients\", \"$Subject\", \"$EnvelopeFrom\", "
	  "\"198.51.100.9\");\n"
	  "    skip_spamcheck();\n"
	  "}\n",
	    "mirror: if (remote-ip == \"2001:db8:12::/48\" and rcpt-to == "
	    "\"^legal@example\\\\.com$\") {\n"
	    "    archive(\"legal_mail\");\n"
	    "    bcc(\"$EnvelopeRecipients\", \"$Subject\", "
	    "\"$EnvelopeFrom\", \"198.51.100.9\");\n"
	    "    skip-spamcheck();\n"
	    "}\n" },
	{ "flood:\n"
	  "if (header-repeats(\"subject\", 200, \"incoming\") and "
	  "workqueue-count > 500) {\n"
	  "    bounce-profile(\"quiet\");\n"
	  "    drop();\n"
	  "}\n",
	    "flood: if (header-repeats(\"subject\", 200, \"incoming\") and "
	    "workqueue-count > 500) {\n"
	    "    bounce-profile(\"quiet\");\n"
	    "    drop();\n"
	    "}\n" },
	/* What the grammar allows beside them. */
	{ "f2 : IF true() {;drop;;}", "f2: if (true) {\n    drop();\n}\n" },
	{ "Signed: if signed { no_op }",
	    "Signed: if (signed) {\n    no-op();\n}\n" },
	{ "a: if body-contains(\"x\") { "
	  "drop-attachments-where-contains('y', 'gone'); }",
	    "a: if (body-contains(\"x\", 1)) {\n"
	    "    drop-attachments-where-contains(\"y\", 1, \"gone\");\n}\n" },
	{ "a: if subject == 'it''s' { drop(); }", NULL },
	{ "a: if subject == 'it\\'s \\\"\\.\\\\.\"' { drop(); }",
	    "a: if (subject == \"it's \\\"\\\\.\\\\.\\\"\") {\n"
	    "    drop();\n}\n" },
	{ "a: if true and (true and true) or not not true {drop();}",
	    "a: if (true and (true and true) or not not true) {\n"
	    "    drop();\n}\n" },
	{ "a: if body-size > 0010K or body-size > 12B { drop(); }",
	    "a: if (body-size > 10K or body-size > 12B) {\n    drop();\n}\n" },
	{ "a: if recv-inj == \"Inbound\" { drop(); }",
	    "a: if (recv-listener == \"Inbound\") {\n    drop();\n}\n" },
	{ "\xef\xbb\xbf"
	  "a: if subject == \"\xe2\x82\xac\" { drop(); }\r\n  # end",
	    "a: if (subject == \"\xe2\x82\xac\") {\n    drop();\n}\n" },
	{ "", "" },
	{ "# nothing else", "" },
};

/* What is refused: the end of what is said, and where. */
static const struct {
	const char *in, *says;
	int line, column;
} refused[] = {
	/* those of the specification */
	{ "a: if (subject == \"x') { drop(); }",
	    "Syntax error in filter 'a' at line 1, column 19: expected \" at "
	    "the end of the string on the same line, found the end",
	    1, 19 },
	{ "a: if (subject > \"x\") { drop(); }",
	    "Syntax error in filter 'a' at line 1, column 16: expected == or "
	    "!=, found >",
	    1, 16 },
	{ "a: if (body-size == \"5M\") { drop(); }",
	    "expected a number, found the string \"5M\"", 1, 21 },
	{ "a: if (true) { }", "expected an action, found }", 1, 16 },
	{ "a: if (rcpt-to(\"x\")) { drop(); }",
	    "expected rcpt-to without arguments, found 1 argument", 1, 8 },
	{ "a: if (body-contains(\"*credit|*ssn\")) { drop(); }",
	    "expected a smart identifier (*credit, *ssn, *aba, *cusip) alone, "
	    "found \"*credit|*ssn\"",
	    1, 22 },
	{ "if: if (true) { drop(); }", "if is a reserved word", 1, 1 },
	{ "a: if (subject == \"(\") { drop(); }",
	    "expected a regular expression, found \"(\": missing closing "
	    "parenthesis at character 1",
	    1, 19 },
	{ "a: if (true) { insert-header(\"X-A\"); }",
	    "expected insert-header(name, value), found 1 argument", 1, 16 },
	{ "a: if (true) { alt-src-host(\"nowhere\"); }",
	    "Filter 'a': no such interface: nowhere", 1, 29 },
	{ "a: if (true) { drop(); ",
	    "expected an action or \"}\", found the end", 1, 24 },
	{ "a: if (subject == \"x\", 3) { drop(); }",
	    "expected \"and\", \"or\" or \")\", found ,", 1, 22 },
	/* words */
	{ "a: if subject == \xe2\x80\x9cx\xe2\x80\x9d { drop(); }",
	    "expected a plain quote, ' or \", found \xe2\x80\x9c (U+201C), a "
	    "typographic quote",
	    1, 18 },
	{ "a: if subject = 'x' { drop(); }", "expected ==, found =", 1, 15 },
	{ "a: if true { drop(); } # no\n",
	    "expected a comment on a line of its own, found #", 1, 24 },
	{ "a: if body-size > 5MB { drop(); }",
	    "expected a number such as 5M or -2.5, found \"5MB\"", 1, 19 },
	{ "a: if subject == '\xff' { drop(); }",
	    "expected text in UTF-8, found a string that is not", 1, 18 },
	{ "a: if subject == 'a\x01' { drop(); }",
	    "expected a printable character, found a control character", 1,
	    20 },
	{ "a: if true { drop(); } @",
	    "expected a word, a string or a number, found \"@\"", 1, 24 },
	/* grammar */
	{ "Last! if true { drop(); }", "Last is a reserved word", 1, 1 },
	{ "a: if true { drop(); }\na: if true { bounce(); }",
	    "Filter name already in use: a", 2, 1 },
	{ "a if true { drop(); }",
	    "expected \":\" or \"!\" after the name of a filter, found if", 1,
	    3 },
	{ "a: drop();", "expected \"if\", found drop", 1, 4 },
	{ "'a': if true { drop(); }",
	    "Syntax error at line 1, column 1: expected the name of a filter, "
	    "found the string \"a\"",
	    1, 1 },
	{ "a: if true drop();", "expected \"and\", \"or\" or \"{\", found drop",
	    1, 12 },
	{ "a: if true { drop() bounce() }",
	    "expected \";\" or \"}\", found bounce", 1, 21 },
	{ "a: if true { drop(); } else drop();",
	    "expected \"{\" or \"if\", found drop", 1, 29 },
	{ "a: if true and { drop(); }", "expected a rule, found {", 1, 16 },
	{ "a: if subject == { drop(); }",
	    "expected a string or a number to compare with, found {", 1, 18 },
	{ "a: if true { log-entry('a',); }", "expected an argument, found )", 1,
	    28 },
	{ "a: if true { bcc(3,[ ); }", "expected a string, found )", 1, 22 },
	/* names */
	{ "a: if subjct == 'x' { drop(); }",
	    "expected a rule, found subjct; did you mean subject?", 1, 7 },
	{ "a: if drop { drop(); }",
	    "expected a rule, found drop, which is an action", 1, 7 },
	{ "a: if true { subject(); }",
	    "expected an action, found subject, which is a rule", 1, 14 },
	{ "a: if true { skip_filter(); }",
	    "expected an action, found skip_filter; did you mean "
	    "skip-filters?",
	    1, 14 },
	{ "a: if footer == 'x' { drop(); }", "expected a rule, found footer", 1,
	    7 },
	/* types */
	{ "a: if subject { drop(); }",
	    "expected a comparison with this rule, found subject without one",
	    1, 7 },
	{ "a: if valid == 'x' { drop(); }",
	    "expected no comparison with this rule, found ==", 1, 13 },
	{ "a: if subject == 3 { drop(); }",
	    "expected a string, found the number 3", 1, 18 },
	{ "a: if body-size > 1.5 { drop(); }",
	    "expected a whole number such as 200, 15M, found 1.5", 1, 19 },
	{ "a: if body-size > 99999999999G { drop(); }",
	    "expected a whole number such as 200, 15M, found 99999999999G", 1,
	    19 },
	{ "a: if reputation > 10.1 { drop(); }",
	    "expected a number from -10 to 10, found 10.1", 1, 20 },
	{ "a: if reputation > 5k { drop(); }",
	    "expected a number such as -2.5, up to three decimals, found 5k", 1,
	    20 },
	{ "a: if random(0) { drop(); }",
	    "expected a number from 1 to 4294967295, found 0", 1, 14 },
	{ "a: if body-contains('x', '3') { drop(); }",
	    "expected a number, found the string \"3\"", 1, 26 },
	{ "a: if spf-status == 'Failed' { drop(); }",
	    "expected \"None\", \"Pass\", \"Neutral\", \"SoftFail\", \"Fail\", "
	    "\"TempError\" or \"PermError\", found \"Failed\"",
	    1, 21 },
	{ "a: if spf-status('spf') == 'Fail' { drop(); }",
	    "expected \"helo\", \"mailfrom\" or \"pra\", found \"spf\"", 1,
	    18 },
	{ "a: if remote-ip == 'example.com' { drop(); }",
	    "found \"example.com\"", 1, 20 },
	{ "a: if date > '02/29/2025 00:00:00' { drop(); }",
	    "expected a time as \"MM/DD/YYYY hh:mm:ss\", found \"02/29/2025 "
	    "00:00:00\"",
	    1, 14 },
	{ "a: if attachment-filetype == 'exee' { drop(); }",
	    "expected a file type or group (exe?), found \"exee\"", 1, 30 },
	{ "a: if attachment-type == 'text' { drop(); }",
	    "expected a MIME type such as \"image/*\", found \"text\"", 1, 26 },
	{ "a: if header('X Y') { drop(); }",
	    "expected the name of a header, ASCII without blanks, found \"X "
	    "Y\"",
	    1, 14 },
	{ "a: if header('X' == 'y') { drop(); }",
	    "expected a string, found a comparison, \"X\" == ...", 1, 14 },
	{ "a: if macro-detection-rule('x') { drop(); }",
	    "expected a list of strings in brackets, found the string \"x\"", 1,
	    28 },
	{ "a: if macro-detection-rule(['x']) { drop(); }",
	    "or \"Adobe Portable Document Format\", found \"x\"", 1, 28 },
	{ "a: if smtp-auth-id-matches('*Any', '++') { drop(); }",
	    "expected one character such as \"+\", found \"++\"", 1, 36 },
	{ "a: if true { tag-message('a b'); }",
	    "expected a tag: letters, digits, \"_\", \".\", \"-\", found \"a "
	    "b\"",
	    1, 26 },
	{ "a: if true { archive('../x'); }", "found \"../x\"", 1, 22 },
	{ "a: if true { alt-rcpt-to('a@example.com,b@example.com'); }",
	    "expected one mail address, found "
	    "\"a@example.com,b@example.com\"",
	    1, 26 },
	{ "a: if true { notify('nobody'); }",
	    "expected a mail address, found \"nobody\"", 1, 21 },
	{ "a: if true { alt-mailhost('mx.example.com:25'); }",
	    "expected a host: a name, an address or [address], no port, found "
	    "\"mx.example.com:25\"",
	    1, 27 },
	/* objects */
	{ "a: if recv-listener == 'gone' { drop(); }",
	    "Filter 'a': no such listener: gone", 1, 24 },
	{ "a: if recv-int == 'gone' { drop(); }",
	    "Filter 'a': no such interface: gone", 1, 19 },
	{ "a: if dictionary-match('gone') { drop(); }",
	    "Filter 'a': no such dictionary: gone", 1, 24 },
	{ "a: if true { quarantine('policy'); }",
	    "Filter 'a': no such quarantine: policy", 1, 25 },
	{ "a: if true { quarantine('Spam'); }",
	    "Filter 'a': no such quarantine: Spam", 1, 25 },
	{ "a: if true { bounce-profile('gone'); }",
	    "Filter 'a': no such bounce profile: gone", 1, 29 },
	{ "a: if true { add-footer('oversize.notice'); }",
	    "Filter 'a': no such message disclaimer: oversize.notice", 1, 25 },
	{ "a: if true { notify('$EnvelopeFrom', '', '', 'legal'); }",
	    "Filter 'a': no such notification template: legal", 1, 46 },
};

struct run {
	struct arena mem;
	struct filter_problems problems;
	struct filter_info *v;
	size_t n;
	bool ok;
};

static void
run_script(struct run *r, struct str in, bool missing_ok)
{
	*r = (struct run){ .ok = false };
	arena_init(&r->mem, (size_t)1 << 30);
	r->ok = filter_script(in, filter_world(), missing_ok, &r->v, &r->n,
	    &r->problems, &r->mem);
}

static struct str
first_problem(struct run *r)
{
	struct buf out;
	struct str text;

	if (r->problems.n == 0)
		return STR("");
	buf_init(&out, 4096);
	filter_problem_print(&r->problems.v[0], &out);
	text = arena_str(&r->mem, buf_str(&out));
	buf_fini(&out);
	return text;
}

static void
test_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(printed); i++) {
		struct run r, again;

		run_script(&r, str_of(printed[i].in), false);
		if (r.ok != (printed[i].out != NULL))
			fail_msg("%s\n%s", printed[i].in, first_problem(&r).p);
		if (r.ok && r.n == 0) {
			assert_string_equal(printed[i].out, "");
			assert_int_equal(r.problems.n, 0);
		} else if (r.ok) {
			assert_string_equal(r.v[0].source.p, printed[i].out);
			run_script(&again, r.v[0].source, false);
			assert_true(again.ok);
			assert_string_equal(
			    again.v[0].source.p, printed[i].out);
			arena_free(&again.mem);
		}
		arena_free(&r.mem);
	}
}

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(refused); i++) {
		const struct filter_problem *p;
		struct str says;
		struct run r;

		run_script(&r, str_of(refused[i].in), false);
		if (r.ok)
			fail_msg("taken: %s", refused[i].in);
		p = &r.problems.v[0];
		says = first_problem(&r);
		if (!str_ends_nocase(says, str_of(refused[i].says)) ||
		    p->line != refused[i].line ||
		    p->column != refused[i].column || r.problems.n != 1)
			fail_msg("%s\nsays %d:%d (1 of %zu) %s\nnot  %d:%d %s",
			    refused[i].in, p->line, p->column, r.problems.n,
			    says.p, refused[i].line, refused[i].column,
			    refused[i].says);
		arena_free(&r.mem);
	}
}

/* The line, and a mark below what is meant. */
static void
test_place(void **state)
{
	struct run r;
	char text[400];

	(void)state;
	run_script(&r,
	    STR("a:\n\tif (subject > 'x')\n{ drop(); }\n"
		"b: if (true) { }"),
	    false);
	assert_int_equal(r.problems.n, 2);
	/* syntax is looked at first */
	assert_string_equal(r.problems.v[1].place.p, "     if (subject > 'x')\n"
						     "                 ^\n");
	assert_string_equal(r.problems.v[0].place.p, "    b: if (true) { }\n"
						     "                   ^\n");
	arena_free(&r.mem);

	/* of a long line what is around it, and no half character */
	strcpy(text, "a: if subject == '");
	for (int i = 0; i < 60; i++)
		strcat(text, "\xe2\x82\xac");
	strcat(text, "' { drp(); }");
	run_script(&r, str_of(text), false);
	assert_int_equal(r.problems.n, 1);
	assert_int_equal(r.problems.v[0].column, 83);
	assert_true(str_valid_utf8(r.problems.v[0].place));
	assert_non_null(strstr(r.problems.v[0].place.p, "' { drp"));
	arena_free(&r.mem);
}

static void
test_all_problems(void **state)
{
	struct run r;

	(void)state;
	run_script(&r,
	    STR("a: if true { drop() drop(); }\n"
		"b: if body-size > 'x' and subject < 'y' { bounce(1); }\n"
		"c: if true { drop(); }\n"
		"d: if \xe2\x80\x98x\xe2\x80\x99 { drop(); }\n"
		"e: if nothing { drop(); }"),
	    false);
	assert_false(r.ok);
	assert_int_equal(r.problems.n_errors, 6);
	arena_free(&r.mem);
}

/* What is not there any more, or not in this version, makes it invalid. */
static void
test_invalid(void **state)
{
	static const struct {
		const char *in, *why;
	} cases[] = {
		{ "a: if true { quarantine('gone'); }",
		    "no such quarantine: gone" },
		{ "a: if recv-listener != 'gone' { drop(); }",
		    "no such listener: gone" },
		{ "a: if url-reputation(-10.0, -6.0, 'list') { drop(); }",
		    "url-reputation: this version has no reputation of URLs" },
		{ "a: if sdr-age(\"days\", \"<\", 30) { drop(); }",
		    "sdr-age: this version has no reputation of sender "
		    "domains" },
		{ "a: if signed-certificate('issuer' == 'C=US') { drop(); }",
		    "signed-certificate: this version has no S/MIME "
		    "certificates" },
		{ "a: if geolocation_rule(['France', 'Japan']) { drop(); }",
		    "geolocation-rule: this version has no geolocation in "
		    "filters" },
		{ "a: if true { encrypt('p', '$Subject', 1); }",
		    "encrypt: this version has no encryption of messages" },
		{ "a: if image-verdict == 'suspect' { drop(); }",
		    "image-verdict: this version has no image scanner" },
		{ "a: if domain_reputation(['Poor']) { skip-bulkcheck(); }",
		    "sdr-reputation: this version has no reputation of sender "
		    "domains" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct run r, again;

		run_script(&r, str_of(cases[i].in), true);
		if (!r.ok || r.v[0].valid || !r.v[0].active ||
		    !str_is(r.v[0].why, cases[i].why))
			fail_msg("%s: %s", cases[i].in,
			    r.ok ? r.v[0].why.p : first_problem(&r).p);
		run_script(&again, r.v[0].source, true);
		assert_true(again.ok);
		assert_true(str_eq(again.v[0].source, r.v[0].source));
		arena_free(&again.mem);
		arena_free(&r.mem);
	}
}

static void
test_warning(void **state)
{
	struct run r;

	(void)state;
	run_script(&r, STR("a: if true { drop(); log-entry('x'); }"), false);
	assert_true(r.ok);
	assert_int_equal(r.problems.n, 1);
	assert_string_equal(first_problem(&r).p,
	    "Warning: filter 'a': nothing after drop() runs");
	arena_free(&r.mem);
}

/* "if true { if true { ... drop(); } }", or parentheses, or "true and ..." */
static bool
nested(const char *before, size_t n, const char *open, const char *middle,
    const char *close, const char *after)
{
	struct buf in;
	struct run r;
	bool ok;

	buf_init(&in, 1 << 20);
	buf_printf(&in, "a: %s", before);
	for (size_t i = 0; i < n; i++)
		buf_puts(&in, open);
	buf_puts(&in, middle);
	for (size_t i = 0; i < n; i++)
		buf_puts(&in, close);
	buf_puts(&in, after);
	run_script(&r, buf_str(&in), false);
	ok = r.ok;
	if (!ok)
		assert_non_null(strstr(first_problem(&r).p, "at most "));
	arena_free(&r.mem);
	buf_fini(&in);
	return ok;
}

static void
test_limits(void **state)
{
	(void)state;
	for (size_t n = 64; n <= 65; n++) {
		bool ok = n == 64;

		assert_int_equal(
		    nested("", n, "if true { ", "drop();", "}", ""), ok);
		assert_int_equal(nested("", n - 1, "if true { drop(); } else ",
				     "if true { drop(); }", "", ""),
		    ok);
		assert_int_equal(
		    nested("if ", n, "(", "true", ")", "{ drop(); }"), ok);
		assert_int_equal(
		    nested("if ", n, "not ", "true", "", "{ drop(); }"), ok);
	}
}

static void
test_many_tests(void **state)
{
	struct buf in;
	struct run r;

	(void)state;
	for (size_t n = 1000; n <= 1001; n++) {
		buf_init(&in, 1 << 20);
		buf_puts(&in, "a: if true");
		for (size_t i = 1; i < n; i++)
			buf_puts(&in, i % 2 ? " or true" : " and true");
		buf_puts(&in, " { drop(); }");
		run_script(&r, buf_str(&in), false);
		assert_int_equal(r.ok, n == 1000);
		arena_free(&r.mem);
		buf_fini(&in);
	}
}

/* Bytes of the source, for those who edit it. */
static void
test_offsets(void **state)
{
	struct str in =
	    STR("# one\na : if true { drop(); }b!if true {drop();}");
	struct run r;

	(void)state;
	run_script(&r, in, false);
	assert_true(r.ok);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.v[0].from, 6);
	assert_int_equal(in.p[r.v[0].mark], ':');
	assert_int_equal(in.p[r.v[0].to - 1], '}');
	assert_int_equal(r.v[1].from, r.v[0].to);
	assert_int_equal(in.p[r.v[1].mark], '!');
	assert_int_equal(r.v[1].to, in.n);
	assert_false(r.v[1].active);
	arena_free(&r.mem);
}

/* The examples that are installed, once somebody takes their marks away. */
static void
test_examples(void **state)
{
	FILE *file = fopen("conf/filters/message_filters", "r");
	struct buf script;
	char line[200];
	struct run r;

	(void)state;
	assert_non_null(file);
	buf_init(&script, 1 << 16);
	while (fgets(line, sizeof(line), file) != NULL)
		buf_puts(&script,
		    line[0] == '#' && (line[1] != ' ' || line[2] == ' ')
			? line + 1
			: line);
	fclose(file);
	run_script(&r, buf_str(&script), false);
	if (!r.ok)
		fail_msg("%s", first_problem(&r).p);
	assert_int_equal(r.n, 4);
	assert_int_equal(r.problems.n, 0);
	arena_free(&r.mem);
	buf_fini(&script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_all_problems),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many_tests),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
