/*
 * schema_log.c - the keys of postern.yaml: log subscriptions
 */
#include "config/log_match.h"
#include "config/rollover.h"
#include "config/schema_def.h"

static const struct choice log_types[] = {
	{ "mail", LOG_MAIL },
	{ "bounces", LOG_BOUNCES },
	{ "delivery", LOG_DELIVERY },
	{ "status", LOG_STATUS },
	{ "domain_debug", LOG_DOMAIN_DEBUG },
	{ "injection_debug", LOG_INJECTION_DEBUG },
	{ "authentication", LOG_AUTHENTICATION },
	{ "cli_audit", LOG_CLI_AUDIT },
	{ NULL, 0 },
};
static const struct choice log_formats[] = {
	{ "text", LOG_TEXT },
	{ "json", LOG_JSON },
	{ NULL, 0 },
};
static const struct choice log_levels[] = {
	{ "critical", 1 },
	{ "warning", 2 },
	{ "info", 3 },
	{ "debug", 4 },
	{ "trace", 5 },
	{ NULL, 0 },
};

static const struct schema_key log_keys[] = {
	{ .name = "name",
	    FIELD(log_subscription, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 63,
	    .text_ok = name_file,
	    .help = "Name of the subscription and of its folder." },
	{ .name = "type",
	    FIELD(log_subscription, type),
	    .type = &value_choice,
	    .choices = log_types,
	    DEFAULT("mail"),
	    .help = "mail: what happens to connections and messages. bounces: "
		    "a line for each recipient that was refused or put off. "
		    "delivery: an XML record for each delivery and each "
		    "bounce. status: counters and gauges, a line for each "
		    "interval. domain_debug: what is said on connections to "
		    "servers of a domain. injection_debug: all that clients "
		    "send and are sent. authentication: log ins of "
		    "administrators. cli_audit: what administrators enter on "
		    "the command line." },
	{ .name = "format",
	    FIELD(log_subscription, format),
	    .type = &value_choice,
	    .choices = log_formats,
	    DEFAULT("text"),
	    .help = "Lines of text, or one JSON object per line." },
	{ .name = "level",
	    FIELD(log_subscription, level),
	    .type = &value_choice,
	    .choices = log_levels,
	    DEFAULT("info"),
	    .help = "How much is written; each level includes those before "
		    "it." },
	{ .name = "max_size",
	    FIELD(log_subscription, max_size),
	    .type = &value_size,
	    .min = 100 << 10,
	    .max = (uint64_t)100 << 30,
	    DEFAULT("10M"),
	    .help = "Size at which a new file is begun." },
	{ .name = "max_files",
	    FIELD(log_subscription, max_files),
	    .type = &value_count,
	    .min = 1,
	    .max = 10000,
	    DEFAULT("10"),
	    .help = "Closed files that are kept; the oldest go first." },
	{ .name = "rollover_every",
	    FIELD(log_subscription, rollover_every),
	    .type = &value_time,
	    .min = 0,
	    .max = 366 * 86400,
	    DEFAULT("0"),
	    .help = "Time after which a new file is begun: 12h, 1d12h; at "
		    "least a minute. 0: when it has reached its size." },
	{ .name = "rollover_at",
	    LIST(log_subscription, rollover_at, n_rollover_at),
	    .type = &value_text,
	    .min = 1,
	    .max = 9,
	    .text_ok = rollover_ok,
	    .help = "Times of the day at which a new file is begun: 00:00; or "
		    "of the week: Mon 00:00. Local time." },
	{ .name = "bytes",
	    FIELD(log_subscription, bytes),
	    .type = &value_size,
	    .min = 0,
	    .max = LOG_BYTES_MAX,
	    DEFAULT("0"),
	    .help = "bounces: how much of the message is shown, from its "
		    "beginning." },
	{ .name = "domain",
	    FIELD(log_subscription, domain),
	    .type = &value_text,
	    .max = 255,
	    .text_ok = log_domain_ok,
	    DEFAULT(""),
	    .help = "domain_debug: the domain of the recipients; .domain: all "
		    "below it." },
	{ .name = "hosts",
	    LIST(log_subscription, hosts, n_hosts),
	    .type = &value_text,
	    .min = 1,
	    .max = 255,
	    .text_ok = log_host_ok,
	    .help = "injection_debug: the clients, by address, range, name or "
		    ".domain. A name is that of the verified address." },
	{ .name = "sessions",
	    FIELD(log_subscription, sessions),
	    .type = &value_count,
	    .min = 1,
	    .max = 1000000,
	    DEFAULT("100"),
	    .help = "domain_debug, injection_debug: so many connections are "
		    "recorded. It is counted anew when these keys change, not "
		    "with a new start." },
};
const struct schema_section schema_log = { SECTION(log_subscription,
					       "log subscription", log_keys),
	WHERE(log_subscription), .finish = load_log_finish };

static const struct schema_key settings_keys[] = {
	{ .name = "status_interval",
	    FIELD(config, status_interval),
	    .type = &value_time,
	    .min = 1,
	    .max = 86400,
	    DEFAULT("60"),
	    .help = "How often status logs get a line." },
	{ .name = "headers",
	    LIST(config, log_headers, n_log_headers),
	    .type = &value_text,
	    .min = 1,
	    .max = 76,
	    .text_ok = name_header,
	    .help = "Names of header fields whose values are shown when a "
		    "message was delivered, was put off, or bounced. The "
		    "message is read for them." },
	{ .name = "quota",
	    FIELD(config, log_quota),
	    .type = &value_size,
	    .min = 0,
	    .max = UINT64_C(1) << 50,
	    DEFAULT("0"),
	    .help = "What all that lies below the log folder may take on "
		    "disk. Near it there is an alert; above it the oldest "
		    "closed log files are removed, archives never. 1M at "
		    "least; 0: a tenth of the disk." },
	{ .name = "message_id",
	    FIELD(config, log_message_id),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether mail logs have the Message-ID of a message." },
	{ .name = "subject",
	    FIELD(config, log_subject),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether mail logs have the subject of a message." },
	{ .name = "remote_response",
	    FIELD(config, log_response),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether mail logs have what the server said when it took "
		    "a message." },
};
const struct schema_section schema_log_settings = {
	SECTION(config, "log settings", settings_keys), NO_WHERE
};
