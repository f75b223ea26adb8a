/*
 * schema_verdict.c - the keys of postern.yaml: what a mail policy makes of
 * the verdicts of scanners and outbreak filters
 */
#include "config/load_work.h"
#include "config/schema_def.h"

#define SPAM_ACTION                                                            \
	"What becomes of it; quarantine is the spam quarantine, and while "    \
	"that is not enabled the message is delivered. Incoming mail is "      \
	"dropped instead of bounced: its sender is mostly forged."
#define VIRUS_ACTION                                                           \
	"What becomes of it; attachment: delivered as an attachment of a new " \
	"message; quarantine is the quarantine Virus."

static const struct choice spam_actions[] = {
	{ "deliver", DISPOSE_DELIVER },
	{ "drop", DISPOSE_DROP },
	{ "bounce", DISPOSE_BOUNCE },
	{ "quarantine", DISPOSE_QUARANTINE },
	{ NULL, 0 },
};
static const struct choice virus_actions[] = {
	{ "deliver", DISPOSE_DELIVER },
	{ "attachment", DISPOSE_ATTACHMENT },
	{ "drop", DISPOSE_DROP },
	{ "quarantine", DISPOSE_QUARANTINE },
	{ NULL, 0 },
};
static const struct choice subject_changes[] = {
	{ "none", SUBJECT_NONE },
	{ "prepend", SUBJECT_PREPEND },
	{ "append", SUBJECT_APPEND },
	{ NULL, 0 },
};
static const struct choice url_rewriting[] = {
	{ "off", 0 },
	{ "unsigned", 1 },
	{ "all", 2 },
	{ NULL, 0 },
};

#define ACTION_KEY(S, v, words, dflt, text)                                    \
	{                                                                      \
		.name = "action", FIELD(S, v.disposition),                     \
		.type = &value_choice, .choices = words, DEFAULT(dflt),        \
		.help = text                                                   \
	}
#define ARCHIVE_KEY(S, v, log)                                                 \
	{                                                                      \
		.name = "archive", FIELD(S, v.archive), .type = &value_bool,   \
		DEFAULT("no"),                                                 \
		.help =                                                        \
		    "Whether the message as it was is added to the log " log   \
		    "."                                                        \
	}
#define SUBJECT_KEYS(S, kind, words, dflt)                                     \
	{ .name = "subject",                                                   \
		FIELD(S, kind),                                                \
		.type = &value_choice,                                         \
		.choices = subject_changes,                                    \
		DEFAULT("prepend"),                                            \
		.help = "Whether subject_text is put before or behind the "    \
			"subject." },                                          \
	{                                                                      \
		.name = "subject_text", FIELD(S, words), .type = &value_text,  \
		.max = 200, .text_ok = name_ascii, DEFAULT(dflt),              \
		.help = "ASCII; blanks count."                                 \
	}
#define HEADER_KEYS(S, v)                                                      \
	{ .name = "header",                                                    \
		FIELD(S, v.header_name),                                       \
		.type = &value_text,                                           \
		.max = 76,                                                     \
		.text_ok = name_header,                                        \
		DEFAULT(""),                                                   \
		.help = "Name of a header field that is added." },             \
	{                                                                      \
		.name = "header_value", FIELD(S, v.header_value),              \
		.type = &value_text, .max = 900, .text_ok = name_ascii,        \
		DEFAULT(""), .help = "Its value."                              \
	}
#define REDIRECT_KEYS(S, v)                                                    \
	{ .name = "alternate_recipient",                                       \
		FIELD(S, v.alt_rcpt),                                          \
		.type = &value_text,                                           \
		.max = ADDR_MAX,                                               \
		.text_ok = name_mailbox,                                       \
		DEFAULT(""),                                                   \
		.help = "Who gets it in place of its recipients." },           \
	{                                                                      \
		.name = "alternate_host", FIELD(S, v.alt_host),                \
		.type = &value_text, .max = 260, .text_ok = name_host,         \
		DEFAULT(""), .help = "The host that it is delivered to."       \
	}
#define NOTIFY_KEYS(S, v)                                                      \
	{ .name = "notify_sender",                                             \
		FIELD(S, v.notify_sender),                                     \
		.type = &value_bool,                                           \
		DEFAULT("no"),                                                 \
		.help = "Whether its sender is told." },                       \
	    { .name = "notify_recipients",                                     \
		    FIELD(S, v.notify_rcpt),                                   \
		    .type = &value_bool,                                       \
		    DEFAULT("no"),                                             \
		    .help = "Whether its recipients are told." },              \
	    { .name = "notify_others",                                         \
		    FIELD(S, v.notify_others),                                 \
		    .type = &value_text,                                       \
		    .max = 2000,                                               \
		    .text_ok = name_mailboxes,                                 \
		    DEFAULT(""),                                               \
		    .help =                                                    \
			"Addresses of others who are told, with commas." },    \
	{                                                                      \
		.name = "notify_text", FIELD(S, v.notify_template),            \
		.type = &value_text, .max = NAME_MAX_LEN,                      \
		.refers = "text_resources", DEFAULT(""),                       \
		.help = "Text resource of the type virus-notification with "   \
			"what they are told; empty: the usual one."            \
	}

static const struct schema_key positive_keys[] = {
	{ .name = "score",
	    FIELD(mail_policy, spam.positive),
	    .type = &value_count,
	    .min = 50,
	    .max = 99,
	    DEFAULT("90"),
	    .help = "A score of 0 to 100 from which on it is spam." },
	ACTION_KEY(mail_policy, spam.on_positive, spam_actions, "quarantine",
	    SPAM_ACTION),
	ARCHIVE_KEY(mail_policy, spam.on_positive, "antispam"),
	SUBJECT_KEYS(mail_policy, spam.on_positive.subject,
	    spam.on_positive.subject_text, "[SPAM] "),
	HEADER_KEYS(mail_policy, spam.on_positive),
	REDIRECT_KEYS(mail_policy, spam.on_positive),
};
static const struct schema_key suspected_keys[] = {
	{ .name = "enabled",
	    FIELD(mail_policy, spam.on_suspected.enabled),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether anything is done about suspected spam." },
	{ .name = "score",
	    FIELD(mail_policy, spam.suspected),
	    .type = &value_count,
	    .min = 25,
	    .max = 99,
	    DEFAULT("50"),
	    .help = "The score from which on it is suspected." },
	ACTION_KEY(mail_policy, spam.on_suspected, spam_actions, "quarantine",
	    SPAM_ACTION),
	ARCHIVE_KEY(mail_policy, spam.on_suspected, "antispam"),
	SUBJECT_KEYS(mail_policy, spam.on_suspected.subject,
	    spam.on_suspected.subject_text, "[SUSPECTED SPAM] "),
	HEADER_KEYS(mail_policy, spam.on_suspected),
	REDIRECT_KEYS(mail_policy, spam.on_suspected),
};
static const struct schema_section positive_section = {
	SECTION(mail_policy, "positive", positive_keys), NO_WHERE
};
static const struct schema_section suspected_section = {
	SECTION(mail_policy, "suspected", suspected_keys), NO_WHERE
};
static const struct schema_key spam_keys[] = {
	{ .name = "positive", .section = &positive_section, .help = "Spam." },
	{ .name = "suspected",
	    .section = &suspected_section,
	    .help = "What may be spam." },
};
const struct schema_section schema_policy_spam = { SECTION(mail_policy,
						       "anti-spam", spam_keys),
	NO_WHERE, .finish = load_spam_settings_finish };

#define ON(class) virus.on[class]
static const struct schema_key repaired_keys[] = {
	ACTION_KEY(mail_policy, ON(VIRUS_REPAIRED), virus_actions, "deliver",
	    VIRUS_ACTION),
	ARCHIVE_KEY(mail_policy, ON(VIRUS_REPAIRED), "antivirus"),
	SUBJECT_KEYS(mail_policy, ON(VIRUS_REPAIRED).subject,
	    ON(VIRUS_REPAIRED).subject_text, "[WARNING: VIRUS REMOVED] "),
	HEADER_KEYS(mail_policy, ON(VIRUS_REPAIRED)),
	NOTIFY_KEYS(mail_policy, ON(VIRUS_REPAIRED)),
};
static const struct schema_key encrypted_keys[] = {
	ACTION_KEY(mail_policy, ON(VIRUS_ENCRYPTED), virus_actions, "deliver",
	    VIRUS_ACTION),
	ARCHIVE_KEY(mail_policy, ON(VIRUS_ENCRYPTED), "antivirus"),
	SUBJECT_KEYS(mail_policy, ON(VIRUS_ENCRYPTED).subject,
	    ON(VIRUS_ENCRYPTED).subject_text, "[WARNING: MESSAGE ENCRYPTED] "),
	HEADER_KEYS(mail_policy, ON(VIRUS_ENCRYPTED)),
	REDIRECT_KEYS(mail_policy, ON(VIRUS_ENCRYPTED)),
	NOTIFY_KEYS(mail_policy, ON(VIRUS_ENCRYPTED)),
};
static const struct schema_key unscannable_keys[] = {
	ACTION_KEY(mail_policy, ON(VIRUS_UNSCANNABLE), virus_actions,
	    "quarantine", VIRUS_ACTION),
	ARCHIVE_KEY(mail_policy, ON(VIRUS_UNSCANNABLE), "antivirus"),
	SUBJECT_KEYS(mail_policy, ON(VIRUS_UNSCANNABLE).subject,
	    ON(VIRUS_UNSCANNABLE).subject_text, "[WARNING: A/V UNSCANNABLE] "),
	HEADER_KEYS(mail_policy, ON(VIRUS_UNSCANNABLE)),
	REDIRECT_KEYS(mail_policy, ON(VIRUS_UNSCANNABLE)),
	NOTIFY_KEYS(mail_policy, ON(VIRUS_UNSCANNABLE)),
};
static const struct schema_key infected_keys[] = {
	ACTION_KEY(mail_policy, ON(VIRUS_INFECTED), virus_actions, "drop",
	    VIRUS_ACTION),
	ARCHIVE_KEY(mail_policy, ON(VIRUS_INFECTED), "antivirus"),
	SUBJECT_KEYS(mail_policy, ON(VIRUS_INFECTED).subject,
	    ON(VIRUS_INFECTED).subject_text, "[WARNING: VIRUS DETECTED] "),
	HEADER_KEYS(mail_policy, ON(VIRUS_INFECTED)),
	REDIRECT_KEYS(mail_policy, ON(VIRUS_INFECTED)),
	NOTIFY_KEYS(mail_policy, ON(VIRUS_INFECTED)),
};
static const struct schema_section repaired_section = {
	SECTION(mail_policy, "repaired", repaired_keys), NO_WHERE
};
static const struct schema_section encrypted_section = {
	SECTION(mail_policy, "encrypted", encrypted_keys), NO_WHERE
};
static const struct schema_section unscannable_section = {
	SECTION(mail_policy, "unscannable", unscannable_keys), NO_WHERE
};
static const struct schema_section infected_section = {
	SECTION(mail_policy, "infected", infected_keys), NO_WHERE
};
static const struct schema_key virus_keys[] = {
	{ .name = "repair",
	    FIELD(mail_policy, virus.repair),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether infected parts are taken out of the message." },
	{ .name = "drop_infected",
	    FIELD(mail_policy, virus.drop_infected),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether attachments that are infected are dropped when "
		    "the message was not repaired." },
	{ .name = "header",
	    FIELD(mail_policy, virus.header),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether messages say in X-Postern-AV that they were "
		    "scanned." },
	{ .name = "container",
	    FIELD(mail_policy, virus.container),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .refers = "text_resources",
	    DEFAULT(""),
	    .help = "Text resource of the type virus-container: the text of "
		    "a message that carries an infected one as an "
		    "attachment. Empty: the usual one." },
	{ .name = "repaired",
	    .section = &repaired_section,
	    .help = "Messages that every virus was removed from." },
	{ .name = "encrypted",
	    .section = &encrypted_section,
	    .help = "Messages with a part that is encrypted, or protected by "
		    "a password." },
	{ .name = "unscannable",
	    .section = &unscannable_section,
	    .help = "Messages that the scanner failed on, or could not look "
		    "at." },
	{ .name = "infected",
	    .section = &infected_section,
	    .help = "Messages with a virus that is still there." },
};
const struct schema_section schema_policy_virus = {
	SECTION(mail_policy, "anti-virus", virus_keys), NO_WHERE,
	.finish = load_virus_settings_finish
};

static const struct schema_key outbreak_keys[] = {
	{ .name = "threshold",
	    FIELD(mail_policy, outbreak.threshold),
	    .type = &value_count,
	    .min = 1,
	    .max = 5,
	    DEFAULT("3"),
	    .help = "The threat level, from 1 to 5, from which on messages "
		    "are held in the quarantine Outbreak." },
	{ .name = "retention_viral",
	    FIELD(mail_policy, outbreak.retention_viral),
	    .type = &value_time,
	    .min = 60,
	    .max = 30 * 86400,
	    DEFAULT("1d"),
	    .help = "How long they are held at most, for attachments that "
		    "may be infected." },
	{ .name = "retention_other",
	    FIELD(mail_policy, outbreak.retention_other),
	    .type = &value_time,
	    .min = 60,
	    .max = 30 * 86400,
	    DEFAULT("4h"),
	    .help = "Likewise for other threats." },
	{ .name = "deliver_non_viral",
	    FIELD(mail_policy, outbreak.deliver_non_viral),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether messages with other threats are delivered, "
		    "changed as said below, without being held." },
	{ .name = "bypass_extensions",
	    LIST(mail_policy, outbreak.bypass, outbreak.n_bypass),
	    .type = &value_text,
	    .min = 1,
	    .max = 200,
	    .text_ok = name_file,
	    .help = "Extensions of file names that are not looked at: "
		    "pdf." },
	{ .name = "modify",
	    FIELD(mail_policy, outbreak.modify),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether messages with other threats than viruses are "
		    "changed: subject, links, a disclaimer. Without it they "
		    "are not held either." },
	{ .name = "modify_threshold",
	    FIELD(mail_policy, outbreak.modify_threshold),
	    .type = &value_count,
	    .min = 1,
	    .max = 5,
	    DEFAULT("3"),
	    .help = "The threat level from which on they are." },
	SUBJECT_KEYS(mail_policy, outbreak.subject, outbreak.subject_text,
	    "[Possible $threat_category Fraud] "),
	{ .name = "headers",
	    FIELD(mail_policy, outbreak.headers),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the messages say in header fields what was "
		    "found." },
	{ .name = "alternate_host",
	    FIELD(mail_policy, outbreak.alt_host),
	    .type = &value_text,
	    .max = 260,
	    .text_ok = name_host,
	    DEFAULT(""),
	    .help = "The host that they are delivered to." },
	{ .name = "rewrite_urls",
	    FIELD(mail_policy, outbreak.rewrite_urls),
	    .type = &value_choice,
	    .choices = url_rewriting,
	    DEFAULT("unsigned"),
	    .help = "Links in them are rewritten: in all messages, in those "
		    "that are not signed, in none." },
	{ .name = "url_bypass",
	    LIST(mail_policy, outbreak.url_bypass, outbreak.n_url_bypass),
	    .type = &value_text,
	    .min = 1,
	    .max = 1000,
	    .text_ok = name_domain_or_suffix,
	    .help = "Domains whose links stay as they are." },
	{ .name = "disclaimer",
	    FIELD(mail_policy, outbreak.disclaimer),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .refers = "text_resources",
	    DEFAULT(""),
	    .help = "Text resource that is put above their text; empty: "
		    "none." },
};
const struct schema_section schema_policy_outbreak = {
	SECTION(mail_policy, "outbreak", outbreak_keys), NO_WHERE
};
