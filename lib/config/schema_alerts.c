/*
 * schema_alerts.c - the keys of postern.yaml: alerts and who gets them
 */
#include "config/schema_def.h"

/* Of one class of alerts. */
#define SEVERITIES(word, class, what)                                          \
	{                                                                      \
		.name = word, FIELD(alert_recipient, severities[class]),       \
		.type = &value_set, .choices = severities, DEFAULT("all"),     \
		.help = "Which alerts " what " this address gets."             \
	}

static const struct choice severities[] = {
	{ "critical", 1 << SEVERITY_CRITICAL },
	{ "warning", 1 << SEVERITY_WARNING },
	{ "information", 1 << SEVERITY_INFORMATION },
	{ NULL, 0 },
};
static const struct schema_key recipient_keys[] = {
	{ .name = "address",
	    FIELD(alert_recipient, address),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 3,
	    .max = 320,
	    .text_ok = name_mailbox,
	    .help = "Where they are sent." },
	SEVERITIES("system", CLASS_SYSTEM,
	    "about queue, programs, listeners, certificates and resources"),
	SEVERITIES("hardware", CLASS_HARDWARE, "about the machine"),
	SEVERITIES("updater", CLASS_UPDATER, "about updates"),
	SEVERITIES("outbreak_filters", CLASS_OUTBREAK, "of outbreak filters"),
	SEVERITIES("anti_virus", CLASS_VIRUS, "about the anti-virus engine"),
	SEVERITIES("anti_spam", CLASS_SPAM, "about the anti-spam engine"),
	SEVERITIES("dhap", CLASS_DHAP,
	    "about those who try out recipients (directory harvest attacks)"),
};
static const struct schema_section recipient_section = {
	SECTION(alert_recipient, "alert recipient", recipient_keys), NO_WHERE
};

static const struct schema_key alert_keys[] = {
	{ .name = "from",
	    FIELD(config, alerts.from),
	    .type = &value_text,
	    .max = 320,
	    .text_ok = name_mailbox,
	    DEFAULT(""),
	    .help = "Sender of the mails, in From and in MAIL FROM. Empty: "
		    "alert@ and the hostname." },
	{ .name = "initial",
	    FIELD(config, alerts.initial),
	    .type = &value_time,
	    .min = 0,
	    .max = 86400,
	    DEFAULT("5m"),
	    .help = "How long after an alert an equal one is not sent. The "
		    "next wait is twice as long and this much longer, up to "
		    "the maximum. 0: each is sent." },
	{ .name = "maximum",
	    FIELD(config, alerts.maximum),
	    .type = &value_time,
	    .min = 0,
	    .max = 7 * 86400,
	    DEFAULT("1h"),
	    .help = "The longest of these waits. When for twice as long there "
		    "was no equal one it begins anew." },
	{ .name = "use_smtp_routes",
	    FIELD(config, alerts.use_routes),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether routes count for these mails. No: the DNS says "
		    "where they go." },
};
const struct schema_section schema_alerts = {
	SECTION(config, "alerts", alert_keys), NO_WHERE
};

static const struct schema_key all_keys[] = {
	{ .name = "alerts",
	    .section = &schema_alerts,
	    .help = "How alerts are mailed: by a way of their own, past the "
		    "queue, so that they arrive when it does not move." },
	{ .name = "alert_recipients",
	    LIST(config, alerts.recipients, alerts.n_recipients),
	    .section = &recipient_section,
	    .max = 100,
	    .help = "Who gets alerts. Without any they are seen only in the "
		    "mail log and by \"postern displayalerts\"." },
};
const struct schema_section schema_all_alerts = {
	SECTION(config, "alerts", all_keys), NO_WHERE
};
