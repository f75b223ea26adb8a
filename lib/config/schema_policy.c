/*
 * schema_policy.c - the keys of postern.yaml: mail flow policy parameters
 */
#include "base/bounds.h"
#include "config/schema_def.h"

static const struct choice levels[] = {
	/* off, if the peer can, always */
	{ "off", 0 },
	{ "preferred", 1 },
	{ "on", 1 },
	{ "required", 2 },
	{ NULL, 0 },
};
#define P(member) FIELD(policy_params, member)
#define ANY_MAX   1000000000

#define CODE(id, label, member, least, dflt_, text)                            \
	[MFP_##id] = { .name = label,                                          \
		P(member),                                                     \
		.type = &value_count,                                          \
		.min = least,                                                  \
		.max = 599,                                                    \
		DEFAULT(dflt_),                                                \
		.help = text }
#define TEXT(id, label, member, dflt_, text)                                   \
	[MFP_##id] = { .name = label,                                          \
		P(member),                                                     \
		.type = &value_text,                                           \
		.max = 1000,                                                   \
		.text_ok = name_reply,                                         \
		DEFAULT(dflt_),                                                \
		.help = text }
#define LIST_NAME(id, label, member, text)                                     \
	[MFP_##id] = { .name = label,                                          \
		P(member),                                                     \
		.type = &value_text,                                           \
		.refers = "address_lists",                                     \
		.max = NAME_MAX_LEN,                                           \
		DEFAULT(""),                                                   \
		.help = text }
#define LATER(id, label, member, text)                                         \
	[MFP_##id] = { .name = label,                                          \
		P(member),                                                     \
		.type = &value_bool,                                           \
		.flags = KEY_NOT_YET,                                          \
		DEFAULT("no"),                                                 \
		.help = text }
#define FLAG(id, label, member, dflt_, text)                                   \
	[MFP_##id] = { .name = label,                                          \
		P(member),                                                     \
		.type = &value_bool,                                           \
		DEFAULT(dflt_),                                                \
		.help = text }

static const struct schema_key params_keys[MFP_N] = {
	[MFP_MAX_MESSAGE_SIZE] = { .name = "max_message_size",
	    P(max_message_size),
	    .type = &value_size,
	    .min = 1024,
	    .max = (uint64_t)1 << 40,
	    DEFAULTS("10M", "100M"),
	    .help = "Largest message, counted as it is received." },
	[MFP_MAX_CONCURRENCY] = { .name = "max_concurrency",
	    P(max_concurrency),
	    .type = &value_count,
	    .flags = KEY_OFF,
	    .min = 1,
	    .max = ANY_MAX,
	    DEFAULTS("10", "600"),
	    .help = "Connections from one address at a time." },
	[MFP_MAX_MSGS_PER_SESSION] = { .name = "max_msgs_per_session",
	    P(max_msgs_per_session),
	    .type = &value_count,
	    .flags = KEY_OFF,
	    .min = 1,
	    .max = ANY_MAX,
	    DEFAULTS("10", "10000"),
	    .help = "Messages over one connection." },
	[MFP_MAX_RCPTS_PER_MSG] = { .name = "max_rcpts_per_msg",
	    P(max_rcpts_per_msg),
	    .type = &value_count,
	    .flags = KEY_OFF,
	    .min = 1,
	    .max = ANY_MAX,
	    DEFAULTS("50", "100000"),
	    .help = "Recipients of one message." },
	[MFP_MAX_RCPTS_PER_HOUR] = { .name = "max_rcpts_per_hour",
	    P(max_rcpts_per_hour),
	    .type = &value_count,
	    .flags = KEY_OFF,
	    .min = 1,
	    .max = ANY_MAX,
	    DEFAULT("unlimited"),
	    .help = "Recipients that one host may address in an hour." },
	[MFP_MAX_RCPTS_PER_SENDER] = { .name = "max_rcpts_per_sender",
	    P(max_rcpts_per_sender),
	    .type = &value_count,
	    .flags = KEY_OFF,
	    .min = 1,
	    .max = ANY_MAX,
	    DEFAULT("unlimited"),
	    .help = "Recipients that one envelope sender may address in "
		    "receiving.sender_interval. The null sender may address "
		    "any number." },
	[MFP_DHAP_LIMIT] = { .name = "dhap_limit",
	    P(dhap_limit),
	    .type = &value_count,
	    .flags = KEY_OFF | KEY_ZERO_OFF,
	    .min = 1,
	    .max = ANY_MAX,
	    DEFAULTS("25", "unlimited"),
	    .help = "Recipients that do not exist which one host may try in "
		    "an hour; the next one meets dhap_code. 0: any "
		    "number." },
	[MFP_USE_SB] = { .name = "use_sb",
	    P(use_sb),
	    .type = &value_bool,
	    DEFAULTS("on", "off"),
	    .help = "Whether the sender's reputation slows its mail." },
	[MFP_SPAM_CHECK] = { .name = "spam_check",
	    P(spam_check),
	    .type = &value_bool,
	    DEFAULTS("on", "off"),
	    .help = "Whether spam scanners see the mail." },
	[MFP_VIRUS_CHECK] = { .name = "virus_check",
	    P(virus_check),
	    .type = &value_bool,
	    DEFAULT("on"),
	    .help = "Whether virus scanners see the mail." },
	[MFP_TLS] = { .name = "tls",
	    P(tls),
	    .type = &value_choice,
	    .choices = levels,
	    DEFAULT("off"),
	    .help = "Whether STARTTLS is offered or required." },
	[MFP_SMTP_AUTH] = { .name = "smtp_auth",
	    P(smtp_auth),
	    .type = &value_choice,
	    .choices = levels,
	    DEFAULT("off"),
	    .help = "Whether AUTH is offered or required." },
	[MFP_SENDER_VERIFY] = { .name = "envelope_sender_verify",
	    P(envelope_sender_verify),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the sender's domain must exist in the DNS." },
	[MFP_EXCEPTION_TABLE] = { .name = "exception_table",
	    P(exception_table),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the domain exception table is asked about the "
		    "sender." },
	[MFP_BANNER_CODE] = { .name = "smtp_banner_code",
	    P(banner_code),
	    .type = &value_count,
	    .min = 200,
	    .max = 599,
	    DEFAULT("220"),
	    .help = "Reply code of the greeting; 554 unless said otherwise "
		    "where the behaviour is REJECT." },
	[MFP_BANNER_TEXT] = { .name = "smtp_banner_text",
	    P(banner_text),
	    .type = &value_text,
	    .max = 2000,
	    .text_ok = name_reply,
	    DEFAULT(""),
	    .help = "Text of the greeting, or of the refusal. $Group, "
		    "$Hostname, $OrgID, $RemoteIP and $HATEntry are replaced. "
		    "Empty: the usual one." },
	[MFP_OVERRIDE_HOSTNAME] = { .name = "override_hostname",
	    P(override_hostname),
	    .type = &value_text,
	    .max = 255,
	    .text_ok = name_domain,
	    DEFAULT(""),
	    .help = "Host name in the greeting and in replies that begin "
		    "with one. Empty: that of the interface; \"none\": no "
		    "name at all." },
	CODE(RCPTS_PER_HOUR_CODE, "max_rcpts_per_hour_code",
	    rcpts_per_hour_code, 400, "452",
	    "Reply code when max_rcpts_per_hour is reached."),
	TEXT(RCPTS_PER_HOUR_TEXT, "max_rcpts_per_hour_text",
	    rcpts_per_hour_text, "Too many recipients received this hour",
	    "Its text; variables are replaced as in the greeting."),
	CODE(RCPTS_PER_SENDER_CODE, "max_rcpts_per_sender_code",
	    rcpts_per_sender_code, 400, "452",
	    "Reply code when max_rcpts_per_sender is reached."),
	TEXT(RCPTS_PER_SENDER_TEXT, "max_rcpts_per_sender_text",
	    rcpts_per_sender_text,
	    "Too many recipients received from the sender", "Its text."),
	LIST_NAME(SENDER_EXCEPTIONS, "sender_exceptions", sender_exceptions,
	    "Name of an address list: senders that max_rcpts_per_sender "
	    "does not hold for."),
	FLAG(DHAP_DROP, "dhap_drop", dhap_drop, "on",
	    "Whether a connection that reaches dhap_limit is closed."),
	CODE(DHAP_CODE, "dhap_code", dhap_code, 400, "550",
	    "Reply code when dhap_limit is reached."),
	TEXT(DHAP_TEXT, "dhap_text", dhap_text, "Too many invalid recipients",
	    "Its text."),
	[MFP_SIGNIFICANT_BITS] = { .name = "significant_bits",
	    P(significant_bits),
	    .type = &value_count,
	    .flags = KEY_OFF,
	    .min = 0,
	    .max = 128,
	    DEFAULT("off"),
	    .help = "Clients whose addresses agree in that many leading bits "
		    "share their counts of recipients. Up to 32: bits of IPv4, "
		    "and in IPv6 each /64 has its own; more: of the 128 of "
		    "IPv6, and each IPv4 address has its own. off, or use_sb "
		    "on: each address has its own, in IPv6 each /64." },
	LIST_NAME(TLS_MANDATORY_LIST, "tls_mandatory_list", tls_mandatory_list,
	    "Name of an address list: senders that must use TLS where tls "
	    "is preferred."),
	FLAG(TLS_VERIFY, "tls_verify", tls_verify, "off",
	    "Whether the client's certificate is checked: one that is not "
	    "valid ends the handshake; where tls is required there must be "
	    "one."),
	FLAG(AUTH_REQUIRE_TLS, "auth_require_tls", auth_require_tls, "on",
	    "Whether AUTH is offered under TLS only."),
	CODE(MALFORMED_CODE, "sender_malformed_code", malformed_code, 400,
	    "553",
	    "Reply code when the sender has no full domain and "
	    "envelope_sender_verify is on."),
	TEXT(MALFORMED_TEXT, "sender_malformed_text", malformed_text,
	    "#5.5.4 Domain required for sender address",
	    "Its text; $EnvelopeSender is replaced."),
	CODE(MISSING_CODE, "sender_missing_code", missing_code, 400, "553",
	    "Reply code when the domain of the sender does not exist."),
	TEXT(MISSING_TEXT, "sender_missing_text", missing_text,
	    "#5.1.8 Domain of sender address <$EnvelopeSender> does not "
	    "exist",
	    "Its text; $EnvelopeSender is replaced."),
	CODE(UNRESOLVED_CODE, "sender_unresolved_code", unresolved_code, 400,
	    "451",
	    "Reply code when it cannot be said whether the domain of "
	    "the sender exists."),
	TEXT(UNRESOLVED_TEXT, "sender_unresolved_text", unresolved_text,
	    "#4.1.8 Domain of sender address <$EnvelopeSender> does not "
	    "resolve",
	    "Its text; $EnvelopeSender is replaced."),
	FLAG(DKIM_SIGNING, "dkim_signing", dkim_signing, "off",
	    "Whether mail is signed when it is delivered: as the profile of "
	    "dkim_profiles says that fits its sender."),
	LATER(DKIM_VERIFICATION, "dkim_verification", dkim_verification,
	    "Whether DKIM signatures are verified."),
	LATER(SMIME_VERIFICATION, "smime_verification", smime_verification,
	    "Whether S/MIME messages are decrypted and verified."),
	LATER(SMIME_KEY_HARVESTING, "smime_key_harvesting",
	    smime_key_harvesting,
	    "Whether the keys of S/MIME messages are collected."),
	LATER(SPF_VERIFICATION, "spf_verification", spf_verification,
	    "Whether SPF is verified."),
	LATER(DMARC_VERIFICATION, "dmarc_verification", dmarc_verification,
	    "Whether DMARC is verified."),
	FLAG(UNTAGGED_BOUNCES, "untagged_bounces", untagged_bounces, "no",
	    "Whether bounces without a tag of ours are accepted, where "
	    "bounce verification is in use."),
};
const struct schema_section schema_policy_params = {
	SECTION(policy_params, "policy parameters", params_keys), NO_WHERE
};
