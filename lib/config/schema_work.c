/*
 * schema_work.c - the keys of postern.yaml: scanning, scanners, outbreak
 * filters, quarantines
 */
#include "config/load_work.h"
#include "config/schema_def.h"

#define MEBIBYTE ((uint64_t)1 << 20)

static const struct choice scan_lists[] = {
	{ "skip", 0 },
	{ "only", 1 },
	{ NULL, 0 },
};
static const struct choice unpackable[] = {
	{ "deliver", UNPACKABLE_DELIVER },
	{ "bounce", UNPACKABLE_BOUNCE },
	{ "drop", UNPACKABLE_DROP },
	{ "quarantine", UNPACKABLE_QUARANTINE },
	{ NULL, 0 },
};
static const struct choice stamp_signed[] = {
	{ "skip", 0 },
	{ "wrap", 1 },
	{ "force", 2 },
	{ NULL, 0 },
};
static const struct choice spam_engines[] = {
	{ "off", SPAM_OFF },
	{ "spamd", SPAM_SPAMD },
	{ "rspamd", SPAM_RSPAMD },
	{ NULL, 0 },
};
static const struct choice virus_engines[] = {
	{ "off", VIRUS_OFF },
	{ "clamd", VIRUS_CLAMD },
	{ "icap", VIRUS_ICAP },
	{ NULL, 0 },
};
static const struct choice failures[] = {
	{ "deliver", 0 },
	{ "requeue", 1 },
	{ NULL, 0 },
};
static const struct choice rewritings[] = {
	{ "defang", 0 },
	{ "text", 1 },
	{ "redirect", 2 },
	{ NULL, 0 },
};
static const struct choice default_actions[] = {
	{ "delete", 0 },
	{ "release", 1 },
	{ NULL, 0 },
};
static const struct choice subject_changes[] = {
	{ "none", SUBJECT_NONE },
	{ "prepend", SUBJECT_PREPEND },
	{ "append", SUBJECT_APPEND },
	{ NULL, 0 },
};

static const struct schema_key scan_keys[] = {
	{ .name = "list",
	    FIELD(config, work.scan.scan_only),
	    .type = &value_choice,
	    .choices = scan_lists,
	    DEFAULT("skip"),
	    .help = "Whether attachments of the types below are skipped, or "
		    "are the only ones that are scanned." },
	{ .name = "types",
	    CUSTOM(load_scan_types, print_scan_types,
		"none, or one or more MIME types, also as audio/*, or names "
		"of groups of file types, such as Image"),
	    .help = "Types of attachments. Without it: audio/*, image/*, "
		    "video/*, Image, Media." },
	{ .name = "max_depth",
	    FIELD(config, work.scan.max_depth),
	    .type = &value_count,
	    .min = 0,
	    .max = 50,
	    DEFAULT("5"),
	    .help = "How deep attachments may stand inside of others." },
	{ .name = "max_size",
	    FIELD(config, work.scan.max_size),
	    .type = &value_size,
	    .min = 0,
	    .max = 25 * MEBIBYTE,
	    DEFAULT("5M"),
	    .help = "The largest attachment that is scanned." },
	{ .name = "metadata",
	    FIELD(config, work.scan.metadata),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether the properties of documents are scanned." },
	{ .name = "timeout",
	    FIELD(config, work.scan.timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 600,
	    DEFAULT("30"),
	    .help = "How long the scan of an attachment may take." },
	{ .name = "assume_match",
	    FIELD(config, work.scan.assume_match),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether a rule is true of an attachment that could not "
		    "be scanned, or not to its end." },
	{ .name = "quarantine_on_error",
	    FIELD(config, work.scan.hold_on_error),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether a message that a filter failed on, or could not "
		    "scan all of, goes to the quarantine Policy: an attachment "
		    "is too large or too deep, damaged or encrypted, or an "
		    "expression came to its limits. No: it goes on as if "
		    "nothing had been found." },
	{ .name = "not_taken_apart",
	    FIELD(config, work.scan.unpackable),
	    .type = &value_choice,
	    .choices = unpackable,
	    DEFAULT("quarantine"),
	    .help = "What becomes of a message that parts shall be dropped "
		    "from and that cannot be taken apart; the quarantine is "
		    "Policy." },
	{ .name = "bypass_on_error",
	    FIELD(config, work.scan.bypass_on_error),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether a filter that fails, as an expression came to its "
		    "limits, ends there, and those behind it do not run. What "
		    "cannot be scanned is no such failure." },
	{ .name = "charset",
	    FIELD(config, work.scan.charset),
	    .type = &value_text,
	    .min = 1,
	    .max = 40,
	    .text_ok = name_file,
	    DEFAULT("us-ascii"),
	    .help = "Character set of text that names none." },
	{ .name = "max_expanded",
	    FIELD(config, work.scan.max_expanded),
	    .type = &value_size,
	    .min = MEBIBYTE,
	    .max = 4096 * MEBIBYTE,
	    DEFAULT("100M"),
	    .help = "What all archives of a message may expand to." },
	{ .name = "max_members",
	    FIELD(config, work.scan.max_members),
	    .type = &value_count,
	    .min = 1,
	    .max = 1000000,
	    DEFAULT("10000"),
	    .help = "How many files an archive may have." },
};
static const struct schema_section scan_section = {
	SECTION(config, "scanning", scan_keys), NO_WHERE
};

static const struct schema_key locale_keys[] = {
	{ .name = "header_in_body_charset",
	    FIELD(config, work.locale.header_in_body_charset),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether a header field that is changed is written in "
		    "the character set of the body. No: in US-ASCII, or "
		    "UTF-8 where that is needed." },
	{ .name = "impose_body_charset",
	    FIELD(config, work.locale.impose_body_charset),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether header fields with 8-bit text and without a "
		    "character set are read in that of the body." },
	{ .name = "try_footer_charset",
	    FIELD(config, work.locale.try_footer_charset),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the body may get the character set of a heading "
		    "or footer that its own does not have. Otherwise that is "
		    "a part of its own." },
	{ .name = "stamp_signed",
	    FIELD(config, work.locale.stamp_signed),
	    .type = &value_choice,
	    .choices = stamp_signed,
	    DEFAULT("skip"),
	    .help = "Headings and footers of signed messages: skip them, "
		    "wrap the message beside them, or force them in, which "
		    "breaks the signature." },
};
static const struct schema_section locale_section = {
	SECTION(config, "locale", locale_keys), NO_WHERE
};

#define SERVERS "host or address, each with :port if wanted, several as a list"
static const struct schema_key spam_keys[] = {
	{ .name = "engine",
	    FIELD(config, work.spam.engine),
	    .type = &value_choice,
	    .choices = spam_engines,
	    DEFAULT("off"),
	    .help = "Which scanner is asked: spamd of SpamAssassin, or "
		    "rspamd." },
	{ .name = "servers",
	    CUSTOM(load_spam_servers, print_spam_servers, SERVERS),
	    .help = "Where it is: the first that can be reached. Without it: "
		    "127.0.0.1. Ports are 783 and 11333." },
	{ .name = "timeout",
	    FIELD(config, work.spam.timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 120,
	    DEFAULT("60"),
	    .help = "How long it may take for a message." },
	{ .name = "always_scan_up_to",
	    FIELD(config, work.spam.always_up_to),
	    .type = &value_size,
	    .min = 1024,
	    .max = 1024 * MEBIBYTE,
	    DEFAULT("512k"),
	    .help = "Messages up to this size are scanned whole, larger ones "
		    "cut." },
	{ .name = "never_scan_above",
	    FIELD(config, work.spam.never_above),
	    .type = &value_size,
	    .min = 1024,
	    .max = 1024 * MEBIBYTE,
	    DEFAULT("1M"),
	    .help = "Messages above this size are not scanned." },
	{ .name = "on_failure",
	    FIELD(config, work.spam.requeue),
	    .type = &value_choice,
	    .choices = failures,
	    DEFAULT("deliver"),
	    .help = "What becomes of messages while no server answers: "
		    "deliver them unscanned, or requeue them and try again "
		    "every minute, for a day." },
};
static const struct schema_section spam_section = { SECTION(config, "anti-spam",
							spam_keys),
	NO_WHERE, .finish = load_spam_scanner_finish };

static const struct schema_key virus_keys[] = {
	{ .name = "engine",
	    FIELD(config, work.virus.engine),
	    .type = &value_choice,
	    .choices = virus_engines,
	    DEFAULT("off"),
	    .help = "Which scanner is asked: clamd of ClamAV, or any by "
		    "ICAP." },
	{ .name = "servers",
	    CUSTOM(load_virus_servers, print_virus_servers, SERVERS),
	    .help = "Where it is: the first that can be reached. Without it: "
		    "127.0.0.1. Ports are 3310 and 1344." },
	{ .name = "service",
	    FIELD(config, work.virus.service),
	    .type = &value_text,
	    .min = 1,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    DEFAULT("avscan"),
	    .help = "Name of the service, with ICAP." },
	{ .name = "timeout",
	    FIELD(config, work.virus.timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 600,
	    DEFAULT("60"),
	    .help = "How long it may take for a message." },
	{ .name = "max_size",
	    FIELD(config, work.virus.never_above),
	    .type = &value_size,
	    .min = 1024,
	    .max = 1024 * MEBIBYTE,
	    DEFAULT("100M"),
	    .help = "Larger messages count as unscannable." },
};
static const struct schema_section virus_section = {
	SECTION(config, "anti-virus", virus_keys), NO_WHERE
};

static const struct schema_key outbreak_keys[] = {
	{ .name = "enabled",
	    FIELD(config, work.outbreak.enabled),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether outbreak filters look at messages, for the "
		    "policies that have them enabled." },
	{ .name = "adaptive",
	    FIELD(config, work.outbreak.adaptive),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether the rules that come with Postern are used "
		    "beside those of the feed." },
	{ .name = "max_size",
	    FIELD(config, work.outbreak.max_size),
	    .type = &value_size,
	    .min = 1024,
	    .max = 1024 * MEBIBYTE,
	    DEFAULT("512k"),
	    .help = "Larger messages are not looked at." },
	{ .name = "url",
	    FIELD(config, work.outbreak.url),
	    .type = &value_text,
	    .max = 1000,
	    .text_ok = name_https,
	    DEFAULT(""),
	    .help = "Where the rules come from: https://host/path." },
	{ .name = "public_key",
	    FIELD(config, work.outbreak.public_key),
	    .type = &value_text,
	    .max = 100,
	    DEFAULT(""),
	    .help = "The Ed25519 key of whoever signs them, 32 bytes in "
		    "base64." },
	{ .name = "authorities",
	    FIELD(config, work.outbreak.authorities),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "A file below tables/ with the certificates (PEM) of the "
		    "authorities that may vouch for the feed's server. Empty: "
		    "those of the system." },
	{ .name = "file",
	    FIELD(config, work.outbreak.file),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "A file below tables/ with rules of your own, in the "
		    "format of the feed. It needs no signature, and is used "
		    "beside it or without it." },
	{ .name = "interval",
	    FIELD(config, work.outbreak.interval),
	    .type = &value_time,
	    .min = 60,
	    .max = 86400,
	    DEFAULT("5m"),
	    .help = "How often they are fetched." },
	{ .name = "rewrite",
	    FIELD(config, work.outbreak.rewrite),
	    .type = &value_choice,
	    .choices = rewritings,
	    DEFAULT("defang"),
	    .help = "What becomes of links where a policy rewrites them. "
		    "defang: hxxp://, with dots in brackets. text: "
		    "rewrite_text takes their place. redirect: they are put, "
		    "encoded, behind rewrite_text." },
	{ .name = "rewrite_text",
	    FIELD(config, work.outbreak.rewrite_text),
	    .type = &value_text,
	    .max = 1000,
	    .text_ok = name_ascii,
	    DEFAULT(""),
	    .help = "For redirect such as "
		    "https://click.example.com/?u=." },
};
static const struct schema_section outbreak_section = {
	SECTION(config, "outbreak filters", outbreak_keys), NO_WHERE,
	.finish = load_outbreak_finish
};

static const struct schema_key quarantine_keys[] = {
	{ .name = "name",
	    FIELD(quarantine, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    .help = "What filters call it. Policy, Virus, Outbreak, "
		    "Unclassified and Unprocessable are there even when they "
		    "are not written; their defaults are 10 days, 30 days, as "
		    "the mail policy says, 30 days, 30 days; Outbreak and "
		    "Unclassified release. Unprocessable holds what ended "
		    "programs that were at it." },
	{ .name = "retention",
	    FIELD(quarantine, retention),
	    .type = &value_time,
	    .min = 0,
	    .max = 3650 * (uint64_t)86400,
	    DEFAULT("10d"),
	    .help = "How long messages are held. Not for Outbreak." },
	{ .name = "action",
	    FIELD(quarantine, release),
	    .type = &value_choice,
	    .choices = default_actions,
	    DEFAULT("delete"),
	    .help = "What becomes of them then." },
	{ .name = "free_space",
	    FIELD(quarantine, may_overflow),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether the same becomes of its oldest messages earlier "
		    "when all quarantines together are full." },
	{ .name = "subject",
	    FIELD(quarantine, subject),
	    .type = &value_choice,
	    .choices = subject_changes,
	    DEFAULT("none"),
	    .help = "Messages that are released so get subject_text before "
		    "or behind their subject." },
	{ .name = "subject_text",
	    FIELD(quarantine, subject_text),
	    .type = &value_text,
	    .max = 200,
	    .text_ok = name_ascii,
	    DEFAULT(""),
	    .help = "ASCII; blanks count." },
	{ .name = "header",
	    FIELD(quarantine, header_name),
	    .type = &value_text,
	    .max = 76,
	    .text_ok = name_header,
	    DEFAULT(""),
	    .help = "Name of a header field that they get." },
	{ .name = "header_value",
	    FIELD(quarantine, header_value),
	    .type = &value_text,
	    .max = 900,
	    .text_ok = name_ascii,
	    DEFAULT(""),
	    .help = "Its value." },
	{ .name = "strip_attachments",
	    FIELD(quarantine, strip_attachments),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether they lose their attachments." },
};
const struct schema_section schema_quarantine = {
	SECTION(quarantine, "quarantine", quarantine_keys), WHERE(quarantine),
	.finish = load_quarantine_finish
};

static const struct schema_key spam_quarantine_keys[] = {
	{ .name = "enabled",
	    FIELD(config, work.spam_quarantine.enabled),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether there is one." },
	{ .name = "max_size",
	    FIELD(config, work.spam_quarantine.max_size),
	    .type = &value_size,
	    .min = MEBIBYTE,
	    .max = (uint64_t)1 << 50,
	    DEFAULT("1G"),
	    .help = "Disk space that it may take." },
	{ .name = "delete_oldest",
	    FIELD(config, work.spam_quarantine.delete_oldest),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether its oldest messages are deleted when it is full. "
		    "Otherwise spam waits in the queue." },
	{ .name = "retention",
	    FIELD(config, work.spam_quarantine.retention),
	    .type = &value_time,
	    .min = 60,
	    .max = 3650 * (uint64_t)86400,
	    DEFAULT("14d"),
	    .help = "How long messages are held before they are deleted." },
};
static const struct schema_section spam_quarantine_section = {
	SECTION(config, "spam quarantine", spam_quarantine_keys), NO_WHERE
};

static const struct schema_key work_keys[] = {
	{ .name = "scanning",
	    .section = &scan_section,
	    .flags = KEY_ALWAYS,
	    .help = "What rules that look into messages look at." },
	{ .name = "locale",
	    .section = &locale_section,
	    .help = "Character sets of what is changed." },
	{ .name = "anti_spam",
	    .section = &spam_section,
	    .help = "The spam scanner, which mail policies use." },
	{ .name = "anti_virus",
	    .section = &virus_section,
	    .help = "The virus scanner, likewise." },
	{ .name = "ironport_headers",
	    FIELD(config, work.ironport_headers),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether header fields of scanners are added under their "
		    "names in AsyncOS, too: X-IronPort-..." },
	{ .name = "outbreak_filters",
	    .section = &outbreak_section,
	    .help = "Rules against what scanners do not know yet." },
	{ .name = "quarantines",
	    LIST(config, work.quarantines, work.n_quarantines),
	    CUSTOM(load_quarantines, print_quarantines, NULL),
	    .section = &schema_quarantine,
	    .max = 1000,
	    .help = "Where messages are held until somebody, or time, "
		    "decides." },
	{ .name = "quarantine_space",
	    FIELD(config, work.quarantine_space),
	    .type = &value_size,
	    .min = MEBIBYTE,
	    .max = (uint64_t)1 << 50,
	    DEFAULT("5G"),
	    .help = "Disk space that all of them together may take." },
	{ .name = "spam_quarantine",
	    .section = &spam_quarantine_section,
	    .help = "The quarantine of spam, which has space of its own." },
	{ .section = &schema_mail_policies },
};
const struct schema_section schema_work = {
	SECTION(config, "work queue", work_keys), NO_WHERE
};
