/*
 * schema_support.c - the keys of postern.yaml: who helps, and how they are
 * reached
 */
#include "config/schema_def.h"

static const struct schema_key support_keys[] = {
	{ .name = "recipients",
	    FIELD(config, support.recipients),
	    .type = &value_text,
	    .max = 2000,
	    .text_ok = name_mailboxes,
	    DEFAULT(""),
	    .help = "Where requests for help are sent, several with commas. "
		    "Empty: they are saved as a file only." },
	{ .name = "user_id",
	    FIELD(config, support.user_id),
	    .type = &value_text,
	    .max = 100,
	    .text_ok = name_printable,
	    DEFAULT(""),
	    .help = "Who asks, as they know him." },
	{ .name = "contract_id",
	    FIELD(config, support.contract_id),
	    .type = &value_text,
	    .max = 100,
	    .text_ok = name_printable,
	    DEFAULT(""),
	    .help = "Number of the contract." },
	{ .name = "contact",
	    FIELD(config, support.contact),
	    .type = &value_text,
	    .max = 200,
	    .text_ok = name_printable,
	    DEFAULT(""),
	    .help = "Whom they ask when they have questions." },
	{ .name = "email",
	    FIELD(config, support.email),
	    .type = &value_text,
	    .max = 320,
	    .text_ok = name_mailbox,
	    DEFAULT(""),
	    .help = "The address of this person." },
	{ .name = "phone",
	    FIELD(config, support.phone),
	    .type = &value_text,
	    .max = 100,
	    .text_ok = name_printable,
	    DEFAULT(""),
	    .help = "The telephone number of this person." },
};
const struct schema_section schema_support = {
	SECTION(config, "support", support_keys), NO_WHERE
};
