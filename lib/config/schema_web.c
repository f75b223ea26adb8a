/* schema_web.c - the keys of postern.yaml: the pages of administration */
#include "config/schema_def.h"

static const struct schema_key web_keys[] = {
	{ .name = "enabled",
	    FIELD(config, web.on),
	    .type = &value_bool,
	    DEFAULT("no"),
	    .help = "Whether there are web pages for administrators." },
	{ .name = "interface",
	    FIELD(config, web.interface_name),
	    .type = &value_text,
	    .max = 80,
	    .refers = "interfaces",
	    DEFAULT(""),
	    .help = "Interface whose address serves them. Empty: 127.0.0.1, "
		    "so that only this machine reaches them." },
	{ .name = "port",
	    FIELD(config, web.port),
	    .type = &value_count,
	    .min = 1,
	    .max = 65535,
	    DEFAULT("8443"),
	    .help = "TCP port. HTTPS is all that is spoken there." },
	{ .name = "certificate",
	    FIELD(config, web.certificate),
	    .type = &value_text,
	    .max = 80,
	    .refers = "certificates",
	    DEFAULT(""),
	    .help = "The certificate that browsers are shown. Needed when "
		    "enabled." },
	{ .name = "session_timeout",
	    FIELD(config, web.timeout),
	    .type = &value_time,
	    .min = 60,
	    .max = 86400,
	    DEFAULT("30m"),
	    .help = "Who has asked for nothing for that long has to log in "
		    "again." },
	{ .name = "allowed",
	    LIST(config, web.allowed, web.n_allowed),
	    .type = &value_range,
	    .max = 1000,
	    .help = "Addresses and networks of administrators; connections "
		    "from elsewhere are closed unanswered. None: everybody "
		    "who reaches the address." },
};
const struct schema_section schema_web = { SECTION(config, "web", web_keys),
	NO_WHERE, .finish = load_web_finish };
