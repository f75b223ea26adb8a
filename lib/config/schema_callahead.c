/*
 * schema_callahead.c - the keys of postern.yaml: SMTP call-ahead
 */
#include "config/schema_def.h"

static const struct schema_key callahead_keys[] = {
	{ .name = "name",
	    FIELD(callahead_profile, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = 80,
	    .text_ok = name_printable,
	    .help = "What listeners call this profile." },
	{ .name = "servers",
	    CUSTOM(load_callahead_servers, print_callahead_servers,
		"host, [host] (no MX look-up) or address, each with :port if "
		"that is not 25, several as a list"),
	    .help = "Servers that are asked; the first that answers decides. "
		    "Without any: those that mail to the recipient would be "
		    "delivered to." },
	{ .name = "sender",
	    FIELD(callahead_profile, sender),
	    .type = &value_text,
	    .max = 512,
	    .text_ok = name_mailbox,
	    DEFAULT(""),
	    .help = "What they are told in MAIL FROM; empty: <>." },
	{ .name = "timeout",
	    FIELD(callahead_profile, timeout),
	    .type = &value_time,
	    .min = 1,
	    .max = 240,
	    DEFAULT("30"),
	    .help = "How long all servers together may take for one "
		    "recipient." },
	{ .name = "failure_code",
	    FIELD(callahead_profile, failure_code),
	    .type = &value_count,
	    .min = 250,
	    .max = 599,
	    DEFAULT("451"),
	    .help = "What becomes of a recipient when no server answers: the "
		    "reply code of the refusal, or 250: it is accepted." },
	{ .name = "temporary_code",
	    FIELD(callahead_profile, temporary_code),
	    .type = &value_count,
	    .min = 250,
	    .max = 599,
	    DEFAULT("451"),
	    .help = "Likewise when the answer is a temporary failure (4xx)." },
	{ .name = "max_connections",
	    FIELD(callahead_profile, max_connections),
	    .type = &value_count,
	    .min = 1,
	    .max = 1000,
	    DEFAULT("5"),
	    .help = "Connections to one server at a time; further questions "
		    "wait within their time." },
	{ .name = "cache_size",
	    FIELD(callahead_profile, cache_size),
	    .type = &value_count,
	    .min = 0,
	    .max = 1000000,
	    DEFAULT("10000"),
	    .help = "Answers, yes and no (5xx), that each receiving process "
		    "keeps." },
	{ .name = "cache_ttl",
	    FIELD(callahead_profile, cache_ttl),
	    .type = &value_time,
	    .min = 0,
	    .max = 86400,
	    DEFAULT("15m"),
	    .help = "How long it keeps them." },
};
const struct schema_section schema_callahead_profile = {
	SECTION(callahead_profile, "call-ahead profile", callahead_keys),
	WHERE(callahead_profile), .finish = load_callahead_finish
};
