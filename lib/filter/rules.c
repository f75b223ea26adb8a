/*
 * rules.c - the table of rules (spec workqueue 2.8, 12.1)
 */
#include "base/mem.h"
#include "filter/ast.h"
#include "filter/filter.h"
#include "filter/names.h"

/* Arguments, as many rules have them. */
#define PATTERN                                                                \
	{                                                                      \
		.type = ARG_SCAN, .name = "regex"                              \
	}
#define THRESHOLD                                                              \
	{                                                                      \
		.type = ARG_NUMBER, .name = "n", .threshold = true,            \
		.optional = true, .min = 1, .max = UINT32_MAX                  \
	}
#define DICTIONARY                                                             \
	{                                                                      \
		.type = ARG_DICTIONARY, .name = "dictionary"                   \
	}
#define ANYTHING                                                               \
	{                                                                      \
		.type = ARG_ANY, .name = "..."                                 \
	}
/* Right sides. */
#define REGEX                                                                  \
	{                                                                      \
		.type = ARG_REGEX, .name = "regex"                             \
	}
#define REGEX_CI                                                               \
	{                                                                      \
		.type = ARG_REGEX_CI, .name = "regex"                          \
	}
#define NUMBER                                                                 \
	{                                                                      \
		.type = ARG_NUMBER, .name = "n", .max = INT64_MAX              \
	}
#define MIMETYPE                                                               \
	{                                                                      \
		.type = ARG_MIMETYPE, .name = "type/subtype"                   \
	}
#define GROUP                                                                  \
	{                                                                      \
		.type = ARG_GROUP, .name = "group"                             \
	}
#define EQUAL(...) .ops = OPS_EQUAL, .right = __VA_ARGS__
#define ORDER(...) .ops = OPS_ORDER, .right = __VA_ARGS__

#define HEADER FILTER_HEADER
#define BODY   (FILTER_HEADER | FILTER_BODY)
#define SCAN   .scan = true, .wants = BODY

static const char *const identities[] = { "helo", "mailfrom", "pra", NULL };
static const char *const spf_results[] = { "None", "Pass", "Neutral",
	"SoftFail", "Fail", "TempError", "PermError", NULL };
static const char *const dkim_results[] = { "none", "pass", "neutral",
	"temperror", "permerror", "hardfail", NULL };
static const char *const auth_targets[] = { "*EnvelopeFrom", "*FromAddress",
	"*Sender", "*Any", "*None", NULL };
static const char *const repeats[] = { "subject", "mail-from", NULL };
static const char *const directions[] = { "incoming", "outgoing", NULL };

const struct rule_def filter_rules[] = {
	{ "true", .cost = 0, .help = "Always true." },
	{ "valid", .cost = 2, .wants = BODY,
	    .help = "False if some MIME part cannot be parsed." },
	{ "subject", EQUAL(REGEX), .cost = 1, .wants = HEADER,
	    .help = "The Subject header." },
	{ "mail-from", EQUAL(REGEX_CI), .cost = 1,
	    .help = "The envelope sender, without angle brackets, in any "
		    "case; of the null sender the empty text." },
	{ "mail-from-group", EQUAL(GROUP), .cost = 6,
	    .help = "Whether the envelope sender is a member of the LDAP "
		    "group." },
	{ "rcpt-to", EQUAL(REGEX_CI), .cost = 1,
	    .help = "Any envelope recipient, in any case." },
	{ "rcpt-to-group", EQUAL(GROUP), .cost = 6,
	    .help = "Whether any recipient is a member of the LDAP group." },
	{ "sendergroup", EQUAL(REGEX), .cost = 0,
	    .help = "The sender group of the host access table; the empty "
		    "text if it has no name." },
	{ "body-size", ORDER(NUMBER), .cost = 0,
	    .help = "Size of the whole message in bytes, with its header and "
		    "attachments." },
	{ "remote-ip", EQUAL({ .type = ARG_RANGE, .name = "addresses" }),
	    .cost = 0,
	    .help = "The address of the client: an address, a range "
		    "(192.0.2.10-20), a beginning (192.0.2.) or CIDR." },
	{ "recv-listener", "recv-inj",
	    EQUAL({ .type = ARG_LISTENER, .name = "listener" }), .cost = 0,
	    .help = "Name of the listener." },
	{ "recv-int", EQUAL({ .type = ARG_INTERFACE, .name = "interface" }),
	    .cost = 0, .help = "Name of the IP interface." },
	{ "date", ORDER({ .type = ARG_TIME, .name = "MM/DD/YYYY hh:mm:ss" }),
	    .cost = 0, .help = "The time now, in the local zone." },
	{ "header", .args = { { .type = ARG_HEADER, .name = "name" } },
	    EQUAL(REGEX), .alone = true, .cost = 1, .wants = HEADER,
	    .help = "Alone: the message has that header. Compared: one of "
		    "its instances matches." },
	{ "random",
	    .args = { { .type = ARG_NUMBER,
		.name = "n",
		.min = 1,
		.max = UINT32_MAX } },
	    ORDER(NUMBER), .alone = true, .cost = 0,
	    .help = "A random number, 0 to n-1, drawn anew each time. Alone: "
		    "true when it is not 0." },
	{ "rcpt-count", ORDER(NUMBER), .cost = 0,
	    .help = "How many envelope recipients there are." },
	{ "addr-count",
	    .args = { { .type = ARG_HEADER, .name = "name" },
		{ .type = ARG_HEADER, .name = "name", .optional = true },
		{ .type = ARG_HEADER, .name = "name", .optional = true },
		{ .type = ARG_HEADER, .name = "name", .optional = true },
		{ .type = ARG_HEADER, .name = "name", .optional = true } },
	    ORDER(NUMBER), .cost = 1, .wants = HEADER,
	    .help = "How many addresses the named headers have in all." },
	{ "spf-status",
	    .args = { { .type = ARG_WORD,
		.name = "identity",
		.words = identities,
		.optional = true } },
	    EQUAL({ .type = ARG_STATUSES,
		.name = "status",
		.words = spf_results }),
	    .cost = 2,
	    .help = "Result of SPF; several words with commas. Without an "
		    "identity that of any of them." },
	{ "spf-passed", .cost = 2, .help = "SPF said Pass." },
	{ "dkim-authentication",
	    EQUAL({ .type = ARG_STATUSES,
		.name = "status",
		.words = dkim_results }),
	    .cost = 2, .help = "Result of DKIM; several words with commas." },
	{ "workqueue-count", ORDER(NUMBER), .cost = 0,
	    .help = "How many messages are in the work queue." },
	{ "smtp-auth-id-matches",
	    .args = { { .type = ARG_WORD,
			  .name = "target",
			  .words = auth_targets },
		{ .type = ARG_SIEVE, .name = "sieve", .optional = true } },
	    .cost = 1, .wants = HEADER,
	    .help = "The name of who authenticated is that of the target. "
		    "What follows the last sieve character in the user part "
		    "of an address is left out." },
	{ "dnslist", .args = { { .type = ARG_ZONE, .name = "zone" } },
	    EQUAL({ .type = ARG_IP, .name = "address" }), .alone = true,
	    .cost = 5,
	    .help = "The client is on that DNS list; compared: its answer is "
		    "that address." },
	{ "reputation",
	    ORDER({ .type = ARG_DECIMAL,
		.name = "n",
		.min = -10000,
		.max = 10000 }),
	    .cost = 1,
	    .help = "Reputation of the client, -10.0 to 10.0. Without a "
		    "score every comparison is false." },
	{ "no-reputation", .cost = 1,
	    .help = "The client has no reputation score." },
	{ "body-contains", .args = { PATTERN, THRESHOLD }, .cost = 4, SCAN,
	    .help = "Body and attachments have n matches." },
	{ "only-body-contains", .args = { PATTERN, THRESHOLD }, .cost = 4, SCAN,
	    .help = "The body has n matches." },
	{ "attachment-contains", .args = { PATTERN, THRESHOLD }, .cost = 4,
	    SCAN,
	    .help = "Attachments have n matches; in archives and in docx, "
		    "xlsx and pptx documents too. The text of PDF files and "
		    "of doc, xls and ppt is not read: a line of the log "
		    "says so." },
	{ "attachment-binary-contains",
	    .args = { { .type = ARG_REGEX_BYTES, .name = "regex" } }, .cost = 4,
	    SCAN, .help = "The bytes of an attachment match." },
	{ "every-attachment-contains", .args = { PATTERN, THRESHOLD },
	    .cost = 4, SCAN, .missing = "every-attachment-contains",
	    .help = "Each attachment has n matches." },
	{ "attachment-filename", EQUAL(REGEX), .cost = 3, SCAN,
	    .help = "Name of an attachment, or of a file in an archive." },
	{ "attachment-type", EQUAL(MIMETYPE), .cost = 3, SCAN,
	    .help = "Type of an attachment as declared, or as its name "
		    "suggests." },
	{ "attachment-mimetype", EQUAL(MIMETYPE), .cost = 3, SCAN,
	    .help = "Type of an attachment as declared." },
	{ "attachment-filetype",
	    EQUAL({ .type = ARG_FILETYPE, .name = "type" }), .cost = 3, SCAN,
	    .help = "Type, or group of types, that an attachment's content "
		    "shows." },
	{ "attachment-size", ORDER(NUMBER), .cost = 3, SCAN,
	    .help = "Size of any attachment, encoded." },
	{ "attachment-protected", .cost = 4, SCAN,
	    .help = "Some attachment or file in an archive needs a "
		    "password." },
	{ "attachment-unprotected", .cost = 4, SCAN,
	    .help = "Some attachment or file in an archive could be read." },
	{ "attachment-corrupt", .cost = 4, SCAN,
	    .help = "Some attachment is damaged and could not be scanned." },
	{ "encrypted", .cost = 3, SCAN,
	    .help = "The message has PGP or S/MIME encrypted data." },
	{ "signed", .cost = 3, .wants = BODY,
	    .help = "The message has an S/MIME signature, which is not "
		    "verified." },
	{ "signed-certificate", .args = { ANYTHING }, EQUAL(REGEX),
	    .alone = true, .cost = 3, .missing = "S/MIME certificates",
	    .help = "Issuer or signer of an S/MIME signature." },
	{ "smime-gateway-message", .cost = 3, .missing = "S/MIME gateway",
	    .help = "The message is S/MIME signed or encrypted." },
	{ "smime-gateway-verified", .cost = 3, .missing = "S/MIME gateway",
	    .help = "The gateway verified or decrypted the message." },
	{ "dictionary-match", .args = { DICTIONARY, THRESHOLD }, .cost = 4,
	    SCAN,
	    .help = "Body and attachments score n with the "
		    "dictionary." },
	{ "attachment-dictionary-match", .args = { DICTIONARY, THRESHOLD },
	    .cost = 4, SCAN, .help = "Attachments score n." },
	{ "body-dictionary-match", .args = { DICTIONARY, THRESHOLD }, .cost = 4,
	    SCAN, .help = "The body scores n." },
	{ "subject-dictionary-match", .args = { DICTIONARY }, .cost = 2,
	    .wants = HEADER, .help = "The subject has a term." },
	{ "header-dictionary-match",
	    .args = { DICTIONARY, { .type = ARG_HEADER, .name = "name" } },
	    .cost = 2, .wants = HEADER, .help = "That header has a term." },
	{ "mail-from-dictionary-match", .args = { DICTIONARY }, .cost = 2,
	    .help = "The envelope sender has a term." },
	{ "rcpt-to-dictionary-match", .args = { DICTIONARY }, .cost = 2,
	    .help = "Some envelope recipient has a term." },
	{ "header-repeats",
	    .args = { { .type = ARG_WORD, .name = "what", .words = repeats },
		{ .type = ARG_NUMBER,
		    .name = "n",
		    .min = 1,
		    .max = UINT32_MAX },
		{ .type = ARG_WORD,
		    .name = "direction",
		    .words = directions,
		    .optional = true } },
	    .cost = 9, .wants = HEADER,
	    .help = "In the last hour n messages had this subject or "
		    "envelope sender. Runs after all other rules; a message "
		    "for which it did not run is not counted." },
	{ "duplicate-boundaries", .cost = 2, .wants = BODY,
	    .help = "The same MIME boundary is declared twice." },
	{ "malformed-header", .cost = 2, .wants = BODY,
	    .help = "MIME headers are malformed." },
	{ "image-verdict", EQUAL(REGEX), .cost = 5, SCAN,
	    .missing = "image scanner",
	    .help = "What the image scanner says." },
	{ "url-reputation", .args = { ANYTHING }, .cost = 5,
	    .missing = "reputation of URLs",
	    .help = "Some URL has a score in that range." },
	{ "url-no-reputation", .args = { ANYTHING }, .cost = 5,
	    .missing = "reputation of URLs", .help = "Some URL has no score." },
	{ "url-category", .args = { ANYTHING }, .cost = 5,
	    .missing = "categories of URLs",
	    .help = "Some URL is of one of the categories." },
	{ "message-language", EQUAL(REGEX), .cost = 4, .wants = BODY,
	    .missing = "detection of languages",
	    .help = "Language of the message." },
	{ "forged-email-detection",
	    .args = { DICTIONARY,
		{ .type = ARG_NUMBER, .name = "n", .min = 1, .max = 100 } },
	    .cost = 3, .wants = HEADER,
	    .help = "The name in From is similar to an entry of the "
		    "dictionary, at least n of 100." },
	{ "geolocation-rule", .args = { ANYTHING }, .cost = 1,
	    .missing = "geolocation in filters",
	    .help = "Country of the client." },
	{ "macro-detection-rule",
	    .args = { { .type = ARG_TYPES,
		.name = "types",
		.words = filter_macro_types } },
	    .cost = 4, SCAN,
	    .help = "Some attachment of these types has macros." },
	{ "sdr-reputation", "domain-reputation", .args = { ANYTHING },
	    .cost = 5, .missing = "reputation of sender domains",
	    .help = "Reputation of the sender's domain." },
	{ "sdr-age", .args = { ANYTHING }, .cost = 5,
	    .missing = "reputation of sender domains",
	    .help = "Age of the sender's domain." },
	{ "sdr-unscannable", .args = { ANYTHING }, .cost = 1,
	    .missing = "reputation of sender domains",
	    .help = "The sender's domain could not be judged." },
	{ "url-external-threat-feeds", .args = { ANYTHING }, .cost = 5,
	    .missing = "external threat feeds",
	    .help = "Some URL is on a feed." },
	{ "file-hash-etf-rule", .args = { ANYTHING }, .cost = 5,
	    .missing = "external threat feeds",
	    .help = "Some attachment is on a feed." },
	{ "domain-external-threat-feeds", .args = { ANYTHING }, .cost = 5,
	    .missing = "external threat feeds",
	    .help = "The sender's domain is on a feed." },
};
const size_t n_filter_rules = NELEM(filter_rules);

const char *const filter_macro_types[] = { "Microsoft Office Files",
	"OLE File types", "Adobe Portable Document Format", NULL };

const struct rule_def *
rule_find(struct str name)
{
	for (size_t i = 0; i < n_filter_rules; i++) {
		if (name_is(name, filter_rules[i].name) ||
		    name_is(name, filter_rules[i].alias))
			return &filter_rules[i];
	}
	return NULL;
}

uint64_t
rule_weight(const struct rule_def *rule)
{
	static const uint64_t weights[] = { 1, 2, 4, 8, 16, 64, 256, 1024, 4096,
		65536 };

	return weights[rule->cost];
}
