/*
 * test_config_work.c - what postern.yaml says of the work queue: what is
 * taken, what is refused, where
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/dictionary.h"
#include "config/load.h"
#include "config/pack.h"
#include "config/uses.h"

#define HEAD                                                                   \
	"hostname: mail.example.com\n"                                         \
	"interfaces: [{name: A, ip: 192.0.2.1}]\n"
#define POLICIES HEAD "mail_policies:\n  incoming:\n"
#define FORMS                                                                  \
	"must be user@example.com, user@, @example.com, @.example.com (all "   \
	"below it) or an address in brackets behind the @"
#define DAY 86400

static struct config *load(const char *yaml, struct config_problems *);
static struct config *load_ok(const char *yaml);
static void bundle_of(struct bundle *, const char *yaml);
static void describe_line(struct str line, struct buf *out);
static void take_problem(void *arg, int line, const struct err *);
static void describe_uses(
    const struct config *, const char *list, const char *name, struct buf *);

/* The files below tables/ and texts/. */
static const struct {
	const char *name, *text;
} files[] = {
	{ "tables/bad.txt", "fine\nword,11\n\n*visa\n" },
	{ "tables/empty.txt", "# nothing\n" },
	{ "tables/names.txt", "# names\nsmith,5\n*credit\nMiller\\, John\n" },
	{ "texts/footer.html", "<p>Ours</p>\n" },
	{ "texts/footer.txt", "Ours\n" },
	{ "texts/latin.txt", "ok\nf\xfcr\n" },
	{ "texts/notice.txt", "Too big\n" },
};

static const struct {
	const char *why, *yaml, *error;
} bad[] = {
	/* texts, dictionaries */
	{ "no text", HEAD "text_resources: [{name: x}]\n",
	    "postern.yaml:3:18: text_resources[0]: there is no file "
	    "texts/x.txt" },
	{ "no text, named", HEAD "text_resources: [{name: x, file: y}]\n",
	    "postern.yaml:3:34: text_resources[0].file: there is no file "
	    "texts/y" },
	{ "ADM-03: out of the folder",
	    HEAD "text_resources: [{name: x, file: ../y}]\n",
	    "postern.yaml:3:34: text_resources[0].file: \"../y\" must be 1 to "
	    "80 letters, digits, _ . or -, not beginning with . or -" },
	{ "not UTF-8", HEAD "text_resources: [{name: latin}]\n",
	    "texts/latin.txt:2:1: is not UTF-8 text, or has a control "
	    "character" },
	{ "HTML of a notice",
	    HEAD "text_resources: [{name: notice, type: notification, "
		 "html: footer.html}]\n",
	    "postern.yaml:3:18: text_resources[0]: only disclaimers have "
	    "HTML: remove the key html" },
	{ "two texts of a name",
	    HEAD "text_resources: [{name: notice}, {name: notice}]\n",
	    "postern.yaml:3:41: text_resources[1].name: there is another "
	    "\"notice\" in text_resources" },
	{ "no dictionary", HEAD "dictionaries: [{name: x}]\n",
	    "postern.yaml:3:16: dictionaries[0]: there is no file "
	    "tables/x.txt" },
	{ "weight", HEAD "dictionaries: [{name: bad}]\n",
	    "tables/bad.txt:2:1: the weight 11 is not within 1..10; a comma "
	    "that belongs to the term is written \\," },
	{ "a name of 60 letters",
	    HEAD "dictionaries: [{name: "
		 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffff"
		 "f}]\n",
	    "postern.yaml:3:23: dictionaries[0].name: "
	    "\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff\" "
	    "is longer than 59 characters" },
	{ "footer of nothing", HEAD "listeners: [{name: L, footer: x}]\n",
	    "postern.yaml:3:31: listeners[0].footer: there is no text "
	    "resource \"x\" below text_resources" },

	/* scanning, scanners */
	{ "type", HEAD "scanning: {types: [image/*, a/b/c]}\n",
	    "postern.yaml:3:29: scanning.types[1]: \"a/b/c\" must be a MIME "
	    "type such as image/png or image/*, or the name of a group of "
	    "file types such as Image" },
	{ "size of an attachment", HEAD "scanning: {max_size: 26M}\n",
	    "postern.yaml:3:22: scanning.max_size: 26M is not within 0..25M" },
	{ "spam engine", HEAD "anti_spam: {engine: clamd}\n",
	    "postern.yaml:3:21: anti_spam.engine: must be off, spamd or "
	    "rspamd" },
	{ "sizes of spam", HEAD "anti_spam: {never_scan_above: 100k}\n",
	    "postern.yaml:3:12: anti_spam: never_scan_above (102400) is less "
	    "than always_scan_up_to (524288)" },
	{ "server", HEAD "anti_virus: {engine: clamd, servers: \"a b\"}\n",
	    "postern.yaml:3:38: anti_virus.servers: \"a b\" is no destination: "
	    "write host, [host] or an address, with :port and /pri=N if "
	    "wanted" },
	{ "priority",
	    HEAD "anti_virus: {engine: clamd, servers: a.example/pri=1}\n",
	    "postern.yaml:3:38: anti_virus.servers: have no priority: they "
	    "are tried in the order in which they stand" },
	{ "feed without a key",
	    HEAD "outbreak_filters: {url: 'https://a.example/rules'}\n",
	    "postern.yaml:3:19: outbreak_filters: needs the key "
	    "\"public_key\": rules that nobody has signed are not taken" },
	{ "feed without TLS",
	    HEAD "outbreak_filters: {url: 'http://a.example/rules'}\n",
	    "postern.yaml:3:25: outbreak_filters.url: "
	    "\"http://a.example/rules\" must be https://host/path" },
	{ "no key", HEAD "outbreak_filters: {public_key: aGVsbG8=}\n",
	    "postern.yaml:3:32: outbreak_filters.public_key: must be 32 bytes "
	    "in base64" },
	{ "outbreak rules that are not there",
	    HEAD "outbreak_filters: {file: mine.json}\n",
	    "postern.yaml:3:26: outbreak_filters.file: there is no file "
	    "tables/mine.json" },
	{ "redirect to nowhere", HEAD "outbreak_filters: {rewrite: redirect}\n",
	    "postern.yaml:3:19: outbreak_filters: needs the key "
	    "\"rewrite_text\"" },

	/* quarantines */
	{ "retention 0", HEAD "quarantines: [{name: Q, retention: 0}]\n",
	    "postern.yaml:3:36: quarantines[0].retention: must not be 0" },
	{ "retention of Outbreak",
	    HEAD "quarantines: [{name: Outbreak, retention: 1d}]\n",
	    "postern.yaml:3:43: quarantines[0].retention: is what mail "
	    "policies say of Outbreak; remove the key" },
	{ "two of a name", HEAD "quarantines: [{name: Q}, {name: Q}]\n",
	    "postern.yaml:3:33: quarantines[1].name: there is another \"Q\" "
	    "in quarantines" },
	{ "quarantines: no list", HEAD "quarantines: Policy\n",
	    "postern.yaml:3:14: quarantines: must be a list (lines with \"- "
	    "\")" },

	/* mail policies */
	{ "member", POLICIES "  - {name: P, members: [{senders: a.org}]}\n",
	    "postern.yaml:5:35: mail_policies.incoming[0].members[0].senders: "
	    "\"a.org\" " FORMS },
	{ "both kinds of senders",
	    POLICIES "  - {name: P, members: [{senders: a@, not_senders: "
		     "b@}]}\n",
	    "postern.yaml:5:25: mail_policies.incoming[0].members[0]: has one "
	    "of the keys \"senders\" and \"not_senders\" at most" },
	{ "senders, and none",
	    POLICIES "  - {name: P, members: [{senders: []}]}\n",
	    "postern.yaml:5:35: mail_policies.incoming[0].members[0].senders: "
	    "needs an address; or remove the key" },
	{ "match without recipients",
	    POLICIES "  - {name: P, members: [{match: all}]}\n",
	    "postern.yaml:5:33: mail_policies.incoming[0].members[0].match: "
	    "belongs to recipients" },
	{ "two policies",
	    POLICIES "  - {name: P, members: [{senders: a@}]}\n"
		     "  - {name: P, members: [{senders: b@}]}\n",
	    "postern.yaml:6:12: mail_policies.incoming[1].name: there is "
	    "another \"P\" in incoming" },
	{ "DEFAULT first",
	    POLICIES "  - name: default\n"
		     "  - {name: P, members: [{senders: b@}]}\n",
	    "postern.yaml:5:5: mail_policies.incoming[0]: DEFAULT concerns "
	    "everybody: it must be the last" },
	{ "members of DEFAULT",
	    POLICIES "  - {name: DEFAULT, members: [{senders: a@}]}\n",
	    "postern.yaml:5:5: mail_policies.incoming[0]: DEFAULT concerns "
	    "everybody: it has no members" },
	{ "DEFAULT inherits",
	    POLICIES "  - {name: DEFAULT, anti_spam: inherit}\n",
	    "postern.yaml:5:32: mail_policies.incoming[0].anti_spam: DEFAULT "
	    "is what the others inherit from" },
	{ "state", POLICIES "  - {name: P, anti_spam: sometimes}\n",
	    "postern.yaml:5:26: mail_policies.incoming[0].anti_spam: must be "
	    "inherit, disabled, enabled, or keys with values" },
	{ "threshold",
	    POLICIES "  - {name: P, anti_spam: {positive: {score: 49}}}\n",
	    "postern.yaml:5:45: mail_policies.incoming[0].anti_spam.positive."
	    "score: 49 is not within 50..99" },
	{ "thresholds",
	    POLICIES "  - {name: P, anti_spam: {positive: {score: 60}, "
		     "suspected: {score: 61}}}\n",
	    "postern.yaml:5:26: mail_policies.incoming[0].anti_spam: the "
	    "score of suspected (61) is more than that of positive (60)" },
	{ "subject text",
	    POLICIES "  - {name: P, anti_spam: {positive: {subject_text: "
		     "\"\\u00fc\"}}}\n",
	    "postern.yaml:5:52: mail_policies.incoming[0].anti_spam.positive."
	    "subject_text: \"\303\274\" must be printable ASCII" },
	{ "header",
	    POLICIES "  - {name: P, anti_virus: {infected: {header: "
		     "\"X-A:\"}}}\n",
	    "postern.yaml:5:47: mail_policies.incoming[0].anti_virus.infected."
	    "header: \"X-A:\" must be the name of a header field, such as "
	    "X-Spam, without the colon" },
	{ "host",
	    POLICIES "  - {name: P, anti_spam: {positive: {alternate_host: "
		     "\"a b\"}}}\n",
	    "postern.yaml:5:54: mail_policies.incoming[0].anti_spam.positive."
	    "alternate_host: \"a b\" must be a host such as mail.example.com, "
	    "or an address" },
	{ "spam as an attachment",
	    POLICIES "  - {name: P, anti_spam: {positive: {action: "
		     "attachment}}}\n",
	    "postern.yaml:5:46: mail_policies.incoming[0].anti_spam.positive."
	    "action: must be deliver, drop, bounce or quarantine" },
	{ "another recipient of what was repaired",
	    POLICIES "  - {name: P, anti_virus: {repaired: "
		     "{alternate_recipient: a@b.org}}}\n",
	    "postern.yaml:5:39: mail_policies.incoming[0].anti_virus.repaired:"
	    " unknown key \"alternate_recipient\"" },
	{ "others who are told",
	    POLICIES "  - {name: P, anti_virus: {infected: {notify_others: "
		     "'a@b.org, c'}}}\n",
	    "postern.yaml:5:54: mail_policies.incoming[0].anti_virus.infected."
	    "notify_others: \"a@b.org, c\" must be an address such as "
	    "joe@example.com" },
	{ "text of a notice",
	    POLICIES "  - {name: P, anti_virus: {infected: {notify_text: "
		     "x}}}\n",
	    "postern.yaml:5:52: mail_policies.incoming[0].anti_virus.infected."
	    "notify_text: there is no text resource \"x\" below "
	    "text_resources" },
	{ "level", POLICIES "  - {name: P, outbreak: {threshold: 6}}\n",
	    "postern.yaml:5:37: mail_policies.incoming[0].outbreak.threshold: "
	    "6 is not within 1..5" },
	{ "priority of senders",
	    HEAD "mail_policies: {match_priority: [from, to]}\n",
	    "postern.yaml:3:40: mail_policies.match_priority[1]: must be "
	    "envelope, from, reply-to or sender" },
	{ "priority twice",
	    HEAD "mail_policies: {match_priority: [from, From]}\n",
	    "postern.yaml:3:40: mail_policies.match_priority[1]: from stands "
	    "here twice" },

	/* content filters */
	{ "unknown content filter",
	    HEAD "content_filters: {outgoing: [{name: f, actions: "
		 "[drop()]}]}\n"
		 "mail_policies: {incoming: [{name: P, content_filters: "
		 "[f]}]}\n",
	    "postern.yaml:4:56: mail_policies.incoming[0].content_filters[0]: "
	    "there is no content filter \"f\" below "
	    "content_filters.incoming" },
	{ "no action", HEAD "content_filters: {incoming: [{name: f}]}\n",
	    "postern.yaml:3:30: content_filters.incoming[0]: needs the key "
	    "\"actions\"" },
	{ "a state for a name",
	    HEAD "content_filters: {incoming: [{name: disabled, actions: "
		 "[drop()]}]}\n",
	    "postern.yaml:3:30: content_filters.incoming[0]: \"disabled\" is "
	    "a word that policies have; choose another name" },
	{ "enabled, but which",
	    POLICIES "  - {name: P, content_filters: enabled}\n",
	    "postern.yaml:5:32: mail_policies.incoming[0].content_filters: "
	    "must be inherit, disabled, or the names of content filters" },
};

/* The first warning. */
static const struct {
	const char *why, *yaml, *warning;
} warned[] = {
	{ "nothing said", HEAD, "" },
	{ "no members", POLICIES "  - name: P\n",
	    "postern.yaml:5:1: warning: policy \"P\" has no members: it "
	    "concerns nobody; add some, or remove it" },
	{ "never matches",
	    POLICIES "  - {name: O, members: [{senders: a@b.org}, {recipients: "
		     "['@.c.org', e@]}]}\n"
		     "  - {name: P, members: [{recipients: [x@y.c.org, "
		     "'@z.c.org', e@f.org]}, {senders: A@b.org, recipients: "
		     "x@y.org}]}\n",
	    "postern.yaml:6:1: warning: policy \"P\" can never match: policies "
	    "before it, such as \"O\" in line 5, take all of its members; put "
	    "it before them, or remove it" },
	{ "behind everybody",
	    POLICIES "  - {name: O, members: [{}]}\n"
		     "  - {name: P, members: [{not_senders: A@b.org}]}\n",
	    "postern.yaml:6:1: warning: policy \"P\" can never match: policies "
	    "before it, such as \"O\" in line 5, take all of its members; put "
	    "it before them, or remove it" },
	{ "the domain itself is not below it",
	    POLICIES "  - {name: O, members: [{recipients: '@.c.org'}]}\n"
		     "  - {name: P, members: [{recipients: '@c.org'}]}\n",
	    "" },
	{ "all of them",
	    POLICIES "  - {name: O, members: [{recipients: [a@b.org, "
		     "c@d.org], match: all}]}\n"
		     "  - {name: P, members: [{recipients: a@b.org}]}\n",
	    "" },
	{ "with exceptions",
	    POLICIES "  - {name: O, members: [{not_recipients: a@b.org}]}\n"
		     "  - {name: P, members: [{recipients: a@b.org}]}\n",
	    "" },
	{ "no engine",
	    POLICIES "  - {name: P, members: [{}], anti_spam: enabled}\n",
	    "postern.yaml:5:41: mail_policies.incoming[0].anti_spam: warning: "
	    "nothing is scanned: anti_spam has no engine" },
	{ "no engine against viruses",
	    POLICIES "  - {name: P, members: [{}], anti_virus: {repair: "
		     "no}}\n",
	    "postern.yaml:5:42: mail_policies.incoming[0].anti_virus: warning: "
	    "nothing is scanned: anti_virus has no engine" },
	{ "no outbreak filters",
	    POLICIES "  - {name: P, members: [{}], outbreak: enabled}\n",
	    "postern.yaml:5:40: mail_policies.incoming[0].outbreak: warning: "
	    "nothing is looked at: outbreak_filters are not enabled" },
	{ "outbreak filters without rules",
	    HEAD "outbreak_filters: {enabled: yes, adaptive: no}\n",
	    "postern.yaml:3:19: outbreak_filters: warning: are enabled and "
	    "have no rules: no url, no file, and adaptive is off" },
	{ "a text for nobody",
	    HEAD "text_resources: [{name: notice}]\n"
		 "anti_virus: {engine: clamd}\n"
		 "mail_policies: {incoming: [{name: DEFAULT, anti_virus: "
		 "{infected: {notify_text: notice}}}]}\n",
	    "postern.yaml:5:81: mail_policies.incoming[0].anti_virus.infected."
	    "notify_text: warning: nobody is told" },
	{ "a filter that is not enabled",
	    HEAD "content_filters: {incoming: [{name: f, actions: "
		 "[drop()]}]}\n",
	    "postern.yaml:3:1: warning: content filter \"f\" is enabled in no "
	    "policy: it never runs; add it to content_filters of one" },
	{ "a text that nothing uses", HEAD "text_resources: [{name: notice}]\n",
	    "postern.yaml:3:1: warning: nothing uses the text resource "
	    "\"notice\"" },
	{ "a dictionary that nothing uses",
	    HEAD "dictionaries: [{name: names}]\n",
	    "postern.yaml:3:1: warning: no filter uses the dictionary "
	    "\"names\"" },
	{ "an empty dictionary",
	    HEAD "dictionaries: [{name: empty}]\n"
		 "content_filters: {incoming: [{name: f, conditions: "
		 "['dictionary-match(\"empty\", 1)'], actions: [drop()]}]}\n"
		 "mail_policies: {incoming: [{name: DEFAULT, content_filters: "
		 "f}]}\n",
	    "postern.yaml:3:1: warning: the dictionary \"empty\", used by "
	    "content filter \"f\", is empty: it never matches" },
	{ "a footer that is a notice",
	    HEAD "text_resources: [{name: notice, type: notification}]\n"
		 "listeners: [{name: L, footer: notice}]\n",
	    "postern.yaml:4:1: warning: \"notice\" is no disclaimer: it was "
	    "made for other messages than those of listener \"L\"" },
};

/* A configuration with everything, and no warning. */
static const char whole[] = HEAD
    "text_resources:\n"
    "  - {name: legal, file: footer.txt, html: footer.html}\n"
    "  - {name: bare, html: footer.html}\n"
    "  - {name: notice, type: virus-notification}\n"
    "dictionaries:\n"
    "  - {name: names, whole_words: no}\n"
    "listeners:\n"
    "  - {name: In, heading: bare, footer: legal}\n"
    "scanning:\n"
    "  list: only\n"
    "  types: [application/*, Document]\n"
    "  assume_match: yes\n"
    "  not_taken_apart: bounce\n"
    "locale: {impose_body_charset: no, stamp_signed: wrap}\n"
    "anti_spam:\n"
    "  engine: rspamd\n"
    "  servers: [scan1.example, '192.0.2.9:25', '[2001:db8::1]:99', "
    "'2001:db8::25']\n"
    "  on_failure: requeue\n"
    "anti_virus: {engine: clamd}\n"
    "ironport_headers: yes\n"
    "outbreak_filters:\n"
    "  enabled: yes\n"
    "  url: https://rules.example/v1\n"
    "  public_key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    "  rewrite: redirect\n"
    "  rewrite_text: https://click.example/?u=\n"
    "quarantines:\n"
    "  - {name: Virus, action: release}\n"
    "  - {name: Mine, retention: 15d, subject: prepend, subject_text: "
    "'[late] ', header: X-Late, header_value: 'yes'}\n"
    "quarantine_space: 2G\n"
    "spam_quarantine: {enabled: yes, retention: 7d}\n"
    "content_filters:\n"
    "  incoming:\n"
    "    - name: strip\n"
    "      description: no programs\n"
    "      match: any\n"
    "      conditions:\n"
    "        - attachment-filetype == \"Executable\"\n"
    "        - dictionary-match(\"names\", 2)\n"
    "      actions:\n"
    "        - drop-attachments-by-filetype(\"Executable\")\n"
    "        - quarantine(\"Mine\")\n"
    "    - {name: tag, actions: ['tag-message(\"x\")']}\n"
    "mail_policies:\n"
    "  match_priority: [sender, envelope]\n"
    "  incoming:\n"
    "    - name: board\n"
    "      members:\n"
    "        - {recipients: [ceo@example.com, cfo@example.com], match: all}\n"
    "        - {not_senders: '@partner.test', recipients: '@b.example',\n"
    "           not_recipients: [x@b.example, y@b.example]}\n"
    "      anti_spam:\n"
    "        positive: {score: 95, action: drop, archive: yes}\n"
    "        suspected: {enabled: no}\n"
    "      anti_virus: disabled\n"
    "      outbreak: {bypass_extensions: [pdf], disclaimer: legal}\n"
    "      content_filters: [tag, strip]\n"
    "    - name: rest\n"
    "      members: [{senders: '@a.example'}]\n"
    "      anti_virus:\n"
    "        infected: {notify_sender: yes, notify_text: notice,\n"
    "          alternate_host: '[192.0.2.8]'}\n"
    "    - name: DEFAULT\n"
    "      content_filters: strip\n"
    "  outgoing:\n"
    "    - {name: DEFAULT, anti_virus: disabled}\n";

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++) {
		struct config_problems ps = { 0 };
		struct config *c = load(bad[i].yaml, &ps);
		struct buf got;
		size_t k = 0;

		buf_init(&got, 4096);
		while (k < ps.n && ps.v[k].warning)
			k++;
		if (k < ps.n)
			config_problem_print(&ps.v[k], &got);
		if (c != NULL || !str_is(buf_str(&got), bad[i].error))
			fail_msg(
			    "%s: \"%.*s\"", bad[i].why, STR_ARG(buf_str(&got)));
		buf_fini(&got);
		config_problems_free(&ps);
		config_unref(&c);
	}
}

static void
test_warned(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(warned); i++) {
		struct config_problems ps = { 0 };
		struct config *c = load(warned[i].yaml, &ps);
		struct buf got;

		buf_init(&got, 4096);
		if (ps.n > 0)
			config_problem_print(&ps.v[0], &got);
		if (c == NULL || !str_is(buf_str(&got), warned[i].warning))
			fail_msg("%s: \"%.*s\"", warned[i].why,
			    STR_ARG(buf_str(&got)));
		buf_fini(&got);
		config_problems_free(&ps);
		config_unref(&c);
	}
}

/* Nothing is written: nothing is to be done, and what would be is safe. */
static void
test_default_policies(void **state)
{
	struct config *c = load_ok(HEAD);
	const struct work_config *w = &c->work;

	(void)state;
	for (int dir = 0; dir < DIRECTIONS; dir++) {
		const struct policy_table *t = &w->tables[dir];
		const struct mail_policy *p = &t->policies[0];

		assert_int_equal(t->n_policies, 1);
		assert_true(str_is(p->name, "DEFAULT"));
		assert_int_equal(t->n_filters, 0);
		assert_int_equal(p->spam_state,
		    dir == INCOMING ? SERVICE_CUSTOM : SERVICE_DISABLED);
		assert_int_equal(p->virus_state, SERVICE_CUSTOM);
		assert_int_equal(p->outbreak_state,
		    dir == INCOMING ? SERVICE_CUSTOM : SERVICE_DISABLED);
		assert_int_equal(p->filters_state, SERVICE_DISABLED);
		assert_null(config_policy_spam(c, dir, p));
		assert_null(config_policy_virus(c, dir, p));
		assert_null(config_policy_outbreak(c, dir, p));
		assert_int_equal(p->spam.positive, 90);
		assert_int_equal(p->spam.suspected, 50);
		assert_true(p->spam.on_positive.enabled);
		assert_true(p->spam.on_suspected.enabled);
		assert_int_equal(
		    config_spam_disposition(c, &p->spam.on_positive),
		    DISPOSE_DELIVER);
		assert_int_equal(p->virus.on[VIRUS_UNSCANNABLE].disposition,
		    DISPOSE_QUARANTINE);
		assert_int_equal(
		    p->virus.on[VIRUS_INFECTED].disposition, DISPOSE_DROP);
		assert_true(str_is(p->virus.on[VIRUS_REPAIRED].subject_text,
		    "[WARNING: VIRUS REMOVED] "));
		assert_int_equal(p->outbreak.retention_other, 4 * 3600);
	}
	config_unref(&c);
}

static void
test_defaults(void **state)
{
	struct config *c = load_ok(HEAD);
	const struct work_config *w = &c->work;
	static const struct {
		const char *name;
		enum quarantine_kind kind;
		uint32_t retention;
		bool release;
	} quarantines[] = {
		{ "Policy", QUARANTINE_POLICY, 10 * DAY, false },
		{ "Virus", QUARANTINE_VIRUS, 30 * DAY, false },
		{ "Outbreak", QUARANTINE_OUTBREAK, 0, true },
		{ "Unclassified", QUARANTINE_UNCLASSIFIED, 30 * DAY, true },
		{ "Unprocessable", QUARANTINE_UNPROCESSABLE, 30 * DAY, false },
	};

	(void)state;
	assert_int_equal(w->n_quarantines, NELEM(quarantines));
	for (size_t i = 0; i < NELEM(quarantines); i++) {
		const struct quarantine *q = &w->quarantines[i];

		assert_true(str_is(q->name, quarantines[i].name));
		assert_int_equal(q->kind, quarantines[i].kind);
		assert_int_equal(q->retention, quarantines[i].retention);
		assert_int_equal(q->release, quarantines[i].release);
		assert_true(q->may_overflow);
	}
	assert_int_equal(w->scan.n_types, 5);
	assert_true(w->scan.hold_on_error);
	assert_int_equal(w->scan.unpackable, UNPACKABLE_QUARANTINE);
	assert_int_equal(w->n_priority, 3);
	assert_int_equal(w->priority[2], SENDER_REPLY_TO);
	config_unref(&c);
}

static void
test_whole(void **state)
{
	struct config *c = load_ok(whole);
	const struct text_resource *bare = config_text(c, STR("bare"));
	const struct dictionary *d = config_dictionary(c, STR("names"));

	(void)state;
	assert_int_equal(bare->text.n, 0);
	assert_true(str_is(bare->html, "<p>Ours</p>\n"));
	assert_true(str_is(config_text(c, STR("legal"))->text, "Ours\n"));
	assert_int_equal(d->n_terms, 3);
	assert_int_equal(d->terms[0].weight, 5);
	assert_int_equal(d->terms[0].line, 2);
	assert_int_equal(d->terms[1].smart, SMART_CREDIT);
	assert_true(str_is(d->terms[2].text, "Miller, John"));
	assert_true(d->ignore_case && !d->whole_words);
	assert_int_equal(c->work.spam.n_servers, 4);
	assert_int_equal(c->work.spam.servers[0].port, 11333);
	assert_true(c->work.spam.servers[0].no_mx);
	assert_int_equal(c->work.spam.servers[1].port, 25);
	assert_int_equal(c->work.spam.servers[2].port, 99);
	assert_int_equal(c->work.spam.servers[3].port, 11333);
	assert_int_equal(c->work.virus.n_servers, 1);
	assert_int_equal(c->work.virus.servers[0].port, 3310);
	assert_int_equal(c->work.n_quarantines, 6);
	assert_true(config_quarantine(c, STR("Virus"))->release);
	assert_int_equal(
	    config_quarantine(c, STR("Virus"))->retention, 30 * DAY);
	assert_int_equal(c->work.n_priority, 2);
	assert_int_equal(c->work.priority[0], SENDER_SENDER);
	assert_true(c->work.tables[INCOMING].filters[0].any);
	config_unref(&c);
}

/* What policies have of their own, and what they take from DEFAULT. */
static void
test_policies(void **state)
{
	struct config *c = load_ok(whole);
	const struct mail_policy *board, *rest, *dflt;
	const struct policy_member *m;

	(void)state;
	board = config_mail_policy(c, INCOMING, STR("board"));
	rest = config_mail_policy(c, INCOMING, STR("rest"));
	dflt = config_mail_policy(c, INCOMING, STR("DEFAULT"));
	assert_null(config_mail_policy(c, OUTGOING, STR("board")));
	assert_int_equal(board->n_members, 2);
	m = &board->members[0];
	assert_true(m->any_sender && !m->any_rcpt && m->all_rcpts);
	assert_int_equal(m->n_rcpts, 2);
	m = &board->members[1];
	assert_true(!m->any_sender && m->senders_not && !m->all_rcpts);
	assert_int_equal(m->n_not_rcpts, 2);
	assert_ptr_equal(config_policy_spam(c, INCOMING, board), &board->spam);
	assert_ptr_equal(config_policy_spam(c, INCOMING, rest), &dflt->spam);
	assert_int_equal(board->spam.positive, 95);
	assert_false(board->spam.on_suspected.enabled);
	assert_int_equal(config_spam_disposition(c, &rest->spam.on_positive),
	    DISPOSE_QUARANTINE);
	assert_null(config_policy_virus(c, INCOMING, board));
	assert_ptr_equal(config_policy_virus(c, INCOMING, rest), &rest->virus);
	assert_true(rest->virus.on[VIRUS_INFECTED].notify_sender);
	assert_ptr_equal(
	    config_policy_outbreak(c, INCOMING, rest), &dflt->outbreak);
	assert_true(config_policy_filter(c, INCOMING, board, STR("tag")));
	assert_false(config_policy_filter(c, INCOMING, rest, STR("tag")));
	assert_true(config_policy_filter(c, INCOMING, rest, STR("strip")));
	assert_null(config_policy_virus(
	    c, OUTGOING, config_mail_policy(c, OUTGOING, STR("DEFAULT"))));
	assert_non_null(config_content_filter(c, INCOMING, STR("tag")));
	assert_null(config_content_filter(c, OUTGOING, STR("tag")));
	config_unref(&c);
}

/* What is printed loads to the same tree, which prints the same. */
static void
test_print(void **state)
{
	static const char *const texts[] = { HEAD, whole,
		HEAD "scanning: {types: none}\nquarantines: [{name: "
		     "Outbreak}]\n",
		POLICIES "  - {name: P, members: [{}], outbreak: inherit}\n" };

	(void)state;
	for (size_t i = 0; i < 2 * NELEM(texts); i++) {
		struct config *c = load_ok(texts[i / 2]), *again;
		struct buf one, two;

		buf_init(&one, 1 << 20);
		buf_init(&two, 1 << 20);
		config_print(c, i % 2 == 1, &one);
		again = load_ok(one.data);
		config_print(again, i % 2 == 1, &two);
		assert_string_equal(one.data, two.data);
		assert_int_equal(
		    c->work.scan.n_types, again->work.scan.n_types);
		config_unref(&c);
		config_unref(&again);
		buf_fini(&one);
		buf_fini(&two);
	}
}

static void
test_uses(void **state)
{
	static const struct {
		const char *list, *name, *want;
	} cases[] = {
		{ "text_resources", "legal",
		    "listener \"In\", mail policy \"board\"" },
		{ "text_resources", "notice", "mail policy \"rest\"" },
		{ "text_resources", "notic", "" },
		{ "dictionaries", "names", "content filter \"strip\"" },
		{ "quarantines", "Mine", "content filter \"strip\"" },
		{ "quarantines", "Virus", "" },
	};
	struct config *c = load_ok(whole);

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct buf got;

		buf_init(&got, 1000);
		describe_uses(c, cases[i].list, cases[i].name, &got);
		if (!str_is(buf_str(&got), cases[i].want))
			fail_msg(
			    "%s: %.*s", cases[i].name, STR_ARG(buf_str(&got)));
		buf_fini(&got);
	}
	config_unref(&c);
}

/* Lines of dictionaries: what they mean, as weight, kind and text. */
static void
test_dictionary_lines(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "", "none" },
		{ "  \t\r", "none" },
		{ "# a comment", "none" },
		{ "[#]1", "1 [#]1" },
		{ " word \r", "1 word" },
		{ "word,5", "5 word" },
		{ "word , 5", "5 word" },
		{ "word,0", "error: the weight 0 is not within 1..10; a comma "
			    "that belongs to the term is written \\," },
		{ "word,11", "error: the weight 11 is not within 1..10; a "
			     "comma that belongs to the term is written \\," },
		{ "a,b", "1 a,b" },
		{ "a,", "1 a," },
		{ "a\\,b", "1 a,b" },
		{ "a\\,5", "1 a,5" },
		{ "a\\\\,5", "5 a\\\\" },
		{ "a\\\t,5",
		    "error: the term ends with a backslash; one that is "
		    "meant is written \\\\" },
		{ "a{1,3}", "1 a{1,3}" },
		{ "a{1\\,3},2", "2 a{1,3}" },
		{ "a\\.b", "1 a\\.b" },
		{ ",5", "error: there is no term before the weight" },
		{ "*credit", "1 *credit" },
		{ "*SSN,10", "10 *ssn" },
		{ "*credit|*ssn",
		    "error: \"*credit|*ssn\" is no smart identifier: there "
		    "are *credit, *ssn, *aba and *cusip, each alone in its "
		    "line" },
		{ "\303\274ber", "1 \303\274ber" },
		{ "\374ber", "error: is not UTF-8 text" },
		{ "a\x01", "error: has a control character" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct buf got;

		buf_init(&got, 4096);
		describe_line(str_of(cases[i].line), &got);
		if (!str_is(buf_str(&got), cases[i].want))
			fail_msg("\"%s\": %.*s", cases[i].line,
			    STR_ARG(buf_str(&got)));
		buf_fini(&got);
	}
}

static void
test_literals(void **state)
{
	static const struct {
		const char *term;
		bool literal;
	} cases[] = { { "word", true }, { "a.b-c9", true },
		{ "x+y@example.com", true }, { "two words", false },
		{ "wor[dt]", false }, { "\303\274ber", false } };

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		if (dictionary_is_literal(str_of(cases[i].term)) !=
		    cases[i].literal)
			fail_msg("%s", cases[i].term);
	}
}

static void
test_flt_03_dictionary_limits(void **state)
{
	struct arena mem;
	struct buf text, errors;
	struct dictionary d = { .n_terms = 0 };

	(void)state;
	arena_init(&mem, (size_t)1 << 30);
	buf_init(&text, 1 << 20);
	buf_init(&errors, 1 << 20);
	for (int i = 0; i < DICTIONARY_TERM_MAX; i++)
		buf_puts(&text, "\303\274");
	buf_puts(&text, "\nb\n");
	for (int i = 0; i <= DICTIONARY_TERM_MAX; i++)
		buf_putc(&text, 'x');
	dictionary_parse(&d, buf_str(&text), &mem, take_problem, &errors);
	assert_int_equal(d.n_terms, 2);
	assert_string_equal(
	    errors.data, "3: the term is longer than 1000 characters\n");
	buf_reset(&text);
	buf_reset(&errors);
	for (int i = 0; i < DICTIONARY_TERMS_MAX + 2; i++)
		buf_puts(&text, "x\n");
	dictionary_parse(&d, buf_str(&text), &mem, take_problem, &errors);
	assert_int_equal(d.n_terms, DICTIONARY_TERMS_MAX);
	assert_string_equal(errors.data,
	    "100001: there are more than 100000 terms; make several "
	    "dictionaries of them\n");
	buf_fini(&text);
	buf_fini(&errors);
	arena_free(&mem);
}

static void
describe_line(struct str line, struct buf *out)
{
	struct dictionary_term t, again;
	struct err err = ERR_INIT;
	struct arena mem;
	struct buf text;

	arena_init(&mem, 1 << 20);
	buf_init(&text, 4096);
	switch (dictionary_line(line, &t, &mem, &err)) {
	case -1:
		buf_printf(out, "error: %s", err.text);
		break;
	case 0:
		buf_puts(out, "none");
		break;
	case 1:
		buf_printf(out, "%u %s%.*s", (unsigned)t.weight,
		    t.smart != SMART_NONE ? "*" : "",
		    STR_ARG(t.smart != SMART_NONE ? str_of(smart_name(t.smart))
						  : t.text));
		/* and back */
		dictionary_print(&t, &text);
		assert_int_equal(
		    dictionary_line(buf_str(&text), &again, &mem, &err), 1);
		assert_int_equal(again.weight, t.weight);
		assert_int_equal(again.smart, t.smart);
		assert_true(str_eq(again.text, t.text));
	}
	buf_fini(&text);
	arena_free(&mem);
}

static void
take_problem(void *arg, int line, const struct err *err)
{
	buf_printf(arg, "%d: %s\n", line, err->text);
}

static void
describe_uses(
    const struct config *c, const char *list, const char *name, struct buf *out)
{
	uses_find(c, list, str_of(name), out);
}

static struct config *
load(const char *yaml, struct config_problems *ps)
{
	struct bundle b;
	struct config *c;

	bundle_of(&b, yaml);
	c = config_load(&b, 1, ps);
	bundle_free(&b);
	return c;
}

/* Without a warning, too. */
static struct config *
load_ok(const char *yaml)
{
	struct config_problems ps = { 0 };
	struct config *c = load(yaml, &ps);
	struct buf first;

	buf_init(&first, 4096);
	if (ps.n > 0) {
		config_problem_print(&ps.v[0], &first);
		fail_msg("%s\n%s", first.data, yaml);
	}
	buf_fini(&first);
	config_problems_free(&ps);
	assert_non_null(c);
	return c;
}

static void
bundle_of(struct bundle *b, const char *yaml)
{
	struct err err = ERR_INIT;
	struct buf packed;

	pack_begin(&packed);
	pack_file(&packed, STR("postern.yaml"), str_of(yaml));
	for (size_t i = 0; i < NELEM(files); i++)
		pack_file(
		    &packed, str_of(files[i].name), str_of(files[i].text));
	assert_int_equal(pack_end(&packed, b, &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_warned),
		cmocka_unit_test(test_default_policies),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_dictionary_lines),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_flt_03_dictionary_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
