/*
 * schema_delivery.c - the keys of postern.yaml: delivery, bounce profiles,
 * destinations
 */
#include "config/load_tables.h"
#include "config/schema_def.h"

static const struct schema_key delivery_keys[] = {
	{ .name = "interface",
	    FIELD(config, out_interface),
	    .type = &value_text,
	    .refers = "interfaces",
	    .none = "Auto",
	    .max = 80,
	    DEFAULT(""),
	    .help = "Interface that mail leaves by which no virtual gateway "
		    "takes. Empty: the system chooses." },
	{ .name = "tls_alert",
	    FIELD(config, tls_alert),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether there is an alert when a destination does not "
		    "come up to the TLS that it must have; at most one an "
		    "hour for each." },
	{ .name = "certificate",
	    FIELD(config, out_certificate),
	    .type = &value_text,
	    .refers = "certificates",
	    .max = 80,
	    DEFAULT(""),
	    .help = "Certificate that we show to servers which ask for ours, "
		    "under TLS. Empty: none." },
	{ .name = "max_connections",
	    FIELD(config, max_out_connections),
	    .type = &value_count,
	    .min = 1,
	    .max = 10000,
	    DEFAULT("10000"),
	    .help = "Outgoing connections to all destinations together." },
	{ .name = "connect_timeout",
	    FIELD(config, connect_timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 3600,
	    DEFAULT("30"),
	    .help = "How long to wait until a remote host takes the "
		    "connection." },
	{ .name = "reply_timeout",
	    FIELD(config, reply_timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 3600,
	    DEFAULT("5m"),
	    .help = "How long to wait for the greeting and for each reply; "
		    "twice as long for the one to the end of a message." },
	{ .name = "idle_timeout",
	    FIELD(config, idle_timeout),
	    .type = &value_time,
	    .min = 0,
	    .max = 300,
	    DEFAULT("5"),
	    .help = "How long a connection is kept for the next message to "
		    "the same destination." },
	{ .name = "possible_delivery",
	    FIELD(config, possible_delivery),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether a connection that was lost after the end of a "
		    "message, before the reply, counts as a delivery. No: "
		    "the message is sent again and may arrive twice. Yes: it "
		    "may be lost." },
	{ .name = "bounce_rate",
	    FIELD(config, bounce_rate),
	    .type = &value_count,
	    .min = 0,
	    .max = 1000000,
	    DEFAULT("100"),
	    .help = "Notices about undeliverable mail to one address per "
		    "hour; further ones are dropped and counted." },
};
const struct schema_section schema_delivery = {
	SECTION(config, "delivery", delivery_keys), NO_WHERE
};

static const struct choice unsubscribe_actions[] = {
	{ "drop", UNSUBSCRIBE_DROP },
	{ "bounce", UNSUBSCRIBE_BOUNCE },
	{ NULL, 0 },
};
static const struct schema_key unsubscribe_keys[] = {
	{ .name = "enabled",
	    FIELD(config, unsubscribe),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether the entries count." },
	{ .name = "action",
	    FIELD(config, unsubscribe_action),
	    .type = &value_choice,
	    .choices = unsubscribe_actions,
	    DEFAULT("drop"),
	    .help = "What is done with mail to them: drop, nobody hears of "
		    "it; or bounce, the sender gets a notice." },
	{ .name = "entries",
	    CUSTOM(load_unsubscribed, print_unsubscribed,
		"up to 10,000 of: user@example.com, user@, @example.com, "
		"@.example.com (all below), user@[192.0.2.1], @[192.0.2.1], "
		"or the IP address of a server that mail would be given to"),
	    .help = "Who gets no mail." },
};
const struct schema_section schema_unsubscribe = {
	SECTION(config, "global unsubscribe", unsubscribe_keys), NO_WHERE
};

static const struct choice bounce_actions[] = {
	{ "reject", false },
	{ "add_header", true },
	{ NULL, 0 },
};
static const struct schema_key bounce_tag_keys[] = {
	{ .name = "keys_file",
	    FIELD(config, bounce_keys),
	    .type = &value_text,
	    .min = 1,
	    .max = FILE_NAME_MAX,
	    .text_ok = name_file,
	    DEFAULT("bounce.keys"),
	    .help = "File below secrets/ with the keys; postern bvconfig "
		    "writes it." },
	{ .name = "action",
	    FIELD(config, bounce_header),
	    .type = &value_choice,
	    .choices = bounce_actions,
	    DEFAULT("reject"),
	    .help = "What is done with a bounce whose recipient has no valid "
		    "tag: reject, with 550 at RCPT; or add_header, it is "
		    "accepted and gets a header field." },
	{ .name = "header_name",
	    FIELD(config, bounce_header_name),
	    .type = &value_text,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_header,
	    DEFAULT("X-Invalid-Bounce"),
	    .help = "Name of that field, which filters may look for." },
	{ .name = "header_value",
	    FIELD(config, bounce_header_value),
	    .type = &value_text,
	    .max = 500,
	    .text_ok = name_ascii,
	    DEFAULT("bounce verification failed"),
	    .help = "What stands in it." },
};
const struct schema_section schema_bounce_tags = {
	SECTION(config, "bounce verification", bounce_tag_keys), NO_WHERE
};

static const struct choice notice_languages[] = {
	{ "english", NOTICE_ENGLISH },
	{ "japanese", NOTICE_JAPANESE },
	{ "both", NOTICE_BOTH },
	{ NULL, 0 },
};

static const struct schema_key bounce_keys[] = {
	{ .name = "name",
	    FIELD(bounce_profile, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED | KEY_OWN,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_printable,
	    .help = "Name of the profile. What other profiles do not say "
		    "follows the one called Default." },
	{ .name = "max_retries",
	    FIELD(bounce_profile, max_retries),
	    .type = &value_count,
	    .min = 0,
	    .max = 10000,
	    DEFAULT("100"),
	    .help = "Attempts after the first before mail is returned." },
	{ .name = "max_queue_time",
	    FIELD(bounce_profile, max_queue_time),
	    .type = &value_time,
	    .min = 0,
	    .max = 3000000,
	    DEFAULT("3d"),
	    .help = "How long mail may wait before it is returned." },
	{ .name = "initial_retry",
	    FIELD(bounce_profile, initial_retry),
	    .type = &value_time,
	    .min = 60,
	    .max = 86400,
	    DEFAULT("60"),
	    .help = "Wait before the second attempt; each further wait is "
		    "twice as long." },
	{ .name = "max_retry",
	    FIELD(bounce_profile, max_retry),
	    .type = &value_time,
	    .min = 60,
	    .max = 86400,
	    DEFAULT("1h"),
	    .help = "The longest wait between two attempts." },
	{ .name = "notify",
	    FIELD(bounce_profile, notify),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether somebody is told that mail could not be "
		    "delivered." },
	{ .name = "dsn_format",
	    FIELD(bounce_profile, dsn_format),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether notices are delivery status notifications "
		    "(RFC 3464) or plain text." },
	{ .name = "max_bounce_copy",
	    FIELD(bounce_profile, max_bounce_copy),
	    .type = &value_size,
	    .min = 0,
	    .max = (uint64_t)1 << 30,
	    DEFAULT("10k"),
	    .help = "Messages up to this size are returned whole, larger "
		    "ones with their headers only." },
	{ .name = "delay_warning",
	    FIELD(bounce_profile, warn),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the sender is told that mail is late." },
	{ .name = "warning_interval",
	    FIELD(bounce_profile, warn_interval),
	    .type = &value_time,
	    .min = 1,
	    .max = 86400,
	    DEFAULT("4h"),
	    .help = "The shortest time between two such warnings." },
	{ .name = "warning_count",
	    FIELD(bounce_profile, warn_count),
	    .type = &value_count,
	    .min = 1,
	    .max = 100,
	    DEFAULT("1"),
	    .help = "Warnings per recipient." },
	{ .name = "alternate",
	    FIELD(bounce_profile, alternate),
	    .type = &value_text,
	    .max = 512,
	    .text_ok = name_mailbox,
	    DEFAULT(""),
	    .help = "Address that gets the notices instead of the sender." },
	{ .name = "language",
	    FIELD(bounce_profile, language),
	    .type = &value_choice,
	    .choices = notice_languages,
	    DEFAULT("english"),
	    .help = "In which language notices are: english, japanese, or "
		    "both, one after the other." },
	{ .name = "subject",
	    FIELD(bounce_profile, subject),
	    .type = &value_text,
	    .max = 200,
	    .text_ok = name_printable,
	    DEFAULT(""),
	    .help = "Subject of notices instead of the usual one." },
	{ .name = "text",
	    FIELD(bounce_profile, text),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .refers = "text_resources",
	    DEFAULT(""),
	    .help = "Text resource of the type bounce that notices begin "
		    "with, instead of the usual words. $Hostname, $Date, "
		    "$MID, $Subject, $BouncedRecipient, $BounceReason and "
		    "$remotehost are replaced in it; the list of recipients "
		    "follows unless it has $BouncedRecipient." },
	{ .name = "from",
	    FIELD(bounce_profile, from),
	    .type = &value_text,
	    .max = 512,
	    .text_ok = name_mailbox,
	    DEFAULT(""),
	    .help = "Address that stands in the From field of notices; "
		    "empty: MAILER-DAEMON at the host name. The envelope "
		    "sender is empty in any case." },
	{ .name = "copy_remote_status",
	    FIELD(bounce_profile, remote_status),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether notices have the enhanced status code that the "
		    "other server said, where it said one, instead of "
		    "ours." },
	{ .name = "sign",
	    FIELD(bounce_profile, sign),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether notices are signed with DKIM, by the profile "
		    "that fits their From field." },
	{ .name = "initial_host_retry",
	    FIELD(bounce_profile, initial_host_retry),
	    .flags = KEY_DEFAULT_ONLY,
	    .type = &value_time,
	    .min = 1,
	    .max = 86400,
	    DEFAULT("60"),
	    .help = "Wait before a host that could not be reached is tried "
		    "again. In the profile Default only." },
	{ .name = "max_host_retry",
	    FIELD(bounce_profile, max_host_retry),
	    .flags = KEY_DEFAULT_ONLY,
	    .type = &value_time,
	    .min = 1,
	    .max = 86400,
	    DEFAULT("1h"),
	    .help = "The longest such wait. In the profile Default only." },
};
const struct schema_section schema_bounce_profile = {
	SECTION(bounce_profile, "bounce profile", bounce_keys),
	WHERE(bounce_profile), .finish = load_bounce_finish
};

static const struct choice ip_preferences[] = {
	{ "prefer_v6", PREFER_V6 },
	{ "require_v6", REQUIRE_V6 },
	{ "prefer_v4", PREFER_V4 },
	{ "require_v4", REQUIRE_V4 },
	{ NULL, 0 },
};
static const char *const ip_labels[] = { "IPv6 Preferred", "IPv6 Required",
	"IPv4 Preferred", "IPv4 Required" };
static const struct choice tls_levels[] = {
	{ "off", TLS_LEVEL_OFF },
	{ "preferred", TLS_LEVEL_PREFERRED },
	{ "required", TLS_LEVEL_REQUIRED },
	{ "preferred_verify", TLS_LEVEL_PREFERRED_VERIFY },
	{ "required_verify", TLS_LEVEL_REQUIRED_VERIFY },
	{ "required_verify_hosted", TLS_LEVEL_VERIFY_HOSTED },
	{ NULL, 0 },
};
static const char *const tls_labels[] = { "No", "Preferred", "Required",
	"Preferred (Verify)", "Required (Verify)",
	"Required (Verify Hosted Domains)" };
static const struct choice dane_levels[] = {
	{ "off", DANE_OFF },
	{ "opportunistic", DANE_OPPORTUNISTIC },
	{ "mandatory", DANE_MANDATORY },
	{ NULL, 0 },
};
static const char *const dane_labels[] = { "No", "Opportunistic", "Mandatory" };
static const struct choice limits_per[] = {
	{ "domain", false },
	{ "address", true },
	{ NULL, 0 },
};
static const char *const per_labels[] = {
	"One limit applies to the entire domain",
	"Separate limit for each mail exchanger IP address"
};
static const struct choice limits_for[] = {
	{ "system", false },
	{ "gateway", true },
	{ NULL, 0 },
};

static const char *const for_labels[] = { "System Wide",
	"Per Virtual Gateway" };

static const struct schema_key destination_keys[] = {
	{ .name = "domain",
	    FIELD(destination, domain),
	    .type = &value_text,
	    .flags = KEY_REQUIRED | KEY_OWN,
	    .min = 1,
	    .max = 256,
	    .text_ok = name_domain_or_suffix,
	    .help = "Recipient domain, or .domain for all below it. What "
		    "other entries do not say follows the one called "
		    "Default." },
	{ .name = "ip_preference",
	    FIELD(destination, ip_preference),
	    .type = &value_choice,
	    .choices = ip_preferences,
	    .labels = ip_labels,
	    DEFAULT("prefer_v6"),
	    .help = "Which kind of address is tried first of each preference "
		    "of MX, or the only one that is tried." },
	{ .name = "max_connections",
	    FIELD(destination, max_connections),
	    .type = &value_count,
	    .min = 1,
	    .max = 1000,
	    DEFAULT("500"),
	    .help = "Connections to this destination at a time." },
	{ .name = "max_messages",
	    FIELD(destination, max_messages),
	    .type = &value_count,
	    .min = 1,
	    .max = 1000000,
	    DEFAULT("50"),
	    .help = "Messages over one connection before it is closed." },
	{ .name = "max_recipients",
	    FIELD(destination, max_recipients),
	    .type = &value_count,
	    .min = 1,
	    .max = 10000,
	    DEFAULT("100"),
	    .help = "Recipients of one copy of a message." },
	{ .name = "recipient_limit",
	    FIELD(destination, recipient_limit),
	    .type = &value_count,
	    .min = 0,
	    .max = 1000000000,
	    DEFAULT("0"),
	    .help = "Recipients that are sent within recipient_window; then "
		    "mail waits until it is over. The message that reaches "
		    "the limit goes out whole. 0: any number." },
	{ .name = "recipient_window",
	    FIELD(destination, recipient_window),
	    .type = &value_time,
	    .min = 60,
	    .max = 3600,
	    DEFAULT("1h"),
	    .help = "See recipient_limit. It begins with the first recipient "
		    "that is sent." },
	{ .name = "limit_per",
	    FIELD(destination, limit_each_ip),
	    .type = &value_choice,
	    .choices = limits_per,
	    .labels = per_labels,
	    DEFAULT("domain"),
	    .help = "Whether max_connections and recipient_limit are those "
		    "of the domain, or of each address of its hosts." },
	{ .name = "limit_for",
	    FIELD(destination, limit_each_gateway),
	    .type = &value_choice,
	    .choices = limits_for,
	    .labels = for_labels,
	    DEFAULT("system"),
	    .help = "Whether they are for the whole system, or for each "
		    "virtual gateway; a group of interfaces is one." },
	{ .name = "tls",
	    FIELD(destination, tls),
	    .type = &value_choice,
	    .choices = tls_levels,
	    .labels = tls_labels,
	    DEFAULT("off"),
	    .help = "TLS to its servers. preferred: where STARTTLS is "
		    "offered; after a handshake that failed, an hour in the "
		    "clear. required: never in the clear, mail waits. With "
		    "verify the certificate must come from an authority that "
		    "the system knows, and have the name of the domain or of "
		    "the host in its route; with hosted that of the domain. "
		    "preferred_verify sends all the same, and logs why." },
	{ .name = "dane",
	    FIELD(destination, dane),
	    .type = &value_choice,
	    .choices = dane_levels,
	    .labels = dane_labels,
	    DEFAULT("off"),
	    .help = "Certificates by TLSA records (RFC 7672), where no route "
		    "says the way. opportunistic: a host that has them, "
		    "validated, must show what they say; for others tls "
		    "counts. mandatory: other hosts get no mail. Needs "
		    "dns.trust_anchor." },
	{ .name = "mta_sts",
	    FIELD(destination, mta_sts),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether policies of MTA-STS (RFC 8461) are looked for "
		    "and followed, where no route says the way and no TLSA "
		    "record counts. enforce: only to the hosts it names, with "
		    "certificates of their names. testing: sent all the same, "
		    "and logged." },
	{ .name = "bounce_profile",
	    FIELD(destination, bounce_profile),
	    .type = &value_text,
	    .refers = "bounce_profiles",
	    .none = "None (that of the message)",
	    .max = 80,
	    DEFAULT(""),
	    .help = "Name of a bounce profile: how long mail to this "
		    "destination is tried, and whether anybody hears when it "
		    "fails. Empty: the profile that the message has." },
	{ .name = "bounce_verification",
	    FIELD(destination, bounce_verification),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether the envelope sender of mail that is relayed to "
		    "it gets a bounce verification tag. Mail that came in "
		    "from outside never gets one: its bounces would not come "
		    "back to us." },
};
const struct schema_section schema_destination = {
	SECTION(destination, "destination", destination_keys),
	WHERE(destination), .finish = load_destination_finish
};
